"""Hostile input for every reader: Vectors or one of our errors, soon, and without memory out of proportion.

Bytes come from thin air, from whole files with bytes flipped, cut or doubled, and from files whose numbers lie.
"""

import bz2
import gzip
import io
import lzma
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sgns.base.subwords import Subwords, exact
from sgns.errors import FormatError, SgnsError
from sgns.evaluation import read_categories, read_pairs, read_questions
from sgns.vectors import Vectors, query
from sgns.vectors.files import formats
from sgns.vectors.subwords import SubwordTable

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MEMORY = 60e6  # bytes: a few blocks of 8 MiB and what decompresses; the inputs are under 100 kB
SECONDS = 20  # of CPU; a loop that goes wrong takes for ever
ZSTD_STEP = 128e6  # bytes that `ZstdReader.STEP` bytes can stand for


def good_file(ending: str) -> bytes:
    v = Vectors(
        ["the", "of", "ä", "x"], np.float32([[1, 2.5], [-3e-9, 4], [5, 6], [7, 8]]), np.ones((4, 2)), np.arange(4)
    )
    if ending in (".safetensors", ".npz", ".fasttext.bin"):
        options = exact(v.words, np.ones(4), 1, 2, 1) if ending == ".npz" else Subwords(1, 3, 7)
        table = SubwordTable.of(options, v.E, np.ones((options.rows, 2)))
        v = Vectors(v.words, table.composed(v.words), v.C, v.counts, {}, table)
    folder = Path(__import__("tempfile").mkdtemp())
    v.save(folder / f"v{ending}")
    content = (folder / f"v{ending}").read_bytes()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    return content


GOOD = {ending: good_file(ending) for ending in [*formats.ENDINGS, ".safetensors.gz", ".bin.gz"]}
FORMAT = {ending: formats.format_to_write(f"v{ending}") for ending in GOOD}


