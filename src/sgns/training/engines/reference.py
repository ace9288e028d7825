"""The reference engine: the readable PyTorch model, trained epoch by epoch."""

from collections.abc import Callable

import numpy as np

from sgns.training.plan import Plan


class ReferenceEngine:
    """E and C of `sgns.reference.word2vec.SGNS`, and its training loop; see `contract.EpochEngine`.

    Args:
        ids: (n,) int32, the tokens that are trained on.
        sentence_ends: (s,) int64, where their sentences end, exclusive.
        plan: Options, counts.

    Attributes:
        E: (V, d) float32, the model's own memory.
        C: As E.
    """

    def __init__(self, ids: np.ndarray, sentence_ends: np.ndarray, plan: Plan) -> None:
        from sgns.reference.word2vec import SGNS

        self._ids, self._ends, self._plan = np.asarray(ids), np.asarray(sentence_ends), plan
        self.model = SGNS(len(plan.counts), plan.config.dim, seed=plan.config.seed)
        self.E, self.C = (table.weight.detach().numpy() for table in (self.model.E, self.model.C))

    def compile(self) -> None:
        """Nothing is compiled."""

    def sync(self) -> None:
        """E and C are always up to date."""

    def train_epochs(self, on_batch: Callable[[int, int, int, float], None], on_epoch: Callable[[int], None]) -> None:
        """Train all epochs; see `contract.EpochEngine`."""
        import torch

        from sgns.reference.word2vec import train

        def on_progress(epoch: int, words: int, pairs: int, loss: float, lr: float) -> None:
            on_batch(epoch, words - epoch * len(self._ids), pairs, loss * pairs)

        config, threads = self._plan.config, torch.get_num_threads()
        torch.set_num_threads(1)  # a batch is so small that threads would mostly wait for each other
        try:
            train(
                self.model,
                self._ids,
                self._ends,
                self._plan.counts,
                window=config.window,
                negatives=config.negatives,
                epochs=config.epochs,
                lr=config.lr,
                min_lr=config.min_lr,
                subsample=config.subsample or 0.0,
                noise_power=config.noise_power,
                seed=config.seed,
                on_progress=on_progress,
                on_epoch=lambda epoch, loss: on_epoch(epoch),
            )
        finally:
            torch.set_num_threads(threads)
