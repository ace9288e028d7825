"""Documents of a corpus: which sentence has which tags, from every kind of text; both encoders and the cache agree."""

import gzip
import os
import random
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns import Config, Corpus
from sgns.base.normalise import normalise
from sgns.errors import ConfigError, InputError
from sgns.text.documents import Documents
from sgns.text.read import read_text
from sgns.text.sources import find

TaggedDocument = namedtuple("TaggedDocument", "words tags")  # as gensim has it


def options(**more):
    return Config(**{"model": "dbow", "min_count": 1} | more)


def of_files(*paths, **more):
    return Corpus.from_files(list(paths), options(**more))


def of_python(source, **more):
    return read_text(source, options(**more), lambda *progress: None)


def shown(corpus):
    """[(tags, words)] of a corpus, after a check of its invariants."""
    documents, found, begin = corpus.documents, [], 0
    assert documents.starts.dtype == np.int64
    assert documents.rows.dtype == np.int32
    assert len(documents.starts) == corpus.sentences + 1
    assert documents.starts[0] == 0
    assert documents.starts[-1] == len(documents.rows)
    assert sorted(set(documents.rows.tolist())) == list(range(len(documents)))
    first = list(dict.fromkeys(documents.rows.tolist()))
    assert first == sorted(first), "tags are numbered by first occurrence"
    for sentence, end in enumerate(corpus.sentence_ends):
        rows = documents.rows[documents.starts[sentence] : documents.starts[sentence + 1]]
        assert len(rows)
        assert len(set(rows.tolist())) == len(rows)
        tags = ",".join(documents.names[row] for row in rows)
        found.append((tags, " ".join(corpus.vocabulary.words[word] for word in corpus.ids[begin:end])))
        begin = end
    return found


