"""Going on with vectors: rows are taken over, frozen ones stay bit for bit, words and counts are those asked for."""

import re

import numpy as np
import pytest

import sgns
from sgns.errors import CheckpointError, ConfigError, InputError
from sgns.training.frozen import FrozenEngine, FrozenRows

OPTIONS = {"dim": 8, "epochs": 2, "min_count": 1, "threads": 1, "subsample": 0, "quiet": True}


def sentences(low, high, seed, n=300):
    """A language of words w0, w1, …: neighbours in number stand beside each other."""
    rng = np.random.default_rng(seed)
    return [[f"w{low + (k + j) % (high - low)}" for j in range(6)] for k in rng.integers(0, high - low, n).tolist()]


OLD, NEW = sentences(0, 30, 1), sentences(10, 40, 2)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def old():
    return sgns.train(OLD, **OPTIONS)


def rows(a, b, words=None):
    """The rows of E and C of common words, in a and in b."""
    words = [w for w in words or a.words if w in a.index and w in b.index]
    own, other = [a.id(w) for w in words], [b.id(w) for w in words]
    return (a.E[own], a.C[own]), (b.E[other], b.C[other])


def equal(a, b, table, words=None):
    number = "EC".index(table)
    one, two = (part[number] for part in rows(a, b, words))
    assert len(one)
    return np.array_equal(one, two)


# --- words and counts


def count(text):
    words, counts = np.unique([word for sentence in text for word in sentence], return_counts=True)
    return dict(zip(words.tolist(), counts.tolist(), strict=True))


def test_the_vocabulary_is_the_one_asked_for(old):
    first, second = count(OLD), count(NEW)
    union = {word: first.get(word, 0) + second.get(word, 0) for word in first | second}
    for vocabulary, wanted in (("union", union), ("old", first), ("new", second)):
        grown = sgns.train(NEW, start=old, vocabulary=vocabulary, **OPTIONS)
        assert dict(zip(grown.words, grown.counts.tolist(), strict=True)) == wanted
        assert (np.diff(grown.counts) <= 0).all()
        known = len(wanted.keys() & first.keys())
        assert grown.metadata["start"] == {"words": known, "new_words": len(wanted) - known}


def test_old_words_stay_however_rare_and_new_ones_need_min_count(old):
    text = [*NEW, ["w5", "once"]]
    grown = sgns.train(text, start=old, **(OPTIONS | {"min_count": 2}))
    assert "once" not in grown.words
    assert set(old.words) < set(grown.words)
    assert grown.counts[grown.id("w5")] == old.counts[old.id("w5")] + 1


def test_rows_are_taken_over_and_new_words_begin_as_ever(old):
    tiny = {"lr": 1e-12, "min_lr": 0}
    grown = sgns.train(NEW, start=old, **OPTIONS, **tiny)
    (E, C), (grown_E, grown_C) = rows(old, grown)
    np.testing.assert_allclose(grown_E, E, atol=1e-7)
    np.testing.assert_allclose(grown_C, C, atol=1e-7)
    new = grown.E[[grown.id(word) for word in grown.words if word not in old.index]]
    assert len(new) == 10
    assert (np.abs(new).max(axis=1) > 0).all()
    assert (np.abs(new) <= 0.5 / 8).all()


def test_the_loss_goes_on_where_it_was(old):
    fresh, more = sgns.train(OLD, **OPTIONS), sgns.train(OLD, start=old, start_weight=0, **OPTIONS)
    assert more.metadata["losses"][0] < fresh.metadata["losses"][-1]
    with_mean, alone = (sgns.Config(start="v.bin", start_weight=weight) for weight in (None, 0))
    assert (with_mean.start_weight, sgns.Config().start_weight) == (0.5, None)
    assert [config.lr for config in (with_mean, alone)] == pytest.approx([0.06, 0.03])
    assert more.metadata["config"]["lr"] == pytest.approx(0.03)


