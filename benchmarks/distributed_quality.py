"""Quality of merging: ranks as threads of one process, each with its own E, C and part of the text.

    python -m benchmarks.distributed_quality --ranks 2,4,8 --seed 1,2,3
    python -m benchmarks.distributed_quality --epochs 1 --combiner damped,touched

The exchange is the one that torchrun's processes use (`training/distributed/merge.py`), between threads; so quality is
measured without a network, and does not depend on how busy the machine is. Prints one JSON line for each run.
"""

import argparse
import itertools
import json
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.corpora import in_lines
from benchmarks.parts import quality
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.distributed.comm import ThreadComm
from sgns.training.distributed.merge import MergeOptions, Merger
from sgns.training.distributed.merged_rows import RowsOfRun
from sgns.training.distributed.rounds import ROUND_WORDS, RoundSchedule
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.matrices import first_vectors
from sgns.training.engines.sampling import stream_key
from sgns.training.update_scaling import expected_updates
from sgns.vectors.vectors import Vectors

DATA = Path(__file__).parents[1] / "../shared/data"
RANKS = 4  # purpose of a random stream


@dataclass(frozen=True)
class Trial:
    """What is tried.

    Attributes:
        ranks: How many.
        overlap: Whether the next round trains while updates are exchanged.
        round_words: Words of a rank in a round at most.
        merging: How they merge.
        config: How they train.
    """

    ranks: int = 8
    overlap: bool = True
    round_words: int = ROUND_WORDS
    merging: MergeOptions = field(default_factory=MergeOptions)
    config: Config = field(default_factory=lambda: Config(threads=1, lr=0.025, min_lr=1e-4, subsample=1e-3))

    def flat(self) -> dict[str, Any]:
        """Every option by its name, but those that are None."""
        options = (
            asdict(self.merging)
            | self.config.to_dict()
            | {"ranks": self.ranks, "overlap": self.overlap, "round_words": self.round_words}
        )
        return {name: value for name, value in options.items() if value is not None}

    def but(self, changes: dict[str, Any]) -> "Trial":
        """The same with some options changed, each in the part that has it."""

        def changed(part: Any) -> Any:
            return replace(part, **{one.name: changes[one.name] for one in fields(part) if one.name in changes})

        return replace(changed(self), merging=changed(self.merging), config=changed(self.config))


def train(corpus: Corpus, trial: Trial) -> tuple[Vectors, dict[str, float]]:
    """The vectors of a trial, and what merging cost."""
    config, v = trial.config, corpus.vocabulary
    keep, noise = v.keep_probability(config.subsample), v.noise_distribution(config.noise_power)
    ends = np.asarray(corpus.sentence_ends)
    cuts = [0, *(int(ends[np.searchsorted(ends, corpus.tokens * k // trial.ranks)]) for k in range(1, trial.ranks))]
    cuts.append(corpus.tokens)
    parts = [cuts[k + 1] - cuts[k] for k in range(trial.ranks)]
    in_a_token = expected_updates(v.counts, keep, noise, config)
    engines: list[Any] = [None] * trial.ranks
    mergers: list[Any] = [None] * trial.ranks
    failed: list[BaseException] = []
    gate = threading.Semaphore(2)  # two cores

    def run(comm: ThreadComm) -> None:
        r = comm.rank
        try:
            own = replace(config, seed=int(stream_key(config.seed, RANKS, r)) >> 1) if trial.ranks > 1 else config
            first, last = np.searchsorted(ends, cuts[r], side="right"), np.searchsorted(ends, cuts[r + 1])
            engine = CpuEngine(corpus.ids[cuts[r] : cuts[r + 1]], ends[first : last + 1] - cuts[r], keep, noise, own)
            first_vectors(engine.E, config.dim, config.seed)
            engines[r] = engine
            rounds = RoundSchedule.of(parts, r, config, trial.round_words)
            rows = RowsOfRun.of_words(*engine.tables(), config.dim, in_a_token)
            merger = mergers[r] = Merger(rows, config.dim, comm, trial.merging)
            done = 0
            for number, block in enumerate(rounds):
                with gate:
                    engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
                done += 1
                if trial.ranks > 1 and done % rounds.blocks_per_round == 0:
                    words = rounds.mean_round_words
                    merger.receive()
                    if done % rounds.blocks_per_epoch == 0:
                        merger.merge_all(words, block.lr)
                        continue
                    merger.send(number // rounds.blocks_per_round, words, block.lr, [0.0])
                    if not trial.overlap:
                        merger.receive()
        except BaseException as error:
            failed.append(error)
            comm.abort()

    threads = [threading.Thread(target=run, args=(comm,)) for comm in ThreadComm.of(trial.ranks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    assert all(np.array_equal(engines[0].E, other.E, equal_nan=True) for other in engines)
    traffic = mergers[0].traffic
    facts = {"rounds": traffic.rounds, "MB a round": traffic.bytes / max(1, traffic.rounds) / 1e6}
    E, C = engines[0].E[:, : config.dim], engines[0].C[:, : config.dim]
    return Vectors(v.words, E, C, v.counts), facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    defaults = Trial().flat()
    for name, default in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", default=str(default), help="one value or several, as 1,2,4")
    torch.set_num_threads(1)
    values = {
        name: [parse(word, defaults[name]) for word in text.split(",")]
        for name, text in vars(parser.parse_args()).items()
    }
    corpus = Corpus.from_files(in_lines(DATA / "corpora/wiki100m.xz"), Config())
    for choice in itertools.product(*values.values()):
        chosen = dict(zip(values, choice))
        began = time.perf_counter()
        vectors, facts = train(corpus, Trial().but(chosen))
        with tempfile.TemporaryDirectory() as room:
            path = Path(room) / "v.safetensors"
            vectors.save(path)
            figures = {name: round(value, 4) for name, value in quality(path, DATA).items()}
        changed = {name: value for name, value in chosen.items() if len(values[name]) > 1 or value != defaults[name]}
        facts = {name: round(value, 3) for name, value in facts.items()} | {"s": round(time.perf_counter() - began, 1)}
        print(json.dumps(changed | figures | facts), flush=True)


def parse(word: str, default: Any) -> Any:
    """A value of the kind of the default."""
    return word == "True" if isinstance(default, bool) else type(default)(word)


if __name__ == "__main__":
    main()
