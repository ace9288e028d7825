"""The verb train; `python word2vec.py` is the same function with the built-in corpus as its default input."""

import json
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from sgns.config import Config
from sgns.errors import ConfigError, InputError

if TYPE_CHECKING:
    from sgns.progress import Progress
    from sgns.training.distributed.environment import Place
    from sgns.training.train import Trained


Input = Annotated[str, Parameter(allow_leading_hyphen=True)]  # for -, standard input


def train(
    *inputs: Input,
    output: Annotated[Path, Parameter(alias="-o")] = Path("vectors.safetensors"),
    config: Annotated[Config | None, Parameter(name="*")] = None,
    checkpoint_every: str | None = None,
    resume: Annotated[bool, Parameter(negative="")] = False,
    shards: Literal["shared", "local"] = "shared",
    communication_dtype: Literal["float32", "bfloat16"] = "float32",
    dry_run: bool = False,
    live: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Train word vectors on text.

    Args:
        inputs: Files (plain, gz, bz2, xz, zst), folders, or - for standard input.
        config: All options of `Config`, each by its own name.
        output: Where the vectors go; the ending chooses the format (.safetensors, .bin, .txt, .vec, .tsv, .npz).
        checkpoint_every: Write a checkpoint beside the output this often: 60s, 5m, 1h, 20blocks.
        resume: Go on from the newest checkpoint of this output; from the beginning if there is none.
        shards: Under torchrun: every rank sees the same files (shared), or each machine has its own (local).
        wire: Under torchrun: what numbers are rounded to on their way between machines.
        dry_run: Say vocabulary, parameters, memory and expected time, and train nothing.
        live: Plot the loss while it falls.
        quiet: Show no progress.
        as_json: Print one JSON object.
    """
    if not inputs:
        raise InputError("no text was given; name a file or folder, - for standard input, or run: python word2vec.py")
    how = How(checkpoint_every, resume, dry_run, live, quiet, as_json, shards, communication_dtype)
    return train_on(only_paths(inputs), output, config or Config(), how)


def train_builtin(
    *inputs: Input,
    output: Annotated[Path, Parameter(alias="-o")] = Path("vectors.safetensors"),
    config: Annotated[Config | None, Parameter(name="*")] = None,
    checkpoint_every: str | None = None,
    resume: Annotated[bool, Parameter(negative="")] = False,
    dry_run: bool = False,
    live: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Train word vectors on your text, or with no argument on the documentation on this machine.

    Args:
        inputs: Files (plain, gz, bz2, xz, zst), folders, or - for standard input; none for the built-in corpus.
        config: All options of `Config`, each by its own name.
        output: Where the vectors go; the ending chooses the format (.safetensors, .bin, .txt, .vec, .tsv, .npz).
        checkpoint_every: Write a checkpoint beside the output this often: 60s, 5m, 1h, 20blocks.
        resume: Go on from the newest checkpoint of this output; from the beginning if there is none.
        dry_run: Say vocabulary, parameters, memory and expected time, and train nothing.
        live: Plot the loss while it falls.
        quiet: Show no progress.
        as_json: Print one JSON object.
    """
    how = How(checkpoint_every, resume, dry_run, live, quiet, as_json)
    return train_on(only_paths(inputs) or None, output, config or Config(), how)


def only_paths(inputs: Sequence[str]) -> list[str]:
    """The inputs, none of which is a misspelt option.

    Raises:
        ConfigError: one is; the message names the options that are near.
    """
    for name in inputs:
        if name.startswith("-") and name != "-":
            from sgns.base.suggest import nearest

            names = [*signature(train).parameters, *Config.__dataclass_fields__]
            options = [f"--{option.replace('_', '-')}" for option in names if option not in ("inputs", "config")]
            near = nearest(name.split("=")[0], options)
            hint = f"did you mean {', '.join(near)}?" if near else "sgns train --help lists them all"
            raise ConfigError(f"{name} is no option; {hint}")
    return list(inputs)


@dataclass(frozen=True)
class How:
    """How a run goes, beside `Config`: nothing here changes its vectors. See `train` for each."""

    checkpoint_every: str | None = None
    resume: bool = False
    dry_run: bool = False
    live: bool = False
    quiet: bool = False
    as_json: bool = False
    shards: Literal["shared", "local"] = "shared"
    communication_dtype: Literal["float32", "bfloat16"] = "float32"


def train_on(inputs: list[str] | None, output: Path, config: Config, how: How) -> int:
    """Read, train, save, and say what came of it. Returns the exit code: 0, 130 after Ctrl-C, 143 after SIGTERM."""
    from sgns.base.files import check_writable
    from sgns.training.distributed.environment import Place
    from sgns.vectors.files.formats import by_ending

    began = time.perf_counter()
    if (place := Place.found()) is not None:
        return train_among(place, inputs, output, config, how)
    if (how.shards, how.communication_dtype) != ("shared", "float32"):
        raise ConfigError(
            "--shards and --communication-dtype are for many machines; start with torchrun, or leave them out"
        )
    if not how.dry_run:
        by_ending(output)
        check_writable(output)
    from sgns.training.checkpoint import Every
    from sgns.training.train import Keep, read, run

    keep = Keep(output, Every.parse(how.checkpoint_every) if how.checkpoint_every else None, how.resume)
    with make_display(how) as display:
        display.update("read", 0, None)
        corpus = read(inputs, config, display)
        if how.dry_run:
            from sgns.training.estimate import forecast

            report = forecast(corpus, config)
            shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in report.items()}
            lines = (f"{name:<22}{value}" for name, value in shown.items())
            print(json.dumps(report) if how.as_json else "\n".join(lines))
            return 0
        trained = run(corpus, config, display, keep)
        display.update("save", 0, None)
        start = time.perf_counter()
        trained.vectors.save(output)
        saved = time.perf_counter() - start
        if trained.checkpoints is not None and not trained.interrupted:
            trained.checkpoints.clear()
    return on_warning(trained, output, how, saved, began)


