"""What a run trains with: its engine, ready to start, the held-out text, the threads, the versions of what computes."""

import os
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from sgns import __version__
from sgns.config import Config
from sgns.errors import MissingExtra, SgnsError
from sgns.text.corpus import Corpus
from sgns.training.engines import choose

if TYPE_CHECKING:
    from sgns.training.engines.cpu import CpuEngine
    from sgns.training.engines.cuda import CudaEngine
    from sgns.training.heldout import Heldout


def make_heldout(corpus: Corpus, config: Config) -> "Heldout | None":
    """The held-out part of a corpus, if the options ask for one."""
    if not config.heldout:
        return None
    from sgns.training.heldout import Heldout

    vocabulary = corpus.vocabulary
    keep, noise = vocabulary.keep_probabilities(config.subsample), vocabulary.noise(config.noise_power)
    return Heldout(corpus.ids, corpus.sentence_ends, keep, noise, config)


def make_engine(corpus: Corpus, config: Config, heldout: "Heldout | None" = None) -> "CpuEngine | CudaEngine":
    """The engine for a corpus; it trains on all of it but what is held out."""
    from sgns.training.engines.cpu import CpuEngine, whole

    vocabulary = corpus.vocabulary
    keep, noise = vocabulary.keep_probabilities(config.subsample), vocabulary.noise(config.noise_power)
    ends = corpus.sentence_ends if heldout is None else heldout.sentence_ends
    runs = whole if heldout is None else heldout.runs
    if choose(config) == "cuda":
        from sgns.training.engines.cuda import CudaEngine

        held_out = None if heldout is None else list(zip(heldout.begins, heldout.ends, strict=True))
        return CudaEngine(corpus.ids, ends, keep, noise, config, counts=vocabulary.counts, held_out=held_out)
    if config.deterministic:
        from sgns.training.engines.flights import FlightEngine

        counts, threads = vocabulary.counts, thread_count(config)
        return FlightEngine(corpus.ids, ends, keep, noise, config, counts=counts, threads=threads, runs=runs)
    heads = None
    if config.sharing == "tile":
        from sgns.training.engines.heads import Heads

        heads = Heads(vocabulary.counts, keep, noise, config, thread_count(config))
    return CpuEngine(corpus.ids, ends, keep, noise, config, runs=runs, heads=heads)


def started(
    corpus: Corpus, config: Config, heldout: "Heldout | None", watch: Callable[[], None]
) -> "CpuEngine | CudaEngine":
    """The engine, its kernels compiled and those of the held-out loss with them; `watch` is called meanwhile.

    Raises:
        MissingExtra: the card's driver, Triton or PyTorch refuse; what they say, in one line.
    """

    def compile(engine: "CpuEngine | CudaEngine") -> None:
        engine.compile()
        if heldout is not None:
            heldout.loss(engine.E, engine.C)

    try:
        engine = make_engine(corpus, config, heldout)
        in_background(lambda: compile(engine), watch)
    except SgnsError:
        raise
    except Exception as error:
        if choose(config) != "cuda":
            raise
        said = next(iter(str(error).strip().splitlines()), "")[:200]
        raise MissingExtra(
            f"the cuda engine does not start on this card ({type(error).__name__}: {said}); take --engine cpu"
        ) from error
    return engine


def one_at_a_time(engine: "CpuEngine | CudaEngine", config: Config) -> bool:
    """Whether one thread calls the engine, one block after the other, and the engine shares out the work itself."""
    return config.deterministic or engine.name == "cuda"


def in_background(work: Callable[[], None], watch: Callable[[], None]) -> None:
    """Do `work` in a thread and call `watch` meanwhile, once it has taken long enough to be noticed."""
    from concurrent.futures import ThreadPoolExecutor
    from concurrent.futures import TimeoutError as Late

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        wait = 0.5
        while True:
            try:
                return result.result(wait)
            except Late:
                watch()
                wait = 0.1


def thread_count(config: Config) -> int:
    """Threads that train: those asked for, or all cores that this process may use."""
    if config.threads:
        return config.threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions(engine: str) -> dict[str, str]:
    """Versions of sgns and of the libraries that an engine's numbers depend on."""
    from importlib.metadata import version

    names = {"reference": ("numpy", "torch"), "cuda": ("numpy", "torch", "triton")}.get(
        engine, ("numpy", "numba", "llvmlite")
    )
    return {"sgns": __version__, "python": platform.python_version()} | {name: version(name) for name in names}
