"""The version, written once: the package metadata, results and the command line read it here."""

__version__ = "0.1.0"
