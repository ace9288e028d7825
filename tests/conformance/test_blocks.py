"""Every engine, every way to share negatives: a whole block moves E and C by the exact gradients of its samples."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirror import Samples, block_steps, descend, draw_corpus, rounding

from sgns.config import Config
from sgns.text.vocabulary import Vocabulary
from sgns.training.engines.cpu import tile_kernel
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.cpu.llvm import BFLOAT16
from sgns.training.engines.cpu.plain import plain_update
from sgns.training.engines.cpu.window_kernel import draw_windows
from sgns.training.engines.sampling import KEEP, NOISE, alias_table, as_thresholds, stream_key

SHARINGS = ["tile", "window", "pair"]
SHAPES = [  # dim, window, negatives: one kernel each
    (20, 5, 5),
    (100, 5, 5),
    (16, 1, 1),
    (3, 2, 20),
    (130, 11, 3),
]
ONLY_TILES = [(100, 5, 5), (130, 11, 3)]
NOT_TILES = [(16, 1, 1)]  # a kernel of its own there; a reach of 1 is drawn in all shapes
SHARINGS_AND_SHAPES = [  # shapes with tiles, and every way with the first shape and with few and many negatives
    pytest.param(
        sharing, *shape, marks=pytest.mark.slow if shape in (NOT_TILES if sharing == "tile" else ONLY_TILES) else ()
    )
    for sharing in SHARINGS
    for shape in SHAPES
]


class Case:
    """A small corpus with E and C of its own."""

    def __init__(self, ids, ends, V, config, subsample=0.0, seed=0):
        self.ids, self.ends, self.config = np.array(ids, np.int32), np.array(ends, np.int64), config
        counts = np.bincount(self.ids, minlength=V) + 1  # the noise may also be a word that the text lacks
        vocabulary = Vocabulary([str(i) for i in range(V)], counts)
        self.keep, self.noise = vocabulary.keep_probability(subsample), vocabulary.noise_distribution(0.75)
        rng = np.random.default_rng(seed)
        self.E, self.C = (rng.normal(0, 0.7 / np.sqrt(config.dim), (V, config.dim)).astype(np.float32) for _ in "EC")

    def engine(self):
        engine = CpuEngine(self.ids, self.ends, self.keep, self.noise, self.config)
        engine.E[:, : self.config.dim], engine.C[:, : self.config.dim] = self.E, self.C
        return engine

    def steps(self, epoch, block, start, stop):
        return block_steps(self.ids, self.ends, self.keep, self.noise, self.config, epoch, block, start, stop)

    def check(self, lr, cuts=(), epoch=0):
        """Train the blocks between `cuts` one after the other, and hold E, C, loss and pairs to the mirror's.

        Where the engine multiplies in bfloat16, the sum of what each step may lose by it is allowed beside.
        """
        engine, (E, C) = self.engine(), (self.E, self.C)
        borders = sorted({0, *(c for c in cuts if c < len(self.ids)), len(self.ids)})
        pairs, off = 0, (np.zeros(self.E.shape), np.zeros(self.C.shape))
        for number, (start, stop) in enumerate(pairwise(borders)):
            sums = engine.train_block(epoch, number, start, stop, lr)
            steps = self.steps(epoch, number, start, stop)
            before, off_loss = (E, C), 0.0
            for step in steps if self.config.sharing == "tile" and BFLOAT16 else []:
                off_loss += rounding(*before, step, lr, *off)
                before = descend(*before, [step], np.float32(lr))[:2]
            E, C, expected = descend(E, C, steps, np.float32(lr))
            positives = sum(int(step.label.sum()) for step in steps)
            assert sums.loss == pytest.approx(
                expected, rel=1e-5, abs=1e-6 * positives + off_loss
            )  # log1p is good to 2e-7
            assert sums.pairs == positives
            pairs += positives
        d = self.config.dim
        for got, mirror, before, bound in ((engine.E, E, self.E, off[0]), (engine.C, C, self.C, off[1])):
            assert (np.abs(got[:, :d] - mirror) - bound).max() <= 1e-4 * max(np.abs(mirror - before).max(), 1e-3)
            assert not got[:, d:].any()  # the padding stays zero
        return pairs


def corpus(lengths, V, seed=0):
    rng = np.random.default_rng(seed)
    law = 1 / np.arange(1, V + 1)
    return rng.choice(V, sum(lengths), p=law / law.sum()).astype(np.int32), np.cumsum(lengths)


@pytest.mark.parametrize(("sharing", "dim", "window", "negatives"), SHARINGS_AND_SHAPES)
def test_one_step_at_lr_1_is_the_gradient(sharing, dim, window, negatives):
    config = Config(dim=dim, window=window, negatives=negatives, sharing=sharing)
    for seed in range(20):
        # Two words have one pair each way; in a tile both are one step, which any order of steps must obey.
        n = 2 if sharing != "tile" else 1 + seed % 8
        ids, ends = corpus([n], V=9, seed=seed)
        Case(ids, ends, 9, replace(config, seed=seed), seed=seed).check(lr=1.0)


@pytest.mark.parametrize(("sharing", "dim", "window", "negatives"), SHARINGS_AND_SHAPES)
def test_a_block_of_many_sentences(sharing, dim, window, negatives):
    ids, ends = corpus([1, 2, 30, 1, 1, 7, 2, 45, 8, 1], V=25)
    config = Config(dim=dim, window=window, negatives=negatives, sharing=sharing)
    assert Case(ids, ends, 25, config).check(lr=0.1) > 0
    assert Case(ids, ends, 25, config, subsample=0.02).check(lr=0.1, epoch=3) > 0


@pytest.mark.parametrize("sharing", ["window", "pair"])
def test_a_block_equals_the_plain_updates_of_its_windows(sharing):
    """The same drawn samples, window by window; with few inputs a window is one step of the fast kernel."""
    ids, ends = corpus([1, 2, 30, 1, 1, 7], V=25)
    config = Config(dim=20, window=2, negatives=5, sharing=sharing)
    case = Case(ids, ends, 25, config, subsample=0.05)
    engine, E, C = case.engine(), case.E.copy(), case.C.copy()
    sums = engine.train_block(0, 0, 0, len(ids), 0.1)
    inputs, input_ends, centres, negatives, _ = draw_windows(
        case.ids, case.ends, 0, len(ids), 2, 2, 5, sharing == "pair", as_thresholds(case.keep), alias_table(case.noise),
        stream_key(config.seed, KEEP, 0), stream_key(config.seed, NOISE, 0, 0),
    )  # fmt: skip
    parts = np.split(inputs, input_ends[:-1])
    update = plain_update.py_func  # as it is read: test_gradients.py has it compiled
    loss = sum(update(E, C, *step, np.float32(0.1)) for step in zip(parts, centres, negatives, strict=True))
    assert max(map(len, parts)) == (4 if sharing == "window" else 1)
    assert sums.loss == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(engine.E[:, :20], E, atol=1e-4 * np.abs(E - case.E).max())
    np.testing.assert_allclose(engine.C[:, :20], C, atol=1e-4 * np.abs(C - case.C).max())


@pytest.mark.parametrize(("dim", "window", "negatives"), SHAPES)
def test_negatives_that_serve_several_tiles(dim, window, negatives, monkeypatch):
    monkeypatch.setattr(tile_kernel, "CACHED", 0)  # as if C were too large for the cache
    ids, ends = corpus([1, 2, 30, 1, 1, 7, 2, 145, 8, 1], V=25)
    case = Case(ids, ends, 25, Config(dim=dim, window=window, negatives=negatives))
    assert case.engine().model.lifetime == tile_kernel.LIFETIME > 1
    assert case.check(lr=0.02, cuts=(40,)) > 0


@pytest.mark.parametrize("sharing", SHARINGS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 120), max_size=4),
    V=st.integers(1, 12),
    seed=st.integers(0, 2**63 - 1),
    subsample=st.sampled_from([0.0, 0.05]),
    epoch=st.integers(0, 3),
)
def test_any_corpus_cut_anywhere(sharing, lengths, cuts, V, seed, subsample, epoch):
    ids, ends = corpus(lengths, V, seed=seed % 1000)
    config = Config(dim=20, window=5, negatives=5, sharing=sharing, seed=seed)
    # At lr 0.1 a text of two words diverges, and float32 goes another way than float64.
    Case(ids, ends, V, config, subsample, seed=seed % 1000).check(lr=0.02, cuts=cuts, epoch=epoch)


@pytest.mark.parametrize("sharing", SHARINGS)
@pytest.mark.parametrize("length", [7, 8, 9, 40, 100])
def test_windows_reach_across_blocks_and_each_pair_is_trained_once(sharing, length):
    """One sentence in many blocks: the positives are those of the windows, which hold words of other blocks."""
    ids, ends = corpus([100], V=30)
    config = Config(dim=20, window=5, negatives=5, sharing=sharing)
    case = Case(ids, ends, 30, config, subsample=0.05)
    cuts, pairs = [*range(0, 100, length), 100], 0
    for start, stop in pairwise(cuts):  # in tiles, the centres that share a reach depend on where the block begins
        group = CENTRES if sharing == "tile" else 1
        drawn = draw_corpus(ids, ends, case.keep, 5, config.seed, 0, group, start)
        pairs += sum(drawn.right[c] - drawn.left[c] - 1 for c in drawn.centres(start, stop))
    assert case.check(lr=0.05, cuts=cuts[1:-1]) == pairs


@pytest.mark.parametrize("sharing", SHARINGS)
def test_sentences_of_one_word_change_nothing(sharing):
    ids, ends = corpus([1] * 30, V=5)
    case = Case(ids, ends, 5, Config(dim=20, window=5, negatives=5, sharing=sharing))
    engine = case.engine()
    sums = engine.train_block(0, 0, 0, 30, 1.0)
    assert (sums.loss, sums.pairs, sums.centres) == (0.0, 0, 30)
    assert np.array_equal(engine.E[:, :20], case.E)
    assert np.array_equal(engine.C[:, :20], case.C)


@pytest.mark.parametrize("sharing", SHARINGS)
def test_a_vocabulary_of_one_word_has_no_negatives(sharing):
    ids, ends = corpus([20], V=1)
    case = Case(ids, ends, 1, Config(dim=20, window=5, negatives=5, sharing=sharing))
    assert all(step.label.all() or not step.weight[step.label == 0].any() for step in case.steps(0, 0, 0, 20))
    case.check(lr=0.1)


@pytest.mark.parametrize("sharing", ["tile", "window", pytest.param("pair", marks=pytest.mark.slow)])
def test_each_pair_has_its_negatives_in_expectation(sharing):
    """Over a corpus, the weight of the negatives of an input is k for each of its pairs, those equal to c+ left out."""
    ids, ends = corpus([40, 40], V=12)
    case = Case(ids, ends, 12, Config(dim=20, window=5, negatives=5, sharing=sharing))
    positive, negative = np.zeros((12, 12)), np.zeros((12, 12))
    runs = 200
    for block in range(runs):
        for step in case.steps(0, block, 0, 80):
            np.add.at(negative, (step.w, step.c), step.weight * (step.label == 0) / runs)
            np.add.at(positive, (step.w, step.c), step.weight * (step.label == 1) / runs)
    expected = 5 * (positive.sum(1, keepdims=True) - positive) * case.noise  # summed over the pairs with another c+
    assert np.abs(negative - expected).max() <= 0.06 * expected.max()
    assert negative.sum() == pytest.approx(expected.sum(), rel=0.01)


def test_the_readable_model_takes_the_same_kind_of_steps():
    """`sgns.reference.word2vec.train` at lr = 1, batch after batch, against the closed form on the same batches."""
    torch = pytest.importorskip("torch")
    from sgns.reference.batches import batches
    from sgns.reference.word2vec import SGNS, stale_free_batch_size, train

    ids, ends = corpus([1, 2, 30, 7, 1, 24], V=12)
    counts = np.bincount(ids, minlength=12) + 1
    laws = {"window": 3, "negatives": 4, "subsample": 0.05, "noise_power": 0.75}
    model = SGNS(12, 20).double()
    torch.nn.init.normal_(model.C.weight, std=0.2, generator=torch.Generator().manual_seed(1))
    E, C = (table.weight.detach().numpy().copy() for table in (model.E, model.C))
    size = stale_free_batch_size(torch.from_numpy(counts), 1.0, 4, 0.05, 0.75)
    rng = torch.Generator().manual_seed(7)
    steps = [
        Samples(w.numpy(), c.numpy(), y.double().numpy(), np.ones(len(y)))
        for w, c, y, _ in batches(ids, ends, torch.from_numpy(counts), batch_size=size, rng=rng, **laws)
    ]
    assert len(steps) > 5
    E, C, expected = descend(E, C, steps, lr=1.0)
    to_double = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        (mean,) = train(model, ids, ends, counts, epochs=1, lr=1.0, min_lr=1.0, seed=7, **laws)
    finally:
        torch.set_default_dtype(to_double)
    assert mean == pytest.approx(expected / sum(int(s.label.sum()) for s in steps), rel=1e-6)
    np.testing.assert_allclose(model.E.weight.detach().numpy(), E, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(model.C.weight.detach().numpy(), C, rtol=1e-6, atol=1e-9)