@pytest.fixture
def text(tmp_path):
    def write(content, name="text.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_a_document_without_a_tag_is_named_by_the_number_of_its_line(text):
    corpus = of_files(text("one two\n\n  \nthree two\n-- !!\nfive"))
    assert shown(corpus) == [("0", "one two"), ("3", "three two"), ("5", "five")]
    assert corpus.warnings == ["3 of 6 documents have no word of the vocabulary and get no vector, for example 4"]


def test_lines_are_numbered_through_all_files_whatever_ends_them(text):
    first, second = text("a\nb\n", "1.txt"), text(b"c\r\nd\re\n\nf", "2.txt")
    assert shown(of_files(first, second)) == [(str(i), word) for i, word in zip([0, 1, 2, 3, 4, 6], "abcdef")]
    assert [tags for tags, _ in shown(of_files(second, first))] == ["0", "1", "2", "4", "5", "6"]


def test_rare_words_leave_documents_out_and_numbers_stay(text):
    corpus = of_files(text("a a\nrare\na\n"), min_count=2)
    assert shown(corpus) == [("0", "a a"), ("2", "a")]
    assert "1 of 3 documents" in corpus.warnings[0]


def test_a_paragraph_is_a_document(text):
    corpus = of_files(text("a b\nc\n\n \t\n\nd\r\n\r\n--\n\ne"), sentences="paragraph")
    assert shown(corpus) == [("0", "a b c"), ("1", "d"), ("3", "e")]


def test_a_file_is_a_document_that_is_named_by_its_path(text, tmp_path):
    text("a b\n\nc\n", "1.txt"), text("d", "2.txt"), text(" \n", "3.txt"), text("e", "4.txt")
    assert shown(of_files(tmp_path, sentences="none")) == [
        (str(tmp_path / "1.txt"), "a b c"), (str(tmp_path / "2.txt"), "d"), (str(tmp_path / "4.txt"), "e"),
    ]  # fmt: skip


def test_files_without_text_or_words_change_nothing(text, tmp_path):
    text("", "0.txt"), text("a\n", "1.txt"), text(bytes(range(256)) * 20, "2.bin"), text("\n\n", "3.txt")
    text("b", "4.txt"), text("", "5.txt")
    assert shown(of_files(tmp_path)) == [("0", "a"), ("3", "b")]


def test_a_packed_file_has_the_same_documents(text, tmp_path):
    plain = text("x\ta b\ny\tc\n")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert shown(of_files(plain, tags=True)) == shown(of_files(tmp_path / "packed.gz", tags=True))


@pytest.mark.slow  # the documentation of this machine
def test_the_built_in_corpus_has_numbered_documents():
    corpus = Corpus.builtin(options())
    assert shown(corpus)[0][0] == "0"


# --- tags before a tab ------------------------------------------------------------------------------------------------


def test_tags_stand_before_a_tab(text):
    corpus = of_files(
        text("x,y\tone two\n\tnone\nx\tthree\nno tab\nz\t\n a b , x,x \tfour\tfive\n", "t.tsv"), tags=True
    )
    assert shown(corpus) == [
        ("x,y", "one two"), ("1", "none"), ("x", "three"), ("3", "no tab"), ("a b,x", "four five"),
    ]  # fmt: skip
    assert corpus.warnings[1] == "2 of 6 documents have no tag and are named by their number, the first is 1"


def test_tags_are_no_words_and_stay_as_they_are(text):
    corpus = of_files(text("The Cat\tthe dog\nÉ-1\tthe cat\n"), tags=True)
    assert corpus.documents.names == ["The Cat", "É-1"]
    assert corpus.vocabulary.words == ["the", "dog", "cat"]
    assert corpus.vocabulary.counts.tolist() == [2, 1, 1]


def test_a_byte_order_mark_is_no_part_of_a_tag(text):
    assert shown(of_files(text("\ufeffx\ta\nx\tb\n"), tags=True)) == [("x", "a"), ("x", "b")]


def test_bytes_of_a_tag_that_are_not_utf8_keep_tags_apart(text):
    assert len(of_files(text(b"\xff\ta\n\xfe\tb\n"), tags=True).documents) == 2


def test_a_paragraph_or_file_begins_with_its_tags(text):
    path = text("x\ta\nb\tc\n\ny\td")
    assert shown(of_files(path, tags=True, sentences="paragraph")) == [("x", "a b c"), ("y", "d")]
    assert shown(of_files(path, tags=True, sentences="none")) == [("x", "a b c y d")]


def test_a_forgotten_tab_is_an_error_where_the_first_one_is_far_away(text):
    with pytest.raises(InputError, match=r"document 1: its first tab is behind .* bytes"):
        of_files(text("x\ta\n" + "word " * 20_000 + "\tb\n"), tags=True)


def test_a_number_that_is_also_a_tag_is_refused(text):
    with pytest.raises(InputError, match="document 1 has no tag, and its number is the tag of another one"):
        of_files(text("1\ta\nb\n"), tags=True)


# --- tables -----------------------------------------------------------------------------------------------------------

JSONL = (
    '{"t":"one two\\nthree","id":33}\n{"t":"","id":"e"}\n{"t":"four","id":["p","q"]}\n{"t":"five","id":null}\n'
    '{"t":"six","id":"Paris, Texas"}\n'
)


def test_cells_are_documents_and_a_column_has_their_tags(text):
    table = text(JSONL, "t.jsonl")
    assert shown(of_files(table, column="t", tag_column="id")) == [
        ("33", "one two three"), ("p,q", "four"), ("3", "five"), ("Paris, Texas", "six"),
    ]  # fmt: skip
    numbered = [("0", "one two three"), ("2", "four"), ("3", "five"), ("4", "six")]
    assert shown(of_files(table, column="t")) == numbered
    assert shown(of_files(table, column="t", sentences="none")) == numbered


def test_a_csv_table_has_tags(text):
    table = text('id,text\nx,"a b\n\nc"\n,d\ny,e\n', "t.csv")
    assert shown(of_files(table, column="text", tag_column="id")) == [("x", "a b c"), ("1", "d"), ("y", "e")]
    with pytest.raises(InputError, match="no column 'tag'; it has the columns id, text"):
        of_files(table, column="text", tag_column="tag")


@pytest.mark.parametrize("as_table", ["rows", "pandas", "parquet", "columns"])
def test_tables_in_memory_and_parquet_have_tags(as_table, tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = [{"t": "a b", "id": "x"}, {"t": "c", "id": "y"}, {"t": "b", "id": "x"}]
    frame = pandas.DataFrame(rows)
    source = {"rows": iter(rows), "pandas": frame, "columns": {name: list(frame[name]) for name in frame}}.get(as_table)
    if as_table == "parquet":
        pytest.importorskip("pyarrow")
        source = tmp_path / "t.parquet"
        frame.to_parquet(source)
    assert shown(of_python(source, column="t", tag_column="id")) == [("x", "a b"), ("y", "c"), ("x", "b")]


def test_lists_of_words_in_a_table_have_tags():
    rows = [{"w": ["a", "B"], "id": 5}, {"w": [], "id": 6}, {"w": ["c"], "id": None}]
    assert shown(of_python(rows, column="w", tag_column="id")) == [("5", "a B"), ("2", "c")]


# --- Python -----------------------------------------------------------------------------------------------------------


def test_pairs_objects_and_plain_sentences_are_documents():
    documents = [
        ("a", ["x", "y"]), (["a", 7, "a"], ["y"]), ["y", "z"], ("x", "y"), TaggedDocument(["z"], ["b", np.int64(77)]),
        TaggedDocument(["z"], []), ({"q", "p"}, ["x"]), (9, []),
    ]  # fmt: skip
    corpus = of_python(documents)
    assert shown(corpus) == [
        ("a", "x y"), ("a,7", "y"), ("2", "y z"), ("3", "x y"), ("b,77", "z"), ("5", "z"), ("p,q", "x"),
    ]  # fmt: skip


def test_a_tag_may_look_like_a_word_and_stand_in_one_document():
    corpus = of_python([("x", ["x", "x"])])
    assert shown(corpus) == [("x", "x x")]
    assert repr(corpus.documents) == "Documents(1 tags, 1 sentences)"


def test_gensims_tagged_documents_are_read():
    gensim = pytest.importorskip("gensim.models.doc2vec")
    documents = [gensim.TaggedDocument(["a", "b"], [0]), gensim.TaggedDocument(["b"], ["1", 0])]
    assert shown(of_python(documents)) == [("0", "a b"), ("1,0", "b")]


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([("a\nb", ["x"])], r"document 1 has the tag 'a\\nb'; a tag is not empty and has no line break"),
        ([(["a", ""], ["x"])], "document 1 has the tag ''; a tag is not empty"),
        ([(1.5, ["x"])], "document 1 has the tag 1.5, which is no text"),
        ([(b"a", ["x"])], "document 1 has the tag b'a', which is no text"),
        ([(True, ["x"])], "document 1 has the tag True, which is no text"),
        ([("\ud800", ["x"])], "not valid Unicode"),
        ([TaggedDocument("a text", [1])], "sentence 1 is a string"),
        ([("1", ["x"]), ["y"]], "document 1 has no tag, and its number is the tag of another one"),
        ([("a", [])], "the text holds no words"),
    ],
)
def test_what_cannot_be_a_document_is_refused(documents, message):
    with pytest.raises(InputError, match=message):
        of_python(documents)


