"""What Python callers give in the place of token lists: refused, with what was given and a remedy that works."""

import collections
import csv
import io
import types

import numpy as np
import pytest

import sgns
from sgns.errors import InputError

ROWS = [{"text": "the cat", "label": 0}] * 10
OPTIONS = {"dim": 4, "epochs": 1, "min_count": 1, "threads": 1, "quiet": True, "engine": "cpu"}
TEXT = "the cat sat on the mat and saw the dog that ran after the cat. " * 40


class Dataset:
    """As datasets.Dataset: rows are dicts."""

    column_names = ("text", "label")

    def __iter__(self):
        return iter(ROWS)

    def __len__(self):
        return len(ROWS)


def refused(source, **options) -> str:
    with pytest.raises(InputError) as caught:
        sgns.train(source, **(OPTIONS | options))
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize(
    "rows",
    [
        lambda: ROWS,
        lambda: tuple(ROWS),
        lambda: iter(ROWS),
        lambda: (dict(row) for row in ROWS),
        lambda: csv.DictReader(io.StringIO("text,label\nthe cat,0\nthe dog,1\n")),
        lambda: [collections.OrderedDict(row) for row in ROWS],
        lambda: [types.MappingProxyType(row) for row in ROWS],
        lambda: [collections.ChainMap(row) for row in ROWS],
        Dataset,
        lambda: ROWS[0],
        lambda: {"text": ["the cat"], "label": [0]},
        lambda: [["the", "cat"], ROWS[0]],
    ],
)
def test_rows_with_columns_are_refused_and_the_columns_named(rows):
    message = refused(rows())
    assert "columns text, label" in message
    assert "column='text'" in message


def test_many_columns_are_not_all_named():
    message = refused([{f"column{i}": i for i in range(1000)}])
    assert "column7, …" in message
    assert "column8" not in message


@pytest.mark.parametrize(
    "sets",
    [
        lambda: [{"the", "cat"}, {"a", "dog"}],
        lambda: [frozenset("abc")] * 3,
        lambda: iter([["the", "cat"], {"a", "dog"}]),
        lambda: {("the", "cat"), ("a", "dog")},
        lambda: frozenset([("the", "cat")]),
        lambda: {"the cat", "a dog"},
        lambda: collections.Counter("abc").keys() - {"a"},
    ],
)
def test_sets_are_refused_because_their_order_changes(sets):
    message = refused(sets())
    assert "order changes from run to run" in message
    assert "sorted(" in message


def test_sorted_sets_and_the_keys_of_a_dict_have_an_order():
    sets = [{"the", "cat", "sat"}, {"a", "dog"}] * 40
    assert len(sgns.train([sorted(words) for words in sets], **OPTIONS)) == 5
    assert len(sgns.train([dict.fromkeys(["b", "a"]).keys()] * 40, **OPTIONS)) == 2


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace(". ", "\n"),
        "the cat sat on the mat",
        "the cat",
        "the cat\nsat\n",
        "and/or either/or the cat sat on the mat",
        "字" * 400,
        ["the cat sat", "on the mat"],
        ("the cat sat", "on the mat"),
        [TEXT],
        TEXT.split(". "),
    ],
)
def test_a_text_in_the_place_of_a_path_is_recognised(text):
    message = refused(text)
    assert "split" in message
    assert "no file or folder" in message
    assert TEXT[:80] not in message


@pytest.mark.parametrize("texts", [lambda: iter(["the cat sat", "on the mat"]), lambda: (line for line in [TEXT] * 3)])
def test_a_stream_of_strings_is_refused_and_the_remedy_works(texts):
    message = refused(texts())
    assert "sentence 1 is a string, 'the cat" in message
    assert "[text.split() for text in texts]" in message
    assert TEXT[:80] not in message
    assert len(sgns.train([text.split() for text in [TEXT] * 3], **OPTIONS)) > 5


@pytest.mark.parametrize("sentence", ["the cat sat on the mat", TEXT, "New York"])
def test_sentences_that_are_one_unsplit_string(sentence):
    message = refused([[sentence]] * 20)
    assert "each of the 20 sentences is one string with blanks" in message
    assert "[text.split() for [text] in sentences]" in message
    sentences = [[sentence]] * 20
    assert len(sgns.train([text.split() for [text] in sentences], **OPTIONS)) >= 2


def test_words_with_blanks_are_words_among_others():
    sentences = [["New York", "is", "big"], ["New York"]] * 20
    assert "New York" in sgns.train(sentences, **OPTIONS).words


