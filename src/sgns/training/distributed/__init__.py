"""One run on several machines, under torchrun: ranks train shards of the text and merge what they learn.

`environment` and `torchrun` join the ranks and watch them, `comm` has the collective operations, `checks` compares what
must be equal, `vocabulary` makes the common vocabulary. `rounds` is a rank's schedule, `row_schedule` says which rows
are merged when, `merge` and `combine` merge them, `merge_hook` does so at the barriers of the training loop. `launch`
goes from text to vectors. docs/scale.md has the costs.
"""
