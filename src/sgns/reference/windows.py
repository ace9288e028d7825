"""Samples that predict a word from several rows of E, as tensors: the windows of CBOW, and documents.

A sample is a list of rows of E and the word c+ that they predict. In skip-gram, each word of the window is a sample of
its own. In CBOW, all words of the window are one. Vectors of documents add rows to E, behind those of the V words: in
PV-DBOW the document alone predicts each of its words, in PV-DM it predicts them together with the window.

Subsampling, reaches, negatives and the shuffled blocks are those of `sgns.reference.batches`.

Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space" (arXiv 1301.3781), for
CBOW; Le & Mikolov 2014, "Distributed Representations of Sentences and Documents" (arXiv 1405.4053).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sgns.reference.batches import keep_probability, positive_positions, reaches, subsampled


@dataclass(frozen=True)
class Documents:
    """Which documents each sentence belongs to: one, or several (its tags); a document may have several sentences.

    Attributes:
        starts: (s + 1,) int64; the documents of sentence i are numbers[starts[i]:starts[i + 1]].
        numbers: (n,) int64, numbers of documents, from 0.
    """

    starts: Tensor
    numbers: Tensor

    def of(self, sentence: Tensor) -> tuple[Tensor, Tensor]:
        """The documents of n sentences.

        Args:
            sentence: (n,) int64, numbers of sentences.

        Returns:
            (which, document): two int64 tensors (m,): sentence[which[i]] belongs to document[i].
        """
        many = (self.starts[1:] - self.starts[:-1])[sentence]  # (n,)
        which = torch.repeat_interleave(torch.arange(len(sentence)), many)  # (m,)
        place = torch.arange(len(which)) - (many.cumsum(0) - many)[which]  # among the documents of its sentence
        return which, self.numbers[self.starts[sentence][which] + place]


@dataclass(frozen=True)
class Samples:
    """n samples, with their negatives.

    Attributes:
        rows: (m,) int64, the rows of E of all samples.
        sample: (m,) int64, the number of the sample that each row belongs to, ascending.
        c_positive: (n,) int64, the word c+ that each sample predicts.
        c_negative: (n, k) int64, the words c− that were drawn for it.
        words: How many tokens of the corpus precede them.
    """

    rows: Tensor
    sample: Tensor
    c_positive: Tensor
    c_negative: Tensor
    words: int


def rows_and_centres(
    model: str,
    kept: Tensor,
    sentence: Tensor,
    reach: Tensor,
    window: int,
    start: int,
    stop: int,
    documents: Documents | None = None,
    vocabulary_size: int = 0,
) -> tuple[Tensor, Tensor, Tensor]:
    """The samples whose centre has a position start ≤ i < stop.

    Args:
        model: skipgram, cbow, dbow or dm.
        kept: (m,) int64, the ids of the tokens that subsampling kept.
        sentence: (m,) int64, the number of the sentence of each token; a window ends where its sentence ends.
        reach: (m,) int64, the largest distance in the window of each centre.
        window: Largest reach.
        start: Position of the first centre.
        stop: Position after the last centre.
        documents: The documents of each sentence, for dbow and dm.
        vocabulary_size: V; the row of document i is V + i.

    Returns:
        (rows, sample, c_positive), as in `Samples`, but for the order of the rows. A centre without a row is none.
    """
    rows, centres = torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64)  # of E; positions in `kept`
    if model != "dbow":
        beside, centres = positive_positions(sentence, reach, window, start, stop)
        rows = kept[beside]
    if documents is not None:
        which, document = documents.of(sentence[start:stop])
        rows, centres = torch.cat([rows, vocabulary_size + document]), torch.cat([centres, start + which])
    if model in ("skipgram", "dbow"):
        return rows, torch.arange(len(rows)), kept[centres]  # each row predicts c+ alone
    distinct, sample = centres.unique(return_inverse=True)  # all rows of a centre predict it together
    return rows, sample, kept[distinct]


def window_batches(
    ids: np.ndarray,
    sentence_ends: np.ndarray,
    counts: Tensor,
    *,
    model: str,
    window: int,
    negatives: int,
    subsample: float,
    noise_power: float,
    batch_size: int,
    rng: torch.Generator,
    shrink_windows: bool = True,
    documents: Documents | None = None,
    block: int = 20_000,
) -> Iterator[Samples]:
    """Yields one epoch of samples, in batches.

    Args:
        ids: (n,) int32, the word ids of the corpus.
        sentence_ends: (s,) int64, exclusive end of each sentence.
        counts: (V,) int64, occurrences of each word.
        model: skipgram, cbow, dbow or dm.
        window: Largest distance between a word and the centre.
        negatives: Negatives k drawn for each sample.
        subsample: Threshold t of `keep_probability`.
        noise_power: Exponent of the noise distribution: negatives are drawn in proportion to count ** noise_power.
        batch_size: Samples in a batch.
        rng: Random generator of all draws.
        shrink_windows: Whether each centre draws its reach; without it, the reach is `window`.
        documents: The documents of each sentence, for dbow and dm.
        block: Number of centres whose samples are made and shuffled together.
    """
    position, kept, sentence = subsampled(ids, sentence_ends, keep_probability(counts, subsample), rng)  # (m,) each
    reach = reaches(len(kept), window, shrink_windows, rng)  # (m,)
    noise = (counts.double() ** noise_power).cumsum(0)  # (V,), the cumulative weights of the noise distribution

    for start in range(0, len(kept), block):
        stop = min(start + block, len(kept))
        rows, sample, c_positive = rows_and_centres(
            model, kept, sentence, reach, window, start, stop, documents, len(counts)
        )
        n = len(c_positive)
        shuffled = torch.randperm(n, generator=rng)[sample]  # the new number of the sample of each row
        order = shuffled.argsort(stable=True)
        rows, sample, c_positive = rows[order], shuffled[order], _placed(c_positive, sample, shuffled)
        uniform = torch.rand(n, negatives, generator=rng, dtype=torch.float64) * noise[-1]
        c_negative = torch.searchsorted(noise, uniform, right=True).clamp(max=len(noise) - 1)  # (n, k)
        before, tokens = int(position[start]), int(position[stop - 1]) + 1 - int(position[start])
        for first in range(0, n, batch_size):
            last = min(first + batch_size, n)
            begin, end = torch.searchsorted(sample, torch.tensor([first, last])).tolist()
            yield Samples(
                rows[begin:end],
                sample[begin:end] - first,
                c_positive[first:last],
                c_negative[first:last],
                before + tokens * first // n,
            )


def _placed(c_positive: Tensor, sample: Tensor, shuffled: Tensor) -> Tensor:
    """c+ of each sample, (n,), by its new number."""
    placed = torch.empty_like(c_positive)
    placed[shuffled] = c_positive[sample]
    return placed
