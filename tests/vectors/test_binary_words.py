"""Words with blanks in word2vec binary files: read rightly, or refused by word and byte; never mangled."""

import re
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.errors import FormatError
from sgns.vectors import Vectors


def content(words: list[str], E: np.ndarray, line_ends: bool = False) -> bytes:
    rows = (word.encode() + b" " + row.tobytes() + b"\n" * line_ends for word, row in zip(words, np.float32(E)))
    return b"%d %d\n" % E.shape + b"".join(rows)


def quiet(_: str) -> None:
    """Warnings are not what these tests are about."""


def normal(seed: int, *shape: int, scale: float = 0.3) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(np.float32)


def reads(path: Path, words: list[str], E: np.ndarray) -> bool:
    """Whether the file is read rightly; False when it is refused. Anything else fails."""
    try:
        v = Vectors.load(path, "word2vec-binary", on_warning=quiet)
    except FormatError as error:
        assert re.search("the word may be|promises|NaN|bytes or more are left", str(error))  # noqa: PT017
        return False
    assert v.words == words
    assert v.E.tobytes() == np.float32(E).tobytes()
    return True


ODD = ["new york", " ", "", "a b c", " the", "the ", "  ", "ice cream van", "rock 'n' roll", "東京 都", "é è"]


@pytest.mark.parametrize("line_ends", [False, True])
@pytest.mark.parametrize("d", [4, 10, 50, 100, 300])
@pytest.mark.parametrize("odd", ODD)
def test_a_word_with_blanks_is_read_rightly(tmp_path: Path, odd: str, d: int, line_ends: bool) -> None:
    words = [*(f"w{i}" for i in range(30)), odd, *(f"v{i}" for i in range(30))]
    for place in (0, 30, 60):
        order = [*words[:30], *words[31:]]
        order.insert(place, odd)
        E = normal(d + place, 61, d)
        (tmp_path / "v").write_bytes(content(order, E, line_ends))
        assert reads(tmp_path / "v", order, E)


def test_a_warning_names_the_word_and_its_byte(tmp_path: Path) -> None:
    (tmp_path / "v.bin").write_bytes(content(["a", "new york", "b"], normal(1, 3, 20)))
    said: list[str] = []
    assert Vectors.load(tmp_path / "v.bin", on_warning=said.append).words == ["a", "new york", "b"]
    assert "'new york' at byte 87" in said[0]


def test_three_hundred_files_are_read_rightly_or_refused(tmp_path: Path) -> None:
    """143 of 300 such files were loaded with mangled rows."""
    generator = np.random.default_rng(15)
    read = 0
    for seed in range(300):
        count, d = int(generator.integers(1, 30)), int(generator.integers(1, 12))
        words = list(dict.fromkeys("".join(generator.choice(list("abcdef  "), generator.integers(0, 9)))
                                   for _ in range(count)))  # fmt: skip
        E = normal(seed, len(words), d, scale=float(generator.choice([0.01, 0.3, 1, 10])))
        (tmp_path / "v").write_bytes(content(words, E, bool(seed % 2)))
        read += reads(tmp_path / "v", words, E)
    assert read > 200


@pytest.mark.parametrize("d", [pytest.param(20, marks=pytest.mark.slow), 100])
def test_many_rows_and_blocks(tmp_path: Path, d: int) -> None:
    generator = np.random.default_rng(d)
    words = [f"w{i} x" if i % 997 == 0 else f"w{i}" for i in range(20_000)]
    words[5_000:5_003] = ["", " ", "one two three four five"]
    E = normal(d, len(words), d)
    E[generator.integers(0, len(E), 300), generator.integers(0, d, 300)] = 1e-20  # unusual, but right
    E[7_000] = 0
    for line_ends in (False, True):
        (tmp_path / "v").write_bytes(content(words, E, line_ends))
        assert reads(tmp_path / "v", words, E)


