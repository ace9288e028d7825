"""`Word2Vec`, `FastText` and `Doc2Vec` under gensim's names: what the arguments mean, files, callbacks, losses."""

import json
import os
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sgns
from sgns.errors import DivergedError, FormatError
from sgns.gensim.models import Doc2Vec, FastText, Word2Vec
from sgns.gensim.models.callbacks import CallbackAny2Vec
from sgns.gensim.models.doc2vec import TaggedDocument
from sgns.gensim.models.keyedvectors import KeyedVectors
from sgns.gensim.models.network import Step
from sgns.gensim.models.phrases import Phrases
from sgns.gensim.store import OwnFormatWarning

pytestmark = pytest.mark.filterwarnings("ignore::sgns.gensim.store.OwnFormatWarning")
RNG = np.random.default_rng(3)
TEXT = [[f"w{number}" for number in RNG.zipf(1.5, 12) % 40] for _ in range(120)]
SMALL: dict[str, Any] = {"vector_size": 8, "min_count": 1, "workers": 1, "sample": 0}


def test_one_worker_and_a_seed_give_the_same_bits() -> None:
    for options in ({"sg": 1}, {"sg": 0}):
        one, two = (Word2Vec(TEXT, **SMALL, **options, seed=5) for _ in range(2))
        np.testing.assert_array_equal(one.wv.vectors, two.wv.vectors)
        np.testing.assert_array_equal(one.syn1neg, two.syn1neg)
        assert (one.wv.vectors != Word2Vec(TEXT, **SMALL, **options, seed=6).wv.vectors).any()


@pytest.mark.parametrize("model", [Word2Vec, pytest.param(FastText, marks=pytest.mark.slow)])
@pytest.mark.parametrize("outputs", [{}, {"hs": 1, "negative": 0}])
def test_cbow_mean_means_nothing_for_skipgram(model: Any, outputs: dict[str, int]) -> None:
    """scattertext trains with sg=1 and cbow_mean=0."""
    one, two = (model(TEXT, **SMALL, **outputs, sg=1, seed=5, epochs=1, cbow_mean=mean) for mean in (0, 1))
    np.testing.assert_array_equal(one.wv.vectors, two.wv.vectors)


def test_dm_mean_means_nothing_for_dbow() -> None:
    tagged = [TaggedDocument(words, [number]) for number, words in enumerate(TEXT)]
    for more in ({}, {"dbow_words": 1}):
        one, two = (Doc2Vec(tagged, **SMALL, **more, dm=0, dm_mean=mean, seed=5, epochs=1) for mean in (0, 1))
        np.testing.assert_array_equal(one.dv.vectors, two.dv.vectors)


@pytest.mark.slow  # a kernel of its own; tests/gensim/test_steps.py compares steps with gensim's
def test_the_loss_is_that_of_the_pairs() -> None:
    """With vectors of zeros, a pair costs (1 + k) log 2; the rate is so small that they stay zero."""
    model = Word2Vec(**SMALL, sg=1, negative=5, alpha=1e-12, min_alpha=1e-12, shrink_windows=False, window=5)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=len(TEXT), epochs=3, compute_loss=True)
    pairs = 3 * sum(2 * (5 * len(s) - 15) for s in TEXT)
    counts = model.wv.expandos["count"]
    noise = counts**0.75 / (counts**0.75).sum()
    kept = 1 + 5 * (1 - float(counts / counts.sum() @ noise))  # a negative that equals c+ counts nothing
    assert model.get_latest_training_loss() / (pairs * np.log(2)) == pytest.approx(kept, rel=0.02)


