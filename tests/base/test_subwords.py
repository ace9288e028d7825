"""N-grams and their rows: a five-line definition and gensim's functions are the judges."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sgns.base import subwords
from sgns.base.subwords import Ngrams, Subwords, exact, texts_of
from sgns.errors import FormatError

fasttext = pytest.importorskip("gensim.models.fasttext_inner")

ANY = st.text(max_size=12)
LENGTHS = st.tuples(st.integers(1, 8), st.integers(0, 5)).map(lambda pair: (pair[0], sum(pair)))


def defined(word, minimum, maximum):
    w = f"<{word}>"
    spans = [(i, i + n) for i in range(len(w)) for n in range(minimum, maximum + 1) if i + n <= len(w)]
    return [w[i:j] for i, j in spans if not (j - i == 1 and (i == 0 or j == len(w)))]


def ngrams_of(words, minimum, maximum):
    for text in texts_of(words, maximum):
        found = Ngrams.of(text, minimum, maximum)
        data = found.data.tobytes()
        for start, end, word in zip(found.starts, found.ends, found.words):
            yield word, data[start:end].decode()


@given(st.lists(ANY, max_size=6), LENGTHS)
@example(["", "a", "日本", "naïve", "𝒳" * 7, "</s>x", "a\nb\0"], (1, 6))
def test_ngrams_are_those_of_the_definition_and_of_gensim(words, lengths):
    found = list(ngrams_of(words, *lengths))
    assert found == [(i, ngram) for i, word in enumerate(words) for ngram in defined(word, *lengths)]
    gensims = [(i, g.decode()) for i, word in enumerate(words) for g in fasttext.compute_ngrams_bytes(word, *lengths)]
    assert found == gensims


@given(st.lists(ANY, max_size=6), LENGTHS, st.integers(1, 2**31 - 1))
@example(["naïve", "日本"], (3, 6), 2**31 - 1)
def test_rows_are_those_of_gensim(words, lengths, buckets):
    """Bytes above 127 are signed in fastText's hash: most of what hypothesis draws has some."""
    options = Subwords(*lengths, buckets)
    starts, rows = options.table_of(words)
    assert starts.dtype == np.int64
    assert rows.dtype == np.int32
    assert len(starts) == len(words) + 1
    assert starts[0] == 0
    assert starts[-1] == len(rows)
    for i, word in enumerate(words):
        theirs = [fasttext.ft_hash_bytes(g) % buckets for g in fasttext.compute_ngrams_bytes(word, *lengths)]
        assert rows[starts[i] : starts[i + 1]].tolist() == options.rows_of(word).tolist() == theirs
    assert options.rows == buckets


