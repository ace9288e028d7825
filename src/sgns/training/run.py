"""One run, in one process or by one of several ranks: from a corpus and a plan to vectors and a report.

The engine trains blocks in the loop; hooks work at its barriers; the report says what came of it. A rank differs from a
single process in three things: its schedule is cut into rounds, a hook merges its rows with those of the other ranks,
and what one rank finds (an error, a checkpoint, a signal) all ranks act upon.
"""

import math
import platform
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from sgns.base.cache_check import cache_warnings
from sgns.config import Config
from sgns.errors import ConfigError, DivergedError, InputError
from sgns.progress.callback import Display
from sgns.text.corpus import Corpus
from sgns.training import little_data
from sgns.training.checkpoint import CheckpointPlan, Checkpoints, check_finite, run_identity
from sgns.training.distributed.comm import Comm, SingleRank, all_gather_objects, on_all_ranks, raised_on_all_ranks
from sgns.training.distributed.rounds import RoundSchedule, agree_on_rounds
from sgns.training.distributed.torchrun import RankInterrupts
from sgns.training.engines.build import start as start_engine
from sgns.training.engines.contract import Engine, EpochEngine
from sgns.training.engines.matrices import first_vectors
from sgns.training.engines.sampling import stream_key
from sgns.training.frozen import FrozenHook, FrozenRows, freeze
from sgns.training.growing import Start
from sgns.training.hooks import CheckpointHook, EpochHook, OnEpoch, ValidationHook
from sgns.training.loop import Hook, State, train_blocks, train_epochs
from sgns.training.memory import check_memory
from sgns.training.model_validation import make_validation
from sgns.training.options import DistributedOptions
from sgns.training.plan import Plan
from sgns.training.precompile import Precompilation, loading_stage
from sgns.training.report import Facts, Figures, Report
from sgns.training.schedule import Schedule
from sgns.training.signals import Interrupts
from sgns.training.start import Restarts, begin
from sgns.training.tables import tables_of, vectors_of
from sgns.training.validation import Validation
from sgns.vectors.vectors import INTEGER_WORDS, Vectors

RANKS = 4  # purpose of the random streams that differ between ranks


@dataclass
class Trained:
    """A finished run.

    Attributes:
        vectors: E, C, words, counts, and the facts of the report as metadata.
        report: What `sgns train --json` prints.
        interrupted: Whether Ctrl-C or SIGTERM ended it early.
        checkpoints: Those of the run, to be cleared once the vectors are saved; None where none were asked for.
        signal: The signal that ended it.
        warnings: What was too little to learn from, a sentence each.
    """

    vectors: Vectors
    report: dict[str, Any]
    interrupted: bool
    checkpoints: Checkpoints | None = None
    signal: int | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Distributed:
    """What a run on several ranks has beside its corpus and plan; see `distributed.launch`.

    Attributes:
        comm: The ranks.
        options: How they share the text and send numbers.
        signals: Ctrl-C and SIGTERM on this rank, its context entered.
        restarts: Of the job.
        remedy: Returns how to start again after a failure, the end of a sentence.
    """

    comm: Comm
    options: DistributedOptions
    signals: RankInterrupts
    restarts: Restarts
    remedy: Callable[[], str]