def test_callbacks_see_current_vectors_and_may_change_them() -> None:
    class Watch(CallbackAny2Vec):
        def __init__(self) -> None:
            self.events: list[str] = []
            self.rows: list[np.ndarray] = []

        def on_train_begin(self, model: Any) -> None:
            self.events.append("train")

        def on_epoch_begin(self, model: Any) -> None:
            self.events.append("epoch")

        def on_epoch_end(self, model: Any) -> None:
            self.rows.append(model.wv.vectors.copy())
            if len(self.rows) == 2:
                model.wv.vectors[:] = 0

        def on_train_end(self, model: Any) -> None:
            self.events.append("end")

    watch = Watch()
    model = Word2Vec(TEXT, **SMALL, epochs=3, callbacks=[watch])
    assert watch.events == ["train", "epoch", "epoch", "epoch", "end"]
    assert (watch.rows[0] != watch.rows[1]).any()
    np.testing.assert_array_equal(watch.rows[2], model.wv.vectors)
    assert np.abs(watch.rows[2]).max() < np.abs(watch.rows[1]).max()  # it began again from zero


def test_a_corpus_that_is_new_in_each_epoch_is_gone_through_in_each() -> None:
    class Walks:
        def __init__(self) -> None:
            self.times = 0

        def __iter__(self) -> Any:
            self.times += 1
            return iter(TEXT[self.times :])

    walks = Walks()
    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT)
    _, words = model.train(walks, total_examples=len(TEXT), epochs=4)
    assert walks.times == 4
    assert words == sum(len(s) for time in range(1, 5) for s in TEXT[time:])


def test_new_words_are_added_and_old_rows_stay() -> None:
    model = Word2Vec(TEXT, **SMALL)
    before, C = model.wv.vectors.copy(), model.syn1neg.copy()
    model.build_vocab([["new", "w1"], ["new", "newer"]], update=True)
    np.testing.assert_array_equal(model.wv.vectors[: len(before)], before)
    np.testing.assert_array_equal(model.syn1neg[: len(C)], C)
    model.train([["new", "w1"], ["new", "newer"]], total_examples=2, epochs=2)
    assert (model.wv.vectors[model.wv.key_to_index["new"]] != 0).any()


@pytest.mark.parametrize("sg", [0, 1])
def test_locked_rows_stay_bit_for_bit(sg: int) -> None:
    model = Word2Vec(**SMALL, sg=sg)
    model.build_vocab(TEXT)
    model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
    model.wv.vectors_lockf[3] = 0.0
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    np.testing.assert_array_equal(model.wv.vectors[3], before[3])
    assert (model.wv.vectors[4] != before[4]).all()


@pytest.mark.parametrize("factors", [[0.0], [0.0, 1.0, 0.0]])
def test_locks_for_all_rows_and_for_the_first_ones(factors: list[float]) -> None:
    model = Word2Vec(**SMALL, sg=0)
    model.build_vocab(TEXT)
    model.wv.vectors_lockf = np.float32(factors)
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    same = (model.wv.vectors == before).all(axis=1)
    assert same.all() if len(factors) == 1 else same[:5].tolist() == [True, False, True, False, False]


def test_locked_rows_stay_when_words_are_added() -> None:
    model = Word2Vec(TEXT, **SMALL, sg=0)
    model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
    model.wv.vectors_lockf[3] = 0.0
    model.build_vocab([["new", "w1"]] * 3, update=True)
    before = model.wv.vectors.copy()
    model.train([["new", "w1", "w2", "w3"]] * 20, total_examples=20, epochs=2)
    same = (model.wv.vectors == before).all(axis=1)
    assert same[3]
    assert not same[-1]


def test_divergence_says_which_alpha_to_take() -> None:
    with pytest.raises(DivergedError, match=r"in epoch 1, at alpha=5; take a smaller one, such as alpha=0\.025"):
        Word2Vec(TEXT, **SMALL, alpha=5)
    assert np.isfinite(Word2Vec(TEXT, **SMALL, alpha=0.025).wv.vectors).all()


def test_a_model_of_gensim_with_dm_concat_gives_its_vectors_and_no_others(tmp_path: Path) -> None:
    gensim = pytest.importorskip("gensim")
    tagged = [gensim.models.doc2vec.TaggedDocument(words, [i]) for i, words in enumerate(TEXT[:20])]
    theirs = gensim.models.Doc2Vec(tagged, dm_concat=1, vector_size=8, min_count=1, epochs=1, workers=1)
    theirs.save(str(tmp_path / "m"))
    model = Doc2Vec.load(str(tmp_path / "m"))
    np.testing.assert_array_equal(model.dv[3], theirs.dv[3])
    for ask in (lambda: model.infer_vector(["w1"]), lambda: model.train(tagged, total_examples=20, epochs=1)):
        with pytest.raises(NotImplementedError, match="dm_concat=1: its wv and dv can be used"):
            ask()


