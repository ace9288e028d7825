"""The samples of `sgns.reference.data` as tensors of word ids, a block of text at a time: fast enough to train for
real.

Two things are added that word2vec does on whole corpora. Frequent words are thinned out (subsampling), and each centre
draws its own reach from 1 to the window, so that near words come more often than far ones.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def keep_probability(counts: Tensor, threshold: float) -> Tensor:
    """The chance that a token survives subsampling: min(1, sqrt(t/f) + t/f) for a word of frequency f.

    This is the formula of word2vec.c; the paper prints 1 − sqrt(t/f) as the chance of being dropped.

    Args:
        counts: (V,) how often each word occurs.
        threshold: t; 0 keeps every token.

    Returns:
        (V,) float64.
    """
    if threshold == 0:
        return torch.ones(len(counts), dtype=torch.float64)
    ratio = threshold * counts.sum() / counts.double()
    return (ratio.sqrt() + ratio).clamp(max=1)


def positive_pairs(
    kept: Tensor, sentence: Tensor, reach: Tensor, window: int, start: int, stop: int
) -> tuple[Tensor, Tensor]:
    """The pairs (w, c+) of all windows whose centre stands at start ≤ i < stop.

    The centre is c+ and every word in its reach is a w, the order in which word2vec.c walks through the pairs; over a
    whole text it is the same as the other way round.

    Args:
        kept: (m,) int64, the ids of the tokens that survived subsampling.
        sentence: (m,) the number of the sentence each of them stands in; a window ends where its sentence ends.
        reach: (m,) how far the window of each centre goes, 1 to `window`.
        window: Largest reach.
        start: First centre.
        stop: One past the last centre.

    Returns:
        (w, c+): two int64 tensors (n,).
    """
    w, c_positive = [], []
    for offset in [o for distance in range(1, window + 1) for o in (-distance, distance)]:
        centre = torch.arange(start, stop)
        centre = centre[(centre + offset >= 0) & (centre + offset < len(kept))]
        inside = (reach[centre] >= abs(offset)) & (sentence[centre] == sentence[centre + offset])
        w.append(kept[centre[inside] + offset])
        c_positive.append(kept[centre[inside]])
    return torch.cat(w), torch.cat(c_positive)


def batches(
    ids: np.ndarray,
    sentence_ends: np.ndarray,
    counts: Tensor,
    *,
    window: int,
    negatives: int,
    subsample: float,
    noise_power: float,
    batch_size: int,
    rng: torch.Generator,
    block: int = 20_000,
) -> Iterator[tuple[Tensor, Tensor, Tensor, int]]:
    """One epoch of training data.

    Args:
        ids: (n,) the corpus.
        sentence_ends: (s,) where each sentence ends, exclusive.
        counts: (V,) occurrences of each word.
        window: Largest distance between w and c+.
        negatives: Negatives k drawn for each positive.
        subsample: Threshold t of `keep_probabilities`.
        noise_power: Negatives are drawn in proportion to count ** this.
        batch_size: Positives in a batch.
        rng: Source of chance.
        block: Centres whose pairs are made, and shuffled, at a time.

    Yields:
        (batch_w, batch_c, batch_y, words): ids of w and c, int64 (n,); their labels 1.0 or 0.0, float32 (n,), the
        positives first; and how many of the corpus's words came before. A negative that is c+ itself is left out, so n
        is at most batch_size · (1 + k).

    Source: word2vec.c of Mikolov et al. 2013, for subsampling, windows and the negatives left out; it takes the pairs
    in the order of the text, here each block of them is shuffled, so that a batch holds few uses of one row.
    """
    keep = keep_probability(counts, subsample)[torch.from_numpy(np.asarray(ids, np.int64))]
    place = torch.nonzero(torch.rand(len(ids), generator=rng, dtype=torch.float64) < keep).flatten()
    kept = torch.from_numpy(np.asarray(ids[place.numpy()], np.int64))
    sentence = torch.from_numpy(np.searchsorted(sentence_ends, place.numpy(), side="right"))
    reach = torch.randint(1, window + 1, (len(kept),), generator=rng)
    noise = (counts.double() ** noise_power).cumsum(0)

    for start in range(0, len(kept), block):
        stop = min(start + block, len(kept))
        w, c_positive = positive_pairs(kept, sentence, reach, window, start, stop)
        chance = torch.rand(len(w), negatives, generator=rng, dtype=torch.float64) * noise[-1]
        c_negative = torch.searchsorted(noise, chance, right=True).clamp(max=len(noise) - 1)
        first, last = int(place[start]), int(place[stop - 1]) + 1
        for done, rows in enumerate(torch.randperm(len(w), generator=rng).split(batch_size)):
            negative = c_negative[rows] != c_positive[rows, None]
            batch_w = torch.cat([w[rows], w[rows, None].expand(-1, negatives)[negative]])
            batch_c = torch.cat([c_positive[rows], c_negative[rows][negative]])
            batch_y = torch.zeros(len(batch_w))
            batch_y[: len(rows)] = 1
            yield batch_w, batch_c, batch_y, first + (last - first) * done * batch_size // len(w)
