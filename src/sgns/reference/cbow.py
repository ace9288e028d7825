"""CBOW in PyTorch: the model, its loss, its training loop.

Skip-gram predicts a context word from one word; CBOW predicts a word from all words around it. The input is the mean h
of the m rows of the window, and h takes the place of E_w:

    h = (1/m) · Σ E_w,    P(1 | window, c) = σ(h · C_c)
    L = −log σ(h·C_c+) − Σ log σ(−h·C_c−i)

So the gradients are those of `sgns.reference.word2vec`, with h for E_w:

    ∂L/∂C_c+  = (σ(h·C_c+) − 1) · h
    ∂L/∂C_c−i = σ(h·C_c−i) · h
    ∂L/∂h     = (σ(h·C_c+) − 1) · C_c+ + Σ σ(h·C_c−i) · C_c−i

and one more step leads from h to the rows of the window. Each is in h with the factor 1/m, so

    ∂L/∂E_w = (1/m) · ∂L/∂h

word2vec.c and gensim leave this 1/m out: they add ∂L/∂h to every row of the window, which is the gradient of no loss.
Irsoy et al. 2021 found this, and that CBOW with the true gradient learns vectors as good as those of skip-gram.
`combine="sum"` has h = Σ E_w, and then ∂L/∂E_w is ∂L/∂h. `sgns derive cbow` prints and checks every step.

Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space" (arXiv 1301.3781); Irsoy,
Benton & Stratos 2021, "Corrected CBOW Performs as well as Skip-gram" (arXiv 2012.15332).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from sgns.reference.windows import Documents, Samples, window_batches
from sgns.reference.word2vec import stale_free_batch_size


class CBOW(nn.Module):
    """CBOW with negative sampling. A sample of one row is skip-gram, whose h is E_w.

    Attributes:
        E: nn.Embedding whose weight is (V + documents, d): a row per word of a window, then one per document.
        C: nn.Embedding whose weight is (V, d): a row per word that is predicted.
        combine: "mean" or "sum", how h is made of the rows.
    """

    def __init__(
        self,
        vocabulary_size: int,
        dim: int,
        *,
        documents: int = 0,
        combine: str = "mean",
        seed: int = 1,
        sparse: bool = True,
    ) -> None:
        """Initialises E with uniform numbers in (−1/2d, 1/2d) and C with zeros, as `SGNS` does.

        Args:
            vocabulary_size: Number of words V.
            dim: Dimension d of the vectors.
            documents: Number of documents that have a row of E, behind those of the words.
            combine: "mean" or "sum".
            seed: Seed of the initial E.
            sparse: Whether the gradient of a batch holds only the rows that occur in the batch.
        """
        super().__init__()
        self.E: nn.Module = nn.Embedding(vocabulary_size + documents, dim, sparse=sparse)
        self.C = nn.Embedding(vocabulary_size, dim, sparse=sparse)
        self.combine = combine
        nn.init.uniform_(self.E.weight, -0.5 / dim, 0.5 / dim, generator=torch.Generator().manual_seed(seed))
        nn.init.zeros_(self.C.weight)

    def hidden(self, rows: Tensor, sample: Tensor, n: int) -> Tensor:
        """The inputs h of n samples: the mean (or sum) of the rows of each.

        Args:
            rows: (m,) int64, the rows of E of all samples.
            sample: (m,) int64, the number of the sample of each row.
            n: Number of samples; each has a row at least.

        Returns:
            (n, d) float32.
        """
        vectors = self.E(rows)  # (m, d)
        total = vectors.new_zeros(n, vectors.shape[1]).index_add(0, sample, vectors)  # (n, d)
        return total / sample.bincount(minlength=n)[:, None] if self.combine == "mean" else total

    def forward(self, rows: Tensor, sample: Tensor, c: Tensor) -> Tensor:
        """The logits h · C_c of each sample with each of its outputs.

        Args:
            rows: (m,) int64, as in `hidden`.
            sample: (m,) int64, as in `hidden`.
            c: (n, outputs) int64, the words whose rows of C are looked up.

        Returns:
            (n, outputs) float32; σ of it is P(1 | window, c).
        """
        h = self.hidden(rows, sample, len(c))  # (n, d)
        products = torch.mul(h[:, None], self.C(c))  # (n, outputs, d)
        return torch.sum(products, dim=-1)  # (n, outputs)

    def loss(self, batch: Samples) -> Tensor:
        """L, summed over the samples of a batch. A negative that equals c+ is left out."""
        c_positive = batch.c_positive[:, None]  # (n, 1)
        c = torch.cat([c_positive, batch.c_negative], dim=1)  # (n, 1 + k)
        label = torch.zeros(c.shape)
        label[:, 0] = 1
        logits = self(batch.rows, batch.sample, c)
        counted = (label == 1) | (c != c_positive)  # (n, 1 + k)
        return nn.BCEWithLogitsLoss(weight=counted.to(logits), reduction="sum")(logits, label.to(logits))

    def batch_size(self, counts: Tensor, lr: float, negatives: int, subsample: float, noise_power: float) -> int:
        """Samples in a batch: see `stale_free_batch_size`, which also has the arguments."""
        return stale_free_batch_size(counts, lr, negatives, subsample, noise_power)


def train(
    model: CBOW,
    ids: np.ndarray,
    sentence_ends: np.ndarray,
    counts: np.ndarray,
    *,
    samples: str = "cbow",
    documents: Documents | None = None,
    window: int = 5,
    shrink_windows: bool = True,
    negatives: int = 5,
    epochs: int = 5,
    lr: float = 0.05,
    min_lr: float = 0.0001,
    subsample: float = 1e-3,
    noise_power: float = 0.75,
    seed: int = 1,
    on_progress: Callable[[int, int, int, float, float], None] | None = None,
    on_epoch: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Trains `model` in place on an encoded corpus: the loop of `word2vec.train`, for samples of several rows.

    Args:
        model: CBOW, or a model of its kind with a loss of its own.
        ids: (n,) int32, the word ids of the corpus.
        sentence_ends: (s,) int64, exclusive end of each sentence.
        counts: (V,) int64, occurrences of each word.
        samples: What predicts a word: cbow, all words of its window; skipgram, each of them; dbow, its document; dm,
            its document and its window.
        documents: The documents of each sentence, for dbow and dm.
        window: Largest distance between a word and the centre.
        shrink_windows: Whether each centre draws its reach from 1 to `window`; without it, the reach is `window`.
        negatives: Negatives k for each sample; a model without negatives does not look at them.
        epochs: Passes over the corpus.
        lr: Learning rate at the start.
        min_lr: Learning rate at the end; between the two it falls linearly with the words seen.
        subsample: Threshold of subsampling; 0 keeps all tokens.
        noise_power: Exponent of the noise distribution.
        seed: Seed of every draw except the initial E.
        on_progress: Called after every batch with (epoch, words seen in all epochs, samples of this epoch so far, their
            mean loss, lr). An exception raised in it ends the training.
        on_epoch: Called after every epoch with (epoch, mean loss). An exception raised in it ends the training.

    Returns:
        The mean loss of a sample for each epoch; NaN for an epoch without a sample.
    """
    rng = torch.Generator().manual_seed(seed)
    occurrences = torch.from_numpy(np.asarray(counts, np.int64))
    batch_size = model.batch_size(occurrences, lr, negatives, subsample, noise_power)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        loss_sum, n = 0.0, 0
        for batch in window_batches(
            ids,
            sentence_ends,
            occurrences,
            model=samples,
            window=window,
            negatives=negatives,
            subsample=subsample,
            noise_power=noise_power,
            batch_size=batch_size,
            rng=rng,
            shrink_windows=shrink_windows,
            documents=documents,
        ):
            seen = epoch * len(ids) + batch.words
            optimizer.param_groups[0]["lr"] = lr - (lr - min_lr) * seen / (epochs * len(ids))

            optimizer.zero_grad()
            loss = model.loss(batch)
            loss.backward()
            optimizer.step()

            loss_sum += loss.item()
            n += len(batch.c_positive)
            if on_progress:
                on_progress(epoch, seen, n, loss_sum / n, optimizer.param_groups[0]["lr"])
        losses.append(loss_sum / n if n else float("nan"))
        if on_epoch:
            on_epoch(epoch, losses[-1])
    return losses
