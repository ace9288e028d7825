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
        assert "downstream = upstream × local" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} >= {"loss.svg", "graph.svg"}


def test_the_python_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = PAGE.split("In Python:\n")[1].split("\n\n`backward`")[0]
    names: dict = {}
    exec("\n".join(line[4:] for line in block.splitlines()), names)
    assert "passes.derivative(x)                                       # 36.0" in block
    assert names["passes"].derivative(names["x"]) == 36
    assert (tmp_path / "graph.png").exists()
