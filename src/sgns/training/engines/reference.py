"""The reference engine: the readable PyTorch models, trained epoch by epoch."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sgns.training.plan import Plan

if TYPE_CHECKING:
    from sgns.reference.cbow import CBOW
    from sgns.reference.word2vec import SGNS


class ReferenceEngine:
    """E and C of a model of `sgns.reference`, and its training loop; see `contract.EpochEngine`.

    Args:
        ids: (n,) int32, the tokens that are trained on.
        sentence_ends: (s,) int64, where their sentences end, exclusive.
        plan: Options, counts, n-grams.
        words: The V words, of which n-grams are made.

    Attributes:
        E: (V + rows of n-grams, d) float32, the model's own memory.
        C: (V, d) float32, the same.
    """

    def __init__(self, ids: np.ndarray, sentence_ends: np.ndarray, plan: Plan, words: Sequence[str] = ()) -> None:
        self._ids, self._ends, self._plan = np.asarray(ids), np.asarray(sentence_ends), plan
        self.model = readable_model(plan, words)
        self.E, self.C = (table.weight.detach().numpy() for table in (self.model.E, self.model.C))

    def compile(self) -> None:
        """Nothing is compiled."""

    def sync(self) -> None:
        """E and C are always up to date."""

    def train_epochs(self, on_batch: Callable[[int, int, int, float], None], on_epoch: Callable[[int], None]) -> None:
        """Train all epochs; see `contract.EpochEngine`."""
        import torch

        from sgns.reference import cbow, word2vec

        def on_progress(epoch: int, words: int, pairs: int, loss: float, lr: float) -> None:
            on_batch(epoch, words - epoch * len(self._ids), pairs, loss * pairs)

        config, threads = self._plan.config, torch.get_num_threads()
        assert config.window != "sentence"  # Config has 0 for it, and `choice` refuses that
        text = (self._ids, self._ends, self._plan.counts)
        torch.set_num_threads(1)  # a batch is so small that threads would mostly wait for each other
        try:
            options: dict[str, Any] = {
                "window": config.window,
                "shrink_windows": config.shrink_windows,
                "negatives": config.negatives,
                "epochs": config.epochs,
                "lr": config.lr,
                "min_lr": config.min_lr,
                "subsample": config.subsample or 0.0,
                "noise_power": config.noise_power,
                "seed": config.seed,
                "on_progress": on_progress,
                "on_epoch": lambda epoch, loss: on_epoch(epoch),
            }
            if isinstance(self.model, word2vec.SGNS):
                word2vec.train(self.model, *text, **options)
            else:
                cbow.train(self.model, *text, samples=config.model, **options)
        finally:
            torch.set_num_threads(threads)


def readable_model(plan: Plan, words: Sequence[str]) -> "SGNS | CBOW":
    """The model that the options ask for, untrained.

    Args:
        plan: Options, counts, n-grams.
        words: The V words.
    """
    from sgns.reference.cbow import CBOW
    from sgns.reference.hierarchical import HierarchicalSoftmax
    from sgns.reference.subwords import SubwordEmbedding
    from sgns.reference.word2vec import SGNS

    config = plan.config
    model: SGNS | CBOW
    if config.loss == "hierarchical":
        model = HierarchicalSoftmax(plan.counts, config.dim, combine=config.combine, seed=config.seed)
    elif config.model == "cbow":
        model = CBOW(len(plan.counts), config.dim, combine=config.combine, seed=config.seed)
    else:
        model = SGNS(len(plan.counts), config.dim, seed=config.seed)
    if plan.subwords is not None:
        starts, rows = plan.subwords.table_of(words)
        ngrams = [some.tolist() for some in np.split(rows, starts[1:-1])]
        model.E = SubwordEmbedding(ngrams, plan.subwords.rows, config.dim, seed=config.seed, whole_steps=True)
    return model
