"""Samples in words and samples in tensors: known answers, laws, and one held to the other."""

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from sgns.reference.data import (
    generate_training_data,
    get_positive_samples,
    negative_samples,
    negatives_from_positives,
    noise_distribution,
)

torch = pytest.importorskip("torch")

from sgns.reference.batches import batches, keep_probability, positive_pairs  # noqa: E402

texts = st.lists(st.sampled_from("abcde"), max_size=12)


def test_positive_samples_by_hand():
    text = ["the", "cat", "sat", "on", "the", "mat"]
    assert get_positive_samples(text, 2, text)[:7] == [
        ("the", "cat"),
        ("the", "sat"),
        ("cat", "the"),
        ("cat", "sat"),
        ("cat", "on"),
        ("sat", "the"),
        ("sat", "cat"),
    ]


@pytest.mark.parametrize("text", [[], ["a"]])
def test_no_pairs_in_a_text_without_neighbours(text):
    assert get_positive_samples(text, 3, ["a"]) == []
    assert generate_training_data(text, 3, 2) == ([], [])


def test_words_outside_the_vocabulary_close_up():
    assert get_positive_samples(["a", "x", "b"], 1, ["a", "b"]) == [("a", "b"), ("b", "a")]


@given(texts, st.integers(1, 5))
def test_positive_samples_are_symmetric_and_counted(text, window):
    pairs = get_positive_samples(text, window, list("abcde"))
    assert Counter(pairs) == Counter((c, w) for w, c in pairs)
    assert len(pairs) == sum(2 * max(0, len(text) - distance) for distance in range(1, window + 1))


@given(texts, st.integers(1, 5))
def test_tensors_hold_the_same_pairs_as_words(text, window):
    kept = torch.tensor([ord(x) for x in text], dtype=torch.int64)
    full, one = torch.full((len(text),), window), torch.zeros(len(text))
    w, c = positive_pairs(kept, one, full, window, 0, len(text))
    assert Counter(zip(map(chr, w.tolist()), map(chr, c.tolist()))) == Counter(
        get_positive_samples(text, window, list("abcde"))
    )


@given(texts, st.integers(0, 12), st.integers(0, 12), st.integers(1, 4), st.randoms())
def test_blocks_and_sentences_add_up(text, cut, end, window, rng):
    kept, place = torch.arange(len(text)), torch.arange(len(text))
    sentence = (place >= end).long()
    reach = torch.tensor([rng.randint(1, window) for _ in text], dtype=torch.int64)
    cut = min(cut, len(text))
    got = Counter()
    for start, stop in ((0, cut), (cut, len(text))):
        w, c = positive_pairs(kept, sentence, reach, window, start, stop)
        got += Counter(zip(w.tolist(), c.tolist()))
    assert got == Counter(
        (w, c)
        for c in range(len(text))
        for w in range(len(text))
        if w != c and abs(w - c) <= reach[c] and sentence[w] == sentence[c]
    )


def test_noise_by_hand():
    noise = noise_distribution(["a"] * 16 + ["b"])
    assert noise == pytest.approx({"a": 8 / 9, "b": 1 / 9})
    assert noise_distribution(["a"] * 3 + ["b"], power=0) == {"a": 0.5, "b": 0.5}


def test_negatives_follow_the_noise():
    noise = noise_distribution(["a"] * 100 + ["b"] * 20 + ["c"])
    drawn = Counter(negative_samples(noise, 20_000, random.Random(0)))
    assert chisquare([drawn[w] for w in noise], [20_000 * p for p in noise.values()]).pvalue > 0.001


def test_negatives_keep_their_target_and_are_never_the_positive():
    noise = {"a": 0.5, "b": 0.5}
    pairs = negatives_from_positives([("x", "a"), ("y", "b")] * 500, noise, 4, random.Random(0))
    assert set(pairs) == {("x", "b"), ("y", "a")}
    assert len(pairs) == pytest.approx(2_000, rel=0.1)  # half of the 4,000 draws were the positive itself


@given(texts, st.integers(1, 3), st.integers(1, 4), st.integers(0, 9))
def test_training_data_is_labelled_and_repeatable(text, window, k, seed):
    pairs, labels = generate_training_data(text, window, k, seed=seed)
    positives = get_positive_samples(text, window, list("abcde"))
    assert pairs[: len(positives)] == positives
    assert labels == [1] * len(positives) + [0] * (len(pairs) - len(positives))
    assert len(pairs) <= len(positives) * (1 + k)
    assert (pairs, labels) == generate_training_data(text, window, k, seed=seed)


def epoch(**changes):
    rng = np.random.default_rng(0)
    ids = rng.choice(4, 40_000, p=[0.6, 0.25, 0.1, 0.05]).astype(np.int32)
    counts = torch.from_numpy(np.bincount(ids, minlength=4))
    options = {"window": 3, "negatives": 2, "subsample": 0.0, "noise_power": 0.75, "batch_size": 512} | changes
    return counts, batches(
        ids, np.arange(10, 40_001, 10), counts, rng=torch.Generator().manual_seed(1), block=7_000, **options
    )


def test_batches_obey_noise_reach_and_labels():
    counts, made = epoch()
    negatives, positives, passed = Counter(), Counter(), []
    for w, c, y, words in made:
        n = int(y.sum())
        assert y.tolist() == [1.0] * n + [0.0] * (len(y) - n)
        assert len(w) == len(c) == len(y) <= 3 * 512
        positives.update(zip(w[:n].tolist(), c[:n].tolist()))
        negatives.update(c[n:].tolist())
        passed.append(words)
    assert passed == sorted(passed)
    assert passed[0] >= 0
    assert passed[-1] < 40_000
    # 4,000 sentences of 10 words; distance δ lies in a reach drawn from 1..3 with chance (4 − δ)/3
    expected = 4_000 * sum(2 * (10 - distance) * (4 - distance) / 3 for distance in (1, 2, 3))
    assert sum(positives.values()) == pytest.approx(expected, rel=0.01)
    noise = (counts**0.75 / (counts**0.75).sum()).numpy()
    share = np.array([sum(n for (_, c), n in positives.items() if c == word) for word in range(4)])
    drawn = 2 * sum(positives.values()) * noise * (1 - share / share.sum())  # those equal to c+ are left out
    np.testing.assert_allclose([negatives[i] for i in range(4)], drawn, rtol=0.03)


def test_subsampling_keeps_the_expected_share():
    counts, made = epoch(subsample=0.01, window=1)
    centres = Counter()
    for _, c, y, _ in made:
        centres.update(c[: int(y.sum())].tolist())
    keep = keep_probability(counts, 0.01).numpy()
    f = (counts / counts.sum()).numpy()
    np.testing.assert_allclose(keep, np.minimum(1, np.sqrt(0.01 / f) + 0.01 / f))
    got = np.array([centres[i] for i in range(4)], float)
    np.testing.assert_allclose(got / got.sum(), f * keep / (f * keep).sum(), rtol=0.1)
