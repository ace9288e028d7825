"""Engines train blocks of a corpus in place.

`contract.py` says what an engine offers; `choice.py` chooses one, `build.py` makes it, `cpu/` and `cuda/` hold them.
`reference.py` trains the readable model instead.
"""