def test_documents_for_a_model_of_words_are_refused_with_the_remedy():
    with pytest.raises(InputError, match=r"a document with tags; give model='dbow'"):
        of_python([TaggedDocument(["a"], ["x"])], model="skipgram")
    with pytest.raises(InputError, match=r"a pair of a tag and words; give model='dbow'"):
        of_python([("x", ["a"])], model="cbow")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "skipgram", "tags": True}, "tags is for documents, and model is skipgram"),
        ({"model": "cbow", "column": "t", "tag_column": "x"}, "tag_column is for documents, and model is cbow"),
        ({"column": "t", "tags": True}, "give tag_column instead"),
        ({"tag_column": "x"}, "no column has the text; give column too"),
        ({"column": "x", "tag_column": "x"}, "column and tag_column are both 'x'"),
        ({"column": "x", "tag_column": ""}, "tag_column is ''"),
    ],
)
def test_options_that_contradict_each_other_are_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        options(**wrong)


def test_tags_and_corpora_that_have_none_are_refused():
    with pytest.raises(ConfigError, match=r"leave tags out for the built-in corpus"):
        of_python(None, tags=True)
    with pytest.raises(ConfigError, match=r"give \(tags, words\) pairs"):
        of_python([["a"]], tags=True)
    with pytest.raises(
        ConfigError, match=r"the corpus was made without documents; make it with Config\(model='dbow'\)"
    ):
        of_python(Corpus.from_sentences([["a"]], Config(min_count=1)))


def test_a_corpus_of_words_has_no_documents(text):
    assert Corpus.from_files([text("a\nb\n")], Config(min_count=1)).documents is None


# --- encoders, cache, hash --------------------------------------------------------------------------------------------


