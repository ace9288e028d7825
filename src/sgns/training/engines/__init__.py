"""The front door of the engines: which one trains. Nobody else asks."""

import os
import sys
from importlib.util import find_spec

from sgns.config import Config
from sgns.errors import ConfigError, MissingExtra

WIDEST_ON_CUDA = 24  # tiles with wider margins do not fit into a multiprocessor


def choose(config: Config) -> str:
    """The name of the engine that will train: `config.engine`, or for auto the fastest that this machine has.

    Raises:
        ConfigError: the engine does not have what the options ask for.
        MissingExtra: its library is not installed.
    """
    if config.engine == "auto":
        return "cuda" if _suits_cuda(config) and missing_for_cuda() is None else "cpu"
    name = config.engine
    if name == "cuda":
        if config.sharing != "tile":
            raise ConfigError(f"the cuda engine shares negatives in tiles, not by {config.sharing}; take --engine cpu")
        if config.window > WIDEST_ON_CUDA:
            raise ConfigError(
                f"window is {config.window}, but the cuda engine reaches {WIDEST_ON_CUDA} at most; take --engine cpu"
            )
        if missing := missing_for_cuda():
            raise MissingExtra(missing)
    if name == "reference" and config.deterministic:
        raise ConfigError("the reference engine has no --deterministic; leave it out, or take --engine cpu")
    if name == "reference" and find_spec("torch") is None:
        raise MissingExtra("the reference engine needs PyTorch; install it with: pip install 'sgns[torch]'")
    return name


def _suits_cuda(config: Config) -> bool:
    """Whether auto may take the cuda engine: it has what the options ask for, and is no interpreter.

    With --deterministic, auto keeps the bits of a CPU.
    """
    if os.environ.get("TRITON_INTERPRET") == "1":
        return False
    return config.sharing == "tile" and config.window <= WIDEST_ON_CUDA and not config.deterministic


def missing_for_cuda() -> str | None:
    """What keeps the cuda engine from running here, in a line with its remedy; None if nothing does."""
    if os.environ.get("TRITON_INTERPRET") != "1" and not cuda_cards():
        return "the cuda engine needs an NVIDIA card and its driver, and none is here; take --engine cpu"
    for library, name in {"torch": "PyTorch", "triton": "Triton"}.items():
        if find_spec(library) is None:
            return f"the cuda engine needs {name}; install it with: pip install 'sgns[gpu]'"
    if os.environ.get("TRITON_INTERPRET") == "1":
        return None
    import torch

    if not torch.cuda.is_available():
        return "the cuda engine needs a PyTorch that knows CUDA, and this one does not; install one from pytorch.org"
    return None


def cuda_cards() -> int:
    """NVIDIA cards that the driver knows; asked of the driver itself, since importing PyTorch takes seconds."""
    import ctypes

    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
            return 0
        return count.value
    except (OSError, AttributeError):
        return 0
