"""The models of the CPU engine: how each of them draws a block and trains on it.

A model is what a kernel needs beside the text, E and C, and the call of that kernel. Sampling, negatives, hot rows,
threads and the schedule are the same for all of them.
"""

import threading
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from sgns.config import Config
from sgns.training.engines.cpu.block import CENTRES, Block, draw_block, draw_shuffled_block, empty_block, use_copies
from sgns.training.engines.cpu.cbow_kernel import cbow_kernel, cbow_negatives, cbow_workspace
from sgns.training.engines.cpu.hierarchical_kernel import Paths, mean_path_kernel, path_kernel, path_workspace
from sgns.training.engines.cpu.hot_rows import Copies
from sgns.training.engines.cpu.huffman import HuffmanTree
from sgns.training.engines.cpu.subword_rows import SHORTEST, Strip, WordParts, strip_kernels
from sgns.training.engines.cpu.tags import Tags, draw_tagged, no_tags, tag_centres
from sgns.training.engines.cpu.tile_kernel import (
    CENTRES_SEEN,
    negative_lifetime,
    tile_kernel,
    tile_negatives,
    workspace,
)
from sgns.training.engines.cpu.window_kernel import draw_windows, window_kernel
from sgns.training.engines.matrices import zero_rows
from sgns.training.engines.sampling import ALONE, Windows


class Text(NamedTuple):
    """A stretch of text, and what is drawn from it.

    Attributes:
        ids: (n,) int32, the corpus, or a chunk of it.
        sentence_ends: (s,) int64.
        start: First token.
        stop: One past the last.
        keep_thresholds: (≥ V,) uint32.
        noise_table: uint64, see `sampling.alias_table`.
        keep_key: Of the stream that says which tokens are kept.
        noise_key: Of the stream of negatives.
    """

    ids: np.ndarray
    sentence_ends: np.ndarray
    start: int
    stop: int
    keep_thresholds: np.ndarray
    noise_table: np.ndarray
    keep_key: np.uint64
    noise_key: np.uint64


class Model(Protocol):
    """Trains E and C on a stretch of text."""

    def train(self, text: Text, E: np.ndarray, C: np.ndarray, lr: np.float32, copies: Copies, out: np.ndarray) -> None:
        """Trains in place and adds to `out`, (3,) float64: loss, pairs, centres.

        Args:
            text: What is trained on.
            E: (≥ rows, stride) float32: V words, n-grams, documents, copies.
            C: (≥ V, stride) float32: words, or nodes of the tree; copies.
            lr: Learning rate.
            copies: Of hot rows, see `HotRows.checkout`.
            out: Sums.
        """


@dataclass(frozen=True)
class Rows:
    """What rows of E and C are, beside those of words.

    Attributes:
        parts: Of words that are made of n-grams.
        strip: Centres that are trained on between composing words and taking them apart; a multiple of `CENTRES`.
        tag_starts: (s + 1,) int64, the tags of sentence i are tag_rows[starts[i]:starts[i + 1]].
        tag_rows: int32, rows of E.
        tree: For hierarchical softmax.
    """

    parts: WordParts | None = None
    strip: int = SHORTEST
    tag_starts: np.ndarray | None = None
    tag_rows: np.ndarray | None = None
    tree: HuffmanTree | None = None


class ExactModel:
    """Skip-gram whose negatives are shared in a window or by nobody; see `window_kernel.py`."""

    def __init__(self, config: Config, stride: int) -> None:
        self._windows, self._negatives, self._alone = Windows.of(config), config.negatives, config.sharing == "pair"
        self._kernel = window_kernel(stride, self._alone)

    def train(self, text: Text, E: np.ndarray, C: np.ndarray, lr: np.float32, copies: Copies, out: np.ndarray) -> None:
        """See `Model`; there are no hot copies."""
        reach, reaches, _ = self._windows
        *samples, centres = draw_windows(
            text.ids, text.sentence_ends, text.start, text.stop, reach, reaches, self._negatives, self._alone,
            text.keep_thresholds, text.noise_table, text.keep_key, text.noise_key,
        )  # fmt: skip
        self._kernel(*samples, E, C, lr, out)
        out[CENTRES_SEEN] += centres


