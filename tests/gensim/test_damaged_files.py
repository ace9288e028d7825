"""Damaged and hostile files by the door of gensim's classes: objects or errors of ours, soon, and in little memory."""

import pickle
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sgns.errors import SgnsError
from sgns.gensim.models import Doc2Vec, FastText, KeyedVectors, Phrases, Word2Vec
from sgns.gensim.models.fasttext import FastTextKeyedVectors
from sgns.vectors import Vectors

MEMORY, SECONDS = 200e6, 20  # of CPU; what these files promise are terabytes and centuries

PROTOCOL, MARK = b"\x80\x04", b"("


def text(value: str) -> bytes:
    """A string."""
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def plain(value: Any) -> bytes:
    """A value as pickle writes it, with numbers of the memo that no other part uses."""
    body = pickle.dumps(value, 2)[2:-1]
    return body if not isinstance(value, np.ndarray | list | dict) else b"".join(raw(value))


def raw(value: Any) -> list[bytes]:
    """Lists, dicts and float32 arrays without a memo."""
    if isinstance(value, np.ndarray):
        shape = b"".join(plain(n) for n in value.shape)
        kind = (
            b"cnumpy\ndtype\n"
            + text("f4")
            + b"K\0K\1\x87R(K\3"
            + text("<")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        )
        start = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\1b\x87R(K\1"
        values = b"B" + value.nbytes.to_bytes(4, "little") + value.astype("<f4").tobytes()
        return [start, MARK, shape, b"t", kind, b"\x89", values, b"tb"]
    if isinstance(value, list):
        return [b"]", MARK, *(part for item in value for part in (plain(item),)), b"e"]
    return [b"}", MARK, *(plain(key) + plain(item) for key, item in value.items()), b"u"]


def record(kind: str, *fields: bytes) -> bytes:
    """An object of a class of gensim with fields, each a name and a value."""
    module, name = kind.rsplit(".", 1)
    return f"cgensim.{module}\n{name}\n".encode() + b")\x81}(" + b"".join(fields) + b"ub"


def file(body: bytes) -> bytes:
    """A whole pickle."""
    return PROTOCOL + body + b"."


def field(name: str, value: Any) -> bytes:
    """A name and a value."""
    return text(name) + (value if isinstance(value, bytes) else plain(value))


WORDS = (field("index_to_key", ["a", "b"]), field("key_to_index", {"a": 0, "b": 1}))
ROWS = field("vectors", np.ones((2, 3), np.float32))
VECTORS = "models.keyedvectors.KeyedVectors"
LOOP = b"cgensim." + b"models.word2vec\nWord2Vec\n)\x81q\x05}("
LAUGHS = b"]q\x00K\1a" + b"".join(b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(60))
SUBWORDS = (
    field("vectors_vocab", np.ones((1, 3), np.float32)), field("vectors_ngrams", np.ones((5, 3), np.float32)),
    field("compatible_hash", True), field("bucket", 5),
)  # fmt: skip

# fmt: off
GOOD = file(record(VECTORS, *WORDS, ROWS))
BOMBS = {
    "an object in itself, ten times": file(
        LOOP + field("__recursive_saveloads", ["wv"] * 10) + text("wv") + b"h\x05ub"
    ),
    "lists of lists": file(record(VECTORS, *WORDS, ROWS, text("more") + LAUGHS)),
    "a list in itself": file(record(VECTORS, *WORDS, ROWS, text("more") + b"]q\x07h\x07a")),
    "a dict in itself": file(record(VECTORS, *WORDS, ROWS, text("more") + b"}q\x07K\1h\x07s")),
    "an object in itself": file(LOOP + text("wv") + b"h\x05ub"),
    "deep lists": file(record(VECTORS, *WORDS, ROWS, text("more") + b"]" * 20_000 + b"a" * 19_999)),
    "deep objects": file(
        (b"cgensim.models.keyedvectors\nKeyedVectors\n)\x81}" + text("a")) * 3_000 + b"N" + b"sb" * 3_000
    ),
    "documents without rows": file(
        record(
            "models.doc2vec.DocvecsArray", field("doctags", {}), field("max_rawint", 10**13),
            field("doctag_syn0", np.ones((2, 3), np.float32)), field("offset2doctag", []),
        )
    ),
    "one long word, many times": file(
        record(
            VECTORS, field("vectors", np.ones((1, 3), np.float32)),
            text("index_to_key") + b"](" + text("w" * 100_000) + b"q\x07" + b"h\x07" * 100_000 + b"e",
        )
    ),
    "n-grams of any length": file(
        record(
            "models.fasttext.FastTextKeyedVectors", *SUBWORDS, field("index_to_key", ["w" * 50_000]),
            field("min_n", 1), field("max_n", 10**9),
        )
    ),
    "n-grams of a million buckets": file(
        record(
            "models.fasttext.FastTextKeyedVectors", field("index_to_key", ["word"]), *SUBWORDS[:3],
            field("min_n", 3), field("max_n", 6), field("bucket", 10**12),
        )
    ),
    "no words": file(record(VECTORS)),
    "a model of nothing": file(record("models.word2vec.Word2Vec")),
    "fields of other types": file(
        record("models.word2vec.Word2Vec", field("wv", 3), field("vocabulary", 4), field("trainables", [1]))
    ),
    "words of other types": file(record(VECTORS, ROWS, field("index_to_key", 3), field("expandos", 7))),
    "counts of another length": file(
        record(VECTORS, *WORDS, ROWS, field("expandos", {"count": np.ones(7, np.float32)}))
    ),
    "Vocab without fields": file(
        record(VECTORS, field("vectors", np.ones((1, 2), np.float32)), text("vocab") + b"}" + text("a")
               + record("models.word2vec.Vocab") + b"s")
    ),
    "tags without fields": file(
        record("models.doc2vec.DocvecsArray", text("doctags") + b"}" + text("a")
               + record("models.doc2vec.Doctag") + b"s")
    ),
}
# fmt: on
SEEDS = [GOOD, *(content for content in BOMBS.values() if len(content) < 10_000)]
DOORS: list[Callable[[Path], Any]] = [
    Vectors.load,
    *(lambda path, kind=kind: kind.load(str(path)) for kind in (  # type: ignore[misc]
        KeyedVectors, Word2Vec, FastText, FastTextKeyedVectors, Doc2Vec, Phrases)),
]  # fmt: skip


def opened(door: Callable[[Path], Any], path: Path) -> bool:
    """Whether a file is read; if it is not, that was said in one line by an error of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            door(path)
        except SgnsError as error:
            said = str(error)
        else:
            return True
    assert said
    assert "\n" not in said
    assert len(said) < 1000 + len(str(path))
    return False


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "deep objects" else ()) for name in BOMBS]
)  # as lists, which are here
def test_a_small_file_takes_little_time_and_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "v.model"
    for door in DOORS:
        path.write_bytes(GOOD)
        opened(door, path)
        path.write_bytes(BOMBS[name])
        tracemalloc.start()
        began = time.process_time()
        try:
            opened(door, path)
            assert tracemalloc.get_traced_memory()[1] < MEMORY
        finally:
            tracemalloc.stop()
        assert time.process_time() - began < SECONDS


def test_the_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "v.model"
    path.write_bytes(GOOD)
    assert opened(DOORS[0], path)
    assert KeyedVectors.load(str(path)).index_to_key == ["a", "b"]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=st.sampled_from(SEEDS), door=st.sampled_from(DOORS),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 4), st.binary(max_size=8)), min_size=1, max_size=4),
)  # fmt: skip
def test_damaged_files_are_read_or_refused(tmp_path: Path, content: bytes, door: Any, changes: Any) -> None:
    data = bytearray(content)
    for place, length, new in changes:
        at = place % len(data) if data else 0
        data[at : at + length] = new
    path = tmp_path / "v.model"
    path.write_bytes(data)
    opened(door, path)
