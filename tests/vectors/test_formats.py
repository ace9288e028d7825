"""Every format both ways: what is written comes back bit for bit; damage is named with line or byte, repairs warn."""

import bz2
import gzip
import lzma
import os
import pickle
import re
import struct
import threading
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import sgns
from sgns.errors import FormatError, InputError, OutputError
from sgns.vectors import Vectors
from sgns.vectors.files import formats, word2vec_text

ENDINGS = [*formats.ENDINGS, *(ending + ".gz" for ending in formats.ENDINGS)]
TOKEN_FORMATS = {".bin", ".txt", ".vec", ".glove"}  # a blank ends a word there
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
characters = st.characters(exclude_characters="\n\0", exclude_categories=["Cs"])


@st.composite
def vectors(draw: st.DrawFn, alphabet: st.SearchStrategy[str] = characters) -> Vectors:
    words = draw(st.lists(st.text(alphabet, max_size=8), unique=True, min_size=1, max_size=6))
    d = draw(st.integers(1, 4))
    rows = st.lists(st.lists(floats, min_size=d, max_size=d), min_size=len(words), max_size=len(words))
    E = np.array(draw(rows), np.float32)
    C = draw(st.none() | rows)
    counts = draw(st.none() | st.lists(st.integers(0, 2**60), min_size=len(words), max_size=len(words)))
    metadata = draw(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2))
    return Vectors(words, E, C and np.array(C, np.float32), counts and np.array(counts), metadata)


def quiet(_: str) -> None:
    """Repairs are not what these tests are about."""


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, ending: str, data: st.DataObject) -> None:
    v = data.draw(vectors())
    path = tmp_path_factory.mktemp("trip") / f"v{ending}"
    kind = ending.removesuffix(".gz")
    try:
        v.save(path, on_warning=quiet)
    except FormatError as error:
        if re.search("words become|in two ways|reads as a header", str(error)):  # two words differ in a blank alone
            return
        raise
    w = Vectors.load(path, formats.ENDINGS[kind] if v.dim == 1 else None, on_warning=quiet)
    wanted = v.words
    if kind in TOKEN_FORMATS:
        wanted = [word.replace(" ", "_").replace("\t", "_") for word in v.words]
    elif kind == ".tsv":
        wanted = [word.replace("\t", " ").replace("\r", " ") for word in v.words]
    assert w.words == wanted
    assert w.E.tobytes() == v.E.tobytes()
    held = formats.held_by(formats.format_to_write(path))
    for name in ("C", "counts"):
        kept = getattr(v, name) if name in held else None
        if kind == ".fasttext.bin" and name == "counts" and kept is None:  # it always has counts and C
            kept = np.ones(len(v))
        if kind == ".fasttext.bin" and name == "C" and not np.any(kept):
            kept = None
        assert (getattr(w, name) is None) == (kept is None)
        assert kept is None or np.array_equal(getattr(w, name), kept)
    made_by = {"made_by": w.metadata["made_by"], "config": w.metadata["config"]} if kind == ".fasttext.bin" else {}
    assert w.metadata == (v.metadata if "metadata" in held else made_by)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                st.floats(width=32).map(lambda x: f"{x:.9g}"),
                st.floats(width=64).map(repr),
                st.sampled_from(["1e-45", "-0", "+.5", "5.", "1e400", "0x1", "1_0", "", "-", "e5", "١", "00012e-3"]),
            ),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_kernel_and_slow_reader_agree_on_every_number(rows: list[list[str]]) -> None:
    from sgns.vectors.files import decimals

    lines = [("w " + " ".join(row)).encode() for row in rows]
    data = b"\n".join(lines)
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    out = np.full((len(rows), 3), np.nan, np.float32)
    word_ends = decimals.parse_rows(data, starts, ends, out)
    for row, values, word_end, start in zip(rows, out, word_ends, starts):
        if word_end >= 0:
            assert word_end == start + 1
            with np.errstate(over="ignore"):
                assert values.tobytes() == np.array([float(x) for x in row]).astype(np.float32).tobytes()
        else:  # left to Python: longer than the kernel's exact numbers, or no number
            assert any(len(x.lstrip("+-0.")) > 15 or "e" in x or word2vec_text.number(x.encode()) is None
                       or not np.isfinite(float(x)) for x in row)  # fmt: skip


