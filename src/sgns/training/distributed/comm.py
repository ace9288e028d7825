"""Communication between ranks: collective operations by the names that MPI and torch.distributed use.

Ranks are processes under torch.distributed (`TorchComm`) or, in tests and simulations, threads (`ThreadComm`). A run in
one process has the only rank there is (`SingleRank`) and needs no PyTorch.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from sgns import errors
from sgns.errors import RankLost, SgnsError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


class Comm(Protocol):
    """The ranks of a run, seen from one of them. All ranks call the same operations in the same order.

    Attributes:
        rank: Of this process, from 0.
        world_size: How many ranks there are.
    """

    rank: int
    world_size: int

    def all_to_all(self, parts: "torch.Tensor") -> "torch.Tensor":
        """Send part r to rank r: (world_size, …) to (world_size, …), received in the order of the ranks."""

    def all_gather(self, part: "torch.Tensor") -> "torch.Tensor":
        """Send a tensor to all ranks: (…) to (world_size, …), in the order of the ranks."""

    def broadcast(self, tensor: "torch.Tensor") -> None:
        """Overwrite a tensor with that of rank 0, in place."""


class SingleRank:
    """A world of one rank."""

    rank, world_size = 0, 1

    def all_to_all(self, parts: "torch.Tensor") -> "torch.Tensor":
        """See `Comm`."""
        return parts.clone()

    def all_gather(self, part: "torch.Tensor") -> "torch.Tensor":
        """See `Comm`."""
        return part[None].clone()

    def broadcast(self, tensor: "torch.Tensor") -> None:
        """See `Comm`."""


class TorchComm:
    """Ranks that are processes, under torch.distributed. An operation raises `RankLost` when a rank is gone."""

    def __init__(self) -> None:
        """Take the default process group."""
        import torch.distributed as dist

        self._dist = dist
        self.rank, self.world_size = dist.get_rank(), dist.get_world_size()

    def all_to_all(self, parts: "torch.Tensor") -> "torch.Tensor":
        """See `Comm`."""
        import torch

        out = torch.empty_like(parts)
        with rank_lost():
            self._dist.all_to_all_single(out, parts)
        return out

    def all_gather(self, part: "torch.Tensor") -> "torch.Tensor":
        """See `Comm`."""
        import torch

        out = torch.empty((self.world_size, *part.shape), dtype=part.dtype, device=part.device)
        with rank_lost():
            self._dist.all_gather(list(out.unbind()), part.contiguous())
        return out

    def broadcast(self, tensor: "torch.Tensor") -> None:
        """See `Comm`."""
        with rank_lost():
            self._dist.broadcast(tensor, 0)


@contextmanager
def rank_lost() -> Iterator[None]:
    """Raise as `RankLost` what torch.distributed raises when a connection breaks."""
    try:
        yield
    except RuntimeError as error:
        raise RankLost(" ".join(str(error).split())) from None


class ThreadComm:
    """Ranks that are threads of one process."""

    def __init__(self, rank: int, world_size: int, table: list[Any], barrier: threading.Barrier) -> None:
        """Made by `of`."""
        self.rank, self.world_size, self._table, self._barrier = rank, world_size, table, barrier

    @classmethod
    def of(cls, world_size: int) -> "list[ThreadComm]":
        """One for each of `world_size` threads."""
        table: list[Any] = [None] * world_size
        barrier = threading.Barrier(world_size)
        return [cls(rank, world_size, table, barrier) for rank in range(world_size)]

    def _gather(self, thing: Any) -> list[Any]:
        self._table[self.rank] = thing
        self._barrier.wait()
        things = list(self._table)
        self._barrier.wait()
        return things

    def all_to_all(self, parts: "torch.Tensor") -> "torch.Tensor":
        """See `Comm`."""
        import torch

        out = torch.stack([theirs[self.rank] for theirs in self._gather(parts)])
        self._barrier.wait()  # `parts` may change now
        return out

    def all_gather(self, part: "torch.Tensor") -> "torch.Tensor":
        """See `Comm`."""
        import torch

        out = torch.stack(self._gather(part))
        self._barrier.wait()
        return out

    def broadcast(self, tensor: "torch.Tensor") -> None:
        """See `Comm`."""
        first = self._gather(tensor)[0]
        if self.rank:
            tensor.copy_(first)
        self._barrier.wait()

    def abort(self) -> None:
        """Wake the ranks that wait for one that has failed."""
        self._barrier.abort()


def broadcast_array(comm: Comm, array: np.ndarray) -> None:
    """Overwrite an array with that of rank 0, in place."""
    if comm.world_size > 1:
        import torch

        comm.broadcast(torch.from_numpy(array))


def all_to_all_bytes(comm: Comm, parts: Sequence[bytes]) -> list[bytes]:
    """Send part r to rank r, parts of any lengths."""
    if comm.world_size == 1:
        return list(parts)
    import torch

    sizes = comm.all_to_all(torch.tensor([[len(part)] for part in parts]))
    longest = int(comm.all_gather(sizes.max()).max())  # padded to one size, which gloo and threads can both send
    sent = torch.zeros(comm.world_size, longest, dtype=torch.uint8)
    for row, part in zip(sent, parts, strict=True):
        _fill(row, part)
    received = comm.all_to_all(sent)
    return [bytes(row[: int(size)].numpy()) for row, size in zip(received, sizes, strict=True)]


def all_gather_bytes(comm: Comm, part: bytes) -> list[bytes]:
    """Send bytes to all ranks, of any lengths."""
    if comm.world_size == 1:
        return [part]
    import torch

    sizes = comm.all_gather(torch.tensor([len(part)]))
    sent = torch.zeros(int(sizes.max()), dtype=torch.uint8)
    _fill(sent, part)
    return [bytes(row[: int(size)].numpy()) for row, size in zip(comm.all_gather(sent), sizes, strict=True)]


def _fill(row: "torch.Tensor", part: bytes) -> None:
    """Put bytes at the beginning of a tensor (n,) uint8."""
    import torch

    if part:
        row[: len(part)] = torch.frombuffer(bytearray(part), dtype=torch.uint8)


def all_gather_objects(comm: Comm, thing: Any) -> list[Any]:
    """Send a plain JSON value to all ranks; a tuple arrives as a list."""
    return [json.loads(data) for data in all_gather_bytes(comm, json.dumps(thing).encode())]


def raised_on_all_ranks(error: SgnsError) -> SgnsError:
    """Mark an error that all ranks raise at the same place, so that one of them reports it."""
    error.raised_everywhere = True  # type: ignore[attr-defined]
    return error


def is_raised_on_all_ranks(error: BaseException | None) -> bool:
    """Whether all ranks raise this error at the same place."""
    return isinstance(error, SgnsError) and getattr(error, "raised_everywhere", False)


def on_all_ranks(comm: Comm, work: Callable[[], T]) -> T:
    """Do `work` on all ranks; if it raises one of our errors on some of them, raise it on all.

    Raises:
        SgnsError: of the first rank that has one, with the rank's number before the message.
    """
    result, error = None, None
    try:
        result = work()
    except SgnsError as found:
        if comm.world_size == 1:
            raise raised_on_all_ranks(found) from found.__cause__
        error = found
    messages = all_gather_objects(comm, None if error is None else (type(error).__name__, str(error)))
    for rank, found_there in enumerate(messages):
        if found_there is not None:
            kind, message = found_there
            raise raised_on_all_ranks(getattr(errors, kind)(f"rank {rank}: {message}")) from error
    return result  # type: ignore[return-value]
