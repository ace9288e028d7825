"""Phrases: gensim is the judge of scores and of what is joined; plain Python of lists."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgns
from sgns import Config, Corpus
from sgns.errors import ConfigError, InputError
from sgns.text import encoded as encoded_module
from sgns.text import join as join_module
from sgns.text import neighbours as neighbours_module
from sgns.text import phrases as phrases_module
from sgns.text.encoded import Encoded
from sgns.text.phrase_list import Phrase, read_phrases, write_phrases
from sgns.text.phrases import ENGLISH_CONNECTOR_WORDS, PhraseOptions, join_sequences, score_pairs


def silent(*_):
    """Progress that nobody looks at."""


def encoded(sentences) -> Encoded:
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(w, len(numbers)) for s in sentences for w in s], np.int32)
    ends = np.cumsum([len(s) for s in sentences if s])
    return Encoded(ids, ends, list(numbers), np.bincount(ids, minlength=len(numbers)))


def decoded(text) -> list[list[str]]:
    words = text.words if isinstance(text, Encoded) else text.vocabulary.words
    starts = [0, *text.sentence_ends[:-1]]
    return [[words[i] for i in text.ids[a:b]] for a, b in zip(starts, text.sentence_ends, strict=True)]


def make_tight(patch, step, part, block=1 << 25, plain_tokens=0, first_nodes=1 << 16):
    for module in (encoded_module, neighbours_module, join_module):
        patch.setattr(module, "STEP", step)
    patch.setattr(neighbours_module, "BLOCK", block)
    patch.setattr(neighbours_module, "PART", part)
    patch.setattr(neighbours_module, "FIRST_NODES", first_nodes)
    patch.setattr(phrases_module, "PLAIN_TOKENS", plain_tokens)
    patch.setattr(phrases_module, "PLAIN_TOKENS_COLD", plain_tokens)


@pytest.fixture
def tight(monkeypatch):
    """Blocks and parts so small that every seam is crossed."""

    def set_sizes(step, part):
        make_tight(monkeypatch, step, part)

    return set_sizes


# Words with underscores become the same as joined ones: gensim adds up their counts.
VOCABULARIES = [
    "a b c",
    "a b c d e of the",
    "a b a_b b_a a_b_c c of of_a",
    "a b c d e f g h i j of the _ a_ _b a__b",
]
cases = st.fixed_dictionaries(
    {
        "words": st.sampled_from(VOCABULARIES),
        "seed": st.integers(0, 10**6),
        "score": st.sampled_from(["default", "npmi"]),
        "min_count": st.integers(1, 4),
        "connectors": st.sampled_from(["", "of the", "a of the"]),
        "passes": st.integers(1, 3),
        "step": st.sampled_from([1, 2, 3, 7, 1 << 22]),
        "block": st.sampled_from([1, 4, 1 << 25]),
        "part": st.sampled_from([3, 1 << 23]),
        "first_nodes": st.sampled_from([1, 1 << 16]),
        "plain_tokens": st.sampled_from([0, 0, 1 << 18]),
    }
)


@settings(deadline=None, max_examples=150)
@given(cases, st.data())
def test_scores_and_joined_text_are_gensims(case, data):
    gensim = pytest.importorskip("gensim.models.phrases")
    thresholds = [0.05, 0.5, 1.0, 2.0] if case["score"] == "default" else [-1.0, -0.5, 0.0, 0.3, 0.5]
    threshold = data.draw(st.sampled_from(thresholds))
    rng, words = random.Random(case["seed"]), case["words"].split()
    text = [[rng.choice(words) for _ in range(rng.randint(1, 12))] for _ in range(rng.randint(1, 40))]
    connectors = tuple(case["connectors"].split())
    options = PhraseOptions(case["passes"], None, threshold, case["min_count"], case["score"], connectors)
    with pytest.MonkeyPatch.context() as patch:
        make_tight(patch, *(case[name] for name in ("step", "part", "block", "plain_tokens", "first_nodes")))
        ours = encoded(text)
        for number in range(options.passes):
            theirs = gensim.Phrases(
                text, options.min_count, threshold, scoring=options.score, connector_words=frozenset(connectors)
            )
            try:
                wanted = theirs.find_phrases(text)
            except ZeroDivisionError:  # npmi of a pair that is as frequent as all words: gensim has no score
                return
            scored = score_pairs(ours, options, None, silent)
            found: dict[str, list[float]] = {}
            for phrase in scored.phrases(ours.words, number):
                found.setdefault(phrase.name, []).append(phrase.score)
            for name, score in wanted.items():
                assert min(abs(score - one) for one in found[name]) < 1e-9
            if not any("_" in word for sentence in text for word in sentence):
                exported = theirs.export_phrases()  # all of them, also those that are never joined
                assert set(exported) == set(found)
                for name, score in exported.items():
                    assert found[name] == [pytest.approx(score, abs=1e-9)]
            text = [theirs[sentence] for sentence in text]
            if scored.sequences:
                ours = join_sequences(ours, scored.sequences, None, silent)
            assert decoded(ours) == text
            assert ours.counts.tolist() == np.bincount(ours.ids, minlength=len(ours.words)).tolist()


def test_connector_words_are_gensims():
    gensim = pytest.importorskip("gensim.models.phrases")
    assert set(ENGLISH_CONNECTOR_WORDS) == gensim.ENGLISH_CONNECTOR_WORDS


def test_the_plain_way_is_that_of_small_texts_and_of_kernels_that_are_not_compiled(monkeypatch):
    for compiled, most in ((True, phrases_module.PLAIN_TOKENS), (False, phrases_module.PLAIN_TOKENS_COLD)):
        loaded = []
        monkeypatch.setattr(phrases_module, "is_compiled", lambda name, compiled=compiled: compiled)
        monkeypatch.setattr(phrases_module, "load_kernels", lambda loaded=loaded: loaded.append(True))
        assert phrases_module.choose_plain(most, silent)
        assert not loaded
        assert not phrases_module.choose_plain(most + 1, silent)
        assert loaded


def test_progress_moves_with_each_block(tight):
    tight(10, 1 << 23)
    seen: dict[str, list[int]] = {}
    text = encoded([["a", "of", "b", "a", "b"]] * 20)
    scored = score_pairs(text, PhraseOptions(1, None, 0.01, 1, "default", ("of",)), None, silent)
    for work in (
        lambda progress: score_pairs(text, PhraseOptions(1, None, 0.01, 1, "default", ("of",)), None, progress),
        lambda progress: join_sequences(text, scored.sequences, None, progress),
    ):
        work(lambda stage, done, total, unit: seen.setdefault(stage, []).append(done))
    assert seen["count pairs"] == seen["join phrases"] == list(range(10, 101, 10))


def test_more_openings_than_numbers_are_refused(tight, monkeypatch):
    tight(1 << 22, 1 << 23)
    monkeypatch.setattr(neighbours_module, "FIRST_NODES", 2)
    monkeypatch.setattr(neighbours_module, "MOST_NODES", 8)
    text = encoded([["x", "of", "the", "of", "the", "y"]])
    with pytest.raises(InputError, match="more than 2 different words with connector words behind them; give fewer"):
        score_pairs(text, PhraseOptions(1, None, 0.01, 1, "default", ("of", "the")), None, silent)


def test_texts_that_are_mapped_and_that_may_be_written_use_the_same_kernels(tight, tmp_path):
    from sgns.text.kernels.phrases import collect, join

    tight(1 << 22, 1 << 23)
    text = encoded([["a", "b", "c"]] * 30)
    text.ids.tofile(tmp_path / "ids")
    mapped = Encoded(np.memmap(tmp_path / "ids", np.int32, "r"), text.sentence_ends, text.words, text.counts)
    phrases_module.load_kernels()
    before = len(collect.signatures), len(join.signatures)
    for one in (text, mapped):
        scored = score_pairs(one, PhraseOptions(1, None, 0.01, 1), None, silent)
        assert decoded(join_sequences(one, scored.sequences, None, silent))[0] == ["a_b", "c"]
    assert (len(collect.signatures), len(join.signatures)) == before == (1, 1)


def test_a_run_of_connector_words_of_any_length(tight):
    for step in (2, 1 << 22):
        tight(step, 1 << 23)
        text = [["x", *["of", "the", "of"] * 40, "y"]] * 6 + [["p", "q"]] * 3
        options = PhraseOptions(1, None, 0.01, 2, "default", ("of", "the"))
        (phrase, _) = score_pairs(encoded(text), options, None, silent).phrases(encoded(text).words, 1)
        assert phrase.words == tuple(text[0])
        assert phrase.count == 6


def joined_plainly(sentences, phrases):
    """The longest phrase at each word, from left to right."""
    out = []
    for sentence in sentences:
        at, words = 0, []
        while at < len(sentence):
            sizes = range(len(sentence) - at, 1, -1)
            size = next((n for n in sizes if tuple(sentence[at : at + n]) in phrases), 1)
            words.append("_".join(sentence[at : at + size]))
            at += size
        out.append(words)
    return out


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=15), min_size=1, max_size=8),
    st.sets(st.lists(st.sampled_from("abcd"), min_size=2, max_size=5).map(tuple), min_size=1, max_size=12),
    st.sampled_from([1, 2, 3, 7, 1 << 22]),
    st.sampled_from([0, 1 << 18]),
)
def test_a_list_is_joined_leftmost_and_longest(sentences, phrases, step, plain_tokens):
    text = encoded(sentences)
    known = [phrase for phrase in phrases if set(phrase) <= set(text.words)]
    with pytest.MonkeyPatch.context() as patch:
        make_tight(patch, step, 1 << 23, plain_tokens=plain_tokens)
        if known:
            sequences = [tuple(text.words.index(word) for word in phrase) for phrase in known]
            text = join_sequences(text, sequences, None, silent)
    assert decoded(text) == joined_plainly(sentences, phrases)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Lines of ten random words; "new york" in every second one, "bank of america" in every fifth."""
    rng = np.random.default_rng(1)
    lines = []
    for number in range(4_000):
        words = [f"w{n}" for n in rng.integers(0, 300, 10)]
        if number % 2 == 0:
            words[4:4] = ["New", "York"]
        if number % 5 == 0:
            words[:0] = ["bank", "of", "America"]
        lines.append(" ".join(words) + "\n")
    path = tmp_path_factory.mktemp("planted") / "text.txt"
    path.write_text("".join(lines))
    return path


