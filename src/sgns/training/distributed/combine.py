"""Combines the updates that several ranks made to one row into one update.

The sum of the updates of all ranks overshoots where each has moved the row often; `update_scaling` says by how
much it is to be scaled for a curvature h of the loss.

The curvature differs by direction. For a row of E it is the matrix H = mean σ(1 − σ)·c·cᵀ over the rows c of C that it
is trained with, and these rows have a few directions in common: in those a frequent word has long converged while in
others it still learns. So H is estimated from a sample of rows, and the sum of the updates is scaled along each of its
eigenvectors by its own eigenvalue (`shaped`). `damped`, `mean` and `touched` are there for comparison.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from sgns.training.update_scaling import update_scale

Combiner = Literal["shaped", "damped", "mean", "touched", "sum"]
SAMPLE = 512  # rows from which H is estimated
AXES = 16  # eigenvectors along which an update is scaled apart; the others share the mean of their eigenvalues


@dataclass(frozen=True)
class Curvature:
    """H of the rows of a table.

    Attributes:
        values: (m,), its largest eigenvalues, m ≤ `AXES`.
        vectors: (d, m), their eigenvectors, a column each.
        rest: Mean of its other eigenvalues.
    """

    values: torch.Tensor
    vectors: torch.Tensor
    rest: float


def curvatures(E: torch.Tensor, C: torch.Tensor, factor: float = 1.0) -> tuple[Curvature, Curvature]:
    """H for the rows of E and for the rows of C, times `factor`.

    Args:
        E: (n, d), a sample of rows, drawn in proportion to their updates.
        C: (n, d), likewise. Pairs of the two samples stand for the negatives, which are most of the pairs.
        factor: What H is multiplied by.
    """
    s = torch.sigmoid(E @ C.T)
    weights = factor * s * (1 - s)  # (n, n)
    return eigen_curvature(C, weights.mean(0)), eigen_curvature(E, weights.mean(1))


def eigen_curvature(rows: torch.Tensor, weights: torch.Tensor) -> Curvature:
    """The mean of weight·row·rowᵀ over rows (n, d) with weights (n,), by its eigenvectors."""
    values, vectors = torch.linalg.eigh((rows * weights[:, None]).T @ rows / len(rows))
    values, m = values.clamp(min=0), min(AXES, len(values))
    rest = float(values[:-m].mean()) if m < len(values) else 0.0
    return Curvature(values[-m:], vectors[:, -m:].contiguous(), rest)


def _scale(a: torch.Tensor, workers: int | torch.Tensor) -> torch.Tensor:
    """`update_scale` computed in float64, for 1 − exp(−a) of a small a loses digits in float32."""
    return update_scale(a.clamp(min=1e-5).double(), workers).float()


def combine(
    kind: Combiner,
    updates: torch.Tensor,
    expected_updates: torch.Tensor,
    lr: float,
    curvature: Curvature | float,
    ranks: torch.Tensor | None = None,
) -> torch.Tensor:
    """The combined update of each row.

    Args:
        kind: The rule.
        updates: (N, rows, d) float32, the updates of each of N ranks.
        expected_updates: (rows,) float32, how many updates of a row on one rank each of these stands for.
        lr: Their learning rate.
        curvature: H, or h for `damped`.
        ranks: (rows,) how many ranks train each row; None for all N.

    Returns:
        (rows, d) float32.
    """
    N, total = len(updates), torch.zeros_like(updates[0])
    for update in updates:  # in the order of the ranks
        total += update
    if kind == "sum" or N == 1:
        return total
    if kind == "mean":
        return total / N
    if kind == "touched":
        return total / (updates != 0).any(2).sum(0).clamp(min=1)[:, None]
    workers = N if ranks is None else ranks[:, None]
    if isinstance(curvature, float):
        return total * _scale(lr * curvature * expected_updates[:, None], workers)
    a = lr * expected_updates[:, None]
    rest = _scale(a * curvature.rest, workers)
    along = (total @ curvature.vectors) * (_scale(a * curvature.values, workers) - rest)
    return torch.addmm(total * rest, along, curvature.vectors.T)


def sample(expected_updates: np.ndarray) -> np.ndarray:
    """Rows drawn in proportion to their expected updates, evenly spread: (SAMPLE,) int64, the same on all ranks."""
    total = np.cumsum(expected_updates, dtype=np.float64)
    return np.searchsorted(total, (np.arange(SAMPLE) + 0.5) / SAMPLE * total[-1]).clip(max=len(expected_updates) - 1)
