"""Compiles the kernels of a run ahead of it: in a second process while this one reads the text, or on demand.

Numba compiles one kernel at a time in a process. The second process writes into the common cache of kernels, from which
the run then loads; where it fails or nothing can be kept, the run compiles for itself. `sgns compile` fills the cache
before any run, for an image of a container.
"""

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sgns.base.kernel_cache import (
    can_be_kept,
    compiling,
    is_compiled,
    kernel_folder,
    not_kept,
    note_compiled,
    variable_of_folder,
)
from sgns.base.parallel import in_background, usable_cores
from sgns.config import Config
from sgns.errors import OutputError
from sgns.progress.callback import ProgressCallback
from sgns.training.plan import Plan, Resources

if TYPE_CHECKING:
    from sgns.text.corpus import Corpus

WATCH = 0.1  # seconds between two calls of `watch`
PATIENCE = 300.0  # seconds after which the run no longer waits
KERNEL_OPTIONS = (
    "dim", "model", "combine", "loss", "ngrams", "window", "shrink_windows", "negatives", "sharing", "deterministic",
    "validation", "threads",
)  # fmt: skip
TILE_KERNEL = "-tile-kernel"  # after the name of a set of kernels: the first of them is compiled
SECOND = "SGNS_SECOND_PROCESS"  # set in the environment of the second process: a run in it starts none


class Precompilation:
    """The second process, if there is something to compile; a context that ends it.

    It ends by itself when this process ends in another way.

    Args:
        config: The options of the run.
        resources: Engine and threads; only kernels of the cpu engine are compiled ahead.
    """

    def __init__(self, config: Config, resources: Resources) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._config, self._threads = config, resources.threads
        self._kernels = kernels_of(config, resources.threads)
        if resources.engine == "cpu" and can_start() and not is_compiled(self._kernels) and can_be_kept():
            self._process = start_second_process(config, resources.threads)

    def wait(self, watch: Callable[[], None]) -> None:
        """Waits until the kernels of training are compiled, and calls `watch` about ten times a second meanwhile.

        After a small text, the second process is still at the kernel that trains on blocks: then this one compiles the
        kernels that draw them. The second one goes on with the kernels of text, from which the next run gains.
        """
        end = time.monotonic() + PATIENCE
        if self._process is not None and self._process.poll() is None and self._draws_wait():
            config = Config(**kernel_options(self._config, self._threads) | {"validation": 0.0})
            in_background(partial(compile_draws, config, self._threads), watch)
        while self._process is not None and self._process.poll() is None and time.monotonic() < end:
            if is_compiled(self._kernels):
                return
            watch()
            time.sleep(WATCH)

    def _draws_wait(self) -> bool:
        """Whether the second process has not come to the kernels that draw blocks."""
        done = is_compiled(self._kernels) or is_compiled(self._kernels + TILE_KERNEL)
        return has_tile_kernel(self._config) and usable_cores() > 1 and not done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()


def can_start() -> bool:
    """Whether `sys.executable` is a Python that runs a module of ours: not a frozen program, nor the second process."""
    return bool(sys.executable) and not getattr(sys, "frozen", False) and SECOND not in os.environ


def start_second_process(config: Config, threads: int) -> subprocess.Popen[bytes] | None:
    """Starts `main` in a process of its own; None where that cannot be. It ends when its standard input does."""
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "sgns.training.precompile", json.dumps(kernel_options(config, threads))],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), SECOND: "1"},
        )  # fmt: skip
    except OSError:  # no memory or no right to start a process: the run compiles for itself
        return None


def kernel_options(config: Config, threads: int) -> dict[str, Any]:
    """Those of `KERNEL_OPTIONS`: what is asked of the text may not fit the corpus of `small_run`."""
    return {name: getattr(config, name) for name in KERNEL_OPTIONS} | {"threads": threads}


