"""What docs/learn.md shows can be typed as it stands."""

import re
import shlex
from pathlib import Path

import pytest

pytest.importorskip("sympy")

from sgns.cli import make_app, run

PAGE = (Path(__file__).parents[2] / "docs" / "learn.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    commands = [shlex.split(line)[1:] for line in PAGE.splitlines() if line.startswith("    sgns ")]
    commands.append(shlex.split(re.findall(r"`sgns (graph .*?)`", PAGE)[0]))
    assert len(commands) >= 3
    for arguments in commands:
        assert run(make_app(), arguments) == 0, arguments
        assert {"graph": "downstream = upstream × local", "step": "1,440 steps"}[
            arguments[0]
        ] in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} >= {"loss.svg", "graph.svg", "step.html"}


def code_after(words: str) -> str:
    """The indented block that follows a line of the page."""
    lines = PAGE.split(f"{words}\n\n", 1)[1].splitlines()
    end = next(i for i, line in enumerate(lines) if line and not line.startswith("    "))
    return "\n".join(line[4:] for line in lines[:end])


def test_the_graphs_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, names = code_after("In Python:"), {}
    exec(code, names)
    shown = re.findall(r"^(\w+\.derivative\(.*?\)) +# (.*)$", code, re.MULTILINE)
    assert len(shown) == 2
    for call, value in shown:
        assert eval(call, names) == float(value)
    assert (tmp_path / "graph.png").exists()


def test_the_chapters_of_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(code_after("and each can be used alone:"), {})
    assert "The gradients" in capsys.readouterr().out
    text = (tmp_path / "handout.html").read_text()
    assert "The loss of SGNS" in text
    assert "Mean against sum" in text
