"""Which rank this process is: what torchrun says in the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sgns.errors import ConfigError

Shards = Literal["shared", "local"]
CommunicationDtype = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Place:
    """A rank among ranks.

    Attributes:
        rank: From 0; rank 0 writes and speaks.
        ranks: How many there are.
        local: Its number on its machine.
        locals: Ranks on its machine.
        restarts: How often torchrun has started the job anew.
        may_restart: Whether torchrun starts it anew after a failure.
        host: Machine on which ranks find each other.
        port: Its port.
        agent: Whether torchrun listens there; otherwise rank 0 does.
    """

    rank: int
    ranks: int
    local: int
    locals: int
    restarts: int = 0
    may_restart: bool = False
    host: str = "localhost"
    port: int = 29_500
    agent: bool = False

    @classmethod
    def found(cls, environment: Mapping[str, str] = os.environ) -> "Place | None":
        """The place that torchrun, or whoever sets the same variables, has given to this process; None without it.

        Raises:
            ConfigError: a variable is missing or no number.
        """
        if "RANK" not in environment or "WORLD_SIZE" not in environment:
            return None
        names = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "MASTER_PORT": "29500"}
        names |= {"TORCHELASTIC_RESTART_COUNT": "0", "TORCHELASTIC_MAX_RESTARTS": "0"}
        values = {}
        for name, default in names.items():
            text = environment.get(name, default)
            if not text.isdigit():
                raise ConfigError(f"{name} is {text!r} in the environment, not a whole number; start it with torchrun")
            values[name] = int(text)
        rank, ranks, local, locals, port, restarts, most = values.values()
        if ranks == 1 and "TORCHELASTIC_RUN_ID" not in environment:
            return None
        if rank >= ranks or local >= locals:
            raise ConfigError(
                f"RANK {rank} of WORLD_SIZE {ranks}, LOCAL_RANK {local} of LOCAL_WORLD_SIZE {locals}: ranks count from "
                "0; start it with torchrun"
            )
        if ranks > 1 and not {"MASTER_ADDR", "MASTER_PORT"} <= environment.keys():
            raise ConfigError("MASTER_ADDR and MASTER_PORT are not in the environment; start it with torchrun")
        host = environment.get("MASTER_ADDR", "localhost")
        agent = environment.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        return cls(rank, ranks, local, locals, restarts, most > 0, host, port, agent)


@dataclass(frozen=True)
class Sharing:
    """How ranks work together, beside `Config`.

    Attributes:
        shards: shared: every rank sees the same files, and reads its part of them. local: the files named are those
            on this machine, and its ranks share them.
        wire: What numbers are rounded to on their way between ranks.
    """

    shards: Shards = "shared"
    communication_dtype: CommunicationDtype = "float32"
