"""The deterministic engine: the same bits for a seed, whatever the number of threads.

A flight is a few pieces of text, in flight at the same time. Each piece trains on copies of the rows it needs, as they
were when the flight began; then the steps of all pieces are added to E and C, row by row, in the order of the pieces.
Which thread does which piece, or adds which rows, changes nothing.

A row that every piece uses is moved by each of them as if it were alone, and the sum of their steps overshoots. Around
the minimum of a loss with curvature h, the steps of a piece cover 1 − exp(−a) of the way, a = lr·h·uses, and one after
the other S pieces would cover 1 − exp(−S·a). So the sum of the steps is scaled by

    (1 − exp(−S·a)) / (S·(1 − exp(−a))),

which is 1 for a rare word (every step counts) and 1/S for the most frequent ones (the mean of the pieces).

A piece draws its negatives from a pool of its own, drawn from the noise distribution: fewer rows to copy, the same law.
What this costs in speed and quality stands in docs/reliability.md.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.text.compiled import kernel
from sgns.training.engines.cpu import KEEP, NOISE, CpuEngine, Runs, Sums, matrix, whole
from sgns.training.engines.kernels import CENTRES_SEEN, LOSS, PAIRS, sources
from sgns.training.engines.sampling import GOLDEN, HALF, LOW, draw, draw_word, stream_key
from sgns.training.engines.tile import prefetch

SHARDS = 8  # pieces in flight at most; threads beyond this find nothing to do
PIECE = 2_500  # tokens of a piece at most
SHORTEST = 500  # tokens of a piece at least, unless there is only one
POOL = {"tile": 1 / 6, "window": 1.0, "pair": 1.0}  # negatives in the pool of a piece, for each of its tokens
CURVATURE = 0.3  # h of a pair, σ(1 − σ)·|other row|², in the direction in which it is largest
MARGIN = 4_096  # tokens that are searched, on each side of a piece, for the neighbours of its edge
AHEAD = 8  # rows that are asked for before they are needed

SPREAD = np.uint64(2_654_435_769)  # 2^32 / golden ratio (Knuth): neighbouring words go to different parts

u64 = np.uint64


class FlightEngine(CpuEngine):
    """Trains a block on all threads at once and gives the same E and C for any number of them.

    One thread calls `train_block`, one block at a time.
    """

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
        super().__init__(ids, sentence_ends, keep, noise, config, runs=runs)
        kept = np.asarray(counts) * keep
        own = kept / max(1.0, kept.sum())
        pairs = (config.window + 1) * kept.sum() / max(1, int(np.sum(counts)))  # of a token of the text, on average
        self._uses_E = (pairs * (1 + config.negatives) * own).astype(np.float32)  # of each row, by a token of the text
        self._uses_C = (pairs * (own + config.negatives * noise)).astype(np.float32)
        self._threads = min(threads, SHARDS)
        self._pool = POOL[config.sharing]
        self._flight = Flight(len(keep), self.stride, config.window, max(64, int(PIECE * self._pool)))
        self._moves = row_moves(self.stride)
        self._first = np.full((2, len(keep)), -1, np.int32)
        self._workers = ThreadPoolExecutor(self._threads, "sgns") if self._threads > 1 else None
        self._own = threading.local()

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Train on ids[start:stop] in place; see `CpuEngine.train_block`."""
        flights = max(1, -(-(stop - start) // (SHARDS * PIECE)))
        out = np.zeros(3)
        for flight in range(flights):
            low, high = (start + (stop - start) * k // flights for k in (flight, flight + 1))
            shards = max(1, min(SHARDS, (high - low) // SHORTEST))
            cuts = [low + (high - low) * k // shards for k in range(shards + 1)]
            pieces = [
                Work(k, epoch, (block, flight * SHARDS + k), cuts[k], cuts[k + 1], lr, (high - low) / shards)
                for k in range(shards)
            ]
            for sums in self._map(self._train_piece, pieces):  # in the order of the pieces
                out += sums
            list(self._map(self._merge, [(part, pieces) for part in range(self._threads)]))
        return Sums(float(out[LOSS]), int(out[PAIRS]), int(out[CENTRES_SEEN]))

    def _map(self, work: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        return map(work, items) if self._workers is None else self._workers.map(work, items)

    def _train_piece(self, work: "Work") -> np.ndarray:
        """Train copies of the rows that a piece of text needs; returns its sums."""
        if not hasattr(self._own, "places"):
            self._own.places = np.full(len(self.E), -1, np.int32)
        f, k, seed = self._flight, work.shard, self.config.seed
        keep_key, noise_key = stream_key(seed, KEEP, work.epoch), stream_key(seed, NOISE, work.epoch, *work.number)
        pool = max(64, int((work.stop - work.start) * self._pool))
        low, high, sentences = localise(
            self._ids, self._ends, work.start, work.stop, self.config.window, self._keep, keep_key,
            self._noise, noise_key, self._own.places,
            f.words[k], f.rows[k], f.ids[k], f.ends[k], f.keep[k], f.noise[k, :pool],
        )  # fmt: skip
        tokens, rows = f.rows[k]
        copy_rows = self._moves[0]
        copy_rows(self.E, f.words[k], tokens, f.E[k])
        copy_rows(self.C, f.words[k], rows, f.C[k])
        out = np.zeros(3)
        # a place in the piece draws what it draws in the text
        here = u64((int(keep_key) + int(low) * int(GOLDEN)) % 2**64)
        ids, ends = f.ids[k, : high - low], f.ends[k, :sentences]
        ids.flags.writeable = ends.flags.writeable = False
        for run, (first, last) in enumerate(self._runs(work.start, work.stop)):
            noise_key = stream_key(seed, NOISE, work.epoch, *work.number, run)
            self._train(
                ids, ends, first - low, last - low, f.keep[k, : tokens + 1], f.noise[k, :pool],
                f.E[k], f.C[k], work.lr, here, noise_key, out,
            )  # fmt: skip
        return out

    def _merge(self, what: "tuple[int, list[Work]]") -> None:
        """Take the pieces' rows over into E and C, those of one part of the vocabulary."""
        part, pieces = what
        f, n = self._flight, len(pieces)
        rate = np.float32(pieces[0].lr * CURVATURE * pieces[0].tokens)
        merge_rows = self._moves[1]
        merge_rows(self.E, f.words[:n], f.rows[:n, 0], f.E, self._uses_E, rate, self._first[0], part, self._threads)
        merge_rows(self.C, f.words[:n], f.rows[:n, 1], f.C, self._uses_C, rate, self._first[1], part, self._threads)


@dataclass(frozen=True)
class Work:
    """One piece of a flight."""

    shard: int  # its place in the flight
    epoch: int
    number: tuple[int, int]  # block, and piece in the block: with the epoch they name its draws
    start: int
    stop: int
    lr: float
    tokens: float  # of a piece in this flight, on average


class Flight:
    """Room for the pieces in flight. In each, rows are numbered from 0, those of the text's own words first.

    Attributes:
        rows: (S, 2) int64, how many rows are words of the text, and how many there are with the negatives.
        words: (S, rows) int32, the word of each row.
        E: (S, rows, stride) float32, rows of the text's words.
        C: (S, rows, stride) float32, of all.
        ids: (S, tokens) int32, the text in row numbers; a token that subsampling drops has the number `rows[s, 0]`.
        ends: (S, sentences) int64, ends of its sentences.
        keep: (S, rows + 1) uint32, thresholds of its words, and of dropped tokens.
        noise: (S, pool) uint64, the pool of negatives, as a table for `draw_word`.
    """

    def __init__(self, V: int, stride: int, window: int, pool: int) -> None:
        text = min(V, PIECE + 2 * window) + 1
        room = PIECE + 2 * (MARGIN + window)
        self.rows = np.zeros((SHARDS, 2), np.int64)
        self.words = np.zeros((SHARDS, text + pool), np.int32)
        self.ids, self.ends = np.zeros((SHARDS, room), np.int32), np.zeros((SHARDS, room), np.int64)
        self.keep, self.noise = np.zeros((SHARDS, text), np.uint32), np.zeros((SHARDS, pool), np.uint64)
        self.E = matrix(SHARDS * text, stride).reshape(SHARDS, text, stride)
        self.C = matrix(SHARDS * (text + pool), stride).reshape(SHARDS, text + pool, stride)


@kernel
def localise(  # type: ignore[no-untyped-def]
    ids, ends, start, stop, window, keep, keep_key, noise, noise_key,
    places,  # (V,) int32, all −1 before and after
    words, counted, local, local_ends, local_keep, table,  # out, see `Flight`
):  # fmt: skip
    """Number the words of ids[start:stop], of its neighbours on both sides, and of a pool of negatives.

    Returns:
        The first token and one past the last; sentences.
    """
    sentence = np.searchsorted(ends, start, side="right")
    begin = max(ends[sentence - 1] if sentence > 0 else np.int64(0), start - MARGIN - window)
    low, found = start, np.int64(0)
    while low > begin and found < window:
        low -= 1
        found += np.int64((draw(keep_key, low) >> HALF) <= u64(keep[ids[low]]))
    last_sentence = np.searchsorted(ends, stop - 1, side="right")
    end = min(ends[last_sentence], stop + MARGIN + window)
    high, found = stop, np.int64(0)
    while high < end and found < window:
        found += np.int64((draw(keep_key, high) >> HALF) <= u64(keep[ids[high]]))
        high += 1
    rows = 0
    for p in range(low, high):
        w = ids[p]
        if (draw(keep_key, p) >> HALF) <= u64(keep[w]):
            if places[w] < 0:
                places[w] = rows
                words[rows] = w
                local_keep[rows] = keep[w]
                rows += 1
            local[p - low] = places[w]
        else:
            local[p - low] = -1
    tokens = rows
    local_keep[tokens] = 0  # a token that was dropped drew more than 0
    for p in range(high - low):
        if local[p] < 0:
            local[p] = tokens
    for i in range(table.shape[0]):
        w = draw_word(draw(noise_key, i), noise)
        if places[w] < 0:
            places[w] = rows
            words[rows] = w
            rows += 1
        table[i] = u64(places[w])
    for i in range(rows):
        places[words[i]] = -1
    for k in range(sentence, last_sentence + 1):
        local_ends[k - sentence] = min(ends[k], high) - low
    counted[0], counted[1] = tokens, rows
    return low, high, last_sentence + 1 - sentence


@cache
def row_moves(stride: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """Two moves of rows of `stride` floats; both prefetch, for the rows lie anywhere.

    Returns:
        copy_rows(A, words, n, B): B[i] = A[words[i]] for i < n.
        merge_rows(A, words, rows, B, uses, rate, first, part, parts): the rows of all pieces back into A, those words
        of one part of `parts`; see the head of this file. `first` is (V,) int32, all −1 before and after.
    """
    made_of = sources()

    @kernel
    def copy_rows(A, words, n, B):  # type: ignore[no-untyped-def]
        a = A.ctypes.data
        for i in range(n):
            if i + AHEAD < n:
                prefetch(stride, a + np.int64(words[i + AHEAD]) * (stride * 4))
            w = words[i]
            for j in range(stride):
                B[i, j] = A[w, j]
        return made_of

    @kernel
    def merge_rows(A, words, rows, B, uses, rate, first, part, parts):  # type: ignore[no-untyped-def]
        room = B.shape[1]
        mine = np.empty(words.shape[0] * room, np.int32)  # first places of the words of this part
        times = np.empty(words.shape[0] * room, np.int32)  # how many pieces have the word, by first place
        n = 0
        for s in range(words.shape[0]):  # each word's rows are summed in the place of the first one
            for i in range(rows[s]):
                w = words[s, i]
                if ((u64(w) * SPREAD & LOW) * u64(parts)) >> HALF != u64(part):
                    continue
                at = first[w]
                if at < 0:
                    first[w] = mine[n] = s * room + i
                    times[s * room + i] = 1
                    n += 1
                else:
                    times[at] += 1
                    t, k = at // room, at % room
                    for j in range(stride):
                        B[t, k, j] += B[s, i, j]
        a = A.ctypes.data
        for o in range(n):
            s, i = mine[o] // room, mine[o] % room
            if o + AHEAD < n:
                ahead = words[mine[o + AHEAD] // room, mine[o + AHEAD] % room]
                prefetch(stride, a + np.int64(ahead) * (stride * 4))
            w, m = words[s, i], times[mine[o]]
            first[w] = -1
            if m == 1:
                for j in range(stride):
                    A[w, j] = B[s, i, j]
                continue
            covered = min(np.float32(50), rate * uses[w])
            gain = np.float32(1)
            if covered > np.float32(1e-5):
                gain = np.float32(np.expm1(-m * covered) / (m * np.expm1(-covered)))
            for j in range(stride):
                A[w, j] += gain * (B[s, i, j] - m * A[w, j])
        return made_of

    return copy_rows, merge_rows
