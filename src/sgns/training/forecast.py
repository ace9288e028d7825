"""What a run will take, said before it begins: `sgns train --dry-run`."""

from typing import Any

from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines import choose
from sgns.training.schedule import Schedule
from sgns.training.train import make_engine, one_at_a_time, thread_count

TRIAL_SECONDS = 1.0


def forecast(corpus: Corpus, config: Config) -> dict[str, Any]:
    """Vocabulary, parameters, bytes and minutes of a run.

    The time is measured: the engine trains a few blocks on vectors that are then thrown away.

    Returns:
        A dict of plain numbers; bytes are those of E, C and the mapped ids, minutes those of training.
    """
    V, d = len(corpus.vocabulary), config.dim
    parameters = 2 * V * d
    report: dict[str, Any] = {
        "engine": choose(config),
        "tokens": corpus.tokens,
        "sentences": corpus.sentences,
        "vocabulary": V,
        "parameters": parameters,
        "file_bytes": parameters * 4,
    }
    if report["engine"] == "reference":
        return report | {"memory_bytes": parameters * 4}
    if report["engine"] == "cuda":
        from sgns.training.engines.cuda_memory import bytes_needed, card_memory, check_fits

        report |= {"memory_bytes": bytes_needed(V, d, corpus.tokens), "card_free_bytes": card_memory()}
        check_fits(V, d, corpus.tokens, report["card_free_bytes"])
        return report | {"expected_minutes": round(_trial(corpus, config), 2)}
    from sgns.training.engines.cpu import row_stride

    report["memory_bytes"] = 2 * V * row_stride(d) * 4
    report["corpus_bytes"] = corpus.tokens * 4 + corpus.sentences * 8
    report["expected_minutes"] = round(_trial(corpus, config), 2)
    return report


def _trial(corpus: Corpus, config: Config) -> float:
    """Minutes that the run will take, from a short trial with all threads."""
    import threading
    import time

    engine = make_engine(corpus, config)
    engine.compile()
    schedule = Schedule.of(corpus.tokens, config, engine.longest)
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

    workers = [
        threading.Thread(target=work) for _ in range(1 if one_at_a_time(engine, config) else thread_count(config))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return schedule.words / max(1, words) * (time.perf_counter() - began) / 60
