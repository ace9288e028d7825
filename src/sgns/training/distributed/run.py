"""From text to vectors on many ranks: what all were told, what each reads, and then its part of the run."""

import time
from dataclasses import dataclass, replace

import torch

from sgns.config import Config
from sgns.errors import ConfigError
from sgns.progress.callback import Display
from sgns.text.shards import Shard, shard_of
from sgns.text.sources import find
from sgns.training.distributed.checks import check_options, check_text
from sgns.training.distributed.comm import Group, collect_things, together
from sgns.training.distributed.environment import Place, Sharing
from sgns.training.distributed.one_rank import OneRank, Text
from sgns.training.distributed.torchrun import Ranks
from sgns.training.distributed.vocabulary import read_part
from sgns.training.engines.choice import choose
from sgns.training.plan import thread_count, versions
from sgns.training.train import Keep, Trained


@dataclass(frozen=True)
class Job:
    """What all ranks were told.

    Attributes:
        inputs: Files and folders.
        config: The options.
        keep: Output and checkpoints.
        sharing: How ranks work together.
    """

    inputs: list[str]
    config: Config
    keep: Keep
    sharing: Sharing


def run_job(ranks: Ranks, job: Job, display: Display) -> Trained:
    """Read, train and merge. On all ranks the vectors are the same, and the report is that of the whole run.

    Raises:
        SgnsError: as `training.train.run`; what concerns all ranks is raised on all of them.
        RankLost: another rank is gone.
    """
    began = time.perf_counter()
    group, place = ranks.group, ranks.place
    engine_name = together(group, lambda: check_possible(job, place))
    every = job.keep.every
    more = {
        "engine": engine_name,
        "checkpoint_every": None if every is None else [every.seconds, every.blocks],
        "resume": job.keep.resume,
    }
    check_options(group, job.config, job.sharing, more, versions(engine_name) | {"torch": torch.__version__})
    config = replace(job.config, engine=engine_name, threads=own_threads(job.config, place))  # type: ignore[arg-type]
    share = share_of(group, job, place)
    corpus, totals = read_part(group, share, config, display.update)
    notes = collect_things(group, corpus.warnings)
    for rank, texts in enumerate(notes):
        for text in texts:
            display.warn(f"rank {rank}: {text}")
    whole = Text(corpus, totals, collect_things(group, corpus.tokens))
    return OneRank(ranks, config, whole, job.keep, job.sharing, display, began).go()


def check_possible(job: Job, place: Place) -> str:
    """The engine that trains, or an error for what many ranks cannot do."""
    engine = choose(job.config)
    if engine == "reference":
        raise ConfigError("the reference engine trains on one machine; leave torchrun out, or take --engine cpu")
    return engine


def own_threads(config: Config, place: Place) -> int:
    """Threads of this rank: those asked for, or its part of the machine's cores."""
    return config.threads or max(1, thread_count(config) // place.locals)


def share_of(group: Group, job: Job, place: Place) -> Shard:
    """What this rank reads."""
    sources = together(group, lambda: find(job.inputs))
    if job.sharing.shards == "local":
        return together(group, lambda: shard_of(sources, place.local, place.locals, job.config.sentences))
    check_text(group, sources)
    return together(group, lambda: shard_of(sources, place.rank, place.ranks, job.config.sentences))
