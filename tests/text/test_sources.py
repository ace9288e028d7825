import base64
import bz2
import contextlib
import gzip
import io
import lzma
import os
import subprocess
import sys
import tarfile
import threading
import zipfile

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns import Config, Corpus
from sgns.errors import InputError
from sgns.text.sources import find
from sgns.text.stream import Stream

TEXT = b"the quick brown fox\njumps over the lazy dog\n" * 50
PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
ALL = Config(min_count=1)


def content(path) -> bytes:
    return b"".join(map(drain, find(path)))


def drain(source) -> bytes:
    stream, data = Stream(source), bytearray(1000)
    out = b""
    while n := stream.readinto(memoryview(data)):
        out += data[:n]
    stream.close()
    return out


@pytest.mark.parametrize("ending", PACK)
def test_packed_files(tmp_path, ending):
    packed = PACK[ending](TEXT)
    path = tmp_path / f"text{ending}"
    path.write_bytes(packed)
    assert content(path) == TEXT
    path.write_bytes(packed + PACK[ending](b"second member"))
    assert content(path) == TEXT + b"second member"
    unnamed = tmp_path / "text"
    unnamed.write_bytes(packed)
    assert content(unnamed) == TEXT


@pytest.mark.parametrize("ending", PACK)
def test_damaged_archives_are_named(tmp_path, ending):
    packed = PACK[ending](base64.encodebytes(os.urandom(15_000)))
    path = tmp_path / f"text{ending}"
    for damaged in (packed[:-12], packed[: len(packed) // 2], packed[:100] + bytes(2000) + packed[2100:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"text\.\w+ is a damaged \w+ file \(.*\); fetch or compress it again"):
            content(path)
    path.write_bytes(b"no archive at all")
    with pytest.raises(InputError, match="in spite of its name"):
        content(path)


@pytest.mark.parametrize("ending", PACK)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_archive_crashes(tmp_path_factory, ending, data):
    """Bytes changed anywhere: text or one clear error."""
    packed = bytearray(PACK[ending](TEXT))
    changes = st.tuples(st.integers(0, len(packed) - 1), st.integers(0, 255))
    for position, byte in data.draw(st.lists(changes, max_size=4)):
        packed[position] = byte
    path = tmp_path_factory.mktemp("fuzz") / f"text{ending}"
    path.write_bytes(packed[: data.draw(st.integers(0, len(packed)))])
    with contextlib.suppress(InputError):
        assert len(content(path)) < 1 << 24


def test_archives_with_names_inside_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../evil.txt", "text")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../evil.txt"), io.BytesIO())
    (tmp_path / "a.tar.gz").write_bytes(buffer.getvalue())
    (tmp_path / "a.txt").write_bytes("text".encode("utf-16"))
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    for name, word in {"a.zip": "zip archive", "a.tar.gz": "tar archive", "a.txt": "UTF-16", "a.pdf": "PDF"}.items():
        with pytest.raises(InputError, match=word):
            content(tmp_path / name)
    assert sorted(path.name for path in tmp_path.parent.iterdir() if "evil" in path.name) == []


def test_folders(tmp_path):
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "b" / "deep" / "2.txt").write_text("two")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"one"))
    (tmp_path / ".hidden").write_text("no")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text("no")
    (tmp_path / "c.txt").write_text("three")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0\0")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "b" / "link.txt").symlink_to(tmp_path / "c.txt")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    names = [source.name.removeprefix(f"{tmp_path}/") for source in find(tmp_path)]
    assert names == ["a.txt.gz", "b/deep/2.txt", "b/link.txt", "c.txt", "picture.png"]
    corpus = Corpus.from_files(tmp_path, ALL)
    assert corpus.vocabulary.words == ["three", "one", "two"]
    assert corpus.warnings == [f"1 file that is no text was left out, the first {tmp_path}/picture.png"]


def test_several_inputs_keep_their_order(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text(name)
    assert [source.name[-1] for source in find([tmp_path / "b", tmp_path / "a"])] == ["b", "a"]


def test_links_to_files_and_folders(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.txt").write_text("text")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file").symlink_to(tmp_path / "real" / "x.txt")
    assert content(tmp_path / "folder") == content(tmp_path / "file") == b"text"
    (tmp_path / "self").symlink_to(tmp_path / "self")
    with pytest.raises(InputError, match="cannot be read"):
        find(tmp_path / "self")


def test_fifo(tmp_path):
    """As in `sgns train <(zcat a.gz b.gz)`."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(TEXT),), daemon=True)
    writer.start()
    corpus = Corpus.from_files(path, ALL)
    writer.join(60)
    assert corpus.raw_tokens == 450
    assert not corpus.from_cache


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_standard_input(pack):
    code = "from sgns import Corpus, Config; c = Corpus.from_files('-', Config(min_count=1));"
    code += "print(c.raw_tokens, c.sentences)"
    done = subprocess.run([sys.executable, "-c", code], input=pack(TEXT), capture_output=True, check=True, timeout=200)
    assert done.stdout.split() == [b"450", b"100"]


def test_what_is_missing_is_said_with_near_names(tmp_path):
    (tmp_path / "corpus.txt").write_text("text")
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.txt").write_text("")
    cases = {
        "corpsu.txt": "does not exist; did you mean corpus.txt?",
        "corpus.tx": "did you mean corpus.txt?",
        "corpus": "did you mean corpus.txt?",
        "no/where.txt": "nor does its folder",
        "empty": "is a folder without files",
        "nothing.txt": "is empty \\(0 bytes\\)",
        "corpus.txt/x": "does not exist",
    }
    for name, message in cases.items():
        with pytest.raises(InputError, match=message) as caught:
            Corpus.from_files(tmp_path / name, ALL)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no text was given"):
        find([])
    with pytest.raises(InputError, match="given twice"):
        find(["-", "-"])


def test_nothing_left(tmp_path):
    (tmp_path / "few.txt").write_text("a a b")
    with pytest.raises(InputError, match=r"min_count = 5 times \(3 tokens, 2 distinct.*set min_count to 2 or less"):
        Corpus.from_files(tmp_path / "few.txt")
    (tmp_path / "marks.txt").write_text("... --- !!!")
    with pytest.raises(InputError, match="holds no words"):
        Corpus.from_files(tmp_path / "marks.txt", ALL)


def test_a_50_mb_line(tmp_path):
    path = tmp_path / "line.txt"
    path.write_bytes(b"some words in one line " * 2_200_000)
    corpus = Corpus.from_files(path, Config(sentences="line"))
    assert corpus.sentence_ends.tolist() == [11_000_000]
    assert corpus.vocabulary.counts.tolist() == [2_200_000] * 5
