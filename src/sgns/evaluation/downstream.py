"""Classification of texts: how much of their labels a linear classifier reads off the vectors of their words.

The features of a text are the mean of the vectors of its words (`vectors.texts`), standardised on the training texts.
The classifier is multinomial logistic regression with an L2 penalty (Hastie et al., The Elements of Statistical
Learning, 2009, §4.4). Folds depend on labels and seed alone, so that they are the same for every model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from sgns.errors import ConfigError, FormatError
from sgns.evaluation import statistics
from sgns.evaluation.sets import read_lines
from sgns.evaluation.statistics import Interval
from sgns.vectors.texts import Weights
from sgns.vectors.tokens import Tokeniser, Unknown, table_for
from sgns.vectors.vectors import Vectors

FOLDS = 10
LONGEST_TEXT = 2**17  # characters; a label and a document of a book's chapter
STEPS = 1_000  # of the solver, at most
TOLERANCE = 1e-4  # largest number in the gradient of the mean loss at which the solver stops


@dataclass(frozen=True)
class TextClassification:
    """The score on one set of labelled texts."""

    name: str
    accuracy: float
    """Share of texts whose label is found by a classifier that was not trained on them; NaN without texts."""
    interval: Interval | None
    """95 % bootstrap interval of `accuracy` over texts, for the same classifiers."""
    chance: float
    """Accuracy of always answering with the most frequent label."""
    labels: tuple[str, ...]
    folds: tuple[float, ...]
    """Accuracy of each fold; one number where there are test texts of their own."""
    asked: int
    """Texts in the set (of test texts, where there are some)."""
    answered: int
    """Those that have a known word; the others are left out, of training too."""
    words: int
    """Words in these texts."""
    known: int
    """How many of them have a vector."""
    composed: int
    """How many of these are not in the vocabulary, and were composed of their n-grams."""
    unknown: tuple[str, ...]
    """The unknown ones, each once."""
    correct: np.ndarray = field(repr=False)
    """(answered,) bool: which texts are classified correctly."""
    items: np.ndarray = field(repr=False)
    """(answered,) int64: the numbers of these texts in the set."""

    @property
    def coverage(self) -> float:
        """Share of the texts that have a known word."""
        return self.answered / self.asked if self.asked else 0.0


def read_labelled_texts(path: str | PathLike[str]) -> list[tuple[str, str]]:
    """Reads a set of texts with labels: `label<TAB>text` lines, plain or packed. Nothing is a comment.

    Returns:
        (label, text) of each line that is not blank.

    Raises:
        InputError: the file cannot be read.
        FormatError: a line has no label or no tab (the message has its number), or there is no text.
    """
    found = []
    for number, line in read_lines(path, LONGEST_TEXT):
        label, tab, text = line.partition("\t")
        if not tab or not label.strip():
            raise FormatError(f"{path}: line {number} is no label<TAB>text; write it so")
        found.append((label.strip(), text))
    if not found:
        raise FormatError(f"{path}: no texts in it; write label<TAB>text lines")
    return found


def evaluate_texts(
    vectors: Vectors,
    path: str | PathLike[str],
    test: str | PathLike[str] | None = None,
    *,
    weights: Weights = "mean",
    l2: float = 1.0,
    folds: int = FOLDS,
    seed: int = 0,
    unknown: Unknown = "skip",
) -> TextClassification:
    """Trains a logistic regression on the vectors of texts, and computes its accuracy on texts that it did not see.

    Args:
        vectors: the model; E is used.
        path: the set; see `read_labelled_texts`.
        test: test texts; the classifier is trained on all of `path` then. Without them, each fold of `path` is
            classified by a classifier that was trained on the others.
        weights: of the words of a text: mean needs no counts, sif does; see `Vectors.encode`.
        l2: strength of the penalty, l2 / 2 · ‖W‖² beside the sum of the losses: 1 / C of scikit-learn.
        folds: number of folds, with the labels in equal shares.
        seed: of the folds.
        unknown: skip leaves unknown words out; compose makes their vectors of their n-grams.

    Raises:
        InputError: a set cannot be read.
        FormatError: a line of a set is wrong, there are fewer than two labels among the texts to train on, or a test
            text has a label that none of them has.
        ConfigError: there are more folds than texts, sif and no counts, or compose and no subwords.
    """
    if not 0 < l2 < float("inf"):
        raise ConfigError(f"l2 is {l2:g}, not a positive number; 1 is usual")
    read = read_labelled_texts(path)
    tested = [] if test is None else read_labelled_texts(test)
    if test is None and not 2 <= folds <= len(read):
        raise ConfigError(f"folds is {folds}, outside 2 to the {len(read):,} texts of {path}; {FOLDS} is usual")
    names = sorted({label for label, _ in read})
    if len(names) < 2:
        raise FormatError(f"{path}: all texts have the label {names[0]!r}; a classifier needs two labels or more")
    number = {name: i for i, name in enumerate(names)}
    if foreign := next((label for label, _ in tested if label not in number), None):
        raise FormatError(
            f"{test}: the label {foreign!r:.60} is not among those of {path}; take test texts of the same set"
        )
    y = np.array([number[label] for label, _ in read + tested])
    texts = [text for _, text in read + tested]
    encoded = vectors.text_encoder(weights, components=0, unknown=unknown).encode(texts)
    usable = encoded.known > 0
    is_asked = np.ones(len(y), bool)
    if test is None:
        fold_of = stratified_folds(y, folds, seed)
        splits = [(usable & (fold_of != fold), usable & (fold_of == fold)) for fold in range(folds)]
    else:
        is_asked[: len(read)] = False
        splits = [(usable & ~is_asked, usable & is_asked)]
    correct, accuracies = np.zeros(len(y), bool), []
    for trained, asked in splits:
        if trained.any() and asked.any():
            guessed = classified(encoded.rows[trained], y[trained], encoded.rows[asked], len(names), l2)
            correct[asked] = guessed == y[asked]
            accuracies.append(float(correct[asked].mean()))
    answered = np.flatnonzero((usable & is_asked)[is_asked]) if accuracies else np.zeros(0, np.int64)
    right, n = correct[is_asked][answered], len(answered)
    shares = np.unique([label for label, _ in tested or read], return_counts=True)[1]
    table = table_for(unknown, vectors.subwords, vectors.metadata)
    tokeniser = Tokeniser(vectors.parts.words, vectors.metadata, table)
    return TextClassification(
        name=Path(path if test is None else test).name,
        accuracy=float(right.mean()) if n else float("nan"),
        interval=statistics.proportion(int(right.sum()), n),
        chance=float(shares.max() / shares.sum()),
        labels=tuple(names),
        folds=tuple(accuracies),
        asked=int(is_asked.sum()),
        answered=n,
        words=int(encoded.words[is_asked].sum()),
        known=int(encoded.known[is_asked].sum()),
        composed=int(encoded.composed[is_asked].sum()),
        unknown=tuple(dict.fromkeys(word for text in texts for word in tokeniser.unknown(text))),
        correct=right,
        items=answered,
    )


def check_test_texts(texts: Sequence[str | PathLike[str]], test: str | PathLike[str] | None) -> None:
    """Raises `ConfigError` where test texts are given and there is not one set to train on."""
    if test is not None and len(texts) != 1:
        raise ConfigError(f"test texts are given for {len(texts)} sets of texts; give the one to train on with --texts")


def stratified_folds(y: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """The fold of each text, (n,) int64: the number of texts of a label differs by at most 1 between folds.

    Args:
        y: (n,) the labels.
        folds: number of folds.
        seed: of the order in which texts are dealt.
    """
    shuffled = np.random.default_rng(seed).permutation(len(y))
    order = shuffled[np.argsort(y[shuffled], kind="stable")]
    fold_of = np.empty(len(y), np.int64)
    fold_of[order] = np.arange(len(y)) % folds
    return fold_of


def classified(X: np.ndarray, y: np.ndarray, asked: np.ndarray, labels: int, l2: float) -> np.ndarray:
    """The labels (m,) that a logistic regression on X (n, d) and y (n,) gives to `asked` (m, d).

    Features are standardised on X: mean 0 and variance 1; one that is constant there is left out.
    """
    mean, deviation = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 1e-9 * np.abs(mean))
    W = logistic_regression((X - mean) * scale, y, labels, l2)
    return np.argmax((asked - mean) * scale @ W[:-1] + W[-1], axis=1)


def logistic_regression(X: np.ndarray, y: np.ndarray, labels: int, l2: float) -> np.ndarray:
    """Fits multinomial logistic regression: minimises −Σ log softmax(x W)_y + l2 / 2 · ‖W‖², without the intercept.

    The second derivative of the loss is at most X'X / 2, whatever W is (Böhning 1992), so steps of Newton's method with
    this bound descend without a search along the line, and the bound is inverted once. Steps are accelerated with
    Nesterov's momentum, which is dropped whenever it leads uphill (O'Donoghue & Candès 2015).

    Args:
        X: (n, d) features.
        y: (n,) labels, 0 to `labels` − 1.
        labels: their number K.
        l2: strength of the penalty, for two labels that of one vector of weights, as textbooks have it.

    Returns:
        W (d + 1, K) float64; the last row is the intercept.
    """
    n, d = X.shape
    X = np.hstack([X, np.ones((n, 1))])
    Y = np.eye(labels)[y]
    penalty = np.full((d + 1, 1), l2 * (2 if labels == 2 else 1))  # with two labels, W holds w / 2 and −w / 2
    penalty[-1] = 0
    inverse = np.linalg.inv(X.T @ X / 2 + np.diag(penalty[:, 0]))
    W = ahead = np.zeros((d + 1, labels))
    momentum = 1.0
    for _ in range(STEPS):
        gradient = X.T @ (softmax(X @ ahead) - Y) + penalty * ahead
        if np.abs(gradient).max() <= TOLERANCE * n:
            break
        before, W = W, ahead - inverse @ gradient
        if np.sum(gradient * (W - before)) > 0:
            momentum = 1.0
        following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = W + (momentum - 1) / following * (W - before)
        momentum = following
    return ahead


def softmax(scores: np.ndarray) -> np.ndarray:
    """exp(s) / Σ exp(s) along the rows of scores (n, K)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
