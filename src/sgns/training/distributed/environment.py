"""The environment that torchrun gives each process: its rank, the world, where ranks find each other."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sgns.errors import ConfigError


@dataclass(frozen=True)
class TorchrunEnvironment:
    """A process of a job, in torchrun's terms.

    Attributes:
        rank: From 0; rank 0 writes files and reports.
        world_size: Ranks of the job.
        local_rank: Number of the process on its machine.
        local_world_size: Ranks on its machine.
        restarts: How often torchrun has restarted the job.
        may_restart: Whether torchrun restarts it after a failure.
        host: Machine on which ranks find each other.
        port: Its port.
        agent_store: Whether torchrun listens there; otherwise rank 0 does.
    """

    rank: int
    world_size: int
    local_rank: int
    local_world_size: int
    restarts: int = 0
    may_restart: bool = False
    host: str = "localhost"
    port: int = 29_500
    agent_store: bool = False

    @classmethod
    def read(cls, variables: Mapping[str, str] = os.environ) -> "TorchrunEnvironment | None":
        """From the variables that torchrun sets; None without them.

        Raises:
            ConfigError: a variable is missing or not a number.
        """
        if "RANK" not in variables or "WORLD_SIZE" not in variables:
            return None
        names = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "MASTER_PORT": "29500"}
        names |= {"TORCHELASTIC_RESTART_COUNT": "0", "TORCHELASTIC_MAX_RESTARTS": "0"}
        values = {}
        for name, default in names.items():
            text = variables.get(name, default)
            if not text.isdigit():
                raise ConfigError(f"{name} is {text!r} in the environment, not a whole number; start it with torchrun")
            values[name] = int(text)
        rank, world_size, local_rank, local_world_size, port, restarts, max_restarts = values.values()
        if world_size == 1 and "TORCHELASTIC_RUN_ID" not in variables:
            return None
        if rank >= world_size or local_rank >= local_world_size:
            raise ConfigError(
                f"RANK {rank} of WORLD_SIZE {world_size}, LOCAL_RANK {local_rank} of LOCAL_WORLD_SIZE "
                f"{local_world_size}: ranks count from 0; start it with torchrun"
            )
        if world_size > 1 and not {"MASTER_ADDR", "MASTER_PORT"} <= variables.keys():
            raise ConfigError("MASTER_ADDR and MASTER_PORT are not in the environment; start it with torchrun")
        host = variables.get("MASTER_ADDR", "localhost")
        agent_store = variables.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        return cls(rank, world_size, local_rank, local_world_size, restarts, max_restarts > 0, host, port, agent_store)
