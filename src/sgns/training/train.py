"""From text to vectors in one call: read, train, hand over with everything that is known about the run."""

import math
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgns.base.files import check_writable
from sgns.config import Config
from sgns.errors import ConfigError, DivergedError, InputError
from sgns.progress.callback import Display
from sgns.text.corpus import Corpus
from sgns.training.checkpoint import Checkpoints, Every, check_finite, identity
from sgns.training.engines.build import start
from sgns.training.loop import State
from sgns.training.loop import train as train_blocks
from sgns.training.plan import Plan
from sgns.training.schedule import Schedule
from sgns.training.signals import Interrupts
from sgns.training.validation import make_validation
from sgns.vectors.vectors import Vectors

Source = Corpus | str | Path | Iterable[str | Path] | Iterable[Iterable[str]] | None


@dataclass
class Trained:
    """A finished run.

    Attributes:
        vectors: E, C, words, counts, and the report as metadata.
        report: What `sgns train --json` prints.
        interrupted: Whether Ctrl-C or SIGTERM ended it early.
        checkpoints: Those of the run, to be cleared once the vectors are saved; None where none were asked for.
        signal: The signal that ended it.
    """

    vectors: Vectors
    report: dict[str, Any]
    interrupted: bool
    checkpoints: Checkpoints | None = None
    signal: int | None = None


@dataclass(frozen=True)
class Keep:
    """What is kept on disk while a run goes on.

    Attributes:
        output: The vector file that the run is for; checkpoints lie beside it.
        every: How often, such as `60s` or `20blocks`; None only when the run is asked to end early.
        resume: Go on from the newest checkpoint that is whole.
    """

    output: Path
    every: Every | None = None
    resume: bool = False


def train(
    source: Source = None,
    *,
    config: Config | None = None,
    quiet: bool = False,
    live: bool = False,
    checkpoint: str | Path | None = None,
    checkpoint_every: str | None = None,
    resume: bool = False,
    **options: Any,
) -> Vectors:
    """Train word vectors.

    Example:
        vectors = sgns.train("corpus.txt", dim=100, epochs=5)

    Args:
        source: A path or several (files, folders, packed files), an iterable of token lists, a `Corpus`, or None for
            the built-in corpus: the documentation on this machine.
        config: All options at once; or give them by name:
        **options: Fields of `Config`, such as dim, window, negatives, epochs, lr, min_count, threads, seed, engine.
        quiet: Show no progress.
        live: Plot the loss while it falls (terminals).
        checkpoint: A file, usually where the vectors will be saved; checkpoints are written beside it.
        checkpoint_every: How often: `60s`, `5m`, `1h`, `20blocks`.
        resume: Go on from the newest checkpoint; from the beginning if there is none.

    Returns:
        The vectors. After Ctrl-C or SIGTERM what has been learnt so far, with metadata["interrupted"] = True.

    Raises:
        ConfigError: an option out of range, or unknown.
        InputError: the text cannot be read, or leaves nothing to train on.
        CheckpointError: `resume`, and the checkpoint is of another run, or damaged.
        DivergedError: the vectors exploded; the message names an lr to try.
        KeyboardInterrupt: after a second Ctrl-C.
    """
    from sgns.progress import Progress
    from sgns.progress.live import LivePlot

    if config is not None and options:
        raise ConfigError(f"both config and {', '.join(options)} were given; give one or the other")
    if unknown := [name for name in options if name not in Config.__dataclass_fields__]:
        raise ConfigError(f"{unknown[0]!r} is no option; options are {', '.join(Config.__dataclass_fields__)}")
    if checkpoint is None and (checkpoint_every is not None or resume):
        raise ConfigError("checkpoint_every and resume need a place; give checkpoint='vectors.safetensors'")
    config = config or Config(**options)
    keep = None
    if checkpoint is not None:
        keep = Keep(Path(checkpoint), Every.parse(checkpoint_every) if checkpoint_every else None, resume)
        check_writable(keep.output)
    with (LivePlot if live else Progress)(quiet=quiet) as display:
        trained = run(read(source, config, display), config, display, keep)
    if trained.checkpoints is not None and not trained.interrupted:
        trained.checkpoints.clear()
    return trained.vectors


def read(source: Source, config: Config, display: Display) -> Corpus:
    """The corpus of a source; see `train`."""
    if isinstance(source, Corpus):
        return source
    if source is None:
        return Corpus.builtin(config, display.update)
    if isinstance(source, str | Path):
        return Corpus.from_files([source], config, display.update)
    if not isinstance(source, Iterable) or isinstance(source, bytes | bytearray):
        raise InputError(f"the text is {source!r:.60}, not a path nor lists of words; give sgns.train('corpus.txt')")
    things = source if isinstance(source, list | tuple) else iter(source)
    if isinstance(things, list | tuple) and things and all(isinstance(thing, str | Path) for thing in things):
        return Corpus.from_files(list(things), config, display.update)
    return Corpus.from_sentences(things, config)  # type: ignore[arg-type]


