"""Test sets: lines of plain and packed files, rows of words."""

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest
import zstandard

from sgns.errors import FormatError, InputError
from sgns.evaluation.sets import LONGEST_LINE, Lookup, read_lines
from sgns.vectors.vectors import Vectors

TEXT = "\ufeffkatze\thund\t8\n\n \r\nmäuse\tmaus\t9\r\nletzte"
LINES = [(1, "katze\thund\t8"), (4, "mäuse\tmaus\t9"), (5, "letzte")]
PACKERS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("kind", PACKERS)
def test_lines_keep_their_numbers_in_plain_and_packed_files(tmp_path: Path, kind: str) -> None:
    (tmp_path / "s").write_bytes(PACKERS[kind](TEXT.encode()))
    assert list(read_lines(tmp_path / "s")) == LINES


@pytest.mark.parametrize("kind", list(PACKERS)[1:])
def test_a_torn_file_is_a_format_error(tmp_path: Path, kind: str) -> None:
    text = "".join(f"w{i}\tw{i * i}\t{i % 7}\n" for i in range(5000))
    packed = PACKERS[kind](text.encode())
    (tmp_path / "s").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FormatError, match=f"the {kind} file is torn"):
        list(read_lines(tmp_path / "s"))


def test_errors_have_the_line_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"ok\nm\xe4use\n")
    with pytest.raises(FormatError, match="line 2 is not UTF-8; convert it"):
        list(read_lines(tmp_path / "latin"))
    (tmp_path / "long").write_text("a\n" + "x" * (4 * LONGEST_LINE) + "\n")
    with pytest.raises(FormatError, match="line 2 is longer than 10,000 characters"):
        list(read_lines(tmp_path / "long"))
    with pytest.raises(InputError, match="is a folder; name a file"):
        list(read_lines(tmp_path))


def test_the_exact_word_comes_first_then_lower_case_then_any() -> None:
    vectors = Vectors(["US", "us", "PARIS", "Paris", "Straße"], np.eye(5))
    lookup = Lookup(vectors)
    assert [lookup.row(word) for word in ("us", "US", "Us", "paris", "STRASSE", "nowhere")] == [1, 0, 1, 2, 4, -1]
    assert lookup.folded == {"Us", "paris", "STRASSE"}
    assert Lookup(vectors, ignore_case=False).row("paris") == -1
