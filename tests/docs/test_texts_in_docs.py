"""What docs/growing.md and docs/evaluation.md say about texts: the code runs, the commands succeed."""

import re
import shlex
import warnings
from pathlib import Path

import numpy as np
import pytest

from sgns import Vectors
from sgns.cli import make_app, run
from sgns.vectors.texts import EncodedTexts

DOCS = Path(__file__).parents[2] / "docs"
WORDS = ["the", "cat", "sat", "on", "mat", "stocks", "fell", "again", "good", "bad", "film", "plot"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(["vectors", "a", "b"]):
        E = np.random.default_rng(seed).normal(size=(2, 12, 8))
        Vectors(WORDS, E[0], E[1], np.arange(12, 0, -1), {"config": {"lowercase": True}}).save(f"{name}.safetensors")
    (tmp_path / "texts.txt").write_text("The cat sat.\nstocks fell\n")
    (tmp_path / "documents.txt").write_text("The film\nthe plot\nthe bad plot\n")
    (tmp_path / "reviews.jsonl").write_text('{"body": "good film"}\n{"body": "bad plot"}\n')
    (tmp_path / "polarity.tsv").write_text("1\tgood film\n0\tbad plot\n" * 10)
    return tmp_path


def blocks(page: str, heading: str, kind: str) -> list[str]:
    section = (DOCS / page).read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


@pytest.mark.parametrize("heading", ["Vectors of texts", "The likeliest word of a context"])
def test_the_code_runs(folder: Path, heading: str) -> None:
    names = {"documents": ["the cat", "the film"], "new_texts": ["the mat", "stocks"]}
    names["v"] = Vectors.load("vectors.safetensors")
    for code in blocks("growing.md", heading, "python"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(code, names)
    if heading == "Vectors of texts":
        assert names["rows"].shape == (2, 8)
        assert isinstance(names["found"], EncodedTexts)


@pytest.mark.parametrize("heading", ["Vectors of texts", "The likeliest word of a context"])
def test_the_commands_succeed(folder: Path, heading: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^\$ sgns (.*)$", "".join(blocks("growing.md", heading, "console")), re.MULTILINE)
    assert commands
    for command in commands:
        if ".parquet" in command:
            pytest.importorskip("pyarrow")
        assert run(make_app(), shlex.split(command)) == 0, capsys.readouterr().err


def test_the_comparison_of_texts_succeeds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^\$ sgns (compare .*--texts.*)$", (DOCS / "evaluation.md").read_text(), re.MULTILINE)
    assert len(commands) == 1
    assert run(make_app(), [*shlex.split(commands[0]), "--words", "0"]) == 0
    assert "polarity.tsv" in capsys.readouterr().out
