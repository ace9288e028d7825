"""The training data of skip-gram with negative sampling, as pairs of words.

A *positive* sample is a pair (w, c+) from the text: the context word c+ occurs near the target word w. A *negative*
sample is a pair (w, c−) whose second word is drawn at random. SGNS learns to classify a pair as positive (label 1) or
negative (label 0).

This file needs nothing but Python. `sgns.reference.batches` makes the same samples from word ids in PyTorch, for a
block of text at a time; the tests compare the two.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality"
(arXiv 1310.4546); Jurafsky & Martin, Speech and Language Processing, 3rd edition, chapter "Vector Semantics and
Embeddings".
"""

import random
from collections import Counter


def get_positive_samples(text: list[str], window_size: int, tokens: list[str]) -> list[tuple[str, str]]:
    """All pairs (w, c+) of `text` in which c+ is at most `window_size` words away from w.

    As in word2vec, words outside the vocabulary are removed first, so that their neighbours become adjacent.

    Args:
        text: The words of one text (or sentence), in order; n of them.
        window_size: Largest distance L between w and c+, on either side.
        tokens: The vocabulary: the words that may occur in a pair.

    Returns:
        Pairs (w, c+), ordered by the position of w, then by the position of c+. At most 2·L·n of them.

    Example:
        >>> get_positive_samples("tablespoon of apricot jam".split(), 1, ["of", "apricot", "jam"])
        [('of', 'apricot'), ('apricot', 'of'), ('apricot', 'jam'), ('jam', 'apricot')]
    """
    vocabulary = set(tokens)
    known = [word for word in text if word in vocabulary]
    return [
        (w, known[j])
        for i, w in enumerate(known)
        for j in range(max(0, i - window_size), min(len(known), i + window_size + 1))
        if j != i
    ]


def get_windows(text: list[str], window_size: int, tokens: list[str]) -> list[tuple[list[str], str]]:
    """The samples of CBOW: for each word of `text` the words at most `window_size` away from it, which predict it.

    Args:
        text: The words of one text (or sentence), in order.
        window_size: Largest distance L in a window, on either side.
        tokens: The vocabulary; other words are removed first, as in `get_positive_samples`.

    Returns:
        Pairs (window, centre), ordered by the position of the centre; a word without neighbours has none.

    Example:
        >>> get_windows("tablespoon of apricot jam".split(), 1, ["of", "apricot", "jam"])
        [(['apricot'], 'of'), (['of', 'jam'], 'apricot'), (['apricot'], 'jam')]
    """
    vocabulary = set(tokens)
    known = [word for word in text if word in vocabulary]
    windows = [
        (known[max(0, i - window_size) : i] + known[i + 1 : i + 1 + window_size], centre)
        for i, centre in enumerate(known)
    ]
    return [(window, centre) for window, centre in windows if window]


def noise_distribution(text: list[str], power: float = 0.75) -> dict[str, float]:
    """The distribution of negatives: P(c) = count(c)^power / Σ count(c′)^power.

    A power below 1 raises the probability of rare words: with P(a) = .99 and P(b) = .01, power .75 makes P(b) = .03.

    Args:
        text: The words of a text, each as often as it occurs.
        power: The exponent: .75 in the paper; 1 gives the relative frequencies, 0 the uniform distribution.

    Returns:
        A probability for each distinct word; they sum to 1.
    """
    weights = {word: count**power for word, count in Counter(text).items()}
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()}


def negative_samples(noise: dict[str, float], n: int, rng: random.Random) -> list[str]:
    """Draws n words c− from the noise distribution, with replacement: a word may be drawn twice, and then counts twice.

    Args:
        noise: Word -> probability, from `noise_distribution`.
        n: Number of words to draw.
        rng: Random generator; the same seed gives the same words.

    Returns:
        n words.
    """
    return rng.choices(list(noise), weights=list(noise.values()), k=n) if n else []


def negatives_from_positives(
    positives: list[tuple[str, str]], noise: dict[str, float], k: int, rng: random.Random
) -> list[tuple[str, str]]:
    """Draws k negative pairs (w, c−) for each positive pair (w, c+).

    As in word2vec.c, a drawn word that equals c+ is left out: the same pair would have both labels, and the two
    gradients would oppose each other. So a positive has at most k negatives.

    Args:
        positives: Pairs (w, c+).
        noise: Word -> probability, from `noise_distribution`.
        k: Negatives to draw for each positive.
        rng: Random generator.

    Returns:
        At most k · len(positives) pairs (w, c−), in the order of the positives.
    """
    drawn = negative_samples(noise, k * len(positives), rng)
    return [
        (w, drawn[k * i + j])
        for i, (w, c_positive) in enumerate(positives)
        for j in range(k)
        if drawn[k * i + j] != c_positive
    ]


def generate_training_data(
    text: list[str], window_size: int, k: int, *, power: float = 0.75, seed: int = 1
) -> tuple[list[tuple[str, str]], list[int]]:
    """The samples that SGNS learns from: pairs and their labels.

    Args:
        text: The words of one text, in order.
        window_size: Largest distance between w and c+.
        k: Negatives for each positive.
        power: Exponent of the noise distribution.
        seed: Seed of the draws.

    Returns:
        (pairs, labels): all positives with label 1, then their negatives with label 0.

    Example:
        >>> pairs, labels = generate_training_data("a b a c".split(), window_size=1, k=2)
        >>> pairs[:2], labels[:2], labels.count(1)
        ([('a', 'b'), ('b', 'a')], [1, 1], 6)
    """
    positives = get_positive_samples(text, window_size, tokens=sorted(set(text)))
    negatives = negatives_from_positives(positives, noise_distribution(text, power), k, random.Random(seed))
    return positives + negatives, [1] * len(positives) + [0] * len(negatives)
