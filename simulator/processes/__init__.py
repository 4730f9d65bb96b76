"""The science: one file a subject, each equation beside its use."""
