"""One run on many machines, under torchrun: ranks share out the text, train their parts, and merge what they learnt.

`place.py` says which rank this process is, `group.py` carries bytes between ranks, `counting.py` finds the common
vocabulary, `rounds.py` cuts the work, `rows.py` says which rows are merged when, `merging.py` merges them. `run.py` is
the road from text to vectors, `one_rank.py` a rank's part of it, `beginning.py` finds the checkpoint it goes on from.
docs/scale.md tells what it costs.
"""
