"""Analogies: answers known by construction, accuracy equal to gensim's, every figure with what it was asked."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.errors import ConfigError, FormatError
from sgns.evaluation import analogy
from sgns.evaluation.analogy import evaluate_analogies, read_questions
from sgns.vectors.vectors import Vectors

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "analogy" / "questions-words.txt"
QUESTIONS = """: capitals
paris france berlin germany
paris france rome italy
: gram1-plural
cat cats dog dogs
cat cats xxx xxxs
"""


@pytest.fixture
def v() -> Vectors:
    capital, plural = np.array([0, 0, 0, 0, 0, 1, 0.0]), np.array([0, 0, 0, 0, 0, 0, 1.0])
    base = dict(zip(["france", "germany", "italy", "cat", "dog"], np.eye(7)[:5]))
    rows = base | {"paris": base["france"] + capital, "berlin": base["germany"] + capital}
    rows |= {"rome": -base["italy"] + capital, "cats": base["cat"] + plural, "dogs": base["dog"] + plural}
    return Vectors(list(rows), np.array(list(rows.values())))


def write(path: Path, text: str = QUESTIONS) -> Path:
    path.write_text(text)
    return path


def test_sections_halves_and_total(v: Vectors, tmp_path: Path) -> None:
    found = evaluate_analogies(v, write(tmp_path / "q.txt"))
    assert [(s.name, s.right, s.answered, s.asked) for s in found.sections] == [
        ("capitals", 1, 2, 2),
        ("gram1-plural", 1, 1, 2),
    ]
    assert (found.semantic.accuracy, found.syntactic.accuracy) == (0.5, 1)
    assert (found.accuracy, found.answered, found.asked, found.coverage) == (pytest.approx(2 / 3), 3, 4, 0.75)
    assert found.unknown == ("xxx", "xxxs")
    assert found.items.tolist() == [0, 1, 2]
    assert found.correct.tolist() == [True, False, True]


def test_restrict_takes_the_most_frequent_and_says_what_it_left_out(v: Vectors, tmp_path: Path) -> None:
    found = evaluate_analogies(v, write(tmp_path / "q"), restrict=7)
    assert found.answered == 1
    assert found.restrict == 7
    assert "cats" in found.unknown
    everything = evaluate_analogies(v, write(tmp_path / "q"), restrict=None)
    assert everything.answered == 3
    with pytest.raises(ConfigError):
        evaluate_analogies(v, write(tmp_path / "q"), restrict=0)


def test_case_variants_count_as_one_word(tmp_path: Path) -> None:
    E = np.float32([[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 1.1, 1], [0, 1, 1], [0, 1, 0.02]])
    v = Vectors(["a", "b", "c", "D", "d", "C"], E)
    path = write(tmp_path / "q", "A B C D\n")
    found = evaluate_analogies(v, path)
    assert found.answered == 1
    assert found.accuracy == 1  # D and d are both right, C is no answer
    assert evaluate_analogies(v, path, ignore_case=False).answered == 0


def test_duplicates_are_counted(v: Vectors, tmp_path: Path) -> None:
    assert evaluate_analogies(v, write(tmp_path / "q", QUESTIONS + "cat cats dog dogs\n")).duplicates == 1


def test_nothing_answered(tmp_path: Path) -> None:
    found = evaluate_analogies(Vectors(["a"], np.ones((1, 2))), write(tmp_path / "q"))
    assert np.isnan(found.accuracy)
    assert found.interval is None
    assert found.coverage == 0


@pytest.mark.parametrize(("text", "message"), [("a b c\n", "line 1 has 3 words"), (": x\n", "no questions")])
def test_wrong_sets(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_questions(write(tmp_path / "q", text))


def test_phrases_between_tabs(tmp_path: Path) -> None:
    read = read_questions(write(tmp_path / "q.txt", "new york\tnew jersey\ta\tb\n"))
    assert read == [("q", ("new york", "new jersey", "a", "b"))]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["add", "mul"]), st.integers(1, 9), st.integers(1, 9))
def test_any_tiling_gives_the_answers_of_vectors(seed: int, method: str, columns: int, part: int) -> None:
    generator = np.random.default_rng(seed)
    v = Vectors([str(i) for i in range(30)], generator.normal(size=(30, 5)))
    questions = np.array([generator.choice(30, 3, replace=False) for _ in range(12)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analogy, "COLUMNS", columns)
        patch.setattr(analogy, "QUESTIONS", part)
        answers = analogy.best_answers(v, questions, np.arange(30), method)  # type: ignore[arg-type]
    for question, row in zip(questions, answers):
        best = v.analogy(*(v.words[i] for i in question), n=2, method=method)  # type: ignore[arg-type, misc]
        assert v.words[row] == best[0][0] or best[0][1] - best[1][1] < 1e-5


@pytest.mark.skipif(not DATA.is_file(), reason="needs the test sets")
@pytest.mark.parametrize("restrict", [pytest.param(300, marks=pytest.mark.slow), 30_000])
def test_accuracy_is_gensims(restrict: int) -> None:
    gensim = pytest.importorskip("gensim.models")
    words = sorted({w.lower() for _, q in read_questions(DATA) for w in q})
    generator = np.random.default_rng(0)
    generator.shuffle(words)
    # countries and capitals etc. share a direction, so that many questions come out right
    at = {w: i for i, w in enumerate(words)}
    E = generator.normal(size=(len(words), 20))
    for section, (a, b, *_) in read_questions(DATA):
        E[at[b.lower()]] = E[at[a.lower()]] + 0.8 * np.random.default_rng(len(section)).normal(size=20)
    E = (E + 0.2 * generator.normal(size=E.shape)).astype(np.float32)
    peer = gensim.KeyedVectors(20)
    peer.add_vectors(words, E)
    score, sections = peer.evaluate_word_analogies(str(DATA), restrict_vocab=restrict)
    found = evaluate_analogies(Vectors(words, E), DATA, restrict=restrict)
    assert found.answered == len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
    assert found.accuracy == pytest.approx(score, abs=1e-4)  # a level score or two may fall either way
    assert found.total.right > 0.05 * found.answered
