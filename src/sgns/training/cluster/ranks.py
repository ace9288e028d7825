"""Joining the other ranks, watching that they live, and ending with one clear line when one does not."""

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from sgns.errors import ConfigError, RankLost, SgnsError
from sgns.training.cluster.group import TorchGroup
from sgns.training.cluster.place import Place
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

    Use it as a context: it joins on entering. An error inside ends all ranks, and one of them tells it: the context
    raises it there, and ends the others without a word.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.group: TorchGroup
        self.hint: Callable[[], str] = lambda: ""  # what to do after a rank is lost
        self.signals = Asked(self._end_early)
        self._over = threading.Event()

    def __enter__(self) -> Self:
        import torch
        import torch.distributed as dist

        torch.set_num_threads(1)  # the cores train
        place = self.place
        take_card(place)
        self._store = self._open_store()
        try:
            self._store.set(f"beat/{place.rank}", "0")
            self._store.set(f"here/{place.rank}", "1")
            self._store.wait([f"here/{rank}" for rank in range(place.ranks)], timedelta(seconds=JOINING))
            threading.Thread(target=self._watch, name="sgns-watch", daemon=True).start()
            self.signals.__enter__()
            dist.init_process_group(
                "gloo" if not torch.cuda.is_available() else "cpu:gloo,cuda:nccl",
                store=dist.PrefixStore("group", self._store),
                rank=place.rank,
                world_size=place.ranks,
                timeout=timedelta(seconds=PATIENCE),
            )
            self.group = TorchGroup()
            self.group.collect(torch.zeros(1))
        except (RuntimeError, RankLost) as error:
            raise self._not_joined(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import torch.distributed as dist

        if error is None:
            self.signals.__exit__(kind, error, trace)
            self._over.set()
            dist.destroy_process_group()
            return
        if isinstance(error, RankLost):
            self._tell_loss()
        if isinstance(error, SgnsError):
            # found by all at once: rank 0 speaks. Found by one alone: that one.
            speaks = self.place.rank == 0 if getattr(error, "found_by_all", False) else self._first()
            self._over.set()
            if not speaks:
                leave(error.exit_code)
            if not getattr(error, "found_by_all", False) and self.place.ranks > 1:
                error.args = (f"rank {self.place.rank}: {error}",)

    def _open_store(self) -> Any:
        import torch.distributed as dist

        host, port = os.environ.get("MASTER_ADDR", "localhost"), int(os.environ.get("MASTER_PORT", "29500"))
        hosts = self.place.rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
        try:
            self._host = dist.TCPStore(
                host,
                port,
                is_master=hosts,
                timeout=timedelta(seconds=JOINING),
                wait_for_workers=False,
                multi_tenant=True,
            )
        except (RuntimeError, ValueError) as error:
            raise self._not_joined(error) from None
        return dist.PrefixStore(f"sgns-{self.place.restarts}", self._host)

    def _not_joined(self, error: Exception) -> ConfigError:
        said = " ".join(str(error).split())[:160]
        return ConfigError(
            f"rank {self.place.rank} of {self.place.ranks} could not join the others at "
            f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')} ({said}); start all ranks, and check "
            "that this address and port can be reached from every machine"
        )

    def _first(self) -> bool:
        """Whether this rank is the first that has something to tell."""
        try:
            return bool(self._store.add("told", 1) == 1)
        except RuntimeError:  # the store is gone with its machine
            return True

    def _watch(self) -> None:
        """Give signs of life; rank 0 looks after all others, and they after rank 0."""
        import torch.distributed as dist

        host, port = os.environ.get("MASTER_ADDR", "localhost"), int(os.environ.get("MASTER_PORT", "29500"))
        try:
            own = dist.TCPStore(host, port, is_master=False, timeout=timedelta(seconds=SILENCE), wait_for_workers=False)
            store = dist.PrefixStore(f"sgns-{self.place.restarts}", own)
            watched = range(1, self.place.ranks) if self.place.rank == 0 else [0]
            seen = {rank: (b"", time.monotonic()) for rank in watched}
            beat = 0
            while not self._over.wait(BEAT):
                beat += 1
                store.set(f"beat/{self.place.rank}", str(beat))
                for rank in watched:
                    now = store.get(f"beat/{rank}")
                    if now != seen[rank][0]:
                        seen[rank] = now, time.monotonic()
                silent = [rank for rank in watched if time.monotonic() - seen[rank][1] > SILENCE]
                if silent and not self._over.is_set():
                    self._give_up(f"no sign of life from {named(silent)} for {SILENCE:.0f} s")
        except RuntimeError:
            if not self._over.wait(SILENCE / 2):  # at the end of a job the store may go first
                self._give_up("the machine of rank 0 cannot be reached any more")

    def _end_early(self, number: int) -> None:
        """A signal before training: torchrun sends it too, to those that are left when a rank is gone."""
        gone = self._gone()
        if gone and self._first():
            print(f"sgns: {self._are_gone(gone)}{self.hint()}", file=sys.stderr, flush=True)
        leave(RankLost.exit_code if gone else 128 + number)

    def _give_up(self, what: str) -> NoReturn:
        if self._first():
            print(f"sgns: {what}{self.hint()}", file=sys.stderr, flush=True)
        leave(RankLost.exit_code)

    def _tell_loss(self) -> None:
        """After an exchange has failed: say which rank is gone, on one of those that are left."""
        gone = self._gone()
        if self._first():
            what = self._are_gone(gone) if gone else "a connection between ranks broke"
            print(f"sgns: {what}{self.hint()}", file=sys.stderr, flush=True)
        leave(RankLost.exit_code)

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
        except RuntimeError:  # the store is gone with its machine
            return [0]

    def _are_gone(self, ranks: list[int]) -> str:
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


def leave(code: int) -> NoReturn:
    """End this process at once: threads may wait for ranks that are gone."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
