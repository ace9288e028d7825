"""docs/learn.md: its commands are understood, and its examples of the models run."""

import re
import shlex
from pathlib import Path

import pytest

pytest.importorskip("sympy")

from sgns.cli import VERBS, make_app, run
from sgns.learn.chapters.derivations import TOPICS

PAGE = (Path(__file__).parents[2] / "docs" / "learn.md").read_text(encoding="utf-8")


def test_its_commands_are_understood():
    commands = [re.split(r" +# ", line)[0] for line in re.findall(r"^    (sgns .*)$", PAGE, re.MULTILINE)]
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command)[1:]
        assert words[0] in VERBS, command
        make_app().parse_args(words, exit_on_error=False, print_error=False)


def test_it_names_every_topic():
    named = re.findall(r"`sgns derive \[([^\]]+)\]`", PAGE)
    assert [topic for row in named for topic in row.split(r"\|") if topic != "all"] == list(TOPICS)


def test_the_graph_of_a_window_is_drawn(capsys):
    (command,) = re.findall(r"^    sgns (graph \"h = .*)$", PAGE, re.MULTILINE)
    assert run(make_app(), shlex.split(command)) == 0
    assert "(a + b)/2" in capsys.readouterr().out


def test_the_models_train_as_shown():
    pytest.importorskip("torch")
    _, code = PAGE.split("In Python, without files:\n")
    code = re.sub(r"^    ", "", code.split("The graph of one")[0], flags=re.MULTILINE)
    names = {}
    exec(code, names)
    assert len(names["losses"]) == 5
    assert all(0 < loss < 10 for loss in names["losses"])
    assert names["model"].E.compose([1, 2]).shape == (16,)
