"""From files of text to a file of vectors: check, read, train, save, report; alone or as one of many ranks."""

import time
from importlib.util import find_spec
from pathlib import Path

from sgns.base.files import check_not_input, check_writable
from sgns.config import WORD_OPTIONS, Config
from sgns.errors import ConfigError, MissingExtra
from sgns.progress import Progress
from sgns.text.sources import find
from sgns.text.stream import check_not_read
from sgns.training.checkpoint import CheckpointPlan, written_by
from sgns.training.distributed.environment import TorchrunEnvironment
from sgns.training.growing import Start, read_corpus
from sgns.training.options import CheckpointOptions, DistributedOptions
from sgns.training.plan import Plan, Resources
from sgns.training.precompile import Precompilation
from sgns.training.report import write_report
from sgns.training.run import Trained, run
from sgns.training.train import read
from sgns.vectors.files.formats import format_to_write


def train_to_file(
    inputs: list[str] | None,
    output: Path,
    config: Config,
    display: Progress,
    *,
    checkpoints: CheckpointOptions,
    distributed: DistributedOptions,
    environment: TorchrunEnvironment | None = None,
) -> Trained:
    """Trains on files and saves the vectors, with the run report beside them; what is left of checkpoints goes.

    Args:
        inputs: Files and folders, or `-` for standard input; None for the built-in corpus.
        output: Where the vectors go; the ending chooses the format.
        config: Options of the model and of the text.
        display: Where progress is shown.
        checkpoints: When checkpoints are written, and whether the run goes on from one.
        distributed: How ranks work together.
        environment: Which rank this process is; None if it trains alone.

    Returns:
        The run, the same on all ranks. Its report has the time of saving and the path of the vectors.

    Raises:
        ConfigError: options that do not fit each other.
        OutputError: the output cannot be written, or is one of the inputs; found before the text is read.
        SgnsError: as `training.run.run`.
    """
    began = time.perf_counter()
    if environment is not None:
        trained, saved = _train_as_rank(environment, inputs, output, config, display, checkpoints, distributed)
    else:
        check_alone(distributed)
        kept = _check(output, inputs, config, checkpoints, writes=True)
        display.update("read", 0, None)
        resources = Resources.of(config)
        with Precompilation(config, resources) as kernels:
            start = Start.of(config, on_warning=display.warn)
            corpus = read_corpus(start, config, lambda options: read(inputs, options, display), display.update)
            plan = Plan.of(corpus.vocabulary, config, resources)
            trained = run(corpus, plan, display, start=start, checkpoints=kept, kernels=kernels)
        saved = _save(trained, output, display)
    trained.report["output"] = str(output)
    trained.report["seconds"] |= {"save": saved, "total": time.perf_counter() - began}
    if environment is None or environment.rank == 0:
        write_report(output, trained.report)
        for warning in trained.warnings:
            display.warn(warning)
    return trained


def check_alone(distributed: DistributedOptions) -> None:
    """Raises `ConfigError` if options for many ranks are given to a process that trains alone."""
    if distributed != DistributedOptions():
        raise ConfigError(
            "--shards and --communication-dtype are for many machines; start with torchrun, or leave them out"
        )


def _train_as_rank(
    environment: TorchrunEnvironment,
    inputs: list[str] | None,
    output: Path,
    config: Config,
    display: Progress,
    checkpoints: CheckpointOptions,
    distributed: DistributedOptions,
) -> tuple[Trained, float]:
    if find_spec("torch") is None:
        raise MissingExtra("training on many machines needs PyTorch; install it with: pip install 'sgns[torch]'")
    if inputs is None:
        raise ConfigError("the built-in corpus is for one machine; leave torchrun out, or name files")
    from sgns.training.distributed.comm import on_all_ranks
    from sgns.training.distributed.launch import launch
    from sgns.training.distributed.torchrun import TorchrunJob

    first = environment.rank == 0
    display.update("wait for all ranks", 0, None)
    with TorchrunJob(environment) as job:
        job.before_exit = display.close
        kept = on_all_ranks(job.comm, lambda: _check(output, inputs, config, checkpoints, writes=first))
        trained = launch(job, inputs, config, display, checkpoints=kept, options=distributed)
        saved = on_all_ranks(job.comm, lambda: _save(trained, output, display) if first else 0.0)
    return trained, saved


def _check(
    output: Path, inputs: list[str] | None, config: Config, checkpoints: CheckpointOptions, writes: bool
) -> CheckpointPlan:
    if format_to_write(output) == "fasttext-binary" and config.ngrams is not None and config.buckets == "exact":
        raise ConfigError(
            "buckets is exact, but fastText finds n-grams by their hash; give --buckets 2000000, or write .safetensors"
        )
    if writes:
        check_writable(output)
        if inputs is not None:
            check_not_read(written_by(output), find(inputs))
        for written in written_by(output):
            check_not_input(written, files_of(config))
    return CheckpointPlan.of(output, checkpoints)


def files_of(config: Config) -> list[str]:
    """The files that the options name: vectors to start from, lists of words and of phrases."""
    named = (getattr(config, name) for name in ("start", "phrases", "vocabulary_file", *WORD_OPTIONS))
    return [value for value in named if isinstance(value, str)]


def _save(trained: Trained, output: Path, display: Progress) -> float:
    """Saves the vectors, clears the checkpoints of a finished run, and returns the seconds that it took."""
    display.update("save", 0, None)
    start = time.perf_counter()
    trained.vectors.save(output, on_warning=display.warn)
    if trained.checkpoints is not None and not trained.interrupted:
        trained.checkpoints.clear()
    return time.perf_counter() - start
