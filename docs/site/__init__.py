"""Builds the site: `make docs`, or `python -m docs.site`."""
