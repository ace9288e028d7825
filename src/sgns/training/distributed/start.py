"""Where a run on many ranks begins: at the beginning, or at the last common checkpoint, which rank 0 keeps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from sgns.errors import CheckpointError
from sgns.training.checkpoint import Checkpoints
from sgns.training.distributed.comm import Group, collect_things, together
from sgns.training.distributed.environment import Place
from sgns.training.distributed.rounds import Rounds
from sgns.training.loop import State
from sgns.training.train import Keep
from sgns.vectors.vectors import Vectors


def begin(
    group: Group,
    place: Place,
    keep: Keep,
    checkpoints: Checkpoints | None,
    vectors: Vectors,
    rounds: Rounds,
    note: Callable[[str], None],
) -> tuple[State, State]:
    """Put the rows of the last common checkpoint into E and C, if there is one to go on from.

    Args:
        group: The ranks.
        place: Which rank this is, and how often the job has been started anew.
        keep: Output and checkpoints, as they were asked for.
        checkpoints: Those of the output, on rank 0; None on the others.
        vectors: E and C of this rank, changed in place.
        rounds: The order of work.
        note: Shows a line.

    Returns:
        This rank's state and that of all. What was done before is counted on rank 0 alone.

    Raises:
        CheckpointError: the checkpoint is of another run, or damaged; or an earlier run's lie where a restart would
            take them for those of this run.
    """
    goes_on = keep.resume or place.restarts > 0
    loaded = None
    if place.rank == 0:
        assert checkpoints is not None
        loaded = together(group, lambda: load(checkpoints, keep, goes_on, place.may_restart, note))
    else:
        together(group, lambda: None)
    found = collect_things(group, None if loaded is None else loaded[1].__dict__)[0]
    if found is None:
        if goes_on:
            note(f"no checkpoint of {keep.output} is here; training begins at the beginning")
        return State(), State()
    assert vectors.C is not None
    for k, table in enumerate((vectors.E, vectors.C)):
        common = np.empty(table.shape, np.float32)
        if loaded is not None:
            common[:] = loaded[0].E if k == 0 else loaded[0].C
        group.spread(torch.from_numpy(common))
        table[:] = common
    sums = State(**found)
    done = sums.blocks // rounds.blocks_per_round
    note(f"going on after round {done:,} of {rounds.blocks // rounds.blocks_per_round:,}")
    mine = sums if place.rank == 0 else State(sums.blocks, validation=list(sums.validation))
    return replace(mine, loss=list(mine.loss), pairs=list(mine.pairs), validation=list(mine.validation)), sums


def load(
    checkpoints: Checkpoints, keep: Keep, goes_on: bool, may_restart: bool, note: Callable[[str], None]
) -> tuple[Vectors, State] | None:
    """The checkpoint to go on from; rank 0 alone looks for it."""
    if goes_on:
        return checkpoints.load()
    found = checkpoints.found()
    if found and may_restart:
        raise CheckpointError(
            f"{len(found)} checkpoints of {keep.output} are here from an earlier run, and after a failure torchrun "
            "would go on from them; delete them, or give --resume"
        )
    if found:
        note("an earlier run left checkpoints here; --resume would go on from them, this run replaces them")
    return None


def how_to_go_on(keep: Keep) -> str:
    """Where the last common checkpoint is, the end of a sentence; rank 0 knows, the others know the name."""
    output: Path = keep.output
    found = Checkpoints(output, {}, lambda _: None).found() if output.resolve().parent.is_dir() else []
    if found:
        return f"; the last common checkpoint is {found[0]}: start all ranks again with --resume"
    if keep.every is not None:
        return "; no checkpoint is here, start all ranks again with --resume"
    return "; no checkpoint was asked for (--checkpoint-every), start all ranks again"
