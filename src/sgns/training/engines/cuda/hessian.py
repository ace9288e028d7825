"""The common shape of the Hessians of all rows: the directions that word vectors share, and the share of each."""

import numpy as np
import torch

DIRECTIONS = 16  # that are damped apart; tensor cores want 16 columns
SAMPLE = 4096  # rows of each table from which the shape is estimated
ROUNDS = 3  # of subspace iteration
SAFETY, FLOOR = 1.25, 0.07  # a share u is taken as SAFETY · u + FLOOR: rows differ, and E and C move together


class HessianShape:
    """The shape of the Hessians of rows of E, from the rows of C, and of rows of C, from the rows of E.

    Each estimate starts from the tables alone, so a run that is resumed from a checkpoint gives the same bits.

    Attributes:
        directions: (2, stride, DIRECTIONS) float32, orthonormal columns: for steps of E (directions of C) and of C.
        shares: (2, DIRECTIONS) float32: by how much of h each direction is damped; the last holds for all others.
        grains: (4,) float32: the rounding of sums, see `tile.rounded`.
    """

    def __init__(self, tables: torch.Tensor, uses_E: np.ndarray, uses_C: np.ndarray, seed: int) -> None:
        """Chooses the sample.

        Args:
            tables: (2, V, stride) float32, E and C on their device.
            uses_E: (V,) the frequency of each row of E in pairs.
            uses_C: (V,) the frequency of each row of C in pairs.
            seed: Of the sample.
        """
        _, V, stride = tables.shape
        rng = np.random.default_rng(seed)
        others = [V + rng.choice(V, SAMPLE, p=uses_C / uses_C.sum()), rng.choice(V, SAMPLE, p=uses_E / uses_E.sum())]
        self._tables = tables.view(2 * V, stride)
        self._sample = torch.as_tensor(np.stack(others), device=tables.device)
        start = rng.standard_normal((stride, DIRECTIONS), dtype=np.float32) / np.sqrt(stride, dtype=np.float32)
        self._start = torch.as_tensor(start, device=tables.device)
        self.directions = torch.zeros(2, stride, DIRECTIONS, device=tables.device)
        self.shares = torch.ones(2, DIRECTIONS, device=tables.device)
        self.grains = torch.zeros(4, device=tables.device)

    def estimate(self) -> None:
        """Estimates the shape by subspace iteration (Halko, Martinsson & Tropp 2011, 4.4) on SᵀS of a sample S of rows.

        Columns are made orthonormal by Cholesky's decomposition of their products, a few small kernels where a QR
        decomposition takes many. It loses only directions with next to no share.
        """
        S = self._tables[self._sample]  # (2, SAMPLE, stride)
        whole = (S * S).sum((1, 2)).unsqueeze(1)
        Q = self._start.expand(2, -1, -1)
        for _ in range(ROUNDS):
            Y = S.mT @ (S @ Q)
            products = Y.mT @ Y
            least = torch.diagonal(products, dim1=1, dim2=2).sum(1, keepdim=True).unsqueeze(2) * 1e-6 + 1e-30
            root, _ = torch.linalg.cholesky_ex(products + least * torch.eye(DIRECTIONS, device=Y.device))
            Q = torch.linalg.solve_triangular(root, Y.mT, upper=False).mT
        self.directions = Q.contiguous()
        shares = torch.diagonal(root, dim1=1, dim2=2) / whole
        damped = torch.clamp(SAFETY * shares + FLOOR, max=1.0)
        self.shares = torch.where(whole > 0, damped, torch.ones_like(damped)).contiguous()

        V, stride = len(self._tables) // 2, self._tables.shape[1]
        largest = torch.stack([torch.stack(torch.aminmax(part)).abs().amax() for part in self._tables.split(V)])
        size = torch.exp2(torch.ceil(torch.log2(largest.flip(0))))  # E's gradient is made of rows of C; 0 stays 0
        self.grains = torch.cat([size * 2**7, size * size * stride * 2**9])


def when_to_estimate(epoch: int, block: int, batches: int) -> range:
    """The batches of a block before which the shape is estimated: the first, and more while the vectors change fast."""
    return range(0, batches, max(1, block * batches // 8) if epoch == 0 else batches)
