"""Every message that names a command: the command is run on the file that caused it, and must then succeed."""

import bz2
import functools
import gzip
import lzma
import re
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import zstandard

from sgns.cli import make_app, run
from sgns.errors import FormatError
from sgns.vectors import Vectors


def quiet(_: str) -> None:
    """Warnings are not what these tests are about."""


def convert(*arguments: str) -> int:
    """The exit code of `sgns convert`."""
    return run(make_app(), ["convert", *arguments])


def binary(*rows: tuple[str, list[float]], stated: int | None = None) -> bytes:
    d = len(rows[0][1])
    body = b"".join(word.encode() + b" " + struct.pack(f"<{d}f", *numbers) for word, numbers in rows)
    return b"%d %d\n" % (len(rows) if stated is None else stated, d) + body


A, B, C = ("a", [1.5, 2, 3]), ("b", [3, 4, 5]), ("c", [5, 6, 7])
NAN, HUGE = ("b", [3, float("nan"), 5]), ("b", [3, 1e25, 5])
REPAIRED = {
    "nan in text": (b"3 2\na 1 2\nb nan 4\nc 5 6\n", ["a", "c"]),
    "infinity in glove": (b"a 1 2\nb inf 4\nc 5 6\n", ["a", "c"]),
    "beyond float32": (b"3 2\na 1 2\nb 1e60 4\nc 5 6\n", ["a", "c"]),
    "huge in text": (b"3 2\na 1 2\nb 1e25 4\nc 5 6\n", ["a", "c"]),
    "huge in glove": (b"a 1 2\nb -1e25 4\nc 5 6\n", ["a", "c"]),
    "huge in a tsv": (b"a\t1\t2\nb\t1e25\t4\nc\t5\t6\n", ["a", "c"]),
    "too few": (b"3 2\na 1 2\nb 4\nc 5 6\n", ["a", "c"]),
    "no number": (b"3 2\na 1 2\nb 4 x\nc 5 6\n", ["a", "c"]),
    "too few rows": (b"9 2\na 1 2\nb 4 5\n", ["a", "b"]),
    "nan in binary": (binary(A, NAN, C), ["a", "c"]),
    "huge in binary": (binary(A, HUGE, C), ["a", "c"]),
    "torn binary": (binary(A, B, C)[:-5], ["a", "b"]),
    "binary, too few rows": (binary(A, B, stated=7), ["a", "b"]),
    "bytes left": (binary(A, B) + b"rubbish", ["a", "b"]),
    "two readings": (b"3 1\nw1 \0\0\x80?b  :??=w2 \0\0\x80?", ["w1"]),
}


@pytest.mark.parametrize("case", REPAIRED)
def test_repair_as_the_message_says(tmp_path: Path, case: str) -> None:
    content, words = REPAIRED[case]
    path = tmp_path / "in"
    path.write_bytes(content)
    format = "word2vec-binary" if content[:4] == b"3 1\n" else None
    with pytest.raises(FormatError, match=r"sgns convert IN OUT --repair"):
        Vectors.load(path, format).norms  # noqa: B018
    assert convert(str(path), str(tmp_path / "out.bin"), "--repair", *(["--read-as", format] if format else [])) == 0
    v = Vectors.load(tmp_path / "out.bin", "word2vec-binary", on_warning=quiet)
    assert v.words == words
    v.most_similar(v.words[0], n=1)
    w = Vectors.load(path, format, repair=True, on_warning=quiet)
    assert w.words == words
    w.norms  # noqa: B018


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e25, -3e38])
@pytest.mark.parametrize("which", ["E", "C"])
@pytest.mark.parametrize("ending", [".safetensors", ".npz"])
def test_repair_of_own_files(tmp_path: Path, ending: str, which: str, value: float) -> None:
    E, C = np.ones((3, 2), np.float32), np.ones((3, 2), np.float32)
    (E if which == "E" else C)[1, 1] = value
    Vectors(["a", "b", "c"], E, C, np.array([3, 2, 1])).save(tmp_path / f"v{ending}")
    if which == "E":
        with pytest.raises(FormatError, match="--repair"):
            Vectors.load(tmp_path / f"v{ending}").norms  # noqa: B018
    assert convert(str(tmp_path / f"v{ending}"), str(tmp_path / f"w{ending}"), "--repair") == 0
    v = Vectors.load(tmp_path / f"w{ending}")
    assert v.words == ["a", "c"]
    assert v.counts is not None
    assert v.counts.tolist() == [3, 1]
    v.space("C").norms  # noqa: B018


PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard.ZstdCompressor().compress}


MANY = 30_000  # so many that each packing has several blocks


@functools.cache
def many_packed(packing: str, ending: str) -> tuple[Vectors, bytes]:
    """Vectors, and a packed file of them; xz takes seconds to pack."""
    v = Vectors([f"w{i}" for i in range(MANY)], np.random.default_rng(0).normal(size=(MANY, 20)).astype(np.float32))
    with tempfile.TemporaryDirectory() as folder:
        v.save(Path(folder) / f"v{ending}")
        return v, PACK[packing]((Path(folder) / f"v{ending}").read_bytes())


@pytest.mark.parametrize(
    ("packing", "ending", "cut"),
    [
        pytest.param(packing, ending, cut, marks=() if (ending, cut) == quick else pytest.mark.slow)
        for packing, quick in zip(PACK, ((".txt", 0.5), None, None, (".bin", 0.9)), strict=True)
        for ending in (".txt", ".bin", ".glove")
        for cut in (0.5, 0.9)
    ],
)
def test_what_a_torn_packed_file_gave_is_kept(tmp_path: Path, packing: str, ending: str, cut: float) -> None:
    v, whole = many_packed(packing, ending)
    path = tmp_path / f"v{ending}.{packing}"
    path.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(FormatError, match="is torn"):
        Vectors.load(path)
    said: list[str] = []
    w = Vectors.load(path, repair=True, on_warning=said.append)
    assert any("what was unpacked is kept" in line for line in said)
    assert len(v) * cut * 0.6 < len(w) < len(v)
    assert w.words == v.words[: len(w)]
    assert w.E.tobytes() == v.E[: len(w)].tobytes()


def test_another_format_as_the_message_says(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"the 0.5 1.5\nof 2.5 3.5\n")
    with pytest.raises(FormatError, match="--read-as glove"):
        Vectors.load(tmp_path / "in", "word2vec")
    assert convert(str(tmp_path / "in"), str(tmp_path / "out.bin"), "--read-as", "glove") == 0


def test_metadata_in_latin1_as_the_message_says(tmp_path: Path) -> None:
    (tmp_path / "v.tsv").write_bytes(b"0.5\t1.5\n2.5\t3.5\n")
    metadata = tmp_path / "v_metadata.tsv"
    metadata.write_bytes("café\nthé\n".encode("latin1"))
    with pytest.raises(FormatError, match="iconv") as caught:
        Vectors.load(tmp_path / "v.tsv")
    command = re.sub("NEW$", str(tmp_path / "new"), str(caught.value).split("convert it: ")[1])
    subprocess.run(command, shell=True, check=True)
    (tmp_path / "new").replace(metadata)
    assert Vectors.load(tmp_path / "v.tsv").words == ["café", "thé"]


def test_arrays_saved_as_the_messages_say(tmp_path: Path) -> None:
    np.save(tmp_path / "E.npy", np.ones((2, 3)))
    with pytest.raises(FormatError, match=r"numpy\.savez") as caught:
        Vectors.load(tmp_path / "E.npy")
    call = re.search(r"numpy\.savez\(.*\)", str(caught.value))
    assert call is not None
    matrix = np.load(tmp_path / "E.npy")
    code = call[0].replace("vectors.npz", str(tmp_path / "vectors.npz"))
    exec(code, {"numpy": np, "words": ["a", "b"], "matrix": matrix})
    assert Vectors.load(tmp_path / "vectors.npz").words == ["a", "b"]
    words = np.array(["a", "b"], dtype=object)
    np.savez(tmp_path / "objects.npz", words=words, E=matrix)
    with pytest.raises(FormatError, match=r"words\.astype\('U'\)"):
        Vectors.load(tmp_path / "objects.npz")
    np.savez(tmp_path / "objects.npz", words=words.astype("U"), E=matrix)
    assert Vectors.load(tmp_path / "objects.npz").words == ["a", "b"]
