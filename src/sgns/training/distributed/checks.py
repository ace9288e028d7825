"""What ranks must have in common before they begin: options, versions, text."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.sources import Source
from sgns.training.distributed.comm import Group, collect_things, told
from sgns.training.distributed.environment import Sharing

OWN = ("threads",)  # options that each rank may have for itself
LOOKED_AT = 1 << 16  # bytes at the head of a file that are compared
FILES = 1_000  # whose heads are compared; of the others, name and size


def check_options(
    group: Group, config: Config, sharing: Sharing, more: dict[str, Any], versions: dict[str, str]
) -> None:
    """Raise `ConfigError` naming the first field in which a rank differs from rank 0."""
    options = {name: value for name, value in config.to_dict().items() if name not in OWN} | asdict(sharing) | more
    said = collect_things(group, {"options": options, "versions": versions})
    for rank, theirs in enumerate(said):
        for part in ("versions", "options"):
            for name in sorted({*said[0][part], *theirs[part]}):
                other, mine = theirs[part].get(name), said[0][part].get(name)
                if other != mine:
                    what = f"{name} version" if part == "versions" else f"--{name.replace('_', '-')}"
                    raise told(
                        ConfigError(
                            f"{what} is {other} on rank {rank} and {mine} on rank 0; start all ranks with the same "
                            f"{'versions' if part == 'versions' else 'options'}"
                        )
                    )


def check_text(group: Group, sources: Sequence[Source]) -> None:
    """Raise `InputError` naming the first file in which a rank's text differs from that of rank 0."""
    said = collect_things(group, [describe(source, number < FILES) for number, source in enumerate(sources)])
    remedy = "give all ranks the same files, or take --shards local if each machine has its own"
    for rank, theirs in enumerate(said):
        if len(theirs) != len(said[0]):
            raise told(
                InputError(f"the text is {len(theirs)} files on rank {rank} and {len(said[0])} on rank 0; {remedy}")
            )
        for (name, size, head), (first_name, first_size, first_head) in zip(theirs, said[0], strict=True):
            if (name, size) != (first_name, first_size):
                raise told(
                    InputError(
                        f"the text is {name} of {size:,} bytes on rank {rank} where rank 0 has {first_name} of "
                        f"{first_size:,} bytes; {remedy}"
                    )
                )
            if head != first_head:
                raise told(InputError(f"{name} begins with other text on rank {rank} than on rank 0; {remedy}"))


def describe(source: Source, closely: bool) -> tuple[str, int, str]:
    """Name, size and a hash of the head of a file."""
    head = b""
    if closely and source.fingerprint is not None and source.path is not None:
        try:
            with open(source.path, "rb") as file:
                head = file.read(LOOKED_AT)
        except OSError:
            pass  # the reader will say what is wrong
    return source.path.name if source.path else source.name, source.size or 0, hashlib.sha256(head).hexdigest()[:16]
