"""The choice of the engine: what the options ask for, and what this machine has."""

import os
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from sysconfig import get_default_scheme, get_paths

from sgns.config import WHOLE_SENTENCE, Config
from sgns.errors import ConfigError, MissingExtra
from sgns.training.engines.sampling import Windows

OLDEST_TRITON = (3, 5)  # before, only one thread of a warp got the result of an atomic: triton-lang/triton#7402
WIDEST_ON_CUDA = 24  # tiles with wider margins do not fit into a multiprocessor


def choose(config: Config) -> str:
    """The name of the engine that will train.

    It is `config.engine`; for auto, cuda if there is a card and it can run what the options ask for, else cpu.

    Raises:
        ConfigError: The engine does not have what the options ask for.
        MissingExtra: Its library is not installed, or this machine lacks what it needs.
    """
    if config.engine == "auto":
        return "cuda" if _suits_cuda(config) and missing_for_cuda() is None else "cpu"
    name = config.engine
    if name == "cuda":
        if why := lacks_cuda(config):
            raise ConfigError(f"the cuda engine {why}; take --engine cpu")
        if missing := missing_for_cuda():
            raise MissingExtra(missing)
    if name == "reference" and config.deterministic:
        raise ConfigError("the reference engine has no --deterministic; leave it out, or take --engine cpu")
    if name == "reference" and config.model in ("dbow", "dm"):
        raise ConfigError(f"the reference engine trains no documents, --model {config.model} does; take --engine cpu")
    if name == "reference" and config.window == WHOLE_SENTENCE:
        raise ConfigError("the reference engine has no --window sentence; give a number, or take --engine cpu")
    if name == "reference" and find_spec("torch") is None:
        raise MissingExtra("the reference engine needs PyTorch; install it with: pip install 'sgns[torch]'")
    return name


def _suits_cuda(config: Config) -> bool:
    """Whether auto may choose the cuda engine: it has what the options ask for, and Triton does not interpret.

    With --deterministic, auto chooses the CPU, so that the result does not depend on the card.
    """
    if os.environ.get("TRITON_INTERPRET") == "1":
        return False
    return lacks_cuda(config) is None and not config.deterministic


def lacks_cuda(config: Config) -> str | None:
    """What the cuda engine does not have of what the options ask for, the end of a sentence; None if it has all."""
    reach, reaches, _ = Windows.of(config)
    if config.model != "skipgram":
        return f"trains skip-gram alone, not {config.model}"
    if config.loss != "negatives":
        return f"has negative sampling alone, not --loss {config.loss}"
    if config.ngrams is not None:
        return "has no --ngrams"
    if config.freeze is not None:
        return "has no --freeze"
    if config.sharing != "tile":
        return f"shares negatives in tiles, not by {config.sharing}"
    if reaches != reach:
        return "has neither --window sentence nor --no-shrink-windows"
    if reach > WIDEST_ON_CUDA:
        return f"has windows of {WIDEST_ON_CUDA} at most, and window is {reach}"
    return None


def missing_for_cuda() -> str | None:
    """Why the cuda engine cannot run here, with a remedy, in one line; None if it can."""
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
    found = version("triton")
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST_TRITON:
        oldest = ".".join(map(str, OLDEST_TRITON))
        return f"the cuda engine needs Triton {oldest}, this is {found}; install it with: pip install --upgrade triton"
    if not (os.environ.get("CC") or which("gcc") or which("clang")):
        return "the cuda engine needs a C compiler for Triton, and none is here; on Debian: apt-get install gcc"
    scheme = get_default_scheme().replace("posix_local", "posix_prefix")  # as Triton does
    if not (Path(get_paths(scheme=scheme)["include"]) / "Python.h").exists():
        return "the cuda engine needs Python.h for Triton, and it is not here; on Debian: apt-get install python3-dev"
    return None


def cuda_cards() -> int:
    """The number of NVIDIA cards, from the driver itself, because importing PyTorch takes seconds."""
    import ctypes

    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
            return 0
        return count.value
    except (OSError, AttributeError):
        return 0
