"""Files that are no text: refused by name, with what they are; left out of folders. Text of all kinds is read on."""

import gzip
import io
import pickle
import re
import sqlite3
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

import sgns
from sgns import Config, Corpus
from sgns.errors import InputError
from sgns.text.kinds import partial, refusal

ENGLISH = "the quick brown fox jumps over the lazy dog and the cat sat on the mat.\n" * 60
FRENCH = "l'été à la forêt, où les élèves préfèrent être près de la fenêtre où ça gèle déjà.\n" * 60
CZECH = "příliš žluťoučký kůň úpěl ďábelské ódy a křičel, že už je čas jít domů.\n" * 60
RUSSIAN = "съешь же ещё этих мягких французских булок да выпей чаю.\n" * 60
CHINESE = "我们 今天 去 北京 看 长城。\n" * 60
ALL = Config(min_count=1)
VECTORS = sgns.Vectors([f"word{i}" for i in range(40)], np.random.default_rng(0).normal(size=(40, 12)))


def saved(ending: str):
    def make(path: Path) -> bytes:
        made = path.with_name(f"made{ending}")
        VECTORS.save(made)
        data = made.read_bytes()
        for file in path.parent.glob("made*"):
            file.unlink()
        return data

    return make


def npz(path: Path, **arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def table(write) -> bytes:
    buffer = io.BytesIO()
    write(pa.table({"id": list(range(100)), "text": [f"the cat {i} sat" for i in range(100)]}), buffer)
    return buffer.getvalue()


def arrow_stream(data, buffer) -> None:
    with pa.ipc.new_stream(buffer, data.schema) as writer:
        writer.write_table(data)


def database(path: Path) -> bytes:
    file = path.with_name("made.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute("create table t (text)")
        connection.executemany("insert into t values (?)", [("the cat sat",)] * 100)
    connection.close()
    data = file.read_bytes()
    file.unlink()
    return data


def sound(path: Path) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.random.default_rng(0).integers(-3000, 3000, 4000).astype("<i2").tobytes())
    return buffer.getvalue()


def picture(path: Path, kind: str = "png") -> bytes:
    from matplotlib import pyplot

    buffer = io.BytesIO()
    pyplot.imsave(buffer, np.random.default_rng(0).random((20, 20)), format=kind)
    return buffer.getvalue()


def torch_file(path: Path) -> bytes:
    torch = pytest.importorskip("torch")
    buffer = io.BytesIO()
    torch.save({"E": torch.zeros(3)}, buffer)
    return buffer.getvalue()


def archive(path: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("text.txt", ENGLISH)
    return buffer.getvalue()


NO_TEXT = {  # name: (its bytes, what the message says)
    "utf-16 with a mark": (lambda p: ENGLISH.encode("utf-16"), "UTF-16 text"),
    "utf-16le": (lambda p: ENGLISH.encode("utf-16-le"), "UTF-16LE text without a byte order mark"),
    "utf-16be": (lambda p: ENGLISH.encode("utf-16-be"), "UTF-16BE text without a byte order mark"),
    "utf-16le, Russian": (lambda p: RUSSIAN.encode("utf-16-le"), "UTF-16LE text without"),
    "utf-16be, Chinese": (lambda p: CHINESE.encode("utf-16-be"), "UTF-16BE text without"),
    "utf-16le, short": (lambda p: b"a\0 \0b\0", "UTF-16LE text without"),
    "utf-32 with a mark": (lambda p: ENGLISH.encode("utf-32"), "UTF-32 text"),
    "utf-32le": (lambda p: ENGLISH.encode("utf-32-le"), "UTF-32LE text without"),
    "utf-32be": (lambda p: FRENCH.encode("utf-32-be"), "UTF-32BE text without"),
    "cp1251": (lambda p: RUSSIAN.encode("cp1251"), "not UTF-8"),
    "koi8-r": (lambda p: RUSSIAN.encode("koi8-r"), "not UTF-8"),
    "gbk": (lambda p: CHINESE.encode("gbk"), "not UTF-8"),
    "shift-jis": (lambda p: ("これは日本語の文章です。" * 60).encode("shift-jis"), "not UTF-8"),
    "npy": (lambda p: npy(np.random.default_rng(0).random((50, 8))), "NumPy array"),
    "npy of integers": (lambda p: npy(np.arange(1000)), "NumPy array"),
    "npz": (lambda p: npz(p, E=np.zeros((50, 8))), "NumPy arrays"),
    "npz of ours": (saved(".npz"), "NumPy arrays"),
    "safetensors": (saved(".safetensors"), ".safetensors file"),
    "word2vec .bin": (saved(".bin"), "word2vec .bin file"),
    "word2vec text": (saved(".txt"), "word vectors"),
    "fastText text": (saved(".vec"), "word vectors"),
    "glove": (saved(".glove"), "word vectors"),
    "projector": (saved(".tsv"), "word vectors"),
    "wide vectors": (lambda p: b"3 400\n" + b"cat " + b"0.125 " * 400 + b"\ndog " + b"-1e-3 " * 400, "word vectors"),
    "narrow vectors": (lambda p: b"2 1\ncat 0.5\ndog 1\n", "word vectors"),
    "fastText .bin": (lambda p: b"\xba\x16\x4f\x2f" + npy(np.arange(900)), "model of fastText"),
    "parquet": (lambda p: table(pa.parquet.write_table), "a table with the columns id, text"),
    "feather": (lambda p: table(pa.feather.write_feather), "a table with the columns id, text"),
    "arrow stream": (lambda p: table(arrow_stream), "a table with the columns id, text"),
    "sqlite": (database, "SQLite"),
    "pickle": (lambda p: pickle.dumps({"text": ["the cat"] * 100}), "Python pickle"),
    "pickle 2": (lambda p: pickle.dumps(["the cat", 1], 2), "Python pickle"),
    "pickle 0": (lambda p: pickle.dumps(["the cat"], 0), "Python pickle"),
    "pickle of arrays": (lambda p: pickle.dumps(np.zeros(9)), "Python pickle"),
    "torch": (torch_file, "PyTorch"),
    "gzip in gzip": (lambda p: gzip.compress(gzip.compress(ENGLISH.encode())), "gzip file within a packed file"),
    "zstd in gzip": (lambda p: gzip.compress(zstandard.compress(ENGLISH.encode())), "zstd file within"),
    "zip in gzip": (lambda p: gzip.compress(archive(p)), "zip archive"),
    "zip": (archive, "zip archive"),
    "empty zip": (lambda p: b"PK\x05\x06" + bytes(18), "zip archive"),
    "png": (picture, "a picture"),
    "jpeg": (lambda p: picture(p, "jpg"), "a picture"),
    "gif": (lambda p: b"GIF89a\x10\0\x10\0\xf7\0\0" + bytes(500), "a picture"),
    "bmp": (lambda p: b"BM\x36\x04\0\0\0\0\0\0\x36\0\0\0" + bytes(500), "a picture"),
    "tiff": (lambda p: b"II*\0\x08\0\0\0" + bytes(500), "a picture"),
    "webp": (lambda p: b"RIFF\x24\x01\0\0WEBPVP8 " + bytes(200), "a picture"),
    "wav": (sound, "sound"),
    "mp3": (lambda p: b"ID3\x03\0\0\0\0\x0f\x76" + bytes(200), "sound"),
    "ogg": (lambda p: b"OggS\0\x02" + bytes(200), "sound"),
    "mp4": (lambda p: b"\0\0\0\x20ftypisom\0\0\x02\0" + bytes(200), "a film"),
    "program": (lambda p: Path(sys.executable).read_bytes()[:100_000], "a program"),
    "exe": (lambda p: b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff" + bytes(100), "a program"),
    "class": (lambda p: b"\xca\xfe\xba\xbe\0\0\0\x34\0\x1d\x0a\0\x06", "class of Java"),
    "pyc": (lambda p: Path(next(Path(re.__file__).parent.glob("__pycache__/*.pyc"))).read_bytes(), "compiled Python"),
    "wasm": (lambda p: b"\0asm\x01\0\0\0" + bytes(100), "a program"),
    "hdf5": (lambda p: b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    "pdf": (lambda p: b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "a PDF"),
    "postscript": (lambda p: b"%!PS-Adobe-3.0\n/Times findfont\n", "PostScript"),
    "rtf": (lambda p: rb"{\rtf1\ansi the cat sat}", "RTF"),
    "doc": (lambda p: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "Office document"),
    "7z": (lambda p: b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(100), "7z archive"),
    "random bytes": (lambda p: np.random.default_rng(1).bytes(20_000), "binary"),
    "raw floats": (lambda p: np.random.default_rng(1).normal(size=2000).astype("f4").tobytes(), "not"),
    "raw integers": (lambda p: np.arange(3000, dtype="i4").tobytes(), "binary"),
    "zeros": (lambda p: bytes(1000), "binary|NUL"),
    "encrypted": (lambda p: np.random.default_rng(2).bytes(5000), "binary"),
    "names with NUL between": (lambda p: b"one/name.txt\0other/name.txt\0" * 50, "NUL bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_is_no_text_is_refused_by_name_and_left_out_of_folders(tmp_path, name):
    make, what = NO_TEXT[name]
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "data"
    data = make(path)
    path.write_bytes(data)
    with pytest.raises(InputError, match=what) as caught:
        Corpus.from_files(path, ALL)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert ": " in message.removeprefix(str(path))  # a remedy
    (folder / "z.txt").write_text("only text")
    corpus = Corpus.from_files(folder, ALL)
    assert corpus.vocabulary.words == ["only", "text"]
    assert corpus.warnings == [f"1 file that is no text was left out, the first {path}"]
    read = (
        subprocess.run(
            [sys.executable, "-m", "sgns", "train", "-", "-o", str(tmp_path / "v.txt")], input=data, capture_output=True
        )
        if name in ("npy", "utf-16le")
        else None
    )
    assert read is None or (read.returncode == 2 and re.search(what.encode(), read.stderr))


def test_a_folder_without_text(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(npy(np.arange(1000)))
    with pytest.raises(InputError, match=r"none of the 2 files is text, the first is .*a; name a file to see why"):
        Corpus.from_files(tmp_path, ALL)


TEXT = {
    "ascii": ENGLISH.encode(),
    "utf-8": (FRENCH + CZECH + RUSSIAN + CHINESE).encode(),
    "utf-8 with a mark": ENGLISH.encode("utf-8-sig"),
    "latin-1": FRENCH.encode("latin-1"),
    "latin-1, capitals": FRENCH.upper().encode("latin-1"),
    "cp1252": ("“l’été” – " + FRENCH).encode("cp1252"),
    "cp1250": CZECH.encode("cp1250"),
    "short latin-1": "été".encode("latin-1"),
    "very short": b"\xe9",
    "one NUL": ENGLISH.encode() + b"a\0b" + ENGLISH.encode(),
    "some NULs": (ENGLISH[:300].encode() + b"\0") * 20,
    "unit separators": b"the\x01cat sat\x01on the mat\n" * 200,
    "form feeds and escapes": b"\x0c\x1b[1mthe cat\x1b[0m sat\n" * 200,
    "begins like a picture": b"BM is a word, and so is II*\n" * 20,
    "begins like a table": b"ORC and PAR1 are words\n" * 20,
    "begins like a program": b"MZ is a word\n" * 20,
    "begins like sound": b"ID3 fLaC OggS RIFF\n" * 20,
    "begins like Python": b"(lp the cat sat\ncat\nsat\n",
    "numbers": b"12 55 19 4 5 6 7 8 9 10 11 12\n13 4 5 6 7 8 9 10 11 12 13 14\n" * 40,
    "prices": b"bread 1.20 milk 0.99 and tea 3.50 today\ncoffee 2.10 is dearer\n" * 40,
    "two numbers first": b"3 4\nthe cat sat on the mat\n",
    "one character a line": b"a\nb\nc\n",
    "no line end": b"cat",
    "cut character": "ж".encode()[:1],
    "emoji": "\U0001f600 \U0001f601\n".encode() * 2000,
    "lines of \\r": b"the cat\rsat on\r" * 100,
}


@pytest.mark.parametrize("name", TEXT)
def test_text_is_read_as_it_was(tmp_path, name):
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT[name])
    assert Corpus.from_files(path, ALL).raw_tokens >= 1


def test_latin_1_is_read_with_a_warning(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(FRENCH.encode("latin-1"))
    corpus = Corpus.from_files(path, ALL)
    assert "les" in corpus.vocabulary
    assert "are not UTF-8 were replaced" in corpus.warnings[0]


@given(st.text().filter(lambda text: not re.search("[\0-\x08\x0e-\x1f\x7f]", text)), st.integers(0, 8))
@example("é" * 5000, 1)
@example("\U0001f600" * 2000, 3)
def test_no_utf_8_text_is_refused_wherever_its_head_is_cut(text, cut):
    head = (f"a {text} " + "the cat sat on the mat " * 20).encode()
    assert refusal(head[: len(head) - cut]) is None
    plain = ("x" + text).encode()
    assert refusal(plain[: max(1, len(plain) - cut)]) is None


@given(st.text(min_size=1), st.integers(0, 4))
def test_a_cut_character_is_found(text, cut):
    data = text.encode()[: len(text.encode()) - cut]
    data[: len(data) - partial(data)].decode()  # raises where too little is taken off
    assert partial(data) < 4


WITH_COMMANDS = (
    *("utf-16le", "utf-16be", "utf-16 with a mark", "utf-32 with a mark", "utf-32le", "cp1251"),
    "names with NUL between",
)


@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_the_remedies_are_commands_that_work(tmp_path, name):
    make, _ = NO_TEXT[name]
    path, better = tmp_path / "text", tmp_path / "better.txt"
    path.write_bytes(make(path))
    with pytest.raises(InputError) as caught:
        Corpus.from_files(path, ALL)
    command = re.search(r"with ((?:iconv|tr) .*)$", str(caught.value))
    assert command, caught.value
    subprocess.run(f"{command[1]} < {path} > {better}", shell=True, check=True)
    corpus = Corpus.from_files(better, ALL)
    assert not corpus.warnings
    assert {"the", "булок", "one/name.txt", "one"} & set(corpus.vocabulary.words)
