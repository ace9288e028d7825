"""Texts of files: one a line as training divides lines, or one a cell."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.errors import InputError
from sgns.text import lines
from sgns.text.lines import read_texts


@given(
    text=st.lists(st.sampled_from(["a", "ü", "b c", "\n", "\r", "\r\n", "\n\n"]), min_size=1, max_size=30).map("".join),
    block=st.sampled_from([1, 2, 3, 5, 1000]),
)
def test_lines_are_those_of_python_wherever_a_block_ends(
    tmp_path_factory: pytest.TempPathFactory, text: str, block: int
) -> None:
    path = tmp_path_factory.mktemp("text") / "texts.txt"
    path.write_bytes(text.encode())
    with path.open(encoding="utf-8") as file:  # universal newlines
        wanted = [line.rstrip("\n") for line in file]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", block)
        assert list(read_texts(path)) == wanted


def test_packed_undecodable_and_several_files(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\n\ntwo"))
    (tmp_path / "b").write_bytes(b"thr\xffee\n")
    assert list(read_texts([tmp_path / "a.gz", tmp_path / "b"])) == ["one", "", "two", "thr\ufffdee"]


def test_cells_of_a_column(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "one\\ntwo"}\n{"text": "three"}\n')
    assert list(read_texts(tmp_path / "a.jsonl", "text")) == ["one\ntwo", "three"]


def test_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(InputError, match="there is no text in it; write one text a line"):
        list(read_texts(tmp_path / "empty"))
    with pytest.raises(InputError, match="does not exist"):
        list(read_texts(tmp_path / "nowhere"))
