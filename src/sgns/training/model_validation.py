"""The validation loss of models whose samples are more than pairs: means of windows, documents, paths of a tree.

The loss is that of the model: −log P(c+ | h) with hierarchical softmax, else that of c+ and its negatives, with h the
input. Of a model of documents, the second half of each chosen document is held out, not the whole: the row of a
document that was never trained on would say nothing.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.text.documents import Documents
from sgns.training.engines.cpu.huffman import HuffmanTree
from sgns.training.engines.cpu.validation_kernels import input_losses
from sgns.training.engines.cpu.window_kernel import draw_windows
from sgns.training.engines.sampling import (
    VALIDATION_NEGATIVES,
    VALIDATION_WINDOWS,
    Windows,
    alias_table,
    as_thresholds,
    stream_key,
)
from sgns.training.plan import Plan
from sgns.training.validation import EVALUATED_TOKENS, PAIRS_AT_ONCE, Validation
from sgns.vectors.files.parts import Parts


class Samples(NamedTuple):
    """Held-out samples, see `validation_kernels.input_losses`."""

    input_starts: np.ndarray
    inputs: np.ndarray
    output_starts: np.ndarray
    output_rows: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


class ModelValidation(Validation):
    """What is held out for validation of a model of any kind."""

    def __init__(self, corpus: Corpus, plan: Plan) -> None:
        """Chooses what is held out and draws its samples.

        Raises:
            ConfigError: Nothing would be held out, or nothing would be left to train on.
        """
        self._documents = corpus.documents if plan.config.documents else None
        self._tree = HuffmanTree.of(plan.counts) if plan.config.loss == "hierarchical" else None
        self._whole_ends = np.asarray(corpus.sentence_ends)
        self._mean = plan.config.combine == "mean"
        super().__init__(corpus.ids, corpus.sentence_ends, plan.keep_probability, plan.noise_distribution, plan.config)

    @property
    def pairs(self) -> int:
        """Samples that are evaluated."""
        return len(self._samples.input_starts) - 1

    def _choose(self, ends: np.ndarray, config: Config) -> np.ndarray:
        if self._documents is None:
            return super()._choose(ends, config)
        chosen = self._spans(ends, config, 2 * config.validation)
        middle = chosen[:, 0] + (chosen[:, 1] - chosen[:, 0] + 1) // 2
        halves = np.column_stack([middle, chosen[:, 1]])
        return halves[halves[:, 0] < halves[:, 1]]

    def _draw(
        self, ids: np.ndarray, keep_probability: np.ndarray, noise_distribution: np.ndarray, config: Config
    ) -> None:
        every = max(1, -(-self.tokens // EVALUATED_TOKENS))
        keep_thresholds, noise_table = as_thresholds(keep_probability), alias_table(noise_distribution)
        reach, reaches, _ = Windows.of(config)
        V, alone = len(keep_probability), config.model == "skipgram"
        lengths: list[np.ndarray] = []
        inputs: list[np.ndarray] = []
        centres: list[np.ndarray] = []
        negatives: list[np.ndarray] = []
        for begin, end in zip(self.begins[::every], self.ends[::every], strict=True):
            text = np.ascontiguousarray(ids[begin:end]).view(np.ndarray)
            windows, stops, words, drawn, _ = draw_windows(
                text, np.array([end - begin]), 0, end - begin, reach, reaches, config.negatives, alone,
                keep_thresholds, noise_table, stream_key(config.seed, VALIDATION_WINDOWS, int(begin)),
                stream_key(config.seed, VALIDATION_NEGATIVES, int(begin)),
            )  # fmt: skip
            sizes = np.diff(stops, prepend=0)
            if self._documents is not None:
                windows, sizes, words, drawn = self._with_tags(
                    self._documents, int(begin), windows, sizes, words, drawn, config.model, V
                )
            for list_, part in ((lengths, sizes), (inputs, windows), (centres, words), (negatives, drawn)):
                list_.append(part)
        nothing = np.empty(0, np.int32)
        joined = np.concatenate([nothing, *centres])
        outputs = (
            with_negatives(joined, np.concatenate([np.empty((0, config.negatives), np.int32), *negatives]))
            if self._tree is None
            else with_paths(joined, self._tree)
        )
        self._samples = Samples(
            np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))]),
            np.concatenate([nothing, *inputs]), *outputs,
        )  # fmt: skip

    def _with_tags(
        self, documents: Documents, begin: int, windows: np.ndarray, sizes: np.ndarray, words: np.ndarray,
        drawn: np.ndarray, model: str, V: int,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        """The samples of a document: its tags beside each window (dm), or each of them alone (dbow)."""
        sentence = int(np.searchsorted(self._whole_ends, begin, side="right"))
        tags = documents.rows[documents.starts[sentence] : documents.starts[sentence + 1]] + np.int32(V)
        if model == "dbow":
            n, t = len(words), len(tags)
            return np.tile(tags, n), np.ones(n * t, np.int64), np.repeat(words, t), np.repeat(drawn, t, axis=0)
        places = np.repeat(np.cumsum(sizes), len(tags))
        return np.insert(windows, places, np.tile(tags, len(words))), sizes + len(tags), words, drawn

    def loss_of(self, parts: Parts, threads: int = 1) -> float:
        """The mean loss of the held-out samples under the vectors of a run."""
        outputs = parts.C if self._tree is None else parts.nodes
        assert outputs is not None
        documents = parts.E[:0] if parts.documents is None else parts.documents.E
        tables = []
        for table in (parts.E, documents, outputs):
            table = table[:, : self._dim]
            table.flags.writeable = False  # one type for the kernel, whoever asks
            tables.append(table)
        s = self._samples

        def part(first: int) -> float:
            last = min(self.pairs, first + PAIRS_AT_ONCE)
            return input_losses(
                *tables, self._mean, s.input_starts[first : last + 1], s.inputs, s.output_starts[first : last + 1],
                s.output_rows, s.labels, s.weights,
            )  # fmt: skip

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(part, range(0, self.pairs, PAIRS_AT_ONCE))) / self.pairs

    def compile(self, E: np.ndarray, C: np.ndarray) -> None:
        """Compiles the kernel of the loss, or loads it from the cache."""
        E, C, nothing = E[:1, : self._dim], C[:1, : self._dim], self._samples
        E.flags.writeable = C.flags.writeable = False
        none = np.zeros(1, np.int64)
        input_losses(
            E, E, C, self._mean, none, nothing.inputs, none, nothing.output_rows, nothing.labels, nothing.weights
        )


def with_negatives(centres: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The outputs of samples: c+ with label 1 and k negatives with label 0; one that is c+ counts nothing."""
    rows = np.column_stack([centres, negatives]).astype(np.int32)
    labels = np.zeros(rows.shape, np.float32)
    labels[:, 0] = 1
    weights = np.ones(rows.shape, np.float32)
    weights[:, 1:] = negatives != centres[:, None]
    starts = np.arange(len(centres) + 1, dtype=np.int64) * rows.shape[1]
    return starts, rows.reshape(-1), labels.reshape(-1), weights.reshape(-1)


def with_paths(centres: np.ndarray, tree: HuffmanTree) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The outputs of samples: the nodes on the path of c+, with their labels."""
    first, lengths = tree.starts[centres], tree.starts[centres + 1] - tree.starts[centres]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    places = np.arange(starts[-1]) + np.repeat(first - starts[:-1], lengths)
    return starts, tree.nodes[places], tree.labels[places], np.ones(len(places), np.float32)


def is_general(config: Config) -> bool:
    """Whether samples are more than pairs of words with negatives; with n-grams, words are composed before."""
    return config.model != "skipgram" or config.loss == "hierarchical"


def make_validation(corpus: Corpus, plan: Plan) -> Validation | None:
    """The part of a corpus that is held out, if the options ask for one."""
    if not plan.config.validation:
        return None
    if is_general(plan.config):
        return ModelValidation(corpus, plan)
    return Validation(corpus.ids, corpus.sentence_ends, plan.keep_probability, plan.noise_distribution, plan.config)
