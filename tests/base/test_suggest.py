"""Suggestions: what is found, in which order, and that a large vocabulary costs nothing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.base.suggest import edits, nearest

WORDS = {"queen", "Paris", "USA", "paris", "directory", "café", "window", "min-count"}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("quene", ["queen"]),  # transposition
        ("quen", ["queen"]),  # insertion
        ("queeen", ["queen"]),  # deletion
        ("queem", ["queen"]),  # replacement
        ("cafe", ["café"]),  # a letter beyond ASCII
        ("usa", ["USA"]),
        ("PARIS", ["paris", "Paris"]),
        ("qeuene", ["queen"]),  # two edits
        ("directory-tree", ["directory"]),  # shortened
        ("queen", []),  # the word itself is no suggestion
        ("xyzzy", []),
        ("", []),
        ("q" * 65, []),
    ],
)
def test_what_is_suggested(word, found):
    assert nearest(word, WORDS) == found


def test_at_most_three_or_as_many_as_asked():
    known = {f"word{i}" for i in range(10)}
    assert nearest("word", known) == ["word0", "word1", "word2"]
    assert len(nearest("word", known, most=5)) == 5


@given(st.text("abc", max_size=5))
def test_edits_are_one_edit_away(word):
    for other in edits(word, "abc"):
        assert abs(len(other) - len(word)) <= 1
        if len(other) == len(word):
            differing = [i for i in range(len(word)) if word[i] != other[i]]
            assert len(differing) <= 2
        else:
            short, long = sorted((word, other), key=len)
            assert any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def test_the_time_does_not_depend_on_the_vocabulary():
    def seconds(known):
        start = time.process_time()
        nearest("misspeled", known)
        return time.process_time() - start

    small, large = {"misspelled"}, {f"w{i}" for i in range(500_000)} | {"misspelled"}
    assert min(seconds(large) for _ in range(3)) < 20 * min(seconds(small) for _ in range(3)) + 0.05
