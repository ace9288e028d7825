"""Vectors for other programs: one file for each kind of output, `export.py` chooses."""
