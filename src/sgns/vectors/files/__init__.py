"""Vector files: one module for each format; `formats.py` recognises, loads and saves them."""