def train_among(place: "Place", inputs: list[str] | None, output: Path, config: Config, how: How) -> int:
    """`train_on` for one rank of many; rank 0 saves and speaks for all."""
    from importlib.util import find_spec

    from sgns.errors import MissingExtra

    if find_spec("torch") is None:
        raise MissingExtra("training on many machines needs PyTorch; install it with: pip install 'sgns[torch]'")
    if inputs is None or how.dry_run:
        what = "--dry-run" if how.dry_run else "the built-in corpus"
        raise ConfigError(f"{what} is for one machine; leave torchrun out, or name files")
    began = time.perf_counter()
    from sgns.base.files import check_writable
    from sgns.training.checkpoint import Every
    from sgns.training.distributed.comm import together
    from sgns.training.distributed.environment import Sharing
    from sgns.training.distributed.run import Job, run_job
    from sgns.training.distributed.torchrun import Ranks
    from sgns.training.train import Keep
    from sgns.vectors.files.formats import by_ending

    first = place.rank == 0
    with make_display(how if first else How(quiet=True)) as display:
        display.update("wait for all ranks", 0, None)
        with Ranks(place) as ranks:
            ranks.leaving = display.close

            def check() -> Keep:
                by_ending(output)
                if first:
                    check_writable(output)
                every = Every.parse(how.checkpoint_every) if how.checkpoint_every else None
                return Keep(output, every, how.resume)

            keep = together(ranks.group, check)
            trained = run_job(ranks, Job(inputs, config, keep, Sharing(how.shards, how.communication_dtype)), display)

            def save() -> float:
                start = time.perf_counter()
                if first:
                    display.update("save", 0, None)
                    trained.vectors.save(output)
                    if trained.checkpoints is not None and not trained.interrupted:
                        trained.checkpoints.clear()
                return time.perf_counter() - start

            saved = together(ranks.group, save)
    if not first:
        return 128 + (trained.signal or signal.SIGINT) if trained.interrupted else 0
    return on_warning(trained, output, how, saved, began)


def on_warning(trained: "Trained", output: Path, how: How, saved: float, began: float) -> int:
    """Say what came of a run whose vectors are saved; returns the exit code."""
    from sgns.training.report import write_record

    report = trained.report | {"output": str(output)}
    report["seconds"] = report["seconds"] | {"save": saved, "total": time.perf_counter() - began}
    write_record(output, report)
    print(json.dumps(report) if how.as_json else summary(report))
    if trained.interrupted:
        print(f"sgns: stopped early; the work so far is in {output}{how_to_go_on(trained)}", file=sys.stderr)
        return 128 + (trained.signal or signal.SIGINT)
    return 0


def make_display(how: How) -> "Progress":
    """Where progress is shown."""
    from sgns.progress import Progress
    from sgns.progress.live import LivePlot

    return LivePlot(how.quiet) if how.live else Progress(how.quiet)


def how_to_go_on(trained: "Trained") -> str:
    """The command that goes on with an interrupted run, if it can be gone on with."""
    if trained.checkpoints is None or not trained.checkpoints.found():
        return ""
    again = [word for word in sys.argv[1:] if word != "--resume"]
    script = Path(sys.argv[0])
    command = ["python", "-m", "sgns"] if script.name == "__main__.py" else [script.name]
    if script.suffix == ".py" and script.name != "__main__.py":
        command = ["python", sys.argv[0]]
    return "; go on with: " + shlex.join([*command, *again, "--resume"])


def summary(report: dict[str, Any]) -> str:
    """The last lines of a run."""
    seconds = report["seconds"]
    losses = [loss for loss in report["losses"] if loss is not None]
    parts = {"reading": "scan", "compiling": "compile", "training": "train", "saving": "save"}
    times = ", ".join(f"{doing} {seconds[part]:.1f}" for doing, part in parts.items())
    speed = f"{report['words_per_second']:,.0f} words/s"
    none = "none: no epoch was finished"
    if report["words"] and not report["pairs"]:
        none = "none: subsampling left no pairs to learn from; set --subsample 0, or give more text"
    lines = {
        "total run time": f"{seconds['total']:.1f} s  ({times})",
        "vocabulary": f"{report['vocabulary']:,} words, {report['parameters']:,} parameters (2·V·d)",
        "tokens": f"{report['tokens']:,} in {report['sentences']:,} sentences, {speed}",
        "final loss": f"{losses[-1]:.4f} per positive pair" if losses else none,
        **({"held-out loss": f"{report['validation_losses'][-1]:.4f}"} if report.get("validation_losses") else {}),
        "vectors": report["output"],
    }
    return "\n".join(f"{name:<16}{value}" for name, value in lines.items())
