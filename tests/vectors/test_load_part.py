"""Part of a file: the first rows, or those of some words, of every format; time and memory grow with what is kept."""

import os
import sys
import threading
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgns
from sgns.base import files
from sgns.errors import ConfigError, FormatError, InputError
from sgns.vectors import Vectors
from sgns.vectors.files import fasttext_binary, formats, npz

FORMATS = {name: ending for ending, name in formats.ENDINGS.items()}
PACKINGS = ("", ".gz")


def quiet(_: str) -> None:
    """Warnings are not what these tests are about."""


def made(V: int, d: int, seed: int = 1) -> Vectors:
    generator = np.random.default_rng(seed)
    words = ["the", "new york", "route 66", "東京", "a\\x", *(f"w{i}" for i in range(V - 5))]
    E, C = generator.normal(size=(2, V, d)).astype(np.float32)
    return Vectors(words, E, C, np.arange(V, 0, -1), {"seed": seed})


def same(part: Vectors, whole: Vectors, words: list[str]) -> None:
    """`part` is `whole` with these words alone, bit for bit."""
    expected = whole.select(words)
    assert part.words == words
    assert part.E.tobytes() == expected.E.tobytes()
    for name in ("C", "counts"):
        one, other = getattr(part, name), getattr(expected, name)
        assert (one is None) == (other is None)
        assert one is None or np.array_equal(one, other)
    assert part.metadata == whole.metadata


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_a_part_is_the_whole_with_fewer_rows(tmp_path_factory, format: str, packing: str, data: st.DataObject) -> None:
    V, d = data.draw(st.integers(6, 60)), data.draw(st.integers(2, 30))
    path = tmp_path_factory.getbasetemp() / f"part{FORMATS[format]}{packing}"
    made(V, d).save(path, on_warning=quiet)
    whole = sgns.load(path, on_warning=quiet)
    limit = data.draw(st.none() | st.integers(1, V + 3))
    words = data.draw(st.none() | st.lists(st.sampled_from([*whole.words, "not there"]), min_size=1, unique=True))
    expected = [word for word in whole.words[:limit] if words is None or word in words]
    if words is not None and not expected:
        with pytest.raises(ConfigError, match="none of the"):
            sgns.load(path, limit=limit, only=words)
        return
    same(sgns.load(path, limit=limit, only=words, on_warning=quiet), whole, expected)


@pytest.mark.parametrize("d", [10, 80])  # all rows are searched for blanks, or few are
@pytest.mark.parametrize("ending", [".bin", ".txt", ".tsv"])
def test_files_of_several_blocks(tmp_path: Path, d: int, ending: str) -> None:
    whole = made(9_000, d)
    whole.save(tmp_path / f"v{ending}", on_warning=quiet)
    whole = sgns.load(tmp_path / f"v{ending}", on_warning=quiet)
    for limit, words in ((1, None), (8_999, None), (None, ["w0", "w5000", "w8994"]), (6_000, ["w3", "w8000"])):
        expected = [word for word in whole.words[:limit] if words is None or word in words]
        same(sgns.load(tmp_path / f"v{ending}", limit=limit, only=words, on_warning=quiet), whole, expected)


@pytest.mark.parametrize("ending", [".txt", ".vec", ".glove", ".bin", ".txt.gz", ".bin.gz"])
def test_reading_stops_at_the_limit(tmp_path: Path, ending: str) -> None:
    made(20_000, 50).save(tmp_path / f"v{ending}", on_warning=quiet)
    read: list[int] = []
    sgns.load(tmp_path / f"v{ending}", limit=10, progress=lambda what, done, all, unit: read.append(done))
    assert max(read) < (tmp_path / f"v{ending}").stat().st_size / 3