FIND = {"phrases": 1, "connector_words": "english", "phrase_threshold": 2.0, "phrase_min_count": 20}


def test_planted_phrases_are_found_and_words_are_cut_afterwards(planted):
    for options in ({}, {"phrase_score": "npmi", "phrase_threshold": 0.6}):
        corpus = Corpus.from_files(planted, Config(min_count=100, **(FIND | options)))
        counts = dict(zip(corpus.vocabulary.words, corpus.vocabulary.counts.tolist()))
        assert counts.pop("new_york") == 2_000
        assert counts.pop("bank_of_america") == 800
        assert all(word.startswith("w") and count >= 100 for word, count in counts.items())
        assert {"new", "york", "bank", "of", "america"}.isdisjoint(counts)
        assert corpus.vocabulary.counts.sum() == len(corpus.ids) == corpus.sentence_ends[-1]
        assert corpus.sentences == 4_000
        assert corpus.raw_tokens == 40_000 + 2 * 2_000 + 3 * 800


def test_every_way_to_the_phrases_is_the_same(planted, tmp_path):
    """Plain Python and kernels, from the cache and not, files and token lists, found and from a list."""
    config = Config(min_count=3, **(FIND | {"phrases": 2}))
    first = Corpus.from_files(planted, config, cache=False)
    lists = [line.lower().split() for line in planted.read_text().splitlines()]
    phrases = sgns.find_phrases(planted, config=config)
    write_phrases(tmp_path / "phrases.tsv", phrases)
    others = [
        Corpus.from_sources(sgns.text.sources.find(planted), config, cache=False, plain_chunks=-1),
        Corpus.from_files(planted, config),
        Corpus.from_files(planted, config),
        Corpus.from_sentences(lists, config),
        Corpus.from_files(planted, Config(min_count=3, phrases=tmp_path / "phrases.tsv")),
    ]
    for other in others:
        assert decoded(other) == decoded(first)
        assert other.vocabulary.words == first.vocabulary.words
        assert other.vocabulary.counts.tolist() == first.vocabulary.counts.tolist()
    assert [other.hash == first.hash for other in others] == [True, True, True, False, False]
    assert others[2].from_cache