# --- the mean at the end


@pytest.mark.parametrize("weight", [0.25, 1])
@pytest.mark.parametrize("options", [{}, {"model": "cbow"}, {"vocabulary": "old"}, {"vocabulary": "new"}], ids=str)
def test_rows_are_the_mean_of_those_of_the_start_and_of_training(old, options, weight):
    options = OPTIONS | {"lr": 0.05} | options
    trained, mean = (sgns.train(NEW, start=old, start_weight=w, **options) for w in (0, weight))
    assert trained.words == mean.words
    for (start, own), (_, other) in zip(zip(*rows(old, trained)), zip(*rows(old, mean)), strict=True):
        np.testing.assert_allclose(other, weight * start + (1 - weight) * own, atol=1e-6)
    new = [word for word in trained.words if word not in old.index]
    assert (len(new) > 0) == (options.get("vocabulary") != "old")
    assert not new or (equal(trained, mean, "E", new) and equal(trained, mean, "C", new))
    assert mean.metadata["config"]["start_weight"] == weight


def test_the_mean_of_other_tables():
    ngrams = OPTIONS | {"ngrams": "2-3", "buckets": 50, "lr": 0.01}
    old = sgns.train(OLD, **ngrams)
    trained, mean = (sgns.train(NEW, start=old, start_weight=w, **ngrams) for w in (0, 0.5))
    wanted = (old.subwords.ngram_rows + trained.subwords.ngram_rows) / 2
    np.testing.assert_allclose(mean.subwords.ngram_rows, wanted, atol=1e-6)
    np.testing.assert_allclose(mean["w12"], (old["w12"] + trained["w12"]) / 2, atol=1e-6)  # composed of the means
    tree = sgns.train(OLD, loss="hierarchical", **OPTIONS)
    options = OPTIONS | {"loss": "hierarchical", "vocabulary": "old", "lr": 0.05}
    trained, mean = (sgns.train(NEW, start=tree, start_weight=w, **options) for w in (0, 0.5))
    np.testing.assert_allclose(mean.parts.nodes, (tree.parts.nodes + trained.parts.nodes) / 2, atol=1e-6)
    options = OPTIONS | {"model": "dbow", "lr": 0.05}
    tags = sgns.train(tagged(OLD, "a") + tagged(OLD, "both"), **options)
    trained, mean = (sgns.train(tagged(NEW, "both"), start=tags, start_weight=w, **options) for w in (0, 0.5))
    wanted = (tags.documents["both3"] + trained.documents["both3"]) / 2
    np.testing.assert_allclose(mean.documents["both3"], wanted, atol=1e-6)


def test_the_mean_of_a_start_without_contexts_is_that_of_E(old):
    alone = sgns.Vectors(old.words, old.E)
    trained, mean = (
        sgns.train(NEW, start=alone, start_weight=w, lr=0.05, on_warning=lambda _: None, **OPTIONS) for w in (0, 0.5)
    )
    (E, trained_E), (_, mean_E) = (
        (one[0], other[0]) for one, other in (rows(alone_with(old), trained), rows(alone_with(old), mean))
    )
    np.testing.assert_allclose(mean_E, (E + trained_E) / 2, atol=1e-6)
    assert equal(trained, mean, "C")


def alone_with(old):
    """The start with a C, so that rows can be compared."""
    return sgns.Vectors(old.words, old.E, np.zeros_like(old.E))


def test_the_mean_forgets_less_of_the_old_text_and_learns_the_new_one():
    """Half the loss that training on other text costs the old one is not paid, and most of what it brings is kept."""
    first, second = sentences(0, 30, 1), [sentence[::2] for sentence in sentences(0, 30, 2)]  # other neighbours
    old = sgns.train(first, **(OPTIONS | {"epochs": 20, "lr": 0.04}))
    alone, mean = (sgns.train(second, start=old, **(OPTIONS | {"epochs": 20, "start_weight": w})) for w in (0, 0.5))

    def loss(v, text):
        trial = sgns.train(text, start=v, start_weight=0, lr=1e-12, min_lr=0, **(OPTIONS | {"epochs": 1}))
        return trial.metadata["losses"][0]

    assert loss(mean, first) - loss(old, first) < 0.5 * (loss(alone, first) - loss(old, first))
    assert loss(old, second) - loss(mean, second) > 0.5 * (loss(old, second) - loss(alone, second))


