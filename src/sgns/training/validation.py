"""Held-out text: sentences that are never trained on, and their loss, always over the same samples.

The loss is that of training, the mean over positive pairs of L = −log σ(E_w·C_c+) − Σ log σ(−E_w·C_c−i); a negative
that is c+ counts nothing. Its windows and negatives are drawn once, so two of its figures differ only by what was
learnt.

A text without line breaks is one sentence, and keeping it out would leave nothing. In a sentence of more than `LONG`
tokens, stretches of `STRETCH` tokens are kept out instead; their ends count as ends of sentences.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sgns.config import Config
from sgns.errors import ConfigError
from sgns.text.corpus import Corpus
from sgns.training.engines.cpu.validation_kernels import choose_spans, pair_losses
from sgns.training.engines.cpu.window_kernel import draw_windows
from sgns.training.engines.sampling import keep_thresholds, noise_table, stream_key
from sgns.training.plan import Plan

MOST = 100_000  # held-out tokens that are evaluated: enough for three digits, and done in a moment
CHUNK = 8_192  # pairs summed by one thread at a time
CHOICE, WINDOWS, NEGATIVES = 11, 12, 13  # purposes of random streams

u64 = np.uint64


class Validation:
    """The held-out part of a corpus.

    Args:
        ids: (n,) int32, the corpus.
        sentence_ends: (s,) int64.
        keep: (V,) `Vocabulary.keep_probabilities`.
        noise: (V,) `Vocabulary.noise`.
        config: `validation` is the share of sentences, `seed` chooses them.

    Attributes:
        begins: (h,) int64, first token of each held-out sentence, ascending.
        ends: (h,) int64, one past its last.
        sentence_ends: (s,) int64, where sentences end, with the borders of held-out stretches among them.
        tokens: Held-out tokens.

    Raises:
        ConfigError: nothing would be held out, or nothing be left.
    """

    def __init__(
        self, ids: np.ndarray, sentence_ends: np.ndarray, keep: np.ndarray, noise: np.ndarray, config: Config
    ) -> None:
        ends = np.asarray(sentence_ends)
        bound = u64(min(2**64 - 1, int(config.validation * 2.0**64)))
        chosen = choose_spans(ends, stream_key(config.seed, CHOICE), bound)
        self.begins, self.ends = np.ascontiguousarray(chosen[:, 0]), np.ascontiguousarray(chosen[:, 1])
        self.tokens = int((self.ends - self.begins).sum())
        borders = np.concatenate([self.begins[self.begins > 0], self.ends])
        if not (ends[np.searchsorted(ends, borders)] == borders).all():
            ends = np.union1d(ends, borders)
        self.sentence_ends = ends
        self._draw(ids, keep, noise, config)
        if self.tokens in (0, len(ids)) or len(self._inputs) == 0:
            raise ConfigError(
                f"validation is {config.validation:g}, which keeps {self.tokens} of {len(ids)} tokens out, in "
                f"{len(self.begins)} of {len(sentence_ends)} sentences; that is no sample, choose another share"
            )

    def _draw(self, ids: np.ndarray, keep: np.ndarray, noise: np.ndarray, config: Config) -> None:
        """Fix the windows and negatives of the sentences that are evaluated."""
        parts = []
        every = max(1, -(-self.tokens // MOST))
        thresholds, table = keep_thresholds(keep), noise_table(noise)
        for begin, end in zip(self.begins[::every], self.ends[::every], strict=True):
            text = np.ascontiguousarray(ids[begin:end]).view(np.ndarray)
            inputs, _, centres, negatives, _ = draw_windows(
                text, np.array([end - begin]), 0, end - begin, config.window, config.negatives, True, thresholds, table,
                stream_key(config.seed, WINDOWS, int(begin)), stream_key(config.seed, NEGATIVES, int(begin)),
            )  # fmt: skip
            parts.append((inputs, centres, negatives))
        nothing = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty((0, config.negatives), np.int32))
        self._inputs, self._centres, self._negatives = (np.concatenate(part) for part in zip(nothing, *parts))

    def rest(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The text without what is held out, as ids and sentence ends: a copy, for an engine that knows no runs."""
        out = np.zeros(len(ids) + 1, np.int64)
        out[self.begins] += 1
        out[self.ends] -= 1
        trained = np.cumsum(out)[:-1] == 0
        ends = np.cumsum(trained)[np.asarray(self.sentence_ends) - 1]
        return np.asarray(ids)[trained], np.unique(ends[ends > 0])

    @property
    def pairs(self) -> int:
        """Positive pairs that are evaluated."""
        return len(self._inputs)

    def runs(self, start: int, stop: int) -> list[tuple[int, int]]:
        """What of ids[start:stop] is trained on: the runs between held-out sentences, never empty ones."""
        runs = []
        for k in range(int(np.searchsorted(self.ends, start, side="right")), len(self.begins)):
            if self.begins[k] >= stop:
                break
            if self.begins[k] > start:
                runs.append((start, int(self.begins[k])))
            start = int(self.ends[k])
        return [*runs, (start, stop)] if start < stop else runs

    def loss(self, E: np.ndarray, C: np.ndarray, threads: int = 1) -> float:
        """The mean loss L of the held-out pairs.

        Args:
            E: (V, ≥ d) float32; columns beyond d are zero.
            C: as E.
            threads: how many share the work; the figure is the same for any number.
        """

        def part(first: int) -> float:
            rows = slice(first, first + CHUNK)
            return pair_losses(E, C, self._inputs[rows], self._centres[rows], self._negatives[rows])

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(part, range(0, self.pairs, CHUNK))) / self.pairs


def make_validation(corpus: Corpus, plan: Plan) -> Validation | None:
    """The part of a corpus that is held out, if the options ask for one."""
    if not plan.config.validation:
        return None
    keep, noise = plan.keep_probability, plan.noise_distribution
    return Validation(corpus.ids, corpus.sentence_ends, keep, noise, plan.config)
