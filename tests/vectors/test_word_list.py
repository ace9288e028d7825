"""Words found in their file's lines are the words of the list and the index, whatever the question."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sgns.errors import FormatError, UnknownWord
from sgns.vectors import Vectors, word_list

spellings = st.text(st.sampled_from("abä "), max_size=3)


@given(st.lists(spellings, min_size=1, max_size=30), spellings, st.integers(1, 20))
@example([""], "", 1)
@example(["", ""], "", 1)
@example(["a", "b", ""], "", 2)
@example(["a", "aa", "a"], "a", 3)
def test_lines_are_those_of_split(words: list[str], other: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_list, "LINE_BLOCK", block)
        found = word_list.WordLines("\n".join(words).encode())
        assert len(found) == len(words)
        assert [found.word(i) for i in range(len(words))] == words
        for word in [*words, other]:
            assert found.row(word) == (words.index(word) if words.count(word) == 1 else None)
        assert found.row("\n".join(words)) == (0 if len(words) == 1 and words.count(words[0]) == 1 else None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    E = np.random.default_rng(0).normal(size=(50_000, 8)).astype(np.float32)
    Vectors([f"w{i}" for i in range(len(E))], E).save(tmp_path / "v.safetensors")
    return tmp_path / "v.safetensors"


def test_answers_are_the_same_before_and_after_the_index(path: Path) -> None:
    v, w = Vectors.load(path), Vectors.load(path)
    w.index  # noqa: B018
    for ask in (
        lambda v: v.most_similar("w7"),
        lambda v: v.most_similar(["w49999", "w0"], "w11", n=99),
        lambda v: v.most_similar("w7", n=1000),
        lambda v: v.analogy("w1", "w2", "w3"),
        lambda v: v.analogy("w1", "w2", "w3", method="mul"),
        lambda v: v.closer_than("w5", v.most_similar("w5", n=9)[-1][0]),
        lambda v: ("w12" in v, "w50000" in v, 3 in v),
        lambda v: v[["w3", "w30000"]].tolist(),
    ):
        assert ask(v) == ask(w)
        v = Vectors.load(path)
    with pytest.raises(UnknownWord, match="did you mean w"):
        v["w50000"]


def test_a_first_question_decodes_no_list_of_words(path: Path) -> None:
    Vectors.load(path).most_similar("w7")  # imports
    v = Vectors.load(path)
    tracemalloc.start()
    v.most_similar("w7")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5e6  # the list alone takes 3 MB


def test_many_questions_make_the_index(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    row = word_list.WordLines.row
    monkeypatch.setattr(word_list.WordLines, "row", lambda self, word: searched.append(word) or row(self, word))
    v = Vectors.load(path)
    assert [v.id(f"w{i}") for i in range(200)] == list(range(200))
    assert len(searched) == word_list.MOST_SEARCHES
    v = Vectors.load(path)
    assert v.ids([f"w{i}" for i in range(200)]).tolist() == list(range(200))
    assert len(searched) == word_list.MOST_SEARCHES  # a long list is worth an index at once


def test_a_damaged_list_of_words_is_an_error() -> None:
    twice, short, latin = (Vectors(words, np.eye(3)) for words in (b"a\nb\na", b"a\nb", b"a\nb\n\xe4"))
    with pytest.raises(FormatError, match="'a' stands twice"):
        twice.most_similar("a")
    with pytest.raises(FormatError, match="2 words for 3 rows"):
        short.most_similar("a")
    with pytest.raises(FormatError, match="not UTF-8 at byte 4"):
        latin.most_similar("a")


def test_the_index_of_integer_words_is_made_once() -> None:
    words = word_list.IntegerWords(word_list.WordList(["7", "x", "-3"], 3))
    assert words.index == {7: 0, "x": 1, -3: 2}
    assert words.index is words.index
