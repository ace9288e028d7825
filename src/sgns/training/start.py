"""Where a run begins: at its first block, or at a checkpoint, whose rows and state go to all ranks."""

from dataclasses import dataclass, replace

import numpy as np

from sgns.errors import CheckpointError
from sgns.progress.callback import Display
from sgns.training.checkpoint import CheckpointPlan, Checkpoints
from sgns.training.distributed.comm import Comm, all_gather_objects, broadcast_array, on_all_ranks
from sgns.training.loop import State
from sgns.training.schedule import Schedule
from sgns.training.tables import Tables, tables_in
from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class Restarts:
    """How often torchrun has restarted the job, and whether it restarts it after a failure."""

    number: int = 0
    possible: bool = False


def begin(
    comm: Comm,
    options: CheckpointPlan,
    checkpoints: Checkpoints | None,
    tables: Tables,
    schedule: Schedule,
    display: Display,
    restarts: Restarts = Restarts(),
) -> tuple[State, State]:
    """Put the rows of the newest checkpoint into E and C, if the run goes on from one.

    Args:
        comm: The ranks.
        options: Output and checkpoints.
        checkpoints: Those of the output, on rank 0; None on the other ranks.
        tables: Those of this rank, changed in place.
        schedule: The blocks of this rank.
        display: Shows where the run begins.
        restarts: A restarted job goes on from a checkpoint too.

    Returns:
        The state of this rank and that of the whole run. What was done before is counted on rank 0 alone.

    Raises:
        CheckpointError: the checkpoint is of another run, or damaged; or those of an earlier run are here, and after a
            failure torchrun would go on from them.
    """
    goes_on = options.resume or restarts.number > 0

    def load() -> tuple[Vectors, State] | None:
        return None if checkpoints is None else find(checkpoints, goes_on, restarts.possible, display)

    loaded = on_all_ranks(comm, load)
    progress = all_gather_objects(comm, None if loaded is None else loaded[1].__dict__)[0]
    if progress is None:
        if goes_on:
            display.warn(f"no checkpoint of {options.output} is here; training begins at the beginning")
        return State(), State()
    found = None if loaded is None else tables_in(loaded[0])
    for name, table in tables.items():
        common = np.empty(table.shape, np.float32)
        if found is not None:
            common[:] = found[name]
        broadcast_array(comm, common)
        table[:] = common
    total = State(**progress)
    display.note(f"going on after {schedule.position(total.blocks)}")
    own = total if comm.rank == 0 else State(total.blocks, validation=total.validation)
    return replace(own, loss=list(own.loss), pairs=list(own.pairs), validation=list(own.validation)), total


def find(checkpoints: Checkpoints, goes_on: bool, may_restart: bool, display: Display) -> tuple[Vectors, State] | None:
    """The checkpoint to go on from, if there is one and the run goes on from it."""
    if goes_on:
        return checkpoints.load()
    found = checkpoints.found()
    if found and may_restart:
        raise CheckpointError(
            f"{len(found)} checkpoints of {checkpoints.output} are here from an earlier run, and after a failure "
            "torchrun would go on from them; delete them, or give --resume"
        )
    if found:
        display.warn("an earlier run left checkpoints here; --resume would go on from them, this run replaces them")
    return None
