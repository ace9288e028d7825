"""Compiles the kernels of a run ahead of it: in a second process while this one reads the text, or on demand.

Numba compiles one kernel at a time in a process. The second process writes into the common cache of kernels, from which
the run then loads; where it fails or nothing can be kept, the run compiles for itself.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sgns.base.kernel_cache import is_compiled, note_compiled
from sgns.config import Config
from sgns.training.plan import Plan, Resources

WATCH = 0.1  # seconds between two calls of `watch`
PATIENCE = 300.0  # seconds after which the run no longer waits
KERNEL_OPTIONS = ("dim", "window", "negatives", "sharing", "deterministic", "validation", "threads", "engine")


class Precompilation:
    """The second process, if there is something to compile; a context that ends it.

    Args:
        config: The options of the run.
        resources: Engine and threads; only kernels of the cpu engine are compiled ahead.
    """

    def __init__(self, config: Config, resources: Resources) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._kernels = kernels_of(config, resources.threads)
        if resources.engine != "cpu" or not sys.executable or is_compiled(self._kernels):
            return
        options = {name: getattr(config, name) for name in KERNEL_OPTIONS} | {"threads": resources.threads}
        command = [sys.executable, "-m", "sgns.training.precompile", json.dumps(options)]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
        except OSError:  # no memory or no right to start a process: the run compiles for itself
            self._process = None

    def wait(self, watch: Callable[[], None]) -> None:
        """Waits until the kernels of training are compiled, and calls `watch` about ten times a second meanwhile.

        The process goes on with the kernels of text, from which the next run gains.
        """
        end = time.monotonic() + PATIENCE
        while self._process is not None and self._process.poll() is None and time.monotonic() < end:
            if is_compiled(self._kernels):
                return
            watch()
            time.sleep(WATCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def kernels_of(config: Config, threads: int) -> str:
    """The name of the set of kernels that a run needs: two runs with the same name need the same kernels."""
    from sgns.training.engines.matrices import row_stride

    parts = [config.sharing, f"s{row_stride(config.dim)}", f"w{config.window}", f"n{config.negatives}"]
    parts += ["deterministic"] if config.deterministic else ["threads"] if threads > 1 else []
    return "-".join([*parts, *(["validation"] if config.validation else [])])


def compile_training(config: Config, threads: int) -> None:
    """Compiles the kernels that the cpu engine needs for these options, or loads them from the cache."""
    import numpy as np

    from sgns.text.corpus import Corpus
    from sgns.text.vocabulary import Vocabulary
    from sgns.training.engines.build import start
    from sgns.training.validation import make_validation

    n, words = 4_000, 50
    ids = (np.arange(n) * 7 % words).astype(np.int32)
    ends = np.arange(10, n + 1, 10)
    corpus = Corpus(ids, ends, Vocabulary([str(word) for word in range(words)], [n // words] * words), "", n)
    plan = Plan.of(corpus.vocabulary, config, Resources("cpu", threads))
    validation = make_validation(corpus, plan) if config.validation else None
    start(plan, corpus, validation, lambda: None)
    note_compiled(kernels_of(config, threads))


def main(options: str) -> None:
    """The second process: the kernels of training, then those of text, which a small text does not need."""
    import gc

    from sgns.text.encode import load_kernels

    gc.disable()  # it ends before garbage matters
    config = Config(**json.loads(options))
    if config.validation:  # of the small corpus below, enough sentences for a sample
        config = Config(**json.loads(options) | {"validation": 0.5})
    compile_training(config, config.threads)
    load_kernels()


if __name__ == "__main__":
    main(sys.argv[1])
