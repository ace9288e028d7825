"""Merging as a hook: a barrier after each round, at which a rank merges and all ranks agree on what comes next.

Rounds are merged beside training (`Merger.send`, `Merger.receive`), so between them E and C differ among the ranks. At
the end of an epoch, where a hook needs a barrier, and after an interruption, all rows are merged: then E and C are the
same on all ranks, and the other hooks run on the state of the whole run.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch

from sgns.text.corpus import Corpus
from sgns.training.distributed.comm import Comm, all_gather_objects
from sgns.training.distributed.merge import MergeOptions, Merger
from sgns.training.distributed.merged_rows import rows_of_run
from sgns.training.distributed.rounds import RoundSchedule
from sgns.training.loop import Hook, State
from sgns.training.options import DistributedOptions
from sgns.training.plan import Plan

STOP, DUE, WORDS, LOSS, PAIRS = range(5)  # figures that ranks send each other after each round


class MergeHook:
    """Merges after each round, and calls other hooks where E and C are common to all ranks.

    Args:
        comm: All ranks.
        merger: Merges E and C.
        schedule: The rounds of this rank.
        hooks: Called at common barriers, with the state of the whole run.
        total: The state of the whole run at the beginning.
        stop: Whether this rank was asked to end early.

    Attributes:
        total: The state of the whole run; between common barriers its sums are those of a round ago.
        round_words: Words of a rank in a round.
    """

    def __init__(
        self,
        comm: Comm,
        merger: Merger,
        schedule: RoundSchedule,
        hooks: Sequence[Hook],
        total: State,
        stop: Callable[[], bool],
    ) -> None:
        self._comm, self._merger, self._schedule, self._hooks = comm, merger, schedule, hooks
        self.total, self._stop, self.round_words = total, stop, schedule.round_words

    def next_barrier(self, blocks: int) -> int:
        """The end of the next round."""
        size = self._schedule.blocks_per_round
        return (blocks // size + 1) * size

    def due(self) -> bool:
        """Only at the end of a round."""
        return False

    def at_barrier(self, state: State) -> None:
        """Merge the round that has just ended; set `state` to end the run if all ranks have agreed to."""
        if state.ended:  # merged already
            return
        schedule, blocks = self._schedule, state.blocks
        lr = schedule.block(min(blocks, schedule.blocks - 1)).lr
        figures = self._merger.receive()
        self._add_up(state, figures)
        stop, wanted = any(one[STOP] for one in figures), any(one[DUE] for one in figures)
        wanted |= any(hook.next_barrier(blocks - schedule.blocks_per_round) <= blocks for hook in self._hooks)
        if not (stop or wanted or schedule.ends_epoch(blocks)):
            number = blocks // schedule.blocks_per_round - 1
            self._merger.send(number, schedule.mean_round_words, lr, self._figures(state))
            return
        self._merger.merge_all(schedule.mean_round_words, lr)
        # Of a short text, every round may end an epoch: then figures are sent here alone.
        stop |= any(one[STOP] for one in all_gather_objects(self._comm, self._figures(state)))
        self.total = total_state(self._comm, state)
        self.total.interrupted = state.interrupted = bool(stop) and blocks < schedule.blocks
        for hook in self._hooks:
            hook.at_barrier(self.total)
        state.validation, state.stopped_early = list(self.total.validation), self.total.stopped_early

    def all_traffic(self) -> list[dict[str, Any]]:
        """What merging took on each rank, see `merge.Traffic`."""
        return all_gather_objects(self._comm, asdict(self._merger.traffic))

    def close(self) -> None:
        """End the exchanges."""
        self._merger.close()

    def _figures(self, state: State) -> list[float]:
        due = any(hook.due() for hook in self._hooks)
        loss, pairs = (state.loss[-1], state.pairs[-1]) if state.loss else (0.0, 0)
        return [float(self._stop()), float(due), float(state.words), loss, float(pairs)]

    def _add_up(self, state: State, figures: list[list[float]]) -> None:
        """Bring `total` up to the round whose figures came."""
        if not figures:
            return
        words, loss, pairs = (sum(one[k] for one in figures) for k in (WORDS, LOSS, PAIRS))
        self.total.words = int(words)
        if len(self.total.loss) < len(state.loss):
            self.total = replace(self.total, loss=list(state.loss), pairs=list(state.pairs))
        if self.total.loss:
            self.total.loss[-1], self.total.pairs[-1] = loss, int(pairs)


def merge_hook(
    comm: Comm,
    options: DistributedOptions,
    plan: Plan,
    corpus: Corpus,
    schedule: RoundSchedule,
    tables: tuple[torch.Tensor, torch.Tensor],
    hooks: Sequence[Hook],
    total: State,
    stop: Callable[[], bool],
) -> MergeHook:
    """The hook of a run on the corpus of this rank.

    `tables` are its E, (V + n-grams + documents, stride), and C, (V, stride). See `MergeHook` for the others.
    """
    merging = MergeOptions(communication_dtype=options.communication_dtype)
    merger = Merger(rows_of_run(comm, plan, corpus, *tables), plan.config.dim, comm, merging)
    return MergeHook(comm, merger, schedule, hooks, total, stop)


def total_state(comm: Comm, state: State) -> State:
    """The state of the whole run: the sums over all ranks. Blocks and validation losses are the same on all."""
    states = all_gather_objects(comm, asdict(state))
    epochs = max(len(one["loss"]) for one in states)

    def added(name: str) -> list[Any]:
        return [sum(one[name][k] for one in states if k < len(one[name])) for k in range(epochs)]

    words = sum(one["words"] for one in states)
    return State(state.blocks, words, added("pairs"), added("loss"), list(state.validation))
