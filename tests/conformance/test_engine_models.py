"""A block of every model of the CPU engine is the exact gradient step of its samples, as `models.py` defines them.

Samples are drawn anew here: windows and negatives by `mirror.py`, n-grams, tags and the tree from the definitions. With
negatives a tile is one step; with a tree, a step is a centre (skip-gram), or a tile whose paths go one after the other.
"""

from dataclasses import replace

import mirror
import models
import numpy as np
import pytest
from models import Sample, Tree

from sgns.config import Config
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.cbow_kernel import cbow_negatives
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.cpu.huffman import HuffmanTree
from sgns.training.engines.cpu.llvm import BFLOAT16
from sgns.training.engines.cpu.models import Rows
from sgns.training.engines.cpu.subword_rows import LONGEST, OVERLAP, SHORTEST, WordParts, strip_length
from sgns.training.engines.sampling import KEEP, NOISE, Windows, alias_table, stream_key

V, BUCKETS, TAGS = 50, 30, 3
LR = 0.7  # a step of 1 from random rows would overflow float32 sums of steps; the change is linear in lr


class Case:
    """A small corpus, an engine for it, and its samples by the definitions.

    Args:
        options: Of the Config.
        lengths: Words of each sentence; up to 8 in all are one tile.
    """

    def __init__(self, options, lengths, seed=0, strip=1_024):
        rng = np.random.default_rng(seed)
        self.config = config = Config(min_count=1, **options)
        self.ends = np.cumsum(lengths)
        self.ids = rng.integers(0, V, self.ends[-1]).astype(np.int32)
        keep, self.noise = np.ones(V), np.ones(V) / V
        counts = np.sort(rng.integers(1, 100, V))[::-1]
        more, parts, tag_starts, tag_rows, tree = 0, None, None, None, None
        self.ngrams, self.tags = None, None
        if config.ngrams:
            sizes = rng.integers(0, 6, V)
            starts = np.concatenate([[0], np.cumsum(sizes)])
            rows = rng.integers(0, BUCKETS, starts[-1])
            parts = WordParts.of(starts, rows)
            self.ngrams = [list(V + rows[starts[w] : starts[w + 1]]) for w in range(V)]
            more += BUCKETS
        if config.documents:
            self.tags = [[V + (s + t) % TAGS for t in range(1 + s % 2)] for s in range(len(lengths))]
            tag_starts = np.concatenate([[0], np.cumsum([len(tags) for tags in self.tags])])
            tag_rows = np.concatenate(self.tags).astype(np.int32)
            more += TAGS
        if config.loss == "hierarchical":
            tree = HuffmanTree.of(counts)
            spans = list(zip(tree.starts[:-1], tree.starts[1:], strict=True))
            self.tree = Tree(
                [tree.nodes[a:b].tolist() for a, b in spans],
                [(1 - tree.labels[a:b]).astype(int).tolist() for a, b in spans],
            )
        rows = Rows(parts, strip, tag_starts, tag_rows, tree)
        self.engine = CpuEngine(self.ids, self.ends, keep, self.noise, config, rows=rows, more_rows=more)
        d = config.dim
        self.E = rng.normal(0, 1 / np.sqrt(d), (V + more, d)).astype(np.float32)
        self.C = rng.normal(0, 1 / np.sqrt(d), (V, d)).astype(np.float32)
        self.engine.E[:, :d], self.engine.C[:, :d] = self.E, self.C

    def samples(self):
        """One a centre (dbow: one for each tag of its document, tag after tag), in the order of the text."""
        config, (reach, reaches, _) = self.config, Windows.of(self.config)
        draws = cbow_negatives(config.negatives)
        negatives, weight = [], 1.0
        if config.loss == "negatives":
            key, table = stream_key(config.seed, NOISE, 0, 0), alias_table(self.noise)
            negatives = [mirror.draw_word(mirror.draw(key, i), table) for i in range(draws)]
            weight = config.negatives / draws
        found, begin = [], 0
        for sentence, end in enumerate(self.ends):
            tags = self.tags[sentence] if self.tags else []
            if config.model == "dbow":
                found += [Sample([tag], int(w), negatives, weight) for tag in tags for w in self.ids[begin:end]]
            else:
                for at in range(begin, end):
                    of_tile = at - at % CENTRES if config.loss == "negatives" else at  # centres of a tile share a reach
                    random = mirror.draw(stream_key(config.seed, KEEP, 0), of_tile)
                    reached = reach - ((random & mirror.LOW) * reaches >> 32)
                    window = [i for i in range(max(begin, at - reached), min(end, at + reached + 1)) if i != at]
                    inputs = [int(self.ids[i]) for i in window] + tags
                    found.append(Sample(inputs, int(self.ids[at]), negatives, weight))
            begin = end
        return found

    def answer(self, E, C, samples):
        """(L, ∂L/∂E, ∂L/∂C) by the definitions."""
        config = self.config
        if config.loss == "hierarchical":
            if config.model == "skipgram":
                if self.ngrams:
                    return self.with_ngrams(E, lambda U: models.hierarchical_skipgram(U, C, samples, self.tree))
                return models.hierarchical_skipgram(E, C, samples, self.tree)
            return models.hierarchical_cbow(E, C, samples, self.tree, config.combine)
        if config.model == "dbow":
            return models.dbow(E, C, samples)
        if self.ngrams:
            return self.with_ngrams(E, lambda U: models.cbow(U, C, samples, config.combine))
        return models.cbow(E, C, samples, config.combine)

    def with_ngrams(self, E, of_words):
        """With words composed, where each row of a word takes the whole gradient of the word: 1 + g times its own."""
        parts = [[w, *self.ngrams[w]] for w in range(V)]
        loss, dU, dC = of_words(np.stack([E[rows].mean(axis=0) for rows in parts]))
        dE = np.zeros_like(E)
        for w, rows in enumerate(parts):
            np.add.at(dE, rows, dU[w])
        return loss, dE, dC

    def steps(self):
        """E, C and loss after the block, step by step in float64."""
        E, C, loss = self.E.astype(float), self.C.astype(float), 0.0
        samples, config = self.samples(), self.config
        if config.loss == "negatives":
            loss, dE, dC = self.answer(E, C, samples)
            return E - LR * dE, C - LR * dC, loss
        dE_of_tile = np.zeros_like(E)
        for sample in samples:
            value, dE, dC = self.answer(E, C, [sample])
            loss, C = loss + value, C - LR * dC
            if config.model == "skipgram" and self.ngrams is None:
                E = E - LR * dE
            else:  # inputs of a tile, and words of a strip, are made of rows before the step
                dE_of_tile += dE
        return E - LR * dE_of_tile, C, loss

    def rounding(self):
        """What E and C may be off by where the engine rounds factors to bfloat16, see `mirror.rounding`.

        Twice what one step of the first values may lose; with a tree, later steps see the errors of earlier ones.
        """
        E, C, config = self.E.astype(float), self.C.astype(float), self.config
        off_E, off_C = np.zeros_like(E), np.zeros_like(C)
        in_turn = config.loss == "hierarchical"
        parts = [[w, *self.ngrams[w]] if self.ngrams else [w] for w in range(V)] + [[r] for r in range(V, len(E))]
        for sample in self.samples():
            together = [sample.inputs] if config.model != "skipgram" else [[w] for w in sample.inputs]
            for inputs in together:
                if not inputs:
                    continue
                share = 1.0 if config.combine == "sum" else 1 / len(inputs)
                h = share * sum(E[parts[w]].mean(axis=0) for w in inputs)
                if config.loss == "hierarchical":
                    path = zip(self.tree.paths[sample.centre], self.tree.codes[sample.centre], strict=True)
                    outputs = [(node, 1.0, 1 - code) for node, code in path]
                else:
                    outputs = [(sample.centre, 1.0, 1), *((z, sample.negative_weight, 0) for z in sample.negatives)]
                off_h = share * sum(off_E[parts[w]].mean(axis=0) for w in inputs) if in_turn else np.zeros(config.dim)
                of_input = np.zeros(config.dim)
                for c, weight, label in outputs:
                    error = LR * weight * abs(1 / (1 + np.exp(-C[c] @ h)) - label)
                    moved = off_h @ np.abs(C[c]) + np.abs(h) @ off_C[c] if in_turn else 0.0
                    own = 2**-6 * error + LR * weight * moved / 4
                    of_input += own * np.abs(C[c]) + error * off_C[c] * in_turn
                    off_C[c] += own * np.abs(h) + error * off_h
                for w in inputs:
                    for row in parts[w]:
                        off_E[row] += share * of_input
        return off_E, off_C