def test_maps_of_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "m")
    Word2Vec(TEXT, **SMALL).save(path)
    first = Word2Vec.load(path).wv.vectors[0].copy()
    assert not Word2Vec.load(path, mmap="r").wv.vectors.flags.writeable
    for mode, kept in (("c", first), ("r+", np.zeros(8))):
        loaded = Word2Vec.load(path, mmap=mode)
        loaded.wv.vectors[0] = 0
        del loaded
        np.testing.assert_array_equal(Word2Vec.load(path).wv.vectors[0], kept)
    with pytest.raises(ValueError, match=r"mmap is 'w'; it is one of None, 'r', 'c', 'r\+'"):
        Word2Vec.load(path, mmap="w")


def test_steps_are_as_large_as_asked_for() -> None:
    """E scaled by a and C by 1/a with the rate k: a step of E is r times as large, one of C is as it was."""
    step = Step.of(7.0)
    E, C, error, lr = np.float64([1, 2]), np.float64([3, -1]), 0.3, 0.05
    a, k = step.scale, step.rate
    scaled_E = E * a - k * lr * error * C / a
    scaled_C = C / a - k * lr * error * E * a
    np.testing.assert_allclose(scaled_E / a, E - 7 * lr * error * C)
    np.testing.assert_allclose(scaled_C * a, C - lr * error * E)


@pytest.mark.parametrize(
    "model",
    [
        lambda: Word2Vec(TEXT, **SMALL, hs=1),
        lambda: FastText(TEXT, **SMALL, bucket=50),
        lambda: Doc2Vec([TaggedDocument(s, [i, f"t{i % 3}"]) for i, s in enumerate(TEXT)], **SMALL, epochs=2),
        lambda: Word2Vec([[3, 5, 7], [5, 7]] * 4, **SMALL),
    ],
)
def test_what_is_saved_comes_back_and_trains_on(tmp_path: Path, model: Any) -> None:
    model = model()
    path = tmp_path / "a.model"
    with pytest.warns(OwnFormatWarning, match="format of sgns, not a pickle"):
        model.save(str(path))
    for mmap in (None, "r"):
        loaded = type(model).load(str(path), mmap=mmap)
        np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
        np.testing.assert_array_equal(loaded.syn1neg, model.syn1neg)
        assert loaded.wv.index_to_key == model.wv.index_to_key
        assert loaded.wv.key_to_index == model.wv.key_to_index
        assert loaded.wv.get_vecattr(0, "count") == model.wv.get_vecattr(0, "count")
        loaded.vector_size = model.vector_size
        if not isinstance(model, Doc2Vec):
            loaded.train([model.wv.index_to_key], total_examples=1, epochs=1)
    with pytest.raises(AttributeError):
        KeyedVectors.load(str(path))
    model.wv.save(str(tmp_path / "a.kv"))
    again = type(model.wv).load(str(tmp_path / "a.kv"))
    np.testing.assert_allclose(again.vectors, model.wv.vectors, rtol=1e-6)
    if isinstance(model, Word2Vec) and not isinstance(model, FastText | Doc2Vec) and "w1" in model.wv:
        assert sgns.load(tmp_path / "a.kv").words == model.wv.index_to_key


def test_a_class_of_a_program_is_saved_and_loaded_as_itself(tmp_path: Path) -> None:
    class Node2Vec(Word2Vec):
        def __init__(self, p: float, **options: Any) -> None:
            super().__init__(**options)
            self.p = p

    model = Node2Vec(2.0, sentences=TEXT, **SMALL)
    model.save(str(tmp_path / "n"))
    loaded = Node2Vec.load(str(tmp_path / "n"))
    assert type(loaded) is Node2Vec
    assert loaded.p == 2.0
    model.graph = object()
    with pytest.raises(TypeError, match=r"attribute graph is a object.*ignore=\['graph'\]"):
        model.save(str(tmp_path / "n"))
    model.save(str(tmp_path / "n"), ignore=["graph"])


