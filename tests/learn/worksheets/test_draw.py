"""Draws: two seeds never give the same choices, on any machine."""

import pytest

pytest.importorskip("sympy")

from sgns.errors import ConfigError
from sgns.learn.worksheets.draw import SEEDS, Draw
from sgns.learn.worksheets.worksheet import LEVELS, TOPICS


@pytest.mark.parametrize("bases", [(7, 11, 13, 17, 19), (10_000,), (2,) * 14, (30, 29, 28, 27)])
def test_no_two_seeds_give_the_same_choices(bases):
    drawn = set()
    for seed in range(SEEDS):
        draw = Draw(seed, "label")
        drawn.add(tuple(draw.below(base) for base in bases))
        assert draw.told_apart >= SEEDS
    assert len(drawn) == SEEDS


def test_choices_are_in_range_and_all_occur():
    seen = {tuple(draw.below(6) for _ in range(8)) for draw in (Draw(seed, "dice") for seed in range(500))}
    assert {face for faces in seen for face in faces} == set(range(6))
    assert {faces[0] for faces in seen} == set(range(6))
    assert {faces[7] for faces in seen} == set(range(6))  # after the digits of the seed are used up


def test_another_label_gives_other_choices():
    assert [Draw(7, "a").below(1000), Draw(7, "b").below(1000)] == [513, 933]  # on every machine


def test_some_are_different():
    assert sorted(Draw(3, "cards").some("abcdef", 6)) == list("abcdef")


@pytest.mark.parametrize("seed", [-1, SEEDS])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ConfigError, match=f"seed is {seed}, outside 0 to 9999"):
        Draw(seed, "label")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_question_tells_all_seeds_apart(topic, level):
    """So the numbers of a question are different for any two of the 10,000 seeds."""
    _, label, make = TOPICS[topic]
    for seed in range(5):
        draw = Draw(seed, f"{label} {level}")
        make(draw, level)
        assert draw.told_apart >= SEEDS
