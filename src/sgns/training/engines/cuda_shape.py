"""What the Hessians of all rows look like: the directions that word vectors share, and how much lies in each."""

import numpy as np
import torch

DIRECTIONS = 16  # columns that are followed; tensor cores want 16
SAMPLE = 4096  # rows of each table that stand for all
FIRST_ROUNDS = 8  # of orthogonal iteration at the beginning; afterwards one, from where the last one ended
SAFETY, FLOOR = 1.25, 0.07  # a share u is taken as SAFETY · u + FLOOR: rows differ, and E and C move together
LONGEST_WAIT = 256  # flights


class Shape:
    """The shape of the Hessians that rows of E and of C see: that of C's and E's rows.

    Attributes:
        directions: (2, stride, DIRECTIONS) float32, orthonormal columns: for steps of E (directions of C) and of C.
        shares: (2, DIRECTIONS) float32: by how much of h each direction is damped; the last stands for all others.
        grains: (4,) float32: see `cuda_tile.rounded`.
    """

    def __init__(self, tables: torch.Tensor, input_law: np.ndarray, output_law: np.ndarray, seed: int) -> None:
        """Begin with no knowledge.

        Args:
            tables: (2, V, stride) float32, E and C on their device.
            input_law: (V,) how often each row of E is met.
            output_law: (V,) how often each row of C is met.
            seed: Of the sample.
        """
        _, V, stride = tables.shape
        rng = np.random.default_rng(seed)
        met = [
            V + rng.choice(V, SAMPLE, p=output_law / output_law.sum()),
            rng.choice(V, SAMPLE, p=input_law / input_law.sum()),
        ]
        self._tables = tables.view(2 * V, stride)
        self._sample = torch.as_tensor(np.stack(met), device=tables.device)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        stride, device = self._tables.shape[1], self._tables.device
        self.directions = torch.eye(stride, DIRECTIONS, device=device).repeat(2, 1, 1)
        self.shares = torch.ones(2, DIRECTIONS, device=device)
        self.grains = torch.zeros(4, device=device)
        self._flights = self._due = 0

    def before_flight(self) -> None:
        """Look again, if that is due: at every flight in the beginning, ever less often later."""
        if self._flights >= self._due:
            self.look(FIRST_ROUNDS if self._flights == 0 else 1)
            self._due = self._flights + min(LONGEST_WAIT, max(1, self._flights // 8))
        self._flights += 1

    def look(self, rounds: int) -> None:
        """Orthogonal iteration (Golub & Van Loan, 8.2.4) on SᵀS of a sample S of rows, and the sizes of E and C."""
        S = self._tables[self._sample]  # (2, SAMPLE, stride)
        for _ in range(rounds):
            self.directions, R = torch.linalg.qr(S.mT @ (S @ self.directions))
        whole = (S * S).sum((1, 2)).unsqueeze(1)
        shares = torch.diagonal(R, dim1=1, dim2=2).abs() / whole
        damped = torch.clamp(SAFETY * shares + FLOOR, max=1.0)
        self.shares = torch.where(whole > 0, damped, torch.ones_like(damped)).contiguous()
        self.directions = self.directions.contiguous()
        V = len(self._tables) // 2
        largest = torch.stack([torch.stack(torch.aminmax(part)).abs().amax() for part in self._tables.split(V)])
        size = torch.exp2(torch.ceil(torch.log2(largest.flip(0))))  # E's gradient is made of rows of C; 0 stays 0
        self.grains = torch.cat([size * 2**7, size * size * S.shape[2] * 2**9])
