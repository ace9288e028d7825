"""Rows of text formats: the last d fields are numbers and what stands before them is the word, wherever the row is."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.errors import FormatError
from sgns.vectors import Vectors
from sgns.vectors.files import word2vec_text


def quiet(_: str) -> None:
    """Warnings are not what these tests are about."""


def written(words: list[str], E: np.ndarray, separator: str = " ", header: str = "") -> bytes:
    rows = [separator.join([word, *(f"{x:.9g}" if x % 1 else f"{x:.1f}" for x in row.tolist())]) for word, row in
            zip(words, E)]  # fmt: skip
    return (header + "\n".join(rows) + "\n").encode()


ROWS = [f"w{i}" for i in range(20)]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("place", [0, 1, 10, 20])
@pytest.mark.parametrize("odd", ["route 66", "route 66 77", "1984 2001", "3 . 14", ". . .", "at name@example.com"])
def test_a_word_that_ends_in_numbers_is_kept_wherever_it_stands(tmp_path: Path, odd: str, place: int, header: bool):
    words = [*ROWS[:place], odd, *ROWS[place:]]
    E = np.random.default_rng(place).normal(size=(21, 3)).astype(np.float32)
    for count in (21, place + 1):  # also as the last row of a small file
        (tmp_path / "v").write_bytes(written(words[:count], E[:count], header=f"{count} 3\n" if header else ""))
        if count == 1 and not header:
            continue  # a file of one row without a header says nothing about it
        v = Vectors.load(tmp_path / "v", on_warning=quiet)
        if count == 2 and not header and odd.endswith("77"):
            continue
        assert v.words == words[:count]
        assert v.E.tobytes() == E[:count].tobytes()


def test_large_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"w{i} {i}" if i % 3 == 0 else f"w{i}" for i in range(5_000)]
    E = np.random.default_rng(0).normal(size=(5_000, 3)).astype(np.float32)
    monkeypatch.setattr(word2vec_text, "WORTH_COMPILING", 0)
    for header in ("5000 3\n", ""):
        (tmp_path / "v").write_bytes(written(words, E, header=header))
        v = Vectors.load(tmp_path / "v", on_warning=quiet)
        assert v.words == words
        assert v.E.tobytes() == E.tobytes()


words_with_digits = st.lists(
    st.sampled_from(["route", "66", "7", "a", "b-2", "1e5x", "."]), min_size=1, max_size=3
).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(words_with_digits, unique=True, min_size=1, max_size=12), d=st.integers(2, 5), data=st.data())
def test_any_words_with_digits_under_a_header(tmp_path_factory, words: list[str], d: int, data: st.DataObject) -> None:
    E = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(len(words), d)).astype(np.float32)
    path = tmp_path_factory.getbasetemp() / "digits"
    separator = data.draw(st.sampled_from([" ", "\t", "  ", " \t"]))
    path.write_bytes(written(words, E, separator, f"{len(words)} {d}\n"))
    v = Vectors.load(path, on_warning=quiet)
    assert v.words == words
    assert v.E.tobytes() == E.tobytes()


@settings(max_examples=150, deadline=None)
@given(data=st.data(), d=st.integers(2, 5), plain=st.integers(3, 9))
def test_the_majority_says_the_dimension_without_a_header(tmp_path_factory, data, d: int, plain: int) -> None:
    odd = data.draw(st.lists(words_with_digits, unique=True, max_size=plain - 1))
    words = data.draw(st.permutations([f"w{i}" for i in range(plain)] + odd))
    E = np.random.default_rng(plain).normal(size=(len(words), d)).astype(np.float32)
    path = tmp_path_factory.getbasetemp() / "majority"
    path.write_bytes(written(words, E))
    v = Vectors.load(path, "glove", on_warning=quiet)
    assert v.words == words
    assert v.E.tobytes() == E.tobytes()


# --- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("header", ["3 2\n", "3\t2\n", "3   2\n", " 3 2 \r\n", ""])
@pytest.mark.parametrize("separator", [" ", "\t", "   ", "\t\t", " \t "])
def test_blanks_and_tabs_between_columns(tmp_path: Path, monkeypatch, separator: str, header: str, compiled: bool):
    if compiled:
        monkeypatch.setattr(word2vec_text, "WORTH_COMPILING", 0)
    E = np.float32([[0.5, 1.25], [-2.5, 3.5], [4.5, 5.5]])
    (tmp_path / "v").write_bytes(written(["a", "new york", "b"], E, separator, header))
    v = Vectors.load(tmp_path / "v", on_warning=quiet)
    assert v.words == ["a", "new york", "b"]
    assert v.E.tolist() == E.tolist()


def test_aligned_columns_and_leading_blanks(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("2 2\n  the   0.5  -1.5\n  of   -0.25  2.5\n")
    v = Vectors.load(tmp_path / "v", on_warning=quiet)
    assert v.words == ["the", "of"]
    assert v.E.tolist() == [[0.5, -1.5], [-0.25, 2.5]]


def test_two_numbers_with_a_tab_are_a_row_of_a_tsv(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("7\t1\n8\t2\n")
    assert Vectors.load(tmp_path / "v", "glove").words == ["7", "8"]


# --- byte order marks ------------------------------------------------------------------------------------------------

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "content",
    [b"the 0.5 1.5\nof 2.5 3.5\n", b"2 2\nthe 0.5 1.5\nof 2.5 3.5\n", b"the\t.5\t1.5\nof\t2.5\t3.5\n"],
)
def test_a_byte_order_mark_is_no_part_of_a_word(tmp_path: Path, content: bytes, packed: bool) -> None:
    (tmp_path / "v").write_bytes(gzip.compress(BOM + content) if packed else BOM + content)
    v = Vectors.load(tmp_path / "v")
    assert v.words == ["the", "of"]
    assert v.E.tolist() == [[0.5, 1.5], [2.5, 3.5]]


def test_a_byte_order_mark_before_numbers_metadata_and_binary(tmp_path: Path) -> None:
    (tmp_path / "v.tsv").write_bytes(BOM + b"0.5\t1.5\n2.5\t3.5\n")
    for metadata, counts in ((b"the\nof\n", None), (b"word\tcount\nthe\t5\nof\t3\n", [5, 3])):
        (tmp_path / "v_metadata.tsv").write_bytes(BOM + metadata)
        v = Vectors.load(tmp_path / "v.tsv")
        assert v.words == ["the", "of"]
        assert (None if v.counts is None else v.counts.tolist()) == counts
    Vectors(["the", "of"], np.float32(np.random.default_rng(0).normal(size=(2, 9)))).save(tmp_path / "w.bin")
    plain = Vectors.load(tmp_path / "w.bin")
    (tmp_path / "w.bin").write_bytes(BOM + (tmp_path / "w.bin").read_bytes())
    again = Vectors.load(tmp_path / "w.bin")
    assert again.words == plain.words
    assert again.E.tobytes() == plain.E.tobytes()


def test_a_byte_order_mark_before_gold_sets(tmp_path: Path) -> None:
    from sgns.evaluation import read_categories, read_pairs, read_questions

    for name, read, content in (
        ("pairs", read_pairs, "the\tof\t3.5\ncat\tdog\t7\n"),
        ("questions", read_questions, ": capitals\nparis france rome italy\n"),
        ("categories", read_categories, "cat\tanimal\nrose\tplant\n"),
    ):
        (tmp_path / name).write_text(content)
        plain = read(tmp_path / name)
        (tmp_path / name).write_bytes(BOM + content.encode())
        assert repr(read(tmp_path / name)).replace(str(tmp_path), "") == repr(plain).replace(str(tmp_path), "")


@pytest.mark.parametrize("encoding", ["latin1", "utf-16"])
def test_another_encoding_is_named_and_the_remedy_works(tmp_path: Path, encoding: str) -> None:
    import subprocess

    from sgns.evaluation import read_pairs

    path = tmp_path / "pairs"
    path.write_bytes("café\tthé\t3.5\ncat\tdog\t7\n".encode(encoding))
    with pytest.raises(FormatError, match=f"line 1 is not UTF-8; convert it: iconv -f {encoding} -t utf-8") as caught:
        read_pairs(path)
    command = str(caught.value).split("convert it: ")[1].replace("NEW", str(tmp_path / "new"))
    subprocess.run(command, shell=True, check=True)
    assert read_pairs(tmp_path / "new")
