"""What docs/growing.md says about phrases and vocabularies: the code runs, the commands succeed."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import sgns
from sgns.cli import make_app, run

PAGE = Path(__file__).parents[2] / "docs" / "growing.md"
HEADINGS = ["Phrases", "Given vocabularies"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    words = ["the", "a", "paris", *(f"w{n}" for n in range(400))]
    phrases = ["bank of america new york city"] + [""] * 3
    lines = [f"{phrases[n % 4]} {' '.join(rng.choice(words, 10))}\n" for n in range(2_000)]
    for name in ("corpus.txt", "new.txt"):
        Path(name).write_text("".join(lines))
    Path("names.txt").write_text("paris\n")
    Path("stop.txt").write_text("the\na\n")
    sgns.Corpus.from_files("corpus.txt").vocabulary.save("vocab.tsv")
    return tmp_path


def blocks(heading: str, kind: str) -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_code_runs(folder: Path, heading: str) -> None:
    names = {"sgns": sgns}
    for code in blocks(heading, "python"):
        exec(code, names)
    assert "paris" in names["vectors"].words
    if heading == "Given vocabularies":
        assert "the" not in names["vectors"].words


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_commands_succeed(folder: Path, heading: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^\$ sgns (.*)$", "".join(blocks(heading, "console")), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        arguments = shlex.split(command)
        more = ["--dim", "4", "--epochs", "1"] if arguments[0] == "train" else ["--quiet"]
        assert run(make_app(), [*arguments, *more]) == 0, capsys.readouterr().err
