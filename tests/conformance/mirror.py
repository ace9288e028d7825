"""What every engine must compute, once more in plain NumPy and float64: the loss, its gradient, the steps of a block.

A step is the exact gradient of its weighted samples' loss, taken from the values before the step. The samples of a
block are made anew here from the definitions, with the engine's hash as the source of randomness.
"""

from dataclasses import dataclass

import numpy as np

from sgns.config import Config
from sgns.training.engines.cpu import block, tile_kernel
from sgns.training.engines.cpu.window_kernel import STEP_INPUTS, STEP_OUTPUTS
from sgns.training.engines.matrices import row_stride
from sgns.training.engines.sampling import KEEP, NOISE, alias_table, as_thresholds, stream_key

LOW, ALL = 2**32 - 1, 2**64 - 1


@dataclass
class Samples:
    """Pairs of one step: (n,) each. `label` is 1 for a positive, 0 for a negative."""

    w: np.ndarray
    c: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    fresh: bool = (
        True  # whether its negatives are new; the loss of negatives whose scores were just lowered says nothing
    )

    @classmethod
    def of(cls, rows: list[tuple[int, int, int, float]], fresh: bool = True) -> "Samples":
        table = np.array(rows, float).reshape(-1, 4)
        return cls(table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2], table[:, 3], fresh)

    def only(self, label: int) -> "Samples":
        """Its positives (1) or negatives (0)."""
        keep = self.label == label
        return Samples(self.w[keep], self.c[keep], self.label[keep], self.weight[keep], self.fresh)


def scores(E, C, s):
    return np.einsum("nd,nd->n", E[s.w], C[s.c])


def loss(E, C, s):
    """Σ weight · −log σ(±E_w·C_c): plus for label 1."""
    return float(np.sum(s.weight * np.logaddexp(0, np.where(s.label == 1, -1, 1) * scores(E, C, s))))


def gradient(E, C, s):
    """∂loss/∂E and ∂loss/∂C: weight · (σ(score) − label) times the other vector, summed over the samples of a row."""
    probability = (1 + np.tanh(scores(E, C, s) / 2)) / 2  # σ without overflow
    error = (s.weight * (probability - s.label))[:, None]
    dE, dC = np.zeros_like(E), np.zeros_like(C)
    np.add.at(dE, s.w, error * C[s.c])
    np.add.at(dC, s.c, error * E[s.w])
    return dE, dC


def rounding(E, C, s, lr, off_E, off_C):
    """What a step adds to the errors of E and C, where the engine rounds factors of its negatives to bfloat16.

    A factor is rounded to 8 significant bits, so by 2^-8 of itself at most, and a product of two by 2^-7 and a little.
    Earlier errors go on, to the first order: by the rows that are multiplied, and by the scores (σ' ≤ 1/4).

    Args:
        E: Before the step.
        C: Before the step.
        s: The samples.
        lr: Learning rate.
        off_E: Bounds of the errors of E so far; changed in place.
        off_C: Of C.

    Returns:
        A bound of the error of the step's loss.
    """
    x, y = np.abs(E[s.w]), np.abs(C[s.c])
    moved = np.einsum("nd,nd->n", off_E[s.w], y) + np.einsum("nd,nd->n", x, off_C[s.c])
    probability = (1 + np.tanh(scores(E, C, s) / 2)) / 2
    error = s.weight * np.abs(probability - s.label)
    own = ((2**-7 + 2**-16) * error * (s.label == 0) + s.weight * moved / 4)[:, None]
    more_E, more_C = own * y + error[:, None] * off_C[s.c], own * x + error[:, None] * off_E[s.w]
    np.add.at(off_E, s.w, lr * more_E)
    np.add.at(off_C, s.c, lr * more_C)
    return float(s.weight @ moved)


def descend(E, C, steps, lr):
    """E and C after all steps, and the sum of the losses that the steps saw before them.

    What the negatives cost is taken from the steps whose negatives are fresh, per positive pair.
    """
    E, C = E.astype(float), C.astype(float)
    positive = negative = pairs = fresh_pairs = 0.0
    for step in steps:
        n = step.weight[step.label == 1].sum()
        positive, pairs = positive + loss(E, C, step.only(1)), pairs + n
        if step.fresh:
            negative, fresh_pairs = negative + loss(E, C, step.only(0)), fresh_pairs + n
        dE, dC = gradient(E, C, step)
        E, C = E - lr * dE, C - lr * dC
    return E, C, positive + negative * (pairs / fresh_pairs if fresh_pairs else 1)


def window_steps(inputs, centre, negatives):
    """One window: all inputs w with c+ = centre and shared negatives, as many at a time as the kernel's step takes."""
    steps = []
    for some in range(0, len(inputs), STEP_INPUTS):
        w_block = inputs[some : some + STEP_INPUTS]
        outputs, groups = {centre: 1.0}, []
        for negative in negatives:
            if negative == centre:
                continue
            if len(outputs) == STEP_OUTPUTS:
                groups.append(outputs)
                outputs = {}
            outputs[negative] = outputs.get(negative, 0.0) + 1
        groups.append(outputs)
        for k, group in enumerate(groups):
            steps.append(
                Samples.of([(w, c, int(k == 0 and c == centre), n) for w in w_block for c, n in group.items()])
            )
    return steps


