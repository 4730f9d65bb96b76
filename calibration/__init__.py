"""Where the model is fitted to the observed record; it comes with a later issue."""