def run(corpus: Corpus, config: Config, display: Display, keep: Keep | None = None) -> Trained:
    """Train on a corpus and report.

    The vectors' metadata holds what the run was, never how long it took: a run that was killed and resumed gives the
    same file as one that was not. Times are in the report.
    """
    began = time.perf_counter()
    plan = Plan.of(corpus.vocabulary, config)
    config, engine = plan.config, plan.engine
    for warning in corpus.warnings:
        display.warn(warning)
    if corpus.tokens == corpus.sentences:
        raise InputError(
            f"all {corpus.sentences} sentences have a single word of the vocabulary, and a word alone has no context; "
            "join lines with --sentences none or paragraph, or lower --min-count"
        )
    checkpoints = None
    if keep is not None:
        named = identity(config.to_dict(), corpus.hash, plan.versions())
        checkpoints = Checkpoints(keep.output, named, display.warn)
    if engine == "reference":
        if keep is not None and (keep.every is not None or keep.resume):
            raise ConfigError("the reference engine writes no checkpoints; leave them out, or take --engine cpu")
        from sgns.training.engines.reference import run_reference

        E, C, state, compiled, seconds = run_reference(corpus, config, display, make_validation(corpus, plan))
        pace = Pace(state.words, seconds)
    else:
        E, C, state, compiled, pace = _run_blocks(corpus, plan, display, keep, checkpoints)
    facts = {
        "tokens": corpus.tokens,
        "raw_tokens": corpus.raw_tokens,
        "sentences": corpus.sentences,
        "vocabulary": len(corpus.vocabulary),
        "parameters": 2 * len(corpus.vocabulary) * config.dim,
        "words": state.words,
        "pairs": sum(state.pairs),
        "losses": [loss if math.isfinite(loss) else None for loss in state.losses],
        **({"validation_losses": state.validation} if config.validation else {}),
        "engine": engine,
        "interrupted": state.interrupted,
    }
    report = facts | {
        "threads": 1 if engine in ("reference", "cuda") else plan.threads,
        "seconds": {
            "scan": corpus.scan_seconds,
            "compile": compiled,
            "train": pace.seconds,
            "total": corpus.scan_seconds + time.perf_counter() - began,
        },
        "words_per_second": pace.words / pace.seconds if pace.seconds > 0 else 0.0,
    }
    metadata = facts | identity(config.to_dict(), corpus.hash, plan.versions()) | {"machine": platform.machine()}
    vectors = Vectors(corpus.vocabulary.words, E, C, corpus.vocabulary.counts, metadata)
    check_finite(vectors)
    return Trained(vectors, report, state.interrupted, checkpoints, state.signal)


@dataclass(frozen=True)
class Pace:
    """What this process trained on, and how long it took; a resumed run began before it."""

    words: int
    seconds: float


def _run_blocks(
    corpus: Corpus, plan: Plan, display: Display, keep: Keep | None, checkpoints: Checkpoints | None
) -> tuple[Any, Any, State, float, Pace]:
    config = plan.config
    display.update(f"load the {plan.engine.upper()} engine", 0, None)
    began = time.perf_counter()
    from sgns.training.hooks import EpochsAndCheckpoints

    validation = make_validation(corpus, plan)
    engine = start(plan, corpus, validation, lambda: display.update("compile kernels (once)", 0, None))
    compiled = time.perf_counter() - began
    schedule = Schedule.of(corpus.tokens, config, engine.longest)
    E, C = engine.E[:, : config.dim], engine.C[:, : config.dim]
    vectors = Vectors(corpus.vocabulary.words, E, C, corpus.vocabulary.counts)
    state = State()
    if keep is not None and checkpoints is not None:
        state = _begin(keep, checkpoints, vectors, schedule, display)
    every, threads = keep.every if keep else None, plan.threads
    rests = EpochsAndCheckpoints(vectors, schedule, validation, checkpoints, every, threads, engine.sync)
    began, before = time.perf_counter(), state.words

    def watch(state: State) -> None:
        display.update("train", state.words, schedule.words, "words", figures(state, config))

    watch(state)
    with Interrupts() as signals:
        try:
            state = train_blocks(
                engine,
                schedule,
                threads if engine.concurrent else 1,
                watch,
                state=state,
                rests=rests,
                stop=lambda: signals.asked is not None,
            )
            state.signal = signals.asked
            engine.sync()
            if state.interrupted:
                rests.evaluate(state)
                if checkpoints is not None:
                    display.update("write a checkpoint", 0, None)
                    checkpoints.write(vectors, state, wait=True)
        except DivergedError as error:
            if checkpoints is None:
                raise
            checkpoints.settle()
            good = checkpoints.found()
            where = (
                f"the last good state is {good[0]}"
                if good
                else "no checkpoint had been written, --checkpoint-every 60s keeps the last good state"
            )
            raise DivergedError(f"{error}; {where}") from None
        finally:
            if checkpoints is not None:
                checkpoints.settle()
    return E, C, state, compiled, Pace(state.words - before, time.perf_counter() - began)


def _begin(keep: Keep, checkpoints: Checkpoints, vectors: Vectors, schedule: Schedule, display: Display) -> State:
    """The state to begin with: a checkpoint's, whose rows are put back, or a new one."""
    if not keep.resume:
        if checkpoints.found():
            display.warn("an earlier run left checkpoints here; --resume would go on from them, this run replaces them")
        return State()
    loaded = checkpoints.load()
    if loaded is None:
        display.warn(f"no checkpoint of {keep.output} is here; training begins at the beginning")
        return State()
    saved, state = loaded
    assert vectors.C is not None
    assert saved.C is not None
    vectors.E[:], vectors.C[:] = saved.E, saved.C
    display.note(f"going on after block {state.blocks:,} of {schedule.blocks:,}")
    return state


def figures(state: State, config: Config) -> dict[str, str]:
    """What stands beside the progress bar: epoch, its loss so far, and the last held-out loss."""
    epoch = max(1, len(state.loss))
    loss = state.losses[-1] if state.loss else math.nan
    shown = {"epoch": f"{epoch}/{config.epochs}", "loss": f"{loss:.4f}" if math.isfinite(loss) else "…"}
    return shown | ({"held out": f"{state.validation[-1]:.4f}"} if state.validation else {})