def test_reading_stops_at_the_last_of_the_words(tmp_path: Path) -> None:
    path = tmp_path / "v.glove"
    made(60_000, 50).save(path, on_warning=quiet)
    assert path.stat().st_size > 3 * 2**23
    read: list[int] = []
    sgns.load(path, only=["w3", "w9"], progress=lambda what, done, all, unit: read.append(done))
    assert max(read) <= 2**23 + 2**16


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (".safetensors", {"limit": 10}),
        (".bin", {"only": ["w5", "w17000"]}),
        *(
            pytest.param(*case, marks=pytest.mark.slow)  # every format, with smaller blocks: the next test
            for case in (
                (".safetensors", {"only": ["w5", "w17000"]}),
                (".safetensors.gz", {"limit": 10}),
                (".bin", {"limit": 10}),
                (".txt", {"limit": 10}),
                (".npz", {"limit": 10}),
                (".fasttext.bin", {"limit": 10}),
                (".fasttext.bin", {"only": ["w5", "w17000"]}),
            )
        ),
    ],
)
def test_memory_grows_with_what_is_kept(tmp_path: Path, ending: str, options: dict) -> None:
    whole = made(20_000, 300)  # 24 MB in each matrix
    whole.save(tmp_path / f"v{ending}", on_warning=quiet)
    tracemalloc.start()
    sgns.load(tmp_path / f"v{ending}", on_warning=quiet, **options).E.sum()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize("options", [{"limit": 10}, pytest.param({"only": ["w5", "w4000"]}, marks=pytest.mark.slow)])
@pytest.mark.parametrize("ending", [*FORMATS.values(), ".fasttext.bin.gz"])
def test_memory_is_that_of_a_block_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, options: dict
) -> None:
    """Readers work block by block; with blocks of 64 KB they hold some of these, of matrices of 6 MB each."""
    for module in (files, npz, fasttext_binary):
        monkeypatch.setattr(module, "READ_BLOCK", 2**16)
    made(5_000, 300).save(tmp_path / f"v{ending}", on_warning=quiet)
    tracemalloc.start()
    sgns.load(tmp_path / f"v{ending}", on_warning=quiet, **options).E.sum()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
@pytest.mark.parametrize("ending", [".safetensors", ".bin", ".txt", ".npz"])
@pytest.mark.parametrize("options", [{"limit": 7}, {"only": ["w2", "w90"]}])
def test_a_pipe(tmp_path: Path, ending: str, options: dict) -> None:
    whole = made(100, 20)
    whole.save(tmp_path / f"v{ending}", on_warning=quiet)
    whole = sgns.load(tmp_path / f"v{ending}", on_warning=quiet)
    os.mkfifo(tmp_path / "pipe")

    def send() -> None:
        with suppress(BrokenPipeError), (tmp_path / "pipe").open("wb", 0) as pipe:
            pipe.write((tmp_path / f"v{ending}").read_bytes())

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    part = sgns.load(tmp_path / "pipe", on_warning=quiet, **options)
    sender.join(60)
    same(part, whole, whole.words[:7] if "limit" in options else ["w2", "w90"])


