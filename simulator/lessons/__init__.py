"""The trainer's lessons as data, and the few functions that compute every number in them from stored runs."""
