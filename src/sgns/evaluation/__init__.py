"""How good vectors are, with coverage and intervals, and whether two differ."""
