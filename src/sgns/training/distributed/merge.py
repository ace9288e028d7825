"""Merging: what each rank has learnt on a row becomes what all have learnt on it.

A rank trains its own E and C, and remembers the values that all ranks have in common. After each round it sends its
steps, the differences between the two, for the rows of that round. Each row has an owner, one of the ranks, which adds
the steps up (`combine`) and hands the result to all. Steps are sent, not vectors: two ranks that move different rows,
or the same row by different pairs, lose nothing.

The exchange goes on in a thread while the next round trains; its result is taken over after that round. What the rank
has learnt meanwhile is kept: a row becomes common value + merged step + own steps since. So a rank that is slow keeps
the others waiting only when it is more than a round behind. Everything is counted in words, and added in the order of
the ranks, so a run repeats.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from sgns.training.distributed.combine import Combiner, Curvature, combine, curvatures, sample
from sgns.training.distributed.comm import Group
from sgns.training.distributed.environment import CommunicationDtype
from sgns.training.distributed.row_schedule import Rows

SLICE = 1 << 22  # numbers exchanged together when whole tables are: buffers beyond 32 MB are new pages each time


@dataclass(frozen=True)
class Merging:
    """How ranks merge. The defaults are what `sgns train` does; benchmarks try others.

    Attributes:
        round: Words of a rank in a round at most; `Rounds.fitting` makes it fewer in a small text.
        head: Rows merged in every round, see `Rows`.
        rarest: The longest time between two merges of a row, in rounds; a power of two.
        wire: What numbers are rounded to on their way.
        combiner: How steps are added up.
        curvature: h of the damped combiner; what H of the shaped one is multiplied by.
    """

    round: int = 2_000_000
    head: int = 2_048
    rarest: int = 1 << 30
    communication_dtype: CommunicationDtype = "float32"
    combiner: Combiner = "shaped"
    curvature: float = 1.0


@dataclass
class Traffic:
    """What merging has cost this rank.

    Attributes:
        rounds: Rounds that were merged.
        bytes: Sent to other ranks; as many are received.
        seconds: Of exchanges, in the thread beside training.
        waited: Seconds in which training stood still for an exchange.
        moved: Seconds in which training stood still to take rows out and put them back.
        flushes: Merges of the whole tables.
        flush_seconds: Time they took; training stood still.
        flush_bytes: Sent in them.
    """

    rounds: int = 0
    bytes: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    moved: float = 0.0
    flushes: int = 0
    flush_seconds: float = 0.0
    flush_bytes: int = 0


@dataclass
class Sent:
    """Steps on their way: for the rows of these stretches, what is to be added to the tables when it is back."""

    stretches: list[tuple[int, int]]
    result: "Future[tuple[torch.Tensor, list[list[float]]]]"


Combine = Callable[[torch.Tensor, int, int], torch.Tensor]
"""Of the steps (ranks, rows, d) of rows low to high in an exchange, the common step (rows, d)."""


Both = tuple[Curvature | float, Curvature | float]
"""The curvature for rows of E, and for rows of C."""


class Merger:
    """Merges the E and C of one rank with those of the others.

    Args:
        tables: E and C, (2 of) (V, stride) float32, changed in place.
        dim: Columns that are sent.
        group: The ranks.
        uses: How often each row of E and of C is used for a token, see `update_scaling.expected_updates`.
        how: Which rows are merged when, and how.
    """

    def __init__(
        self,
        tables: tuple[torch.Tensor, torch.Tensor],
        dim: int,
        group: Group,
        uses: tuple[np.ndarray, np.ndarray],
        how: Merging,
    ) -> None:
        """Take the tables as they are for common: all ranks have the same."""
        self._tables = [table[:, :dim] for table in tables]
        self._common = [table.clone(memory_format=torch.contiguous_format) for table in self._tables]
        self._group, self._rows, self._dim = group, Rows(len(tables[0]), how.head, how.rarest), dim
        self._uses = [torch.from_numpy(one).to(tables[0].device) for one in uses]
        self._wire = torch.bfloat16 if how.communication_dtype == "bfloat16" else torch.float32
        self._combiner, self._curvature = how.combiner, how.curvature
        self._samples = [torch.from_numpy(sample(one)).to(tables[0].device) for one in uses]
        self._words = 0.0  # of an average rank so far
        self._merged = torch.zeros(len(tables[0]), dtype=torch.float64, device=tables[0].device)  # then, for each row
        self._thread = ThreadPoolExecutor(1, "sgns-merge")
        self._sent: Sent | None = None
        self.traffic = Traffic()

    def send(self, number: int, words: float, lr: float, say: list[float]) -> None:
        """Send the steps of a round, when what was sent before has been taken over.

        Args:
            number: Of the round.
            words: Of the round, on an average rank.
            lr: Now.
            say: Numbers for the other ranks.
        """
        assert self._sent is None
        began = time.perf_counter()
        self._words += words
        stretches = self._rows.of_round(number)
        steps, combine_rows = self._steps(stretches), self._combining(stretches, lr, self._shapes())
        words_said = torch.tensor(say, dtype=torch.float64)
        self._sent = Sent(stretches, self._thread.submit(self._exchange, stretches, steps, combine_rows, words_said))
        self.traffic.rounds += 1
        self.traffic.moved += time.perf_counter() - began

    def take_over(self) -> list[list[float]]:
        """Put what all ranks sent after the last round into the tables.

        Returns:
            What each of them said.
        """
        if self._sent is None:
            return []
        sent, self._sent = self._sent, None
        began = time.perf_counter()
        changes, heard = sent.result.result()
        here = time.perf_counter()
        self.traffic.waited += here - began
        at = 0
        for low, high in sent.stretches:
            for table, change in zip(self._tables, changes, strict=True):
                table[low:high] += change[at : at + high - low]
            at += high - low
        self.traffic.moved += time.perf_counter() - here
        return heard

    def settle(self, words: float, lr: float) -> None:
        """Merge all rows after a round, instead of `send`; then all ranks have the same E and C."""
        assert self._sent is None
        began, traffic = time.perf_counter(), self.traffic
        before = traffic.bytes, traffic.seconds
        self._words += words
        V, step, shapes = len(self._tables[0]), max(1, SLICE // (2 * self._dim)), self._shapes()
        for low in range(0, V, step):
            stretches, part = [(low, min(V, low + step))], slice(low, low + step)
            combine_rows = self._combining(stretches, lr, shapes)
            job = self._thread.submit(self._exchange, stretches, self._steps(stretches), combine_rows, torch.zeros(1))
            job.result()
            for table, common in zip(self._tables, self._common, strict=True):
                table[part] = common[part]
        traffic.flushes += 1
        traffic.flush_seconds += time.perf_counter() - began
        traffic.flush_bytes += traffic.bytes - before[0]
        traffic.bytes, traffic.seconds = before

    def close(self) -> None:
        """No more exchanges."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _steps(self, stretches: list[tuple[int, int]]) -> torch.Tensor:
        """What this rank has learnt on some rows beyond the common values: (2, rows, d)."""
        steps = torch.empty(2, sum(high - low for low, high in stretches), self._dim, device=self._tables[0].device)
        for k, (table, common) in enumerate(zip(self._tables, self._common, strict=True)):
            at = 0
            for low, high in stretches:
                torch.sub(table[low:high], common[low:high], out=steps[k, at : at + high - low])
                at += high - low
        return steps

    def _shapes(self) -> Callable[[], Both]:
        """The curvature of both tables as they are now; it is worked out where it is first needed."""
        if self._combiner != "shaped":
            return lambda: (self._curvature, self._curvature)
        E, C = (table[rows] for table, rows in zip(self._tables, self._samples, strict=True))
        return cache(lambda: curvatures(E, C, self._curvature))

    def _combining(self, stretches: list[tuple[int, int]], lr: float, shapes: Callable[[], Both]) -> Combine:
        """How the rows of `stretches` are combined, which are merged now."""
        words = torch.cat([self._words - self._merged[low:high] for low, high in stretches]).float()
        for low, high in stretches:
            self._merged[low:high] = self._words
        uses = [torch.cat([one[low:high] for low, high in stretches]) * words for one in self._uses]
        n, kind = len(words), self._combiner

        def of(steps: torch.Tensor, low: int, high: int) -> torch.Tensor:
            both, parts = shapes(), []
            for k in (0, 1):  # rows of E, then rows of C
                first, last = max(low, k * n), min(high, (k + 1) * n)
                if first < last:
                    part = steps[:, first - low : last - low]
                    parts.append(combine(kind, part, uses[k][first - k * n : last - k * n], lr, both[k]))
            return torch.cat(parts) if parts else steps[0, :0]

        return of

    def _exchange(
        self, stretches: list[tuple[int, int]], steps: torch.Tensor, combine_rows: Combine, said: torch.Tensor
    ) -> tuple[torch.Tensor, list[list[float]]]:
        """Add up the steps of all ranks, and add them to the common values, which nobody else looks at meanwhile.

        Args:
            stretches: Rows.
            steps: (2, rows, d) float32, of this rank.
            combine_rows: For the rows that this rank owns.
            said: Numbers for the other ranks.

        Returns:
            What is to be added to the tables of this rank, (2, rows, d): a row that was common + step + since becomes
            common + common step + since. And what all ranks said.
        """
        began = time.perf_counter()
        ranks, rank, d = self._group.ranks, self._group.rank, self._dim
        flat = steps.view(-1, d)
        n = len(flat)
        share = -(-n // ranks)  # rows of an owner
        room = torch.zeros(ranks * share, d, dtype=self._wire, device=flat.device)
        room[:n] = flat
        mine = self._group.swap(room.view(ranks, share, d)).float()
        low, high = min(n, rank * share), min(n, (rank + 1) * share)
        total = torch.zeros(share, d, device=flat.device)
        total[: high - low] = combine_rows(mine[:, : high - low], low, high)
        merged = self._group.collect(total.to(self._wire)).view(ranks * share, d)[:n].float().view(steps.shape)
        heard = self._group.collect(said).tolist()
        at = 0
        for first, last in stretches:
            for common, change in zip(self._common, merged, strict=True):
                common[first:last] += change[at : at + last - first]
            at += last - first
        sent = room[:n].float().view(steps.shape)  # as it was rounded: what rounding has lost is sent next time
        self.traffic.bytes += 2 * (ranks - 1) * share * d * room.element_size() + (ranks - 1) * 8 * len(said)
        self.traffic.seconds += time.perf_counter() - began
        return merged.sub_(sent), heard
