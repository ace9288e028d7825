"""The options of a run that do not change its vectors: when it writes checkpoints, and how its ranks work together.

As in `Config`, each option is declared once, as a field with its default, choices and help; the command line builds its
options from these fields.
"""

from dataclasses import dataclass
from typing import Literal

Shards = Literal["shared", "local"]
CommunicationDtype = Literal["float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class CheckpointOptions:
    """When checkpoints are written beside the output, and whether a run goes on from one."""

    checkpoint_every: str | None = None
    """Write a checkpoint beside the output this often: 60s, 5m, 1h, 20blocks."""
    resume: bool = False
    """Go on from the newest checkpoint of this output; from the beginning if there is none."""


@dataclass(frozen=True, kw_only=True)
class DistributedOptions:
    """How the ranks of a distributed run work together."""

    shards: Shards = "shared"
    """Under torchrun: every rank sees the same files (shared), or each machine has its own (local)."""
    communication_dtype: CommunicationDtype = "float32"
    """Under torchrun: the type to which numbers are rounded for communication between machines."""