@pytest.fixture(autouse=True, scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kernels are compiled before time and memory are measured."""
    path = tmp_path_factory.mktemp("good") / "v.glove"
    path.write_bytes(gzip.compress(GOOD[".glove"]))  # a packed text is always read by the kernel
    Vectors.load(path)


@st.composite
def spoiled(draw: st.DrawFn, content: bytes) -> bytes:
    """`content` after a few accidents, or lies in its numbers."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 5)):
            case 0:
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case 1:
                del data[at:]
            case 2:
                data[at:at] = draw(st.binary(max_size=12))
            case 3:
                stop = draw(st.integers(at, min(len(data), at + 40)))
                data[at:at] = data[at:stop]
            case 4:
                data[at:at] = draw(
                    st.sampled_from([b"9" * 17, b"-1", b"\n", b" ", b"\t", b"\0", b"nan", b"[" * 50, b"{}"])
                )
            case _:
                data[at : at + 8] = draw(st.integers(0, 2**64 - 1)).to_bytes(8, "little")
    return bytes(data)


def survives(read: Callable[[], object], memory: float = MEMORY) -> None:
    """`read` returns or raises an error of ours, within time and memory."""
    start = time.process_time()  # of this process: a busy machine takes no part
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read()
    except SgnsError as error:
        if not str(error) or "\n" in str(error):
            pytest.fail(f"no message of one line: {error!r}")
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < memory, f"{peak:,} bytes"
    assert time.process_time() - start < SECONDS


def load_and_use(path: Path, format: str | None, repair: bool) -> None:
    v = Vectors.load(path, format, repair=repair)
    v.index  # noqa: B018
    assert v.E.shape == (len(v.words), v.dim)
    if len(v):
        v.most_similar(v.E[0] + 1, n=3)
    if v.subwords is not None:
        v.composable(["thee"])


@pytest.mark.parametrize("ending", GOOD)
@pytest.mark.parametrize("repair", [False, True])
@FUZZ
@given(data=st.data())
def test_spoiled_files(tmp_path: Path, ending: str, repair: bool, data: st.DataObject) -> None:
    content = data.draw(spoiled(GOOD[ending]))
    path = tmp_path / f"v{ending}"
    path.write_bytes(content)
    (tmp_path / "v_metadata.tsv").write_text("the\nof\nä\nx\n")
    survives(lambda: load_and_use(path, data.draw(st.sampled_from([None, FORMAT[ending]])), repair))


@FUZZ
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")), st.booleans())
@example(b"1 1\n" + b" " * 200, False)
@example(b"\x1f\x8b" + bytes(20), False)
@example(b"PK\x03\x04" + bytes(60), True)
@example((2**63).to_bytes(8, "little") + b"{", True)
def test_bytes_from_thin_air(tmp_path: Path, content: bytes, repair: bool) -> None:
    (tmp_path / "v").write_bytes(content)
    for format in (None, *formats.FORMATS):
        survives(lambda format=format: load_and_use(tmp_path / "v", format, repair))  # type: ignore[misc]


@FUZZ
@given(ending=st.sampled_from(sorted(GOOD)), data=st.data())
def test_spoiled_before_packing(tmp_path: Path, ending: str, data: st.DataObject) -> None:
    pack = data.draw(st.sampled_from([gzip.compress, bz2.compress, lzma.compress, zstandard.compress]))
    (tmp_path / "v").write_bytes(pack(data.draw(spoiled(GOOD[ending]))))
    survives(lambda: load_and_use(tmp_path / "v", None, data.draw(st.booleans())))


@FUZZ
@given(ending=st.sampled_from([".txt", ".bin", ".npz", ".safetensors"]), data=st.data())
def test_spoiled_after_packing(tmp_path: Path, ending: str, data: st.DataObject) -> None:
    pack = data.draw(st.sampled_from([gzip.compress, bz2.compress, lzma.compress, zstandard.compress]))
    (tmp_path / "v").write_bytes(data.draw(spoiled(pack(GOOD[ending]))))
    survives(lambda: load_and_use(tmp_path / "v", None, data.draw(st.booleans())), MEMORY + ZSTD_STEP)


@FUZZ
@given(data=st.data())
def test_spoiled_metadata_beside_a_projector_file(tmp_path: Path, data: st.DataObject) -> None:
    (tmp_path / "v.tsv").write_bytes(GOOD[".tsv"])
    (tmp_path / "v_metadata.tsv").write_bytes(data.draw(spoiled("word\tcount\nthe\t4\nof\t3\nä\t2\nx\t1\n".encode())))
    survives(lambda: load_and_use(tmp_path / "v.tsv", None, data.draw(st.booleans())))


@cache
def bomb(packing: str, first: bytes) -> bytes:
    """A first line and zeros, 150 MB in 150 kB or less."""
    packer = {
        "gzip": lambda: zlib.compressobj(9, wbits=31),
        "bzip2": bz2.BZ2Compressor,
        "xz": lzma.LZMACompressor,
        "zstd": lambda: zstandard.ZstdCompressor(19).compressobj(),
    }[packing]()
    zeros, count = bytes(2**20), 300 if packing == "zstd" else 100  # more than the memory that is allowed
    parts = [packer.compress(first), *(packer.compress(zeros) for _ in range(count))]
    return b"".join(parts) + packer.flush()


QUICK = [("gzip", "word2vec"), ("gzip", "word2vec-binary"), ("gzip", "glove"), ("gzip", None), ("zstd", None)]


@pytest.mark.parametrize(
    ("packing", "format"),
    [
        pytest.param(packing, format, marks=() if (packing, format) in QUICK else pytest.mark.slow)
        for packing in ("gzip", "bzip2", "xz", "zstd")
        for format in ("word2vec", "word2vec-binary", "glove", None)
    ],
)  # every format, every packing
def test_a_bomb_costs_no_memory(tmp_path: Path, format: str | None, packing: str) -> None:
    (tmp_path / "v").write_bytes(bomb(packing, b"a 1 2\n" if format == "glove" else b"1000 300\n"))
    survives(lambda: Vectors.load(tmp_path / "v", format), MEMORY if packing != "zstd" else MEMORY + ZSTD_STEP)


def test_an_npz_whose_header_lies(tmp_path: Path) -> None:
    import zipfile

    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 300)})
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
        with archive.open("words.npy", "w") as words:
            np.lib.format.write_array(words, np.array(["a"]))
        archive.writestr("E.npy", header.getvalue())

    def read() -> None:
        with pytest.raises(FormatError, match="promises 1,200,000,000,000"):
            Vectors.load(tmp_path / "v.npz")

    survives(read)


@settings(max_examples=250, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["king", "2", "+", "-", "*", "(", ")", ":", "=", "?", '"a b"', '"', "\\", "1e9", "−", "man", "0"]
        ),
        max_size=14,
    ).map(" ".join)
)
@example("(" * 9_000)
@example("- (" * 3_000 + "a" + ")" * 3_000)
@example("9" * 9_999)
@example("999999999 * (" * 700 + "a" + ")" * 700)
@example('"' * 10_000)
@example('"\\' * 5_000)
@example("a" * 20_000)
def test_any_question_is_parsed_or_explained(text: str) -> None:
    survives(lambda: query.parse(text))


PIECES = [b"a", b"b", b"\t", b" ", b"\n", b": x\n", b"1.5", b"nan", b"#", b"\xff", b",", b"\xef\xbb\xbf"]


@FUZZ
@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join), st.booleans())
def test_any_test_set_is_read_or_explained(tmp_path: Path, content: bytes, packed: bool) -> None:
    (tmp_path / "set").write_bytes(gzip.compress(content)[: len(content) + 12] if packed else content)
    for read in (read_pairs, read_questions, read_categories):
        survives(lambda read=read: read(tmp_path / "set"))  # type: ignore[misc]
