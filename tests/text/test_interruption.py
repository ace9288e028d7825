"""Ctrl-C and full disks."""

import errno
import os

import pytest

from sgns import Config, Corpus
from sgns.errors import OutputError
from sgns.text.sources import find


def test_ctrl_c_stops_at_once_and_leaves_nothing(tmp_path, own_cache):
    path = tmp_path / "text.txt"
    path.write_bytes(b"some words and some more\n" * 1_000_000)
    heard = []

    def progress(stage, done, total, unit):
        heard.append(done)
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Corpus.from_files(path, Config(), progress)
    assert [done > 0 for done in heard] == [False] * (len(heard) - 1) + [True]  # nothing goes on
    assert list((own_cache / "corpora").iterdir()) == []
    assert Corpus.from_files(path).tokens == 5_000_000


def test_ctrl_c_while_a_pipe_is_silent(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    calls = []

    def progress(*call):
        calls.append(call)
        if len(calls) > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # and does not wait for the pipe, in which nothing ever comes
        Corpus.from_files(path, Config(), progress)
    with path.open("rb+", buffering=0):  # so that the waiting thread ends
        pass


def test_progress_comes_in_order(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_bytes(b"some words and some more\n" * 300_000)
    calls = []
    Corpus.from_files(path, Config(), lambda *call: calls.append(call), cache=False)
    read = [call for call in calls if call[0] == "read"]
    assert read[0][1:] == (0, path.stat().st_size, "bytes")
    assert read[-1][1] == path.stat().st_size
    assert [call[1] for call in read] == sorted(call[1] for call in read)


@pytest.mark.parametrize("plain", [-1, 100])
def test_a_full_disk(tmp_path, own_cache, monkeypatch, plain):
    from sgns.text import spill

    class Full:
        def write(self, view):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write_all(file, array):
        real(Full(), array)

    real = spill.write_all
    for module in ("spill", "encode", "encode_fast"):
        monkeypatch.setattr(f"sgns.text.{module}.write_all", write_all)
    path = tmp_path / "text.txt"
    path.write_text("word " * 100)
    with pytest.raises(
        OutputError, match=r"no room for the encoded text \(No space left on device\); free space, or set"
    ):
        Corpus.from_sources(find(path), Config(), plain_chunks=plain)
    assert list((own_cache / "corpora").iterdir()) == []