def kernels_of(config: Config, threads: int) -> str:
    """The name of the set of kernels that a run needs: two runs with the same name need the same kernels."""
    from sgns.training.engines.matrices import row_stride

    stride = row_stride(config.dim)
    parts = [config.sharing, f"s{stride}", f"w{config.window}", f"n{config.negatives}"]
    parts += [] if config.shrink_windows else ["fixed"]
    if config.model != "skipgram":
        parts += [config.model, config.combine]
    parts += ["paths"] if config.loss == "hierarchical" else []
    parts += ["ngrams"] if config.ngrams is not None else []
    parts += ["deterministic"] if config.deterministic else ["threads"] if threads > 1 else []
    if config.validation:
        parts.append("validation" if config.dim < stride else "validation-whole-rows")
    return "-".join(parts)


def loading_stage(engine: str, config: Config, threads: int) -> str:
    """What the display says while an engine and its kernels are loaded."""
    if engine == "cpu" and is_compiled(kernels_of(config, threads)):
        return f"load the {engine} engine"
    return "compile kernels (once)"


def compile_training(config: Config, threads: int) -> None:
    """Compiles the kernels that the cpu engine needs for these options, or loads them from the cache."""
    from sgns.training.engines.build import start
    from sgns.training.model_validation import make_validation

    if config.validation:  # of the small corpus below, enough sentences for a sample
        config = replace(config, validation=0.5)
    plan, corpus = small_run(config, threads)
    validation = make_validation(corpus, plan) if config.validation else None
    start(plan, corpus, validation, lambda: None)
    note_compiled(kernels_of(config, threads))


