"""The samples of `sgns.reference.data` as tensors of word ids, made for a block of text at a time: fast enough to train
on a corpus.

Two steps of word2vec are added. Subsampling leaves out tokens of frequent words at random, and each centre draws its
own reach from 1 to the window, so that near words occur in more pairs than far ones.

Source: Mikolov et al. 2013 (arXiv 1310.4546), section 2.3, and word2vec.c.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def keep_probability(counts: Tensor, threshold: float) -> Tensor:
    """The probability that subsampling keeps a token: min(1, sqrt(t/f) + t/f) for a word of relative frequency f.

    This is the formula of word2vec.c; the paper gives 1 − sqrt(t/f) as the probability of leaving a token out.

    Args:
        counts: (V,) int64, occurrences of each word.
        threshold: t; 0 keeps every token.

    Returns:
        (V,) float64, a probability for each word.
    """
    if threshold == 0:
        return torch.ones(len(counts), dtype=torch.float64)
    ratio = threshold * counts.sum() / counts.double()
    return (ratio.sqrt() + ratio).clamp(max=1)


def positive_positions(sentence: Tensor, reach: Tensor, window: int, start: int, stop: int) -> tuple[Tensor, Tensor]:
    """The pairs of positions in the text that make a pair (w, c+), for centres c+ at positions start ≤ i < stop.

    As in word2vec.c, the centre is c+ and every token within its reach is a w. Over a whole text, windows of one size
    give the same pairs as with w and c+ exchanged.

    Args:
        sentence: (m,) int64, the number of the sentence of each token; a window ends where its sentence ends.
        reach: (m,) int64, the largest distance in the window of each centre, 1 to `window`.
        window: Largest reach.
        start: Position of the first centre.
        stop: Position after the last centre.

    Returns:
        (position of w, position of c+): two int64 tensors (n,).
    """
    beside, centres = [], []
    for offset in [o for distance in range(1, window + 1) for o in (-distance, distance)]:
        centre = torch.arange(start, stop)
        centre = centre[(centre + offset >= 0) & (centre + offset < len(sentence))]
        inside = (reach[centre] >= abs(offset)) & (sentence[centre] == sentence[centre + offset])
        beside.append(centre[inside] + offset)
        centres.append(centre[inside])
    return torch.cat(beside), torch.cat(centres)


def positive_pairs(
    kept: Tensor, sentence: Tensor, reach: Tensor, window: int, start: int, stop: int
) -> tuple[Tensor, Tensor]:
    """The pairs (w, c+) of all windows whose centre has a position start ≤ i < stop.

    Args:
        kept: (m,) int64, the ids of the tokens that subsampling kept.
        sentence: (m,) int64, the number of the sentence of each token; a window ends where its sentence ends.
        reach: (m,) int64, the largest distance in the window of each centre, 1 to `window`.
        window: Largest reach.
        start: Position of the first centre.
        stop: Position after the last centre.

    Returns:
        (w, c+): two int64 tensors (n,), the ids of the n pairs.
    """
    beside, centres = positive_positions(sentence, reach, window, start, stop)
    return kept[beside], kept[centres]


def subsampled(
    ids: np.ndarray, sentence_ends: np.ndarray, probability: Tensor, rng: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Leaves out tokens at random.

    Args:
        ids: (n,) int32, the word ids of the corpus.
        sentence_ends: (s,) int64, exclusive end of each sentence.
        probability: (V,) float64, that a token of each word is kept.
        rng: Random generator.

    Returns:
        The position of each token that is kept, its word id and the number of its sentence: three int64 tensors (m,).
    """
    keep = probability[torch.from_numpy(np.asarray(ids, np.int64))]  # (n,)
    position = torch.nonzero(torch.rand(len(ids), generator=rng, dtype=torch.float64) < keep).flatten()
    kept = torch.from_numpy(np.asarray(ids[position.numpy()], np.int64))
    sentence = torch.from_numpy(np.searchsorted(sentence_ends, position.numpy(), side="right"))
    return position, kept, sentence


def reaches(n: int, window: int, shrink_windows: bool, rng: torch.Generator) -> Tensor:
    """The largest distance in the window of each of n centres: drawn from 1 to `window`, or without shrinking `window`.

    Returns:
        (n,) int64.
    """
    return torch.randint(1, window + 1, (n,), generator=rng) if shrink_windows else torch.full((n,), window)


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
    shrink_windows: bool = True,
    block: int = 20_000,
) -> Iterator[tuple[Tensor, Tensor, Tensor, int]]:
    """Yields one epoch of training data.

    Args:
        ids: (n,) int32, the word ids of the corpus.
        sentence_ends: (s,) int64, exclusive end of each sentence.
        counts: (V,) int64, occurrences of each word.
        window: Largest distance between w and c+.
        negatives: Negatives k drawn for each positive.
        subsample: Threshold t of `keep_probability`.
        noise_power: Exponent of the noise distribution: negatives are drawn in proportion to count ** noise_power.
        batch_size: Positives in a batch.
        rng: Random generator of all draws.
        shrink_windows: Whether each centre draws its reach; without it, the reach is `window`.
        block: Number of centres whose pairs are made and shuffled together.

    Yields:
        (batch_w, batch_c, batch_y, words): ids of w and c, int64 (n,); their labels 1.0 or 0.0, float32 (n,), the
        positives first; and how many tokens of the corpus precede the batch. A negative that equals c+ is left out, so
        n is at most batch_size · (1 + k).

    Source: word2vec.c, for subsampling, windows and the negatives that are left out. It takes the pairs in the order of
    the text; here the pairs of each block are shuffled, so that a row occurs few times in a batch.
    """
    position, kept, sentence = subsampled(ids, sentence_ends, keep_probability(counts, subsample), rng)  # (m,) each
    reach = reaches(len(kept), window, shrink_windows, rng)  # (m,)
    noise = (counts.double() ** noise_power).cumsum(0)  # (V,), the cumulative weights of the noise distribution

    for start in range(0, len(kept), block):
        stop = min(start + block, len(kept))
        w, c_positive = positive_pairs(kept, sentence, reach, window, start, stop)
        uniform = torch.rand(len(w), negatives, generator=rng, dtype=torch.float64) * noise[-1]
        c_negative = torch.searchsorted(noise, uniform, right=True).clamp(max=len(noise) - 1)  # (pairs, k)
        first, last = int(position[start]), int(position[stop - 1]) + 1
        for done, pairs in enumerate(torch.randperm(len(w), generator=rng).split(batch_size)):
            negative = c_negative[pairs] != c_positive[pairs, None]  # (batch, k), False where a negative equals c+
            batch_w = torch.cat([w[pairs], w[pairs, None].expand(-1, negatives)[negative]])
            batch_c = torch.cat([c_positive[pairs], c_negative[pairs][negative]])
            batch_y = torch.zeros(len(batch_w))
            batch_y[: len(pairs)] = 1
            yield batch_w, batch_c, batch_y, first + (last - first) * done * batch_size // len(w)