# --- the chain


def test_the_chain_of_texts_is_kept_and_counts_are_added_once(old, tmp_path):
    more = sgns.train(OLD, start=old, **OPTIONS)
    assert more.words == old.words
    assert np.array_equal(more.counts, old.counts)
    other = sgns.train(NEW, start=more, **OPTIONS)
    again = sgns.train(OLD, start=other, **OPTIONS)
    assert dict(zip(again.words, again.counts)) == dict(zip(other.words, other.counts))
    again.save(tmp_path / "v.safetensors")
    chain = sgns.load(tmp_path / "v.safetensors").metadata["trained_on"]
    assert [link["text"] for link in chain] == [vectors.metadata["text"] for vectors in (old, more, other, again)]
    assert [link["words"] for link in chain] == [2 * 1800] * 4
    assert chain[0]["text"] == chain[1]["text"] != chain[2]["text"]
    assert chain[1]["corpus"] == more.metadata["corpus"]
    assert chain[2]["config"]["dim"] == 8
    assert "trained_on" not in old.metadata


def test_a_run_from_a_file_is_that_from_memory(old, tmp_path):
    old.save(tmp_path / "old.safetensors")
    one, two = sgns.train(NEW, start=old, **OPTIONS), sgns.train(NEW, start=tmp_path / "old.safetensors", **OPTIONS)
    assert np.array_equal(one.E, two.E)
    assert one.metadata["started_from"] == two.metadata["started_from"]
    by_config = sgns.train(
        NEW,
        config=sgns.Config(
            start=str(tmp_path / "old.safetensors"), **{k: v for k, v in OPTIONS.items() if k != "quiet"}
        ),
        quiet=True,
    )
    assert np.array_equal(by_config.C, two.C)
    with pytest.raises(ConfigError, match="vectors in memory, which are not here"):
        sgns.train(NEW, config=sgns.Config.from_dict(one.metadata["config"]), quiet=True)


# --- frozen rows

MODELS = [
    {},
    {"threads": 3},
    {"deterministic": True, "threads": 2},
    {"sharing": "pair"},
    {"model": "cbow", "threads": 2},
    {"validation": 0.1},
]


@pytest.mark.parametrize("options", MODELS, ids=str)
@pytest.mark.parametrize("vocabulary", ["union", "old"])
def test_frozen_rows_are_equal_bit_for_bit(old, options, vocabulary):
    options = OPTIONS | {"vocabulary": vocabulary} | options
    seen = []

    def look(epoch, loss, validation, vectors):
        seen.append((equal(old, vectors, "E"), equal(old, vectors, "C")))

    shared = [word for word in old.words if int(word[1:]) >= 10]
    for freeze in ("E", "C", "E+C"):
        grown = sgns.train(NEW, start=old, freeze=freeze, on_epoch=look, **options)
        assert seen.pop(0) == seen.pop(0) == ("E" in freeze, "C" in freeze)
        assert (equal(old, grown, "E"), equal(old, grown, "C")) == ("E" in freeze, "C" in freeze)
        if vocabulary == "union":  # new words learn beside them
            assert not equal(grown, sgns.train(NEW, start=old, **(options | {"lr": 1e-9, "min_lr": 0})), "E", ["w35"])
    frozen = ["w12", "w20"]
    grown = sgns.train(NEW, start=old, freeze=frozen, **options)
    assert equal(old, grown, "E", frozen)
    assert equal(old, grown, "C", frozen)
    others = [word for word in shared if word not in frozen]
    (E, _), (grown_E, _) = rows(old, grown, others)
    assert (grown_E != E).any(axis=1).all()


