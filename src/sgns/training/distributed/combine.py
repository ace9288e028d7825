"""How the steps that several ranks made on one row become one step.

The sum of the steps of all ranks overshoots where each has used the row often; `update_scaling.update_scale` says how far it may go
for a curvature h.

The curvature differs by direction. For a row of E it is the matrix H = mean σ(1 − σ)·c·cᵀ over the rows c of C that it
meets, and these rows have a few directions in common: in those a frequent word has long arrived while in others it
still learns. So H is estimated from a sample of rows, and the sum of the steps is scaled along each of its
eigenvectors by its own eigenvalue (`shaped`). `damped`, `mean` and `touched` are there to compare.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from sgns.training.update_scaling import update_scale

Combiner = Literal["shaped", "damped", "mean", "touched", "sum"]
SAMPLE = 512  # rows from which H is estimated
AXES = 16  # eigenvectors along which a step is scaled apart; the others share the mean of their eigenvalues


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
    """H for the rows of E and for the rows of C, from samples (n, d) of both, drawn in proportion to their uses.

    Pairs of the two samples stand for the negatives, which are most of the pairs.
    """
    s = torch.sigmoid(E @ C.T)
    weights = factor * s * (1 - s)  # (n, n)
    return shape(C, weights.mean(0)), shape(E, weights.mean(1))


def shape(rows: torch.Tensor, weights: torch.Tensor) -> Curvature:
    """Mean of weight·row·rowᵀ, in its own axes."""
    values, vectors = torch.linalg.eigh((rows * weights[:, None]).T @ rows / len(rows))
    values, m = values.clamp(min=0), min(AXES, len(values))
    rest = float(values[:-m].mean()) if m < len(values) else 0.0
    return Curvature(values[-m:], vectors[:, -m:].contiguous(), rest)


def _scale(a: torch.Tensor, workers: int) -> torch.Tensor:
    """`update_scale` computed in float64, for 1 − exp(−a) of a small a loses digits in float32."""
    return update_scale(a.clamp(min=1e-5).double(), workers).float()


def combine(
    kind: Combiner,
    steps: torch.Tensor,  # (N, rows, d) float32
    uses: torch.Tensor,  # (rows,) float32
    lr: float,
    curvature: Curvature | float,
) -> torch.Tensor:
    """The common step of each row.

    Args:
        kind: The rule.
        steps: Of each rank.
        uses: How often each row was used on one rank, about.
        lr: Learning rate of these uses.
        curvature: H, or h for `damped`.

    Returns:
        (rows, d) float32.
    """
    N, total = len(steps), torch.zeros_like(steps[0])
    for theirs in steps:  # in the order of the ranks
        total += theirs
    if kind == "sum" or N == 1:
        return total
    if kind == "mean":
        return total / N
    if kind == "touched":
        return total / (steps != 0).any(2).sum(0).clamp(min=1)[:, None]
    if isinstance(curvature, float):
        return total * _scale(lr * curvature * uses, N)[:, None]
    a = lr * uses[:, None]
    rest = _scale(a * curvature.rest, N)
    along = (total @ curvature.vectors) * (_scale(a * curvature.values, N) - rest)
    return torch.addmm(total * rest, along, curvature.vectors.T)


def sample(uses: np.ndarray) -> np.ndarray:
    """Rows drawn in proportion to their uses, evenly spread: (SAMPLE,) int64, the same on all ranks."""
    total = np.cumsum(uses, dtype=np.float64)
    return np.searchsorted(total, (np.arange(SAMPLE) + 0.5) / SAMPLE * total[-1]).clip(max=len(uses) - 1)
