"""The draws that the engines use follow their distributions: subsampling, windows, noise (χ² tests, fixed seeds)."""

import numpy as np
import pytest
from mirror import draw
from scipy.stats import chi2, chi2_contingency, chisquare

from sgns.text.vocabulary import Vocabulary
from sgns.training.engines import sampling
from sgns.training.engines.cpu.window_kernel import draw_windows
from sgns.training.engines.sampling import KEEP, NOISE

SURE = 1e-3  # a law is refused below this; the seeds are fixed, so a test passes always or never
V = 30
COUNTS = np.maximum(1, 20_000 // np.arange(1, V + 1) ** 2)
VOCABULARY = Vocabulary([str(i) for i in range(V)], COUNTS)


def draws_of(ids, ends, keep, window=5, seed=1, epoch=0, start=0, stop=None, group=1):
    """What `draw_centres` says: kept, left, right of the block's own tokens, as the kernels call it."""
    stop = len(ids) if stop is None else stop
    kept, left, right = (np.empty(stop - start + 2 * window + 8, np.int32) for _ in range(3))
    key = sampling.stream_key(seed, KEEP, epoch)
    thresholds = sampling.as_thresholds(keep)
    first, last, m = sampling.draw_centres(
        ids, ends, start, stop, window, window, np.int64(group), thresholds, key, kept, left, right
    )
    return first, last, kept[:m], left[:m], right[:m]


def test_a_token_is_kept_with_the_probability_of_its_word():
    ids = np.random.default_rng(0).permutation(np.repeat(np.arange(V), COUNTS)).astype(np.int32)
    keep = VOCABULARY.keep_probability(1e-3)
    assert keep.min() < 0.1
    assert keep.max() == 1
    for seed, epoch in ((1, 0), (1, 1), (2, 0)):
        _, _, kept, _, _ = draws_of(ids, np.array([len(ids)]), keep, seed=seed, epoch=epoch)
        got, expected = np.bincount(kept, minlength=V), COUNTS * keep
        sure = keep == 1
        assert np.array_equal(got[sure], COUNTS[sure])
        z2 = (got - expected)[~sure] ** 2 / (expected * (1 - keep))[~sure]  # binomial: a χ² of as many degrees

        assert SURE < chi2.sf(z2.sum(), (~sure).sum()) < 1 - SURE


def test_subsampling_is_independent_between_neighbours_epochs_and_seeds():
    ids = np.zeros(60_000, np.int32)
    keep = np.array([0.4])
    alive = {}
    for name in ((1, 0), (1, 1), (2, 0)):
        positions = np.zeros(len(ids), bool)
        thresholds = sampling.as_thresholds(keep)
        key = sampling.stream_key(name[0], KEEP, name[1])
        for p in range(len(ids)):
            positions[p] = (draw(key, p) >> 32) <= int(thresholds[0])
        _, _, kept, _, _ = draws_of(ids, np.array([len(ids)]), keep, seed=name[0], epoch=name[1])
        assert len(kept) == positions.sum()
        alive[name] = positions
    one = alive[1, 0]
    for x, y in ((one[:-1], one[1:]), (one, alive[1, 1]), (one, alive[2, 0])):
        table = np.histogram2d(x.astype(int), y.astype(int), bins=2)[0]
        assert chi2_contingency(table).pvalue > SURE


@pytest.mark.parametrize("window", [1, 2, 5, 13])
def test_reach_is_uniform_from_1_to_the_window(window):
    n = 40_000
    ids, ends = (np.arange(n) % 2).astype(np.int32), np.array([n])
    _, _, kept, left, right = draws_of(ids, ends, np.array([0.3, 1.0]), window)  # reach must not depend on what is kept
    inside = np.arange(window, len(kept) - window)
    reach = right[inside] - inside - 1
    assert np.array_equal(reach, inside - left[inside])
    for word in (0, 1):
        of_word = np.bincount(reach[kept[inside] == word], minlength=window + 1)[1:]
        assert of_word.sum() > 5_000
        assert window == 1 or chisquare(of_word).pvalue > SURE
    assert window == 1 or chi2_contingency(np.histogram2d(reach[:-1], reach[1:], bins=window)[0]).pvalue > SURE


def test_a_window_is_drawn_alike_from_both_sides_of_a_border():
    n, cut, window = 3_000, 1_234, 5
    ids, ends = np.random.default_rng(0).integers(0, V, n).astype(np.int32), np.array([500, 2_000, n])
    keep = VOCABULARY.keep_probability(1e-3)
    first, last, kept, left, right = draws_of(ids, ends, keep, window)
    assert (first, last) == (0, len(kept))
    before = draws_of(ids, ends, keep, window, stop=cut)
    after = draws_of(ids, ends, keep, window, start=cut)
    centres = [(k, kept[l:r].tolist()) for k, l, r in zip(kept, left, right, strict=True)]
    parts = []
    for f, l, k, lefts, rights in (before, after):
        parts += [(k[c], k[lefts[c] : rights[c]].tolist()) for c in range(f, l)]
    assert parts == centres


@pytest.mark.parametrize("power", [0.0, 0.75, 1.0, -1.0])
def test_tiles_draw_the_noise_distribution(power):
    noise = VOCABULARY.noise_distribution(power)
    drawn = np.empty(200_000, np.int32)
    sampling.draw_noise(sampling.stream_key(1, NOISE, 0, 3), sampling.alias_table(noise), drawn, len(drawn))
    assert chisquare(np.bincount(drawn, minlength=V), noise * len(drawn)).pvalue > SURE
    pairs = np.histogram2d(drawn[:-1], drawn[1:], bins=V)[0][:8, :8]
    assert chi2_contingency(pairs + 1).pvalue > SURE  # one draw says nothing about the next


@pytest.mark.parametrize("alone", [False, True])
def test_windows_and_pairs_draw_the_noise_distribution(alone):
    noise, n = VOCABULARY.noise_distribution(0.75), 20_000
    ids, ends = np.random.default_rng(0).integers(0, V, n).astype(np.int32), np.arange(10, n + 1, 10)
    inputs, input_ends, centres, negatives, seen = draw_windows(
        ids, ends, 0, n, 5, 5, 5, alone, sampling.as_thresholds(np.ones(V)), sampling.alias_table(noise),
        sampling.stream_key(1, KEEP, 0), sampling.stream_key(1, NOISE, 0, 0),
    )  # fmt: skip
    assert seen == n
    assert negatives.shape == (len(centres), 5)
    assert len(centres) == (len(inputs) if alone else n)
    assert input_ends[-1] == len(inputs)
    assert chisquare(np.bincount(negatives.ravel(), minlength=V), noise * negatives.size).pvalue > SURE


@pytest.mark.parametrize("V", [1, 2, 3, 1000, 70_001])
def test_the_alias_table_holds_the_distribution_exactly(V):
    noise = np.random.default_rng(V).pareto(1.0, V) + 1e-9
    noise /= noise.sum()
    table = sampling.alias_table(noise)
    own, other = (table >> np.uint64(32)).astype(float) / 2**32, (table & np.uint64(2**32 - 1)).astype(int)
    mass = own.copy()
    np.add.at(mass, other, 1 - own)
    np.testing.assert_allclose(mass / V, noise, atol=3 / 2**32)


def test_keep_thresholds_are_the_probabilities():
    keep = np.array([0.0, 2.0**-32, 0.25, 0.5, 1 - 2.0**-33, 1.0])
    probability = (sampling.as_thresholds(keep).astype(float) + 1) / 2**32
    np.testing.assert_allclose(probability, keep, atol=2.0**-32)
    assert probability[-1] == 1


class TestReference:
    """The same laws for the readable model's draws."""

    def made(self, ids, ends, counts, **laws):
        torch = pytest.importorskip("torch")
        from sgns.reference.batches import batches

        defaults = {"window": 1, "negatives": 1, "subsample": 0.0, "noise_power": 0.75, "batch_size": 4_096}
        rng = torch.Generator().manual_seed(3)
        out = batches(
            np.asarray(ids, np.int32), np.asarray(ends), torch.from_numpy(counts), rng=rng, **(defaults | laws)
        )
        parts = [(w.numpy(), c.numpy(), y.numpy()) for w, c, y, _ in out]
        return tuple(np.concatenate([part[k] for part in parts]) for k in range(3))

    def test_subsampling(self):
        # A sentence "w w" leaves its two pairs when both tokens are kept: with probability keep².
        each = 3_000
        ids = np.repeat(np.arange(6), 2 * each)
        _, c, y = self.made(ids, np.arange(2, len(ids) + 1, 2), COUNTS[:6], subsample=1e-2)
        both = Vocabulary(list("abcdef"), COUNTS[:6]).keep_probability(1e-2) ** 2
        got = np.bincount(c[y == 1], minlength=6) / 2
        for word in range(6):
            expected = [each * both[word], each * (1 - both[word])]
            assert (both[word] == 1 and got[word] == each) or chisquare(
                [got[word], each - got[word]], expected
            ).pvalue > SURE

    def test_windows(self):
        n = 30_000
        w, c, y = self.made(np.arange(n), [n], np.ones(n, np.int64), window=5)
        reach = np.zeros(n, int)
        np.maximum.at(reach, c[y == 1], np.abs(w - c)[y == 1])
        assert chisquare(np.bincount(reach[5:-5], minlength=6)[1:]).pvalue > SURE

    def test_noise(self):
        n = 40_000
        _, c, y = self.made(np.zeros(n), np.arange(10, n + 1, 10), COUNTS, negatives=3)
        noise = VOCABULARY.noise_distribution(0.75)[1:]
        drawn = np.bincount(c[y == 0], minlength=V)
        assert drawn[0] == 0  # it would be c+
        assert chisquare(drawn[1:], noise / noise.sum() * drawn.sum()).pvalue > SURE