def test_frozen_rows_of_frequent_words_in_many_blocks():
    """Frequent words have copies in each thread, whose change is added to their rows when a block ends."""
    rng = np.random.default_rng(3)
    numbers = np.minimum(rng.zipf(1.3, (2, 20_000, 10)), 2_000)
    first, second = ([[f"w{n}" for n in line] for line in half.tolist()] for half in numbers)
    options = OPTIONS | {"threads": 4, "epochs": 1}
    old = sgns.train(first, **options)
    for freeze in ("E+C", [old.words[0], old.words[1], old.words[500]]):
        frozen = list(old.words) if freeze == "E+C" else freeze
        grown = sgns.train(second, start=old, freeze=freeze, **options)
        assert equal(old, grown, "E", frozen)
        assert equal(old, grown, "C", frozen)


def test_frozen_rows_are_back_when_a_block_is_counted(old):
    """Other threads see them moved by the blocks in progress, and no more."""

    class Engine:
        E, C, concurrent, longest = np.zeros((3, 2)), np.zeros((3, 2)), True, 10

        def train_block(self, *_):
            self.E += 1
            self.C += 1

    engine = Engine()
    rows = FrozenRows({"words": engine.E, "C": engine.C}, {"words": np.array([0, 2]), "C": np.arange(3)})
    frozen = FrozenEngine(engine, rows)
    for block in range(1, 4):
        frozen.train_block(0, block, 0, 0, 0.1)
        assert frozen.E[:, 0].tolist() == [0, block, 0]
        assert not frozen.C.any()


def test_frozen_rows_of_the_readable_engine(old):
    pytest.importorskip("torch")
    grown = sgns.train(NEW, start=old, freeze="E", engine="reference", **OPTIONS)
    assert equal(old, grown, "E")
    assert not equal(old, grown, "C")


def test_frozen_words_that_are_not_there(old):
    warned = []
    sgns.train(NEW, start=old, freeze=["w12", "nowhere"], on_warning=warned.append, **OPTIONS)
    assert any("freeze: start lacks 1 words, the first 'nowhere'" in text for text in warned)


# --- anyone's vectors


@pytest.mark.parametrize("ending", ["bin", "txt", "vec", "npz", "glove"])
def test_files_of_other_tools_are_a_start(old, tmp_path, ending):
    path = tmp_path / f"old.{ending}"
    old.save(path)
    warned = []
    grown = sgns.train(NEW, start=path, freeze="E", on_warning=warned.append, **OPTIONS)
    np.testing.assert_allclose(rows(old, grown)[1][0], rows(old, grown)[0][0], atol=1e-5)
    own = ending == "npz"
    assert any("no context vectors (C); they begin at zero" in text for text in warned) is not own
    assert any("start has no counts" in text for text in warned) is not own
    gone = grown.id("w3")  # not in the new text
    if not own:
        assert grown.counts[gone] == 0
        assert (grown.C[gone] == 0).all()
        assert grown.metadata["trained_on"][0] == {"file": f"old.{ending}", "vectors": 30}
    assert (grown.C[grown.id("w12")] != 0).any()


def test_the_first_rows_of_a_file(old, tmp_path):
    old.save(tmp_path / "old.bin")
    grown = sgns.train(NEW, start=tmp_path / "old.bin", start_limit=12, vocabulary="old", **OPTIONS)
    assert sorted(grown.words) == sorted(old.words[:12])


# --- more than words


