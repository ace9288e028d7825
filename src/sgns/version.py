"""The version of sgns, written once."""

__version__ = "0.1.0"