def test_two_readings_are_refused_and_can_be_left_out(tmp_path: Path) -> None:
    """The word 'b' and the number 20 3a 3f 3f, or 'b ' and 3a 3f 3f 3d, after which 'w2' follows instead of '=w2'."""
    rows = [b"\x00\x00\x80?", b" :??", b"\x00\x00\x80?"]
    (tmp_path / "v").write_bytes(b"3 1\n" + b"".join(w + b" " + r for w, r in zip([b"w1", b"b", b"=w2"], rows)))
    with pytest.raises(FormatError, match=r"byte 11: the word may be 'b' or 'b '.*--repair"):
        Vectors.load(tmp_path / "v", "word2vec-binary")
    v = Vectors.load(tmp_path / "v", "word2vec-binary", repair=True, on_warning=quiet)
    assert v.words == ["w1"]


def test_a_likely_reading_does_not_hide_the_right_one(tmp_path: Path) -> None:
    """The right reading has a word with a blank and odd numbers; another one has neither, and was loaded in silence."""
    shown = b"fpxlwnghbd" + b" " + (b"d " + np.float32([0.5, 0.25]).tobytes())[:8] + b"SKbytes " + bytes(8)
    words, E = ["fpxlwnghbd d", "bytes"], np.float32([np.frombuffer(shown[13:21], "<f4"), [0, 0]])
    (tmp_path / "v").write_bytes(content(words, E))
    assert not reads(tmp_path / "v", words, E)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.text(
    string.ascii_lowercase + " ", max_size=12
)
plain_texts = texts.map(lambda text: text.replace(" ", "")).filter(bool)
any_float = st.floats(width=32, allow_nan=False, allow_infinity=False)
usual_float = st.floats(width=32, min_value=-10, max_value=10).filter(lambda x: x == 0 or abs(x) > 1e-6)


@st.composite
def files(
    draw: st.DrawFn,
    words: st.SearchStrategy[str],
    numbers: st.SearchStrategy[float],
    least_d: int = 1,
    most_d: int = 24,
) -> tuple[list[str], np.ndarray]:
    d = draw(st.integers(least_d, most_d))
    named = draw(st.lists(words, unique=True, min_size=1, max_size=12))
    rows = st.lists(st.lists(numbers, min_size=d, max_size=d), min_size=len(named), max_size=len(named))
    return named, np.array(draw(rows), np.float32).reshape(len(named), d)


like_text = st.binary(min_size=4, max_size=4).map(lambda b: bytes(b" ab?\n\0\xbd\x3f"[i % 8] for i in b))
like_text_float = like_text.map(lambda b: float(np.frombuffer(b, "<f4")[0])).filter(np.isfinite)


@settings(max_examples=600, deadline=None)
@given(
    file=files(texts, usual_float) | files(texts, any_float) | files(texts, any_float | like_text_float, most_d=3),
    line_ends=st.booleans(),
)
def test_any_words_and_numbers_are_never_mangled(tmp_path_factory, file, line_ends: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content(*file, line_ends))
    reads(path, *file)


@settings(max_examples=150, deadline=None)
@given(file=files(plain_texts, usual_float, 3), line_ends=st.booleans())
def test_words_without_blanks_are_always_read_and_gensim_agrees(tmp_path_factory, file, line_ends: bool) -> None:
    from gensim.models import KeyedVectors

    path = tmp_path_factory.getbasetemp() / "plain"
    path.write_bytes(content(*file, line_ends))
    words, E = file
    assert reads(path, words, E)
    theirs = KeyedVectors.load_word2vec_format(path, binary=True)
    assert theirs.index_to_key == words
    assert theirs.vectors.tobytes() == E.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(plain_texts, unique=True, min_size=1, max_size=8), st.integers(3, 300), st.integers(0, 2**32 - 1))
def test_what_gensim_writes(words: list[str], d: int, seed: int) -> None:
    import tempfile

    from gensim.models import KeyedVectors

    theirs = KeyedVectors(d)
    theirs.add_vectors(words, normal(seed, len(words), d))
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        theirs.save_word2vec_format(file.name, binary=True)
        assert reads(Path(file.name), theirs.index_to_key, theirs.vectors)
