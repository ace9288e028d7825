"""Checks before a run on several ranks: options, versions and text must be the same on all."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.sources import Source
from sgns.training.distributed.comm import Comm, all_gather_objects, raised_on_all_ranks
from sgns.training.growing import Start
from sgns.training.options import DistributedOptions

LOCAL = ("threads",)  # options that may differ between ranks
HEAD = 1 << 16  # bytes at the beginning of a file that are compared
FILES = 1_000  # files whose beginnings are compared; of the others, name and size


def check_options(
    comm: Comm, config: Config, distributed: DistributedOptions, more: dict[str, Any], versions: dict[str, str]
) -> None:
    """Raise `ConfigError` naming the first field in which a rank differs from rank 0.

    Args:
        comm: The ranks.
        config: The options of this rank.
        distributed: Those of the run on several ranks.
        more: Other options, by name.
        versions: Of sgns and the libraries that its numbers depend on.
    """
    options = (
        {name: value for name, value in config.to_dict().items() if name not in LOCAL} | asdict(distributed) | more
    )
    gathered = all_gather_objects(comm, {"options": options, "versions": versions})
    for rank, theirs in enumerate(gathered):
        for part in ("versions", "options"):
            for name in sorted({*gathered[0][part], *theirs[part]}):
                other, mine = theirs[part].get(name), gathered[0][part].get(name)
                if other != mine:
                    what = f"{name} version" if part == "versions" else f"--{name.replace('_', '-')}"
                    raise raised_on_all_ranks(
                        ConfigError(
                            f"{what} is {other} on rank {rank} and {mine} on rank 0; start all ranks with the same "
                            f"{'versions' if part == 'versions' else 'options'}"
                        )
                    )


def check_start(comm: Comm, start: Start | None) -> None:
    """Raise `ConfigError` naming the first rank that starts from other vectors than rank 0."""
    digests = all_gather_objects(comm, None if start is None else start.digest)
    for rank, digest in enumerate(digests):
        if digest != digests[0]:
            raise raised_on_all_ranks(
                ConfigError(f"start holds other vectors on rank {rank} than on rank 0; give all ranks the same file")
            )


def check_text(comm: Comm, sources: Sequence[Source]) -> None:
    """Raise `InputError` naming the first file in which a rank's text differs from that of rank 0."""
    gathered = all_gather_objects(comm, [describe(source, number < FILES) for number, source in enumerate(sources)])
    remedy = "give all ranks the same files, or take --shards local if each machine has its own"
    for rank, theirs in enumerate(gathered):
        if len(theirs) != len(gathered[0]):
            raise raised_on_all_ranks(
                InputError(f"the text is {len(theirs)} files on rank {rank} and {len(gathered[0])} on rank 0; {remedy}")
            )
        for (name, size, head), (first_name, first_size, first_head) in zip(theirs, gathered[0], strict=True):
            if (name, size) != (first_name, first_size):
                raise raised_on_all_ranks(
                    InputError(
                        f"the text is {name} of {size:,} bytes on rank {rank} where rank 0 has {first_name} of "
                        f"{first_size:,} bytes; {remedy}"
                    )
                )
            if head != first_head:
                raise raised_on_all_ranks(
                    InputError(f"{name} begins with other text on rank {rank} than on rank 0; {remedy}")
                )


def describe(source: Source, read_head: bool) -> tuple[str, int, str]:
    """Name and size of a file, and a hash of its beginning."""
    head = b""
    if read_head and source.fingerprint is not None and source.path is not None:
        try:
            with open(source.path, "rb") as file:
                head = file.read(HEAD)
        except OSError:
            pass  # the reader will say what is wrong
    return source.path.name if source.path else source.name, source.size or 0, hashlib.sha256(head).hexdigest()[:16]
