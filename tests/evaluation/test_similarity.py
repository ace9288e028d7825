"""Similarity sets: figures equal gensim's, coverage and everything that was done to the set is said."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.errors import ConfigError, FormatError, InputError
from sgns.evaluation.similarity import evaluate_similarity, read_pairs
from sgns.vectors.vectors import Vectors

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "similarity"


def angles(**degrees: float) -> Vectors:
    turned = np.deg2rad(list(degrees.values()))
    return Vectors(list(degrees), np.stack([np.cos(turned), np.sin(turned)], axis=1))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_perfect_order_by_construction(tmp_path: Path) -> None:
    v = angles(a=0, b=10, c=40, d=90)
    path = write(tmp_path / "set.tsv", "a\tb\t9\na\tc\t5\na\td\t1\nb\td\t2\n")
    found = evaluate_similarity(v, path)
    assert found.spearman == pytest.approx(1)
    assert found.pearson == pytest.approx(np.corrcoef([9, 5, 1, 2], np.cos(np.deg2rad([10, 40, 90, 80])))[0, 1])
    assert (found.asked, found.answered, found.coverage) == (4, 4, 1)
    assert found.name == "set.tsv"


def test_unknown_words_are_counted_and_named_never_made_up(tmp_path: Path) -> None:
    path = write(tmp_path / "s", "a\tb\t9\na\tx\t5\ny\tx\t1\na\tc\t3\n")
    found = evaluate_similarity(angles(a=0, b=10, c=40), path)
    assert (found.asked, found.answered) == (4, 2)
    assert found.unknown == ("x", "y")
    assert found.items.tolist() == [0, 3]


def test_no_pair_answered_is_no_figure(tmp_path: Path) -> None:
    found = evaluate_similarity(angles(a=0, b=10), write(tmp_path / "s", "x\ty\t1\n"))
    assert np.isnan(found.spearman)
    assert found.interval is None
    assert found.coverage == 0


def test_case_is_tried_exact_first_and_said(tmp_path: Path) -> None:
    v = angles(May=0, may=90, june=5, PARIS=50)
    path = write(tmp_path / "s", "May\tjune\t9\nmay\tjune\t1\nParis\tJune\t3\n")
    found = evaluate_similarity(v, path)
    assert found.answered == 3
    assert found.folded == 2  # Paris, June
    assert found.cosines[0] > found.cosines[1]
    assert evaluate_similarity(v, path, ignore_case=False).answered == 2


def test_duplicates_are_kept_or_merged_and_said(tmp_path: Path) -> None:
    path = write(tmp_path / "s", "a\tb\t8\nb\ta\t6\na\tc\t5\nb\tc\t1\nA\tB\t7\n")
    kept = evaluate_similarity(angles(a=0, b=10, c=40), path)
    merged = evaluate_similarity(angles(a=0, b=10, c=40), path, duplicates="merge")
    assert kept.duplicates == merged.duplicates == 2
    assert (kept.answered, merged.answered) == (5, 3)
    assert merged.human.tolist() == [7, 5, 1]
    with pytest.raises(ConfigError, match="keep or merge"):
        evaluate_similarity(angles(a=0), path, duplicates="drop")  # type: ignore[arg-type]


def test_ties_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "s", "a\tb\t5\na\tc\t5\nb\tc\t1\n")
    assert evaluate_similarity(angles(a=0, b=10, c=40), path).tied == 2


@pytest.mark.parametrize(
    "text",
    ["a\tb\t9\nc\td\t1\n", "a,b,9\nc,d,1\n", "a b 9\nc d 1\n", "word1\tword2\tscore\na\tb\t9\nc\td\t1\n",
     "# from a paper\na\tb\t9\textra\nc\td\t1\n", "\ufeffa\tb\t9\r\nc\td\t1\r\n\r\n"],
)  # fmt: skip
def test_forms_of_a_set(tmp_path: Path, text: str) -> None:
    wanted = [("a", "b", 9.0), ("c", "d", 1.0)]
    assert read_pairs(write(tmp_path / "s", text)) == wanted
    (tmp_path / "s.gz").write_bytes(gzip.compress(text.encode()))
    assert read_pairs(tmp_path / "s.gz") == wanted


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\n", "line 1 has 2 columns"),
        (b"a\tb\t1\na\tb\tx\n", "line 2: the score 'x' is no number"),
        (b"a\tb\tnan\n", "line 1: the score 'nan' is not finite"),
        (b"", "no pairs"),
        (b"a\tb\t1\n\xff\tb\t2\n", "line 2 is not UTF-8.*iconv"),
        (b"x" * 50_000, "longer than"),
    ],
)
def test_a_wrong_set_is_named_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read_pairs(tmp_path / "s")


def test_a_set_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="check the path"):
        read_pairs(tmp_path / "s")


def test_a_vector_that_is_not_finite(tmp_path: Path) -> None:
    v = Vectors(["a", "b", "c"], np.float32([[1, 0], [np.nan, 1], [1, 1]]))
    with pytest.raises(FormatError, match="the vector of 'b' is not finite"):
        evaluate_similarity(v, write(tmp_path / "s", "a\tc\t1\na\tb\t2\n"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14), st.integers(0, 6)), min_size=3, max_size=30),
       st.integers(0, 10**6))  # fmt: skip
def test_equal_to_gensim_on_any_set(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int, int]], seed: int
) -> None:
    gensim = pytest.importorskip("gensim.models")
    E = np.random.default_rng(seed).normal(size=(12, 4)).astype(np.float32)  # words 12 to 14 are unknown
    v = Vectors([f"w{i}" for i in range(12)], E)
    path = write(tmp_path_factory.mktemp("g") / "s", "".join(f"w{a}\tw{b}\t{s}\n" for a, b, s in pairs))
    peer = gensim.KeyedVectors(4)
    peer.add_vectors(v.words, E)
    found = evaluate_similarity(v, path, resamples=0)
    known = {(min(a, b), max(a, b)) for a, b, _ in pairs if max(a, b) < 12}
    constant = len(set(found.human)) < 2 or np.ptp(found.cosines) < 1e-6
    if constant or len(set(found.cosines.round(6))) < len(known):
        return  # no correlation, or ties that rounding decides
    theirs = peer.evaluate_word_pairs(str(path))
    assert found.spearman == pytest.approx(theirs[1][0], abs=0.02)
    assert found.pearson == pytest.approx(theirs[0][0], abs=1e-5)
    assert 100 * (1 - found.coverage) == pytest.approx(theirs[2])


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the test sets")
@pytest.mark.parametrize("name", ["wordsim353", "simlex999", "men"])
def test_equal_to_gensim_on_real_sets(name: str) -> None:
    gensim = pytest.importorskip("gensim.models")
    path = DATA / f"{name}.tsv"
    words = sorted({w.lower() for a, b, _ in read_pairs(path) for w in (a, b)})[::-1][5:]
    E = np.random.default_rng(0).normal(size=(len(words), 30)).astype(np.float32)
    peer = gensim.KeyedVectors(30)
    peer.add_vectors(words, E)
    found = evaluate_similarity(Vectors(words, E), path, resamples=100)
    theirs = peer.evaluate_word_pairs(str(path))
    assert found.spearman == pytest.approx(theirs[1][0], abs=1e-5)
    assert found.pearson == pytest.approx(theirs[0][0], abs=1e-6)
    assert found.asked == len(read_pairs(path))
    assert found.interval is not None
    assert found.interval.low < found.spearman < found.interval.high
