"""The shards of a text: together they are the text, and no sentence is cut."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.errors import InputError
from sgns.text import shards
from sgns.text.shards import shard_of
from sgns.text.sources import find
from sgns.text.stream import Stream


def read(sources):
    out = []
    for source in sources:
        stream, buffer = Stream(source), bytearray(7)
        while n := stream.readinto(memoryview(buffer)):
            out.append(bytes(buffer[:n]))
        stream.close()
    return b"".join(out)


LINES = st.lists(st.text("ab é\u3000", max_size=12), max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    files=st.lists(LINES, min_size=1, max_size=4),
    readers=st.integers(1, 6),
    sentences=st.sampled_from(["line", "paragraph", "none"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_every_byte_is_read_once_and_sentences_stay_whole(tmp_path_factory, files, readers, sentences, end):
    folder = tmp_path_factory.mktemp("files")
    for k, lines in enumerate(files):
        (folder / f"{k}.txt").write_bytes("".join(line + end for line in lines).encode())
    sources = find(folder)
    parts = []
    for reader in range(readers):
        try:
            parts.append(shard_of(sources, reader, readers, sentences).sources)
        except InputError:
            parts.append([])
    assert read(source for part in parts for source in part) == read(sources)
    for source in (source for part in parts for source in part if source.span):
        whole = source.path.read_bytes()
        for position in source.span:
            if position in (0, len(whole)):
                continue
            if sentences == "line":
                assert whole[position - 1 : position] in (b"\n", b"\r")
            elif sentences == "none":
                assert whole[position - 1] <= 32
            else:
                assert whole[:position].endswith((b"\n\n", b"\n\r\n", b"\r\r"))


def test_shards_are_nearly_equal(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(f"{'word ' * (number % 12)}end\n" for number in range(2_000)))
    sizes = [sum(s.size for s in shard_of(find(text), reader, 4, "line").sources) for reader in range(4)]
    assert sum(sizes) == text.stat().st_size
    assert max(sizes) - min(sizes) < 200


def test_a_sentence_beyond_the_search_is_cut_between_words_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SEARCHED", 100)
    monkeypatch.setattr(shards, "STEP", 10)
    (tmp_path / "long.txt").write_bytes(b"word " * 1_000)
    one, two = (shard_of(find(tmp_path), reader, 2, "line") for reader in (0, 1))
    assert (one.cut_sentences, two.cut_sentences) == (1, 1)
    assert read(one.sources).endswith(b"word ")
    assert read(one.sources + two.sources) == b"word " * 1_000


def test_packed_files_go_to_one_reader_each(tmp_path):
    for k in range(4):
        (tmp_path / f"{k}.gz").write_bytes(gzip.compress(b"word %d\n" % k * 100))
    parts = [shard_of(find(tmp_path), reader, 2, "line").sources for reader in (0, 1)]
    assert [len(part) for part in parts] == [2, 2]
    with pytest.raises(InputError, match=r"rank 0 of 8; a packed file is not cut"):
        shard_of(find(tmp_path), 0, 8, "line")


def test_standard_input_cannot_be_divided():
    with pytest.raises(InputError, match="standard input can be read only once"):
        shard_of(find("-"), 0, 2, "line")
