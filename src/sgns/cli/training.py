"""The verb train; `python word2vec.py` is the same verb with the built-in corpus as its default input."""

import json
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sgns.base.memory import check_libraries
from sgns.cli.options import AS_PATH, DEFAULT_VECTORS, Json, Output, Quiet, UnknownOption
from sgns.cli.output import print_error
from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.training.options import CheckpointOptions, DistributedOptions

if TYPE_CHECKING:
    from sgns.progress import Progress
    from sgns.training.run import Trained


FLAT = Parameter(name="*")  # the fields of a dataclass are options of the verb


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """All options of `sgns train`: those of the run, each declared in its own dataclass, and those of the command."""

    output: Output = DEFAULT_VECTORS
    """Where the vectors go; the ending chooses the format (.safetensors, .bin, .txt, .vec, .tsv, .npz)."""
    config: Annotated[Config, FLAT, Parameter(negative_iterable=())] = field(default_factory=Config)
    checkpoints: Annotated[CheckpointOptions, FLAT, Parameter(negative="")] = field(default_factory=CheckpointOptions)
    distributed: Annotated[DistributedOptions, FLAT] = field(default_factory=DistributedOptions)
    dry_run: bool = False
    """Print vocabulary, parameters, memory and expected time, and train nothing."""
    live: Annotated[bool, Parameter(negative="")] = False
    """Plot the loss during training."""
    quiet: Quiet = False
    json: Json = False


Inputs = Annotated[
    str,
    AS_PATH,
    Parameter(allow_leading_hyphen=True, help="Files (plain, gz, bz2, xz, zst), folders, or - for standard input."),
]
Options = Annotated[TrainOptions, FLAT]
DEFAULTS = TrainOptions()


def train(*inputs: Inputs, options: Options = DEFAULTS) -> int:
    """Train word vectors on text."""
    if not inputs:
        raise InputError("no text was given; name a file or folder, - for standard input, or run: python word2vec.py")
    return train_on(only_paths(inputs), options)


def train_builtin(*inputs: Inputs, options: Options = DEFAULTS) -> int:
    """Train word vectors on your text, or with no argument on the documentation on this machine.

    On the documentation --deterministic is set, so that every run finds the same words; --engine cpu is faster.
    """
    paths = only_paths(inputs)
    if not paths and options.config.engine == "auto" and not torchrun_started():
        options = replace(options, config=replace(options.config, deterministic=True))
    return train_on(paths or None, options)


def torchrun_started() -> bool:
    """Whether torchrun started this process as one of several ranks."""
    from sgns.training.distributed.environment import TorchrunEnvironment

    return TorchrunEnvironment.read() is not None


def only_paths(inputs: Sequence[str]) -> list[str]:
    """The inputs as a list. Raises `UnknownOption` if one of them is no path but an option that does not exist."""
    for name in inputs:
        if name.startswith("-") and name != "-":
            raise UnknownOption(name)
    return list(inputs)


def train_on(inputs: list[str] | None, options: TrainOptions) -> int:
    """Trains and prints the report. Returns the exit code: 0, 130 after Ctrl-C, 143 after SIGTERM."""
    check_libraries()
    from sgns.training.distributed.environment import TorchrunEnvironment
    from sgns.training.job import train_to_file
    from sgns.training.report import report_as_text

    environment = TorchrunEnvironment.read()
    first = environment is None or environment.rank == 0
    with make_display(options if first else TrainOptions(quiet=True)) as display:
        if options.dry_run:
            return print_estimate(inputs, options, display, alone=environment is None)
        trained = train_to_file(
            inputs,
            options.output,
            options.config,
            display,
            checkpoints=options.checkpoints,
            distributed=options.distributed,
            environment=environment,
        )
    if first:
        print(json.dumps(trained.report) if options.json else report_as_text(trained.report))
    if not trained.interrupted:
        return 0
    if first:
        print_error(f"stopped early; the work so far is in {options.output}{how_to_go_on(trained)}")
    return 128 + (trained.signal or signal.SIGINT)


def print_estimate(inputs: list[str] | None, options: TrainOptions, display: "Progress", alone: bool) -> int:
    """Prints what a run will need. Raises `ConfigError` under torchrun."""
    from sgns.training.estimate import estimate, estimate_as_text
    from sgns.training.growing import Start, read_corpus
    from sgns.training.job import check_alone
    from sgns.training.train import read

    if not alone:
        raise ConfigError("--dry-run is for one machine; leave torchrun out")
    check_alone(options.distributed)
    display.update("read", 0, None)
    start = Start.of(options.config, on_warning=display.warn)
    corpus = read_corpus(start, options.config, lambda use: read(inputs, use, display), display.update)
    needs = estimate(corpus, options.config)
    print(json.dumps(needs) if options.json else estimate_as_text(needs))
    return 0


def make_display(options: TrainOptions) -> "Progress":
    """The display of progress that the options ask for."""
    from sgns.progress import Progress
    from sgns.progress.live import LivePlot

    return LivePlot(options.quiet) if options.live else Progress(options.quiet)


def how_to_go_on(trained: "Trained") -> str:
    """The command that resumes an interrupted run; empty if it left no checkpoint."""
    if trained.checkpoints is None or not trained.checkpoints.found():
        return ""
    again = [word for word in sys.argv[1:] if word != "--resume"]
    script = Path(sys.argv[0])
    command = ["python", "-m", "sgns"] if script.name == "__main__.py" else [script.name]
    if script.suffix == ".py" and script.name != "__main__.py":
        command = ["python", sys.argv[0]]
    return "; go on with: " + shlex.join([*command, *again, "--resume"])
