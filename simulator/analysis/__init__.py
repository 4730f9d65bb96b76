"""What finished runs say about the model and about the questions asked of it."""
