"""The CPU engine: SGNS in Numba, any number of threads over blocks of the corpus.

Threads update the same E and C without locks (Hogwild!, Niu et al. 2011, arXiv 1106.5730). All draws of a block depend
on (seed, epoch, block) alone, so one thread gives the same bits on every run.
"""

import mmap
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sgns.config import Config
from sgns.training.engines.cpu.hot_rows import Heads
from sgns.training.engines.cpu.tile_kernel import CENTRES_SEEN, LOSS, PAIRS, negative_lifetime, tile_kernel
from sgns.training.engines.cpu.window_kernel import draw_windows, window_kernel
from sgns.training.engines.sampling import keep_thresholds, noise_table, stream_key
from sgns.training.schedule import LONGEST

if TYPE_CHECKING:
    import torch

KEEP, NOISE, FIRST = 1, 2, 3  # purposes of random streams


@dataclass(frozen=True)
class Sums:
    """What training on a block added up to."""

    loss: float  # of all its positive pairs with their negatives, float64
    pairs: int  # positive pairs
    centres: int  # tokens that survived subsampling


Runs = Callable[[int, int], Iterable[tuple[int, int]]]


def whole(start: int, stop: int) -> list[tuple[int, int]]:
    """All of ids[start:stop] in one run."""
    return [(start, stop)]


