"""One rank while merging is measured; `benchmarks.distributed_network` starts it, rank 0 prints one JSON line.

Processor seconds are those of all threads of the process, so they hold on a machine that does other work too.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
import torch

from sgns.config import Config
from sgns.training.distributed.environment import TorchrunEnvironment
from sgns.training.distributed.merge import MergeOptions, Merger
from sgns.training.distributed.merged_rows import RowsOfRun
from sgns.training.distributed.torchrun import TorchrunJob
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.options import CommunicationDtype
from sgns.training.schedule import LONGEST
from sgns.training.update_scaling import expected_updates

LR = 0.025
SENTENCE = 1_000  # tokens


@dataclass(frozen=True)
class Work:
    """What is measured.

    Attributes:
        V: Vocabulary; words are drawn by Zipf's law.
        dim: d.
        communication_dtype: What numbers are rounded to.
        rounds: How many.
        round_words: Words a rank trains in a round; 0: rounds are only merged.
    """

    V: int
    dim: int
    communication_dtype: CommunicationDtype
    rounds: int
    round_words: int = 0


def zipf(V: int) -> np.ndarray:
    """Share of each word in a text, (V,) float64."""
    chance = 1 / np.arange(1, V + 1)
    return chance / chance.sum()


def merger_of(job: TorchrunJob, tables: tuple[torch.Tensor, torch.Tensor], work: Work) -> Merger:
    """As production makes it, for a text of 10 G tokens by Zipf's law, of which none are left out."""
    counts = (zipf(work.V) * 1e10).astype(np.int64)
    config, noise = Config(dim=work.dim), zipf(work.V) ** 0.75
    in_a_token = expected_updates(counts, np.ones(work.V), noise / noise.sum(), config)
    rows = RowsOfRun.of_words(*tables, work.dim, in_a_token)
    return Merger(rows, work.dim, job.comm, MergeOptions(communication_dtype=work.communication_dtype))


def only_merged(job: TorchrunJob, work: Work) -> dict[str, float]:
    """Rounds one after the other without training, and one merge of the whole tables."""
    tables = torch.rand(work.V, work.dim), torch.rand(work.V, work.dim)
    merger = merger_of(job, tables, work)
    seconds, processor = [], []
    for number in range(work.rounds + 2):
        job.comm.all_gather(torch.zeros(1))
        began, used = time.perf_counter(), time.process_time()
        merger.send(number, 1.0, LR, [0.0])
        merger.receive()
        if number >= 2:  # the first ones find their memory
            seconds.append(time.perf_counter() - began)
            processor.append(time.process_time() - used)
    traffic = merger.traffic
    job.comm.all_gather(torch.zeros(1))
    began, used = time.perf_counter(), time.process_time()
    merger.merge_all(1.0, LR)
    whole = {"whole_s": time.perf_counter() - began, "whole_processor_s": time.process_time() - used}
    merger.close()
    return whole | {
        "sent_MB": traffic.bytes / traffic.rounds / 1e6,
        "s": median(seconds),
        "processor_s": median(processor),
        "moved_s": traffic.moved / traffic.rounds,
        "whole_sent_MB": traffic.flush_bytes / 1e6,
    }


def trained(job: TorchrunJob, work: Work) -> dict[str, float]:
    """Rounds of training with one thread: alone, then merged as production does, the exchange beside the next round."""
    shares = zipf(work.V)
    tokens = work.round_words * work.rounds
    ids = np.searchsorted(np.cumsum(shares), np.random.default_rng(job.environment.rank).random(tokens))
    ids = ids.clip(max=work.V - 1).astype(np.int32)
    ends = np.append(np.arange(SENTENCE, tokens, SENTENCE, dtype=np.int64), tokens)
    noise = shares**0.75
    engine = CpuEngine(ids, ends, np.ones(work.V), noise / noise.sum(), Config(dim=work.dim, threads=1))
    engine.compile()
    tables = torch.from_numpy(engine.E), torch.from_numpy(engine.C)
    blocks = 0

    def train_round(number: int) -> None:
        nonlocal blocks
        first = number % work.rounds * work.round_words
        for start in range(first, first + work.round_words, LONGEST):
            engine.train_block(0, blocks, start, min(first + work.round_words, start + LONGEST), LR)
            blocks += 1

    train_round(0)
    job.comm.all_gather(torch.zeros(1))
    began = time.perf_counter()
    for number in range(work.rounds):
        train_round(number)
    job.comm.all_gather(torch.zeros(1))
    alone = time.perf_counter() - began

    merger = merger_of(job, tables, work)
    before: dict[str, float] = {}
    for number in range(2 * work.rounds):
        if number == work.rounds:  # the first half finds its memory, and leaves an exchange under way
            before, began = asdict(merger.traffic), time.perf_counter()
        train_round(number)
        merger.receive()
        merger.send(number, work.round_words, LR, [0.0])
    merged, after = time.perf_counter() - began, asdict(merger.traffic)
    merger.receive()
    merger.close()
    parts = {name: (after[name] - before[name]) / work.rounds for name in ("seconds", "waited", "moved")}
    return {
        "training_s": alone / work.rounds,
        "s": merged / work.rounds,
        "exchange_s": parts["seconds"],
        "waited_s": parts["waited"],
        "moved_s": parts["moved"],
    }


def main() -> None:
    work = Work(**json.loads(sys.argv[1]))
    environment = TorchrunEnvironment.read()
    assert environment is not None
    with TorchrunJob(environment) as job:
        found: dict[str, Any] = trained(job, work) if work.round_words else only_merged(job, work)
        if environment.rank == 0:
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
