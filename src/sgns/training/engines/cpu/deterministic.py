"""The deterministic engine: the same bits for a seed, whatever the number of threads.

A batch is a few chunks of text, which are trained in parallel, each by one thread. A row that one chunk alone needs is
trained itself. Of a row that several need, each chunk trains a copy, as the row was when the batch began; then the
changes of all copies are added to the row, in the order of the chunks. Which thread trains which chunk, or adds up
which rows, changes nothing.

Each chunk moves a shared row as if it were alone, so for a frequent word the sum of the changes goes too far: it is
scaled by `update_scaling.update_scale` for as many chunks as used the row.

A chunk draws its negatives from a pool of its own, drawn from the noise distribution: fewer rows to copy, the same
distribution. docs/reliability.md says what the engine costs in speed and quality.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.training.engines.contract import Spans, Sums
from sgns.training.engines.cpu.batch import LEAST_POOL, Batch, find_shared, number_words
from sgns.training.engines.cpu.chunk_rows import row_copies
from sgns.training.engines.cpu.engine import CpuEngine, one_span
from sgns.training.engines.cpu.tile_kernel import CENTRES_SEEN, LOSS, PAIRS
from sgns.training.engines.sampling import KEEP, NOISE, Windows, stream_key
from sgns.training.update_scaling import expected_updates

CHUNKS = 4  # chunks of a batch at most; threads beyond this find nothing to do
LONGEST_CHUNK = 5_000  # tokens of a chunk at most
SHORTEST_CHUNK = 500  # tokens of a chunk at least, unless it is the only one
CHUNK_CURVATURE = (
    0.1  # less than `update_scaling.CURVATURE`: four short chunks need little damping; more lost MEN, WS-353
)
POOL_SHARE = {"tile": 1 / 2, "window": 1.0, "pair": 1.0}  # negatives in the pool of a chunk, for each of its tokens

Task = Callable[[], Any]


def chunk_capacity(V: int, config: Config) -> tuple[int, int]:
    """Words of a chunk at most, and negatives that it draws, which are some of them."""
    pool = max(LEAST_POOL, int(LONGEST_CHUNK * POOL_SHARE[config.sharing]))
    return min(V, LONGEST_CHUNK + 2 * Windows.of(config).reach) + pool, pool


def rows_in_memory(V: int, config: Config) -> int:
    """Rows of E, and of C, with the copies of the chunks."""
    return V + 1 + CHUNKS * chunk_capacity(V, config)[0]


class DeterministicEngine(CpuEngine):
    """Trains a block on all threads at once and gives the same E and C for any number of them.

    One thread calls `train_block`, one block at a time.
    """

    def __init__(
        self,
        ids: np.ndarray,
        sentence_ends: np.ndarray,
        keep_probability: np.ndarray,
        noise_distribution: np.ndarray,
        config: Config,
        *,
        counts: np.ndarray,
        threads: int = 1,
        spans: Spans = one_span,
    ) -> None:
        """Allocates E, C, and the memory of two batches: one is trained while the next is planned.

        Args:
            ids: See `CpuEngine`.
            sentence_ends: See `CpuEngine`.
            keep_probability: See `CpuEngine`.
            noise_distribution: See `CpuEngine`.
            config: The options.
            counts: (V,) int64, occurrences of each word in the text.
            threads: How many train; the result is the same for any number.
            spans: See `CpuEngine`.
        """
        V, self._pool_share = len(keep_probability), POOL_SHARE[config.sharing]
        capacity, pool = chunk_capacity(V, config)
        copies = 1 + CHUNKS * capacity
        super().__init__(
            ids, sentence_ends, keep_probability, noise_distribution, config,
            spans=spans, spare=copies, concurrent=False,
        )  # fmt: skip
        updates = expected_updates(counts, keep_probability, noise_distribution, config)
        self._updates_E, self._updates_C = updates
        self._keep_thresholds = np.append(self._keep_thresholds, np.zeros(copies, np.uint32))  # of copies too
        self._batches = [Batch(CHUNKS, LONGEST_CHUNK, Windows.of(config).reach, capacity, pool) for _ in range(2)]
        self._copy_out, self._add_back = row_copies(self.stride)
        self._first = np.full(V, -1, np.int32)
        self._threads = min(threads, CHUNKS)
        self._workers = ThreadPoolExecutor(self._threads - 1, "sgns") if self._threads > 1 else None
        self._own = threading.local()

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Trains on ids[start:stop] in place; see `contract.Engine`."""
        batches = max(1, -(-(stop - start) // (CHUNKS * LONGEST_CHUNK)))
        borders = [start + (stop - start) * k // batches for k in range(batches + 1)]
        out = np.zeros(3)
        self._do(self._planning(epoch, block, 0, borders))
        find_shared(self._batches[0], self._first)
        for k in range(batches):
            batch, following = self._batches[k % 2], self._batches[(k + 1) % 2]
            training = [partial(self._train_chunk, batch, c, lr) for c in range(batch.chunks)]
            planning = self._planning(epoch, block, k + 1, borders)  # reads no row, so it may be done meanwhile
            for sums in self._do([*training, *planning])[: len(training)]:
                out += sums  # in the order of the chunks
            merging = [partial(self._merge, batch, part, lr) for part in range(CHUNKS)]
            self._do([*([partial(find_shared, following, self._first)] if planning else []), *merging])
        return Sums(float(out[LOSS]), int(out[PAIRS]), int(out[CENTRES_SEEN]))

    def _do(self, tasks: Sequence[Task]) -> list[Any]:
        """The results of tasks that may be done in any order: this thread and the workers each take the next one."""
        results: list[Any] = [None] * len(tasks)
        numbers = count()

        def work() -> None:
            while (i := next(numbers)) < len(tasks):
                results[i] = tasks[i]()

        others = [self._workers.submit(work) for _ in range(self._threads - 1)] if self._workers else []
        try:
            work()
        finally:
            wait(others)
        for other in others:
            other.result()
        return results

    def _planning(self, epoch: int, block: int, k: int, borders: list[int]) -> list[Task]:
        """Cuts batch k of a block into chunks; returns the tasks of planning it, which read no row."""
        if k + 1 >= len(borders):
            return []
        low, high, batch = borders[k], borders[k + 1], self._batches[k % 2]
        batch.chunks = chunks = max(1, min(CHUNKS, (high - low) // SHORTEST_CHUNK))
        batch.name = (epoch, block, k * CHUNKS)
        batch.cuts[: chunks + 1] = [low + (high - low) * c // chunks for c in range(chunks + 1)]
        return [partial(self._plan, batch, c) for c in range(chunks)]

    def _plan(self, batch: Batch, k: int) -> None:
        """Numbers the words of chunk k."""
        if not hasattr(self._own, "numbers"):
            self._own.numbers = np.full(len(self.E), -1, np.int32)
        b, (epoch, block, before), seed = batch, batch.name, self.config.seed
        number_words(
            self._ids, self._sentence_ends, Windows.of(self.config).reach,
            self._keep_thresholds, stream_key(seed, KEEP, epoch),
            self._noise_table, stream_key(seed, NOISE, epoch, block), before, self._pool_share, self._own.numbers, k,
            b.cuts, b.keep_keys, b.bounds, b.word_counts, b.words, b.ids, b.sentence_ends, b.pool,
        )  # fmt: skip

    def _train_chunk(self, batch: Batch, k: int, lr: float) -> np.ndarray:
        """Trains on chunk k, on copies of the rows that other chunks need too; returns its sums, (3,) float64."""
        b, (E, C), (epoch, block, before) = batch, self._rows, batch.name
        low, high, sentences, negatives = b.bounds[k].tolist()
        self._copy_out(
            E, C, len(self.E), k, b.words, b.word_counts, b.use, self._keep_thresholds, b.ids, b.pool,
            high - low, negatives,
        )  # fmt: skip
        ids, ends, pool, out = b.ids[k], b.sentence_ends[k, :sentences], b.pool[k, :negatives], np.zeros(3)
        ids.flags.writeable = ends.flags.writeable = False  # one type for the kernels
        for number, (first, last) in enumerate(self._spans(int(b.cuts[k]), int(b.cuts[k + 1]))):
            noise_key = stream_key(self.config.seed, NOISE, epoch, block, before + k, number)
            self._train(
                ids, ends, first - low, last - low, self._keep_thresholds, pool, E, C, lr,
                b.keep_keys[k], noise_key, out,
            )  # fmt: skip
        return out

    def _merge(self, batch: Batch, part: int, lr: float) -> None:
        """Adds the changes of the copies to E and C, for one part in `CHUNKS` of the words that chunks share."""
        b, n = batch, batch.shared
        first_copies = b.first_copies[n * part // CHUNKS : n * (part + 1) // CHUNKS]
        rate = np.float32(lr * CHUNK_CURVATURE * (b.cuts[b.chunks] - b.cuts[0]) / b.chunks)
        self._add_back(
            *self._rows, len(self.E), b.words, b.use, b.next_copy, first_copies, self._updates_E, self._updates_C, rate
        )
