"""Between the arrays of `Word2Vec`, of which this is a part, and the engine: options, rows there and back."""

import logging
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.gensim.models.encoding import EncodedText
from sgns.gensim.models.network import Lock, Network, PhaseOptions, Step, Words, mean_inputs, seed_of
from sgns.gensim.models.vocabulary import VocabularyPart, noise_distribution

logger = logging.getLogger(__name__)

WIDEST = 1000  # words to each side, see `Config.window`
NEGATIVES, TREE = "syn1neg", "syn1"
"""The attributes with the outputs C of the two losses."""


class EngineRowsPart(VocabularyPart):
    """Makes a `Network` of a model, and copies rows there and back."""

    window: int
    shrink_windows: bool
    cbow_mean: int
    sg: int
    seed: Any
    workers: int
    _outputs: Any

    def _order(self) -> np.ndarray:
        """The rows of the words, the most frequent first, as the engine has them."""
        return np.argsort(-self.wv.expandos["count"], kind="stable")

    def _numbers(self, order: np.ndarray) -> dict[Any, int]:
        """The number of each word in the engine."""
        numbers = np.empty(len(order), np.int64)
        numbers[order] = np.arange(len(order))
        return dict(zip(self.wv.index_to_key, numbers.tolist()))

    def _config(self, model: str, loss: str) -> Config:
        """The options of one phase. Raises `ConfigError` for a number that the engine does not have."""
        longest, shrink = min(self.window, WIDEST), self.shrink_windows and self.window <= WIDEST
        combine = "sum" if not self.cbow_mean and model in ("cbow", "dm") else "mean"  # gensim ignores it elsewhere
        negatives = max(1, self.negative) if loss == "negatives" else Config.negatives
        return Config(
            dim=self.vector_size, model=model, combine=combine, loss=loss, window=longest,  # type: ignore[arg-type]
            shrink_windows=shrink, negatives=negatives, lr=1.0, min_lr=0.0, subsample=0.0,
            noise_power=float(self.ns_exponent), seed=seed_of(self.seed),
        )  # fmt: skip

    def _models(self) -> list[str]:
        """The models that are trained on the same outputs."""
        return ["skipgram" if self.sg else "cbow"]

    def _phases(self, order: np.ndarray) -> list[PhaseOptions]:
        phases = []
        for number, name in enumerate(self._outputs()):
            tree = self.tree_of(order) if name == TREE else None
            loss = "negatives" if tree is None else "hierarchical"
            for model in self._models():
                phases.append(PhaseOptions(self._config(model, loss), number, tree, model in ("dm", "dbow")))
        return phases

    def _words(self, order: np.ndarray) -> Words:
        counts = np.maximum(1, self.wv.expandos["count"][order])
        keep = self.wv.expandos["sample_int"][order] / (2**32 - 1)
        return Words(counts, keep, noise_distribution(counts, self.ns_exponent))

    def _network(self, order: np.ndarray, text: EncodedText) -> Network:
        """Room for the rows of this model."""
        words = self._words(order)
        locks = [Lock.of(self.wv.vectors_lockf, np.argsort(order))]
        step = Step.of(self._ratio(words, text))
        return Network(words, self._phases(order), len(self._outputs()), 0, self.workers, locks=locks, step=step)

    def _check_window(self, text: EncodedText) -> None:
        """Says what becomes of a window that is wider than the engine's widest.

        Raises:
            ValueError: A sentence is longer than the widest window too.
        """
        if self.window <= WIDEST:
            return
        if text.longest > WIDEST:
            raise ValueError(
                f"window is {self.window}, the engine reaches {WIDEST} words to each side, and a sentence has "
                f"{text.longest}; take window={WIDEST}, or cut the sentences"
            )
        if self.shrink_windows:
            logger.warning(
                "windows of %i words hold whole sentences here; each centre has its whole sentence", self.window
            )

    def _ratio(self, words: Words, text: EncodedText, more: int = 0) -> float:
        """How much larger gensim's steps of E are than the gradient's, on average, see `network`.

        Args:
            words: Of the engine.
            text: What is trained on.
            more: Rows of an input beside those of the window.
        """
        if self._models() != ["cbow"] and self._models() != ["dm"]:
            return 1.0
        inputs = mean_inputs(text, words.keep_probability, self._config("cbow", "negatives")) + more
        return inputs if self.cbow_mean else 1 / inputs

    def _send(self, network: Network, order: np.ndarray) -> None:
        """Copies the rows of this model to the engine."""
        network.send(slice(0, len(order)), self.wv.vectors[order])
        self._send_outputs(network, order)

    def _send_outputs(self, network: Network, order: np.ndarray) -> None:
        for number, name in enumerate(self._outputs()):
            network.send_output(number, getattr(self, name)[self._output_rows(name, order)])

    def _receive(self, network: Network, order: np.ndarray) -> None:
        """Copies the rows of the engine to this model."""
        before, self.wv.vectors = self.wv.vectors, writable(self.wv.vectors)
        locked = before.copy() if (self.wv.vectors_lockf == 0).any() else before
        self.wv.vectors[order] = network.rows(slice(0, len(order)), self.vector_size)
        keep_locked(self.wv.vectors, locked, self.wv.vectors_lockf)
        self.wv.norms = None
        self._receive_outputs(network, order)

    def _receive_outputs(self, network: Network, order: np.ndarray) -> None:
        for number, name in enumerate(self._outputs()):
            rows = writable(getattr(self, name))
            rows[self._output_rows(name, order)] = network.output(number, self.vector_size)
            setattr(self, name, rows)

    def _output_rows(self, name: str, order: np.ndarray) -> np.ndarray:
        """The rows of an output in the order of the engine: of words, or of nodes from the root on."""
        if name == NEGATIVES:
            return order
        V = len(order)
        return np.concatenate([np.arange(V - 2, -1, -1), [V - 1]]) if V > 1 else np.arange(V)


def writable(rows: np.ndarray) -> np.ndarray:
    """`rows`, or a copy where they cannot be changed because a file is mapped."""
    return rows if rows.flags.writeable and not isinstance(rows, np.memmap) else np.array(rows)


def keep_locked(rows: np.ndarray, before: np.ndarray, factors: np.ndarray) -> None:
    """Puts rows whose factor is 0 back as they were, bit for bit."""
    locked = np.flatnonzero((np.broadcast_to(factors, len(rows)) if len(factors) == 1 else factors[: len(rows)]) == 0)
    rows[locked] = before[locked]
