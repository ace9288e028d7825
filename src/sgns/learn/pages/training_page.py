"""A training in pictures, as a page for the browser: one step of SGD after the other on a small vocabulary.

Python draws the samples with the functions of `sgns.reference.data` and writes them into the page with the initial E
and C. The scripts of the page compute scores, probabilities, errors and steps from them; a test in Chromium compares
the rows with those of `sgns.reference.word2vec.SGNS`, trained on the same samples.

The idea of a training that a class can watch is that of wevi (Rong 2016, "word2vec Parameter Learning Explained").
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.files import check_output, write_text
from sgns.base.geometry import principal_components
from sgns.errors import ConfigError
from sgns.learn.chapters.gradients import closed_form
from sgns.learn.chapters.sgd_step import Step
from sgns.learn.pages.assemble import assemble
from sgns.reference.data import get_positive_samples, negative_samples, noise_distribution

if TYPE_CHECKING:
    from sgns.vectors import Vectors

CLASSES = (  # what is done, and to what: words of one class have the same neighbours in the text
    ("eat peel cook", "apple pear carrot onion"),
    ("drink pour stir", "milk tea juice coffee"),
    ("feed tame ride", "horse donkey pony camel"),
)
MOST_WORDS, MOST_SAMPLES = 60, 20_000
REPEATS = 40  # steps on the samples of a single pair


@dataclass(frozen=True)
class Training:
    """What a page trains.

    Attributes:
        words: V words.
        groups: The class of each word, which colours it; -1 for none. Training does not use it.
        E: (V, d) float64, the rows at the start.
        C: (V, d) float64, the rows at the start.
        samples: For each step the ids [w, c+, c−1, …].
        epoch: Number of samples in an epoch.
        lr: Learning rate.
        of: What is trained, in words.
    """

    words: list[str]
    groups: list[int]
    E: np.ndarray
    C: np.ndarray
    samples: list[list[int]]
    epoch: int
    lr: float
    of: str


def small_training(
    sentences: Sequence[Sequence[str]] | None = None,
    *,
    dim: int = 8,
    negatives: int = 4,
    lr: float = 0.2,
    epochs: int = 20,
    seed: int = 1,
) -> Training:
    """Makes the samples of a training on a small text: each epoch has all pairs of the text in a new order.

    Args:
        sentences: The text, a list of words for each sentence; None takes a text of 36 sentences, in which a class can
            see clusters form.
        dim: d.
        negatives: Negatives k of each pair.
        lr: Learning rate, the same for all steps. A small text needs a higher one than a large one.
        epochs: Passes over the text.
        seed: Seed of the initial E, of the negatives and of the order.

    Raises:
        ConfigError: An option is out of range, or the text is too large or too small to be watched.
    """
    groups: dict[str, int] = {}
    if sentences is None:
        sentences = [[verb, noun] for verbs, nouns in CLASSES for verb in verbs.split() for noun in nouns.split()]
        classes = [members.split() for pair in CLASSES for members in pair]
        groups = {word: i for i, members in enumerate(classes) for word in members}
    text = [word for sentence in sentences for word in sentence]
    words = list(groups) or sorted(set(text), key=text.index)
    limits = (("dim", dim, 20, 8), ("negatives", negatives, 10, 4), ("epochs", epochs, 1000, 20))
    for name, value, most, usual in limits:
        if not 1 <= value <= most:
            raise ConfigError(f"{name} is {value}, outside 1 to {most}; {usual} suits a page")
    if not 0 < lr <= 10:
        raise ConfigError(f"lr is {lr:g}, outside 0 to 10; 0.2 suits a small text")
    rng = random.Random(seed)
    noise, index = noise_distribution(text), {word: i for i, word in enumerate(words)}
    positives = [pair for sentence in sentences for pair in get_positive_samples(list(sentence), 2, words)]
    if not positives or len(words) > MOST_WORDS or len(positives) * epochs > MOST_SAMPLES:
        raise ConfigError(
            f"{len(words)} words and {len(positives) * epochs:,} pairs to train on; a page shows 2 to {MOST_WORDS} "
            f"words and {MOST_SAMPLES:,} pairs at most; take fewer sentences or epochs"
        )
    samples = []
    for _ in range(epochs):
        rng.shuffle(positives)
        for w, positive in positives:
            drawn = [c for c in negative_samples(noise, negatives, rng) if c != positive]
            samples.append([index[word] for word in (w, positive, *drawn)])
    E = np.random.default_rng(seed).uniform(-0.5 / dim, 0.5 / dim, (len(words), dim))
    return Training(
        words=words,
        groups=[groups.get(word, -1) for word in words],
        E=E,
        C=np.zeros_like(E),
        samples=samples,
        epoch=len(positives),
        lr=lr,
        of=f"{len(sentences)} sentences, {len(words)} words",
    )


def steps_on(vectors: "Vectors", step: Step, name: str = "") -> Training:
    """Makes a training that takes a step on a pair of a model, and then again on the same samples.

    Args:
        vectors: The model.
        step: The step, from `take_step`.
        name: The name of the model.
    """
    assert vectors.C is not None
    words = list(dict.fromkeys([step.word, *step.outputs]))
    rows = vectors.ids(words)
    sample = [words.index(word) for word in (step.word, *step.outputs)]
    E, C = (np.asarray(matrix[rows], np.float64) for matrix in (vectors.E, vectors.C))
    return Training(
        words=words,
        groups=[-1] * len(words),
        E=E,
        C=C,
        samples=[sample] * REPEATS,
        epoch=1,
        lr=step.lr,
        of=f"rows of {name or 'a model'}, the same samples at each step",
    )


def train_rows(training: Training, steps: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Trains copies of E and C by the closed form of the gradients.

    Args:
        training: The training.
        steps: Number of steps; None takes all.

    Returns:
        (E, C), each (V, d).
    """
    E, C = training.E.copy(), training.C.copy()
    for w, *outputs in training.samples[:steps]:
        gradients = closed_form(E[w], C[outputs])
        E[w] -= training.lr * gradients.w
        np.subtract.at(C, outputs, training.lr * gradients.c)
    return E, C


def training_page(training: Training) -> str:
    """Writes a training as a page that needs no other file."""
    E, _ = train_rows(training)
    coordinates, shares = principal_components(E)
    axes = np.linalg.pinv(E - E.mean(axis=0)) @ coordinates  # (d, 2), those of the trained E, for all steps
    data = {
        "words": training.words,
        "groups": training.groups,
        "E": training.E.tolist(),
        "C": training.C.tolist(),
        "samples": training.samples,
        "epoch": training.epoch,
        "lr": training.lr,
        "axes": axes.T.tolist(),
        "extent": float(np.abs(coordinates).max()),
        "shares": shares.tolist(),
        "of": training.of,
    }
    scripts = ("numbers.js", "sgd.js", "training.js")
    return assemble("training.html", ("common.css", "training.css"), scripts, data, {})


def write_training(training: Training, output: str | Path) -> Path:
    """Writes a training as a page (.html). Returns its path. Raises `OutputError`."""
    path = check_output(output, (".html", ".htm"))
    write_text(path, [training_page(training)])
    return path
