"""Training: from word ids to E and C.

`train` is the public call. `plan` decides engine, threads and thresholds; `run` is one run, in one process or by one of
several ranks: an engine of `engines` trains the blocks of a `schedule` in the `loop`, `hooks` work at its barriers, and
`report` says what came of it.
"""
