"""The verb train; `python word2vec.py` is the same verb with the built-in corpus as its default input."""

import json
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sgns.cli.options import DEFAULT_VECTORS, Json, Output, Quiet
from sgns.cli.output import print_error
from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.training.options import CheckpointOptions, DistributedOptions

if TYPE_CHECKING:
    from sgns.progress import Progress
    from sgns.training.distributed.environment import Place
    from sgns.training.train import Keep, Trained


FLAT = Parameter(name="*")  # the fields of a dataclass are options of the verb


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """All options of `sgns train`: those of the run, each declared in its own dataclass, and those of the command."""

    output: Output = DEFAULT_VECTORS
    """Where the vectors go; the ending chooses the format (.safetensors, .bin, .txt, .vec, .tsv, .npz)."""
    config: Annotated[Config, FLAT] = field(default_factory=Config)
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
    """Train word vectors on your text, or with no argument on the documentation on this machine."""
    return train_on(only_paths(inputs) or None, options)


def only_paths(inputs: Sequence[str]) -> list[str]:
    """The inputs as a list.

    Raises:
        ConfigError: one of them is a misspelt option; the message suggests the options nearest in spelling.
    """
    for name in inputs:
        if name.startswith("-") and name != "-":
            from sgns.base.suggest import nearest

            near = nearest(name.split("=")[0], option_names())
            hint = f"did you mean {', '.join(near)}?" if near else "sgns train --help lists them all"
            raise ConfigError(f"{name} is no option; {hint}")
    return list(inputs)


def option_names() -> list[str]:
    """The names of all options, as `--min-count`."""
    parts = (TrainOptions, Config, CheckpointOptions, DistributedOptions)
    options = [option for part in parts for option in fields(part)]
    return [f"--{option.name.replace('_', '-')}" for option in options if option.default is not MISSING]


def train_on(inputs: list[str] | None, options: TrainOptions) -> int:
    """Reads, trains, saves, and prints the report. Returns the exit code: 0, 130 after Ctrl-C, 143 after SIGTERM."""
    from sgns.base.files import check_writable
    from sgns.training.distributed.environment import Place
    from sgns.vectors.files.formats import by_ending

    began = time.perf_counter()
    if (place := Place.found()) is not None:
        return train_among(place, inputs, options)
    if options.distributed != DistributedOptions():
        raise ConfigError(
            "--shards and --communication-dtype are for many machines; start with torchrun, or leave them out"
        )
    if not options.dry_run:
        by_ending(options.output)
        check_writable(options.output)
    from sgns.training.train import read, run

    with make_display(options) as display:
        display.update("read", 0, None)
        corpus = read(inputs, options.config, display)
        if options.dry_run:
            from sgns.training.estimate import forecast

            report = forecast(corpus, options.config)
            shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in report.items()}
            lines = (f"{name:<22}{value}" for name, value in shown.items())
            print(json.dumps(report) if options.json else "\n".join(lines))
            return 0
        trained = run(corpus, options.config, display, kept(options))
        display.update("save", 0, None)
        start = time.perf_counter()
        trained.vectors.save(options.output)
        saved = time.perf_counter() - start
        if trained.checkpoints is not None and not trained.interrupted:
            trained.checkpoints.clear()
    return finish(trained, options, saved, began)


def train_among(place: "Place", inputs: list[str] | None, options: TrainOptions) -> int:
    """`train_on` for one rank of many; rank 0 saves and prints."""
    from importlib.util import find_spec

    from sgns.errors import MissingExtra

    if find_spec("torch") is None:
        raise MissingExtra("training on many machines needs PyTorch; install it with: pip install 'sgns[torch]'")
    if inputs is None or options.dry_run:
        what = "--dry-run" if options.dry_run else "the built-in corpus"
        raise ConfigError(f"{what} is for one machine; leave torchrun out, or name files")
    began = time.perf_counter()
    from sgns.base.files import check_writable
    from sgns.training.distributed.comm import together
    from sgns.training.distributed.environment import Sharing
    from sgns.training.distributed.run import Job, run_job
    from sgns.training.distributed.torchrun import Ranks
    from sgns.vectors.files.formats import by_ending

    first = place.rank == 0
    with make_display(options if first else TrainOptions(quiet=True)) as display:
        display.update("wait for all ranks", 0, None)
        with Ranks(place) as ranks:
            ranks.leaving = display.close

            def check() -> "Keep":
                by_ending(options.output)
                if first:
                    check_writable(options.output)
                return kept(options)

            keep = together(ranks.group, check)
            sharing = Sharing(**asdict(options.distributed))
            trained = run_job(ranks, Job(inputs, options.config, keep, sharing), display)

            def save() -> float:
                start = time.perf_counter()
                if first:
                    display.update("save", 0, None)
                    trained.vectors.save(options.output)
                    if trained.checkpoints is not None and not trained.interrupted:
                        trained.checkpoints.clear()
                return time.perf_counter() - start

            saved = together(ranks.group, save)
    if not first:
        return 128 + (trained.signal or signal.SIGINT) if trained.interrupted else 0
    return finish(trained, options, saved, began)


def kept(options: TrainOptions) -> "Keep":
    """The output and its checkpoints."""
    from sgns.training.checkpoint import Every
    from sgns.training.train import Keep

    every = options.checkpoints.checkpoint_every
    return Keep(options.output, Every.parse(every) if every else None, options.checkpoints.resume)


def finish(trained: "Trained", options: TrainOptions, saved: float, began: float) -> int:
    """Prints the report of a run whose vectors are saved, and writes it beside them. Returns the exit code."""
    from sgns.training.report import report_as_text, write_record

    report = trained.report | {"output": str(options.output)}
    report["seconds"] = report["seconds"] | {"save": saved, "total": time.perf_counter() - began}
    write_record(options.output, report)
    print(json.dumps(report) if options.json else report_as_text(report))
    if trained.interrupted:
        print_error(f"stopped early; the work so far is in {options.output}{how_to_go_on(trained)}")
        return 128 + (trained.signal or signal.SIGINT)
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