def test_ngrams_are_taken_over():
    for buckets in (50, "exact"):
        options = OPTIONS | {"ngrams": "2-3", "buckets": buckets, "lr": 0.01}  # a few n-grams are in all words
        old = sgns.train(OLD, **options)
        grown = sgns.train(NEW, start=old, freeze="E", **options)
        assert np.array_equal(old["w3"], grown["w3"])
        theirs, mine = old.subwords.options.ngrams, grown.subwords.options.ngrams
        if buckets == "exact":
            both = [ngram for ngram in theirs if ngram in mine]
            assert len(both) > 20
            for ngram in both:
                assert np.array_equal(
                    old.subwords.ngram_rows[theirs.index(ngram)], grown.subwords.ngram_rows[mine.index(ngram)]
                )
        else:
            assert np.array_equal(old.subwords.ngram_rows, grown.subwords.ngram_rows)
        with pytest.raises(ConfigError, match="ngrams is 2-4, and start has 2-3; give those of start"):
            sgns.train(NEW, start=old, **(options | {"ngrams": "2-4"}))
        with pytest.raises(ConfigError, match=f"buckets is 60, and start has {buckets}; give --buckets {buckets}"):
            sgns.train(NEW, start=old, **(options | {"buckets": 60}))
        with pytest.raises(ConfigError, match=r"with ngrams, .* give --freeze E"):
            sgns.train(NEW, start=old, freeze=["w12"], **options)
    with pytest.raises(ConfigError, match="start has vectors without n-grams; leave --ngrams out"):
        sgns.train(NEW, start=sgns.train(OLD, **OPTIONS), ngrams="3", **OPTIONS)
    words = sgns.train(NEW, start=old, freeze="E", **OPTIONS)  # composed vectors are vectors
    assert np.array_equal(words["w12"], old["w12"])


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ({"ngrams": "2-3", "buckets": 5_000}, {}, "n-grams of start are left out, .* give --ngrams 2-3 --buckets 5000"),
        ({"ngrams": "3", "buckets": "exact"}, {"model": "cbow"}, "give --ngrams 3-3 --buckets exact"),
        ({"model": "dbow"}, {"model": "cbow"}, "300 vectors of documents are left out; to keep them give --model dbow"),
        pytest.param(
            {"model": "cbow", "combine": "sum"},
            {"model": "cbow"},
            "trained with combine sum, and here it is mean",
            marks=pytest.mark.slow,  # a kernel of its own
        ),
    ],
)
def test_what_of_a_start_is_lost_is_said_with_what_keeps_it(first, then, said):
    old = sgns.train(OLD, **(OPTIONS | first))
    heard: list[str] = []
    sgns.train(NEW, start=old, on_warning=heard.append, **(OPTIONS | then))
    assert re.search(said, "\n".join(heard)), heard
    heard.clear()
    again = sgns.train(OLD, start=old, on_warning=heard.append, **(OPTIONS | first))  # the remedy
    assert not any("left out" in text or "trained with" in text for text in heard), heard
    assert again.metadata["start"]["words"] == len(old.words)


def tagged(text, name):
    return [([f"{name}{k % 7}"], sentence) for k, sentence in enumerate(text)]


@pytest.mark.parametrize("model", ["dbow", "dm"])
def test_old_documents_stay(model):
    options = OPTIONS | {"model": model}
    old = sgns.train(tagged(OLD, "a") + tagged(OLD, "both"), **options)
    grown = sgns.train(tagged(NEW, "both") + tagged(NEW, "b"), start=old, **options)
    assert set(grown.documents.words) == {f"{name}{k}" for name in ("a", "both", "b") for k in range(7)}
    assert np.array_equal(grown.documents["a3"], old.documents["a3"])
    assert not np.array_equal(grown.documents["both3"], old.documents["both3"])
    assert grown.metadata["start"]["documents"] == 14
    frozen = sgns.train(tagged(NEW, "both"), start=old, freeze="E", **options)
    assert np.array_equal(frozen.documents["both3"], old.documents["both3"])


def test_numbered_documents_are_others():
    old = sgns.train(OLD, model="dbow", **OPTIONS)
    with pytest.raises(InputError, match="both named '0', by their number; name them with --tags or --tag-column"):
        sgns.train(NEW, start=old, model="dbow", **OPTIONS)
    assert len(sgns.train(OLD, start=old, model="dbow", **OPTIONS).documents.words) == len(OLD)