def run(
    corpus: Corpus,
    plan: Plan,
    display: Display,
    *,
    start: Start | None = None,
    checkpoints: CheckpointPlan | None = None,
    on_epoch: OnEpoch | None = None,
    distributed: Distributed | None = None,
    kernels: Precompilation | None = None,
) -> Trained:
    """Train on a corpus and report.

    The metadata of the vectors says what the run was, never how long it took: a run that was killed and resumed gives
    the same file as one that was not. Times are in the report.

    Args:
        corpus: The text, or this rank's shard of it.
        plan: Made for the vocabulary of the whole text.
        display: Where progress is shown.
        start: Vectors whose rows are taken over; the corpus has the vocabulary that it asks for.
        checkpoints: Where they are written, how often, and whether to go on from one.
        on_epoch: Called after each epoch; see `training.train.train`.
        distributed: The ranks; None for a run in one process.
        kernels: The process that compiles them beside this one; it is waited for.

    Returns:
        On all ranks the same vectors and report.

    Raises:
        InputError: no sentence has two words.
        ConfigError: options that the engine does not have, or that do not fit the start.
        CheckpointError: the checkpoint to go on from is of another run, or damaged.
        OutOfMemory: E and C do not fit.
        DivergedError: the vectors diverged.
        RankLost: another rank is gone.
    """
    began = time.perf_counter()
    comm: Comm = SingleRank() if distributed is None else distributed.comm
    show_warnings(comm, corpus, plan, display)
    size = TextSize.of(comm, corpus, plan.config)

    # --- what is trained
    display.update(f"load the {plan.engine} engine", 0, None)
    loading = time.perf_counter()
    if kernels is not None:
        kernels.wait(partial(display.update, "compile kernels (once)", 0, None))
    engine, validation = load_engine(comm, corpus, plan, display, distributed is not None)
    compiled = time.perf_counter() - loading
    schedule = make_schedule(comm, corpus.tokens, plan, engine, distributed is not None)
    counts = corpus.vocabulary.counts
    kind = {INTEGER_WORDS: True} if corpus.vocabulary.integers else {}
    tables = tables_of(engine, plan, corpus)
    taken = None if start is None else on_all_ranks(comm, lambda: start.take_over(tables, plan, corpus))
    frozen = FrozenRows(tables, taken.frozen) if taken is not None and taken.frozen else None
    engine = engine if frozen is None else freeze(engine, frozen)

    def current() -> Vectors:
        engine.sync()
        return vectors_of(tables, plan, corpus, dict(kind))

    # --- where it begins
    identity = identify(plan, corpus, distributed, start)
    store, state, total = None, State(), State()
    if checkpoints is not None and isinstance(engine, EpochEngine):
        if checkpoints.interval is not None or checkpoints.resume:
            raise ConfigError(f"the {plan.engine} engine writes no checkpoints; leave them out, or take --engine cpu")
        checkpoints = None
    if checkpoints is not None:
        store = Checkpoints(checkpoints.output, identity, display.warn) if comm.rank == 0 else None
        restarts = Restarts() if distributed is None else distributed.restarts
        state, total = begin(comm, checkpoints, store, tables, schedule, display, restarts)

    # --- what is done at barriers
    signals = Interrupts() if distributed is None else distributed.signals

    def asked() -> bool:
        return signals.asked is not None

    hooks: list[Hook] = [] if frozen is None else [FrozenHook(frozen)]
    if validation is not None:
        hooks.append(ValidationHook(comm, validation, schedule, plan.threads, current))
    if on_epoch is not None:
        hooks.append(EpochHook(comm, on_epoch, schedule, current, state.blocks))
    if checkpoints is not None:
        writing = partial(display.update, "write a checkpoint", 0, None)
        hooks.append(CheckpointHook(store, checkpoints.interval, schedule, current, state.blocks, writing))

    merging = None
    if distributed is not None:
        from sgns.training.distributed.merge_hook import merge_hook

        assert isinstance(schedule, RoundSchedule)
        assert not isinstance(engine, EpochEngine)
        distributed.signals.training = True
        merging = merge_hook(comm, distributed.options, plan, corpus, schedule, engine.tables(), hooks, total, asked)
        hooks = [merging]

    # --- the loop
    def watch(state: State) -> None:
        shown = state if merging is None else merging.total
        display.update("train", shown.words, schedule.words, "words", progress_fields(shown, plan.config))

    watch(state)
    training, before = time.perf_counter(), total.words
    with signals if distributed is None else nullcontext():
        stop = asked if merging is None else never  # ranks stop together, at a barrier
        try:
            if isinstance(engine, EpochEngine):
                state = train_epochs(engine, schedule, watch, hooks=hooks, stop=stop)
            else:
                threads = plan.threads if engine.concurrent else 1
                state = train_blocks(engine, schedule, threads, watch, state=state, hooks=hooks, stop=stop)
        except DivergedError as error:
            last_good = store.last_good() if store is not None else ""
            raise DivergedError(f"{error}{last_good if distributed is None else distributed.remedy()}") from None
        finally:
            if merging is not None:
                merging.close()
            if store is not None:
                store.wait()
    engine.sync()
    if start is not None:
        start.average(tables, plan, corpus)
    if frozen is not None:
        frozen.restore()
    seconds = time.perf_counter() - training

    # --- what came of it
    total = state if merging is None else merging.total
    total.signal = max(all_gather_objects(comm, signals.asked or 0)) or None
    facts = Facts(
        tokens=size.tokens,
        raw_tokens=size.raw_tokens,
        sentences=size.sentences,
        vocabulary=len(counts),
        parameters=sum(table.size for table in tables.values()),
        words=total.words,
        pairs=sum(total.pairs),
        losses=total.losses,
        validation_losses=total.validation if validation is not None else None,
        engine=plan.engine,
        ranks=None if distributed is None else comm.world_size,
        interrupted=total.interrupted,
        stopped_early=total.stopped_early,
        start=None if taken is None else taken.to_dict(),
    )
    figures = Figures(
        threads=plan.training_threads,
        scan=corpus.scan_seconds,
        compile=compiled,
        train=seconds,
        total=corpus.scan_seconds + time.perf_counter() - began,
        words=total.words - before,
        round_words=None if merging is None else merging.round_words,
        traffic=None if merging is None else merging.all_traffic(),
    )
    metadata = facts.to_dict() | identity | kind | {"machine": platform.machine()}
    if start is not None:
        metadata |= start.trained_on(metadata)
    trained = vectors_of(tables, plan, corpus, metadata)  # the engine writes no more
    check_finite(trained)
    little = little_data.warnings_of(total.pairs, size.raw_tokens, counts, plan.keep_probability, plan.config)
    return Trained(trained, Report(facts, figures).to_dict(), total.interrupted, store, total.signal, little)


