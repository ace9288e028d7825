"""SGNS in PyTorch: the model, its loss, its training loop.

The model. Each word has two vectors: a row of E for its role as target w, and a row of C for its role as context c. The
dot product of a target and a context vector is their score, and σ maps it to a probability:

    P(1 | w, c) = σ(E_w · C_c),    σ(x) = 1 / (1 + e^(−x)) = e^x / (e^x + 1)

The loss of one positive c+ and its negatives c−1 … c−k (labels 1 and 0, taken to be independent):

    L = −log [ P(1|w, c+) · Π P(0|w, c−i) ] = −log σ(E_w·C_c+) − Σ log σ(−E_w·C_c−i)        since 1 − σ(x) = σ(−x)

Its gradients, from d/dx (−log σ(x)) = σ(x) − 1 and ∇_x (x·y) = y. Each is "error × the other vector", where the error
of a pair is σ(score) − label:

    ∂L/∂C_c+  = (σ(E_w·C_c+) − 1) · E_w
    ∂L/∂C_c−i = (σ(E_w·C_c−i) − 0) · E_w
    ∂L/∂E_w   = (σ(E_w·C_c+) − 1) · C_c+ + Σ σ(E_w·C_c−i) · C_c−i

`loss.backward()` computes these three, `optimizer.step()` moves E and C against them: θ ← θ − lr · ∂L/∂θ.
`sgns derive gradients` prints every step of the derivation and checks it.

Source: Mikolov et al. 2013 (arXiv 1310.4546), equation 4; Jurafsky & Martin, Speech and Language Processing, 3rd
edition, "Vector Semantics and Embeddings"; Goldberg & Levy 2014 (arXiv 1402.3722).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from sgns.reference.batches import batches, keep_probability


class SGNS(nn.Module):
    """Skip-gram with negative sampling: two embeddings with 2·V·d parameters in all.

    Attributes:
        E: nn.Embedding whose weight is (V, d): a row per target word w.
        C: nn.Embedding whose weight is (V, d): a row per context word c.
    """

    def __init__(self, vocabulary_size: int, dim: int, *, seed: int = 1, sparse: bool = True) -> None:
        """Initialises E with uniform numbers in (−1/2d, 1/2d) and C with zeros, as word2vec.c does.

        With C = 0 every probability is 1/2, so the first loss is (1 + k) · log 2.

        Args:
            vocabulary_size: Number of words V.
            dim: Dimension d of the vectors.
            seed: Seed of the initial E.
            sparse: Whether the gradient of a batch holds only the rows that occur in the batch. A dense gradient is a
                (V, d) matrix of mostly zeros, which is built and added at every step.
        """
        super().__init__()
        self.E = nn.Embedding(vocabulary_size, dim, sparse=sparse)
        self.C = nn.Embedding(vocabulary_size, dim, sparse=sparse)
        nn.init.uniform_(self.E.weight, -0.5 / dim, 0.5 / dim, generator=torch.Generator().manual_seed(seed))
        nn.init.zeros_(self.C.weight)

    def forward(self, w: Tensor, c: Tensor) -> Tensor:
        """The logits E_w · C_c: looks up the two vectors, multiplies them component by component, sums.

        Args:
            w: (n,) int64, ids of target words.
            c: (n,) int64, ids of context words.

        Returns:
            (n,) float32; σ of it is P(1 | w, c).
        """
        products = torch.mul(self.E(w), self.C(c))  # (n, d)
        return torch.sum(products, dim=-1)  # (n,)

    @property
    def parameter_count(self) -> int:
        """2 · V · d: two matrices of V rows and d columns."""
        return sum(parameter.numel() for parameter in self.parameters())


def stale_free_batch_size(counts: Tensor, lr: float, negatives: int, subsample: float, noise_power: float) -> int:
    """The largest batch whose summed update is close to the same updates made one after the other.

    All pairs of a batch read E and C as they were before the batch. A row that occurs u times in it receives u updates
    computed from the same stale row, and for large u·lr their sum moves the row past the minimum. The batch size keeps
    the expected u·lr of the row of C that occurs most often below 1/2.

    Args:
        counts: (V,) int64, occurrences of each word.
        lr: Learning rate at the start.
        negatives: Negatives k for each positive.
        subsample: Threshold of subsampling.
        noise_power: Exponent of the noise distribution.

    Returns:
        Number of positives in a batch, 8 to 512.
    """
    kept = counts * keep_probability(counts, subsample)
    noise = counts.double() ** noise_power
    expected_updates = kept / kept.sum() + negatives * noise / noise.sum()  # (V,), of each row of C, per positive
    return int(min(512, max(8, 0.5 / (lr * expected_updates.max()))))


def train(
    model: SGNS,
    ids: np.ndarray,
    sentence_ends: np.ndarray,
    counts: np.ndarray,
    *,
    window: int = 5,
    negatives: int = 5,
    epochs: int = 5,
    lr: float = 0.025,
    min_lr: float = 0.0001,
    subsample: float = 1e-3,
    noise_power: float = 0.75,
    shrink_windows: bool = True,
    seed: int = 1,
    on_progress: Callable[[int, int, int, float, float], None] | None = None,
    on_epoch: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Trains `model` in place on an encoded corpus.

    `BCEWithLogitsLoss` of a logit x with label y is −y·log σ(x) − (1−y)·log σ(−x), so summed over a positive (y = 1)
    and its k negatives (y = 0) it is L. Its default, reduction="mean", divides that by the number of pairs in the
    batch, and the gradient with it: with batches of B positives the same lr moves the vectors B·(1+k) times less. The
    update must be −lr times the gradient of L, hence "sum".

    Args:
        model: Changed in place, so that an interrupted training leaves what has been learnt so far.
        ids: (n,) int32, the word ids of the corpus.
        sentence_ends: (s,) int64, exclusive end of each sentence.
        counts: (V,) int64, occurrences of each word.
        window: Largest distance between w and c+; each centre draws its reach from 1 to `window`.
        negatives: Negatives k for each positive.
        epochs: Passes over the corpus.
        lr: Learning rate at the start.
        min_lr: Learning rate at the end; between the two it falls linearly with the words seen.
        subsample: Threshold of subsampling; 0 keeps all tokens.
        noise_power: Exponent of the noise distribution: negatives are drawn in proportion to count ** noise_power.
        shrink_windows: Whether each centre draws its reach; without it, the reach is `window`.
        seed: Seed of every draw except the initial E.
        on_progress: Called after every batch with (epoch, words seen in all epochs, pairs of this epoch so far, their
            mean loss, lr). An exception raised in it ends the training.
        on_epoch: Called after every epoch with (epoch, mean loss). An exception raised in it ends the training.

    Returns:
        The mean loss L of a positive with its negatives, for each epoch; NaN for an epoch without a pair.
    """
    rng = torch.Generator().manual_seed(seed)
    occurrences = torch.from_numpy(np.asarray(counts, np.int64))
    batch_size = stale_free_batch_size(occurrences, lr, negatives, subsample, noise_power)
    loss_function = nn.BCEWithLogitsLoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        loss_sum, pairs = 0.0, 0  # a Python float has 64 bits, enough for a sum over an epoch
        for batch_w, batch_c, batch_y, words in batches(
            ids,
            sentence_ends,
            occurrences,
            window=window,
            negatives=negatives,
            subsample=subsample,
            noise_power=noise_power,
            batch_size=batch_size,
            rng=rng,
            shrink_windows=shrink_windows,
        ):
            seen = epoch * len(ids) + words
            optimizer.param_groups[0]["lr"] = lr - (lr - min_lr) * seen / (epochs * len(ids))

            optimizer.zero_grad()
            logits = model(batch_w, batch_c)
            loss = loss_function(logits, batch_y)
            loss.backward()
            optimizer.step()

            loss_sum += loss.item()
            pairs += int(batch_y.sum())
            if on_progress:
                on_progress(epoch, seen, pairs, loss_sum / pairs, optimizer.param_groups[0]["lr"])
        losses.append(loss_sum / pairs if pairs else float("nan"))
        if on_epoch:
            on_epoch(epoch, losses[-1])
    return losses