def odd_text(seed, lines):
    """Lines with empty documents, rare words, blanks at their edges, and now and then tags."""
    draw = random.Random(seed)

    def document():
        if draw.random() < 0.1:
            return draw.choice(["", "  ", "\x0b", "-- !", "\t"])
        words = (
            draw.choice([f"w{draw.randrange(300)}", f"rare{draw.randrange(10**6)}", "a-b/c", "É"]) for _ in range(9)
        )
        return draw.choice(["", " ", "\t"]) + " ".join(words) + draw.choice(["", "   ", " " * 5000])

    tags = ("", "", *(f"t{i}\t" for i in range(99)))
    return draw.choice(["\n", "\r\n", "\r"]).join(draw.choice(tags) + document() for _ in range(lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of several chunks, with a line longer than a chunk, chunks of line ends, and nothing."""
    folder = tmp_path_factory.mktemp("odd")
    for number in range(3):
        (folder / f"{number}.txt").write_bytes(odd_text(number, 1_000).encode())
    long = "\n" * 1_500_000 + "big\t" + "x " * 600_000 + " " * 2_500_000 + "\ny"
    (folder / "3.txt").write_bytes((odd_text(3, 99) + long).encode())
    (folder / "4.txt").write_bytes(b"")
    (folder / "5.txt").write_bytes(b"\n \n")
    (folder / "6.txt").write_bytes(b"last w1")
    return folder


def same(one, other):
    assert np.array_equal(one.ids, other.ids)
    assert np.array_equal(one.sentence_ends, other.sentence_ends)
    assert one.vocabulary.words == other.vocabulary.words
    assert one.documents.names == other.documents.names
    assert np.array_equal(one.documents.starts, other.documents.starts)
    assert np.array_equal(one.documents.rows, other.documents.rows)
    assert (one.hash, one.warnings) == (other.hash, other.warnings)


PARAGRAPHS, FILES = (pytest.param({"sentences": end}, marks=pytest.mark.slow) for end in ("paragraph", "none"))


@pytest.mark.parametrize("more", [pytest.param({}, marks=pytest.mark.slow), {"tags": True}, FILES, PARAGRAPHS])
def test_plain_python_and_compiled_kernels_agree(folder, more):
    def encoded(threads, chunks):
        config = options(min_count=3, threads=threads, **more)
        return Corpus.from_sources(find(folder), config, plain_chunks=chunks, cache=False)

    plain = encoded(1, 10**6)
    shown(plain)
    for threads in (1, 3):
        same(plain, encoded(threads, 0))


@pytest.mark.slow  # small texts above; that kernels and Python agree on this one is the test before
def test_each_document_has_the_words_of_its_line_in_a_large_text(folder):
    corpus = Corpus.from_files(folder, options(min_count=3))
    lines = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode()
        lines += content.removesuffix("\n").split("\n") if content else []
    found = dict(shown(corpus))
    for number, line in enumerate(lines):
        words = [word for token in line.split() for word in normalise(token, True, False)]
        known = " ".join(word for word in words if word in corpus.vocabulary)
        assert found.get(str(number), "") == known


@pytest.mark.parametrize("more", [{}, {"tags": True}])
def test_the_cache_keeps_documents(text, more):
    path = text("x,y\tone two\n\nz\tthree\n")
    os.utime(path, (1, 1))  # long ago, so that it is noted
    first, second = of_files(path, **more), of_files(path, **more)
    assert not first.from_cache
    assert second.from_cache
    same(first, second)
    assert shown(first) == shown(second)


def test_the_same_words_with_other_tags_are_another_corpus(text):
    def read(content, **more):
        corpus = of_files(text(content), tags=True, **more)
        return corpus.hash, shown(corpus)

    one, other = read("x\ta b\ny\tc\n"), read("y\ta b\nx\tc\n")
    assert one[0] != other[0]
    assert [tags for tags, _ in other[1]] == ["y", "x"]
    assert read("x\ta b\ny\tc\n") == one


def test_models_of_documents_share_what_is_encoded_and_words_do_not(text):
    path = text("a b\nc\n")
    hashes = {
        model: Corpus.from_files([path], Config(min_count=1, model=model)).hash for model in ("dbow", "dm", "cbow")
    }
    assert hashes["dbow"] == hashes["dm"] != hashes["cbow"]
    assert of_python([("x", ["a"])]).hash != of_python([("y", ["a"])]).hash


# --- parts of a corpus ------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True), st.booleans()), min_size=1))
def test_some_sentences_have_the_tags_that_they_had(sentences):
    tags = [[f"t{tag}" for tag in own] for own, _ in sentences]
    corpus = of_python([(own, ["word"]) for own in tags])
    kept = np.array([keep for _, keep in sentences])
    part = corpus.documents.select(kept)
    found = [
        [part.names[row] for row in part.rows[part.starts[i] : part.starts[i + 1]]] for i in range(int(kept.sum()))
    ]
    assert found == [own for own, keep in zip(tags, kept) if keep]
    assert part.names == list(dict.fromkeys(tag for own in found for tag in own))
    assert isinstance(part, Documents)
