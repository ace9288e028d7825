"""What docs/growing.md says about going on with a model: the code runs, the commands succeed."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import sgns
from sgns.cli import make_app, run
from sgns.config import OTHER_SKIPGRAM_RATE, RATES, START_RATES, START_WEIGHT, Config

PAGE = (Path(__file__).parents[2] / "docs" / "growing.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Going on with a model\n")[1].split("\n## ")[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    for name, low in (("old", 0), ("new", 10), ("medicine", 20)):
        words = ["paris", "london", *(f"w{low + n}" for n in range(50))]
        Path(f"{name}.txt").write_text("".join(" ".join(rng.choice(words, 10)) + "\n" for _ in range(500)))
    old = sgns.train("old.txt", quiet=True, epochs=1)
    old.save("old.safetensors")
    old.save("glove.6B.100d.txt", "glove")
    return tmp_path


def test_the_code_runs(folder: Path) -> None:
    names = {"sgns": sgns, "old": sgns.load("old.safetensors")}
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    exec(code, names)
    assert np.array_equal(names["more"]["paris"], names["old"]["paris"])
    assert len(names["more"].metadata["trained_on"]) == 2


def test_the_commands_succeed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^\$ sgns (.*)$", SECTION, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert run(make_app(), [*shlex.split(command), "--epochs", "1"]) == 0, capsys.readouterr().err
    assert np.array_equal(sgns.load("more.safetensors").C, sgns.load("old.safetensors").C)
    assert "w65" in sgns.load("medicine.safetensors").words


def test_the_default_rate_and_weight_are_those_described() -> None:
    assert START_WEIGHT == 0.5
    assert START_RATES == {"mean": 1.5, "alone": 0.75}
    said = " ".join(SECTION.split())
    assert "`--lr` is one and a half times the model's, 0.06 for skipgram" in said
    assert "With `--start-weight 0` it is three quarters, 0.03" in said
    assert "| `--start-weight` | 0.5 |" in said
    assert OTHER_SKIPGRAM_RATE * START_RATES["mean"] == pytest.approx(Config(start="old").lr) == pytest.approx(0.06)
    assert RATES["cbow"] * START_RATES["mean"] == pytest.approx(0.225)
