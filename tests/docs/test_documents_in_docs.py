"""What docs/documents.md says: its code runs and gives what its comments say, its commands succeed."""

import re
import shlex
from pathlib import Path

import pytest

import sgns
from sgns.cli import make_app, run
from sgns.config import Config
from sgns.errors import ConfigError

PAGE = (Path(__file__).parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.filterwarnings("ignore::sgns.errors.TrainingWarning")
def test_the_code_runs_and_gives_what_its_comments_say(folder):
    names: dict = {}
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    exec(compile(code, "docs/documents.md", "exec"), names)
    v = names["v"]
    assert v.documents.words == ["sports", "law", "17"]
    assert names["rows"].shape == (2, 50)
    assert sgns.load("news.safetensors").documents.words == v.documents.words
    assert v.E.tolist() == v.C.tolist()


def test_the_commands_succeed(folder, capsys):
    lines = ["sports,a b\tgoal team match goal", "law\tjudge court case"] * 200
    (folder / "news.tsv").write_text("\n".join(lines))
    (folder / "new.txt").write_text("a goal of the team\n")
    commands = re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1].strip().split("\n")
    assert len(commands) == 7
    for command in commands:
        assert run(make_app(), shlex.split(command, comments=True)[1:]) == 0, (command, capsys.readouterr().err)


def test_names_of_gensim_lead_here():
    v = sgns.Vectors(["a"], [[1.0]])
    for name, ours in {"dv": "v.documents", "docvecs": "v.documents", "infer_vector": "sgns.infer"}.items():
        with pytest.raises(AttributeError, match=f"here it is {ours}"):
            getattr(v, name)
    for name in ("dm_mean", "dbow_words", "dm_concat"):
        with pytest.raises(ConfigError, match=r"combine|not here"):
            Config(**{name: 1})