def row_stride(dim: int) -> int:
    """Floats from one row to the next: rows start at 64-byte lines and never a multiple of 512 bytes apart.

    At such strides all rows compete for a few sets of the cache; it cost 30 %.
    """
    stride = -(-dim // 16) * 16
    return stride + 16 if stride % 128 == 0 else stride


def matrix(rows: int, stride: int) -> np.ndarray:
    """A matrix of zeros, (rows, stride) float32, on huge pages where the system has them (fewer TLB misses)."""
    size = max(1, rows) * stride * 4
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # private, for of shared memory, Python's default, Linux makes no huge pages unless told to
        room = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # a kernel without huge pages: only slower
            room.madvise(mmap.MADV_HUGEPAGE)
    else:
        room = mmap.mmap(-1, size)
    return np.frombuffer(room, np.float32, rows * stride).reshape(rows, stride)


def first_vectors(E: np.ndarray, dim: int, seed: int) -> None:
    """Fill E[:, :dim] with uniform numbers in (−1/2d, 1/2d), as word2vec.c; columns beyond stay zero."""
    rng = np.random.default_rng(int(stream_key(seed, FIRST)))
    for start in range(0, len(E), 65_536):
        part = E[start : start + 65_536]
        part[:, :dim] = (rng.random((len(part), dim), dtype=np.float32) - np.float32(0.5)) / np.float32(dim)


class CpuEngine:
    """E and C of a run, and the training of one block in place.

    Attributes:
        E: (V, stride) float32, target vectors; columns from dim on are zero.
        C: (V, stride) float32, context vectors.
        lifetime: Tiles that a set of shared negatives serves.
    """

    name = "cpu"
    concurrent = True  # several threads may call `train_block` at once
    longest = LONGEST

    def __init__(
        self,
        ids: np.ndarray,  # (n,) int32
        sentence_ends: np.ndarray,  # (s,) int64
        keep: np.ndarray,  # (V,) float64
        noise: np.ndarray,  # (V,) float64
        config: Config,
        *,
        runs: Runs = whole,
        heads: Heads | None = None,
        spare: int = 0,
    ) -> None:
        """Allocate E and C and set their first values.

        Args:
            ids: The corpus.
            sentence_ends: Where its sentences end, exclusive.
            keep: `Vocabulary.keep_probabilities`.
            noise: `Vocabulary.noise`.
            config: The options.
            runs: Which parts of ids[start:stop] are trained on; all of it unless sentences are held out.
            heads: Copies of the most frequent rows, for several threads that share negatives in tiles.
            spare: Rows of zeros behind those of E and C, for an engine that trains copies.
        """
        self.config, self._runs = config, runs
        self._ids, self._ends = read_only(ids, np.int32), read_only(sentence_ends, np.int64)
        self._keep, self._noise = keep_thresholds(keep), noise_table(noise)
        self.stride = row_stride(config.dim)
        self._heads = heads
        spare += heads.room if heads else 0
        self._rows = matrix(len(keep) + spare, self.stride), matrix(len(keep) + spare, self.stride)
        self.E, self.C = (rows[: len(keep)] for rows in self._rows)
        first_vectors(self.E, config.dim, config.seed)
        self.lifetime = negative_lifetime(len(keep), self.stride)
        if config.sharing == "tile":
            self._tile = tile_kernel(self.stride, config.window, config.negatives)
        else:
            self._window = window_kernel(self.stride, config.sharing == "pair")

    def compile(self) -> None:
        """Compile the kernels, or load them from the cache of an earlier run."""
        self.train_block(0, 0, 0, 0, 0.0)
        if self._heads:
            with self._heads.lent(*self._rows, LONGEST, 0.0):
                pass  # what was not trained changes nothing

    def sync(self) -> None:
        """Makes E and C current; they always are, on an engine without a memory of its own."""

    def tables(self) -> "tuple[torch.Tensor, torch.Tensor]":
        """E and C as tensors, (V, stride) float32, where the engine trains them."""
        import torch

        return torch.from_numpy(self.E), torch.from_numpy(self.C)

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Train on ids[start:stop] in place. Other threads may train other blocks meanwhile.

        Args:
            epoch: Pass over the corpus, from 0.
            block: The block's number in the epoch; its draws depend on (seed, epoch, block).
            start: First token.
            stop: One past the last token.
            lr: Learning rate of the whole block.

        Returns:
            Sums of the block; a loss of NaN or infinity tells of divergence.
        """
        keep_key, out = stream_key(self.config.seed, KEEP, epoch), np.zeros(3)
        lent = self._heads.lent(*self._rows, stop - start, lr) if self._heads else nullcontext((0, 0))
        with lent as copies:
            for run, (first, last) in enumerate(self._runs(start, stop)):
                noise_key = stream_key(self.config.seed, NOISE, epoch, block, *([run] if run else []))
                self._train(
                    self._ids, self._ends, first, last, self._keep, self._noise,
                    *self._rows, lr, keep_key, noise_key, out, copies,
                )  # fmt: skip
        return Sums(float(out[LOSS]), int(out[PAIRS]), int(out[CENTRES_SEEN]))

    def _train(
        self,
        ids: np.ndarray,  # (n,) int32
        ends: np.ndarray,  # (s,) int64
        start: int,
        stop: int,
        keep: np.ndarray,  # (V,) uint32
        noise: np.ndarray,  # (V,) uint64, or a pool
        E: np.ndarray,  # (V, stride) float32
        C: np.ndarray,  # (V, stride) float32
        lr: float,
        keep_key: np.uint64,
        noise_key: np.uint64,
        out: np.ndarray,  # (3,) float64
        copies: tuple[int, int] = (0, 0),
    ) -> None:
        """Train E and C on ids[start:stop] and add to `out`: loss, pairs, centres.

        `copies` are head and shift of `Heads.lent`.
        """
        rate, config = np.float32(lr), self.config
        if config.sharing == "tile":
            head, shift = np.int32(copies[0]), np.int32(copies[1])
            self._tile(
                ids, ends, start, stop, keep, noise, self.lifetime, E, C, rate, keep_key, noise_key, head, shift, out
            )
            return
        alone = config.sharing == "pair"
        *samples, centres = draw_windows(
            ids, ends, start, stop, config.window, config.negatives, alone, keep, noise, keep_key, noise_key
        )
        self._window(*samples, E, C, rate, out)
        out[CENTRES_SEEN] += centres


def read_only(array: np.ndarray, kind: type) -> np.ndarray:
    """A plain, contiguous, read-only view: one type for the kernels, whether the corpus is mapped or in memory."""
    view = np.ascontiguousarray(array, kind).view(np.ndarray)[:]
    view.flags.writeable = False
    return view


def one_window(
    E: np.ndarray,
    C: np.ndarray,
    inputs: Sequence[int] | np.ndarray,
    centre: int,
    negatives: Sequence[int] | np.ndarray,
    lr: float,
) -> float:
    """One step of the production kernel on samples of your own: every input w with c+ = centre and all negatives.

    The loss is Σ_w (−log σ(E_w·C_c+) − Σ_i log σ(−E_w·C_c−i)), the step E, C ← E, C − lr · ∇loss. A negative equal to
    c+ counts nothing, one that is listed twice counts twice; so does an input.

    Args:
        E: (V, d) float32, changed in place.
        C: (V, d) float32, changed in place.
        inputs: Rows of E; up to 8 make one step, more make several.
        centre: Row of C.
        negatives: Rows of C; up to 15 make one step, more make several.
        lr: Learning rate; at 1 the change is minus the gradient.

    Returns:
        The loss before the step, in float64.
    """
    dim, stride = E.shape[1], row_stride(E.shape[1])
    e, c = matrix(len(E), stride), matrix(len(C), stride)
    e[:, :dim], c[:, :dim] = E, C
    out = np.zeros(3)
    window_kernel(stride, False)(
        np.array(inputs, np.int32),
        np.array([len(inputs)], np.int64),
        np.array([centre], np.int32),
        np.array([negatives], np.int32).reshape(1, len(negatives)),
        e,
        c,
        np.float32(lr),
        out,
    )
    E[:], C[:] = e[:, :dim], c[:, :dim]
    return float(out[LOSS])
