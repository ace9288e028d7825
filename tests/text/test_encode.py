"""The kernels against plain Python, and plain Python against a definition of a few lines."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns import Config, Corpus
from sgns.base.normalise import decode, normalise
from sgns.errors import InputError
from sgns.text import chunks, encode, encode_fast, stream
from sgns.text.sources import find
from sgns.text.vocabulary import most_frequent

pieces = st.one_of(
    st.sampled_from([b" ", b"\n", b"\r\n", b"\r", b"\n\n", b"\n \n", b"\t", b"\0", b"  \n\t\n "]),
    st.sampled_from(
        [b"the", b"The", b"of", b"a", b"a-very-long-raw-token-of-thirty-3", b"and/or", b"--", b"x.", b"\xff"]
    ),
    st.sampled_from(["über", "Straße", "東京", "mot\u00a0juste", "\u3000", "’tis", "e\u0301"]).map(str.encode),
    st.integers(0, 300).map(lambda n: b"w%d" % n),
    st.binary(max_size=8),
)
texts = st.lists(pieces, max_size=200).map(b"".join)
configs = st.builds(
    Config,
    sentences=st.sampled_from(["line", "paragraph", "none"]),
    lowercase=st.booleans(),
    punctuation=st.booleans(),
    min_count=st.integers(1, 3),
    max_vocabulary=st.none() | st.integers(1, 20),
    threads=st.integers(1, 4),
)


def encoded(paths, config, plain):
    """All that a corpus consists of, or the error."""
    try:
        corpus = Corpus.from_sources(find([str(path) for path in paths]), config, cache=False, plain_chunks=plain)
    except InputError as error:
        return str(error)
    return (
        corpus.vocabulary.words,
        corpus.vocabulary.counts.tolist(),
        corpus.ids.tolist(),
        corpus.sentence_ends.tolist(),
        corpus.raw_tokens,
        corpus.hash,
        corpus.warnings,
    )


def defined(data: list[bytes], config: Config):
    """Words, counts, ids and ends, as the documentation says."""
    sentences = []
    for text in data:
        text = re.sub(rb"\r\n?", b"\n", text)
        found = {"line": text.split(b"\n"), "paragraph": re.split(rb"\n[\x00-\x20]*\n", text), "none": [text]}
        for piece in found[config.sentences]:
            raw_tokens = re.findall(rb"[^\x00-\x20]+", piece)
            sentences.append(
                [w for s in raw_tokens for w in normalise(decode(s)[0], config.lowercase, config.punctuation)]
            )
    counts: dict[str, int] = {}
    for sentence in sentences:
        for word in sentence:
            counts[word] = counts.get(word, 0) + 1
    kept = sorted((word for word in counts if counts[word] >= config.min_count), key=lambda word: -counts[word])
    kept = kept[: config.max_vocabulary]
    sentences = [[kept.index(word) for word in sentence if word in kept] for sentence in sentences]
    sentences = [sentence for sentence in sentences if sentence]
    ids = [number for sentence in sentences for number in sentence]
    return (
        kept,
        [counts[word] for word in kept],
        ids,
        np.cumsum([len(s) for s in sentences]).tolist(),
        sum(counts.values()),
    )


@pytest.fixture(autouse=True)
def any_bytes_are_text(monkeypatch):
    """Encoding is defined for all bytes; what is refused before is another matter (test_kinds)."""
    monkeypatch.setattr(stream, "refusal", lambda head: None)


@settings(deadline=None, max_examples=200)
@given(st.lists(texts, min_size=1, max_size=3), configs)
def test_plain_python_does_what_is_documented(tmp_path_factory, data, config):
    paths = write(tmp_path_factory, data)
    got, wanted = encoded(paths, config, 100), defined(data, config)
    if wanted[0]:
        assert got[:5] == wanted
    else:
        assert isinstance(got, str)


@settings(deadline=None, max_examples=300)
@given(st.lists(texts, min_size=1, max_size=3), configs, st.sampled_from([64, 200, 1 << 20]), st.booleans())
def test_kernels_do_what_plain_python_does(tmp_path_factory, data, config, chunk, tight):
    """Also where chunks, tables and parts are so small that every seam of the encoder is crossed."""
    paths = write(tmp_path_factory, data)
    with pytest.MonkeyPatch.context() as patch:
        for module in (chunks, encode, encode_fast):
            patch.setattr(module, "CHUNK", chunk)
        if tight:
            patch.setattr(encode_fast, "SEGMENT_TOKENS", 20)
            patch.setattr(encode_fast, "PART_WORDS", 15)
        assert encoded(paths, config, -1) == encoded(paths, config, 1 << 30)


@pytest.mark.parametrize("blank", ["\n", "\r", "\r\n", " "])
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("before", range(56, 72))
def test_blanks_longer_than_a_chunk(tmp_path, monkeypatch, blank, n, before):
    for module in (chunks, encode, encode_fast):
        monkeypatch.setattr(module, "CHUNK", 64)
    path = tmp_path / "blanks.txt"
    path.write_bytes(("a" + (" " * before + blank) * n + " " * 150 + "b").encode())
    for sentences in ("line", "paragraph"):
        config = Config(min_count=1, sentences=sentences)
        wanted = defined([path.read_bytes()], config)
        assert encoded([path], config, -1)[:5] == encoded([path], config, 100)[:5] == wanted


def write(tmp_path_factory, data: list[bytes]):
    folder = tmp_path_factory.mktemp("texts")
    paths = []
    for number, text in enumerate(data):
        # A letter in front, so that no text looks like an archive.
        paths.append(folder / f"{number}.txt")
        paths[-1].write_bytes(b"a " + text if text else b"")
        data[number] = paths[-1].read_bytes()
    return paths


def test_any_number_of_threads_gives_the_same_bits(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    words = rng.zipf(1.3, 200_000) % 50_000
    path = tmp_path / "zipf.txt"
    path.write_text("\n".join(" ".join(f"w{n}" for n in row) for row in words.reshape(-1, 20)))
    for module in (chunks, encode, encode_fast):
        monkeypatch.setattr(module, "CHUNK", 10_000)
    results = [encoded([path], Config(threads=threads, min_count=1), -1) for threads in (1, 2, 7)]
    assert results[0] == results[1] == results[2]
    assert results[0][4] == 200_000


def test_ties_go_by_first_appearance_and_the_limit_is_exact(tmp_path):
    path = tmp_path / "ties.txt"
    path.write_text("late early late early third third once")
    corpus = Corpus.from_files(path, Config(min_count=1, max_vocabulary=2))
    assert corpus.vocabulary.words == ["late", "early"]
    assert corpus.raw_tokens == 7
    assert corpus.ids.tolist() == [0, 1, 0, 1]


@given(st.lists(st.integers(1, 6), max_size=60), st.integers(1, 4), st.none() | st.integers(1, 20))
def test_most_frequent_is_a_sort(counts, least, limit):
    first = np.random.default_rng(len(counts)).permutation(len(counts))
    got = most_frequent(np.array(counts, dtype=np.int64), first, Config(min_count=least, max_vocabulary=limit))
    wanted = sorted((i for i, n in enumerate(counts) if n >= least), key=lambda i: (-counts[i], first[i]))[:limit]
    assert got.tolist() == wanted


def test_no_sentence_is_cut_and_none_is_empty(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a b c\n\n\nd\n- - -\ne f")
    corpus = Corpus.from_files(path, Config(min_count=1))
    assert corpus.sentence_ends.tolist() == [3, 4, 6]
    assert Corpus.from_files(path, Config(min_count=1, sentences="paragraph")).sentence_ends.tolist() == [3, 6]
    assert Corpus.from_files(path, Config(min_count=1, sentences="none")).sentence_ends.tolist() == [6]


def test_files_end_sentences(tmp_path):
    (tmp_path / "1").write_text("a b")
    (tmp_path / "2").write_text("c d")
    for sentences in ("line", "paragraph", "none"):
        corpus = Corpus.from_files(tmp_path, Config(min_count=1, sentences=sentences))
        assert corpus.sentence_ends.tolist() == [2, 4]
        assert corpus.vocabulary.words == ["a", "b", "c", "d"]


def test_a_run_without_white_space(tmp_path, monkeypatch):
    """Longer than a chunk: cut between characters, counted, with a warning."""
    for module in (chunks, encode, encode_fast):
        monkeypatch.setattr(module, "CHUNK", 64)
    path = tmp_path / "run.txt"
    path.write_text("word " + "é" * 500 + " word")
    for plain in (-1, 1 << 30):
        words, counts, *_, warnings = encoded([path], Config(min_count=1), plain)
        assert "word" in words
        assert counts[words.index("word")] == 2
        assert sum(len(word) * n for word, n in zip(words, counts) if word != "word") == 500
        assert any("were cut" in warning for warning in warnings)


def test_broken_bytes_are_counted_with_a_warning(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"fine\nfine\ncaf\xe9 caf\xe9\n\xff\n")
    for plain in (-1, 1 << 30):
        words, *_, warnings = encoded([path], Config(min_count=1), plain)
        assert words == ["fine", "caf\ufffd", "\ufffd"]
        assert warnings == [f"3 bytes that are not UTF-8 were replaced by U+FFFD, the first in {path}, line 3"]


def test_unsegmented_text_gives_a_warning(tmp_path):
    path = tmp_path / "zh.txt"
    path.write_text("某天在他眼前居然真的出現了依照他妄想行動的女友 " * 10)
    for plain in (-1, 1 << 30):
        assert any(
            "split the text into words first" in warning for warning in encoded([path], Config(min_count=1), plain)[-1]
        )