NEGATIVES = [
    {"model": "cbow", "window": 5},
    {"model": "cbow", "window": 5, "combine": "sum"},
    {"model": "cbow", "window": 5, "shrink_windows": False},
    {"model": "cbow", "window": 5, "ngrams": "3-6"},
    {"model": "cbow", "window": 5, "negatives": 1},
    {"model": "cbow", "window": 5, "negatives": 20},
    {"model": "dm", "window": 5},
    {"model": "dm", "window": 5, "combine": "sum"},
    {"model": "dbow"},
    {"model": "cbow", "window": 8},  # wider than those that are made in registers
    {"model": "dm", "window": 8},
]
PATHS = [
    {"model": "skipgram", "window": 5},
    {"model": "skipgram", "window": 5, "shrink_windows": False},
    {"model": "cbow", "window": 5},
    {"model": "cbow", "window": 5, "combine": "sum"},
    {"model": "dm", "window": 5},
    {"model": "dbow"},
]


DIMS = (1, 12, 16, 20, 50, 100, 300)
QUICK = 12  # with the windows above, dim and window of gensim/test_steps.py and test_model_losses.py: kernels in common
SLOW = [  # a kernel of their own each; what they combine is in others
    {"model": "dm", "window": 8},
    {"model": "cbow", "window": 5, "negatives": 1},
    {"model": "cbow", "window": 5, "combine": "sum", "loss": "hierarchical"},
    {"model": "cbow", "window": 5, "negatives": 20},
]


