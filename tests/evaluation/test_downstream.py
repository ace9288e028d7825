"""Classification of texts: scikit-learn as judge, labels by construction, honest coverage, the same folds for all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.errors import ConfigError, FormatError, InputError
from sgns.evaluation import compare_models, evaluate_texts
from sgns.evaluation.downstream import classified, logistic_regression, read_labelled_texts, softmax, stratified_folds
from sgns.vectors.vectors import Vectors

CLASSIFICATION = Path(__file__).parents[3] / "shared/data/classification"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def language(tmp_path: Path, n: int = 240, noise: float = 0.0, seed: int = 0) -> tuple[Vectors, Path]:
    """Vectors of words of two fields, and texts whose label is the field of their words, but for a share of noise."""
    generator = np.random.default_rng(seed)
    words = [f"{field}{i}" for field in "ab" for i in range(20)]
    E = generator.normal(size=(40, 8)) + np.where(np.arange(40) < 20, 2, -2)[:, None] * np.eye(8)[0]
    field = generator.integers(0, 2, n)
    label = np.where(generator.random(n) < noise, 1 - field, field)
    texts = [" ".join(f"{'ab'[f]}{i}" for i in generator.integers(0, 20, 6)) for f in field]
    path = write(tmp_path / "set.tsv", "".join(f"{'pn'[y]}\t{text}\n" for y, text in zip(label, texts)))
    return Vectors(words, E, counts=np.arange(40, 0, -1)), path


def test_what_can_be_read_off_is_found_and_noise_is_not(tmp_path: Path) -> None:
    v, path = language(tmp_path)
    found = evaluate_texts(v, path)
    assert found.accuracy == 1
    assert len(found.folds) == 10
    assert found.interval is not None
    assert found.interval.low < 1
    v, path = language(tmp_path, n=400, noise=0.25)
    found = evaluate_texts(v, path, weights="sif")
    assert found.accuracy == pytest.approx(0.75, abs=0.06)
    v, path = language(tmp_path, n=400, noise=0.5)
    found = evaluate_texts(v, path)
    assert found.accuracy == pytest.approx(0.5, abs=0.08)
    assert found.interval is not None
    assert found.interval.low < 0.5 < found.interval.high
    assert found.chance == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("labels", "l2"),
    [
        pytest.param(labels, l2, marks=() if labels + round(l2) in (2, 4, 105) else pytest.mark.slow)
        for labels in (2, 3, 5)
        for l2 in (0.1, 1.0, 100.0)
    ],
)  # each number of labels, each penalty
def test_the_regression_is_that_of_scikit_learn(labels: int, l2: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    generator = np.random.default_rng(labels)
    X = generator.normal(size=(300, 7)) @ generator.normal(size=(7, 7))
    y = np.argmax(X[:, :labels] + generator.gumbel(size=(300, labels)) * 2 + np.arange(labels), axis=1)
    judge = linear.LogisticRegression(C=1 / l2, tol=1e-10, max_iter=10_000).fit(X, y)
    W = logistic_regression(X, y, labels, l2)
    np.testing.assert_allclose(softmax(X @ W[:-1] + W[-1]), judge.predict_proba(X), atol=2e-3)


def test_the_gradient_vanishes_where_the_regression_stops() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(200, 30)) * np.geomspace(1, 100, 30), generator.integers(0, 3, 200)
    W = logistic_regression(X, y, 3, 1.0)

    def objective(W: np.ndarray) -> float:
        p = softmax(X @ W[:-1] + W[-1])
        return float(-np.log(p[np.arange(200), y]).sum() + 0.5 * (W[:-1] ** 2).sum())

    for _ in range(20):  # no step in any direction leads below it
        step = generator.normal(size=W.shape) * 1e-2 / np.append(np.geomspace(1, 100, 30), 1)[:, None]
        assert objective(W + step) > objective(W)


@pytest.mark.parametrize("name", ["polarity", "subjectivity", "trec"])
def test_the_accuracy_is_that_of_scikit_learn(name: str) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    path = CLASSIFICATION / ("trec_train.tsv" if name == "trec" else f"{name}.tsv")
    if not path.exists():
        pytest.skip(f"{path} is not there")
    test = CLASSIFICATION / "trec_test.tsv" if name == "trec" else None
    read = read_labelled_texts(path) + (read_labelled_texts(test) if test else [])
    words = sorted({word for _, text in read for word in text.lower().split()})
    v = Vectors(words, np.random.default_rng(0).normal(size=(len(words), 20)).astype(np.float32))
    found = evaluate_texts(v, path, test, folds=3)
    rows = v.encode([text for _, text in read], weights="mean", on_warning=lambda text: None)
    names = sorted({label for label, _ in read})
    y = np.array([names.index(label) for label, _ in read])
    if test is None:
        fold_of = stratified_folds(y, 3, 0)
        splits = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(3)]
    else:
        splits = [(np.arange(len(y) - found.asked), np.arange(len(y) - found.asked, len(y)))]
    right = np.zeros(len(y), bool)
    for train, asked in splits:
        mean, deviation = rows[train].mean(axis=0), rows[train].std(axis=0)
        judge = linear.LogisticRegression(max_iter=1_000).fit((rows[train] - mean) / deviation, y[train])
        right[asked] = judge.predict((rows[asked] - mean) / deviation) == y[asked]
    everyone = np.concatenate([asked for _, asked in splits])
    assert found.accuracy == pytest.approx(right[everyone].mean(), abs=0.003)
    assert found.accuracy > found.chance + 0.015
    assert found.coverage > 0.99


@given(y=st.lists(st.integers(0, 4), min_size=4, max_size=80), folds=st.integers(2, 4), seed=st.integers(0, 5))
def test_folds_have_equal_shares_of_every_label(y: list[int], folds: int, seed: int) -> None:
    labels = np.array(y)
    fold_of = stratified_folds(labels, folds, seed)
    for label in set(y):
        sizes = np.bincount(fold_of[labels == label], minlength=folds)
        assert sizes.max() - sizes.min() <= 1
    sizes = np.bincount(fold_of, minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    assert np.array_equal(fold_of, stratified_folds(labels, folds, seed))


def test_folds_are_drawn_from_the_seed() -> None:
    y = np.arange(200) % 3
    assert not np.array_equal(stratified_folds(y, 10, 0), stratified_folds(y, 10, 1))


def test_the_same_call_gives_the_same_answer(tmp_path: Path) -> None:
    v, path = language(tmp_path, noise=0.3)
    one, two = evaluate_texts(v, path), evaluate_texts(v, path)
    assert np.array_equal(one.correct, two.correct)
    assert one.folds == two.folds
    other = evaluate_texts(v, path, seed=1)
    assert other.folds != one.folds


def test_texts_of_unknown_words_are_left_out_and_counted(tmp_path: Path) -> None:
    v, path = language(tmp_path)
    path.write_text("p\tnothing here\n" + path.read_text() + "n\tnothing\np\ta1 strange\n")
    found = evaluate_texts(v, path, folds=5)
    assert (found.asked, found.answered) == (243, 241)
    assert found.items.tolist() == [*range(1, 241), 242]
    assert found.unknown == ("nothing", "here", "strange")
    assert (found.words, found.known) == (240 * 6 + 5, 240 * 6 + 1)


def test_test_texts_of_their_own(tmp_path: Path) -> None:
    v, train = language(tmp_path)
    test = write(tmp_path / "test.tsv", "p\ta1 a2\nn\tb3\np\tb4\nn\tunknown\n")
    found = evaluate_texts(v, train, test)
    assert found.name == "test.tsv"
    assert (found.asked, found.answered) == (4, 3)
    assert found.correct.tolist() == [True, True, False]
    assert found.items.tolist() == [0, 1, 2]
    assert found.accuracy == pytest.approx(2 / 3)


def test_features_that_are_constant_are_left_out() -> None:
    X = np.array([[1, 7], [2, 7], [3, 7], [4, 7.0]])
    assert classified(X, np.array([0, 0, 1, 1]), np.array([[0.0, 1e9], [9.0, -1e9]]), 2, 1.0).tolist() == [0, 1]


def test_no_text_is_known(tmp_path: Path) -> None:
    _, path = language(tmp_path)
    found = evaluate_texts(Vectors(["x"], np.ones((1, 3))), path)
    assert np.isnan(found.accuracy)
    assert found.interval is None
    assert (found.answered, found.folds) == (0, ())


def test_models_are_compared_on_the_same_texts(tmp_path: Path) -> None:
    v, path = language(tmp_path, noise=0.1)
    generator = np.random.default_rng(1)
    worse = Vectors(v.words[:-1], generator.normal(size=(39, 8)))
    (found,) = compare_models({"good": [v], "random": [worse], "again": [v]}, texts=[path])
    assert (found.kind, found.name) == ("texts", "set.tsv")
    assert found.common <= found.asked == 240
    assert found.scores[0].mean > found.scores[1].mean
    better, same = found.differences[0], found.differences[1]
    assert better.interval is not None
    assert better.interval.low > 0
    assert better.p < 0.01
    assert (same.first, same.second, same.difference) == ("good", "again", 0)
    assert same.p > 0.9
    test = write(tmp_path / "test.tsv", "p\ta1 a2\nn\tb3\np\tb4\nn\tb1\n")
    (found,) = compare_models({"good": [v], "random": [worse]}, texts=[path], test_texts=test)
    assert (found.name, found.asked) == ("test.tsv", 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p\ta\nwithout a tab\n", "line 2 is no label<TAB>text; write it so"),
        ("\ta\n", "line 1 is no label<TAB>text"),
        ("", "no texts in it; write label<TAB>text lines"),
        ("p\ta1\np\ta2\n", "all texts have the label 'p'; a classifier needs two labels or more"),
    ],
)
def test_wrong_sets(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        evaluate_texts(Vectors(["a1"], np.ones((1, 2))), write(tmp_path / "c", text), folds=2)


def test_other_mistakes_are_named(tmp_path: Path) -> None:
    v, path = language(tmp_path)
    with pytest.raises(FormatError, match="the label 'q' is not among those of"):
        evaluate_texts(v, path, write(tmp_path / "test", "q\ta1\n"))
    with pytest.raises(ConfigError, match="folds is 1, outside 2 to the 240 texts"):
        evaluate_texts(v, path, folds=1)
    with pytest.raises(ConfigError, match="l2 is 0, not a positive number; 1 is usual"):
        evaluate_texts(v, path, l2=0)
    with pytest.raises(ConfigError, match="take mean"):
        evaluate_texts(Vectors(v.words, v.E), path, weights="sif")
    with pytest.raises(InputError, match="check the path"):
        evaluate_texts(v, tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="test texts are given for 0 sets"):
        compare_models({"a": [v], "b": [v]}, test_texts=path)
