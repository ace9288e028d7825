"""The GPU engine against the definitions: on a card where there is one, else in Triton's interpreter on the CPU."""

import dataclasses

import numpy as np
import pytest
from grammar import classes_recovered, sentences
from mirror import Samples, gradient, loss
from scipy.stats import chi2, chisquare

import sgns
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.build import build
from sgns.training.plan import Plan

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from sgns.training.engines.cuda import engine as cuda  # noqa: E402
from sgns.training.engines.cuda.hessian import DIRECTIONS  # noqa: E402
from sgns.training.engines.cuda.tile import rounded  # noqa: E402
from sgns.training.engines.sampling import alias_table  # noqa: E402

SURE = 1e-3
slow_when_interpreted = pytest.mark.slow if not torch.cuda.is_available() else pytest.mark.usefixtures()
BIG = cuda.Tuning(rows=256, noise=64, step_rows=2_048, columns=32, batch=2_000)  # few programs: interpreting is slow
PLAIN = cuda.Tuning(rows=32, step_rows=128, columns=32, batch=1_000, damping=0.0)


def made(n=90, V=23, length=9, dim=20, window=3, keep=0.7, tuning=PLAIN, seed=0, **options):
    """An engine on a random text, with E and C as they may be in the middle of training."""
    rng = np.random.default_rng(seed)
    ids, ends = rng.integers(0, V, n).astype(np.int32), np.unique([*np.arange(length, n, length), n])
    counts = np.bincount(ids, minlength=V) + 1
    config = Config(dim=dim, window=window, negatives=5, engine="cuda")
    noise = counts**0.75 / (counts**0.75).sum()
    engine = cuda.CudaEngine(ids, ends, np.full(V, keep), noise, config, counts=counts, tuning=tuning, **options)
    for table in (engine.E, engine.C):
        table[:, :dim] = rng.normal(0, 0.4, (V, dim))
    return engine


