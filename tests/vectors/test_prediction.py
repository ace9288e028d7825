"""The likeliest centre words: the probabilities of a model that is solved exactly, and gensim's softmax."""

import numpy as np
import pytest

from sgns import Vectors
from sgns.errors import ConfigError, FormatError, InputError, TextWarning, UnknownWord


def solved(power: float = 0.75, k: int = 5) -> tuple[Vectors, np.ndarray]:
    """A model at the optimum of negative sampling, and p(w|c) (V, V), a column for each context word c.

    E is the identity, so that h·C_w = C[w, c] = log p(w|c) / (k q(w)).
    """
    generator = np.random.default_rng(0)
    V = 6
    joint = generator.dirichlet(np.ones(V * V)).reshape(V, V)
    joint = (joint + joint.T) / 2
    counts = np.rint(joint.sum(axis=1) * 1e9).astype(np.int64)
    q = counts**power / (counts**power).sum()
    given = joint / joint.sum(axis=0)
    C = np.log(given / (k * q[:, None]))
    return Vectors([f"w{i}" for i in range(V)], np.eye(V), C, counts, {"config": {"noise_power": power}}), given


@pytest.mark.parametrize("power", [0.75, 1.0, 0.0, -0.5])
def test_the_probability_is_that_of_the_language_where_the_model_is_solved(power: float) -> None:
    v, given = solved(power)
    for c in range(6):
        answers = dict(v.predict([f"w{c}"], 6))
        np.testing.assert_allclose([answers[f"w{i}"] for i in range(6)], given[:, c], rtol=1e-4)
    softmax = dict(v.predict(["w0"], 6, scale="softmax"))
    wrong = np.abs([softmax[f"w{i}"] - given[i, 0] for i in range(6)]).max()
    assert wrong < 1e-6 if power == 0 else wrong > 0.01
    assert sum(softmax.values()) == pytest.approx(1)


def test_h_is_the_mean_of_the_context_and_the_sum_where_a_model_was_trained_so() -> None:
    v, _ = solved()
    C = v.C
    assert C is not None
    scores = dict(v.predict("w1 w2 w2", 6, scale="score"))
    np.testing.assert_allclose([scores[f"w{i}"] for i in range(6)], (C[:, 1] + 2 * C[:, 2]) / 3, rtol=1e-5)
    summed = Vectors(v.words, v.E, C, v.counts, {"config": {"model": "cbow", "combine": "sum"}})
    scores = dict(summed.predict("w1 w2", 6, scale="score"))
    np.testing.assert_allclose([scores[f"w{i}"] for i in range(6)], C[:, 1] + C[:, 2], rtol=1e-5)


def test_the_softmax_is_that_of_gensim() -> None:
    models = pytest.importorskip("gensim.models")
    generator = np.random.default_rng(0)
    sentences = [[f"w{i}" for i in generator.integers(0, 20, 10)] for _ in range(50)]
    judge = models.Word2Vec(sentences, vector_size=8, min_count=1, sg=0, workers=1, epochs=3)
    judge.syn1neg[:] = generator.normal(size=judge.syn1neg.shape)
    v = Vectors(judge.wv.index_to_key, judge.wv.vectors, judge.syn1neg)
    for context in (["w1"], ["w1", "w2", "w7"], ["w3", "w3"]):
        ours, theirs = v.predict(context, 5, scale="softmax"), judge.predict_output_word(context, 5)
        assert [word for word, _ in ours] == [word for word, _ in theirs]
        np.testing.assert_allclose([p for _, p in ours], [p for _, p in theirs], rtol=1e-4)


def test_a_word_that_never_occurred_has_no_probability() -> None:
    v, _ = solved()
    counts = v.counts.copy()  # type: ignore[union-attr]
    counts[2] = 0
    rare = Vectors(v.words, v.E, v.C, counts)
    assert dict(rare.predict(["w1"], 6))["w2"] == 0
    assert sum(p for _, p in rare.predict(["w1"], 6)) == pytest.approx(1)


def test_unknown_words_are_left_out_and_said() -> None:
    v, _ = solved()
    with pytest.warns(TextWarning, match="2 of 3 context words are unknown"):
        assert v.predict("w1 x y") == v.predict("w1")
    with pytest.raises(UnknownWord, match="none of the 2 context words is known"):
        v.predict("x y")
    assert len(v.predict("W1", 3)) == 3


def test_what_is_missing_is_named() -> None:
    v, _ = solved()
    with pytest.raises(ConfigError, match="hold E alone, and predicting a word needs C"):
        Vectors(v.words, v.E).predict("w1")
    bare = Vectors(v.words, v.E, v.C)
    with pytest.raises(
        ConfigError, match="needs the counts of words, and these vectors have none; take softmax or score"
    ):
        bare.predict("w1")
    assert bare.predict("w1", scale="softmax")
    assert bare.predict("w1", scale="score")
    for C in (v.C, None):
        tree = Vectors(v.words, v.E, C, v.counts, {"config": {"loss": "hierarchical"}})
        with pytest.raises(ConfigError, match="nodes of a tree in place of C; train with negatives"):
            tree.predict("w1")
    with pytest.raises(ConfigError, match="scale is 'logit'"):
        v.predict("w1", scale="logit")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="n is 0"):
        v.predict("w1", 0)


@pytest.mark.parametrize("n", [1.5, "3", None, float("nan"), True])
def test_a_number_of_answers_that_is_none(n) -> None:
    v, _ = solved()
    for ask in (lambda: v.predict("w1", n), lambda: v.most_similar("w1", n=n)):
        with pytest.raises(ConfigError, match=f"n is {n!r}; ask for at least 1"):
            ask()


@pytest.mark.parametrize("context", [None, 3, 1.5, b"w1", [["w1"]]])
def test_a_context_that_is_none(context) -> None:
    with pytest.raises(InputError, match="no context; give a text, or a list of its words"):
        solved()[0].predict(context)


@pytest.mark.parametrize("scale", ["probability", "softmax", "score"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("matrix", ["E", "C"])
def test_scores_that_are_not_finite_are_no_answer(matrix: str, value: float, scale) -> None:
    """They were an empty answer."""
    v, _ = solved()
    parts = {"E": v.E.copy(), "C": v.C.copy()}  # type: ignore[union-attr]
    parts[matrix][1] = value
    if value == 1e30:
        parts["E"][1] = parts["C"][1] = value
    broken = Vectors(v.words, **parts, counts=v.counts)
    with pytest.raises(FormatError, match=r"score of a word is not finite.*--repair"):
        broken.predict("w1", scale=scale)
    assert broken.without_nonfinite(lambda _: None).predict("w2", scale=scale)
