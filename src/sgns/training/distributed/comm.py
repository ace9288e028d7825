"""How ranks talk: a few exchanges, over torch.distributed or, for tests and simulations, between threads."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import torch

from sgns import errors
from sgns.errors import RankLost, SgnsError

T = TypeVar("T")


class Group(Protocol):
    """All ranks make the same exchanges in the same order, one at a time."""

    rank: int
    ranks: int

    def swap(self, pieces: torch.Tensor) -> torch.Tensor:
        """Rank r gets piece r of every rank: (ranks, …) to (ranks, …), in the order of the ranks."""

    def collect(self, piece: torch.Tensor) -> torch.Tensor:
        """Every rank gets the pieces of all: (…) to (ranks, …)."""

    def spread(self, tensor: torch.Tensor) -> None:
        """Rank 0's numbers go to all, in place."""


class TorchGroup:
    """Ranks that are processes, under torch.distributed. An exchange raises `RankLost` when a rank is gone."""

    def __init__(self) -> None:
        """Take the default group."""
        import torch.distributed as dist

        self._dist = dist
        self.rank, self.ranks = dist.get_rank(), dist.get_world_size()

    def swap(self, pieces: torch.Tensor) -> torch.Tensor:
        """See `Group`."""
        out = torch.empty_like(pieces)
        with lost():
            self._dist.all_to_all_single(out, pieces)
        return out

    def collect(self, piece: torch.Tensor) -> torch.Tensor:
        """See `Group`."""
        out = torch.empty((self.ranks, *piece.shape), dtype=piece.dtype, device=piece.device)
        with lost():
            self._dist.all_gather(list(out.unbind()), piece.contiguous())
        return out

    def spread(self, tensor: torch.Tensor) -> None:
        """See `Group`."""
        with lost():
            self._dist.broadcast(tensor, 0)


@contextmanager
def lost() -> Iterator[None]:
    """What torch.distributed raises when a connection breaks, as `RankLost`."""
    try:
        yield
    except RuntimeError as error:
        raise RankLost(" ".join(str(error).split())) from None


class ThreadGroup:
    """Ranks that are threads of one process."""

    def __init__(self, rank: int, ranks: int, table: list[Any], barrier: threading.Barrier) -> None:
        """Made by `of`."""
        self.rank, self.ranks, self._table, self._barrier = rank, ranks, table, barrier

    @classmethod
    def of(cls, ranks: int) -> "list[ThreadGroup]":
        """So many ranks, one for each thread."""
        table: list[Any] = [None] * ranks
        barrier = threading.Barrier(ranks)
        return [cls(rank, ranks, table, barrier) for rank in range(ranks)]

    def _all(self, thing: Any) -> list[Any]:
        self._table[self.rank] = thing
        self._barrier.wait()
        things = list(self._table)
        self._barrier.wait()
        return things

    def swap(self, pieces: torch.Tensor) -> torch.Tensor:
        """See `Group`."""
        out = torch.stack([theirs[self.rank] for theirs in self._all(pieces)])
        self._barrier.wait()  # `pieces` may change now
        return out

    def collect(self, piece: torch.Tensor) -> torch.Tensor:
        """See `Group`."""
        out = torch.stack(self._all(piece))
        self._barrier.wait()
        return out

    def spread(self, tensor: torch.Tensor) -> None:
        """See `Group`."""
        first = self._all(tensor)[0]
        if self.rank:
            tensor.copy_(first)
        self._barrier.wait()

    def abort(self) -> None:
        """Let no rank wait for one that has failed."""
        self._barrier.abort()


def swap_bytes(group: Group, pieces: Sequence[bytes]) -> list[bytes]:
    """Rank r gets piece r of every rank."""
    sizes = group.swap(torch.tensor([[len(piece)] for piece in pieces]))
    room = int(group.collect(sizes.max()).max())  # padded to one size: it is the common road of gloo and threads
    sent = torch.zeros(group.ranks, room, dtype=torch.uint8)
    for row, piece in zip(sent, pieces, strict=True):
        row[: len(piece)] = torch.frombuffer(bytearray(piece) or bytearray(1), dtype=torch.uint8)[: len(piece)]
    got = group.swap(sent)
    return [bytes(row[: int(size)].numpy()) for row, size in zip(got, sizes, strict=True)]


def collect_bytes(group: Group, piece: bytes) -> list[bytes]:
    """Every rank gets the pieces of all."""
    sizes = group.collect(torch.tensor([len(piece)]))
    sent = torch.zeros(int(sizes.max()), dtype=torch.uint8)
    sent[: len(piece)] = torch.frombuffer(bytearray(piece) or bytearray(1), dtype=torch.uint8)[: len(piece)]
    return [bytes(row[: int(size)].numpy()) for row, size in zip(group.collect(sent), sizes, strict=True)]


def collect_things(group: Group, thing: Any) -> list[Any]:
    """Every rank gets the plain JSON values of all."""
    return [json.loads(data) for data in collect_bytes(group, json.dumps(thing).encode())]


def told(error: SgnsError) -> SgnsError:
    """Mark an error that all ranks raise at the same time."""
    error.found_by_all = True  # type: ignore[attr-defined]
    return error


def together(group: Group, work: Callable[[], T]) -> T:
    """Do `work` on all ranks; where one finds an error that the user can mend, all end with that error.

    Raises:
        SgnsError: of the first rank that has one, with its number before the message.
    """
    result, error = None, None
    try:
        result = work()
    except SgnsError as found:
        error = found
    said = collect_things(group, None if error is None else (type(error).__name__, str(error)))
    for rank, words in enumerate(said):
        if words is not None:
            kind, message = words
            raise told(getattr(errors, kind)(f"rank {rank}: {message}" if group.ranks > 1 else message)) from error
    return result  # type: ignore[return-value]
