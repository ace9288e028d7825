"""Joining the other ranks, watching that they live, and ending with one clear line when one does not."""

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
from sgns.training.distributed.comm import TorchGroup
from sgns.training.distributed.environment import Place
from sgns.training.signals import Interrupts

BEAT = 1.0  # seconds between two signs of life
SILENCE = 20.0  # seconds without one after which a rank is given up
JOINING = 600.0  # seconds to wait until all ranks have come
PATIENCE = 7 * 24 * 3600.0  # seconds that an exchange may take while all ranks live


class Asked(Interrupts):
    """Ctrl-C and SIGTERM on one rank: kept until all have agreed to stop, once they train; before, it ends the rank."""

    def __init__(self, end: Callable[[int], None]) -> None:
        super().__init__()
        self.training = False
        self._end = end

    def _hear(self, number: int, frame: FrameType | None) -> None:
        again = self.asked is not None
        super()._hear(number, frame)
        if not self.training and not again:
            threading.Thread(target=self._end, args=(number,), daemon=True).start()


class Ranks:
    """All ranks of a job, seen from one of them.

    Use it as a context: it joins on entering. After an error inside, all ranks end, and one of them has told it. An
    error that all have found at the same place (`group.together`) is raised on rank 0.

    Attributes:
        place: Which rank this is.
        group: How to talk to the others.
        signals: Ctrl-C and SIGTERM.
        hint: What to do after a rank was lost, the end of a sentence.
        leaving: Called before this process ends without a return: it puts the screen in order.
    """

    group: TorchGroup

    def __init__(self, place: Place) -> None:
        self.place = place
        self.signals = Asked(self._end_early)
        self.hint: Callable[[], str] = lambda: "; start all ranks again"
        self.leaving: Callable[[], None] = lambda: None
        self._store: Any = None
        self._over = threading.Event()  # nothing is watched any more
        self._watcher = threading.Thread(target=self._watch, name="sgns-watch", daemon=True)

    def __enter__(self) -> Self:
        import torch
        import torch.distributed as dist

        torch.set_num_threads(1)  # the cores train
        place = self.place
        take_card(place)
        try:
            self._store = self._open_store(hosts=place.rank == 0 and not place.agent)
            self._store.set(f"beat/{place.rank}", "0")
            self._watcher.start()
            self._wait_for_all()
            self.signals.__enter__()
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
                store=dist.PrefixStore("group", self._open_store(hosts=False)),
                rank=place.rank,
                world_size=place.ranks,
                timeout=timedelta(seconds=PATIENCE),
            )
            self.group = TorchGroup()
            self.group.collect(torch.zeros(1))
        except (RuntimeError, ValueError, RankLost) as error:
            said = " ".join(str(error).split())[:160]
            line = (
                f"rank {place.rank} of {place.ranks} could not join the others at {place.host}:{place.port} ({said}); "
                "start all ranks, and check that this address and port can be reached from every machine"
            )
            if self._store is None:
                raise ConfigError(line) from None
            self._tell(line)
            self._leave(ConfigError.exit_code)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        found_by_all = isinstance(error, SgnsError) and getattr(error, "found_by_all", False)
        if error is None or (found_by_all and self.place.rank == 0):
            self._part(kind, error, trace)
        elif isinstance(error, SgnsError) and found_by_all:
            self._leave(error.exit_code)
        elif isinstance(error, RankLost):
            gone = self._gone()
            self._tell(f"{are_gone(gone) if gone else 'a connection between ranks broke'}{self.hint()}")
            self._leave(error.exit_code)
        elif isinstance(error, SgnsError):
            self._tell(f"rank {self.place.rank}: {' '.join(str(error).split())}")
            self._leave(error.exit_code)
        elif isinstance(error, KeyboardInterrupt):
            self._leave(130)
        else:  # a mistake of ours
            traceback.print_exception(error)
            self._leave(1)

    def _part(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the others in peace, so that this process may go on, and end, as if it had been alone.

        The watcher must be out of the store before: a thread that comes back from there when Python is already going
        down is ended by force, and C++ aborts the process for it.
        """
        import torch.distributed as dist

        self.signals.__exit__(kind, error, trace)
        self._over.set()
        self._watcher.join(SILENCE)
        with suppress(RuntimeError):  # others may have left already
            dist.destroy_process_group()

    def _open_store(self, hosts: bool, patience: float = JOINING) -> Any:
        """A connection to what ranks note for each other; after a restart nothing is noted."""
        import torch.distributed as dist

        store = dist.TCPStore(
            self.place.host,
            self.place.port,
            is_master=hosts,
            timeout=timedelta(seconds=patience),
            wait_for_workers=False,
            multi_tenant=True,
        )
        return dist.PrefixStore(f"sgns-{self.place.restarts}", store)

    def _wait_for_all(self) -> None:
        """Wait until every rank has given its first sign of life. The store is asked again and again: one that waits
        would keep the thread that watches from telling that a rank has gone meanwhile."""
        beats, end = [f"beat/{rank}" for rank in range(self.place.ranks)], time.monotonic() + JOINING
        while not self._store.check(beats):
            if time.monotonic() > end:
                late = [rank for rank, beat in enumerate(beats) if not self._store.check([beat])]
                raise RuntimeError(f"{named(late)} did not come within {JOINING:.0f} s")
            time.sleep(BEAT / 5)

    def _watch(self) -> None:
        """Give signs of life; rank 0 looks after all others that have come, and they after rank 0."""
        try:
            store = self._open_store(hosts=False, patience=SILENCE)
            watched = range(1, self.place.ranks) if self.place.rank == 0 else [0]
            seen = {rank: (b"", time.monotonic()) for rank in watched}
            beat = 0
            while not self._over.wait(BEAT):
                beat += 1
                store.set(f"beat/{self.place.rank}", str(beat))
                if store.check(["told"]) and not self._over.is_set():
                    self._leave(RankLost.exit_code)
                for rank in watched:
                    come = store.check([f"beat/{rank}"])
                    now = store.get(f"beat/{rank}") if come else b""
                    if now != seen[rank][0] or not come:
                        seen[rank] = now, time.monotonic()
                silent = [rank for rank in watched if time.monotonic() - seen[rank][1] > SILENCE]
                if silent and not self._over.is_set():
                    self._tell(f"no sign of life from {named(silent)} for {SILENCE:.0f} s{self.hint()}")
                    self._leave(RankLost.exit_code)
        except RuntimeError:
            if not self._over.wait(SILENCE / 2):  # at the end of a job the store may go first
                self._tell(f"rank 0 cannot be reached any more{self.hint()}")
                self._leave(RankLost.exit_code)

    def _end_early(self, number: int) -> None:
        """A signal before training: torchrun sends it too, to those that are left when a rank is gone."""
        if gone := self._gone():
            self._tell(are_gone(gone) + self.hint())
        self._leave(RankLost.exit_code if gone else 128 + number)

    def _gone(self) -> list[int]:
        """Which ranks give no more signs of life, and do not look for others that do not."""
        ranks = range(self.place.ranks)
        try:
            self._store.set(f"left/{self.place.rank}", "1")
            before = [self._store.get(f"beat/{rank}") for rank in ranks]
            time.sleep(2.5 * BEAT)
            return [
                rank
                for rank in ranks
                if self._store.get(f"beat/{rank}") == before[rank] and not self._store.check([f"left/{rank}"])
            ]
        except RuntimeError:  # what ranks note is gone with rank 0
            return [0]

    def _tell(self, line: str) -> None:
        """Write a line, if no other rank has written one."""
        self._over.set()
        try:
            first = self._store.add("told", 1) == 1
        except RuntimeError:
            first = self.place.rank == 1
        if first:
            with suppress(Exception):
                self.leaving()
            print(f"sgns: {line}", file=sys.stderr, flush=True)

    def _leave(self, code: int) -> NoReturn:
        """End this process at once, for its threads may wait for ranks that are gone.

        Rank 0 stays for a moment, so that the others learn that the end has been told.
        """
        self._over.set()
        with suppress(Exception):
            self.leaving()
        sys.stdout.flush()
        sys.stderr.flush()
        if self.place.rank == 0 and self.place.ranks > 1 and not self.place.agent:
            time.sleep(4 * BEAT)
        os._exit(code)


def are_gone(ranks: list[int]) -> str:
    """`rank 2 is gone`."""
    return f"{named(ranks)} {'is' if len(ranks) == 1 else 'are'} gone"


def take_card(place: Place) -> None:
    """Show this process one card alone, its own: threads of a process always begin with the first card they see.

    Raises:
        ConfigError: there are cards, but fewer than ranks on this machine.
    """
    import torch

    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    cards = seen.split(",") if seen else [str(k) for k in range(torch.cuda.device_count())]
    if torch.cuda.device_count() == 0 or place.locals == 1:
        return
    if place.locals > len(cards):
        raise ConfigError(
            f"{place.locals} ranks on this machine, but {len(cards)} cards; start one rank for each card, or hide the "
            "cards with CUDA_VISIBLE_DEVICES= and take --engine cpu"
        )
    os.environ["CUDA_VISIBLE_DEVICES"] = cards[place.local]


def named(ranks: list[int]) -> str:
    """`rank 2`, or `ranks 2, 3`."""
    return f"rank{'s' if len(ranks) > 1 else ''} {', '.join(map(str, ranks))}"
