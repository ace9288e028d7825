"""Vectors of the card beside vectors of the CPU engine: same corpus, options, epochs and seeds."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.packed import Packed
from sgns.config import Config
from sgns.evaluation import evaluate_analogies, evaluate_similarity
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.loop import train_blocks
from sgns.training.schedule import BlockSchedule
from sgns.vectors.vectors import Vectors


def quality(
    packed: Packed, sets: Path, seeds: int, epochs: int, make: Callable[..., Any], tuning: Any
) -> dict[str, tuple[float, float]]:
    """Mean figures over the seeds, of the card and of the CPU, for each set in `sets`."""
    found: dict[str, dict[str, list[float]]] = {"cuda": {}, "cpu": {}}
    for seed in range(1, seeds + 1):
        for name in found:
            config = Config(engine=name, seed=seed, epochs=epochs, lr=0.025, min_lr=1e-4, subsample=1e-3)
            vocabulary = packed.vocabulary
            if name == "cuda":
                engine, threads = make(packed, config, tuning), 1
            else:
                keep, noise = (
                    vocabulary.keep_probability(config.subsample),
                    vocabulary.noise_distribution(config.noise_power),
                )
                engine, threads = CpuEngine(packed.ids, packed.ends, keep, noise, config), os.cpu_count() or 1
            engine.compile()
            schedule = BlockSchedule.of(len(packed.ids), config, engine.longest)
            began = time.perf_counter()
            state = train_blocks(engine, schedule, threads, lambda state: None)
            seconds = time.perf_counter() - began
            engine.sync()
            vectors = Vectors(vocabulary.words, engine.E[:, : config.dim], engine.C[:, : config.dim], vocabulary.counts)
            figures = scores(vectors, sets) | {"loss": state.losses[-1]}
            print(f"quality {name} seed {seed}: {schedule.words / seconds / 1e6:.1f}M words/s, {figures}", flush=True)
            for title, figure in figures.items():
                found[name].setdefault(title, []).append(figure)
    return {t: (float(np.mean(found["cuda"][t])), float(np.mean(found["cpu"][t]))) for t in found["cuda"]}


def scores(vectors: Vectors, sets: Path) -> dict[str, float]:
    """Spearman's rho on each similarity set, the share of right answers on each analogy set."""
    figures = {}
    for path in sorted((sets / "similarity").glob("*.tsv")):
        figures[path.stem] = evaluate_similarity(vectors, path, resamples=0).spearman
    for path in sorted((sets / "analogy").glob("*.txt")):
        figures[path.stem] = evaluate_analogies(vectors, path).accuracy
    return figures
