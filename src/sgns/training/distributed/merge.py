"""Merging: the updates that each rank has made to its rows become updates of all ranks.

Every rank trains its own E and C and remembers the common values, which are the same on all ranks. After each round it
sends its updates, the differences between the two, for the rows of that round. Each row has an owner, one of the
ranks, which combines the updates of all (`combine`) and sends the result to all. Ranks exchange updates, not vectors:
two ranks that move different rows, or one row by different pairs, lose nothing.

The exchange runs in a thread while the next round trains; its result is applied after that round. What the rank has
learnt meanwhile is kept: a row becomes common value + combined update + own updates since. So a slow rank keeps the
others waiting only when it is more than a round behind. Everything is counted in words and added in the order of the
ranks, so a run repeats bit for bit.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch

from sgns.training.distributed.combine import Combiner, Curvature, combine, curvatures
from sgns.training.distributed.comm import Comm
from sgns.training.distributed.merged_rows import MergedRows, RowsOfRun
from sgns.training.distributed.row_schedule import RowSchedule
from sgns.training.options import CommunicationDtype

SLICE = (
    1 << 22
)  # numbers of an exchange when whole tables are merged: larger buffers than 32 MB are new pages each time


@dataclass(frozen=True)
class MergeOptions:
    """How ranks merge. `sgns train` uses the defaults; benchmarks try others.

    Attributes:
        hot_rows: Rows merged in every round, see `RowSchedule`.
        longest_interval: Rounds between two merges of a row at most; a power of two.
        communication_dtype: The type to which numbers are rounded before they are sent.
        combiner: How the updates of the ranks become one.
        curvature: h of the damped combiner; the factor of H of the shaped one.
    """

    hot_rows: int = 2_048
    longest_interval: int = 1 << 30
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
        waited: Seconds in which training paused for an exchange.
        moved: Seconds in which training paused to read rows from the tables and to write them back.
        flushes: Merges of the whole tables.
        flush_seconds: Their time; training paused.
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


class Stretch(NamedTuple):
    """Rows low to high of those of a table that are merged, see `MergedRows`; `table` is its number."""

    table: int
    low: int
    high: int

    @property
    def size(self) -> int:
        """How many rows."""
        return self.high - self.low


@dataclass
class Exchange:
    """An exchange under way.

    Attributes:
        stretches: Which rows.
        result: What to add to these rows of the tables, and the figures that all ranks sent.
    """

    stretches: list[Stretch]
    result: "Future[tuple[torch.Tensor, list[list[float]]]]"


CombineRows = Callable[[torch.Tensor, int, int], torch.Tensor]
"""From the updates (world_size, rows, d) of rows low to high of an exchange to the combined update (rows, d)."""

Curvatures = tuple[Curvature | float, Curvature | float]
"""The curvature for rows that are inputs, as those of E, and for rows that are outputs, as those of C."""


class Merger:
    """Merges the rows of one rank with those of the others.

    Args:
        rows: Which; all ranks begin with the same values.
        dim: Columns that are sent.
        comm: The ranks.
        options: Which rows are merged when, and how.
    """

    def __init__(self, rows: RowsOfRun, dim: int, comm: Comm, options: MergeOptions) -> None:
        """Take the values of the rows as the common values."""
        self._tables, self._samples, self._own = rows.merged, rows.samples, rows.own
        self._common = [one.table[one.at(0, len(one)), :dim].clone() for one in self._tables]
        self._comm, self._dim = comm, dim
        self._schedules = [RowSchedule(len(one), options.hot_rows, options.longest_interval) for one in self._tables]
        self._dtype = torch.bfloat16 if options.communication_dtype == "bfloat16" else torch.float32
        self._combiner, self._curvature = options.combiner, options.curvature
        self._words = 0.0  # trained so far, averaged over the ranks
        # words at the last merge of each row
        self._merged = [torch.zeros(len(one), dtype=torch.float64, device=one.table.device) for one in self._tables]
        self._thread = ThreadPoolExecutor(1, "sgns-merge")
        self._exchange: Exchange | None = None
        self.traffic = Traffic()

    def send(self, number: int, words: float, lr: float, figures: list[float]) -> None:
        """Start the exchange of the updates of a round, after `receive` of the one before.

        Args:
            number: Of the round.
            words: Of the round, averaged over the ranks.
            lr: At its end.
            figures: Numbers for the other ranks, the same count on all.
        """
        assert self._exchange is None
        began = time.perf_counter()
        self._words += words
        stretches = [
            Stretch(k, *rows) for k, schedule in enumerate(self._schedules) for rows in schedule.of_round(number)
        ]
        updates, combine_rows = self._updates(stretches), self._combining(stretches, lr, self._curvatures())
        sent = torch.tensor(figures, dtype=torch.float64)
        job = self._thread.submit(self._run_exchange, stretches, updates, combine_rows, sent)
        self._exchange = Exchange(stretches, job)
        self.traffic.rounds += 1
        self.traffic.moved += time.perf_counter() - began

    def receive(self) -> list[list[float]]:
        """Wait for the exchange of the last round and apply its result to the tables.

        Returns:
            The figures that each rank sent; empty if there was no exchange.
        """
        if self._exchange is None:
            return []
        exchange, self._exchange = self._exchange, None
        began = time.perf_counter()
        changes, figures = exchange.result.result()
        here = time.perf_counter()
        self.traffic.waited += here - began
        at = 0
        for stretch in exchange.stretches:
            own = self._tables[stretch.table]
            own.table[own.at(*stretch[1:]), : self._dim] += changes[at : at + stretch.size]
            at += stretch.size
        self.traffic.moved += time.perf_counter() - here
        return figures

    def merge_all(self, words: float, lr: float) -> None:
        """Merge all rows after a round, instead of `send`; then E and C are the same on all ranks."""
        assert self._exchange is None
        began, traffic = time.perf_counter(), self.traffic
        before = traffic.bytes, traffic.seconds
        self._words += words
        rows, both_curvatures = max(1, SLICE // (2 * self._dim)), self._curvatures()
        for low in range(0, max(map(len, self._tables)), rows):
            stretches = [
                Stretch(k, low, min(len(one), low + rows)) for k, one in enumerate(self._tables) if low < len(one)
            ]
            combine_rows = self._combining(stretches, lr, both_curvatures)
            updates = self._updates(stretches)
            self._thread.submit(self._run_exchange, stretches, updates, combine_rows, torch.zeros(1)).result()
            for stretch in stretches:
                own = self._tables[stretch.table]
                own.table[own.at(*stretch[1:]), : self._dim] = self._common[stretch.table][slice(*stretch[1:])]
        for alone in self._own:
            traffic.bytes += self._thread.submit(alone.gather, self._comm, self._dim, rows).result()
        traffic.flushes += 1
        traffic.flush_seconds += time.perf_counter() - began
        traffic.flush_bytes += traffic.bytes - before[0]
        traffic.bytes, traffic.seconds = before

    def close(self) -> None:
        """No more exchanges."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _updates(self, stretches: list[Stretch]) -> torch.Tensor:
        """The differences of this rank's rows from the common values: (rows, d)."""
        device = self._tables[0].table.device
        updates = torch.empty(sum(stretch.size for stretch in stretches), self._dim, device=device)
        at = 0
        for k, low, high in stretches:
            own = self._tables[k].table[self._tables[k].at(low, high), : self._dim]
            torch.sub(own, self._common[k][low:high], out=updates[at : at + high - low])
            at += high - low
        return updates

    def _curvatures(self) -> Callable[[], Curvatures]:
        """The curvature of inputs and outputs as they are now; it is computed when it is first needed."""
        if self._combiner != "shaped":
            return lambda: (self._curvature, self._curvature)
        E, C = self._samples()
        return cache(lambda: curvatures(E, C, self._curvature))

    def _combining(self, stretches: list[Stretch], lr: float, both_curvatures: Callable[[], Curvatures]) -> CombineRows:
        """How to combine the updates of the rows of `stretches`, which are merged now, table after table."""
        kind, parts, end = self._combiner, list[tuple[int, int, torch.Tensor, MergedRows, torch.Tensor | None]](), 0
        for k, own in enumerate(self._tables):
            some = [slice(low, high) for table, low, high in stretches if table == k]
            if not some:
                continue
            words = torch.cat([self._words - self._merged[k][rows] for rows in some]).float()
            for rows in some:
                self._merged[k][rows] = self._words
            expected = torch.cat([own.updates_per_token[rows] for rows in some]) * words
            ranks = None if own.ranks is None else torch.cat([own.ranks[rows] for rows in some])
            parts.append((end, end + len(words), expected, own, ranks))
            end += len(words)

        def combine_rows(updates: torch.Tensor, low: int, high: int) -> torch.Tensor:
            both, combined = both_curvatures(), []
            for begin, stop, expected, own, ranks in parts:
                first, last = max(low, begin), min(high, stop)
                if first < last:
                    here = slice(first - begin, last - begin)
                    part = updates[:, first - low : last - low]
                    workers = None if ranks is None else ranks[here]
                    combined.append(combine(kind, part, expected[here], lr, both[own.outputs], workers))
            return torch.cat(combined) if combined else updates[0, :0]

        return combine_rows

    def _run_exchange(
        self, stretches: list[Stretch], updates: torch.Tensor, combine_rows: CombineRows, figures: torch.Tensor
    ) -> tuple[torch.Tensor, list[list[float]]]:
        """Combine the updates of all ranks and add them to the common values, which nobody else reads meanwhile.

        Args:
            stretches: Rows.
            updates: (rows, d) float32, of this rank.
            combine_rows: For the rows that this rank owns.
            figures: Numbers for the other ranks.

        Returns:
            What is to be added to the rows of this rank, (rows, d): a row that was common + update + since becomes
            common + combined update + since. And the figures of all ranks.
        """
        began = time.perf_counter()
        world_size, rank, d = self._comm.world_size, self._comm.rank, self._dim
        n = len(updates)
        owned = -(-n // world_size)  # rows of an owner
        sent = torch.zeros(world_size * owned, d, dtype=self._dtype, device=updates.device)
        sent[:n] = updates
        received = self._comm.all_to_all(sent.view(world_size, owned, d)).float()
        low, high = min(n, rank * owned), min(n, (rank + 1) * owned)
        combined = torch.zeros(owned, d, device=updates.device)
        combined[: high - low] = combine_rows(received[:, : high - low], low, high)
        gathered = self._comm.all_gather(combined.to(self._dtype))
        merged = gathered.view(world_size * owned, d)[:n].float()
        all_figures = self._comm.all_gather(figures).tolist()
        at = 0
        for k, first, last in stretches:
            self._common[k][first:last] += merged[at : at + last - first]
            at += last - first
        own = sent[:n].float()  # as it was rounded: what rounding has lost is sent next time
        self.traffic.bytes += 2 * (world_size - 1) * owned * d * sent.element_size()
        self.traffic.bytes += (world_size - 1) * 8 * len(figures)
        self.traffic.seconds += time.perf_counter() - began
        return merged.sub_(own), all_figures
