"""The verb train; `python word2vec.py` is the same function with the built-in corpus as its default input."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sgns.config import Config
from sgns.errors import InputError


def train(
    *inputs: str,
    output: Annotated[Path, Parameter(alias="-o")] = Path("vectors.safetensors"),
    config: Annotated[Config | None, Parameter(name="*")] = None,
    dry_run: bool = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Train word vectors on text.

    Args:
        inputs: Files (plain, gz, bz2, xz, zst), folders, or - for standard input.
        output: Where the vectors go; the ending chooses the format (.safetensors, .bin, .txt, .vec, .tsv, .npz).
        dry_run: Say vocabulary, parameters, memory and expected time, and train nothing.
        quiet: Show no progress.
        as_json: Print one JSON object.
    """
    if not inputs:
        raise InputError("no text was given; name a file or folder, - for standard input, or run: python word2vec.py")
    return train_on(list(inputs), output, config or Config(), dry_run, quiet, as_json)


def train_builtin(
    *inputs: str,
    output: Annotated[Path, Parameter(alias="-o")] = Path("vectors.safetensors"),
    config: Annotated[Config | None, Parameter(name="*")] = None,
    dry_run: bool = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Train word vectors on your text, or with no argument on the documentation on this machine.

    Args:
        inputs: Files (plain, gz, bz2, xz, zst), folders, or - for standard input; none for the built-in corpus.
        output: Where the vectors go; the ending chooses the format (.safetensors, .bin, .txt, .vec, .tsv, .npz).
        dry_run: Say vocabulary, parameters, memory and expected time, and train nothing.
        quiet: Show no progress.
        as_json: Print one JSON object.
    """
    return train_on(list(inputs) or None, output, config or Config(), dry_run, quiet, as_json)


def train_on(inputs: list[str] | None, output: Path, config: Config, dry_run: bool, quiet: bool, as_json: bool) -> int:
    """Read, train, save, and say what came of it. Returns the exit code: 0, or 130 after Ctrl-C."""
    from sgns.places import check_writable
    from sgns.progress import Progress
    from sgns.vectors.formats import by_ending

    began = time.perf_counter()
    if not dry_run:
        by_ending(output)
        check_writable(output)
    from sgns.training.train import read, run

    with Progress(quiet=quiet) as display:
        display.update("read", 0, None)
        corpus = read(inputs, config, display)
        if dry_run:
            from sgns.training.forecast import forecast

            report = forecast(corpus, config)
            print(json.dumps(report) if as_json else "\n".join(f"{name:<22}{value}" for name, value in report.items()))
            return 0
        trained = run(corpus, config, display)
        display.update("save", 0, None)
        start = time.perf_counter()
        trained.vectors.save(output)
        saved = time.perf_counter() - start
    report = trained.report | {"output": str(output)}
    report["seconds"] = report["seconds"] | {"save": saved, "total": time.perf_counter() - began}
    if as_json:
        print(json.dumps(report))
    else:
        print(summary(report))
    if trained.interrupted:
        print(f"sgns: stopped early; the work so far is in {output}", file=sys.stderr)
        return 130
    return 0


def summary(report: dict[str, Any]) -> str:
    """The last lines of a run."""
    seconds = report["seconds"]
    losses = [loss for loss in report["losses"] if loss is not None]
    lines = {
        "total run time": f"{seconds['total']:.1f} s  (reading {seconds['scan']:.1f}, compiling {seconds['compile']:.1f}, "
        f"training {seconds['train']:.1f}, saving {seconds['save']:.1f})",
        "vocabulary": f"{report['vocabulary']:,} words, {report['parameters']:,} parameters (2·V·d)",
        "tokens": f"{report['tokens']:,} in {report['sentences']:,} sentences, {report['words_per_second']:,.0f} words/s",
        "final loss": f"{losses[-1]:.4f} per positive pair" if losses else "none: no epoch was finished",
        "vectors": report["output"],
    }
    return "\n".join(f"{name:<16}{value}" for name, value in lines.items())
