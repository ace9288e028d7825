"""A process of a torchrun job: it joins the other ranks, watches that they live, and ends with one line if not.

Every process writes a heartbeat into torchrun's store. Rank 0 watches the heartbeats of all others, and they watch
that of rank 0.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from sgns.errors import ConfigError, RankLost, SgnsError
from sgns.training.distributed.comm import TorchComm, is_raised_on_all_ranks
from sgns.training.distributed.environment import TorchrunEnvironment
from sgns.training.signals import Interrupts

BEAT = 1.0  # seconds between two heartbeats
SILENCE = 20.0  # seconds without one after which a rank is given up
JOINING = 600.0  # seconds to wait until all ranks have joined
TIMEOUT = 7 * 24 * 3600.0  # seconds that a collective operation may take while all ranks live


class RankInterrupts(Interrupts):
    """Ctrl-C and SIGTERM on one rank. While it trains, the signal is kept until all ranks agree to stop; before, it
    ends the rank."""

    def __init__(self, end: Callable[[int], None]) -> None:
        super().__init__()
        self.training = False
        self._end = end

    def receive(self, number: int, frame: FrameType | None) -> None:
        """See `Interrupts`."""
        again = self.asked is not None
        super().receive(number, frame)
        if not self.training and not again:
            threading.Thread(target=self._end, args=(number,), daemon=True).start()


class TorchrunJob:
    """A job of several ranks, seen from one of them.

    It is a context: on entering, it joins. After an error inside, all ranks end, and one of them reports it. An error
    that all ranks raise at the same place (`comm.on_all_ranks`) is raised on rank 0.

    Attributes:
        environment: Which rank this is.
        comm: The ranks.
        signals: Ctrl-C and SIGTERM.
        remedy: Returns what to do after a rank was lost, the end of a sentence.
        before_exit: Called before this process ends without a return: it puts the screen in order.
    """

    comm: TorchComm

    def __init__(self, environment: TorchrunEnvironment) -> None:
        self.environment = environment
        self.signals = RankInterrupts(self._end_early)
        self.remedy: Callable[[], str] = lambda: "; start all ranks again"
        self.before_exit: Callable[[], None] = lambda: None
        self._store: Any = None
        self._over = threading.Event()  # nothing is watched any more
        self._watcher = threading.Thread(target=self._watch, name="sgns-watch", daemon=True)

    def __enter__(self) -> Self:
        import torch
        import torch.distributed as dist

        torch.set_num_threads(1)  # the cores train
        here = self.environment
        take_card(here)
        try:
            self._store = self._open_store(hosts=here.rank == 0 and not here.agent_store)
            self._store.set(f"beat/{here.rank}", "0")
            self._watcher.start()
            self._wait_for_all()
            self.signals.__enter__()
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
                store=dist.PrefixStore("group", self._open_store(hosts=False)),
                rank=here.rank,
                world_size=here.world_size,
                timeout=timedelta(seconds=TIMEOUT),
            )
            self.comm = TorchComm()
            self.comm.all_gather(torch.zeros(1))
        except (RuntimeError, ValueError, RankLost) as error:
            reason = " ".join(str(error).split())[:160]
            line = (
                f"rank {here.rank} of {here.world_size} could not join the others at {here.host}:{here.port} "
                f"({reason}); start all ranks, and check that this address and port can be reached from every machine"
            )
            if self._store is None:
                raise ConfigError(line) from None
            self._report(line)
            self._leave(ConfigError.exit_code)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or (is_raised_on_all_ranks(error) and self.environment.rank == 0):
            self._disconnect(kind, error, trace)
        elif isinstance(error, SgnsError) and is_raised_on_all_ranks(error):
            self._leave(error.exit_code)
        elif isinstance(error, RankLost):
            gone = self._gone()
            self._report(f"{are_gone(gone) if gone else 'a connection between ranks broke'}{self.remedy()}")
            self._leave(error.exit_code)
        elif isinstance(error, SgnsError):
            self._report(f"rank {self.environment.rank}: {' '.join(str(error).split())}")
            self._leave(error.exit_code)
        elif isinstance(error, KeyboardInterrupt):
            self._leave(130)
        else:  # a mistake of ours
            traceback.print_exception(error)
            self._leave(1)

    def _disconnect(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the job, so that this process may go on and end like any other.

        The watcher must have left the store before: a thread that returns from it while Python shuts down is ended by
        force, and C++ aborts the process for it.
        """
        import torch.distributed as dist

        self.signals.__exit__(kind, error, trace)
        self._over.set()
        self._watcher.join(SILENCE)
        with suppress(RuntimeError):  # others may have left already
            dist.destroy_process_group()

    def _open_store(self, hosts: bool, timeout: float = JOINING) -> Any:
        """A connection to the store that all ranks share; a restarted job finds it empty."""
        import torch.distributed as dist

        store = dist.TCPStore(
            self.environment.host,
            self.environment.port,
            is_master=hosts,
            timeout=timedelta(seconds=timeout),
            wait_for_workers=False,
            multi_tenant=True,
        )
        return dist.PrefixStore(f"sgns-{self.environment.restarts}", store)

    def _wait_for_all(self) -> None:
        """Wait for the first heartbeat of every rank.

        The store is polled: an operation that waits would keep the watcher from reporting a rank that has gone.
        """
        beats, end = [f"beat/{rank}" for rank in range(self.environment.world_size)], time.monotonic() + JOINING
        while not self._store.check(beats):
            if time.monotonic() > end:
                late = [rank for rank, beat in enumerate(beats) if not self._store.check([beat])]
                raise RuntimeError(f"{name_ranks(late)} did not join within {JOINING:.0f} s")
            time.sleep(BEAT / 5)

    def _watch(self) -> None:
        """Write heartbeats and watch those of others: rank 0 of all that have joined, they of rank 0."""
        try:
            store = self._open_store(hosts=False, timeout=SILENCE)
            watched = range(1, self.environment.world_size) if self.environment.rank == 0 else [0]
            seen = {rank: (b"", time.monotonic()) for rank in watched}
            beat = 0
            while not self._over.wait(BEAT):
                beat += 1
                store.set(f"beat/{self.environment.rank}", str(beat))
                if store.check(["reported"]) and not self._over.is_set():
                    self._leave(RankLost.exit_code)
                for rank in watched:
                    joined = store.check([f"beat/{rank}"])
                    now = store.get(f"beat/{rank}") if joined else b""
                    if now != seen[rank][0] or not joined:
                        seen[rank] = now, time.monotonic()
                silent = [rank for rank in watched if time.monotonic() - seen[rank][1] > SILENCE]
                if silent and not self._over.is_set():
                    self._report(f"no sign of life from {name_ranks(silent)} for {SILENCE:.0f} s{self.remedy()}")
                    self._leave(RankLost.exit_code)
        except RuntimeError:
            if not self._over.wait(SILENCE / 2):  # at the end of a job the store may go first
                self._report(f"rank 0 cannot be reached any more{self.remedy()}")
                self._leave(RankLost.exit_code)

    def _end_early(self, number: int) -> None:
        """End after a signal before training: torchrun sends one too, to the ranks that are left when one is gone."""
        if gone := self._gone():
            self._report(are_gone(gone) + self.remedy())
        self._leave(RankLost.exit_code if gone else 128 + number)

    def _gone(self) -> list[int]:
        """Ranks without a heartbeat that have not left by themselves."""
        ranks = range(self.environment.world_size)
        try:
            self._store.set(f"left/{self.environment.rank}", "1")
            before = [self._store.get(f"beat/{rank}") for rank in ranks]
            time.sleep(2.5 * BEAT)
            return [
                rank
                for rank in ranks
                if self._store.get(f"beat/{rank}") == before[rank] and not self._store.check([f"left/{rank}"])
            ]
        except RuntimeError:  # the store is gone with rank 0
            return [0]

    def _report(self, line: str) -> None:
        """Print a line, if no other rank has printed one."""
        self._over.set()
        try:
            first = self._store.add("reported", 1) == 1
        except RuntimeError:
            first = self.environment.rank == 1
        if first:
            with suppress(Exception):
                self.before_exit()
            print(f"sgns: {line}", file=sys.stderr, flush=True)

    def _leave(self, code: int) -> NoReturn:
        """End this process at once, because its threads may wait for ranks that are gone.

        Rank 0 stays for a moment, so that the others learn that the end has been reported.
        """
        self._over.set()
        with suppress(Exception):
            self.before_exit()
        sys.stdout.flush()
        sys.stderr.flush()
        if self.environment.rank == 0 and self.environment.world_size > 1 and not self.environment.agent_store:
            time.sleep(4 * BEAT)
        os._exit(code)


def are_gone(ranks: list[int]) -> str:
    """`rank 2 is gone`."""
    return f"{name_ranks(ranks)} {'is' if len(ranks) == 1 else 'are'} gone"


def take_card(environment: TorchrunEnvironment) -> None:
    """Make one card visible to this process, its own: threads of a process begin with the first card they see.

    Raises:
        ConfigError: there are cards, but fewer than ranks on this machine.
    """
    import torch

    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    cards = visible.split(",") if visible else [str(k) for k in range(torch.cuda.device_count())]
    if torch.cuda.device_count() == 0 or environment.local_world_size == 1:
        return
    if environment.local_world_size > len(cards):
        raise ConfigError(
            f"{environment.local_world_size} ranks on this machine, but {len(cards)} cards; start one rank for each "
            "card, or hide the cards with CUDA_VISIBLE_DEVICES= and take --engine cpu"
        )
    os.environ["CUDA_VISIBLE_DEVICES"] = cards[environment.local_rank]


def name_ranks(ranks: list[int]) -> str:
    """`rank 2`, or `ranks 2, 3`."""
    return f"rank{'s' if len(ranks) > 1 else ''} {', '.join(map(str, ranks))}"