def small_run(config: Config, threads: int) -> "tuple[Plan, Corpus]":
    """A corpus of 50 words, for which the same kernels are compiled as for any other, and the plan of a run over it."""
    import numpy as np

    from sgns.text.corpus import Corpus
    from sgns.text.documents import Documents
    from sgns.text.vocabulary import Vocabulary

    if config.ngrams is not None:
        config = replace(config, buckets=100)  # a kernel does not know how many there are
    n, words = 4_000, 50
    ids = (np.arange(n) * 7 % words).astype(np.int32)
    ends = np.arange(10, n + 1, 10)
    documents = None
    if config.documents:
        documents = Documents(["0"], np.arange(len(ends) + 1), np.zeros(len(ends), np.int32))
    vocabulary = Vocabulary([str(word) for word in range(words)], [n // words] * words)
    corpus = Corpus(ids, ends, vocabulary, "", n, documents=documents)
    return Plan.of(corpus.vocabulary, config, Resources("cpu", threads)), corpus


def has_tile_kernel(config: Config) -> bool:
    """Whether these options need a kernel that `compile_kernel` compiles, and others that `compile_draws` does."""
    return config.sharing == "tile" and config.ngrams is None and not config.deterministic


def compile_draws(config: Config, threads: int) -> None:
    """Compiles the kernels that draw blocks: about a third of what the cpu engine needs."""
    from sgns.training.engines.build import build
    from sgns.training.engines.cpu.engine import CpuEngine

    with compiling():
        engine = build(*small_run(config, threads))
        if isinstance(engine, CpuEngine):
            engine.compile_draws()


def compile_kernel(config: Config, threads: int) -> None:
    """Compiles the kernel that trains on blocks, where negatives are shared in tiles."""
    from sgns.training.engines.build import rows_of
    from sgns.training.engines.cpu.models import TileModel, model_of
    from sgns.training.engines.matrices import row_stride

    plan, corpus = small_run(config, threads)
    rows, _ = rows_of(plan, corpus, corpus.sentence_ends)
    model = model_of(plan.config, row_stride(config.dim), len(plan.counts), rows)
    if isinstance(model, TileModel):
        model.compile_kernel()


def compile_for_later(config: Config, dims: Sequence[int], progress: ProgressCallback) -> dict[str, Any]:
    """Compiles all kernels of runs with these options, on any number of threads, with validation or without.

    Args:
        config: The options of the runs; `dim`, `threads` and `validation` are of no account.
        dims: Dimensions of the vectors.
        progress: Called about ten times a second.

    Returns:
        `folder`, where the kernels are kept; `dims`; `compiled`, name and seconds of each set of kernels; `seconds`.

    Raises:
        OutputError: The folder cannot be written, or its disk is full.
    """
    from sgns.text.encode import load_kernels
    from sgns.text.phrases import load_kernels as load_phrase_kernels

    if not can_be_kept():
        raise OutputError(f"{kernel_folder()} cannot be written; set {variable_of_folder()} to a folder that can")

    def training(dim: int) -> None:
        one = replace(config, dim=dim, engine="cpu", validation=0.5)
        compile_training(one, threads=2)  # these kernels include those of one thread, and without validation
        for validation in (0.0, 0.5):
            for threads in (1, 2):
                note_compiled(kernels_of(replace(one, validation=validation), threads))

    jobs: list[tuple[str, Callable[[], None]]] = [("text", load_kernels), ("phrases", load_phrase_kernels)]
    jobs += [("vector files", compile_vector_files)]
    jobs += [(f"training, dim {dim}", lambda dim=dim: training(dim)) for dim in dims]  # type: ignore[misc]
    if config.documents:
        jobs.append(("inference of documents", lambda: compile_inference(config)))
    began, compiled = time.perf_counter(), []
    for done, (name, job) in enumerate(jobs):

        def watch(done: int = done) -> None:
            progress("compile kernels", done, len(jobs), "parts")

        watch()
        start = time.perf_counter()
        in_background(job, watch)
        compiled.append({"kernels": name, "seconds": time.perf_counter() - start})
        if not_kept():
            raise OutputError(
                f"{str(not_kept()[0]).partition(';')[0]}; free space, or set {variable_of_folder()} to a folder on a "
                "larger disk"
            )
    progress("compile kernels", len(jobs), len(jobs), "parts")
    seconds = time.perf_counter() - began
    return {"folder": str(kernel_folder()), "dims": list(dims), "compiled": compiled, "seconds": seconds}


def compile_inference(config: Config) -> None:
    """Compiles the kernel that infers vectors of new documents, of any dimension, or loads it from the cache."""
    import numpy as np

    from sgns.training.infer import infer_texts
    from sgns.vectors.files.parts import Parts
    from sgns.vectors.vectors import Vectors

    words, rows = ["a", "b"], np.zeros((2, config.dim), np.float32)
    tree = config.loss == "hierarchical"
    parts = Parts.of(words, rows, None if tree else rows, np.array([1, 1]), {"config": config.to_dict()})
    infer_texts(Vectors.from_parts(replace(parts, nodes=rows[:1]) if tree else parts), [words], epochs=1, threads=1)


def compile_vector_files() -> None:
    """Compiles the kernel that reads vectors from text, or loads it from the cache."""
    import numpy as np

    from sgns.vectors.files.decimals import parse_rows

    parse_rows(b"a 1\n", np.array([0]), np.array([3]), np.empty((1, 1), np.float32))


def end_with_standard_input() -> None:
    """Ends this process when its standard input ends, which is when the process that started it does."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(options: str) -> None:
    """The second process: the kernels of training, then those of text, which a small text does not need.

    Args:
        options: Those of `KERNEL_OPTIONS`, as JSON.
    """
    end_with_standard_input()
    gc.disable()  # it ends before garbage matters
    config = Config(**json.loads(options))
    if has_tile_kernel(config):
        compile_kernel(config, config.threads)
        note_compiled(kernels_of(config, config.threads) + TILE_KERNEL)
    compile_training(config, config.threads)
    if not_kept():  # the run compiles for itself, and waits no longer
        return
    if hasattr(os, "nice"):
        os.nice(10)  # the run needs the cores for training now
    from sgns.text.encode import load_kernels

    load_kernels()


if __name__ == "__main__":
    main(sys.argv[1])
