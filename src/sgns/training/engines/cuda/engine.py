"""The GPU engine: SGNS in Triton on one NVIDIA card. Corpus, E and C live on the device.

A block is drawn, its survivors are packed, and flights of tiles train on them: a flight sums the gradients of all its
tiles from the same old E and C (`cuda_tile`), then every touched row takes one damped step (`cuda_step`). The sums do
not depend on the order of additions, so the same seed gives the same bits on the same card.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import triton

from sgns.config import Config
from sgns.training.engines.cpu.engine import FIRST, KEEP, NOISE, Sums, first_vectors
from sgns.training.engines.cuda.draw import CHUNK, HALO, Kept, draw_tokens, pack_tokens
from sgns.training.engines.cuda.memory import card_memory, check_fits, device_stride
from sgns.training.engines.cuda.shape import DIRECTIONS, Shape, looks
from sgns.training.engines.cuda.step import step
from sgns.training.engines.cuda.tile import flight
from sgns.training.engines.sampling import noise_table, stream_key

BEGINS = -(2**31)  # the sign bit of a token that begins a sentence


@dataclass(frozen=True)
class Knobs:
    """What may be tuned to a card; docs/gpu.md tells what each costs. `benchmarks/gpu.py --sweep` tries them."""

    rows: int | None = None  # tokens of a tile with its margins; None: 32, or 64 for windows beyond 8
    noise: int | None = None  # negatives that a tile shares, M; None: as many as rows
    flight: int = 16_384  # centres in flight, at most
    columns: int = 32  # of a row that a program holds at once
    warps: int | None = None  # of the program of a tile; None: one for each 8 rows
    precision: str = "tf32x3"  # of products: tf32 rounds to 11 bits, tf32x3 gives float32's 24
    step_rows: int = 16  # rows that one program of the step moves
    damping: float = 1.0  # 0: plain SGD, for tests

    def tile_rows(self, window: int) -> int:
        """Tokens of a tile with its margins."""
        return self.rows or (32 if window <= 8 else 64)

    def tile_warps(self, window: int) -> int:
        """Warps of a tile: with half as many for 64 rows, registers spill."""
        return self.warps or max(4, self.tile_rows(window) // 8)


class CudaEngine:
    """E and C of a run, and the training of one block in place. One thread calls it.

    Attributes:
        E: (V, stride) float32 on the host; current after `sync`. Trained from as it is when the first block comes.
        C: as E.
        device: Where the training happens; "cpu" under Triton's interpreter.
    """

    name = "cuda"
    concurrent = False  # one thread calls `train_block`
    longest = 1_000_000  # tokens of a block: a card should not wait for Python

    def __init__(
        self,
        ids: np.ndarray,  # (n,) int32
        sentence_ends: np.ndarray,  # (s,) int64
        keep: np.ndarray,  # (V,) float64
        noise: np.ndarray,  # (V,) float64
        config: Config,
        *,
        counts: np.ndarray,  # (V,) int64
        held_out: Iterable[tuple[int, int]] | None = None,
        knobs: Knobs | None = None,
    ) -> None:
        """Put the corpus on the device and make room for E and C.

        Args:
            ids: The corpus.
            sentence_ends: Where its sentences end, exclusive.
            keep: `Vocabulary.keep_probabilities`.
            noise: `Vocabulary.noise`.
            config: The options.
            counts: `Vocabulary.counts`.
            held_out: Beginnings and ends of sentences that are not trained on.
            knobs: For benchmarks and tests.

        Raises:
            ConfigError: options that this engine does not have, or more memory than the card has.
        """
        self.config, self.knobs = config, knobs or Knobs()
        self._rows = self.knobs.tile_rows(config.window)
        self._noise_count = self.knobs.noise or self._rows
        self._centres = self._rows - 2 * config.window
        V, self.stride = len(keep), device_stride(config.dim)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        check_fits(V, config.dim, len(ids), card_memory())

        # A held-out token becomes word V, which never survives; a sentence is kept out whole.
        marked = np.array(ids, np.int32)
        for begin, end in held_out or ():
            marked[begin:end] = V
        ends = np.asarray(sentence_ends)
        marked[0] |= BEGINS
        marked[ends[ends < len(ids)]] |= BEGINS
        thresholds = np.append(np.clip(np.ceil(keep * 2.0**32) - 1, -1, 2.0**32 - 1).astype(np.int64), -1)
        self._ids, self._keep = self._put(marked), self._put(thresholds)
        self._cells = self._put(noise_table(noise).view(np.int64))

        self._tables = self._zeros(2, V, self.stride)
        self._gradients = self._zeros(2, V, self.stride)
        self._curvatures, self._claims = self._zeros(2, V), self._zeros(2, V, kind=torch.int32)
        self.shape = Shape(
            self._tables,
            counts * keep,
            counts * keep + config.negatives * counts.sum() * noise,
            int(stream_key(config.seed, FIRST)),
        )
        self.E, self.C = np.zeros((V, self.stride), np.float32), np.zeros((V, self.stride), np.float32)
        first_vectors(self.E, config.dim, config.seed)
        self._flights, self._there = 0, False

    def _put(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.device)

    def _zeros(self, *shape: int, kind: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.zeros(shape, dtype=kind, device=self.device)

    def _room(self, n: int, kind: torch.dtype) -> torch.Tensor:
        return torch.empty(n, dtype=kind, device=self.device)

    def compile(self) -> None:
        """Compile the kernels, or load them from Triton's cache, by a flight that moves nothing."""
        self._train(self._draw(0, 0, min(len(self._ids), CHUNK)), 0, 0, 0.0)
        self.synchronise()

    def synchronise(self) -> None:
        """Wait until the device has done everything."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def upload(self) -> None:
        """Take E and C from the host."""
        for table, host in zip(self._tables, (self.E, self.C)):
            table.copy_(torch.from_numpy(host))
        self._there = True

    def tables(self) -> tuple[torch.Tensor, torch.Tensor]:
        """E and C as tensors, (V, stride) float32, on the card."""
        self.upload()
        E, C = self._tables
        return E, C

    def sync(self) -> None:
        """Bring E and C to the host."""
        if self._there:
            for table, host in zip(self._tables, (self.E, self.C)):
                torch.from_numpy(host).copy_(table)

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Train on ids[start:stop]; see `cpu.CpuEngine.train_block`."""
        if not self._there:
            self.upload()
        return self._train(self._draw(epoch, start, stop), epoch, block, lr)

    def _draw(self, epoch: int, start: int, stop: int) -> Kept:
        """Subsample ids[start:stop] and what its windows reach."""
        window = self.config.window
        low, high = max(0, start - HALO * window), min(len(self._ids), stop + HALO * window)
        n = high - low
        marks, all_reaches = self._room(n, torch.int64), self._room(n, torch.int32)
        grid = (triton.cdiv(n, CHUNK),)
        key = positive(stream_key(self.config.seed, KEEP, epoch))
        draw_tokens[grid](self._ids, low, n, self._keep, key, window, marks, all_reaches, CHUNK=CHUNK)
        sums = torch.cumsum(marks, 0)
        edges = torch.stack([sums[max(0, start - low - 1)], sums[stop - low - 1], sums[-1]]).tolist()
        before, last, total = (edge & 0xFFFFFFFF for edge in edges)
        words, sentences, reaches = (self._room(max(1, total), torch.int32) for _ in range(3))
        pack_tokens[grid](self._ids, low, n, sums, all_reaches, words, sentences, reaches, CHUNK=CHUNK)
        return Kept(words, sentences, reaches, before if start > low else 0, last, total)

    def _train(self, kept: Kept, epoch: int, block: int, lr: float) -> Sums:
        """Fly over the centres of a block."""
        centres = kept.last - kept.first
        if centres == 0:
            return Sums(0.0, 0, 0)
        flights = -(-centres // self.knobs.flight)
        cuts = [kept.first + centres * k // flights for k in range(flights + 1)]
        tiles = [triton.cdiv(end - begin, self._centres) for begin, end in pairwise(cuts)]
        losses, pairs = self._room(sum(tiles), torch.float64), self._room(sum(tiles), torch.int32)
        noise_words = self._room(sum(tiles) * self._noise_count, torch.int32)
        key = positive(stream_key(self.config.seed, NOISE, epoch, block))
        first_tile, due = 0, looks(epoch, block, flights)
        for number, ((begin, end), count) in enumerate(zip(pairwise(cuts), tiles, strict=True)):
            if number in due:
                self.shape.look()
            self._fly(kept, begin, end, first_tile, count, key, lr, noise_words, losses, pairs)
            first_tile += count
        return Sums(float(losses.sum()), int(pairs.sum()), centres)

    def _fly(self, kept: Kept, begin: int, end: int, first_tile: int, tiles: int, key: int, lr: float,
             noise_words: torch.Tensor, losses: torch.Tensor, pairs: torch.Tensor) -> None:  # fmt: skip
        """Sum the gradients of one flight and take its step."""
        self._sum_gradients(kept, begin, end, first_tile, tiles, key, noise_words, losses, pairs)
        self._take_step(kept, begin, end, first_tile, tiles, lr, noise_words)

    def _sum_gradients(self, kept: Kept, begin: int, end: int, first_tile: int, tiles: int, key: int,
                       noise_words: torch.Tensor, losses: torch.Tensor, pairs: torch.Tensor) -> None:  # fmt: skip
        (E, C), (grad_E, grad_C), (curve_E, curve_C) = self._tables, self._gradients, self._curvatures
        flight[(tiles,)](
            kept.words, kept.sentences, kept.reaches, kept.n, begin, end, first_tile,
            E, C, grad_E, grad_C, curve_E, curve_C, self._cells, len(self.E), key, self.shape.grains,
            noise_words, losses, pairs, float(self.config.negatives),
            WINDOW=self.config.window, ROWS=self._rows, NOISE=self._noise_count, STRIDE=self.stride,
            COLUMNS=self._columns(), PRECISION=self.knobs.precision,
            num_warps=self.knobs.tile_warps(self.config.window), num_stages=1,
        )  # fmt: skip

    def _take_step(self, kept: Kept, begin: int, end: int, first_tile: int, tiles: int, lr: float,
                   noise_words: torch.Tensor) -> None:  # fmt: skip
        rows, window, M = self.knobs.step_rows, self.config.window, self._noise_count
        self._flights += 1
        inputs = min(end + window, kept.n) - max(begin - window, 0)
        programs = triton.cdiv(inputs, rows) + triton.cdiv(end - begin + tiles * M, rows)
        step[(programs,)](
            kept.words, kept.n, begin, end, noise_words, first_tile * M, tiles * M,
            self._tables, self._gradients, self._curvatures, self._claims, self._flights,
            self.shape.directions, self.shape.shares, len(self.E), lr, self.knobs.damping,
            WINDOW=window, ROWS=rows, STRIDE=self.stride, COLUMNS=self._columns(), DIRECTIONS=DIRECTIONS,
            PRECISION=self.knobs.precision, num_warps=4, num_stages=1,
        )  # fmt: skip

    def _columns(self) -> int:
        """Columns held at once: no more than a row has, a power of two."""
        return min(self.knobs.columns, triton.next_power_of_2(self.stride))


def positive(key: np.uint64) -> int:
    """A stream's key as a positive int64, so that every key has the same type in a kernel."""
    return int(key) >> 1 | 1 << 62