@pytest.mark.parametrize(("text", "hashed"), [("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_hash_of_ascii_is_fnv_1a(text, hashed):
    """Known answers of the FNV reference; for ASCII, signed bytes change nothing."""
    assert Ngrams.lines(text.encode()).hashes(subwords.FNV_32).tolist() == [hashed]


def test_hash_of_signed_bytes_is_not_fnv_1a():
    signed, plain = 2166136261 ^ 0xFFFFFFC3, 2166136261 ^ 0xC3
    prime, mask = 16777619, 0xFFFFFFFF
    signed = ((signed * prime & mask) ^ 0xFFFFFFA9) * prime & mask
    plain = ((plain * prime & mask) ^ 0xA9) * prime & mask
    assert Ngrams.lines("é".encode()).hashes(subwords.FNV_32).tolist() == [signed] != [plain]


def test_end_of_sentence_has_no_ngrams():
    """fastText's `Dictionary::initNgrams` leaves it out: the row of `</s>` is its vector."""
    options = Subwords(3, 6, 1000)
    assert len(options.rows_of("</s>")) == 0
    starts, _rows = options.table_of(["</s>", "ab", "</s>"])
    assert np.diff(starts).tolist() == [0, 3, 0]


@given(st.lists(ANY, min_size=1, max_size=8, unique=True), LENGTHS, st.data())
def test_exact_has_a_row_for_each_ngram_that_occurs_often_enough(words, lengths, data):
    counts = np.array(data.draw(st.lists(st.integers(1, 5), min_size=len(words), max_size=len(words))))
    total: dict[str, int] = {}
    for word, count in zip(words, counts.tolist()):
        for ngram in defined(word, *lengths) if word != "</s>" else []:
            total[ngram] = total.get(ngram, 0) + count
    options = exact(words, counts, *lengths, 3)
    known = sorted(ngram for ngram, count in total.items() if count >= 3 and "\n" not in ngram)
    assert options.ngrams == known
    assert options.rows == len(known)
    starts, rows = options.table_of(words)
    for i, word in enumerate(words):
        wanted = [known.index(ngram) for ngram in defined(word, *lengths) if ngram in known and word != "</s>"]
        assert rows[starts[i] : starts[i + 1]].tolist() == options.rows_of(word).tolist() == wanted


def test_exact_takes_no_ngram_for_another_of_the_same_hash(monkeypatch):
    """With a hash of two values almost every n-gram shares its hash with others: bytes decide."""
    words = ["abcde", "bcdef", "aeiou", "xyz"]
    plain = exact(words, np.full(4, 5), 2, 3, 1)
    hashes = Ngrams.hashes

    def poor(self, fnv, salt=0):
        return hashes(self, fnv, salt) % np.uint64(2) if fnv is subwords.FNV_64 else hashes(self, fnv, salt)

    monkeypatch.setattr(Ngrams, "hashes", poor)
    assert exact(words, np.full(4, 5), 2, 3, 1) == plain


def test_unknown_ngrams_of_a_word_have_no_row():
    options = exact(["abc"], np.array([5]), 3, 3, 1)
    assert options.ngrams == ["<ab", "abc", "bc>"]
    assert options.rows_of("abx").tolist() == [0]
    assert len(options.rows_of("xyz")) == 0
    assert exact([], np.array([]), 3, 6, 1).rows == 0
    assert len(exact([], np.array([]), 3, 6, 1).rows_of("word")) == 0


def test_many_words_come_in_blocks(monkeypatch):
    words = [f"wörd{i}" for i in range(300)]
    whole = Subwords(3, 6, 1000).table_of(words)
    table = exact(words, np.ones(300), 3, 6, 2)
    seen = []
    monkeypatch.setattr(subwords, "BLOCK_NUMBERS", 300)
    parts = Subwords(3, 6, 1000).table_of(words, lambda *call: seen.append(call))
    assert all((a == b).all() for a, b in zip(whole, parts))
    assert exact(words, np.ones(300), 3, 6, 2) == table
    assert len(seen) > 10
    assert seen[-1] == ("subwords", 300, 300, "words")


def test_metadata_makes_the_same_again():
    for options in (
        Subwords(3, 6, 2_000_000),
        exact(["abc", "日本"], np.array([5, 5]), 1, 3, 1),
        Subwords(2, 2, "exact"),
    ):
        assert Subwords.from_dict(options.to_dict()) == options


@pytest.mark.parametrize(
    "change",
    [{"minimum": 0}, {"maximum": 2}, {"buckets": 0}, {"buckets": "many"}, {"buckets": 2**31}, {"minimum": "3"},
     {"buckets": None}, {"maximum": 101}, {"buckets": "exact", "ngrams": [1]}, {"buckets": True}],
)  # fmt: skip
def test_damaged_metadata_are_refused(change):
    with pytest.raises(FormatError):
        Subwords.from_dict({"minimum": 3, "maximum": 6, "buckets": 10} | change)


def test_an_ngram_that_stands_twice_is_refused():
    with pytest.raises(FormatError, match="twice"):
        Subwords(3, 3, "exact", b"abc\nabc").rows_of("abcd")


def test_bytes_are_words_too():
    options = Subwords(3, 6, 1000)
    assert options.table_of(["日本語".encode()])[1].tolist() == options.rows_of("日本語").tolist()
    assert len(options.table_of([b"\xff\xfeabc"])[1])  # not UTF-8: fastText's rule for bytes holds


def test_rows_of_many_words_are_found_in_little_memory():
    words = [f"{number * 7919 % 100_003:06d}x{number}" for number in range(30_000)]
    tracemalloc.start()
    try:
        starts, rows = Subwords(3, 6, 1000).table_of(words)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - starts.nbytes - rows.nbytes < 40e6  # in one block 76e6
