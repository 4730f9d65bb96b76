"""Fits the model to the observed record: targets, model runs, emulator, posterior, and what the data can tell."""