def test_damage_beyond_the_limit_does_not_matter_and_before_it_does(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("4 2\na 1 2\nb 3 4\nc x y\nd 5\n")
    assert sgns.load(path, limit=2).words == ["a", "b"]
    assert sgns.load(path, only=["b"]).E.tolist() == [[3, 4]]
    with pytest.raises(FormatError, match="line 4"):
        sgns.load(path, limit=3)
    with pytest.raises(FormatError, match="line 4"):
        sgns.load(path, only=["a", "c"])
    whole = made(50, 20)
    whole.save(tmp_path / "v.bin", on_warning=quiet)
    data = (tmp_path / "v.bin").read_bytes()
    (tmp_path / "v.bin").write_bytes(data[: len(data) // 2])
    assert sgns.load(tmp_path / "v.bin", limit=10).words[9] == "w4"
    with pytest.raises(FormatError, match="torn"):
        sgns.load(tmp_path / "v.bin", limit=40)


def test_the_header_must_be_right_where_all_is_read(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("9 2\na 1 2\nb 3 4\n")
    with pytest.raises(FormatError, match="promises 9 words, the file holds 2"):
        sgns.load(tmp_path / "v.txt", only=["a", "z"])
    with pytest.raises(FormatError, match="promises 9 words"):
        sgns.load(tmp_path / "v.txt", limit=9)
    assert sgns.load(tmp_path / "v.txt", limit=2).words == ["a", "b"]


def test_projector_words_under_a_heading_of_one_column(tmp_path: Path) -> None:
    (tmp_path / "v.tsv").write_text("1\t2\n3\t4\n5\t6\n")
    (tmp_path / "v_metadata.tsv").write_text("word\na\nb\nc\n")
    assert sgns.load(tmp_path / "v.tsv", limit=2).words == ["a", "b"]
    part = sgns.load(tmp_path / "v.tsv", only=["c"])
    assert (part.words, part.E.tolist()) == (["c"], [[5, 6]])
    (tmp_path / "v_metadata.tsv").write_text("word\tcount\na\t9\nb\t8\nc\t7\n")
    part = sgns.load(tmp_path / "v.tsv", only=["b", "word"], on_warning=quiet)
    assert (part.words, part.E.tolist(), part.counts.tolist()) == (["b"], [[3, 4]], [8])  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("b\nnew york\n", ["new york", "b"]),
        ("\ufeffb\r\nnew york\r\n\r\n", ["new york", "b"]),
        ("word\tcount\nb\t5\nc\t3\n", ["b", "c"]),
        ("word\nb\n", ["b"]),
    ],
)
def test_words_from_a_file(tmp_path: Path, content: str, words: list[str]) -> None:
    v = Vectors(["new york", "b", "c"], np.eye(3, dtype=np.float32))
    v.save(tmp_path / "v.safetensors")
    (tmp_path / "only.txt").write_text(content, encoding="utf-8")
    for only in (tmp_path / "only.txt", str(tmp_path / "only.txt")):
        assert sgns.load(tmp_path / "v.safetensors", only=only, on_warning=quiet).words == words


def test_words_that_are_not_there_are_counted_in_a_warning(tmp_path: Path) -> None:
    Vectors(["a", "b", "c"], np.eye(3, dtype=np.float32)).save(tmp_path / "v.txt")
    said: list[str] = []
    v = sgns.load(tmp_path / "v.txt", only=(word for word in ["c", "x", "a", "y"]), on_warning=said.append)
    assert v.words == ["a", "c"]
    assert said == [f"not in {tmp_path / 'v.txt'}: 2 of the 4 words asked for (first: 'x')"]
    with pytest.raises(ConfigError, match=r"none of the 1 words asked for is in the first 2 rows of .* \(first: 'c'\)"):
        sgns.load(tmp_path / "v.txt", only=["c"], limit=2)


def test_ids_that_are_integers(tmp_path: Path) -> None:
    Vectors(["7", "8", "x"], np.eye(3, dtype=np.float32), metadata={"integer_words": True}).save(tmp_path / "v.npz")
    assert sgns.load(tmp_path / "v.npz", only=[8, "x"]).words == [8, "x"]  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit is 0; read at least 1 row"),
        ({"limit": -3}, "limit is -3"),
        ({"limit": 2.5}, r"limit is 2\.5; give the number of rows"),
        ({"limit": True}, "limit is True"),
        ({"only": []}, "only holds no word"),
        ({"only": [None]}, "'None', a NoneType"),
        ({"only": 5}, "give a list of words"),
        ({"only": b"a"}, "give a list of words"),
        ({"only": "nowhere.txt"}, r"nowhere\.txt: there is no such file of words.*as a list"),
    ],
)
def test_bad_options(tmp_path: Path, options: dict, message: str) -> None:
    Vectors(["a"], np.ones((1, 2), np.float32)).save(tmp_path / "v.txt")
    with pytest.raises((ConfigError, InputError), match=message):
        sgns.load(tmp_path / "v.txt", **options)


def test_an_empty_file_of_words(tmp_path: Path) -> None:
    Vectors(["a"], np.ones((1, 2), np.float32)).save(tmp_path / "v.txt")
    (tmp_path / "only").write_text("\n\n")
    with pytest.raises(InputError, match="holds no word; write a word a line"):
        sgns.load(tmp_path / "v.txt", only=tmp_path / "only")
    (tmp_path / "only").write_bytes(b"caf\xe9\n")
    with pytest.raises(FormatError, match="iconv -f latin1"):
        sgns.load(tmp_path / "v.txt", only=tmp_path / "only")


def test_gensim_reads_the_same_first_rows(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    made(500, 30).save(tmp_path / "v.bin", on_warning=quiet)
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "v.bin", binary=True, limit=40)
    ours = sgns.load(tmp_path / "v.bin", limit=40)
    assert ours.words == theirs.index_to_key
    assert ours.E.tobytes() == theirs.vectors.tobytes()
