"""Vocabularies that are given, words that stay or are left out: against a definition of a few lines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgns
from sgns import Config, Corpus
from sgns.errors import ConfigError, InputError
from sgns.text.sources import find
from sgns.text.word_files import read_vocabulary, read_words

TEXT = "the cat saw the dog\nthe dog saw a bird\na cat\nrare\n"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


def sentences_of(corpus):
    words, starts = corpus.vocabulary.words, [0, *corpus.sentence_ends[:-1]]
    return [[words[i] for i in corpus.ids[a:b]] for a, b in zip(starts, corpus.sentence_ends, strict=True)]


def defined(sentences, config):
    """Words, counts and sentences, as the documentation says."""
    counts: dict[str, int] = {}
    for word in (word for sentence in sentences for word in sentence):
        counts[word] = counts.get(word, 0) + 1
    keep, drop = set(config.keep_words or ()), set(config.drop_words or ())
    ordinary = [w for w in counts if w not in keep | drop and counts[w] >= config.min_count]
    ordinary.sort(key=lambda word: -counts[word])
    kept = [w for w in counts if w in keep]
    if config.max_vocabulary is not None:
        ordinary = ordinary[: max(0, config.max_vocabulary - len(kept))]
    chosen = {*ordinary, *kept}
    words = sorted((w for w in counts if w in chosen), key=lambda word: -counts[word])
    left = [[w for w in sentence if w in chosen] for sentence in sentences]
    return words, [counts[w] for w in words], [sentence for sentence in left if sentence]


words = st.sampled_from([f"w{i}" for i in range(12)])


@settings(deadline=None, max_examples=120)
@given(
    st.lists(st.lists(words, min_size=1, max_size=12), min_size=1, max_size=15),
    st.sets(words, max_size=4),
    st.sets(words, max_size=4),
    st.integers(1, 4),
    st.none() | st.integers(1, 8),
)
def test_what_is_kept_and_dropped(tmp_path_factory, sentences, keep, drop, least, limit):
    config = Config(min_count=least, max_vocabulary=limit, keep_words=keep, drop_words=drop - keep, threads=2)
    path = tmp_path_factory.mktemp("texts") / "text.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in sentences))
    wanted = defined(sentences, config)
    present = {word for sentence in sentences for word in sentence}
    got = []
    for plain in (-1, 100, None):  # the kernels, plain Python, token lists
        try:
            if plain is None:
                corpus = Corpus.from_sentences(sentences, config)
            else:
                corpus = Corpus.from_sources(find(str(path)), config, cache=False, plain_chunks=plain)
            got.append(
                (corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), sentences_of(corpus), corpus.warnings)
            )
        except InputError as error:
            got.append(str(error))
    assert got[0] == got[1] == got[2]
    if (keep and not keep & present) or (drop - keep and not (drop - keep) & present):
        assert "none of the" in got[0]
    elif not wanted[0]:
        assert "min_count" in got[0] or "drops all" in got[0]
    else:
        assert got[0][:3] == wanted
        assert bool(got[0][3]) == bool(keep - present)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.lists(words, min_size=1, max_size=12), min_size=1, max_size=15),
    st.dictionaries(words, st.integers(1, 9), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_vocabulary_file_says_which_words_there_are(tmp_path_factory, sentences, counts, with_counts):
    folder = tmp_path_factory.mktemp("texts")
    listed = "".join(f"{word}\t{count}\n" if with_counts else f"{word}\n" for word, count in counts.items())
    (folder / "vocab.tsv").write_text(listed)
    config = Config(min_count=3, max_vocabulary=2, vocabulary_file=folder / "vocab.tsv")
    present = [word for sentence in sentences for word in sentence]
    if not set(counts) & set(present):
        with pytest.raises(InputError, match="vocabulary_file: the text has none of the"):
            Corpus.from_sentences(sentences, config)
        return
    corpus = Corpus.from_sentences(sentences, config)
    if with_counts:
        wanted = sorted(counts, key=lambda word: -counts[word])
        assert corpus.vocabulary.counts.tolist() == [counts[word] for word in wanted]
    else:
        wanted = sorted((w for w in dict.fromkeys(present) if w in counts), key=lambda word: -present.count(word))
        assert corpus.vocabulary.counts.tolist() == [present.count(word) for word in wanted]
    assert corpus.vocabulary.words == wanted
    left = [[word for word in sentence if word in counts] for sentence in sentences]
    assert sentences_of(corpus) == [sentence for sentence in left if sentence]
    missing = set(counts) - set(present)
    assert [f"{len(missing):,} word" in warning for warning in corpus.warnings] == [True] * bool(missing)


def test_noise_and_subsampling_follow_given_counts(path, tmp_path):
    (tmp_path / "v.tsv").write_text("cat\t3000000\ndog\t1000\nsaw\t1\n")
    v = Corpus.from_files(path, Config(vocabulary_file=tmp_path / "v.tsv")).vocabulary
    assert v.total == 3_001_001
    np.testing.assert_allclose(v.noise_distribution(1.0), np.array([3_000_000, 1000, 1]) / 3_001_001)
    assert v.keep_probability(1e-3)[0] < 0.04
    assert v.keep_probability(1e-3)[2] == 1


def test_a_vocabulary_that_was_written_is_read(path, tmp_path):
    first = Corpus.from_files(path, Config(min_count=2))
    first.vocabulary.save(tmp_path / "v.tsv")
    assert (tmp_path / "v.tsv").read_text() == "the\t3\ncat\t2\nsaw\t2\ndog\t2\na\t2\n"
    again = Corpus.from_files(path, Config(vocabulary_file=tmp_path / "v.tsv"))
    assert again.vocabulary.words == first.vocabulary.words
    assert again.ids.tolist() == first.ids.tolist()
    assert again.sentence_ends.tolist() == first.sentence_ends.tolist()


def test_the_cache_tells_lists_apart_by_what_they_hold(path, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("the\na\n")
    two.write_text("a\nthe\n")
    first = Corpus.from_files(path, Config(min_count=1, drop_words=one))
    again = Corpus.from_files(path, Config(min_count=1, drop_words=two))
    python = Corpus.from_files(path, Config(min_count=1, drop_words=["a", "the"]))
    assert first.hash == again.hash == python.hash
    assert (first.from_cache, again.from_cache, python.from_cache) == (False, True, True)
    one.write_text("the\n")
    changed = Corpus.from_files(path, Config(min_count=1, drop_words=one))
    assert not changed.from_cache
    assert changed.hash != first.hash
    kept = Corpus.from_files(path, Config(min_count=1, keep_words=one))
    assert kept.hash not in (changed.hash, first.hash)


def test_a_checkpoint_of_another_list_is_refused(path, tmp_path):
    from sgns.errors import CheckpointError

    path.write_text(TEXT * 50)
    drop, out = tmp_path / "drop", tmp_path / "v.safetensors"
    drop.write_text("the\n")
    options = {"dim": 4, "epochs": 3, "min_count": 1, "threads": 1, "quiet": True, "checkpoint": out}

    def stop(epoch, *_):
        if epoch == 2:
            raise RuntimeError("as a power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        sgns.train(path, drop_words=str(drop), on_epoch=stop, checkpoint_every="1blocks", **options)
    assert list(tmp_path.glob("*.checkpoint"))
    drop.write_text("the\na\n")
    with pytest.raises(CheckpointError, match="the text was another one"):
        sgns.train(path, drop_words=str(drop), resume=True, **options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no word"),
        ("\n\n", "holds no word"),
        ("cat\t2\ndog\t3\ncat\t2\n", "line 3: 'cat' stands in line 1 already"),
        ("cat\ndog\t3\n", "line 2 has a count, and line 1 has none"),
        ("cat\t3\ndog\n", "line 2 has no count, and line 1 has one"),
        ("cat\tmany\n", "line 1: the count of 'cat' is 'many'"),
        ("cat\t0\n", "the count of 'cat' is '0'"),
        ("cat\t-3\n", "the count of 'cat' is '-3'"),
        ("cat\t2.5\n", "the count of 'cat' is '2.5'"),
        ("cat\t9999999999999999999999\n", "give a whole number above 0"),
        ("\t5\n", "there is no word before the count"),
        (" cat\t5\n", "there is a blank before the count"),
        ("new york city\n", "line 1: 'new york city' holds a blank"),
        ("zebra\t4\n", "vocabulary_file: the text has none of the 1 words, the first is 'zebra'"),
        ("Cat\n", "the text is read in lower case"),
        (b"c\xe4t\n", "line 1 is not UTF-8"),
    ],
)
def test_what_is_no_vocabulary(path, tmp_path, content, message):
    file = tmp_path / "v.tsv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as error:
        Corpus.from_files(path, Config(vocabulary_file=file))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_files_of_words(tmp_path):
    file = tmp_path / "words"
    file.write_text("\ufeffthe\r\n\r\nand\nthe\nof\t5\n")
    assert read_words(file) == ["the", "and", "of"]
    file.write_text("the 50\nand 20\n")  # as word2vec.c writes a vocabulary
    assert read_vocabulary(file) == {"the": 50, "and": 20}
    with pytest.raises(InputError, match="line 1: 'the 50' holds a blank"):
        read_words(file)
    file.write_text("\n")
    with pytest.raises(InputError, match="holds no word"):
        read_words(file)
    with pytest.raises(InputError, match="there is no such file"):
        read_words(tmp_path / "nowhere")


def test_lists_that_contradict_each_other(path, tmp_path):
    with pytest.raises(ConfigError, match="both have 'cat'"):
        Corpus.from_files(path, Config(min_count=1, keep_words=["cat"], drop_words=["a", "cat"]))
    for other in ("keep_words", "drop_words"):
        with pytest.raises(ConfigError, match=f"leave {other} out"):
            Config(vocabulary_file="v.tsv", **{other: ["a"]})
    with pytest.raises(InputError, match="drop_words drops all 7 distinct words"):
        Corpus.from_files(path, Config(min_count=1, drop_words=sorted(set(TEXT.split()))))


def test_documents_without_words_are_left_out_with_their_tags():
    documents = [("one", ["the", "cat"]), ("two", ["the"]), ("three", ["cat", "the"]), ("four", ["the", "the"])]
    corpus = Corpus.from_sentences(documents, Config(min_count=1, drop_words=["the"], model="dbow"))
    assert corpus.documents.names == ["one", "three"]
    assert sentences_of(corpus) == [["cat"], ["cat"]]
    assert corpus.warnings == ["2 of 4 documents have no word of the vocabulary and get no vector, for example two"]


def test_training_on_given_words(path, tmp_path):
    path.write_text(TEXT * 20)
    (tmp_path / "v.tsv").write_text("dog\t7\ncat\t9\nsaw\t7\nzebra\t1\n")
    with pytest.warns(sgns.errors.TrainingWarning):
        vectors = sgns.train(path, quiet=True, dim=4, epochs=1, threads=1, vocabulary_file=tmp_path / "v.tsv")
    assert vectors.words == ["cat", "dog", "saw", "zebra"]
    assert list(vectors.counts) == [9, 7, 7, 1]
    assert np.isfinite(vectors.E).all()
