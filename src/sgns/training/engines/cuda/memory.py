"""The memory that a run needs on the card, computed before it begins."""

import os

from sgns.base.memory import largest_that_fits
from sgns.errors import ConfigError

SPARE = 512 * 2**20  # for the context, the kernels and the buffers of a block


def device_stride(dim: int) -> int:
    """Floats from one row to the next on the device: whole sectors of 32 bytes."""
    return max(16, -(-dim // 8) * 8)


def bytes_needed(V: int, dim: int, tokens: int) -> int:
    """Bytes on the device: E, C and their gradients; curvatures and claims; thresholds and noise table; the corpus."""
    return 4 * V * device_stride(dim) * 4 + 4 * V * 4 + 2 * V * 8 + tokens * 4 + SPARE


def check_fits(V: int, dim: int, tokens: int, free: int) -> None:
    """Refuses a run that does not fit in `free` bytes.

    Raises:
        ConfigError: It names the largest dim and the largest vocabulary that fit.
    """
    needed = bytes_needed(V, dim, tokens)
    if needed <= free:
        return
    found = f"training takes {needed / 2**30:.1f} GiB on the card, {free / 2**30:.1f} GiB are free"
    remedies = []
    if largest := largest_that_fits(lambda d: bytes_needed(V, d, tokens), free, dim):
        remedies.append(f"--dim {largest}")
    if largest := largest_that_fits(lambda v: bytes_needed(v, dim, tokens), free, V):
        remedies.append(f"--max-vocabulary {largest}")
    raise ConfigError(f"{found}; take {' or '.join([*remedies, '--engine cpu'])}")


def card_memory() -> int:
    """Bytes that are free on the card; all memory of the machine under Triton's interpreter."""
    import torch

    if not torch.cuda.is_available():
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(torch.cuda.mem_get_info()[0])
