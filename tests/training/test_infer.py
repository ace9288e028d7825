"""Vectors of new documents: the step is the gradient, the result a minimum, and depends on the text and seed alone."""

import random

import numpy as np
import pytest

import sgns
from sgns import Vectors
from sgns.errors import ConfigError, InputError, TextWarning
from sgns.text.vocabulary import Vocabulary
from sgns.training.engines.cpu.huffman import HuffmanTree
from sgns.training.infer import as_table, infer_texts
from sgns.vectors.files.parts import Parts

TOPICS = 6
MODELS = [
    {"model": "dbow"},
    {"model": "dm"},
    {"model": "dbow", "loss": "hierarchical"},
    pytest.param({"model": "dm", "combine": "sum"}, marks=pytest.mark.slow),
    pytest.param({"model": "dm", "loss": "hierarchical"}, marks=pytest.mark.slow),
]
DRAWN = random.Random(5)


def text_about(topic, length=50):
    """Words of a topic among words that all topics have."""
    return [
        f"topic{topic}word{DRAWN.randrange(30)}" if DRAWN.random() < 0.6 else f"common{DRAWN.randrange(20)}"
        for _ in range(length)
    ]


DOCUMENTS = [(f"d{i}", text_about(i % TOPICS)) for i in range(240)]
NEW = [text_about(i % TOPICS) for i in range(30)]


@pytest.fixture(scope="module", params=MODELS, ids=str)
def vectors(request):
    options = {"dim": 16, "epochs": 30, "min_count": 1, "subsample": 0, "threads": 1, "quiet": True}
    return sgns.train(DOCUMENTS, **options | request.param)


@pytest.fixture(scope="module")
def dbow():
    return sgns.train(DOCUMENTS, model="dbow", dim=16, epochs=10, min_count=1, threads=1, quiet=True)


def made(C, counts=None, **options):
    """Vectors of a model with this C, and E of zeros."""
    words = [f"w{i}" for i in range(len(C))]
    config = {"model": "dbow", "subsample": 0.0, "min_lr": 0.0, "lr": 0.1, "epochs": 5, "threads": 1} | options
    counts = np.arange(len(C), 0, -1) if counts is None else counts
    return Vectors(words, np.zeros_like(C), C, counts, {"config": config})


# --- what it learns ---------------------------------------------------------------------------------------------------


def test_a_new_text_is_near_the_documents_of_its_topic(vectors):
    rows = sgns.infer(vectors, NEW, epochs=60)
    nearest = vectors.documents.most_similar_each(rows, 5)
    right = [int(tag[1:]) % TOPICS == i % TOPICS for i, answers in enumerate(nearest) for tag, _ in answers]
    assert np.mean(right) > 0.9


