"""Test sets of analogies and of word pairs, and word mover's distance, for `KeyedVectors`."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any

import numpy as np

from sgns.gensim import utils

logger = logging.getLogger(__name__)


def known_keys(vectors: Any, restrict: int | None, case_insensitive: bool) -> dict[Any, int]:
    """The row of each of the first keys; in capitals if case does not matter, the most frequent one of equals."""
    keys = vectors.index_to_key[:restrict]
    return {key.upper() if case_insensitive else key: vectors.get_index(key) for key in reversed(keys)}


@contextmanager
def keys_of(vectors: Any, known: dict[Any, int]) -> Iterator[None]:
    """Within it, `vectors` knows these keys alone."""
    before, vectors.key_to_index = vectors.key_to_index, known
    try:
        yield
    finally:
        vectors.key_to_index = before


def share(section: dict[str, Any]) -> float:
    """The share of a section's analogies that are solved; 0 for none."""
    correct, incorrect = len(section["correct"]), len(section["incorrect"])
    if not correct + incorrect:
        return 0.0
    logger.info(
        "%s: %.1f%% (%i/%i)", section["section"], 100 * correct / (correct + incorrect), correct, correct + incorrect
    )
    return correct / (correct + incorrect)


def word_analogies(
    vectors: Any,
    analogies: str | PathLike[str],
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
    similarity_function: str,
) -> tuple[float, list[dict[str, Any]]]:
    """The share of analogies a : b = c : ? that are solved, by section.

    Args:
        vectors: `KeyedVectors`.
        analogies: A file of lines of four words, in sections that begin with `: name`.
        restrict_vocab: Analogies of the first keys alone.
        case_insensitive: Compare words in capitals.
        dummy4unknown: Count analogies of unknown words as not solved; else they are left out.
        similarity_function: As in gensim 4.4, 3CosAdd is taken whatever is named here.

    Returns:
        The share of all, and the sections: name, analogies that are solved, those that are not.
    """
    if not hasattr(vectors, similarity_function):
        raise AttributeError(f"{similarity_function!r} is no method of {type(vectors).__name__}; take most_similar")
    known = known_keys(vectors, restrict_vocab, case_insensitive)
    sections: list[dict[str, Any]] = []
    unknown = total = 0
    with utils.open(analogies, "rb") as file, keys_of(vectors, known):
        for number, line in enumerate(map(utils.to_unicode, file)):
            if line.startswith(": "):
                sections.append({"section": line.lstrip(": ").strip(), "correct": [], "incorrect": []})
                continue
            if not sections:
                raise ValueError(f"Missing section header before line #{number} in {analogies}")
            words = (line.upper() if case_insensitive else line).split()
            if len(words) != 4:
                logger.info("Skipping invalid line #%i in %s", number, analogies)
                continue
            total += 1
            a, b, c, expected = words
            if not all(word in known for word in words):
                unknown += 1
                if dummy4unknown:
                    sections[-1]["incorrect"].append((a, b, c, expected))
                continue
            answers = vectors.most_similar([b, c], [a], topn=5, restrict_vocab=restrict_vocab)
            answers = [word.upper() if case_insensitive else word for word, _ in answers]
            predicted = next((word for word in answers if word in known and word not in (a, b, c)), None)
            sections[-1]["correct" if predicted == expected else "incorrect"].append((a, b, c, expected))
    for section in sections:
        share(section)
    whole: dict[str, Any] = {"section": "Total accuracy"}
    for name in ("correct", "incorrect"):
        whole[name] = [analogy for section in sections for analogy in section[name]]
    logger.info("Quadruplets with out-of-vocabulary words: %.1f%%", 100 * unknown / max(1, total))
    return share(whole), [*sections, whole]


def word_pairs(
    vectors: Any,
    pairs: str | PathLike[str],
    delimiter: str,
    encoding: str,
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[Any, Any, float]:
    """The correlation of cosines with similarities that people gave.

    Args:
        vectors: `KeyedVectors`.
        pairs: A file of lines of two words and a number.
        delimiter: Stands between them.
        encoding: Of the file.
        restrict_vocab: Pairs of the first keys alone.
        case_insensitive: Compare words in capitals.
        dummy4unknown: Count pairs of unknown words as cosine 0; else they are left out.

    Returns:
        Pearson's and Spearman's coefficient, each with its p-value, and the percentage of pairs with unknown words.

    Raises:
        ValueError: No pair has two known words.
        ImportError: SciPy is not installed, which computes the p-values.
    """
    from scipy import stats

    known = known_keys(vectors, restrict_vocab, case_insensitive)
    gold, ours, unknown = [], [], 0
    with utils.open(pairs, encoding=encoding) as file, keys_of(vectors, known):
        for number, line in enumerate(file):
            if not line or line.startswith("#"):
                continue
            try:
                a, b, value = (line.upper() if case_insensitive else line).split(delimiter)
                similarity = float(value)
            except ValueError:
                logger.info("Skipping invalid line #%d in %s", number, pairs)
                continue
            if a in known and b in known:
                gold.append(similarity)
                ours.append(float(vectors.similarity(a, b)))
                continue
            unknown += 1
            if dummy4unknown:
                gold.append(similarity)
                ours.append(0.0)
    if not gold:
        raise ValueError(
            f"No valid similarity judgements found in {pairs}: either invalid format or all are out-of-vocabulary in "
            f"{vectors}"
        )
    percentage = 100 * unknown / (len(gold) + (0 if dummy4unknown else unknown))
    return stats.pearsonr(gold, ours), stats.spearmanr(gold, ours), percentage


def wmdistance(vectors: Any, document1: Sequence[str], document2: Sequence[str], norm: bool) -> float:
    """Word mover's distance (Kusner et al. 2015) of two texts: the cost of moving the words of one to the other's.

    Args:
        vectors: `KeyedVectors`.
        document1: The words of one; unknown ones are left out.
        document2: Of the other.
        norm: Vectors have length 1.

    Returns:
        Infinity where a text has no known word.

    Raises:
        ImportError: The package POT is not installed.
    """
    from ot import emd2  # type: ignore[import-untyped,import-not-found,unused-ignore]

    texts = [[word for word in document if word in vectors] for document in (document1, document2)]
    if not all(texts):
        logger.warning("At least one of the documents had no words that were in the vocabulary.")
        return float("inf")
    words = list(dict.fromkeys([*texts[0], *texts[1]]))
    if len(words) == 1:
        return 0.0
    rows = np.array([vectors.get_vector(word, norm=norm) for word in words], np.float64)
    counts = [Counter(text) for text in texts]
    masses = [np.array([count[word] / len(text) for word in words]) for count, text in zip(counts, texts)]
    squares = (rows**2).sum(axis=1)
    distances = np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * rows @ rows.T))
    np.fill_diagonal(distances, 0)
    return float(emd2(masses[0], masses[1], distances))
