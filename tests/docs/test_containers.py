"""docs/containers.md: its commands are understood, and do what it says."""

import re
import shlex
from pathlib import Path

from sgns.base.kernel_cache import target
from sgns.cli import make_app

PAGE = (Path(__file__).parents[2] / "docs" / "containers.md").read_text(encoding="utf-8")


def test_its_commands_are_understood():
    commands = re.findall(r"^(?:RUN|docker run .* words) (sgns .*)$", PAGE, re.MULTILINE)
    assert [command.split()[1] for command in commands] == ["compile", "train"]
    for command in commands:
        make_app().parse_args(shlex.split(command)[1:], exit_on_error=False, print_error=False)


def test_its_options_are_those_of_the_verb():
    options = re.findall(r"`--([a-z-]+)`", PAGE.split("## What `sgns compile` takes")[1].split("with the defaults")[0])
    command = ["compile", *(word for name in options for word in OPTIONS[name])]
    make_app().parse_args(command, exit_on_error=False, print_error=False)
    assert sorted(options) == sorted(OPTIONS)


OPTIONS = {
    "dim": ["--dim", "100,300"],
    "window": ["--window", "6"],
    "negatives": ["--negatives", "4"],
    "sharing": ["--sharing", "pair"],
    "deterministic": ["--deterministic"],
    "model": ["--model", "cbow"],
    "loss": ["--loss", "hierarchical"],
    "combine": ["--combine", "sum"],
    "ngrams": ["--ngrams", "3-6"],
    "no-shrink-windows": ["--no-shrink-windows"],
}


def test_with_its_environment_the_processor_is_of_no_account(monkeypatch):
    (line,) = re.findall(r"^ENV (NUMBA_CPU_NAME.*)$", PAGE, re.MULTILINE)
    for setting in line.split():
        monkeypatch.setenv(*setting.split("=", 1))
    here = target.__wrapped__()
    monkeypatch.setattr("sgns.base.kernel_cache.processor", lambda: "another")
    assert target.__wrapped__() == here
