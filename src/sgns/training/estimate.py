"""What a run will take: vocabulary, memory and time, before it begins (`sgns train --dry-run`)."""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sgns.base.parallel import run_threads
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.build import build
from sgns.training.engines.contract import Engine, EpochEngine
from sgns.training.memory import check_memory
from sgns.training.model_validation import make_validation
from sgns.training.plan import Plan
from sgns.training.schedule import Schedule
from sgns.vectors.files.safetensors import WRITE_BLOCK

TRIAL_SECONDS = 1.0


def estimate(corpus: Corpus, config: Config) -> dict[str, Any]:
    """Vocabulary, parameters, bytes and minutes of a run.

    The time is measured: the engine trains a few blocks on vectors that are then thrown away.

    Returns:
        A dict of plain numbers. `memory_bytes` is the most that the process will hold in memory at once (its resident
        set, as `/usr/bin/time -v` shows it): libraries, E, C, and the encoded text, whose `corpus_bytes` the system
        may take back at any time because they are mapped. `expected_minutes` are those of training.

    Raises:
        OutOfMemory: E and C do not fit into what the process may use.
    """
    plan = Plan.of(corpus.vocabulary, config)
    V, d = len(corpus.vocabulary), config.dim
    ngrams = 0 if plan.subwords is None else plan.subwords.rows
    documents = 0 if corpus.documents is None else len(corpus.documents)
    parameters = (2 * V - (config.loss == "hierarchical") + ngrams + documents) * d
    composed = V * d * 4 if ngrams else 0  # words as they are asked for, beside the rows they are made of
    report: dict[str, Any] = {
        "engine": plan.engine,
        "tokens": corpus.tokens,
        "sentences": corpus.sentences,
        "vocabulary": V,
        **({"ngram_rows": ngrams} if ngrams else {}),
        **({"documents": documents} if corpus.documents is not None else {}),
        "parameters": parameters,
        "file_bytes": parameters * 4 + composed,
    }
    if plan.engine == "reference":
        check_memory(plan)
        return report | {"memory_bytes": parameters * 4}
    if plan.engine == "cuda":
        from sgns.training.engines.cuda.memory import bytes_needed, card_memory, check_fits

        report |= {"memory_bytes": bytes_needed(V, d, corpus.tokens), "card_free_bytes": card_memory()}
        check_fits(V, d, corpus.tokens, report["card_free_bytes"])
        minutes, _ = time_trial(*prepare(corpus, plan))
        return report | {"expected_minutes": round(minutes, 4)}
    check_memory(plan, documents=documents)
    report["corpus_bytes"] = corpus.tokens * 4 + corpus.sentences * 8
    engine, schedule, threads = prepare(corpus, plan)
    minutes, words = time_trial(engine, schedule, threads)
    engine.C.fill(0)  # pages that no trial has touched
    unread = report["corpus_bytes"] * (1 - min(1.0, words / corpus.tokens)) if is_mapped(corpus.ids) else 0
    saving = 2 * min(WRITE_BLOCK, V * d * 4)
    report["memory_bytes"] = round(resident_bytes() + unread + saving + composed)
    report["expected_minutes"] = round(minutes, 4)
    return report


def estimate_as_text(estimate: dict[str, Any]) -> str:
    """An estimate for people, a line each."""
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in estimate.items()}
    return "\n".join(f"{name:<22}{value}" for name, value in shown.items())


def prepare(corpus: Corpus, plan: Plan) -> tuple[Engine, Schedule, int]:
    """The engine, its kernels compiled, the schedule and the number of threads of a run."""
    validation = None if plan.engine == "cuda" else make_validation(corpus, plan)
    engine = build(plan, corpus, validation)
    assert not isinstance(engine, EpochEngine)
    engine.compile()
    return engine, plan.schedule(corpus.tokens, engine.longest), plan.threads if engine.concurrent else 1


def time_trial(
    engine: Engine,
    schedule: Schedule,
    threads: int,
    seconds: float = TRIAL_SECONDS,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, int]:
    """Train for a moment, and extrapolate: minutes = words of the run / (words per second · 60).

    Args:
        engine: Its kernels compiled.
        schedule: Of the run.
        threads: That train.
        seconds: How long; every thread finishes the block that it has begun.
        clock: Seconds from any moment on.

    Returns:
        Minutes that the whole run will take, and the words that the trial trained on.

    Raises:
        Exception: what the engine raises.
    """
    words, lock = 0, threading.Lock()
    blocks = iter(schedule)
    began = clock()

    def work(stop: threading.Event) -> None:
        nonlocal words
        while clock() - began < seconds and not stop.is_set():
            with lock:
                block = next(blocks, None)
            if block is None:
                return
            engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
            with lock:
                words += block.stop - block.start

    run_threads(work, threads, lambda: None)
    return schedule.words / max(1, words) * (clock() - began) / 60, words


def is_mapped(array: np.ndarray) -> bool:
    """Whether an array is the content of a file, read when it is needed."""
    base: Any = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)


def resident_bytes() -> int:
    """Bytes of this process that are in memory now; where the system does not say, the most there ever were, or 0."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        try:
            import resource
        except ImportError:  # Windows
            return 0
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
