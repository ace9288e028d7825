"""What a rank does at the end of each round: merge, look after the epoch, write a checkpoint, stop together."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sgns.training.checkpoint import Checkpoints, Every
from sgns.training.distributed.comm import Group, collect_things
from sgns.training.distributed.merge import Merger
from sgns.training.distributed.rounds import Rounds
from sgns.training.loop import State
from sgns.training.validation import Validation
from sgns.vectors.vectors import Vectors

STOP, WRITE, WORDS, LOSS, PAIRS = range(5)  # what ranks say after each round


class RoundsAndCheckpoints:
    """The rests of a rank; see `trainer.Rests`.

    Args:
        group: All ranks.
        merger: Merges E and C.
        rounds: The order of work.
        vectors: E and C of this rank, as views that change with it.
        validation: This rank's held-out text, if there is any.
        checkpoints: Of rank 0, where they are wanted.
        every: How often, the same on all ranks.
        threads: For the held-out loss.
        settle: Called before E and C are read: they may be on a card.
        asked: Whether this rank was asked to end early.
    """

    def __init__(
        self,
        group: Group,
        merger: Merger,
        rounds: Rounds,
        vectors: Vectors,
        validation: Validation | None,
        checkpoints: Checkpoints | None,
        every: Every | None,
        threads: int,
        settle: Callable[[], None],
        asked: Callable[[], bool],
    ) -> None:
        self._group, self._merger, self._rounds, self._vectors = group, merger, rounds, vectors
        self._validation, self._threads, self._settle, self._asked = validation, threads, settle, asked
        self._checkpoints, self._every = checkpoints, every or Every()
        self._last = time.monotonic()
        self.stopped = False  # by all ranks, after the same round
        self.known = State()  # sums over all ranks, of a round ago

    def after(self, blocks: int) -> int:
        """The end of the next round; nothing more once all stop."""
        size = self._rounds.blocks_per_round
        return blocks if self.stopped else (blocks // size + 1) * size

    def due(self) -> bool:
        """Never between two rounds."""
        return False

    def rest(self, state: State) -> None:
        """Merge the round that has just ended."""
        if self.stopped:
            return
        rounds = self._rounds
        number = state.blocks // rounds.blocks_per_round - 1
        lr = rounds.block(min(state.blocks, rounds.blocks - 1)).lr
        words = rounds.of_all / self._group.ranks / rounds.rounds_per_epoch
        heard = self._merger.take_over()
        self._hear(state, heard)
        stop, write = any(one[STOP] for one in heard), any(one[WRITE] for one in heard)
        ended = state.blocks % rounds.blocks_per_epoch == 0
        write |= self._crossed(state.blocks)
        over = state.blocks >= rounds.blocks
        if not (stop or write or ended):
            self._merger.send(number, words, lr, self._say(state))
            return
        self._merger.settle(words, lr)
        self._settle()
        said = collect_things(self._group, self._say(state))  # in a short text every round may end an epoch
        stop |= any(one[STOP] for one in said)
        write |= any(one[WRITE] for one in said)
        if ended or stop:
            self._evaluate(state)
        self.known = total(self._group, state)
        if (write and not over) or (stop and self._checkpoints is not None):
            self._write(wait=stop)
        self.stopped = stop and not over

    def _say(self, state: State) -> list[float]:
        seconds = self._every.seconds if self._group.rank == 0 else None
        write = seconds is not None and time.monotonic() - self._last >= seconds
        loss, pairs = (state.loss[-1], state.pairs[-1]) if state.loss else (0.0, 0)
        return [float(self._asked()), float(write), float(state.words), loss, float(pairs)]

    def _hear(self, state: State, heard: list[list[float]]) -> None:
        if heard:
            sums = [sum(one[k] for one in heard) for k in range(5)]
            self.known.words = int(sums[WORDS])
            if len(self.known.loss) < len(state.loss):
                self.known = State(words=self.known.words, loss=list(state.loss), pairs=list(state.pairs))
            if self.known.loss:
                self.known.loss[-1], self.known.pairs[-1] = sums[LOSS], int(sums[PAIRS])

    def _crossed(self, blocks: int) -> bool:
        """Whether the round that ended has passed a multiple of `20blocks`."""
        every, size = self._every.blocks, self._rounds.blocks_per_round
        return every is not None and blocks // every > (blocks - size) // every

    def _write(self, wait: bool) -> None:
        self._last = time.monotonic()
        if self._checkpoints is not None:
            self._checkpoints.write(self._vectors, self.known, wait=wait)

    def _evaluate(self, state: State) -> None:
        epochs, within = divmod(state.blocks, self._rounds.blocks_per_epoch)
        if self._validation is None or within or len(state.validation) != epochs - 1:
            return
        E, C = self._vectors.E, self._vectors.C
        assert C is not None
        mine = self._validation.loss(E, C, self._threads), self._validation.pairs
        said = collect_things(self._group, mine)
        state.validation.append(sum(loss * pairs for loss, pairs in said) / sum(pairs for _, pairs in said))


def total(group: Group, state: State) -> State:
    """The state of the run: what all ranks have done. Blocks and held-out losses are the same on all."""
    said = collect_things(group, asdict(state))
    epochs = max(len(one["loss"]) for one in said)

    def added(name: str) -> list[Any]:
        return [sum(one[name][k] for one in said if k < len(one[name])) for k in range(epochs)]

    words = sum(one["words"] for one in said)
    return State(
        state.blocks, words, added("pairs"), added("loss"), list(state.validation), state.interrupted, state.signal
    )