def test_what_is_found_again_in_the_cache_and_what_is_not(planted, tmp_path):
    base = Corpus.from_files(planted, Config(**FIND))
    for options in (
        {"phrase_threshold": 3.0},
        {"phrase_min_count": 30},
        {"phrase_score": "npmi", "phrase_threshold": 0.6},
        {"connector_words": None},
        {"phrases": 2},
        {"min_count": 6},
    ):
        other = Corpus.from_files(planted, Config(**(FIND | options)))
        assert not other.from_cache
        assert other.hash != base.hash
    again = Corpus.from_files(planted, Config(dim=7, **(FIND | {"connector_words": list(ENGLISH_CONNECTOR_WORDS)})))
    assert again.from_cache
    assert again.hash == base.hash


def test_the_list_itself_decides_and_not_its_path(planted, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("new_york\n")
    two.write_text("new_york\n")
    assert Corpus.from_files(planted, Config(phrases=one)).hash == Corpus.from_files(planted, Config(phrases=two)).hash
    two.write_text("new_york\nw1_w2\n")
    assert Corpus.from_files(planted, Config(phrases=one)).hash != Corpus.from_files(planted, Config(phrases=two)).hash


def test_sentences_end_phrases(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("a new\nyork b\n" * 50 + "c new york d\n")
    config = Config(min_count=1, phrases=1, phrase_threshold=0.001, phrase_min_count=1)
    assert "new_york" not in Corpus.from_files(path, config).vocabulary
    assert "new_york" in Corpus.from_files(path, Config(min_count=1, phrases=1, phrase_threshold=0.001,
                                                       phrase_min_count=1, sentences="none")).vocabulary  # fmt: skip


def test_a_list_survives_being_written(tmp_path):
    phrases = [
        Phrase("new_york", ("new", "york"), 1, 0.1 + 0.2, 5),
        Phrase("new_york_city", ("new_york", "city"), 2, 7.0, 4),
    ]
    write_phrases(tmp_path / "p.tsv", phrases)
    first, second = read_phrases(tmp_path / "p.tsv")
    assert [(p.name, p.words, p.number) for p in first + second] == [(p.name, p.words, p.number) for p in phrases]
    assert (tmp_path / "p.tsv").read_text().split("\t")[1] == repr(0.1 + 0.2)
    with pytest.raises(InputError, match="holds a blank"):
        write_phrases(tmp_path / "p.tsv", [Phrase("a b_c", ("a b", "c"))])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no phrase"),
        ("new_york\nnew york\n", "line 2: 'new york' holds a blank; join its words with underscores: new_york"),
        ("new_york \n", "line 1: 'new_york ' holds a blank; join its words with underscores: new_york"),
        ("king \n", "write 'king'"),
        ("new_york\n\nnew_york\n", "line 3: 'new_york' stands in line 1 already"),
        ("king\n", "line 1: 'king' is not two words"),
        ("new__york\n", "one underscore between them"),
        ("new_york\t1\t2\tx\tnew york\n", "the pass is 'x'"),
        ("new_york\t1\t2\t1\tnew jersey\n", "do not make 'new_york'"),
        ("nowhere_here\nnot_there\n", "the words of none of the 2 phrases, the first is 'nowhere_here'"),
        (b"new_york\nk\xf6ln_bonn\n", "line 2 is not UTF-8"),
    ],
)
def test_what_is_no_list_of_phrases(tmp_path, planted, content, message):
    path = tmp_path / "list"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as error:
        Corpus.from_files(planted, Config(phrases=path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_phrases_that_the_text_cannot_have_are_counted(tmp_path, planted):
    path = tmp_path / "list"
    path.write_text("new_york\nnew_jersey\nold_york\n")
    for _ in range(2):  # made, and from the cache
        corpus = Corpus.from_files(planted, Config(phrases=path))
        assert corpus.warnings == [
            "2 phrases of the list have a word that the text does not have, the first 'new_jersey'"
        ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phrases": -1}, "outside 0 to 20"),
        ({"phrases": True}, "number of passes"),
        ({"phrases": 1.5}, "number of passes"),
        ({"phrases": ""}, "phrases is empty"),
        ({"phrases": 1, "phrase_threshold": 0.0}, "not above 0"),
        ({"phrases": 1, "phrase_threshold": 2.0, "phrase_score": "npmi"}, "above 1"),
        ({"phrases": 1, "phrase_min_count": 0}, "phrase_min_count is 0"),
        ({"connector_words": 3}, "connector_words is 3"),
        ({"connector_words": ["a", ""]}, "connector_words holds ''"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ConfigError) as error:
        Config(**options)
    assert message in str(error.value)


def test_options_survive_a_file_header():
    import json

    config = Config(phrases=2, connector_words=["of"], keep_words=("a", 3), phrase_threshold=4.0)
    again = Config.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert again.to_dict() == json.loads(json.dumps(config.to_dict()))


def test_training_on_phrases(planted):
    vectors = sgns.train(planted, quiet=True, dim=8, epochs=1, threads=1, seed=3, **FIND)
    assert {"new_york", "bank_of_america"} <= set(vectors.words)
    assert vectors.metadata["config"]["phrases"] == 1


def test_phrases_of_integers_are_text():
    sentences = [[1, 2, 3 + i % 40] for i in range(400)]
    corpus = Corpus.from_sentences(sentences, Config(min_count=1, phrases=1, phrase_threshold=0.01))
    assert "1_2" in corpus.vocabulary
    assert corpus.vocabulary.integers


def test_a_number_of_passes_in_quotes_is_the_name_of_a_list(planted):
    with pytest.raises(ConfigError, match="phrases is '2'; give the number of passes in which to look for them"):
        sgns.find_phrases(planted, phrases="2")
