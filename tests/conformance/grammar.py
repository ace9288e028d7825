"""A small language whose word classes are known: sentences from a grammar, for engines to find the classes in.

    S → NP VP .    NP → det N | det adj N    VP → verb NP | verb NP prep NP | verb adverb

Nouns, verbs and adjectives come in three kinds that go together, as animals, machines and songs have their own verbs
and adjectives. Words of one class have the same contexts, so their vectors must be neighbours.
"""

import numpy as np

KINDS = 3
CLASSES = {
    "det": ["the", "a", "this", "every", "some"],
    "prep": ["with", "near", "under", "behind", "over"],
    "adverb": ["slowly", "gladly", "often", "never", "again"],
}
for _kind in range(KINDS):
    for _part in ("noun", "verb", "adj"):
        CLASSES[f"{_part}{_kind}"] = [f"{_part}{_kind}{letter}" for letter in "abcdefgh"]
CLASS_OF = {word: name for name, words in CLASSES.items() for word in words}


def sentences(n: int, seed: int) -> list[list[str]]:
    """n sentences of 3 to 10 words."""
    rng = np.random.default_rng(seed)
    draws = iter(rng.random(n * 24))

    def word(name):
        words = CLASSES[name]
        return words[int(next(draws) ** 1.5 * len(words))]  # the first ones are more frequent

    def phrase(kind):
        return [word("det"), *([word(f"adj{kind}")] if next(draws) < 0.5 else []), word(f"noun{kind}")]

    def sentence():
        kind = int(next(draws) * KINDS)
        start = [*phrase(kind), word(f"verb{kind}")]
        shape = next(draws)
        if shape < 0.3:
            return [*start, word("adverb")]
        return start + phrase(kind) + ([word("prep"), *phrase(kind)] if shape > 0.7 else [])

    return [sentence() for _ in range(n)]


def classes_recovered(words: list[str], E: np.ndarray) -> float:
    """The share of words whose nearest neighbour (cosine) is of their own class."""
    unit = E / np.linalg.norm(E, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -2)
    nearest = cosine.argmax(1)
    return float(np.mean([CLASS_OF[words[i]] == CLASS_OF[words[j]] for i, j in enumerate(nearest)]))