def test_large_text_takes_the_kernel_and_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    E = np.random.default_rng(0).normal(size=(300, 40)).astype(np.float32)
    v = Vectors([f"w x{i}" if i % 7 == 0 else f"w{i}" for i in range(300)], E)
    rows = [f"{w} " + " ".join(repr(float(x)) for x in row) for w, row in zip(v.words, E)]
    (tmp_path / "v.txt").write_text("300 40\n" + "\n".join(rows) + "\n")
    slow = Vectors.load(tmp_path / "v.txt", on_warning=quiet)
    monkeypatch.setattr(word2vec_text, "WORTH_COMPILING", 0)
    monkeypatch.setattr("sgns.base.files.READ_BLOCK", 1000)
    fast = Vectors.load(tmp_path / "v.txt", on_warning=quiet)
    assert fast.words == slow.words == v.words
    assert fast.E.tobytes() == slow.E.tobytes() == v.E.tobytes()


@settings(max_examples=80, deadline=None)
@given(
    words=st.lists(
        st.text("abcdeé", min_size=1, max_size=9).map(lambda word: word.encode("latin1")), min_size=1, max_size=25
    ),
    d=st.integers(3, 20),
    block=st.integers(1, 300),
    line_ends=st.booleans(),
    packed=st.booleans(),
    searched=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_binary_rows_across_the_edges_of_blocks(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[bytes],
    d: int,
    block: int,
    line_ends: bool,
    packed: bool,
    searched: bool,
    seed: int,
) -> None:
    """Any bytes but blanks and control bytes make a word, any bytes of usual numbers a row, wherever a block ends."""
    generator = np.random.default_rng(seed)
    octets = np.float32(generator.normal(size=(len(words), d))).view(np.uint8)
    octets[:, ::4] = np.where(generator.random((len(words), d)) < 0.3, 32, octets[:, ::4])
    octets[:, 1::4] = np.where(generator.random((len(words), d)) < 0.3, 32, octets[:, 1::4])
    E = octets.view("<f4")  # blanks in rows are no ends of words
    content = b"%d %d\n" % E.shape + b"".join(b"%b %b" % pair + b"\n" * line_ends for pair in zip(words, octets))
    path = tmp_path_factory.mktemp("blocks") / "v"
    path.write_bytes(gzip.compress(content) if packed else content)
    first: dict[str, bytes] = {}
    for word, row in zip(words, octets):
        first.setdefault(word.lstrip(b"\n").decode("utf-8", "backslashreplace"), row.tobytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sgns.vectors.files.word2vec_binary.READ_BLOCK", block)
        patch.setattr("sgns.vectors.files.word2vec_binary.SEARCHED_ROWS", 5_000 * searched)
        patch.setattr(
            "sgns.vectors.files.word2vec_binary.LONGEST_WORD", 21
        )  # bytes, one of them the last row's line end
        v = Vectors.load(path, "word2vec-binary", on_warning=quiet)
        assert dict(zip(v.words, (row.tobytes() for row in v.E))) == first
        assert v.words == list(first)
        whole = len(content) - line_ends
        path.write_bytes(content[: seed % (whole - whole // 2) + whole // 2])  # torn anywhere in its second half
        with pytest.raises(FormatError, match=r"torn at byte|promises"):
            Vectors.load(path, "word2vec-binary", on_warning=quiet)
        w = Vectors.load(path, "word2vec-binary", on_warning=quiet, repair=True)
        assert w.words == v.words[: len(w)]
        assert w.E.tobytes() == v.E[: len(w)].tobytes()


@pytest.mark.parametrize("repair", [False, True])
def test_a_binary_file_whose_words_do_not_end(tmp_path: Path, repair: bool) -> None:
    from sgns.vectors.files import word2vec_binary

    row = struct.pack("<2f", 1, 2)
    good = b"".join(b"w%d %b" % (i, row) for i in range(60_000))  # more than a block
    (tmp_path / "v").write_bytes(b"60009 2\n" + good + b"x" * (word2vec_binary.LONGEST_WORD + 9) + b" " + row * 9)
    with pytest.raises(FormatError, match=f"byte {8 + len(good):,}: no blank ends the word within 10,000 bytes"):
        Vectors.load(tmp_path / "v", repair=repair)


# --- sniffing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1, 3, 100])
@pytest.mark.parametrize("broken", range(12))
def test_a_line_break_among_the_first_bytes_of_a_binary_row_does_not_make_it_text(tmp_path, d, broken):
    """One in 256 files of word2vec.c and gensim begins so; the line then holds the word and nothing else."""
    E = np.linspace(-0.37, 0.41, 40 * d, dtype=np.float32).reshape(40, d)
    E[0] = np.float32(0.3)
    if broken < 4 * d:
        E[0].view(np.uint8)[broken] = ord("\n")
    path = tmp_path / "v.bin"
    for words in (["the", *(f"w{i}" for i in range(39))], [str(i) for i in range(40)]):
        Vectors(words, E).save(path)
        found = Vectors.load(path)
        assert found.words == words
        assert np.array_equal(found.E, E)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_name_does_not_matter(tmp_path: Path, ending: str) -> None:
    v = Vectors(["the", "of"], np.float32([[0.5, 1, 2], [-1, 0, 3]]))
    v.save(tmp_path / f"v{ending}", on_warning=quiet)
    if ".tsv" in ending:
        (tmp_path / f"v_metadata{ending}").rename(tmp_path / "metadata.tsv")
    (tmp_path / f"v{ending}").rename(tmp_path / "data")
    w = Vectors.load(tmp_path / "data")
    assert w.words == v.words
    assert np.array_equal(w.E, v.E)


PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("ending", formats.ENDINGS)
@pytest.mark.parametrize("packing", PACK)
def test_a_file_in_any_packing_is_the_plain_file(tmp_path: Path, ending: str, packing: str) -> None:
    E = np.random.default_rng(0).normal(size=(500, 30)).astype(np.float32)
    v = Vectors([f"w{i}" for i in range(500)], E, counts=np.arange(500, 0, -1))
    v.save(tmp_path / f"v{ending}", on_warning=quiet)
    plain = Vectors.load(tmp_path / f"v{ending}")
    for path in list(tmp_path.iterdir()):
        path.with_name(path.name + packing).write_bytes(PACK[packing](path.read_bytes()))
        path.unlink()
    w = Vectors.load(tmp_path / f"v{ending}{packing}")
    assert w.words == plain.words == v.words
    assert w.E.tobytes() == plain.E.tobytes() == v.E.tobytes()
    assert (w.counts is None) == (plain.counts is None)
    content = (tmp_path / f"v{ending}{packing}").read_bytes()
    (tmp_path / f"v{ending}{packing}").write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError, match=f"v{ending}{packing}: the .* file is torn"):
        Vectors.load(tmp_path / f"v{ending}{packing}")


def test_packed_numbers_find_plain_words_beside_them(tmp_path: Path) -> None:
    (tmp_path / "v.tsv.bz2").write_bytes(bz2.compress(b"1\t2\n3\t4\n"))
    (tmp_path / "v.tsv").write_bytes(b"1\t2\n3\t4\n")  # never taken for the words
    (tmp_path / "v_metadata.tsv").write_bytes(b"a\nb\n")
    for name in ("v.tsv.bz2", "v.tsv"):
        assert Vectors.load(tmp_path / name).words == ["a", "b"]


def test_a_tsv_with_words_first_and_phrases(tmp_path: Path) -> None:
    (tmp_path / "v.tsv").write_text("new york\t0.5\t1\nparis\t2\t3\n")
    said: list[str] = []
    v = Vectors.load(tmp_path / "v.tsv", on_warning=said.append)
    assert v.words == ["new york", "paris"]
    assert v.E.tolist() == [[0.5, 1], [2, 3]]
    assert "hold blanks" in said[0]


def test_a_projector_file_with_a_word_in_its_first_row(tmp_path: Path) -> None:
    """Found by the fuzz tests: it ended in a ValueError."""
    (tmp_path / "v.tsv").write_text("x\t1\t2\n4\t5\n")
    (tmp_path / "v_metadata.tsv").write_text("a\nb\n")
    with pytest.raises(FormatError, match="line 1: 'x' stands where a number is expected"):
        Vectors.load(tmp_path / "v.tsv", "projector")


def test_glove_whose_first_word_is_a_number(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("7 0.5 1.5\n8 2 3\n")
    v = Vectors.load(tmp_path / "v.txt")
    assert v.words == ["7", "8"]
    assert v.dim == 2


def test_crlf_trailing_blanks_and_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_bytes(b"2 2\r\na 1 2 \r\n\r\nb 3 4 \r\n")
    v = Vectors.load(tmp_path / "v.vec")
    assert v.words == ["a", "b"]
    assert v.E.tolist() == [[1, 2], [3, 4]]


def test_binary_with_and_without_line_breaks(tmp_path: Path) -> None:
    rows = [struct.pack("<2f", 1, 2), struct.pack("<2f", 3, 4)]
    for end in (b"", b"\n"):
        (tmp_path / "v").write_bytes(b"2 2\n" + b"".join(w + b" " + r + end for w, r in zip((b"a", b"b"), rows)))
        v = Vectors.load(tmp_path / "v")
        assert v.words == ["a", "b"]
        assert v.E.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (pickle.dumps({"a": 1}), "pickle of a dict.*no object of gensim"),
        (b"\x93NUMPY\x01\x00", "without words"),
        (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", "torn at byte 8"),
        (b"once upon a time\n", "first line is neither"),
        (b"{" * 100, "no vector file|header"),
        (b"0.5\t1\n2\t3\n", "without words.*metadata"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        Vectors.load(tmp_path / "v")


def test_a_pickle_inside_an_npz_is_never_read(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / "executed"),)

    np.savez(tmp_path / "v.npz", words=np.array([Bomb()], dtype=object), E=np.ones((1, 2)))
    with pytest.raises(FormatError, match="pickle, which is never read"):
        Vectors.load(tmp_path / "v.npz")
    assert not (tmp_path / "executed").exists()


def test_the_empty_word_alone(tmp_path: Path) -> None:
    """It was read back as no word at all."""
    Vectors([""], np.ones((1, 2))).save(tmp_path / "v.safetensors")
    assert Vectors.load(tmp_path / "v.safetensors").words == [""]
    Vectors([], np.ones((0, 2))).save(tmp_path / "v.safetensors")
    assert Vectors.load(tmp_path / "v.safetensors").words == []


def test_a_file_that_is_not_there_a_folder_an_unknown_ending(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Vectors.load(tmp_path / "v")
    with pytest.raises(InputError, match="is a folder"):
        Vectors.load(tmp_path)
    v = Vectors(["a"], np.ones((1, 2)))
    with pytest.raises(FormatError, match=r"'?\.doc'? names no format"):
        v.save(tmp_path / "v.doc")
    with pytest.raises(FormatError, match="choose one of"):
        v.save(tmp_path / "v.doc", "doc")
    v.save(tmp_path / "v.doc", "glove")
    assert Vectors.load(tmp_path / "v.doc").words == ["a"]


# --- damage --------------------------------------------------------------------------------------------------------

TEXT = b"3 2\na 1 2\nb 3 4\nc 5 6\n"
BINARY = b"3 2\n" + b"".join(
    w + b" " + struct.pack("<2f", *r) for w, r in ((b"a", (1, 2)), (b"b", (3, 4)), (b"c", (5, 6)))
)
DAMAGE = [
    # content, error, words that repair keeps
    (b"3 2\na 1 2\nb 3 4\n", "promises 3 words, the file holds 2", ["a", "b"]),
    (b"3 2\na 1 2\nb 3\nc 5 6\n", "line 3: 1 numbers where 2 are expected", ["a", "c"]),
    (b"3 2\na 1 2\nb 3 x\nc 5 6\n", "line 3: 'x' stands where a number is expected", ["a", "c"]),
    (b"3 2\na 1 2\nb nan 4\nc 5 6\n", "line 3: the row of 'b' holds NaN", ["a", "c"]),
    (b"3 2\na 1 2\nb inf 4\nc 5 6\n", "line 3: the row of 'b' holds NaN or infinity", ["a", "c"]),
    (b"a 1 2\nb 3\n", "line 2: 1 numbers", ["a"]),
    (BINARY[:-3], "promises 3 words", ["a", "b"]),
    (BINARY[:-12], "torn at byte 22", ["a"]),
    (BINARY.replace(struct.pack("<f", 3), struct.pack("<f", float("nan"))), "byte 14: the row of 'b'", ["a", "c"]),
    (BINARY + b"left over", "9 bytes or more are left", ["a", "b", "c"]),
]


@pytest.mark.parametrize(("content", "message", "kept"), DAMAGE)
@pytest.mark.parametrize("packed", [False, True])
def test_damage_is_named_and_can_be_left_out(
    tmp_path: Path, content: bytes, message: str, kept: list[str], packed: bool
) -> None:
    (tmp_path / "v").write_bytes(gzip.compress(content) if packed else content)
    if "torn at byte" in message and packed:
        message = "promises 3 words"  # the length of a gzip file is known at its end alone
    with pytest.raises(FormatError, match=message):
        Vectors.load(tmp_path / "v")
    said: list[str] = []
    assert Vectors.load(tmp_path / "v", repair=True, on_warning=said.append).words == kept
    assert said


@pytest.mark.parametrize(
    ("content", "words", "warning"),
    [
        (b"2 2\na 1 2\nb 3 4\nc 5 6\n", ["a", "b", "c"], "promises 2 words, the file holds 3; all are read"),
        (b"3 2\na 1 2\na 3 4\nc 5 6\n", ["a", "c"], r"1 words stand twice.*first: 'a' at line 3"),
        (b"1 2\n\xff\xfea 1 2\n", ["\\xff\\xfea"], "no UTF-8.*line 2"),
        (b"2 2\nnew york 1 2\nb 1 2\n", ["new york", "b"], "hold blanks.*line 2"),
        (b"2 2\na 1 2\nb 3 4", ["a", "b"], "no line end"),
        (b"2 1\na \x00\x00\x80\x3fa \x00\x00\x80\x3f", ["a"], r"stand twice.*byte 10"),
    ],
)
def test_repairs_that_lose_nothing_are_warned_of(
    tmp_path: Path, content: bytes, words: list[str], warning: str
) -> None:
    (tmp_path / "v").write_bytes(content)
    with pytest.warns(formats.RepairWarning, match=warning):
        v = Vectors.load(tmp_path / "v")
    assert v.words == words
    assert v.E[0].any()


def test_a_warning_names_the_line_that_loads_or_saves(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"2 2\na 1 2\na 3 4\n")
    for call in (
        lambda: Vectors.load(tmp_path / "v"),
        lambda: sgns.load(tmp_path / "v"),
        lambda: Vectors(["a b"], np.ones((1, 2))).save(tmp_path / "v.bin"),
    ):
        with pytest.warns(formats.RepairWarning) as caught:
            call()
        assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("header", [b"3 3\n", b"3 1\n"])
def test_a_header_with_the_wrong_dimension(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "v.txt").write_bytes(header + TEXT[4:])
    with pytest.raises(FormatError, match=r"line 2: 2 numbers where \d are expected"):
        Vectors.load(tmp_path / "v.txt", "word2vec")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        b"99999999999999999 300\na 1 2\n",
        b"3 999999999\na 1 2\n",
        b"3 900000\na " + bytes(range(200)),
        b"99999999999 4\na " + bytes(range(128, 228)),
        struct.pack("<Q", 60)
        + b'{"E":{"dtype":"F32","shape":[99999999999,300],"data_offsets":[0,119999999998800]},"words":{}}',
    ],
)
def test_headers_that_lie_cost_no_memory(tmp_path: Path, content: bytes, packed: bool) -> None:
    (tmp_path / "v").write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    with pytest.raises(FormatError):
        Vectors.load(tmp_path / "v")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6  # a block, not what the header promises


def test_torn_safetensors_files(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    Vectors(["a", "b"], np.ones((2, 3)), np.ones((2, 3)), np.array([2, 1])).save(path)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(FormatError):
            Vectors.load(path).index  # noqa: B018
        path.write_bytes(gzip.compress(whole[:cut]))
        with pytest.raises(FormatError):
            Vectors.load(path).index  # noqa: B018


def test_another_models_safetensors_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"layer.weight": np.ones((2, 2), np.float32)}, tmp_path / "v.safetensors")
    with pytest.raises(FormatError, match=r"layer\.weight.*need the tensors E and words"):
        Vectors.load(tmp_path / "v.safetensors")


def test_the_safetensors_library_reads_our_file(tmp_path: Path) -> None:
    from safetensors import safe_open

    v = Vectors(["ä", "b"], np.float32([[1, 2], [3, 4]]), np.float32([[5, 6], [7, 8]]), np.array([9, 8]), {"lr": 0.1})
    v.save(tmp_path / "v.safetensors")
    with safe_open(tmp_path / "v.safetensors", "np") as file:
        assert np.array_equal(file.get_tensor("E"), v.E)
        assert np.array_equal(file.get_tensor("C"), v.C)
        assert bytes(file.get_tensor("words")).decode().split("\n") == v.words
        assert file.get_tensor("counts").tolist() == [9, 8]
        assert file.metadata()["sgns"] == '{"lr": 0.1}'


# --- how files are opened and written ------------------------------------------------------------------------------


def test_a_safetensors_file_is_mapped_not_read(tmp_path: Path) -> None:
    E = np.random.default_rng(0).normal(size=(50_000, 100)).astype(np.float32)
    Vectors([f"w{i}" for i in range(50_000)], E).save(tmp_path / "v.safetensors")
    tracemalloc.start()
    v = Vectors.load(tmp_path / "v.safetensors")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3e6
    assert not v.E.flags.owndata
    assert np.array_equal(v["w49999"], E[-1])


LONG_TEXT = pytest.param(
    ".txt", marks=pytest.mark.slow
)  # seconds for millions of numbers; the others take the same ways


@pytest.mark.parametrize("ending", [".safetensors", ".bin", LONG_TEXT, ".npz"])
def test_saving_needs_no_second_matrix(tmp_path: Path, ending: str) -> None:
    rows = 6_000 if ending == ".txt" else 20_000
    E = np.random.default_rng(0).normal(size=(rows, 300)).astype(np.float32)
    v = Vectors([f"w{i}" for i in range(rows)], E)
    v.index  # noqa: B018
    tracemalloc.start()
    v.save(tmp_path / f"v{ending}")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < E.nbytes * 0.9  # NumPy buffers 16 MiB for .npz, the others less


@pytest.mark.parametrize("ending", [".bin", LONG_TEXT, ".npz", pytest.param(".safetensors.gz", marks=pytest.mark.slow)])
def test_loading_needs_no_second_matrix(tmp_path: Path, ending: str) -> None:
    E = np.random.default_rng(0).normal(size=(20_000, 300)).astype(np.float32)
    Vectors([f"w{i}" for i in range(20_000)], E).save(tmp_path / f"v{ending}")
    Vectors.load(tmp_path / f"v{ending}")  # compiles and imports
    tracemalloc.start()
    v = Vectors.load(tmp_path / f"v{ending}")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.array_equal(v.E, E)
    assert peak < 1.5 * E.nbytes + 50e6  # one matrix, room for its growth, a few blocks


def test_a_pipe_can_be_read(tmp_path: Path) -> None:
    for name, content in (("text", TEXT), ("binary", BINARY), ("packed", gzip.compress(TEXT))):
        fifo = tmp_path / name
        os.mkfifo(fifo)
        writer = threading.Thread(target=fifo.write_bytes, args=(content,), daemon=True)  # waits for ever if none reads
        writer.start()
        assert Vectors.load(fifo).words == ["a", "b", "c"]
        writer.join(60)
        assert not writer.is_alive()


def test_links_are_followed_and_stay_links(tmp_path: Path) -> None:
    v = Vectors(["a"], np.ones((1, 2)))
    v.save(tmp_path / "real.bin")
    (tmp_path / "link.bin").symlink_to(tmp_path / "real.bin")
    Vectors(["b"], np.ones((1, 2))).save(tmp_path / "link.bin")
    assert (tmp_path / "link.bin").is_symlink()
    assert Vectors.load(tmp_path / "real.bin").words == ["b"]


def test_an_old_file_survives_a_failed_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "v.txt"
    Vectors(["old"], np.ones((1, 2))).save(path)
    full = Vectors(["new"], np.ones((1, 2)))

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(word2vec_text, "write_rows", fails)
    with pytest.raises(OutputError, match="No space left"):
        full.save(path)
    assert Vectors.load(path).words == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["v.txt"]  # no temporary file stays


def test_a_mapped_file_can_be_replaced_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    Vectors(["a", "b"], np.float32([[1, 2], [3, 4]])).save(path)
    v = Vectors.load(path)
    v.restrict(1).save(path)
    assert v["b"].tolist() == [3, 4]  # the old mapping lives on
    assert Vectors.load(path).words == ["a"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    v = Vectors(["a"], np.ones((1, 2)))
    with pytest.raises(OutputError, match="mkdir -p"):
        v.save(tmp_path / "no" / "v.bin")
    (tmp_path / "v.bin").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        v.save(tmp_path / "v.bin")


@pytest.mark.parametrize("ending", formats.ENDINGS)
def test_words_that_no_file_can_hold(tmp_path: Path, ending: str) -> None:
    with pytest.raises(FormatError, match="line break"):
        Vectors(["a\nb"], np.ones((1, 2))).save(tmp_path / f"v{ending}")
    with pytest.raises(FormatError, match="stands twice"):
        Vectors(["a", "a"], np.ones((2, 2))).save(tmp_path / f"v{ending}")
    with pytest.raises(FormatError, match="no character"):
        Vectors(["\ud800"], np.ones((1, 2))).save(tmp_path / f"v{ending}")
    assert not list(tmp_path.iterdir())


def test_renamed_words_are_warned_of_and_never_merged(tmp_path: Path) -> None:
    with pytest.warns(formats.RepairWarning, match="'new york' is written as 'new_york'"):
        Vectors(["new york"], np.ones((1, 2))).save(tmp_path / "v.bin")
    with pytest.raises(FormatError, match="2 words become 'new_york'"):
        Vectors(["new york", "new_york"], np.ones((2, 2))).save(tmp_path / "v.bin")


def test_progress_of_saving_and_loading(tmp_path: Path) -> None:
    v = Vectors([f"w{i}" for i in range(5000)], np.ones((5000, 4)))
    seen: list[tuple[str, int, int | None, str]] = []
    v.save(tmp_path / "v.txt", progress=lambda *a: seen.append(a))
    Vectors.load(tmp_path / "v.txt", progress=lambda *a: seen.append(a))
    assert ("save", 5000, 5000, "words") in seen
    size = (tmp_path / "v.txt").stat().st_size
    assert ("load", size, size, "bytes") in seen


def test_a_zip_that_is_no_npz(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        archive.writestr("glove.txt", "a 1 2\n")
    with pytest.raises(FormatError, match=r"glove\.txt.*unpack it"):
        Vectors.load(tmp_path / "glove.zip")


def test_an_npz_of_other_people(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", vocab=np.array(["a", "bc"]), vectors=np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]))
    v = Vectors.load(tmp_path / "v.npz")
    assert v.words == ["a", "bc"]
    assert v.E.tolist() == [[1, 2], [3, 4]]
