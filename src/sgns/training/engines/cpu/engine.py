"""The CPU engine: SGNS in Numba, any number of threads over blocks of the corpus.

Threads update the same E and C without locks (Hogwild!, Niu et al. 2011, arXiv 1106.5730). All draws of a block depend
on (seed, epoch, block) alone, so one thread gives the same bits on every run.
"""

from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from sgns.config import Config
from sgns.training.engines.contract import Spans, Sums
from sgns.training.engines.cpu.hot_rows import NO_COPIES, Copies, HotRows
from sgns.training.engines.cpu.models import Rows, Text, TileModel, model_of
from sgns.training.engines.cpu.tile_kernel import CENTRES_SEEN, LOSS, PAIRS
from sgns.training.engines.matrices import first_vectors, row_stride, zero_rows
from sgns.training.engines.sampling import KEEP, NOISE, alias_table, as_thresholds, stream_key
from sgns.training.schedule import LONGEST

if TYPE_CHECKING:
    import torch


def one_span(start: int, stop: int) -> list[tuple[int, int]]:
    """All of ids[start:stop] in one span."""
    return [(start, stop)]


NO_ROWS = Rows()
"""Rows of words alone."""


class CpuEngine:
    """E and C of a run, and the training of one block in place; see `contract.Engine`.

    Attributes:
        E: (rows, stride) float32, vectors of words, then those of n-grams, then those of documents; columns from dim on
            are zero.
        C: (V, stride) float32, context vectors; of the nodes of a tree with hierarchical softmax.
        concurrent: Whether several threads may train blocks at once.
    """

    longest = LONGEST

    def __init__(
        self,
        ids: np.ndarray,
        sentence_ends: np.ndarray,
        keep_probability: np.ndarray,
        noise_distribution: np.ndarray,
        config: Config,
        *,
        spans: Spans = one_span,
        hot_rows: HotRows | None = None,
        rows: Rows = NO_ROWS,
        more_rows: int = 0,
        spare: int = 0,
        concurrent: bool = True,
    ) -> None:
        """Allocates E and C and sets their first values.

        Args:
            ids: (n,) int32, the corpus.
            sentence_ends: (s,) int64, one past the last token of each sentence.
            keep_probability: (V,) float64, see `Vocabulary.keep_probability`.
            noise_distribution: (V,) float64, see `Vocabulary.noise_distribution`.
            config: The options.
            spans: The parts of a block that are trained on; all of it unless sentences are held out.
            hot_rows: Copies of the rows of the most frequent words, for several threads that share negatives in tiles.
            rows: What rows stand for beside words.
            more_rows: Of E, behind those of the words: n-grams and documents.
            spare: Rows of zeros behind those of E and C, for an engine that trains copies.
            concurrent: Whether several threads may train blocks at once; with one, a seed gives the same bits.
        """
        self.config, self._spans = config, spans
        self._ids, self._sentence_ends = read_only(ids, np.int32), read_only(sentence_ends, np.int64)
        self._keep_thresholds, self._noise_table = as_thresholds(keep_probability), alias_table(noise_distribution)
        self.stride = row_stride(config.dim)
        self._hot_rows = hot_rows
        self.concurrent = concurrent
        V = len(keep_probability)
        spare += hot_rows.capacity if hot_rows else 0
        self._rows = zero_rows(V + more_rows + spare, self.stride), zero_rows(V + spare, self.stride)
        self.E, self.C = self._rows[0][: V + more_rows], self._rows[1][:V]
        first_vectors(self.E, config.dim, config.seed)
        self.model = model_of(config, self.stride, V, rows)

    def compile(self) -> None:
        """Compiles the kernels, or loads them from the cache of an earlier run."""
        spans, self._spans = self._spans, one_span  # those of a validation leave nothing of an empty block
        self.train_block(0, 0, 0, 0, 0.0)
        self._spans = spans
        if self._hot_rows:
            with self._hot_rows.checkout(*self._rows, LONGEST, 0.0):
                pass  # copies that were not trained change nothing

    def compile_draws(self) -> None:
        """Compiles, or loads, of the kernels of a model that shares negatives, those that draw a block."""
        if isinstance(self.model, TileModel):
            key = stream_key(self.config.seed, KEEP, 0)
            place = self._ids, self._sentence_ends, 0, 0
            self.model.draw(Text(*place, self._keep_thresholds, self._noise_table, key, key))

    def sync(self) -> None:
        """Makes E and C current; they always are, because the kernels train them where they are."""

    def tables(self) -> "tuple[torch.Tensor, torch.Tensor]":
        """E and C as tensors, (V, stride) float32; they share the memory of E and C."""
        import torch

        return torch.from_numpy(self.E), torch.from_numpy(self.C)

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Trains on ids[start:stop] in place, while other threads may train other blocks; see `contract.Engine`."""
        keep_key, out = stream_key(self.config.seed, KEEP, epoch), np.zeros(3)
        copies = self._hot_rows.checkout(*self._rows, stop - start, lr) if self._hot_rows else nullcontext(NO_COPIES)
        with copies as hot:
            for number, (first, last) in enumerate(self._spans(start, stop)):
                noise_key = stream_key(self.config.seed, NOISE, epoch, block, *([number] if number else []))
                self._train(
                    self._ids, self._sentence_ends, first, last, self._keep_thresholds, self._noise_table,
                    *self._rows, lr, keep_key, noise_key, out, hot,
                )  # fmt: skip
        return Sums(float(out[LOSS]), int(out[PAIRS]), int(out[CENTRES_SEEN]))

    def _train(
        self,
        ids: np.ndarray,
        sentence_ends: np.ndarray,
        start: int,
        stop: int,
        keep_thresholds: np.ndarray,
        noise_table: np.ndarray,
        E: np.ndarray,
        C: np.ndarray,
        lr: float,
        keep_key: np.uint64,
        noise_key: np.uint64,
        out: np.ndarray,
        copies: Copies = NO_COPIES,
    ) -> None:
        """Trains E and C on ids[start:stop] and adds to `out`, (3,) float64: loss, pairs, centres.

        `copies` are those of `HotRows.checkout`; for the other arguments see `models.Text`.
        """
        text = Text(ids, sentence_ends, start, stop, keep_thresholds, noise_table, keep_key, noise_key)
        self.model.train(text, E, C, np.float32(lr), copies, out)


def read_only(array: np.ndarray, kind: type) -> np.ndarray:
    """A plain, contiguous, read-only view: one type for the kernels, whether the corpus is mapped or in memory."""
    view = np.ascontiguousarray(array, kind).view(np.ndarray)[:]
    view.flags.writeable = False
    return view