def test_windows_wider_than_any_sentence() -> None:
    text = [sentence[:6] for sentence in TEXT]
    whole = Word2Vec(text, **SMALL, window=5, shrink_windows=False)
    wider = Word2Vec(text, **SMALL, window=5000)
    np.testing.assert_allclose(wider.wv.vectors, whole.wv.vectors, rtol=1e-2, atol=1e-4)
    with pytest.raises(ValueError, match="reaches 1000 words to each side, and a sentence has 1200"):
        Word2Vec([["a", "b"] * 600], **SMALL, window=2000)


def test_a_class_with_jobs_of_its_own_trains_on_what_it_makes() -> None:
    class Walker(Word2Vec):
        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
            return super()._do_train_job([[f"w{n}" for n in sentence] for sentence in sentences], alpha, inits)

    numbers = [[int(word[1:]) for word in sentence] for sentence in TEXT]
    made = Walker(**SMALL, batch_words=50)
    made.build_vocab(TEXT)
    counts = made.train((sentence for sentence in numbers), total_examples=len(TEXT), epochs=1)
    plain = Word2Vec(**SMALL)
    plain.build_vocab(TEXT)
    assert counts == plain.train(TEXT, total_examples=len(TEXT), epochs=1)
    np.testing.assert_array_equal(made.wv.vectors, plain.wv.vectors)

    class Deeper(Word2Vec):
        def _train_epoch(self, *args: Any, **kwargs: Any) -> None:
            """An internal that is not called here."""

    with pytest.raises(NotImplementedError, match="Deeper has its own _train_epoch"):
        Deeper(TEXT, **SMALL)


def store(path: Path, tree: Any) -> None:
    header = json.dumps({"__metadata__": {"sgns.gensim": json.dumps(tree)}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def test_a_file_names_no_class_or_function_that_could_harm(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for name in ("os:system", "subprocess:Popen", "store:load", "utils:open", "models.keyedvectors:Callable"):
        store(path, {"@object": name, "fields": {}})
        with pytest.raises(FormatError):
            Word2Vec.load(str(path))
    fields = {"scoring": {"@function": "os:system"}, "vocab": {"@dict": "dict", "keys": [], "values": []}}
    store(path, {"@object": "models.phrases:Phrases", "fields": fields})
    loaded = Phrases.load(str(path))
    assert loaded.scoring is not os.system
    store(path, {"@object": "models.word2vec:Word2Vec", "fields": {"hashfxn": {"@function": "os:system"}}})
    assert Word2Vec.load(str(path)).hashfxn is hash


def test_what_cannot_be_had_says_so() -> None:
    for make, kind, message in (
        (lambda: Doc2Vec(dm_concat=1), NotImplementedError, "dm_concat"),
        (lambda: FastText(word_ngrams=2), NotImplementedError, "word_ngrams"),
        (lambda: Word2Vec(TEXT, hs=0, negative=0, min_count=1), ValueError, "hs"),
        (lambda: Word2Vec(iter_=3), TypeError, "iter_"),
        (lambda: Word2Vec(s for s in TEXT), TypeError, "generator"),
        (lambda: Word2Vec([]), RuntimeError, "vocabulary"),
    ):
        with pytest.raises(kind, match=message):
            make()


def test_documents_find_themselves() -> None:
    topics = [[f"{topic}{number}" for number in range(12)] for topic in "abc"]
    documents = [
        TaggedDocument(list(RNG.choice(topics[i % 3], 20)), [i])
        for i in range(60)
    ]  # fmt: skip
    for options in ({"dm": 0}, {"dm": 0, "dbow_words": 1}, {"dm": 0, "hs": 1, "negative": 0}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = Doc2Vec(documents, **SMALL, epochs=30, alpha=0.05, **options)
        near = [tag % 3 for tag, _ in model.dv.most_similar([model.infer_vector(documents[0].words)], topn=10)]
        assert near.count(0) >= 9, options