def samples(engine, kept, noise_words):
    """Every pair of a block, from the definitions: the tile of a centre shares its M negatives."""
    words, sentences, reaches = (t.cpu().numpy() for t in (kept.words, kept.sentences, kept.reaches))
    window, k = engine.config.window, engine.config.negatives
    noise = noise_words.reshape(-1, engine._noise_count)
    centres, rows = engine._rows - 2 * window, []
    for c in range(kept.first, kept.last):
        for i in range(max(0, c - reaches[c]), min(kept.n, c + reaches[c] + 1)):
            if i != c and sentences[i] == sentences[c]:
                rows.append((words[i], words[c], 1, 1.0))
                shared = noise[(c - kept.first) // centres]
                rows += [(words[i], z, 0, k / len(shared)) for z in shared if z != words[c]]
    return Samples.of(rows)


def train_one_batch(engine, start, stop, lr):
    """Train on a block as one batch; the samples that it drew, E and C before, and what it returned."""
    seen = {}
    one = engine._train_batch

    def watch(kept, *arguments):
        one(kept, *arguments)
        assert not seen, "one batch was meant"
        seen["kept"], seen["noise"] = kept, arguments[6].cpu().numpy()

    engine._train_batch = watch
    E, C = engine.E.astype(float), engine.C.astype(float)
    sums = engine.train_block(0, 3, start, stop, lr)
    engine.sync()
    return samples(engine, seen["kept"], seen["noise"]), E, C, sums


@pytest.mark.parametrize(
    ("dim", "window", "length", "start", "stop"),
    [(20, 3, 9, 0, 90), (5, 1, 2, 0, 90), (100, 8, 40, 30, 71), (33, 2, 1_000, 0, 90), (16, 5, 1, 5, 90)],
)
def test_with_lr_1_the_undamped_step_is_the_gradient(dim, window, length, start, stop):
    engine = made(dim=dim, window=window, length=length)
    drawn, E, C, sums = train_one_batch(engine, start, stop, 1.0)
    assert sums.pairs == drawn.label.sum()
    assert sums.loss == pytest.approx(loss(E, C, drawn), rel=1e-5)
    dE, dC = gradient(E, C, drawn)
    np.testing.assert_allclose(engine.E, E - dE, atol=2e-3)  # one rounding in 2^15 of the largest number, each tile
    np.testing.assert_allclose(engine.C, C - dC, atol=2e-3)
    assert not engine.E[:, dim:].any()
    if length == 1:
        assert sums.pairs == 0
        assert np.array_equal(engine.E, E)
    else:
        assert abs(dE).max() > 0.1


def curvature(E, C, s):
    """Σ weight · σ(1 − σ) · |other row|² of each row of E and of C."""
    probability = 1 / (1 + np.exp(-np.einsum("nd,nd->n", E[s.w], C[s.c])))
    bend = s.weight * probability * (1 - probability)
    h_E, h_C = np.zeros(len(E)), np.zeros(len(C))
    np.add.at(h_E, s.w, bend * (C[s.c] ** 2).sum(1))
    np.add.at(h_C, s.c, bend * (E[s.w] ** 2).sum(1))
    return h_E, h_C


@pytest.mark.parametrize("lr", [0.025, 1.0])
def test_the_damped_step_is_its_formula(lr):
    engine = made(tuning=cuda.Tuning(rows=32, step_rows=64, columns=32, batch=1_000))
    drawn, E, C, _ = train_one_batch(engine, 0, 90, lr)
    directions, shares = (t.cpu().numpy().astype(float) for t in (engine.shape.directions, engine.shape.shares))
    for new, old, g, h, Q, share in zip(
        (engine.E, engine.C), (E, C), gradient(E, C, drawn), curvature(E, C, drawn), directions, shares, strict=True
    ):
        np.testing.assert_allclose(Q.T @ Q, np.eye(DIRECTIONS), atol=1e-2)
        along = g @ Q
        rest = lr / (1 + lr * h * share[-1])[:, None] * (g - along @ Q.T)
        expected = old - rest - (lr / (1 + lr * h[:, None] * share) * along) @ Q.T
        np.testing.assert_allclose(new, expected, atol=2e-3 * lr)
        assert abs(old - lr * g - expected).max() > 0.01 * lr  # damping did something


def test_the_shape_holds_the_largest_shares():
    engine = made(dim=40, V=200, n=400)
    engine.upload()
    engine.shape.estimate()
    sample = engine.shape._sample.cpu().numpy()
    both = np.concatenate([engine.E, engine.C])
    for rows, Q, share in zip(sample, engine.shape.directions.cpu().numpy(), engine.shape.shares.cpu().numpy()):
        S = both[rows].astype(float)
        size = np.linalg.eigvalsh(S.T @ S)[::-1] / (S * S).sum()
        inside = ((S @ Q) ** 2).sum(0) / (S * S).sum()
        assert inside.sum() > 0.85 * size[:DIRECTIONS].sum()
        assert share[0] >= size[0]  # never damped less than the steepest direction needs
        assert share[-1] >= size[DIRECTIONS - 1]


def test_nothing_is_left_behind_and_untouched_rows_stay():
    engine = made(n=60, V=400)
    drawn, E, C, _ = train_one_batch(engine, 0, 60, 0.5)
    assert not engine._gradients.any()
    assert not engine._curvatures.any()
    idle = np.setdiff1d(np.arange(400), drawn.w)
    assert len(idle) > 100
    assert np.array_equal(engine.E[idle], E[idle])
    idle = np.setdiff1d(np.arange(400), drawn.c)
    assert np.array_equal(engine.C[idle], C[idle])


@slow_when_interpreted
def test_a_large_step_cannot_overshoot_where_sgd_does():
    """A word in many pairs of a batch, with few others: the sum of its updates, and the damped step."""
    grown = {}
    for damping in (0.0, 1.0):
        engine = made(n=300, V=4, length=300, keep=1.0, tuning=dataclasses.replace(BIG, rows=64, damping=damping))
        for block in range(3):
            engine.train_block(0, block, 0, 300, 0.2)
        engine.sync()
        grown[damping] = abs(engine.E).max()
    assert grown[0.0] > 20
    assert grown[1.0] < 5


def test_sums_do_not_depend_on_their_order():
    rng = np.random.default_rng(0)
    values = torch.tensor(rng.normal(0, 1, 20_000), dtype=torch.float32)
    grain = 2.0**12
    exact = rounded.fn(values, grain)  # the kernel's own line, on the CPU
    sums = set()
    for _ in range(20):
        total = np.float32(0)
        for value in exact.numpy()[rng.permutation(20_000)]:
            total += value
        sums.add(float(total))
    assert len(sums) == 1
    assert abs(sums.pop() - float(values.double().sum())) < 20_000 * grain * 2.0**-24


def kept_tokens(keep, window, n=20_000, V=3, seed=1, epoch=0):
    ids = np.random.default_rng(0).integers(0, V, n).astype(np.int32)
    config = Config(dim=4, window=window, seed=seed)
    engine = cuda.CudaEngine(ids, np.array([n]), np.asarray(keep), np.full(V, 1 / V), config, counts=np.ones(V))
    kept = engine._draw(epoch, 0, n)
    return ids, kept


def test_tokens_are_kept_with_their_probabilities():
    keep = np.array([0.05, 0.4, 1.0])
    for seed, epoch in ((1, 0), (1, 1), (2, 0)):
        ids, kept = kept_tokens(keep, 5, seed=seed, epoch=epoch)
        got, n = np.bincount(kept.words.cpu(), minlength=3), np.bincount(ids)
        assert got[2] == n[2]
        z2 = (got - n * keep)[:2] ** 2 / (n * keep * (1 - keep))[:2]
        assert chi2.sf(z2.sum(), 2) > SURE


@pytest.mark.parametrize("window", [1, 2, 5, 13])
def test_reach_is_uniform_and_independent_of_what_is_kept(window):
    _, kept = kept_tokens([0.3, 0.6, 1.0], window)
    words, reaches = kept.words.cpu().numpy(), kept.reaches.cpu().numpy()
    for word in range(3):
        of_word = np.bincount(reaches[words == word], minlength=window + 1)
        assert of_word[0] == 0
        assert len(of_word) == window + 1
        assert window == 1 or chisquare(of_word[1:]).pvalue > SURE


@slow_when_interpreted
def test_noise_obeys_its_law():
    engine = made(
        V=40, n=1_500, length=1_500, keep=1.0, tuning=cuda.Tuning(rows=64, noise=256, step_rows=8_192, columns=32)
    )
    noise = np.arange(1, 41) ** 0.75
    engine._noise_table = engine._put(alias_table(noise / noise.sum()).view(np.int64))
    drawn = []
    one = engine._train_batch
    engine._train_batch = lambda *a: (one(*a), drawn.append(a[7].cpu().numpy()))
    engine.train_block(0, 0, 0, 1_500, 0.0)
    words = drawn[-1]
    assert len(words) > 6_000
    assert chisquare(np.bincount(words, minlength=40), len(words) * noise / noise.sum()).pvalue > SURE
    engine.train_block(0, 1, 0, 1_500, 0.0)
    assert not np.array_equal(drawn[-1], words)


def test_blocks_draw_alike_at_their_border_and_no_pair_is_lost():
    whole = made(n=400, length=37)
    all_kept = whole._draw(2, 0, 400)
    words, reaches = all_kept.words.cpu().numpy(), all_kept.reaches.cpu().numpy()
    seen = []
    for start, stop in ((0, 111), (111, 112), (112, 400)):
        kept = whole._draw(2, start, stop)
        seen.append(
            (kept.words.cpu().numpy()[kept.first : kept.last], kept.reaches.cpu().numpy()[kept.first : kept.last])
        )
    assert np.array_equal(np.concatenate([w for w, _ in seen]), words[all_kept.first : all_kept.last])
    assert np.array_equal(np.concatenate([r for _, r in seen]), reaches)
    pairs = whole.train_block(2, 0, 0, 400, 0.0).pairs
    assert pairs == sum(whole.train_block(2, 0, a, b, 0.0).pairs for a, b in ((0, 111), (111, 112), (112, 400)))


def test_held_out_sentences_are_not_trained_on():
    engine = made(n=90, length=9, held_out=[(9, 18), (81, 90)], keep=1.0)
    kept = engine._draw(0, 0, 90)
    assert kept.n == 72
    whole = made(n=90, length=9, keep=1.0)
    assert 0 < engine.train_block(0, 0, 0, 90, 0.1).pairs < whole.train_block(0, 0, 0, 90, 0.1).pairs


def test_seed_and_blocks_decide_everything():
    def run(**options):
        engine = made(**options)
        for block in range(2):
            engine.train_block(0, block, block * 45, block * 45 + 45, 0.1)
        engine.sync()
        return engine.E

    one = run()
    assert np.array_equal(one, run())


@pytest.fixture(scope="module")
def language():
    return Corpus.from_sentences(sentences(1_800, seed=1))


@slow_when_interpreted
def test_learns_the_language_and_reports_the_loss_of_the_cpu(language, monkeypatch):
    if not torch.cuda.is_available():
        monkeypatch.setattr(cuda, "Tuning", lambda: BIG)
    options = {"dim": 32, "window": 3, "epochs": 2, "lr": 0.2, "subsample": 0.0, "threads": 1}
    trained = sgns.train(language, engine="cuda", quiet=True, **options)
    assert trained.metadata["engine"] == "cuda"
    assert classes_recovered(trained.words, np.asarray(trained.E)) == 1
    losses = trained.metadata["losses"]
    assert 6 * np.log(2) > losses[0] > losses[1]

    # The same vectors, and a rate that moves nothing: what both engines call the loss.
    means = []
    for name in ("cuda", "cpu"):
        engine = build(Plan.of(language.vocabulary, Config(engine=name, **options)), language)
        engine.E[:, :32], engine.C[:, :32] = trained.E, trained.C
        # On the CPU eight centres share a reach of 1, 2 or 3: pairs of an epoch have a standard deviation of 1.05 %.
        epochs = 1 if name == "cuda" else 64
        sums = [engine.train_block(epoch, 0, 0, language.tokens, 1e-30) for epoch in range(epochs)]
        pairs = sum(one.pairs for one in sums)
        means.append(sum(one.loss for one in sums) / pairs)
        assert pairs / epochs * 2 == pytest.approx(trained.metadata["pairs"], rel=0.01)
    assert means[0] == pytest.approx(means[1], rel=0.02)
