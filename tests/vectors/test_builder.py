"""The builder of a file's rows against its definition: each word has its first finite row, in the order of the file."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.base.files import opened
from sgns.vectors.files import word2vec_binary
from sgns.vectors.files.builder import Builder
from sgns.vectors.files.formats import read

WORDS = st.sampled_from([f"w{i}" for i in range(40)])
BLOCKS = st.lists(st.lists(st.tuples(WORDS, st.booleans()), max_size=12), max_size=12)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the builder names in its messages."""
    path = tmp_path_factory.mktemp("builder") / "v.bin"
    path.write_bytes(b"0 1\n")
    return path


@given(blocks=BLOCKS)
def test_a_word_keeps_its_first_finite_row(empty: Path, blocks: list[list[tuple[str, bool]]]) -> None:
    """In whatever blocks words come, once or several times, beside rows that are NaN."""
    rows = [(word, finite) for block in blocks for word, finite in block]
    first: dict[str, int] = {}
    twice = 0
    for number, (word, finite) in enumerate(rows):
        twice += finite and word in first
        if finite:
            first.setdefault(word, number)
    warnings: list[str] = []
    with opened(empty) as file:
        builder = Builder(file, 1, None, True, warnings.append)
        number = 0
        for block in blocks:
            for row, (_, finite) in zip(builder.next_rows(len(block)), block, strict=True):
                row[0] = number if finite else np.nan
                number += 1
            builder.add([word for word, _ in block], range(number - len(block), number), "line")
        parts = builder.finish()
    assert list(parts.words.decoded) == list(first)
    assert parts.words.index == {word: row for row, word in enumerate(first)}
    assert parts.E[:, 0].tolist() == list(first.values())
    told = [int(text.split(": ")[1].split()[0]) for text in warnings if "stand twice" in text]
    assert told == ([twice] if twice else [])


@pytest.mark.parametrize("packed", [False, True])
def test_blocks_of_a_binary_file_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    """Rows that two reads share, words that stand twice and words that hold a blank, in blocks of 10,000 bytes."""
    monkeypatch.setattr(word2vec_binary, "READ_BLOCK", 1)
    rng = np.random.default_rng(1)
    words = [f"word{i if i % 300 else 0}" if i % 777 else f"new york{i}" for i in range(2_000)]
    E = rng.standard_normal((2_000, 20), np.float32)
    data = b"2000 20\n" + b"".join(f"{word} ".encode() + row.tobytes() for word, row in zip(words, E))
    path = tmp_path / "v.bin"
    warnings: list[str] = []
    path.write_bytes(gzip.compress(data) if packed else data)
    parts = read(path, on_warning=warnings.append)
    kept = [i for i, word in enumerate(words) if words.index(word) == i]
    assert list(parts.words.decoded) == [words[i] for i in kept]
    assert np.array_equal(parts.E, E[kept])
    assert len(warnings) == 2