@pytest.mark.parametrize(
    ("token", "what", "remedy"),
    [
        (b"cat", "bytes", "word.decode()"),
        (bytearray(b"cat"), "bytes", "word.decode()"),
        (None, "missing value", "isinstance(word, str)"),
        (float("nan"), "missing value", "isinstance(word, str)"),
        (np.float32("nan"), "missing value", "isinstance(word, str)"),
        (np.datetime64("NaT"), "missing value", "isinstance(word, str)"),
        (["the", "cat"], "a list within a sentence", "for sentence in document"),
        (("the", "cat"), "a tuple within a sentence", "for sentence in document"),
        (np.array(["the", "cat"]), "a ndarray within a sentence", "for sentence in document"),
        ({"text": "cat"}, "a mapping with the column text", "one of its values"),
        (1.5, "no string", "str(word)"),
        (True, "no string", "str(word)"),
        (object(), "no string", "str(word)"),
    ],
)
def test_tokens_that_are_no_words(token, what, remedy):
    sentence = ["the", "old", token]  # of two, a string and a list, it would be a tag and the words of a document
    for sentences in ([sentence] * 5, iter([["a", "b"], sentence])):
        message = refused(sentences)
        assert what in message
        assert remedy in message
        assert "str(None)" not in message


def test_the_remedies_for_tokens_work():
    sentences = [[b"the", b"cat"]] * 40
    assert sgns.train([[word.decode() for word in words] for words in sentences], **OPTIONS).words == ["the", "cat"]
    sentences = [["the", None, "cat", float("nan")]] * 40
    kept = [[word for word in words if isinstance(word, str)] for words in sentences]
    assert sgns.train(kept, **OPTIONS).words == ["the", "cat"]
    documents = [[["the", "cat"], ["a", "dog"]]] * 40
    assert len(sgns.train([sentence for document in documents for sentence in document], **OPTIONS)) == 4
    sentences = [[1.5, True]] * 40
    assert sgns.train([[str(word) for word in words] for words in sentences], **OPTIONS).words == ["1.5", "True"]


@pytest.mark.parametrize("source", [b"the cat", bytearray(b"the cat"), [b"the cat", b"a dog"], iter([b"the cat"])])
def test_bytes_are_to_be_decoded(source):
    assert "decode" in refused(source)


@pytest.mark.parametrize("source", [5, 1.5, object(), [5, 6], iter([5])])
def test_other_things_are_named(source):
    message = refused(source)
    assert "not a" in message


@pytest.mark.parametrize(
    "make",
    [
        lambda s: iter(s),
        lambda s: (iter(words) for words in s),
        lambda s: (word for word in [s]).__next__(),
        lambda s: [np.array(words) for words in s],
        lambda s: np.array(s),
        lambda s: [collections.deque(words) for words in s],
        lambda s: map(tuple, s),
    ],
)
def test_every_ordered_iterable_of_ordered_iterables_trains_alike(make):
    sentences = [["the", "cat", "sat"], ["a", "dog", "ran"]] * 60
    wanted, got = sgns.train(sentences, **OPTIONS), sgns.train(make(sentences), **OPTIONS)
    assert got.words == wanted.words
    assert np.array_equal(got.E, wanted.E)
    assert type(got.words[0]) is str


def test_paths_from_a_generator(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(TEXT)
    corpus = sgns.train(sorted(tmp_path.glob("*.txt")), **OPTIONS)
    assert sgns.train((path for path in sorted(tmp_path.glob("*.txt"))), **OPTIONS).words == corpus.words


@pytest.mark.parametrize(
    "rows",
    [
        {"id": 1, "n": 2},
        [{"id": 1, "n": 2.5}] * 3,
        {"id": [1, 2], "n": np.arange(2)},
        {"id": None, "n": float("nan")},
        {},
        [{}],
    ],
)
def test_no_column_is_named_where_none_holds_text(rows) -> None:
    """A column of numbers was named as the remedy, and training on it was refused too."""
    with pytest.raises(InputError, match="none of them holds text; give rows that have a column of texts") as caught:
        sgns.train(rows)
    assert "column=" not in str(caught.value)


def test_the_column_that_holds_text_is_named_in_a_table_in_memory() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError, match="none of them holds text"):
        sgns.train(pandas.DataFrame({"id": [1, 2]}))
    with pytest.raises(InputError, match="column='body'"):
        sgns.train(pandas.DataFrame({"id": [1, 2], "body": ["a b", "c d"]}))
    with pytest.raises(InputError, match="column='body'"):
        sgns.train({"id": [1, 2], "body": ["a b", "c d"]})


@pytest.mark.parametrize("content", ['{"id": 1, "n": 2}\n', '[{"id": 1, "n": null}]', '{"id": true, "n": 2.5}\n'])
def test_no_column_of_a_file_is_named_where_none_holds_text(tmp_path, content: str) -> None:
    (tmp_path / "rows.json").write_text(content)
    with pytest.raises(InputError, match="none of them holds text; give a table") as caught:
        sgns.train(tmp_path / "rows.json")
    assert "--column" not in str(caught.value)