@dataclass(frozen=True)
class TextSize:
    """The size of the whole text: tokens of the vocabulary, all tokens, sentences with a word of the vocabulary."""

    tokens: int
    raw_tokens: int
    sentences: int

    @classmethod
    def of(cls, comm: Comm, corpus: Corpus, config: Config) -> Self:
        """The sums over the shards of all ranks.

        Raises:
            InputError: no sentence has two words, so no word has a context; a document is the context of its words.
        """
        shards = all_gather_objects(comm, (corpus.tokens, corpus.raw_tokens, corpus.sentences))
        size = cls(*(sum(column) for column in zip(*shards, strict=True)))
        if size.tokens == size.sentences and not config.documents:
            raise raised_on_all_ranks(
                InputError(
                    f"all {size.sentences} sentences have a single word of the vocabulary, and a word alone has no "
                    "context; join lines with --sentences none or paragraph, or lower --min-count"
                )
            )
        return size


def show_warnings(comm: Comm, corpus: Corpus, plan: Plan, display: Display) -> None:
    """Show what went wrong while the text was read, and that kernels cannot be kept, on any rank."""
    cache = [] if plan.engine == "cuda" else [text for text in cache_warnings() if text not in corpus.warnings]
    for rank, warnings in enumerate(all_gather_objects(comm, [*cache, *corpus.warnings])):
        for warning in warnings:
            display.warn(warning if comm.world_size == 1 else f"rank {rank}: {warning}")
    for warning in plan.warnings:
        display.warn(warning)


def load_engine(
    comm: Comm, corpus: Corpus, plan: Plan, display: Display, distributed: bool
) -> tuple[Engine | EpochEngine, Validation | None]:
    """The engine, its kernels compiled, and the validation sentences, of this rank.

    Ranks draw from random streams of their own, but begin with the same vectors.
    """
    own = plan.with_seed(int(stream_key(plan.config.seed, RANKS, comm.rank)) >> 1) if distributed else plan
    on_all_ranks(comm, lambda: check_memory(own, documents=0 if corpus.documents is None else len(corpus.documents)))
    validation = on_all_ranks(comm, lambda: make_validation(corpus, own))
    loading = partial(display.update, loading_stage(own.engine, own.config, own.threads), 0, None)
    engine = on_all_ranks(comm, lambda: start_engine(own, corpus, validation, loading))
    if distributed:
        first_vectors(engine.E, plan.config.dim, plan.config.seed)
    return engine, validation


def make_schedule(comm: Comm, tokens: int, plan: Plan, engine: Engine | EpochEngine, distributed: bool) -> Schedule:
    """The blocks of this process, or of this rank."""
    if isinstance(engine, EpochEngine):
        return plan.schedule(tokens)
    if not distributed:
        return plan.schedule(tokens, engine.longest)
    return agree_on_rounds(comm, tokens, plan.config, engine.longest, plan.threads if engine.concurrent else None)


def identify(plan: Plan, corpus: Corpus, distributed: Distributed | None, start: Start | None = None) -> dict[str, Any]:
    """What identifies the run: options, text, start, versions. Ranks may train with different numbers of threads."""
    fields = plan.config.to_dict()
    if distributed is not None:
        ranks, dtype = distributed.comm.world_size, distributed.options.communication_dtype
        fields |= {"threads": 0, "ranks": ranks, "communication_dtype": dtype}
    identity = run_identity(fields, corpus.hash, plan.versions()) | {"text": corpus.content}
    return identity if start is None else identity | {"started_from": start.digest}


def progress_fields(state: State, config: Config) -> dict[str, str]:
    """What stands beside the progress bar: the epoch, its loss so far, the last validation loss."""
    loss = state.losses[-1] if state.loss and state.pairs[-1] else math.nan
    fields = {
        "epoch": f"{max(1, len(state.loss))}/{config.epochs}",
        "loss": f"{loss:.4f}" if math.isfinite(loss) else "…",
    }
    return fields | ({"validation": f"{state.validation[-1]:.4f}"} if state.validation else {})


def never() -> bool:
    """False."""
    return False
