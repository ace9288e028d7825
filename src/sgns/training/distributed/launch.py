"""From text to vectors on several ranks: checks, the shard of each rank, the common vocabulary, and the run."""

from collections.abc import Sequence
from dataclasses import replace

from sgns.config import Config
from sgns.errors import ConfigError
from sgns.progress.callback import Display
from sgns.text.shards import Shard, shard_of
from sgns.text.sources import Column, find
from sgns.training.checkpoint import CheckpointPlan, checkpoints_of
from sgns.training.distributed.checks import check_options, check_start, check_text
from sgns.training.distributed.comm import on_all_ranks
from sgns.training.distributed.torchrun import TorchrunJob
from sgns.training.distributed.vocabulary import read_shard
from sgns.training.growing import Start
from sgns.training.hooks import OnEpoch
from sgns.training.options import DistributedOptions
from sgns.training.plan import Plan, Resources, versions
from sgns.training.run import Distributed, Trained, run
from sgns.training.start import Restarts


def launch(
    job: TorchrunJob,
    inputs: Sequence[str],
    config: Config,
    display: Display,
    *,
    checkpoints: CheckpointPlan,
    options: DistributedOptions,
    on_epoch: OnEpoch | None = None,
) -> Trained:
    """Read, train and merge, as one rank of a job.

    Args:
        job: All ranks, joined.
        inputs: Files and folders.
        config: The options.
        display: Where progress is shown.
        checkpoints: Output, how often checkpoints are written, whether to go on from one.
        options: How ranks share the text and send numbers.
        on_epoch: Called on rank 0 after each epoch; see `training.train.train`.

    Returns:
        On all ranks the same vectors, and the report of the whole run.

    Raises:
        SgnsError: as `training.run.run`; an error that concerns all ranks is raised on all of them.
        RankLost: another rank is gone.
    """
    import torch

    comm, here = job.comm, job.environment
    job.remedy = lambda: restart_remedy(checkpoints)
    resources = on_all_ranks(comm, lambda: choose_resources(config, here.local_world_size))
    interval = checkpoints.interval
    more = {
        "engine": resources.engine,
        "checkpoint_every": None if interval is None else [interval.seconds, interval.blocks],
        "resume": checkpoints.resume,
    }
    check_options(comm, config, options, more, versions(resources.engine) | {"torch": torch.__version__})
    config = replace(config, engine=resources.engine, threads=resources.threads)  # type: ignore[arg-type]
    start = on_all_ranks(comm, lambda: Start.of(config, on_warning=display.warn))
    known = None if start is None else start.known_words
    check_start(comm, start)
    corpus = read_shard(comm, find_shard(job, inputs, config, options), config, display.update, known)
    if start is not None:
        begin, shown = start, list(corpus.warnings)
        corpus = on_all_ranks(comm, lambda: begin.finish(corpus))
        corpus.warnings = corpus.warnings if comm.rank == 0 else shown
    plan = Plan.of(corpus.vocabulary, config, resources)
    distributed = Distributed(
        comm, options, job.signals, Restarts(here.restarts, here.may_restart), lambda: job.remedy()
    )
    return run(corpus, plan, display, start=start, checkpoints=checkpoints, on_epoch=on_epoch, distributed=distributed)


def choose_resources(config: Config, local_world_size: int) -> Resources:
    """The engine and this rank's threads. Raises `ConfigError` for an engine that cannot train on several ranks."""
    resources = Resources.of(config, local_world_size)
    if resources.engine == "reference":
        raise ConfigError("the reference engine trains on one machine; leave torchrun out, or take --engine cpu")
    return resources


def find_shard(job: TorchrunJob, inputs: Sequence[str], config: Config, options: DistributedOptions) -> Shard:
    """The shard of the text that this rank reads."""
    comm, here = job.comm, job.environment
    sources = on_all_ranks(comm, lambda: find(inputs, Column.of(config)))
    if options.shards == "local":
        rank, ranks = here.local_rank, here.local_world_size
    else:
        check_text(comm, sources)
        rank, ranks = here.rank, here.world_size
    # Where a document is a file, all of it is read by one rank.
    whole_files = config.documents and config.sentences == "none"
    return on_all_ranks(comm, lambda: shard_of(sources, rank, ranks, config.sentences, whole_files))


def restart_remedy(checkpoints: CheckpointPlan) -> str:
    """How to start again after a failure, the end of a sentence; the last checkpoint is named where it can be seen."""
    if found := checkpoints_of(checkpoints.output):
        return f"; the last common checkpoint is {found[0]}: start all ranks again with --resume"
    if checkpoints.interval is not None:
        return "; no checkpoint is here, start all ranks again with --resume"
    return "; no checkpoint was asked for (--checkpoint-every), start all ranks again"
