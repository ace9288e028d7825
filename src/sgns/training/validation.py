"""The validation loss: sentences that are never trained on, and their loss, always over the same samples.

The loss is that of training, the mean over positive pairs of L = −log σ(E_w·C_c+) − Σ log σ(−E_w·C_c−i); a negative
that is c+ counts nothing. Windows and negatives are drawn once, so two values differ only by what was learnt between.

A text without line breaks is one sentence, and to hold it out would leave nothing. Of a sentence of more than
`LONG_SENTENCE` tokens, parts of `HELD_OUT_PART` tokens are held out instead; their borders count as ends of sentences.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sgns.config import Config
from sgns.errors import ConfigError
from sgns.training.engines.cpu.validation_kernels import choose_spans, pair_losses
from sgns.training.engines.cpu.window_kernel import draw_windows
from sgns.training.engines.sampling import (
    VALIDATION_NEGATIVES,
    VALIDATION_SENTENCES,
    VALIDATION_WINDOWS,
    Windows,
    alias_table,
    as_thresholds,
    stream_key,
)
from sgns.vectors.files.parts import Parts

EVALUATED_TOKENS = 100_000  # held-out tokens that are evaluated, about: enough for three digits, in a moment
PAIRS_AT_ONCE = 8_192  # pairs that one thread adds up at a time

u64 = np.uint64


class Validation:
    """The part of a corpus that is held out for validation.

    Attributes:
        begins: (h,) int64, first token of each held-out sentence, ascending.
        ends: (h,) int64, one past its last.
        sentence_ends: (s,) int64, the ends of all sentences, with the borders of held-out parts among them.
        tokens: Held-out tokens.
    """

    def __init__(
        self,
        ids: np.ndarray,
        sentence_ends: np.ndarray,
        keep_probability: np.ndarray,
        noise_distribution: np.ndarray,
        config: Config,
    ) -> None:
        """Chooses the sentences and draws their samples.

        Args:
            ids: (n,) int32, the corpus.
            sentence_ends: (s,) int64.
            keep_probability: (V,) float64, see `Vocabulary.keep_probability`.
            noise_distribution: (V,) float64, see `Vocabulary.noise_distribution`.
            config: `validation` is the share of sentences, `seed` chooses them.

        Raises:
            ConfigError: Nothing would be held out, or nothing would be left to train on.
        """
        ends = np.asarray(sentence_ends)
        chosen = self._choose(ends, config)
        self.begins, self.ends = np.ascontiguousarray(chosen[:, 0]), np.ascontiguousarray(chosen[:, 1])
        self.tokens = int((self.ends - self.begins).sum())
        borders = np.concatenate([self.begins[self.begins > 0], self.ends])
        if not (ends[np.searchsorted(ends, borders)] == borders).all():
            ends = np.union1d(ends, borders)
        self.sentence_ends, self._dim = ends, config.dim
        self._draw(ids, keep_probability, noise_distribution, config)
        if self.tokens in (0, len(ids)) or self.pairs == 0:
            raise ConfigError(
                f"validation is {config.validation:g}, which keeps {self.tokens} of {len(ids)} tokens out, in "
                f"{len(self.begins)} of {len(sentence_ends)} sentences; that is no sample, {self._remedy(len(ids))}, "
                "or leave validation out"
            )

    def _remedy(self, tokens: int) -> str:
        """What may help where a share of so many tokens is no sample."""
        if self.tokens == 0:
            return "choose a larger share"
        return "choose a smaller share" if self.tokens == tokens else "for no pair of words is in it: give subsample 0"

    def _choose(self, ends: np.ndarray, config: Config) -> np.ndarray:
        """(h, 2) int64, first token of each part that is held out and one past its last."""
        return self._spans(ends, config, config.validation)

    def _spans(self, ends: np.ndarray, config: Config, share: float) -> np.ndarray:
        """Sentences, or parts of long ones, chosen with a probability."""
        bound = u64(min(2**64 - 1, int(share * 2.0**64)))
        return choose_spans(ends, stream_key(config.seed, VALIDATION_SENTENCES), bound)

    def _draw(
        self, ids: np.ndarray, keep_probability: np.ndarray, noise_distribution: np.ndarray, config: Config
    ) -> None:
        """Draws the windows and negatives of the sentences that are evaluated."""
        samples = []
        reach, reaches, _ = Windows.of(config)
        every = max(1, -(-self.tokens // EVALUATED_TOKENS))
        keep_thresholds, noise_table = as_thresholds(keep_probability), alias_table(noise_distribution)
        for begin, end in zip(self.begins[::every], self.ends[::every], strict=True):
            text = np.ascontiguousarray(ids[begin:end]).view(np.ndarray)
            inputs, _, centres, negatives, _ = draw_windows(
                text, np.array([end - begin]), 0, end - begin, reach, reaches, config.negatives, True,
                keep_thresholds, noise_table, stream_key(config.seed, VALIDATION_WINDOWS, int(begin)),
                stream_key(config.seed, VALIDATION_NEGATIVES, int(begin)),
            )  # fmt: skip
            samples.append((inputs, centres, negatives))
        nothing = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty((0, config.negatives), np.int32))
        self._inputs, self._centres, self._negatives = (np.concatenate(part) for part in zip(nothing, *samples))

    def training_text(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The text without what is held out, as ids and sentence ends: a copy, for an engine that knows no spans."""
        change = np.zeros(len(ids) + 1, np.int64)
        change[self.begins] += 1
        change[self.ends] -= 1
        trained = np.cumsum(change)[:-1] == 0
        ends = np.cumsum(trained)[np.asarray(self.sentence_ends) - 1]
        return np.asarray(ids)[trained], np.unique(ends[ends > 0])

    @property
    def pairs(self) -> int:
        """Positive pairs that are evaluated."""
        return len(self._inputs)

    def training_spans(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The spans of ids[start:stop] between held-out sentences, on which is trained; none is empty."""
        spans = []
        for k in range(int(np.searchsorted(self.ends, start, side="right")), len(self.begins)):
            if self.begins[k] >= stop:
                break
            if self.begins[k] > start:
                spans.append((start, int(self.begins[k])))
            start = int(self.ends[k])
        return [*spans, (start, stop)] if start < stop else spans

    def loss(self, E: np.ndarray, C: np.ndarray, threads: int = 1) -> float:
        """The mean loss L of the held-out pairs.

        Args:
            E: (V, ≥ d) float32; columns beyond d are zero.
            C: As E.
            threads: Threads that share the work; the result is the same for any number.
        """
        E, C = E[:, : self._dim], C[:, : self._dim]
        E.flags.writeable = C.flags.writeable = False  # one type for the kernel, whoever asks

        def part(first: int) -> float:
            rows = slice(first, first + PAIRS_AT_ONCE)
            return pair_losses(E, C, self._inputs[rows], self._centres[rows], self._negatives[rows])

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(part, range(0, self.pairs, PAIRS_AT_ONCE))) / self.pairs

    def loss_of(self, parts: Parts, threads: int = 1) -> float:
        """The mean loss of what is held out under the vectors of a run."""
        assert parts.C is not None
        return self.loss(parts.E, parts.C, threads)

    def compile(self, E: np.ndarray, C: np.ndarray) -> None:
        """Compiles the kernel of the loss, or loads it from the cache, for tables of a run's shape."""
        self.loss(E, C)
