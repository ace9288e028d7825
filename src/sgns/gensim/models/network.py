"""The engine of sgns under gensim's models: rows of E and C from their arrays, blocks trained, and the rows back.

A `Network` holds E, shared by its phases. A phase is one model and loss (skip-gram with negatives, say) and its C; with
hs and negative, or dbow_words, there are two, and the text is trained on part by part, by one and then by the other.

gensim's step for the rows of a mean is not that of the gradient: each of m rows of a window takes the whole gradient of
the mean, m times as much; of a sum it takes 1/m. So that `alpha` means the same here, `Step` makes the exact steps of
the engine as large: with E scaled by a, C by 1/a and the rate by k, steps of E are k/a² and those of C k·a² times as
large, and a and k are chosen for r and 1, r being m on average. Rows of n-grams need none of it: in the engine, as in
gensim, each takes the whole change of its word (`engines.cpu.subword_rows`).
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.parallel import usable_cores
from sgns.config import Config
from sgns.errors import DivergedError
from sgns.gensim.models.encoding import EncodedText
from sgns.training.engines.contract import Sums
from sgns.training.engines.cpu.hot_rows import NO_COPIES, HotRows
from sgns.training.engines.cpu.huffman import HuffmanTree
from sgns.training.engines.cpu.models import Rows, Text, model_of
from sgns.training.engines.cpu.subword_rows import WordParts
from sgns.training.engines.cpu.tile_kernel import CENTRES_SEEN, LOSS, PAIRS
from sgns.training.engines.matrices import row_stride, zero_rows
from sgns.training.engines.sampling import KEEP, NOISE, alias_table, as_thresholds, stream_key
from sgns.training.loop import State, train_blocks
from sgns.training.schedule import LONGEST, SHORTEST, Block, Schedule

if TYPE_CHECKING:
    import torch

WIDE = 32  # words to each side; windows up to this are not narrowed, because each width is a kernel of its own
PARTS = 8  # of an epoch, where phases take turns
BLOCKS_AT_LEAST = 200  # in a call of train, so that the learning rate falls smoothly
LARGEST_SEED = 2**63 - 1
SAFE_ALPHA = 0.025  # gensim's own


@dataclass(frozen=True)
class Words:
    """The words of a network, the most frequent first.

    Attributes:
        counts: (V,) int64.
        keep_probability: (V,) float64.
        noise_distribution: (V,) float64.
    """

    counts: np.ndarray
    keep_probability: np.ndarray
    noise_distribution: np.ndarray


@dataclass(frozen=True)
class PhaseOptions:
    """One model and loss.

    Attributes:
        config: The options of the model.
        output: Index of its C among the outputs of the network.
        tree: For hierarchical softmax.
        tagged: Whether documents are trained.
    """

    config: Config
    output: int
    tree: HuffmanTree | None = None
    tagged: bool = False


@dataclass(frozen=True)
class Lock:
    """Rows of E that follow their gradients by a factor: `vectors_lockf`.

    Attributes:
        rows: (n,) int64.
        factors: (n,) float32.
    """

    rows: np.ndarray
    factors: np.ndarray

    @classmethod
    def of(cls, factors: np.ndarray, rows: np.ndarray) -> "Lock":
        """The rows whose factor is not 1, of one factor a row, or of one factor for all."""
        factors = (
            np.broadcast_to(np.asarray(factors, np.float32), len(rows)) if len(factors) == 1 else factors[: len(rows)]
        )
        chosen = np.flatnonzero(factors != 1)
        return cls(rows[chosen], np.asarray(factors, np.float32)[chosen])


@dataclass(frozen=True)
class Step:
    """How steps of E are made r times as large, and those of C left as they are.

    Attributes:
        scale: Of E, a = r^(−1/4); C has 1/a.
        rate: Of the learning rate, k = √r.
        times: E is so many times as large beside: for an input that is a sum over more rows than the engine adds up.
    """

    scale: float = 1.0
    rate: float = 1.0
    times: float = 1.0

    @classmethod
    def of(cls, ratio: float, times: float = 1.0) -> "Step":
        """The scales for a ratio r."""
        return cls(ratio**-0.25, ratio**0.5, times)

    @property
    def of_E(self) -> np.float32:
        """What E is multiplied by."""
        return np.float32(self.scale * self.times)


def mean_inputs(text: EncodedText, keep_probability: np.ndarray, config: Config) -> float:
    """The number of words in a window, on average over the words of a text that subsampling keeps; at least 1."""
    kept = (
        np.add.reduceat(keep_probability[text.ids], np.append(0, text.sentence_ends[:-1]))
        if len(text.ids)
        else np.ones(1)
    )
    kept = np.maximum(1.0, kept)
    widest = max(1, min(int(config.window), text.longest))
    total = 0.0
    reaches = np.unique(np.linspace(1, widest, 32).astype(int)) if config.shrink_windows else np.array([widest])
    for reach in reaches:
        near = np.minimum(reach, kept - 1)  # words to each side: `near`, but for the ends of the sentence
        total += float((kept * 2 * near - near * (near + 1)).sum())
    return max(1.0, total / len(reaches) / float(kept.sum()))


class Network:
    """E and the outputs C of a model, and their training.

    Attributes:
        E: (rows, stride) float32: words, n-grams, documents.
        outputs: Each (V, stride) float32.
    """

    def __init__(
        self,
        words: Words,
        phases: Sequence[PhaseOptions],
        outputs: int,
        more_rows: int,
        workers: int,
        parts: WordParts | None = None,
        locks: Sequence[Lock] = (),
        step: Step = Step(),
    ) -> None:
        """Makes room for the rows.

        Args:
            words: Of the vocabulary.
            phases: What is trained.
            outputs: Number of matrices C.
            more_rows: Rows of E behind those of the words.
            workers: Threads.
            parts: Of words that are made of n-grams.
            locks: Rows that are held back; then one thread trains.
            step: See `Step`.
        """
        self.step = step
        self.words, self.phases, self._parts = words, phases, parts
        self.locks = [lock for lock in locks if len(lock.rows)]
        self.threads = 1 if self.locks else max(1, min(workers, usable_cores()))
        self.stride = row_stride(phases[0].config.dim)
        self._hot = [self._hot_rows(phase, more_rows) for phase in phases]
        spare = max((hot.capacity for hot in self._hot if hot is not None), default=0)
        V = len(words.counts)
        self._rows = zero_rows(V + more_rows + spare, self.stride)
        self._outputs = [zero_rows(V + spare, self.stride) for _ in range(outputs)]
        self.E, self.outputs = self._rows[: V + more_rows], [rows[:V] for rows in self._outputs]
        self._keep, self._noise = as_thresholds(words.keep_probability), alias_table(words.noise_distribution)

    def _hot_rows(self, phase: PhaseOptions, more_rows: int) -> HotRows | None:
        if self.threads == 1:
            return None
        words, kept = self.words, self.words.counts * self.words.keep_probability
        return HotRows(
            words.counts, words.keep_probability, words.noise_distribution, phase.config, self.threads,
            int(words.counts.sum()), more_rows,
            None if phase.tree is None else phase.tree.node_counts(kept),
        )  # fmt: skip

    def send(self, rows: slice, E: np.ndarray) -> None:
        """Sets rows of E."""
        self.E[rows, : E.shape[1]] = E if self.step.of_E == 1 else E * self.step.of_E

    def send_output(self, number: int, C: np.ndarray) -> None:
        """Sets an output."""
        self.outputs[number][:, : C.shape[1]] = C if self.step.scale == 1 else C / np.float32(self.step.scale)

    def rows(self, rows: slice, dim: int) -> np.ndarray:
        """Rows of E (n, d)."""
        part = self.E[rows, :dim]
        return part if self.step.of_E == 1 else part / self.step.of_E

    def output(self, number: int, dim: int) -> np.ndarray:
        """An output (V, d)."""
        C = self.outputs[number][:, :dim]
        return C if self.step.scale == 1 else C * np.float32(self.step.scale)

    def train_epoch(self, text: EncodedText, call: int, epoch: int, rates: "Rates") -> Sums:
        """Trains on a text once.

        Args:
            text: Ids of words, tags of documents.
            call: Number of the call of `train`, for the random streams.
            epoch: Number of the epoch in it.
            rates: The learning rate at each place of the text.

        Raises:
            DivergedError: The loss shows that the vectors diverge.
        """
        loss, pairs, centres = 0.0, 0, 0
        tokens = len(text.ids)
        parts = 1 if len(self.phases) == 1 else PARTS
        bounds = [tokens * part // parts for part in range(parts + 1)]
        engines = [Phase(self, number, text, call, epoch) for number in range(len(self.phases))]
        for start, stop in pairwise(bounds):
            for engine in engines:
                schedule = Stretch.of(start, stop, replace(rates, scale=self.step.rate), engine.phase.config.negatives)
                try:
                    train_blocks(engine, schedule, self.threads, ignore)
                except DivergedError:
                    raise DivergedError(
                        f"the vectors diverged in epoch {epoch + 1}, at alpha={rates.start:g}; take a smaller one, "
                        f"such as alpha={min(SAFE_ALPHA, rates.start / 4):.2g}"
                    ) from None
                loss, pairs = loss + engine.loss, pairs + engine.pairs
                engine.loss, engine.pairs = 0.0, 0
        centres = engines[0].centres
        return Sums(loss, pairs, centres)


class Phase:
    """One phase of a network on a text: an engine for `training.loop`; see `contract.Engine`."""

    concurrent = True
    longest = LONGEST

    def __init__(self, network: Network, number: int, text: EncodedText, call: int, epoch: int) -> None:
        self.network, self.phase, self.text = network, network.phases[number], text
        self._number, self._streams = number, (call, epoch)
        config = self.phase.config
        if not config.shrink_windows and int(config.window) > max(WIDE, text.longest):
            config = replace(config, window=max(WIDE, text.longest))  # no kernel need reach beyond the longest sentence
        V = len(network.words.counts)
        tags = None if text.tags is None or not self.phase.tagged else text.tags + np.int32(V)
        starts = None if tags is None else text.tag_starts
        rows = Rows(parts=network._parts, tag_starts=starts, tag_rows=tags, tree=self.phase.tree)
        self._model = model_of(config, network.stride, V, rows)
        self.E, self.C = network.E, network.outputs[self.phase.output]
        self.loss, self.pairs, self.centres = 0.0, 0, 0

    def compile(self) -> None:
        """Does nothing: kernels compile when they are first called."""

    def sync(self) -> None:
        """Does nothing: E and C are current."""

    def tables(self) -> "tuple[torch.Tensor, torch.Tensor]":
        """E and C as tensors, which share their memory."""
        import torch

        return torch.from_numpy(self.E), torch.from_numpy(self.C)

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Trains on ids[start:stop] in place."""
        network, seed, out = self.network, self.phase.config.seed, np.zeros(3)
        keep_key = stream_key(seed, KEEP, *self._streams)
        noise_key = stream_key(seed, NOISE, *self._streams, self._number, start)
        text = Text(
            self.text.ids, self.text.sentence_ends, start, stop, network._keep, network._noise, keep_key, noise_key
        )
        E, C, hot = network._rows, network._outputs[self.phase.output], network._hot[self._number]
        held = [(lock, E[lock.rows]) for lock in network.locks]
        with hot.checkout(E, C, stop - start, lr) if hot is not None else nullcontext(NO_COPIES) as copies:
            self._model.train(text, E, C, np.float32(lr), copies, out)
        for lock, before in held:
            E[lock.rows] = before + lock.factors[:, None] * (E[lock.rows] - before)
        sums = Sums(float(out[LOSS]), int(out[PAIRS]), int(out[CENTRES_SEEN]))
        self.loss, self.pairs, self.centres = (
            self.loss + sums.loss,
            self.pairs + sums.pairs,
            self.centres + sums.centres,
        )
        return sums


