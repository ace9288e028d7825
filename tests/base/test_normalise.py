import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.base.normalise import NOT_ALPHANUMERIC, UNSEGMENTED, decode, is_mark, normalise
from sgns.text.kernels.hash_table import Strings, contents, new_table, text_of
from sgns.text.kernels.normalise import NO_WORD, normalise_all, unsegmented_lines
from sgns.text.kernels.scan import LINE, MARGIN, scan


@pytest.mark.parametrize(
    ("raw_token", "words"),
    [
        ("Hello,", ["hello"]),
        ("don't", ["don't"]),
        ("don’t", ["don't"]),
        ("‘quoted’", ["quoted"]),
        ("well-known", ["well-known"]),
        ("yes--no", ["yes", "no"]),
        ("yes—no", ["yes", "no"]),
        ("end.Begin", ["end", "begin"]),
        ("and/or", ["and", "or"]),
        ("3.14", ["3.14"]),
        ("1,000,000.", ["1,000,000"]),
        ("23:40", ["23:40"]),
        ("U.S.A.", ["u.s.a"]),
        ("e.g.", ["e.g"]),
        ("new_york", ["new_york"]),
        ("__init__", ["init"]),
        ("--", []),
        ("…", []),
        ("$5", ["5"]),
        ("STRASSE", ["strasse"]),
        ("Straße", ["straße"]),
        ("ÉCOLE", ["école"]),
        ("e\u0301cole", ["école"]),
        ("ΟΔΟΣ", ["οδος"]),
        ("no\u00a0break", ["no", "break"]),
        ("\ufeffFirst", ["first"]),
        ("नमस्ते", ["नमस्ते"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("東京。大阪", ["東京", "大阪"]),
        ("👍", ["👍"]),
        ("\x7f", []),
    ],
)
def test_raw_tokens_become_words(raw_token, words):
    assert normalise(raw_token) == words


def test_words_are_split_only_where_the_expression_looks():
    letters = "".join(letter for letter in map(chr, range(sys.maxunicode + 1)) if is_mark.__wrapped__(letter))
    assert len(letters) > 2000
    assert len(NOT_ALPHANUMERIC.findall(letters)) == len(letters)


@given(st.text(st.sampled_from("a\n漢ก "), max_size=60), st.text(st.sampled_from("\n漢"), max_size=40))
def test_lines_of_scripts_without_blanks(one, other):
    text = one + other
    expected = [number for number, line in enumerate(text.split("\n")) if UNSEGMENTED.search(line)]
    assert unsegmented_lines(text) == expected


def test_options():
    assert normalise("Hello,", lowercase=False) == ["Hello"]
    assert normalise("Hello,", punctuation=True) == ["hello,"]
    assert normalise("--", punctuation=True) == ["--"]
    assert normalise("a\u3000b.", punctuation=True) == ["a", "b."]


@given(st.text())
def test_words_hold_no_space_and_are_stable(text):
    for word in normalise("".join(text.split())):
        assert word
        assert word.split() == [word]
        assert unicodedata.is_normalized("NFC", word)
        # "ŉ"-like letters may change once more; all others are words as they stand
        assert normalise(word) == [word] or word.lower() != word or not word.isascii()


@given(st.binary(max_size=40))
def test_bytes_that_are_not_utf8_are_counted(data):
    text, lost = decode(data)
    assert text == data.decode(errors="replace")
    assert 0 <= lost <= len(data)
    assert (lost == 0) == (text.encode() == data)


def test_how_many_bytes_were_lost():
    assert decode(b"caf\xe9") == ("caf\ufffd", 1)
    assert decode(b"\xff\xfe\xfd") == ("\ufffd\ufffd\ufffd", 3)
    assert decode("\ufffdok".encode() + b"\xe2\x82") == ("\ufffdok\ufffd", 2)


LETTERS = "aZ09'-_.,:/é’\u0301ß\u00a0\u3000東ก👍İΣ"
raw_tokens = st.lists(
    st.one_of(
        st.text(LETTERS, min_size=1, max_size=20),
        st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=40),
        st.text(st.characters(codec="utf-8", exclude_characters="".join(map(chr, range(33)))), min_size=1, max_size=8),
    ).map(str.encode)
    | st.binary(min_size=1, max_size=20).map(lambda data: bytes(byte for byte in data if byte > 32) or b"x"),
    min_size=1,
    max_size=30,
    unique=True,
)


@settings(deadline=None, max_examples=400)
@given(raw_tokens, st.booleans(), st.booleans())
def test_all_at_once_is_as_one_by_one(found, lowercase, punctuation):
    """The kernel for ASCII and the batches for the rest give what `normalise` gives."""
    done = normalise_all(strings_of(found), lowercase, punctuation)
    words = text_of(done.words, np.arange(len(done.words.keys))).decode().split("\n")[:-1]
    counts = dict.fromkeys(words, 0)
    for index, raw_token in enumerate(found):
        number = int(done.word[index])
        if number >= 0:
            got = [words[number]]
        elif number == NO_WORD:
            got = []
        else:
            got = [words[i] for i in done.lists[done.starts[-2 - number] : done.starts[-1 - number]]]
        assert got == normalise(decode(raw_token)[0], lowercase, punctuation)
        for word in got:
            counts[word] += index + 1
    assert counts == dict(zip(words, done.words.counts.tolist()))
    assert done.invalid_bytes == sum(decode(raw_token)[1] * (index + 1) for index, raw_token in enumerate(found))


def strings_of(found: list[bytes]) -> Strings:
    """The contents of a table in which the i-th raw token occurs i + 1 times."""
    text = b" ".join(raw_token for index, raw_token in enumerate(found) for _ in range(index + 1))
    buffer = np.frombuffer(text + b" " * MARGIN, dtype=np.uint8)
    out = np.empty(len(text) + 3, dtype=np.int32)
    table, n, _ = scan(new_table(), buffer.copy(), len(text), 0, LINE, True, out, out.copy())
    assert n == len(found) * (len(found) + 1) // 2
    return contents(table)
