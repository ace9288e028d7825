"""Texts larger than memory: each in a process of its own, whose private memory is limited."""

import gzip
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from sgns import Config, Corpus
from sgns.text import chunks
from sgns.text.sources import find

CHILD = """
import json, resource, sys
if {cap}:
    resource.setrlimit(resource.RLIMIT_DATA, ({cap}, {cap}))
from sgns import Config, Corpus
corpus = Corpus.from_files({path!r}, Config(**{options!r}))
"""


def run(path, code: str, cap: int = 0, **options):
    """Encode `path` in a process with at most `cap` bytes of private memory; returns what `code` makes of `corpus`."""
    program = CHILD.format(cap=cap, path=str(path), options=options) + f"print(json.dumps(({code})))"
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=3_500)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mappings on Linux only")
def test_two_gigabytes_of_text_in_one_gigabyte_of_memory(tmp_path):
    rng = np.random.default_rng(1)
    block = " ".join(f"w{n}" for n in rng.zipf(1.2, 4_000_000) % 1_000_000).encode()
    path = tmp_path / "large.txt"
    copies = 2_000_000_000 // len(block) + 1
    with path.open("wb") as file:
        for _ in range(copies):
            file.write(block + b"\n")
    tokens, sentences, same, first = run(
        path,
        "corpus.tokens, corpus.sentences, corpus.ids[:4000000].tolist() == corpus.ids[-4000000:].tolist(),"
        "corpus.vocabulary.words[0]",
        cap=1 << 30,
        min_count=1,
    )
    assert tokens == 4_000_000 * copies
    assert sentences == copies
    assert same
    assert first == "w1"


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mappings on Linux only")
def test_twenty_million_raw_tokens_and_an_exact_limit(tmp_path):
    """Every thousandth word stands twice, far apart; the rest of the vocabulary is the words that come first."""
    n, most = 20_000_000, 25_000
    path = tmp_path / "distinct.txt"
    with path.open("w") as file:
        for start in range(0, n, 1_000_000):
            file.write("".join(f"w{i}\n" for i in range(start, start + 1_000_000)))
        file.write("".join(f"w{i}\n" for i in range(0, n, 1000)[::-1]))
    words, counts, tokens, raw = run(
        path,
        "corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), corpus.tokens, corpus.raw_tokens",
        cap=1 << 30,
        min_count=1,
        max_vocabulary=most,
    )
    twice = [f"w{i}" for i in range(0, n, 1000)]
    once = [f"w{i}" for i in range(most) if i % 1000][: most - len(twice)]
    assert words == twice + once
    assert counts == [2] * len(twice) + [1] * len(once)
    assert tokens == sum(counts)
    assert raw == n + n // 1000


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_more_than_two_to_the_31_tokens(tmp_path):
    n = 2**31 + 1000
    path = tmp_path / "many.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        left = n
        while left:
            now = min(left, 50_000_000)
            file.write(b"a " * now)
            left -= now
        file.write(b"b c\nb c")
    tokens, ends, counts, tail = run(
        path,
        "corpus.tokens, corpus.sentence_ends.tolist(), corpus.vocabulary.counts.tolist(), corpus.ids[-5:].tolist()",
        min_count=1,
    )
    assert tokens == n + 4
    assert ends == [n + 2, n + 4]
    assert counts == [n, 2, 2]
    assert tail == [0, 1, 2, 1, 2]


def test_one_sentence_of_ten_million_tokens(tmp_path):
    path = tmp_path / "long.txt"
    path.write_bytes(b"one two three four five " * 2_000_000)
    corpus = Corpus.from_files(path, Config(sentences="line"))
    assert corpus.sentence_ends.tolist() == [10_000_000]
    assert (corpus.ids.reshape(-1, 5) == np.arange(5)).all()


def test_ten_million_sentences_of_one_word(tmp_path):
    path = tmp_path / "short.txt"
    path.write_bytes(b"one\ntwo\nthree\nfour\nfive\n" * 2_000_000)
    corpus = Corpus.from_files(path, Config(sentences="line"))
    assert corpus.sentences == 10_000_000
    assert (corpus.sentence_ends == np.arange(1, 10_000_001)).all()
    assert corpus.ids[:6].tolist() == [0, 1, 2, 3, 4, 0]


def test_positions_beyond_two_to_the_31(tmp_path, monkeypatch):
    """A text whose first byte stands behind 2^40 others: positions decide between equal counts."""

    class Far(chunks.ChunkReader):
        def __init__(self, sources):
            super().__init__(sources)
            self._position = 2**40

    monkeypatch.setattr("sgns.text.corpus.ChunkReader", Far)
    monkeypatch.setattr(chunks, "CHUNK", 100)
    path = tmp_path / "text.txt"
    path.write_text(" ".join(f"w{i % 500}" for i in range(1000)))
    config = Config(min_count=1, threads=3)
    for plain in (-1, 1 << 30):
        corpus = Corpus.from_sources(find(path), config, cache=False, plain_chunks=plain)
        assert corpus.vocabulary.words == [f"w{i}" for i in range(500)]