class TileModel:
    """All models whose negatives are shared in tiles, or whose outputs are paths: everything that is fast.

    Attributes:
        lifetime: Tiles that a set of shared negatives serves.
    """

    def __init__(self, config: Config, stride: int, V: int, rows: Rows) -> None:
        """Chooses the kernel.

        Args:
            config: The options.
            stride: Floats in a row.
            V: Words.
            rows: N-grams, documents, tree.
        """
        self._config, self._stride, self._V, self._rows = config, stride, V, rows
        self._windows = Windows.of(config)
        reach, _, inputs = self._windows
        self._skip_gram = config.model == "skipgram"
        self._paths = None if rows.tree is None else Paths(rows.tree.starts, rows.tree.nodes, rows.tree.labels)
        self._tagged = config.model == "dbow"
        self._group = ALONE if self._paths is not None else np.int64(CENTRES)
        words, documents, mean = (
            config.model in ("cbow", "dm"),
            config.model in ("dbow", "dm"),
            config.combine == "mean",
        )
        of_ngrams = rows.parts is not None
        self.lifetime = negative_lifetime(V, stride, of_ngrams)
        if self._paths is not None:
            self._draws = 0
            if self._skip_gram:
                self._kernel = path_kernel(stride, reach)
            else:
                self._kernel = mean_path_kernel(stride, reach, words, documents, mean)
        elif self._skip_gram:
            self._draws = tile_negatives(config.negatives, inputs, of_ngrams)
            self._kernel = tile_kernel(stride, reach, config.negatives, self._draws)
        else:
            self._draws = cbow_negatives(config.negatives)
            self._kernel = cbow_kernel(stride, reach, config.negatives, words, documents, mean)
        self._strips = strip_kernels(stride) if rows.parts is not None else None
        self._own = threading.local()

    def train(self, text: Text, E: np.ndarray, C: np.ndarray, lr: np.float32, copies: Copies, out: np.ndarray) -> None:
        """See `Model`."""
        block, first, last, m, tags = self.draw(text)
        hot, shift_E, shift_C = (np.int32(number) for number in copies)
        kept = rows = words = block.kept  # of C; of E; the words themselves
        if hot:
            if self._strips is not None or self._paths is not None:
                words = kept.copy()
            rows = kept.copy() if shift_E != shift_C else kept
            if rows is not kept:
                use_copies(rows, m, hot, shift_E)
            use_copies(kept, m, hot, shift_C)
            if self._paths is None:
                use_copies(block.drawn, len(block.drawn), hot, shift_C)
        if self._strips is None:
            self._kernels(block, (first, last, m), first, last, E, rows, C, lr, words, tags, (hot, shift_C), out)
            return
        compose, decompose = self._strips
        reach, strip = self._windows.reach, self._strip(len(block.kept))
        for begin in range(first, last, self._rows.strip):
            end = min(last, begin + self._rows.strip)
            n = compose(words, max(0, begin - reach), min(m, end + reach), E, self._rows.parts, strip)
            self._kernels(
                block, (first, last, m), begin, end, strip.table, strip.rows, C, lr, words, tags, (hot, shift_C), out
            )
            decompose(n, E, self._rows.parts, strip)

    def compile_kernel(self) -> None:
        """Compiles the kernel that trains on a block, or loads it, without those that draw one."""
        block, no_copies = self._block(0), (np.int32(0), np.int32(0))
        E, C = (zero_rows(1, self._stride) for _ in range(2))
        self._kernels(
            block, (0, 0, 0), 0, 0, E, block.kept, C, np.float32(0), block.kept, no_tags(), no_copies, np.zeros(3)
        )

    def draw(self, text: Text) -> tuple[Block, int, int, int, Tags]:
        """The words that are kept, their windows and negatives, and the documents that they stand in."""
        rows, tokens = self._rows, text.stop - text.start
        reach, reaches, _ = self._windows
        if self._tagged:
            assert rows.tag_starts is not None
            assert rows.tag_rows is not None
            first, last = np.searchsorted(text.sentence_ends, [text.start, text.stop - 1], side="right")
            per_sentence = np.diff(rows.tag_starts[first : last + 2])
            capacity = tokens * max(1, int(per_sentence.max(initial=0)))
            block = self._block(capacity)
            tags = Tags(np.empty(len(block.kept), np.int64), np.empty(len(block.kept), np.int64), rows.tag_rows)
            m = draw_tagged(
                text.ids, text.sentence_ends, text.start, text.stop, text.keep_thresholds, text.keep_key,
                text.noise_table, text.noise_key, self.lifetime, self._draws, CENTRES, rows.tag_starts, block, tags,
            )  # fmt: skip
            return block, 0, m, m, tags
        block = self._block(tokens)
        place = text.ids, text.sentence_ends, text.start, text.stop
        streams = text.keep_thresholds, text.keep_key, text.noise_table, text.noise_key
        if reaches > 0:
            drawn = draw_block(*place, reach, reaches, self._group, *streams, self.lifetime, self._draws, block)
        else:
            drawn = draw_shuffled_block(*place, reach, *streams, self.lifetime, self._draws, block)
        first, last, m = drawn
        if rows.tag_starts is None or rows.tag_rows is None:
            return block, first, last, m, no_tags()
        tags = Tags(np.zeros(len(block.kept), np.int64), np.zeros(len(block.kept), np.int64), rows.tag_rows)
        tag_centres(
            text.ids, text.sentence_ends, text.start, text.stop, first, text.keep_thresholds, text.keep_key,
            rows.tag_starts, tags,
        )  # fmt: skip
        return block, first, last, m, tags

    def _kernels(
        self,
        block: Block,
        bounds: tuple[int, int, int],
        start: int,
        stop: int,
        E: np.ndarray,
        rows: np.ndarray,
        C: np.ndarray,
        lr: np.float32,
        words: np.ndarray,
        tags: Tags,
        nodes: tuple[np.int32, np.int32],
        out: np.ndarray,
    ) -> None:
        """Trains on the centres start:stop of a drawn block."""
        stride, reach, own = self._stride, self._windows.reach, self._own
        if self._paths is not None:
            if not hasattr(own, "work"):
                own.work = path_workspace(stride, reach)
            more = (words, *nodes) if self._skip_gram else (words, tags, *nodes)
            self._kernel(block, *bounds, start, stop, E, rows, C, lr, self._paths, *more, own.work, out)
            return
        if not hasattr(own, "work"):
            make = workspace if self._skip_gram else cbow_workspace
            own.work = make(stride, reach, self._draws)
        tagged = () if self._skip_gram else (tags,)
        self._kernel(block, *bounds, start, stop, self.lifetime, E, rows, C, lr, *tagged, own.work, out)

    def _block(self, tokens: int) -> Block:
        """The arrays of a block, of this thread: large arrays that are made anew are new pages each time."""
        own = self._own
        if not hasattr(own, "block") or own.block_tokens < tokens:
            own.block = empty_block(tokens, self._windows.reach, self._draws, self.lifetime)
            own.block_tokens = tokens
        block: Block = own.block
        return block

    def _strip(self, kept: int) -> Strip:
        """The arrays of a strip, of this thread."""
        own = self._own
        if not hasattr(own, "strip") or len(own.strip.rows) < kept:
            most = min(self._V, self._rows.strip + 2 * self._windows.reach)
            tables = zero_rows(2 * most, self._stride)
            own.strip = Strip(
                np.full(self._V, -1, np.int32), np.empty(most, np.int32), np.empty(kept, np.int32),
                tables[:most], tables[most:],
            )  # fmt: skip
        return own.strip


def model_of(config: Config, stride: int, V: int, rows: Rows) -> Model:
    """The model that the options ask for."""
    if config.sharing == "tile":
        return TileModel(config, stride, V, rows)
    return ExactModel(config, stride)
