import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns import Vocabulary
from sgns.base.suggest import nearest
from sgns.errors import ConfigError, UnknownWord

counts = st.lists(st.integers(1, 2**40), min_size=1, max_size=50)


def vocabulary(numbers) -> Vocabulary:
    return Vocabulary([f"w{i}" for i in range(len(numbers))], sorted(numbers, reverse=True))


def test_words_and_ids():
    v = Vocabulary(["the", "king", "kings"], [9, 3, 1])
    assert [v.id(word) for word in v.words] == [0, 1, 2]
    assert "king" in v
    assert "queen" not in v
    assert len(v) == 3
    assert v.total == 13
    assert v.counts.dtype == np.int64


def test_unknown_words_come_with_near_spellings():
    v = Vocabulary(["the", "king", "kings", "straße"], [9, 3, 1, 1])
    for asked, near in {
        "King": "king",
        "knig": "king",
        "kingz": "king",
        "strase": "straße",
        "kingdom's": "king",
    }.items():
        with pytest.raises(UnknownWord, match=near):
            v.id(asked)
    with pytest.raises(KeyError, match="no spelling is near"):
        v.id("zzzzzzzz")
    for odd in ("", None, 3, "x" * 10_000):
        with pytest.raises(UnknownWord):
            v.id(odd)


def test_near_spellings_take_no_longer_in_a_large_vocabulary():
    class Asked(set):
        """Words that count how often they are asked for, and cannot be listed."""

        times = 0
        __iter__ = None

        def __contains__(self, word):
            self.times += 1
            return super().__contains__(word)

    small, large = Asked(["word12345"]), Asked(f"word{i}" for i in range(100_000))
    assert nearest("wrod12345", small)[0] == nearest("wrod12345", large)[0] == "word12345"
    assert small.times == large.times < 5_000


@given(counts, st.floats(1e-6, 1))
def test_keep_probabilities_are_gensims_law(numbers, t):
    v = vocabulary(numbers)
    f = v.counts / v.counts.sum()
    wanted = np.minimum(1, (np.sqrt(f / t) + 1) * t / f)  # as written in gensim's word2vec.py
    np.testing.assert_allclose(v.keep_probability(t), wanted, rtol=1e-12)
    assert (v.keep_probability(0) == 1).all()


@pytest.mark.parametrize(
    ("tokens", "t"), [(300, 1e-3), (1_000_000, 1e-3), (1_250_000, 8e-4), (2_000_000, 7e-4), (10**10, 7e-4)]
)
def test_a_threshold_left_to_the_text_falls_with_its_size(tokens, t):
    v = vocabulary([tokens // 3, tokens - tokens // 3])
    assert v.threshold(None) == pytest.approx(t)
    assert v.threshold(0.5) == 0.5
    np.testing.assert_array_equal(v.keep_probability(None), v.keep_probability(v.threshold(None)))


@given(counts, st.floats(-10, 10))
def test_noise_is_a_distribution(numbers, power):
    v = vocabulary(numbers)
    noise = v.noise_distribution(power)
    assert noise.shape == (len(v),)
    assert np.isfinite(noise).all()
    assert noise.sum() == pytest.approx(1)
    if abs(power) < 1:
        wanted = v.counts.astype(float) ** power
        np.testing.assert_allclose(noise, wanted / wanted.sum(), rtol=1e-9)


def test_what_makes_no_vocabulary():
    with pytest.raises(ConfigError, match="2 words but 1 counts"):
        Vocabulary(["a", "b"], [1])
    with pytest.raises(ConfigError, match="below 1"):
        Vocabulary(["a"], [0])
