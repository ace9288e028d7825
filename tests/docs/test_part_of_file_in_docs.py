"""What docs/vectors.md says about parts of files and quantizing: its code and its commands run."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import sgns
from sgns.cli import make_app, run
from sgns.vectors import Vectors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "vectors.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Part of a file")[2].partition("\n## ")[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    words = ["the", "paris", "london", "rome", *(f"w{i}" for i in range(96))]
    E = np.random.default_rng(2).normal(size=(100, 24)).astype(np.float32)
    for name in ("vectors.txt", "news.bin", "science.bin"):
        Vectors(words, E).save(name)
    Path("capitals.txt").write_text("rome\nlondon\n")
    Path("stopwords.txt").write_text("the\n")
    Path("wordsim353.tsv").write_text("paris\tlondon\t7\nparis\trome\t6\nlondon\trome\t5\nw1\tw2\t1\n")
    return tmp_path


def test_the_code(folder: Path) -> None:
    names: dict = {"sgns": sgns}
    for code in re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL):
        exec(compile(code, "docs/vectors.md", "exec"), names)
    assert names["v"].words == ["paris", "london", "rome"]
    assert sgns.load("small.safetensors").precision == "int8"
    assert "neighbours_kept" in names["q"].metadata["quantized"]


def test_the_commands(folder: Path) -> None:
    commands = re.findall(r"^\$ sgns (.*)$", SECTION, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        assert run(make_app(), shlex.split(command)) == 0, command
    assert "the" not in sgns.load("small.safetensors")
    assert len(sgns.load("both.safetensors")) == 100
