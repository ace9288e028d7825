"""Hot rows: each thread trains copies of the rows of the most frequent words while it works on a block.

Every thread writes the row of `the`, and a row that another core has written last must be fetched from the cache of
that core: on a Sapphire Rapids machine two threads lost a fifth of their time to it. A few dozen words are a quarter of
the tokens that subsampling keeps. A thread copies their rows when its block begins, trains the copies, and adds the
change of the copies to the rows when the block ends, scaled by `update_scaling.update_scale`, because the other threads
do the same in parallel.

With one thread there are no copies. As everywhere in Hogwild, nothing is locked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from sgns.config import Config
from sgns.training.schedule import LONGEST
from sgns.training.update_scaling import CURVATURE, expected_updates, update_scale

CENTRES_AT_LEAST = 16  # times that a hot word is expected as a centre in a block
CENTRES_OF_A_THREAD = 20_000
"""Times that it is expected as a centre in the part of a run that one thread trains.

The scaled updates of copies teach a row less than its own do. A row that is used as often as this learns enough; on
small texts rows with copies lagged behind, the more the more threads there were (benchmarks/LOG.md, threads).
"""


class Copies(NamedTuple):
    """Where the copies of hot rows are: row w + shift is that of row w, for all w < hot.

    Attributes:
        hot: Rows that have copies, the first ones.
        shift_E: In E.
        shift_C: In C.
    """

    hot: int
    shift_E: int
    shift_C: int


NO_COPIES = Copies(0, 0, 0)
"""Every row is trained itself."""


class HotRows:
    """The copies, in spare rows behind those of E and C: for each thread a set to train, and one as it was copied.

    Attributes:
        capacity: Spare rows that are needed.
    """

    def __init__(
        self,
        counts: np.ndarray,
        keep_probability: np.ndarray,
        noise_distribution: np.ndarray,
        config: Config,
        threads: int,
        tokens: int,
        more_rows: int = 0,
        node_counts: np.ndarray | None = None,
    ) -> None:
        """Finds the words whose rows are worth a copy; they are the first of the vocabulary.

        Args:
            counts: (V,) int64, occurrences of each word in the text.
            keep_probability: (V,) float64, see `Vocabulary.keep_probability`.
            noise_distribution: (V,) float64, see `Vocabulary.noise_distribution`.
            config: The options.
            threads: How many have copies at the same time; any other thread trains the rows themselves, and so does a
                single one.
            tokens: Of an epoch, those that this process trains on.
            more_rows: Of E, between those of the words and the copies.
            node_counts: (V − 1,) how often each node of the tree is passed, for hierarchical softmax.
        """
        self._more_rows = more_rows
        self._threads = threads
        self._centres = counts * keep_probability / max(1, int(np.sum(counts)))  # of each word, for a token of the text
        enough = self._centres * tokens * config.epochs >= CENTRES_OF_A_THREAD * threads
        self._centres = self._centres[: np.argmin(enough) if not enough.all() else len(enough)]
        most = self._hot_words(LONGEST) if threads > 1 else 0
        self._centres = self._centres[:most]
        updates = expected_updates(counts, keep_probability, noise_distribution, config, node_counts)
        self._updates_E, self._updates_C = (u[:most] for u in updates)
        self._free = [len(counts) + 2 * most * thread for thread in range(threads)] if most else []
        self.capacity = 2 * most * len(self._free)

    def _hot_words(self, tokens: int) -> int:
        """The number of words, from the first on, that are centres often enough in a block of `tokens` tokens."""
        rare = self._centres * tokens < CENTRES_AT_LEAST
        return int(np.argmax(rare)) if rare.any() else len(rare)

    @contextmanager
    def checkout(self, E: np.ndarray, C: np.ndarray, tokens: int, lr: float) -> Iterator[Copies]:
        """Copies for a block; their change is added to their rows when the block ends without an error.

        Args:
            E: (V + more_rows + capacity, stride) float32, changed in place.
            C: (V + capacity, stride) float32, changed in place.
            tokens: Of the block.
            lr: Learning rate of the block.

        Yields:
            Where the copies are; `NO_COPIES` where there are none.
        """
        hot = self._hot_words(tokens) if self._free else 0
        try:
            shift = self._free.pop() if hot else 0
        except IndexError:  # another thread has taken the last set
            shift = 0
        if not shift:
            yield NO_COPIES
            return
        copies = Copies(hot, shift + self._more_rows, shift)
        try:
            copy_rows(E, hot, copies.shift_E)
            copy_rows(C, hot, copies.shift_C)
            yield copies
            a = lr * CURVATURE * tokens
            scale_E, scale_C = (update_scale(a * u[:hot], self._threads) for u in (self._updates_E, self._updates_C))
            add_change(E, hot, copies.shift_E, scale_E.astype(np.float32))
            add_change(C, hot, copies.shift_C, scale_C.astype(np.float32))
        finally:
            self._free.append(shift)


def copy_rows(A: np.ndarray, hot: int, shift: int) -> None:
    """Copies the first `hot` rows to `shift`, to be trained, and to `shift + hot`, to be compared with."""
    A[shift : shift + hot] = A[:hot]
    A[shift + hot : shift + 2 * hot] = A[shift : shift + hot]  # not A, which another thread may have changed meanwhile


def add_change(A: np.ndarray, hot: int, shift: int, scale: np.ndarray) -> None:
    """Adds to each row the change of its copy, times the scale of the row: (hot,) float32."""
    A[:hot] += scale[:, None] * (A[shift : shift + hot] - A[shift + hot : shift + 2 * hot])
