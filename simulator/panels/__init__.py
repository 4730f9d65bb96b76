"""The pages of the browser app."""
