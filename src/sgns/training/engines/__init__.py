"""Engines: who computes. `choice.py` chooses one, `build.py` makes it; `cpu/` and `cuda/` hold them."""
