"""Rows of the most frequent words, of which each thread trains copies of its own while it works on a block.

Every thread writes the rows of `the`, and a row that another core has written last has to be fetched from that core's
cache: on a Sapphire Rapids machine two threads lost a fifth of their time to it. A few dozen words are a quarter of the
tokens that are left after subsampling. A thread copies their rows when its block begins, trains on the copies, and adds
what has become of them to the rows when the block ends, scaled by `overshoot.gain`, for the other threads did the same.

With one thread there are no copies, and nothing changes. As everywhere in Hogwild, nothing is locked.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sgns.base.jit import kernel
from sgns.config import Config
from sgns.training.schedule import LONGEST
from sgns.training.update_scaling import CURVATURE, gain, uses

CENTRES_AT_LEAST = 40  # times that a word of the head is a centre in a block


class Heads:
    """The copies, in spare rows behind those of E and C: for each thread a set to train and one as it was borrowed.

    Attributes:
        room: Spare rows that are needed.
    """

    def __init__(
        self,
        counts: np.ndarray,  # (V,) int64
        keep: np.ndarray,  # (V,) float64
        noise: np.ndarray,  # (V,) float64
        config: Config,
        threads: int,
    ) -> None:
        """Find the words whose rows are worth a copy; they stand first in the vocabulary.

        Args:
            counts: Of each word in the text.
            keep: `Vocabulary.keep_probabilities`.
            noise: `Vocabulary.noise`.
            config: The options.
            threads: How many may work at once; others, and one alone, train the rows where they are.
        """
        self._threads = threads
        self._centres = counts * keep / max(1, int(np.sum(counts)))  # of each word, for a token of the text
        most = self._head(LONGEST) if threads > 1 else 0
        self._centres = self._centres[:most]
        self._uses_E, self._uses_C = (u[:most] for u in uses(counts, keep, noise, config))
        self._free = [len(counts) + 2 * most * thread for thread in range(threads)] if most else []
        self.room = 2 * most * len(self._free)

    def _head(self, tokens: int) -> int:
        """How many words, from the first on, are centres often enough in a block of so many tokens."""
        rare = self._centres * tokens < CENTRES_AT_LEAST
        return int(np.argmax(rare)) if rare.any() else len(rare)

    @contextmanager
    def lent(self, E: np.ndarray, C: np.ndarray, tokens: int, lr: float) -> Iterator[tuple[int, int]]:
        """Copies for a block, added to their rows when it ends.

        Args:
            E: (V + room, stride) float32, changed in place.
            C: (V + room, stride) float32, changed in place.
            tokens: Of the block.
            lr: Its rate.

        Yields:
            head, shift: row w + shift stands for row w, for all w < head. 0 and 0 where there is nothing to lend.
        """
        head = self._head(tokens) if self._free else 0
        try:
            shift = self._free.pop() if head else 0
        except IndexError:  # another thread was faster
            shift = 0
        if not shift:
            yield 0, 0
            return
        try:
            borrow(E, C, head, shift)
            yield head, shift
            a = lr * CURVATURE * tokens
            scale_E, scale_C = (gain(a * u[:head], self._threads) for u in (self._uses_E, self._uses_C))
            give_back(E, C, head, shift, scale_E.astype(np.float32), scale_C.astype(np.float32))
        finally:
            self._free.append(shift)


@kernel
def borrow(E, C, head, shift):  # type: ignore[no-untyped-def]
    """Copy the first rows to shift and to shift + head."""
    for A in (E, C):
        for row in range(head):
            for j in range(A.shape[1]):
                A[shift + row, j] = A[shift + head + row, j] = A[row, j]


@kernel
def give_back(E, C, head, shift, scale_E, scale_C):  # type: ignore[no-untyped-def]
    """Add what has become of the copies at shift since they were as at shift + head."""
    for A, scale in ((E, scale_E), (C, scale_C)):
        for row in range(head):
            for j in range(A.shape[1]):
                A[row, j] += scale[row] * (A[shift + row, j] - A[shift + head + row, j])
