"""What a run will take, said before it begins: `sgns train --dry-run`."""

import os
import sys
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.build import build
from sgns.training.plan import Plan
from sgns.training.schedule import Schedule
from sgns.training.validation import make_validation
from sgns.vectors.files.safetensors import WRITE_BLOCK

TRIAL_SECONDS = 1.0


def forecast(corpus: Corpus, config: Config) -> dict[str, Any]:
    """Vocabulary, parameters, bytes and minutes of a run.

    The time is measured: the engine trains a few blocks on vectors that are then thrown away.

    Returns:
        A dict of plain numbers. `memory_bytes` is the most that the process will hold in memory at once (its resident
        set, as `/usr/bin/time -v` shows it): libraries, E, C, and the encoded text, whose `corpus_bytes` the system
        may take back at any time because they are mapped. `expected_minutes` are those of training.
    """
    plan = Plan.of(corpus.vocabulary, config)
    V, d = len(corpus.vocabulary), config.dim
    parameters = 2 * V * d
    report: dict[str, Any] = {
        "engine": plan.engine,
        "tokens": corpus.tokens,
        "sentences": corpus.sentences,
        "vocabulary": V,
        "parameters": parameters,
        "file_bytes": parameters * 4,
    }
    if report["engine"] == "reference":
        return report | {"memory_bytes": parameters * 4}
    if report["engine"] == "cuda":
        from sgns.training.engines.cuda.memory import bytes_needed, card_memory, check_fits

        report |= {"memory_bytes": bytes_needed(V, d, corpus.tokens), "card_free_bytes": card_memory()}
        check_fits(V, d, corpus.tokens, report["card_free_bytes"])
        return report | {"expected_minutes": round(_trial(build(plan, corpus), corpus, plan)[0], 4)}
    report["corpus_bytes"] = corpus.tokens * 4 + corpus.sentences * 8
    engine = build(plan, corpus, make_validation(corpus, plan))
    minutes, tried = _trial(engine, corpus, plan)
    engine.C.fill(0)  # pages that no trial has touched
    unread = report["corpus_bytes"] * (1 - tried) if is_mapped(corpus.ids) else 0
    saving = 2 * min(WRITE_BLOCK, V * d * 4)
    report["memory_bytes"] = round(resident_bytes() + unread + saving)
    report["expected_minutes"] = round(minutes, 4)
    return report


def estimate_as_text(estimate: dict[str, Any]) -> str:
    """An estimate for people, a line each."""
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in estimate.items()}
    return "\n".join(f"{name:<22}{value}" for name, value in shown.items())


def is_mapped(array: np.ndarray) -> bool:
    """Whether an array is a file's content, read when it is needed."""
    base: Any = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)


def resident_bytes() -> int:
    """Bytes of this process that are in memory now; where the system does not say, the most there ever were."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _trial(engine: Any, corpus: Corpus, plan: Plan) -> tuple[float, float]:
    """Minutes that the run will take, from a short trial with all threads; and the share of the text that it read."""
    import threading
    import time

    engine.compile()
    schedule = Schedule.of(corpus.tokens, plan.config, engine.longest)
    words, lock = 0, threading.Lock()
    blocks = iter(schedule)
    began = time.perf_counter()

    def work() -> None:
        nonlocal words
        while time.perf_counter() - began < TRIAL_SECONDS:
            with lock:
                block = next(blocks, None)
            if block is None:
                return
            engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
            with lock:
                words += block.stop - block.start

    workers = [threading.Thread(target=work) for _ in range(plan.threads if engine.concurrent else 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    minutes = schedule.words / max(1, words) * (time.perf_counter() - began) / 60
    return minutes, min(1.0, words / corpus.tokens)
