"""From text to vectors in one call: read, train, hand over with everything that is known about the run."""

import math
import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sgns import __version__
from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.corpus import Corpus
from sgns.training.engines import choose
from sgns.training.schedule import Schedule
from sgns.training.trainer import State
from sgns.training.trainer import train as train_blocks
from sgns.vectors.vectors import Vectors

Source = Corpus | str | Path | Iterable[str | Path] | Iterable[Iterable[str]] | None


class Display(Protocol):
    """Where progress goes; `sgns.progress.Progress` is one."""

    def update(
        self, stage: str, done: int, total: int | None, unit: str = "", fields: dict[str, str] | None = None
    ) -> None:
        """Show how far a stage is."""

    def note(self, text: str) -> None:
        """Show a line that stays."""


@dataclass
class Trained:
    """A finished run.

    Attributes:
        vectors: E, C, words, counts, and the report as metadata.
        report: What `sgns train --json` prints.
        interrupted: Whether Ctrl-C ended it early.
    """

    vectors: Vectors
    report: dict[str, Any]
    interrupted: bool


def train(source: Source = None, *, config: Config | None = None, quiet: bool = False, **options: Any) -> Vectors:
    """Train word vectors.

    Example:
        vectors = sgns.train("corpus.txt", dim=100, epochs=5)

    Args:
        source: A path or several (files, folders, packed files), an iterable of token lists, a `Corpus`, or None for
            the built-in corpus: the documentation on this machine.
        config: All options at once; or give them by name:
        **options: Fields of `Config`, such as dim, window, negatives, epochs, lr, min_count, threads, seed, engine.
        quiet: Show no progress.

    Returns:
        The vectors. Ctrl-C returns what has been learnt so far, with metadata["interrupted"] = True.

    Raises:
        ConfigError: an option out of range, or unknown.
        InputError: the text cannot be read, or leaves nothing to train on.
        DivergedError: the vectors exploded; the message names an lr to try.
    """
    from sgns.progress import Progress

    if config is not None and options:
        raise ConfigError(f"both config and {', '.join(options)} were given; give one or the other")
    if unknown := [name for name in options if name not in Config.__dataclass_fields__]:
        raise ConfigError(f"{unknown[0]!r} is no option; options are {', '.join(Config.__dataclass_fields__)}")
    config = config or Config(**options)
    with Progress(quiet=quiet) as display:
        return run(read(source, config, display), config, display).vectors


def read(source: Source, config: Config, display: Display) -> Corpus:
    """The corpus of a source; see `train`."""
    if isinstance(source, Corpus):
        return source
    if source is None:
        return Corpus.builtin(config, display.update)
    if isinstance(source, str | Path):
        return Corpus.from_files([source], config, display.update)
    things = source if isinstance(source, list | tuple) else iter(source)
    if isinstance(things, list | tuple) and things and all(isinstance(thing, str | Path) for thing in things):
        return Corpus.from_files(list(things), config, display.update)
    return Corpus.from_sentences(things, config)  # type: ignore[arg-type]


def run(corpus: Corpus, config: Config, display: Display) -> Trained:
    """Train on a corpus and report."""
    began = time.perf_counter()
    for note in corpus.notes:
        display.note(note)
    if corpus.tokens == corpus.sentences:
        raise InputError(
            f"all {corpus.sentences} sentences have a single word of the vocabulary, and a word alone has no context; "
            "join lines with --sentences none or paragraph, or lower --min-count"
        )
    engine = choose(config)
    if engine == "reference":
        from sgns.training.engines.reference import run_reference

        E, C, state, compiled, trained = run_reference(corpus, config, display)
    else:
        E, C, state, compiled, trained = _run_cpu(corpus, config, display)
    report = {
        "tokens": corpus.tokens,
        "raw_tokens": corpus.raw_tokens,
        "sentences": corpus.sentences,
        "vocabulary": len(corpus.vocabulary),
        "parameters": 2 * len(corpus.vocabulary) * config.dim,
        "words": state.words,
        "pairs": sum(state.pairs),
        "losses": [loss if math.isfinite(loss) else None for loss in state.losses],
        "engine": engine,
        "threads": 1 if engine == "reference" else thread_count(config),
        "seconds": {
            "scan": corpus.scan_seconds,
            "compile": compiled,
            "train": trained,
            "total": corpus.scan_seconds + time.perf_counter() - began,
        },
        "words_per_second": state.words / trained if trained > 0 else 0.0,
        "interrupted": state.interrupted,
    }
    metadata = report | {
        "config": config.to_dict(),
        "corpus": corpus.hash,
        "versions": versions(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    vectors = Vectors(corpus.vocabulary.words, E, C, corpus.vocabulary.counts, metadata)
    return Trained(vectors, report, state.interrupted)


def _run_cpu(corpus: Corpus, config: Config, display: Display) -> tuple[Any, Any, State, float, float]:
    display.update("load the CPU engine", 0, None)
    began = time.perf_counter()
    from sgns.training.engines.cpu import CpuEngine

    vocabulary = corpus.vocabulary
    engine = CpuEngine(
        corpus.ids,
        corpus.sentence_ends,
        vocabulary.keep_probabilities(config.subsample),
        vocabulary.noise(config.noise_power),
        config,
    )
    in_background(engine.compile, lambda: display.update("compile kernels (once)", 0, None))
    compiled = time.perf_counter() - began
    schedule = Schedule(corpus.tokens, config.epochs, config.lr, config.min_lr)
    began = time.perf_counter()

    def watch(state: State) -> None:
        display.update("train", state.words, schedule.words, "words", figures(state, config))

    state = train_blocks(engine, schedule, thread_count(config), watch)
    trained = time.perf_counter() - began
    return engine.E[:, : config.dim], engine.C[:, : config.dim], state, compiled, trained


def in_background(work: Any, watch: Any) -> None:
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


def figures(state: State, config: Config) -> dict[str, str]:
    """What stands beside the progress bar: epoch and its loss so far."""
    epoch = max(1, len(state.loss))
    loss = state.losses[-1] if state.loss else math.nan
    return {"epoch": f"{epoch}/{config.epochs}", "loss": f"{loss:.4f}" if math.isfinite(loss) else "…"}


def thread_count(config: Config) -> int:
    """Threads that train: those asked for, or all cores that this process may use."""
    if config.threads:
        return config.threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Versions of sgns and of the libraries that the numbers depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"sgns": __version__, "python": platform.python_version()}
    for name in ("numpy", "numba", "llvmlite", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