def models_and_dims():
    """Every model at one dim, many rows of vectors at a model of each kernel; the others are slow."""
    for options in NEGATIVES + [o | {"loss": "hierarchical"} for o in PATHS]:
        first = options in (NEGATIVES[0], PATHS[0] | {"loss": "hierarchical"})
        for dim in DIMS:
            quick = options not in SLOW and (dim == QUICK or (first and dim == 300 and options["model"] == "cbow"))
            yield pytest.param(options, dim, id=f"{options}-{dim}", marks=() if quick else pytest.mark.slow)


@pytest.mark.parametrize(("options", "dim"), list(models_and_dims()))
def test_a_tile_is_the_gradient_step_of_its_samples(options, dim):
    lengths = [2, 2] if options["model"] == "dbow" else [3, 1, 4]  # with tags, at most 8 samples
    case = Case(options | {"dim": dim}, lengths)
    agree(case, *case.steps())


@pytest.mark.parametrize("dim", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_words_of_ngrams_are_trained_on_paths(dim):
    case = Case({"loss": "hierarchical", "ngrams": "3-6", "window": 5, "dim": dim}, [2, 2, 1])
    agree(case, *case.steps())


def agree(case, E, C, loss):
    sums = case.engine.train_block(0, 0, 0, len(case.ids), LR)
    d = case.config.dim
    one_step = case.config.loss == "negatives"
    assert sums.loss == pytest.approx(loss, rel=1e-5 if one_step or not BFLOAT16 else 2e-3)
    counted = [s for s in case.samples() if s.inputs]
    assert sums.pairs == (sum(len(s.inputs) for s in counted) if case.config.model == "skipgram" else len(counted))
    off_E, off_C = case.rounding() if BFLOAT16 else (0.0, 0.0)
    for now, before, expected, off in ((case.engine.E, case.E, E, off_E), (case.engine.C, case.C, C, off_C)):
        assert not now[:, d:].any()
        assert (np.abs(now[:, :d] - expected) - off).max() <= 5e-6 * max(1.0, np.abs(expected - before).max())
    assert np.abs(E - case.E).max() > 0


def test_the_probabilities_of_all_words_add_up_to_one():
    case = Case({"loss": "hierarchical", "dim": 20}, [4])
    rng = np.random.default_rng(1)
    h, C = rng.normal(size=20), rng.normal(size=(V, 20))
    total = 0.0
    for path, code in zip(case.tree.paths, case.tree.codes, strict=True):
        total += np.prod(1 / (1 + np.exp(-np.where(code, -1, 1) * (C[path] @ h))))
    assert total == pytest.approx(1)


def test_strips_are_shorter_where_words_share_n_grams():
    """A word alone with its n-grams shares them with its own repetitions; words that all share one share everything."""
    V, q = 1_000, np.full(1_000, 1e-3)
    alone = WordParts.of(np.arange(V + 1), np.arange(V))
    together = WordParts.of(np.arange(V + 1), np.zeros(V, int))
    assert strip_length(alone, q) == LONGEST
    assert strip_length(together, q) == SHORTEST  # half of the rows of a word are in every word
    shared = 0.5 * (1e-3 + 0.01)
    parts = WordParts.of(np.arange(V + 1), np.arange(V) // 10)  # ten words a row
    expected = 2 ** int(np.log2(OVERLAP / shared))
    assert strip_length(parts, q) == min(LONGEST, expected)


def test_strips_of_any_length_learn():
    rng = np.random.default_rng(2)
    lengths = rng.integers(1, 9, 60).tolist()
    losses = []
    for strip in (8, 16, 64):
        case = Case({"ngrams": "3-4", "window": 5, "dim": 32}, lengths, seed=3, strip=strip)
        losses.append([case.engine.train_block(epoch, 0, 0, len(case.ids), 0.05).loss for epoch in range(8)])
    assert np.allclose([loss[-1] for loss in losses], losses[0][-1], rtol=0.1)
    assert all(loss[-1] < 0.9 * loss[0] for loss in losses)


def test_the_tree_is_that_of_word2vec():
    """Codes by word2vec.c's own construction, in plain Python."""
    for seed in range(5):
        counts = np.sort(np.random.default_rng(seed).integers(1, 40, 30))[::-1]
        tree = HuffmanTree.of(counts)
        for w, code in enumerate(word2vec_codes(counts.tolist())):
            assert (1 - tree.labels[tree.starts[w] : tree.starts[w + 1]]).astype(int).tolist() == code
        lengths = np.diff(tree.starts)
        assert tree.node_counts(counts)[0] == counts.sum()
        assert (np.diff(tree.node_counts(counts)) <= 0).all()
        assert (counts * lengths).sum() == tree.node_counts(counts).sum()


def word2vec_codes(counts):
    """CreateBinaryTree of word2vec.c."""
    n = len(counts)
    count, parent, binary = counts + [10**15] * n, [0] * 2 * n, [0] * 2 * n
    pos1, pos2 = n - 1, n
    for a in range(n - 1):
        chosen = []
        for _ in range(2):
            if pos1 >= 0 and count[pos1] < count[pos2]:
                chosen.append(pos1)
                pos1 -= 1
            else:
                chosen.append(pos2)
                pos2 += 1
        count[n + a] = count[chosen[0]] + count[chosen[1]]
        parent[chosen[0]] = parent[chosen[1]] = n + a
        binary[chosen[1]] = 1
    codes = []
    for w in range(n):
        code, b = [], w
        while b != 2 * n - 2:
            code.append(binary[b])
            b = parent[b]
        codes.append(code[::-1])
    return codes


def test_a_model_of_documents_trains_no_words_of_its_own():
    case = Case({"model": "dbow", "dim": 16}, [2, 2])
    case.engine.train_block(0, 0, 0, len(case.ids), LR)
    assert np.array_equal(case.engine.E[:V, :16], case.E[:V])
    assert not np.array_equal(case.engine.E[V:, :16], case.E[V:])


def test_a_config_is_kept(tmp_path):
    config = Config(model="cbow", window="sentence", ngrams="3-6", buckets="exact")
    assert Config.from_dict(config.to_dict()) == config
    assert replace(config, epochs=2).window == 0


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_short_strips_have_the_loss_of_long_ones(model, monkeypatch):
    """Where negatives serve several tiles, only the first of these measures their loss; a strip may be one tile."""
    monkeypatch.setattr("sgns.training.engines.cpu.tile_kernel.CACHED", 0)  # as with a large C
    options = {"model": model, "window": 5, "dim": 12, "ngrams": "3-6"}
    losses = []
    for strip in (SHORTEST, LONGEST):
        case = Case(options, [40, 40, 40], strip=strip)
        losses.append(case.engine.train_block(0, 0, 0, len(case.ids), 1e-6).loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
