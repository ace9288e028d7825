import numpy as np

from sgns.figures.choice import choose_groups
from sgns.vectors.vectors import Vectors


def test_planted_groups_are_chosen(vectors, groups):
    chosen = choose_groups(vectors, groups=4, size=6)
    assert sorted(sorted(group) for group in chosen) == sorted(sorted(group) for group in groups.values())


def test_groups_share_no_word(vectors):
    words = [word for group in choose_groups(vectors, groups=8, size=5) for word in group]
    assert len(words) == len(set(words))


def test_a_common_direction_does_not_hide_the_groups(vectors, groups):
    lengths = np.linalg.norm(vectors.E, axis=1, keepdims=True)
    leaning = vectors.E / lengths + 3.0  # every cosine is now above 0.9
    chosen = choose_groups(Vectors(vectors.words, leaning, None, vectors.counts), groups=4, size=6)
    assert sorted(sorted(group) for group in chosen) == sorted(sorted(group) for group in groups.values())


def test_function_words_numbers_and_rare_words_stay_out():
    random = np.random.default_rng(0)
    words = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(100)] + ["a", "42", "of", "rare"]
    words = [word.replace("word", "wo") for word in words]
    counts = np.array([100] * 103 + [3])
    chosen = choose_groups(Vectors(words, random.normal(size=(104, 8)), None, counts), groups=20)
    assert not {"a", "42", "of", "rare"} & {word for group in chosen for word in group}


def test_small_models_give_what_they_have():
    assert choose_groups(Vectors(["a"], np.ones((1, 3)))) == [["a"]]
    assert choose_groups(Vectors([], np.ones((0, 3)))) == []
    assert sorted(choose_groups(Vectors(["a", "b", "c"], np.eye(3)))[0]) == ["a", "b", "c"]