def test_the_text_of_a_document_is_nearest_to_its_row(vectors):
    rows = sgns.infer(vectors, [words for _, words in DOCUMENTS], epochs=60)
    cosines = vectors.documents.cosines(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    own = cosines[np.arange(len(rows)), np.arange(len(rows))]
    ranks = (cosines > own[:, None]).sum(axis=1)
    assert np.median(ranks) < 8  # of 240, of which 40 have the topic
    assert own.mean() > cosines.mean() + 0.3


# --- what it computes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["hierarchical"])
def test_a_step_is_the_gradient(loss):
    """Of −log P(c+) in the tree, by central differences in float64, from a row of zeros and then from another one."""
    draw = np.random.default_rng(1)
    counts = np.array([9, 7, 5, 3, 2])
    nodes = draw.normal(size=(4, 6)).astype(np.float32)
    tree = HuffmanTree.of(counts)
    v = made(np.zeros((5, 6)), counts, loss=loss, lr=1.0)
    parts = v.parts
    parts.C, parts.nodes = None, nodes
    v = Vectors.from_parts(parts)

    def loss_of(row, word):
        path = slice(tree.starts[word], tree.starts[word + 1])
        signs = 2 * tree.labels[path].astype(np.float64) - 1
        return np.log1p(np.exp(-signs * (nodes[tree.nodes[path]].astype(np.float64) @ row))).sum()

    def gradient(row, word, h=1e-6):
        return np.array([(loss_of(row + h * e, word) - loss_of(row - h * e, word)) / (2 * h) for e in np.eye(6)])

    row = -gradient(np.zeros(6), 3)
    [found] = sgns.infer(v, [["w3"]], epochs=1)
    assert found == pytest.approx(row, abs=1e-5)
    row -= 0.5 * gradient(row, 0)  # the second of two steps, whose lr falls from 1 to 0
    [found] = sgns.infer(v, [["w3", "w0"]], epochs=1)
    assert found == pytest.approx(row, abs=1e-5)


def test_many_small_steps_end_at_the_minimum_of_the_expected_loss():
    """Σ over the text of −log σ(D·C_c) − k Σ_v q(v) log σ(−D·C_v), v ≠ c, minimised by SciPy."""
    optimize = pytest.importorskip("scipy.optimize")
    draw = np.random.default_rng(2)
    C = draw.normal(size=(8, 3)).astype(np.float32)
    counts, k, text = np.array([30, 20, 10, 9, 8, 4, 3, 2]), 5, [0, 0, 3, 5, 1, 6, 6, 2]
    noise = Vocabulary([str(i) for i in range(8)], counts).noise_distribution(0.75)

    def expected(row):
        scores = C.astype(np.float64) @ row
        negative = noise * np.logaddexp(0, scores)
        return sum(np.logaddexp(0, -scores[c]) + k * (negative.sum() - negative[c]) for c in text)

    best = optimize.minimize(expected, np.zeros(3)).x
    v = made(C, counts, negatives=k, lr=0.05)
    [found] = sgns.infer(v, [[f"w{c}" for c in text]], epochs=20_000, lr=0.01)
    assert found == pytest.approx(best, abs=0.05)


def test_the_window_is_part_of_the_input_of_dm():
    """One step for each centre, whose input is the mean of D and its neighbours; D = 0 and C one direction."""
    draw = np.random.default_rng(3)
    nodes = draw.normal(size=(2, 4)).astype(np.float32)
    E = draw.normal(size=(3, 4)).astype(np.float32)
    counts = np.array([3, 2, 1])
    tree = HuffmanTree.of(counts)
    config = {"model": "dm", "loss": "hierarchical", "subsample": 0.0, "shrink_windows": False, "window": 1}
    parts = Parts.of(["a", "b", "c"], E, None, counts, {"config": config | {"lr": 1.0, "min_lr": 0.0}})
    parts.nodes = nodes
    row = np.zeros(4)
    for centre, (word, beside) in enumerate([(0, [2]), (2, [0])]):
        scale = 1 / (1 + len(beside))
        h = (row + E[beside].sum(axis=0)) * scale
        path = slice(tree.starts[word], tree.starts[word + 1])
        C = nodes[tree.nodes[path]]
        errors = tree.labels[path] - 1 / (1 + np.exp(-C @ h))
        row = row + (1 - centre / 2) * scale * (errors @ C)
    [found] = sgns.infer(Vectors.from_parts(parts), [["a", "c"]], epochs=1)
    assert found == pytest.approx(row, abs=1e-5)


# --- what it depends on -----------------------------------------------------------------------------------------------


def test_a_text_has_the_same_vector_whatever_stands_beside_it(vectors):
    alone = [sgns.infer(vectors, [text])[0] for text in NEW[:5]]
    together = sgns.infer(vectors, [*NEW[:5], *NEW], threads=2)
    assert np.array_equal(alone, together[:5])
    assert np.array_equal(together[:5], together[5:10])
    assert np.array_equal(sgns.infer(vectors, NEW[::-1], threads=1)[::-1], together[5:])


def test_the_seed_is_that_of_training_unless_another_is_given(dbow):
    default, same, other = (sgns.infer(dbow, NEW[:3], **more) for more in ({}, {"seed": 1}, {"seed": 2}))
    assert np.array_equal(default, same)
    assert not np.array_equal(default, other)


def test_a_string_is_the_same_as_its_words(dbow):
    words = NEW[0]
    assert np.array_equal(*sgns.infer(dbow, [" ".join(words).upper() + "!", words]))


def test_a_saved_model_infers_the_same(vectors, tmp_path):
    expected = sgns.infer(vectors, NEW[:3])
    for ending in (".safetensors", ".npz"):
        vectors.save(tmp_path / f"v{ending}")
        assert np.array_equal(sgns.infer(sgns.load(tmp_path / f"v{ending}"), NEW[:3]), expected)


def test_nothing_of_the_model_changes(dbow):
    before = dbow.C.copy(), dbow.documents.E.copy()
    sgns.infer(dbow, NEW)
    assert np.array_equal(before[0], dbow.C)
    assert np.array_equal(before[1], dbow.documents.E)


def test_frequent_words_alone_have_a_vector(dbow):
    """Subsampling may drop all words of a short text in an epoch."""
    assert np.linalg.norm(sgns.infer(dbow, [["common1"]], epochs=1)[0]) > 0


# --- odd input --------------------------------------------------------------------------------------------------------


def test_texts_without_known_words_have_zero_rows_and_are_counted(dbow):
    with pytest.warns(TextWarning, match=r"2 of 3 texts have no known word \(first: text 2\)"):
        rows = sgns.infer(dbow, [["common1"], [], "unknown words"])
    assert rows[0].any()
    assert not rows[1:].any()
    found = infer_texts(dbow, [["common1", "unknown"], ""])
    assert (found.words.tolist(), found.known.tolist()) == ([2, 0], [1, 0])


def test_no_texts_are_no_rows(dbow):
    assert sgns.infer(dbow, []).shape == (0, 16)


@pytest.mark.parametrize(
    ("texts", "options", "error", "message"),
    [
        ("one string", {}, ConfigError, "give a list of texts"),
        ([3], {}, InputError, "text 1 is 3"),
        ([["a"]], {"epochs": 0}, ConfigError, "epochs is 0, outside 1 to"),
        ([["a"]], {"epochs": 2.5}, ConfigError, "epochs is 2.5"),
        ([["a"]], {"lr": 0}, ConfigError, "lr is 0"),
        ([["a"]], {"seed": -1}, ConfigError, "seed is -1"),
        ([["a"]], {"threads": -1}, ConfigError, "threads is -1"),
    ],
)
def test_options_out_of_range_are_refused(dbow, texts, options, error, message):
    with pytest.raises(error, match=message):
        sgns.infer(dbow, texts, **options)


def test_vectors_that_cannot_infer_say_why(dbow, tmp_path):
    words = sgns.train([["a", "b"]] * 40, dim=4, epochs=1, min_count=1, quiet=True, on_warning=print)
    with pytest.raises(ConfigError, match=r"the model is skipgram, .* need dbow or dm; v.encode\(texts\)"):
        sgns.infer(words, [["a"]])
    with pytest.raises(ConfigError, match="lost C, which vectors of new documents need"):
        sgns.infer(dbow.space("C"), [["common1"]])
    with pytest.raises(ConfigError, match="the model is unknown"):
        sgns.infer(Vectors(["a"], np.ones((1, 2))), [["a"]])


def test_padded_rows_are_not_copied():
    padded = np.zeros((7, 16), np.float32)
    table = as_table(padded[:5, :10])
    assert table.shape == (5, 16)
    assert np.may_share_memory(table, padded)
    assert table.flags.c_contiguous
    odd = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    assert np.array_equal(as_table(odd), odd)


# --- training on documents --------------------------------------------------------------------------------------------


def test_trained_documents_have_the_tags_in_order_and_are_near_their_topic(vectors):
    assert vectors.documents.words == [tag for tag, _ in DOCUMENTS]
    answers = vectors.documents.most_similar_each([tag for tag, _ in DOCUMENTS], 5)
    right = [int(tag[1:]) % TOPICS == i % TOPICS for i, found in enumerate(answers) for tag, _ in found]
    assert np.mean(right) > 0.9


def test_words_near_a_document_are_those_of_its_topic():
    v = sgns.train(DOCUMENTS, model="dbow", dim=16, epochs=30, min_count=1, subsample=0, threads=1, quiet=True)
    near = [word for i in range(TOPICS) for word, _ in v.most_similar(v.documents[f"d{i}"], n=5)]
    assert np.mean([f"topic{i // 5}" in word for i, word in enumerate(near)]) > 0.9


@pytest.mark.parametrize("model", ["dbow", "dm"])
@pytest.mark.parametrize(
    "documents",
    [
        [("only", ["a", "b", "c"] * 40)],
        [("same", ["a", "b"]), ("same", ["b", "a"])] * 40,
        [(["a", "b"], ["a", "b", "a"]), ([1, 2, 3], ["b", "a"]), ("empty", [])] * 20,
        [["a", "b"], ["b", "a", "a"]] * 20,
    ],
    ids=["one document", "one tag", "many tags", "no tags"],
)
def test_odd_documents_train(model, documents):
    v = sgns.train(documents, model=model, dim=8, epochs=2, min_count=1, subsample=0, quiet=True, on_warning=print)
    assert np.isfinite(v.documents.E).all()
    expected = {"only": ["only"], "same": ["same"]}.get(str(documents[0][0]))
    assert expected is None or v.documents.words == expected
    assert np.isfinite(sgns.infer(v, [["a", "b"]])).all()


def test_a_resumed_run_has_the_same_documents(tmp_path):
    """The rows of words, which dbow does not train, are not in its checkpoints."""
    options = {"model": "dbow", "dim": 8, "epochs": 4, "min_count": 1, "threads": 1, "quiet": True}
    whole = sgns.train(DOCUMENTS, **options)
    output = tmp_path / "v.safetensors"

    def stop(epoch, *_):
        if epoch == 3:
            raise KeyError("stopped")

    with pytest.raises(KeyError, match="stopped"):
        sgns.train(DOCUMENTS, **options, checkpoint=output, checkpoint_every="1blocks", on_epoch=stop)
    found = []
    resumed = sgns.train(
        DOCUMENTS, **options, checkpoint=output, resume=True, on_epoch=lambda epoch, *_: found.append(epoch)
    )
    assert found in ([3, 4], [4])
    assert np.array_equal(resumed.documents.E, whole.documents.E)
    assert np.array_equal(resumed.C, whole.C)
