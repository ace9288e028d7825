"""Vectors with groups known by construction."""

import numpy as np
import pytest

from sgns.vectors.vectors import Vectors

NAMES = {
    "fruit": ["apple", "pear", "plum", "cherry", "grape", "lemon"],
    "colour": ["red", "green", "blue", "yellow", "white", "black"],
    "number": ["one", "two", "three", "four", "five", "six"],
    "animal": ["dog", "cat", "horse", "cow", "sheep", "goat"],
}


def grouped_vectors(filler: int = 60, dim: int = 20, seed: int = 0, spread: float = 0.25) -> Vectors:
    """Four groups of six words, each around a direction of its own, among `filler` words in random directions."""
    random = np.random.default_rng(seed)
    centres = np.eye(dim)[: len(NAMES)]
    words = [word for members in NAMES.values() for word in members]
    rows = np.repeat(centres, 6, axis=0) + random.normal(0, spread / np.sqrt(dim), (len(words), dim))
    others = random.normal(0, 1, (filler, dim))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    words += [f"zz{alphabet[i // 26 % 26]}{alphabet[i % 26]}{'x' * (i // 676)}" for i in range(filler)]
    E = np.vstack([rows, others]) * random.uniform(0.5, 3, (len(words), 1))  # length must not matter
    counts = np.sort(random.integers(20, 5000, len(words)))[::-1]
    return Vectors(words, E.astype(np.float32), None, counts, {"losses": [3.0, 2.6, 2.4]})


@pytest.fixture(scope="session")
def vectors() -> Vectors:
    return grouped_vectors()


@pytest.fixture(scope="session")
def groups() -> dict[str, list[str]]:
    return {name: list(members) for name, members in NAMES.items()}


@pytest.fixture(scope="session")
def make_vectors():
    return grouped_vectors