def draw(key, position):
    """SplitMix64's finaliser of a counter, in Python's whole numbers."""
    x = (int(key) + position * 0x9E3779B97F4A7C15) & ALL
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & ALL
    x = (x ^ x >> 27) * 0x94D049BB133111EB & ALL
    return x ^ x >> 31


def draw_word(random, table):
    """A cell of the alias table, and in it its own word or the other."""
    cell = (random >> 32) * len(table) >> 32
    entry = int(table[cell])
    return cell if random & LOW < entry >> 32 else entry & LOW


@dataclass
class Drawn:
    """The kept tokens and their windows: kept[i] is at indices[i] in the text, its window is left[i]:right[i]."""

    kept: list[int]
    indices: list[int]
    left: list[int]
    right: list[int]

    def centres(self, start: int, stop: int) -> list[int]:
        return [i for i, index in enumerate(self.indices) if start <= index < stop]

    def inputs(self, centre: int) -> list[int]:
        return [i for i in range(self.left[centre], self.right[centre]) if i != centre]


def draw_corpus(ids, ends, keep, window, seed, epoch, group=1, block_start=0):
    """Subsampling and windows of the whole corpus, sentence by sentence.

    From the first kept token of a block on, `group` tokens share the reach of the first of them.
    """
    key, thresholds = stream_key(seed, KEEP, epoch), as_thresholds(keep)
    drawn = Drawn([], [], [], [])
    start = 0
    shared, shared_reach = 0, 0
    for end in ends:
        opened = len(drawn.kept)
        reaches = []
        for index in range(start, end):
            random = draw(key, index)
            if random >> 32 <= int(thresholds[ids[index]]):
                drawn.kept.append(int(ids[index]))
                drawn.indices.append(index)
                reach = window - ((random & LOW) * window >> 32)
                if index >= block_start:
                    shared_reach = reach if shared % group == 0 else shared_reach
                    shared, reach = shared + 1, shared_reach
                reaches.append(reach)
        for i, reach in enumerate(reaches, opened):
            drawn.left.append(max(opened, i - reach))
            drawn.right.append(min(len(drawn.kept), i + reach + 1))
        start = end
    return drawn


def block_steps(ids, ends, keep, noise, config: Config, epoch, number, start, stop):
    """All steps of tokens start:stop, in the engine's order, for any `config.sharing`."""
    group = block.CENTRES if config.sharing == "tile" else 1
    drawn = draw_corpus(ids, ends, keep, config.window, config.seed, epoch, group, start)
    key, table = stream_key(config.seed, NOISE, epoch, number), alias_table(noise)

    def negative(i):
        return draw_word(draw(key, i), table)

    if config.sharing == "tile":
        lifetime = tile_kernel.negative_lifetime(len(keep), row_stride(config.dim))
        return tile_steps(drawn, drawn.centres(start, stop), negative, config, lifetime)
    steps, count, k = [], 0, config.negatives
    for centre in drawn.centres(start, stop):
        inputs = [drawn.kept[i] for i in drawn.inputs(centre)]
        for alone in [[w] for w in inputs] if config.sharing == "pair" else [inputs] if inputs else []:
            negatives = [negative(count * k + j) for j in range(k)]
            steps += window_steps(alone, drawn.kept[centre], negatives)
            count += 1
    return steps


def tile_steps(drawn, centres, negative, config, lifetime):
    """A tile is CENTRES neighbouring centres: their positive pairs, and each as input against all its negatives.

    Every positive pair of an input, wherever its centre is, brings each negative with weight k / draws, unless the
    negative is the pair's c+.
    """
    draws = tile_kernel.tile_negatives(config.negatives, config.window + 1)
    covering = {i: [] for i in centres}  # the centres whose windows hold i
    for c in range(len(drawn.kept)):
        for i in drawn.inputs(c):
            if i in covering:
                covering[i].append(c)
    steps = []
    for number, first in enumerate(range(0, len(centres), block.CENTRES)):
        tile = centres[first : first + block.CENTRES]
        negatives = [negative(i) for i in tile_draws(number, draws, lifetime)]
        rows = [(drawn.kept[i], drawn.kept[c], 1, 1.0) for c in tile for i in drawn.inputs(c)]
        rows += [
            (drawn.kept[i], z, 0, config.negatives / draws)
            for i in tile
            for c in covering[i]
            for z in negatives
            if z != drawn.kept[c]
        ]
        steps.append(Samples.of(rows, number % lifetime == 0))
    return steps


def tile_draws(tile, draws, lifetime):
    """Which draws of the block's noise are the negatives of a tile; a set of them serves `lifetime` tiles."""
    first = tile // lifetime * draws
    return list(range(first, first + draws))
