"""docs/exports.md: its commands are understood, its code runs, its table has every program."""

import re
import shlex
from pathlib import Path
from typing import get_args

import numpy as np

from sgns.cli import make_app
from sgns.vectors import Vectors
from sgns.vectors.exports.export import Program

PAGE = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")


def test_its_commands_are_understood_and_name_every_program():
    commands = re.findall(r"^\$ (sgns .*)$", PAGE, re.MULTILINE)
    for command in commands:
        make_app().parse_args(shlex.split(command)[1:], exit_on_error=False, print_error=False)
    assert [shlex.split(command)[shlex.split(command).index("--to") + 1] for command in commands] == list(
        get_args(Program)
    )
    rows = re.findall(r"^\| `([a-z0-9][a-z0-9-]+)`", PAGE, re.MULTILINE)
    assert rows[: len(get_args(Program))] == list(get_args(Program))


def test_its_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Vectors(["a", "b"], np.eye(2), counts=np.array([3, 1])).save("vectors.safetensors")
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], {})
    assert "SentenceTransformer('model')" in capsys.readouterr().out
    assert (tmp_path / "model" / "tokenizer.json").exists()


def test_the_verb_writes_a_folder_or_a_file(tmp_path, capsys):
    from sgns.cli import run

    Vectors(["a", "b"], np.eye(2), counts=np.array([3, 1])).save(tmp_path / "v.safetensors")
    source = str(tmp_path / "v.safetensors")
    assert run(make_app(), ["export", source, str(tmp_path / "v.fifu"), "--to", "finalfusion", "--words", "1"]) == 0
    assert (tmp_path / "v.fifu").read_bytes()[:4] == b"FiFu"
    assert "1 words in" in capsys.readouterr().out
    assert run(make_app(), ["export", source, "--to", "model2vec"]) == 2
    assert "name one output" in capsys.readouterr().err
    assert run(make_app(), ["export", source, "-o", str(tmp_path / "t"), "--license", "mit"]) == 2
    hub = [source, str(tmp_path), "--to", "huggingface"]
    (tmp_path / "v.safetensors").rename(tmp_path / "model.safetensors")
    assert run(make_app(), ["export", str(tmp_path / "model.safetensors"), *hub[1:]]) == 2
    assert "would be replaced" in capsys.readouterr().err
