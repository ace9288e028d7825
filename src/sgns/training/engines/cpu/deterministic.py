"""The deterministic engine: the same bits for a seed, whatever the number of threads.

A flight is a few pieces of text, in flight at the same time. A row that one piece alone needs is trained where it is.
Of a row that several need, each trains a copy, as the row was when the flight began; then the steps of all copies are
added to the row, in the order of the pieces. Which thread does which piece, or adds which rows, changes nothing.

A row that every piece uses is moved by each of them as if it were alone, and the sum of their steps overshoots: it is
scaled by `overshoot.gain` for as many pieces as used the row.

A piece draws its negatives from a pool of its own, drawn from the noise distribution: fewer rows to copy, the same law.
What this costs in speed and quality stands in docs/reliability.md.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.training.engines.cpu.chunk_rows import LEAST_POOL, Flight, find_shared, numbering, row_moves
from sgns.training.engines.cpu.engine import KEEP, NOISE, CpuEngine, Runs, Sums, whole
from sgns.training.engines.cpu.tile_kernel import CENTRES_SEEN, LOSS, PAIRS
from sgns.training.engines.sampling import stream_key
from sgns.training.update_scaling import uses

SHARDS = 4  # pieces in flight at most; threads beyond this find nothing to do
PIECE = 5_000  # tokens of a piece at most
SHORTEST = 500  # tokens of a piece at least, unless there is only one
CURVATURE = 0.1  # less than `overshoot.CURVATURE`: four pieces overshoot little, and damping costs MEN and WS-353
POOL = {"tile": 1 / 2, "window": 1.0, "pair": 1.0}  # negatives in the pool of a piece, for each of its tokens

Work = Callable[[], Any]


class FlightEngine(CpuEngine):
    """Trains a block on all threads at once and gives the same E and C for any number of them.

    One thread calls `train_block`, one block at a time.
    """

    concurrent = False

    def __init__(
        self,
        ids: np.ndarray,  # (n,) int32
        sentence_ends: np.ndarray,  # (s,) int64
        keep: np.ndarray,  # (V,) float64
        noise: np.ndarray,  # (V,) float64
        config: Config,
        *,
        counts: np.ndarray,  # (V,) int64
        threads: int = 1,
        runs: Runs = whole,
    ) -> None:
        """Allocate E, C and room for a flight; see `CpuEngine`. `threads` is how many work, and changes nothing."""
        V, self._pool = len(keep), POOL[config.sharing]
        pool = max(LEAST_POOL, int(PIECE * self._pool))
        room = min(V, PIECE + 2 * config.window) + pool  # words of a piece at most
        super().__init__(ids, sentence_ends, keep, noise, config, runs=runs, spare=1 + SHARDS * room)
        self._uses_E, self._uses_C = uses(counts, keep, noise, config)
        self._keep = np.append(self._keep, np.zeros(1 + SHARDS * room, np.uint32))  # of copies too
        # one flies, one is planned
        self._flights = [Flight(SHARDS, PIECE, config.window, room, pool) for _ in range(2)]
        self._number, (self._borrow, self._give_back) = numbering(), row_moves(self.stride)
        self._first = np.full(V, -1, np.int32)
        self._threads = min(threads, SHARDS)
        self._workers = ThreadPoolExecutor(self._threads - 1, "sgns") if self._threads > 1 else None
        self._own = threading.local()

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Train on ids[start:stop] in place; see `CpuEngine.train_block`."""
        flights = max(1, -(-(stop - start) // (SHARDS * PIECE)))
        borders = [start + (stop - start) * k // flights for k in range(flights + 1)]
        out = np.zeros(3)
        self._do(self._planning(epoch, block, 0, borders))
        find_shared(self._flights[0], self._first)
        for k in range(flights):
            flight, following = self._flights[k % 2], self._flights[(k + 1) % 2]
            training = [partial(self._train_piece, flight, p, lr) for p in range(flight.pieces)]
            planning = self._planning(epoch, block, k + 1, borders)  # reads no row, so it may go on meanwhile
            for sums in self._do([*training, *planning])[: len(training)]:
                out += sums  # in the order of the pieces
            merging = [partial(self._merge, flight, part, lr) for part in range(SHARDS)]
            self._do([*([partial(find_shared, following, self._first)] if planning else []), *merging])
        return Sums(float(out[LOSS]), int(out[PAIRS]), int(out[CENTRES_SEEN]))

    def _do(self, work: Sequence[Work]) -> list[Any]:
        """The results of some work that may be done in any order: this thread and the others take what is next."""
        results: list[Any] = [None] * len(work)
        numbers = count()

        def labour() -> None:
            while (i := next(numbers)) < len(work):
                results[i] = work[i]()

        others = [self._workers.submit(labour) for _ in range(self._threads - 1)] if self._workers else []
        try:
            labour()
        finally:
            wait(others)
        for other in others:
            other.result()
        return results

    def _planning(self, epoch: int, block: int, k: int, borders: list[int]) -> list[Work]:
        """Cut flight k of a block into pieces; the work of planning it, which reads no row."""
        if k + 1 >= len(borders):
            return []
        low, high, flight = borders[k], borders[k + 1], self._flights[k % 2]
        flight.pieces = pieces = max(1, min(SHARDS, (high - low) // SHORTEST))
        flight.name = (epoch, block, k * SHARDS)
        flight.cuts[: pieces + 1] = [low + (high - low) * p // pieces for p in range(pieces + 1)]
        return [partial(self._plan, flight, p) for p in range(pieces)]

    def _plan(self, flight: Flight, k: int) -> None:
        """Number the words of piece k."""
        if not hasattr(self._own, "places"):
            self._own.places = np.full(len(self.E), -1, np.int32)
        f, (epoch, block, before), seed = flight, flight.name, self.config.seed
        self._number(
            self._ids, self._ends, self.config.window, self._keep, stream_key(seed, KEEP, epoch),
            self._noise, stream_key(seed, NOISE, epoch, block), before, self._pool, self._own.places, k,
            f.cuts, f.keys, f.spans, f.rows, f.words, f.ids, f.ends, f.noise,
        )  # fmt: skip

    def _train_piece(self, flight: Flight, k: int, lr: float) -> np.ndarray:
        """Train on a piece of text, on copies of the rows that other pieces need too; returns its sums."""
        f, (E, C), (epoch, block, before) = flight, self._rows, flight.name
        low, high, sentences, pool = f.spans[k].tolist()
        self._borrow(E, C, len(self.E), k, f.words, f.rows, f.use, self._keep, f.ids, f.noise, high - low, pool)
        ids, ends, noise, out = f.ids[k], f.ends[k, :sentences], f.noise[k, :pool], np.zeros(3)
        ids.flags.writeable = ends.flags.writeable = False  # one type for the kernels
        for run, (first, last) in enumerate(self._runs(int(f.cuts[k]), int(f.cuts[k + 1]))):
            noise_key = stream_key(self.config.seed, NOISE, epoch, block, before + k, run)
            self._train(ids, ends, first - low, last - low, self._keep, noise, E, C, lr, f.keys[k], noise_key, out)
        return out

    def _merge(self, flight: Flight, part: int, lr: float) -> None:
        """Add the steps of the copies to E and C, those of one part in `SHARDS` of the words that pieces share."""
        f, n = flight, flight.shared
        heads = f.heads[n * part // SHARDS : n * (part + 1) // SHARDS]
        rate = np.float32(lr * CURVATURE * (f.cuts[f.pieces] - f.cuts[0]) / f.pieces)
        self._give_back(*self._rows, len(self.E), f.words, f.use, f.after, heads, self._uses_E, self._uses_C, rate)