def test_a_tree_of_the_same_words_goes_on(old):
    options = OPTIONS | {"loss": "hierarchical"}
    tree = sgns.train(OLD, **options)
    with pytest.raises(ConfigError, match=r"tree of loss hierarchical .* give --vocabulary old"):
        sgns.train(NEW, start=tree, **options)
    more = sgns.train(NEW, start=tree, vocabulary="old", freeze="C", **options)
    assert np.array_equal(more.parts.nodes, tree.parts.nodes)
    assert sgns.train(OLD, start=tree, start_weight=0, **options).metadata["losses"][0] < tree.metadata["losses"][-1]
    warned = []
    sgns.train(NEW, start=old, on_warning=warned.append, **options)
    assert any("no vectors of nodes; they begin at zero" in text for text in warned)
    assert any("trained with loss negatives, and here it is hierarchical" in text for text in warned)


# --- what does not fit


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 9}, "dim is 9, and start has vectors of dimension 8; give --dim 8"),
        ({"freeze": ["x", "y"]}, "freeze: start has none of the 2 words, the first is 'x'"),
        ({"freeze": []}, "freeze holds no word"),
        ({"vocabulary": "both"}, "vocabulary is 'both'; choose one of union, old, new"),
        ({"vocabulary_file": "v.tsv"}, "vocabulary is union, so start has the words; leave vocabulary_file out"),
        ({"vocabulary": "old", "keep_words": ["a"]}, "leave keep_words out, or give vocabulary new"),
        ({"start": "nowhere.bin"}, "nowhere.bin"),
        ({"start": None, "vocabulary": "old"}, "vocabulary is 'old', for a run that starts from trained vectors"),
        ({"start": None, "freeze": "E"}, "freeze is 'E', for a run that starts from trained vectors"),
        ({"engine": "cuda", "freeze": "E"}, "the cuda engine has no --freeze"),
    ],
)
def test_what_does_not_fit_is_refused(old, options, message):
    with pytest.raises(sgns.SgnsError, match=message) as caught:
        sgns.train(NEW, **(OPTIONS | {"start": old} | options))
    assert "\n" not in str(caught.value)


def test_a_text_of_other_words_is_refused(old):
    for vocabulary in ("union", "old", "new"):
        with pytest.raises(InputError, match="start: the text has none of the 30 words"):
            sgns.train([["other", "words"]] * 50, start=old, vocabulary=vocabulary, **OPTIONS)


def test_numbers_that_are_none_are_refused(old):
    E = old.E.copy()
    E[3, 2] = np.nan
    with pytest.raises(ConfigError, match=r"not finite \(in words\)"):
        sgns.train(NEW, start=sgns.Vectors(list(old.words), E), **OPTIONS)


# --- checkpoints


def test_a_resumed_run_gives_the_bits_of_one_that_was_not(old, tmp_path):
    options = OPTIONS | {"start": old, "freeze": ["w12"], "epochs": 4}
    whole = sgns.train(NEW, **options)
    output = {"checkpoint": tmp_path / "v.safetensors", "checkpoint_every": "1blocks"}

    class Stop(Exception):
        pass

    def stop(epoch, *_):
        if epoch == 2:
            raise Stop

    with pytest.raises(Stop):
        sgns.train(NEW, on_epoch=stop, **options, **output)
    other = sgns.train(OLD, **(OPTIONS | {"seed": 2}))
    with pytest.raises(CheckpointError, match="the run started from other vectors"):
        sgns.train(NEW, **(options | {"start": other}), **output, resume=True)
    resumed = sgns.train(NEW, **options, **output, resume=True)
    assert np.array_equal(resumed.E, whole.E)
    assert np.array_equal(resumed.C, whole.C)
    assert resumed.metadata == whole.metadata
