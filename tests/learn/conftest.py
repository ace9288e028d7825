"""A small model with a recipe, and the report on it."""

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.config import Config
from sgns.learn.chapters.report import compose
from sgns.vectors import Vectors

CLASSES = ("red green blue white black brown", "one two three four five six", "run walk jump swim climb crawl")


@pytest.fixture(scope="session")
def model() -> Vectors:
    """Three classes of words around three directions, with a recipe in its header."""
    rng = np.random.default_rng(0)
    words = [word for line in CLASSES for word in line.split()]
    centre = np.repeat(rng.normal(size=(3, 12)), 6, axis=0)
    E, C = (centre + 0.2 * rng.normal(size=(18, 12)) for _ in range(2))
    meta = {
        "config": Config(dim=12, epochs=3).to_dict(),
        "corpus": "0123456789abcdef",
        "tokens": 12_345,
        "pairs": 67_890,
        "losses": [3.5, 2.9, 2.75],
        "versions": {"sgns": "0.1.0", "numpy": np.__version__},
    }
    return Vectors(words, E.astype(np.float32), C.astype(np.float32), np.arange(18, 0, -1) * 10, meta)


@pytest.fixture(scope="session")
def run_report() -> dict:
    """What training wrote beside the model."""
    return {
        "seconds": {"scan": 0.1, "train": 1.25, "total": 1.5},
        "machine": "Abacus $3, 2 cores",
        "words_per_second": 9_876.5,
    }


@pytest.fixture(scope="session")
def blocks(model, run_report) -> list:
    """The whole report, composed once."""
    return compose(model, "toy.safetensors", run_report, [], [], lambda *progress: None)
