"""The GPU engine: SGNS in Triton on one NVIDIA card. Corpus, E and C are in the memory of the device.

A block is drawn, its kept tokens are packed (`draw.py`), and batches of tiles are trained on them: the gradients of all
tiles of a batch are summed from the same old E and C (`tile.py`), then every touched row makes one damped step
(`step.py`). The sums do not depend on the order of additions, so a seed gives the same bits on the same card.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import triton

from sgns.config import Config
from sgns.training.engines.contract import Sums
from sgns.training.engines.cuda.draw import HALO, PROGRAM_TOKENS, Kept, draw_tokens, pack_tokens
from sgns.training.engines.cuda.hessian import DIRECTIONS, HessianShape, when_to_estimate
from sgns.training.engines.cuda.memory import card_memory, check_fits, device_stride
from sgns.training.engines.cuda.step import step
from sgns.training.engines.cuda.tile import sum_gradients
from sgns.training.engines.matrices import first_vectors
from sgns.training.engines.sampling import FIRST_VECTORS, KEEP, NOISE, Windows, alias_table, stream_key

BEGINS = -(2**31)  # the sign bit of a token that begins a sentence


@dataclass(frozen=True)
class Tuning:
    """What may be tuned to a card; docs/gpu.md says what each value costs. `benchmarks/gpu.py --sweep` tries them."""

    rows: int | None = None  # tokens of a tile with its margins; None: 32, or 64 for windows beyond 8
    noise: int | None = None  # negatives that a tile shares, M; None: as many as rows
    batch: int = 16_384  # centres of a batch at most
    columns: int = 32  # of a row that a program holds at once
    warps: int | None = None  # of the program of a tile; None: one for each 8 rows
    precision: str = "tf32x3"  # of products: tf32 rounds to 11 bits, tf32x3 gives float32's 24
    step_rows: int = 16  # rows that one program of the step moves
    damping: float = 1.0  # 0: plain SGD, for tests

    def tile_rows(self, window: int) -> int:
        """Tokens of a tile with its margins."""
        return self.rows or (32 if window <= 8 else 64)

    def tile_warps(self, window: int) -> int:
        """Warps of the program of a tile; with half as many for 64 rows, registers spill."""
        return self.warps or max(4, self.tile_rows(window) // 8)


class CudaEngine:
    """E and C of a run, and the training of one block in place; see `contract.Engine`. One thread calls it.

    Attributes:
        E: (V, stride) float32 in the memory of the host, current after `sync`. Its values when the first block is
            trained are the first values of the run.
        C: As E.
        device: The device of the kernels; "cpu" under Triton's interpreter.
    """

    concurrent = False
    longest = 1_000_000  # long blocks, so that the card does not wait for Python

    def __init__(
        self,
        ids: np.ndarray,
        sentence_ends: np.ndarray,
        keep_probability: np.ndarray,
        noise_distribution: np.ndarray,
        config: Config,
        *,
        counts: np.ndarray,
        held_out: Iterable[tuple[int, int]] | None = None,
        tuning: Tuning | None = None,
    ) -> None:
        """Copies the corpus to the device and allocates E and C there.

        Args:
            ids: (n,) int32, the corpus.
            sentence_ends: (s,) int64, one past the last token of each sentence.
            keep_probability: (V,) float64, see `Vocabulary.keep_probability`.
            noise_distribution: (V,) float64, see `Vocabulary.noise_distribution`.
            config: The options.
            counts: (V,) int64, occurrences of each word in the text.
            held_out: First token, and one past the last, of each sentence that is not trained on.
            tuning: For benchmarks and tests.

        Raises:
            ConfigError: The run needs more memory than is free on the card.
        """
        self.config, self.tuning = config, tuning or Tuning()
        self._window = Windows.of(config).reach
        self._rows = self.tuning.tile_rows(self._window)
        self._noise_count = self.tuning.noise or self._rows
        self._centres = self._rows - 2 * self._window
        V, self.stride = len(keep_probability), device_stride(config.dim)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        check_fits(V, config.dim, len(ids), card_memory())

        # A held-out token becomes word V, which is never kept; a sentence is held out whole.
        marked = np.array(ids, np.int32)
        for begin, end in held_out or ():
            marked[begin:end] = V
        ends = np.asarray(sentence_ends)
        marked[0] |= BEGINS
        marked[ends[ends < len(ids)]] |= BEGINS
        thresholds = np.append(np.clip(np.ceil(keep_probability * 2.0**32) - 1, -1, 2.0**32 - 1).astype(np.int64), -1)
        self._ids, self._keep_thresholds = self._put(marked), self._put(thresholds)
        self._noise_table = self._put(alias_table(noise_distribution).view(np.int64))

        self._tables = self._zeros(2, V, self.stride)
        self._gradients = self._zeros(2, V, self.stride)
        self._curvatures, self._claims = self._zeros(2, V), self._zeros(2, V, kind=torch.int32)
        self.shape = HessianShape(
            self._tables,
            counts * keep_probability,
            counts * keep_probability + config.negatives * counts.sum() * noise_distribution,
            int(stream_key(config.seed, FIRST_VECTORS)),
        )
        self.E, self.C = np.zeros((V, self.stride), np.float32), np.zeros((V, self.stride), np.float32)
        first_vectors(self.E, config.dim, config.seed)
        self._batches, self._on_device = 0, False

    def _put(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.device)

    def _zeros(self, *shape: int, kind: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.zeros(shape, dtype=kind, device=self.device)

    def _empty(self, n: int, kind: torch.dtype) -> torch.Tensor:
        return torch.empty(n, dtype=kind, device=self.device)

    def compile(self) -> None:
        """Compiles the kernels, or loads them from Triton's cache, by a batch that moves nothing."""
        self._train(self._draw(0, 0, min(len(self._ids), PROGRAM_TOKENS)), 0, 0, 0.0)
        self.synchronise()

    def synchronise(self) -> None:
        """Waits until the device has done everything."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def upload(self) -> None:
        """Copies E and C from the host to the device."""
        for table, host in zip(self._tables, (self.E, self.C)):
            table.copy_(torch.from_numpy(host))
        self._on_device = True

    def tables(self) -> tuple[torch.Tensor, torch.Tensor]:
        """E and C as tensors, (V, stride) float32, on the device, with the values that E and C have on the host."""
        self.upload()
        E, C = self._tables
        return E, C

    def sync(self) -> None:
        """Copies E and C from the device to the host."""
        if self._on_device:
            for table, host in zip(self._tables, (self.E, self.C)):
                torch.from_numpy(host).copy_(table)

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Trains on ids[start:stop] in place; see `contract.Engine`."""
        if not self._on_device:
            self.upload()
        return self._train(self._draw(epoch, start, stop), epoch, block, lr)

    def _draw(self, epoch: int, start: int, stop: int) -> Kept:
        """Subsamples ids[start:stop] and its neighbourhood, which its windows reach."""
        window = self._window
        low, high = max(0, start - HALO * window), min(len(self._ids), stop + HALO * window)
        n = high - low
        marks, all_reaches = self._empty(n, torch.int64), self._empty(n, torch.int32)
        grid = (triton.cdiv(n, PROGRAM_TOKENS),)
        key = positive(stream_key(self.config.seed, KEEP, epoch))
        draw_tokens[grid](
            self._ids, low, n, self._keep_thresholds, key, window, marks, all_reaches, TOKENS=PROGRAM_TOKENS
        )
        sums = torch.cumsum(marks, 0)
        edges = torch.stack([sums[max(0, start - low - 1)], sums[stop - low - 1], sums[-1]]).tolist()
        before, last, total = (edge & 0xFFFFFFFF for edge in edges)
        words, sentences, reaches = (self._empty(max(1, total), torch.int32) for _ in range(3))
        pack_tokens[grid](self._ids, low, n, sums, all_reaches, words, sentences, reaches, TOKENS=PROGRAM_TOKENS)
        return Kept(words, sentences, reaches, before if start > low else 0, last, total)

    def _train(self, kept: Kept, epoch: int, block: int, lr: float) -> Sums:
        """Trains on the centres of a block, batch by batch."""
        centres = kept.last - kept.first
        if centres == 0:
            return Sums(0.0, 0, 0)
        batches = -(-centres // self.tuning.batch)
        cuts = [kept.first + centres * k // batches for k in range(batches + 1)]
        tiles = [triton.cdiv(end - begin, self._centres) for begin, end in pairwise(cuts)]
        losses, pairs = self._empty(sum(tiles), torch.float64), self._empty(sum(tiles), torch.int32)
        noise_words = self._empty(sum(tiles) * self._noise_count, torch.int32)
        key = positive(stream_key(self.config.seed, NOISE, epoch, block))
        first_tile, due = 0, when_to_estimate(epoch, block, batches)
        for number, ((begin, end), count) in enumerate(zip(pairwise(cuts), tiles, strict=True)):
            if number in due:
                self.shape.estimate()
            self._train_batch(kept, begin, end, first_tile, count, key, lr, noise_words, losses, pairs)
            first_tile += count
        return Sums(float(losses.sum()), int(pairs.sum()), centres)

    def _train_batch(self, kept: Kept, begin: int, end: int, first_tile: int, tiles: int, key: int, lr: float,
                     noise_words: torch.Tensor, losses: torch.Tensor, pairs: torch.Tensor) -> None:  # fmt: skip
        """Sums the gradients of one batch and makes its step."""
        self._sum_gradients(kept, begin, end, first_tile, tiles, key, noise_words, losses, pairs)
        self._step(kept, begin, end, first_tile, tiles, lr, noise_words)

    def _sum_gradients(self, kept: Kept, begin: int, end: int, first_tile: int, tiles: int, key: int,
                       noise_words: torch.Tensor, losses: torch.Tensor, pairs: torch.Tensor) -> None:  # fmt: skip
        (E, C), (grad_E, grad_C), (curve_E, curve_C) = self._tables, self._gradients, self._curvatures
        sum_gradients[(tiles,)](
            kept.words, kept.sentences, kept.reaches, kept.n, begin, end, first_tile,
            E, C, grad_E, grad_C, curve_E, curve_C, self._noise_table, len(self.E), key, self.shape.grains,
            noise_words, losses, pairs, float(self.config.negatives),
            WINDOW=self._window, ROWS=self._rows, NOISE=self._noise_count, STRIDE=self.stride,
            COLUMNS=self._columns(), PRECISION=self.tuning.precision,
            num_warps=self.tuning.tile_warps(self._window), num_stages=1,
        )  # fmt: skip

    def _step(self, kept: Kept, begin: int, end: int, first_tile: int, tiles: int, lr: float,
              noise_words: torch.Tensor) -> None:  # fmt: skip
        """Moves every row that the batch has touched."""
        rows, window, M = self.tuning.step_rows, self._window, self._noise_count
        self._batches += 1
        inputs = min(end + window, kept.n) - max(begin - window, 0)
        programs = triton.cdiv(inputs, rows) + triton.cdiv(end - begin + tiles * M, rows)
        step[(programs,)](
            kept.words, kept.n, begin, end, noise_words, first_tile * M, tiles * M,
            self._tables, self._gradients, self._curvatures, self._claims, self._batches,
            self.shape.directions, self.shape.shares, len(self.E), lr, self.tuning.damping,
            WINDOW=window, ROWS=rows, STRIDE=self.stride, COLUMNS=self._columns(), DIRECTIONS=DIRECTIONS,
            PRECISION=self.tuning.precision, num_warps=4, num_stages=1,
        )  # fmt: skip

    def _columns(self) -> int:
        """Columns of a row that a program holds at once: a power of two, no more than a row has."""
        return min(self.tuning.columns, triton.next_power_of_2(self.stride))


def positive(key: np.uint64) -> int:
    """The key of a stream as a positive int64, so that every key has the same type in a kernel."""
    return int(key) >> 1 | 1 << 62