@dataclass(frozen=True)
class Rates:
    """The learning rate: it falls linearly over the epochs of a call of `train`, never below `end`.

    Attributes:
        start: At the first word.
        end: After the last.
        epoch: Number of this epoch.
        epochs: Of the call.
        tokens: Of this epoch.
        ratio: Of the text that is here to the one that was announced (total_examples, total_words).
        scale: See `Step.rate`.
    """

    start: float
    end: float
    epoch: int
    epochs: int
    tokens: int
    ratio: float = 1.0
    scale: float = 1.0

    def at(self, token: int) -> float:
        """The rate before a token."""
        progress = (self.epoch + self.ratio * token / max(1, self.tokens)) / self.epochs
        return self.scale * max(self.end, self.start - (self.start - self.end) * progress)


@dataclass(frozen=True)
class Stretch(Schedule):
    """A stretch of one epoch, in blocks of equal length.

    Attributes:
        first: First token.
        length: Tokens of a block.
        rates: The learning rate.
    """

    first: int = 0
    length: int = SHORTEST
    rates: Rates | None = None

    @classmethod
    def of(cls, start: int, stop: int, rates: Rates, negatives: int) -> "Stretch":
        """The blocks of tokens[start:stop]."""
        length = max(SHORTEST, min(LONGEST, rates.tokens * rates.epochs // BLOCKS_AT_LEAST))
        largest = (1 + max(1, negatives)) * float(np.log(2))
        return cls(stop - start, 1, rates.start, rates.end, max(20.0, largest), start, length, rates)

    @property
    def blocks_per_epoch(self) -> int:
        """Blocks of the stretch."""
        return -(-self.tokens // self.length)

    @property
    def words(self) -> int:
        """Tokens of the stretch."""
        return self.tokens

    def block(self, index: int) -> Block:
        """Block `index`."""
        assert self.rates is not None
        start = self.first + index * self.length
        stop = min(self.first + self.tokens, start + self.length)
        return Block(0, index, start, stop, self.rates.at(start))

    def position(self, blocks: int) -> str:
        """How far the stretch is."""
        return f"block {blocks:,} of {self.blocks:,}"


def ignore(state: State) -> None:
    """Progress that is in the log."""


def seed_of(seed: object) -> int:
    """A seed of gensim, which may be any number, as one of sgns."""
    return int(seed or 0) % LARGEST_SEED  # type: ignore[call-overload]
