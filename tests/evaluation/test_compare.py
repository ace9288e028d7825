"""Comparisons: the false-positive rate on models that are equally good, power on ones that are not, pairing, seeds."""

from pathlib import Path

import numpy as np
import pytest

from sgns.errors import ConfigError
from sgns.evaluation.compare import Answered, Score, compare_models, compare_on_set, difference
from sgns.evaluation.statistics import mean_of, spearman_of
from sgns.vectors.vectors import Vectors


def similarity_answers(rhos: dict[str, list[float]], n: int, generator: np.random.Generator) -> dict:
    """For each model and seed, cosines that agree with people as well as rho says; half of the noise is shared."""
    human, shared = generator.normal(size=(2, n))
    answers: dict = {}
    for name, seeds in rhos.items():
        for rho in seeds:
            noise = (shared + generator.normal(size=n)) / np.sqrt(2)
            cosines = rho * human + np.sqrt(1 - rho**2) * noise
            answers.setdefault(name, []).append(
                Answered(np.arange(n), lambda common, c=cosines: spearman_of(human[common], c[common]), n)
            )
    return answers


def share_of_small_p(rhos: dict[str, list[float]], trials: int, n: int) -> float:
    generator = np.random.default_rng(5)
    small = 0
    for trial in range(trials):
        found = compare_on_set("similarity", "s", similarity_answers(rhos, n, generator), 400, trial)
        small += found.differences[0].p < 0.05
    return small / trials


@pytest.mark.slow  # 400 comparisons; those of analogies below
def test_equally_good_models_differ_at_the_level() -> None:
    """400 comparisons of two models of the same quality: p < .05 in 5 %, give or take 1.1."""
    assert 0.02 <= share_of_small_p({"a": [0.5], "b": [0.5]}, 400, 150) <= 0.083


def test_equally_good_analogies_differ_at_the_level() -> None:
    generator = np.random.default_rng(2)
    small = 0
    for trial in range(400):
        chance = generator.beta(1, 1, size=200)  # some questions are harder for both
        right = dict(zip("ab", generator.random((2, 200)) < chance))
        answers = {
            name: [Answered(np.arange(200), lambda common, name=name, right=right: mean_of(right[name][common]), 200)]
            for name in right
        }
        small += compare_on_set("analogy", "q", answers, 400, trial).differences[0].p < 0.05
    assert 0.02 <= small / 400 <= 0.083


def test_a_real_difference_is_found() -> None:
    assert share_of_small_p({"a": [0.7], "b": [0.5]}, 40, 300) > 0.9


def test_seeds_that_scatter_widen_the_interval() -> None:
    generator = np.random.default_rng(0)
    steady = compare_on_set(
        "similarity", "s", similarity_answers({"a": [0.5] * 4, "b": [0.5] * 4}, 400, generator), 500, 0
    )
    generator = np.random.default_rng(0)
    rhos = {"a": [0.2, 0.4, 0.6, 0.8], "b": [0.2, 0.4, 0.6, 0.8]}
    wild = compare_on_set("similarity", "s", similarity_answers(rhos, 400, generator), 500, 0)
    widths = [c.differences[0].interval.high - c.differences[0].interval.low for c in (steady, wild)]  # type: ignore[union-attr]
    assert widths[1] > 2 * widths[0]
    assert wild.scores[0].between_seeds > 0.2 > 0.06 > steady.scores[0].between_seeds


def test_between_seeds_is_the_standard_deviation() -> None:
    assert Score("a", (0.1, 0.3)).between_seeds == pytest.approx(np.std([0.1, 0.3], ddof=1))
    assert np.isnan(Score("a", (0.1,)).between_seeds)


def test_effect_sizes_by_hand() -> None:
    draws = {name: np.zeros((1, 5)) for name in "ab"}
    q = difference("similarity", Score("a", (0.6,)), Score("b", (0.5,)), draws, 0)
    assert q.effect == pytest.approx(np.arctanh(0.6) - np.arctanh(0.5))
    h = difference("analogy", Score("a", (0.6,)), Score("b", (0.5,)), draws, 0)
    assert h.effect == pytest.approx(2 * np.arcsin(np.sqrt(0.6)) - 2 * np.arcsin(np.sqrt(0.5)))


@pytest.fixture
def sets(tmp_path: Path) -> dict[str, list[Path]]:
    generator = np.random.default_rng(3)
    pairs = "".join(f"w{a}\tw{b}\t{a * b % 17}\n" for a, b in generator.integers(0, 42, size=(60, 2)))
    questions = "".join(" ".join(f"w{i}" for i in row) + "\n" for row in generator.integers(0, 42, size=(40, 4)))
    words = "".join(f"w{i}\tc{i % 3}\n" for i in range(42))
    found = {}
    for kind, text in (("similarity", pairs), ("analogy", questions), ("categories", words)):
        (tmp_path / kind).write_text(text)
        found[kind] = [tmp_path / kind]
    return found


def model(seed: int, words: int = 40) -> Vectors:
    return Vectors([f"w{i}" for i in range(words)], np.random.default_rng(seed).normal(size=(words, 6)))


def test_a_model_and_itself_do_not_differ(sets: dict[str, list[Path]]) -> None:
    for found in compare_models({"a": [model(0)], "b": [model(0)]}, **sets, resamples=200):
        d = found.differences[0]
        assert (d.difference, d.p, d.corrected, d.effect) == (0, 1, 1, 0)


def test_all_figures_are_over_what_all_models_answer(sets: dict[str, list[Path]]) -> None:
    found = compare_models({"a": [model(0, 42)], "b": [model(1, 30)]}, **sets, resamples=200)
    again = compare_models({"a": [model(0, 42).restrict(30)], "b": [model(1, 30)]}, **sets, resamples=200)
    assert [c.common for c in found] == [c.common for c in again]
    assert found[0].common < found[0].asked == 60
    for one, other in zip(found, again):
        if one.kind != "analogy":  # there more words may be the answer
            assert one.scores[0].values == pytest.approx(other.scores[0].values)


def test_p_values_are_corrected_for_the_number_of_tests(sets: dict[str, list[Path]]) -> None:
    found = compare_models({name: [model(i)] for i, name in enumerate("abc")}, **sets, resamples=200)
    tests = [d for c in found for d in c.differences]
    assert len(tests) == 9
    assert min(d.corrected for d in tests) == pytest.approx(min(1, 9 * min(d.p for d in tests)))
    assert all(d.corrected >= d.p for d in tests)


def test_sets_without_common_items_have_no_figure(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x\ty\t1\n")
    found = compare_models({"a": [model(0)], "b": [model(1)]}, [tmp_path / "s"])[0]
    assert found.common == 0
    assert np.isnan(found.differences[0].p)
    assert found.differences[0].interval is None


def test_one_model_is_no_comparison() -> None:
    with pytest.raises(ConfigError, match="at least two"):
        compare_models({"a": [model(0)]})
