"""docs/teaching.md: its commands exist, its table says what a sheet asks, its code runs."""

import re
import shlex
from pathlib import Path

import pytest

pytest.importorskip("sympy")

from sgns import learn
from sgns.cli import VERBS, make_app
from sgns.learn.document.blocks import Code
from sgns.learn.worksheets.marking import check_answers

PAGE = (Path(__file__).parents[2] / "docs" / "teaching.md").read_text(encoding="utf-8")


def test_its_commands_are_understood():
    commands = [re.split(r" +# ", line)[0] for line in re.findall(r"^    (sgns .*)$", PAGE, re.MULTILINE)]
    commands += re.findall(r"`(sgns \w+ [^`]+)`", PAGE)
    assert len(commands) > 12
    for command in commands:
        check_command(command)


def check_command(command):
    words = shlex.split(command)[1:]
    assert words[0] in VERBS, command
    make_app().parse_args(words, exit_on_error=False, print_error=False)


def test_the_commands_of_a_sheet_are_understood():
    (question,) = learn.make_worksheet(7, topics=["training"]).questions
    (commands,) = (block.text for block in question.intro if isinstance(block, Code))
    train, *others = commands.splitlines()
    for command in others:
        check_command(command)
    check_command(train.replace("python word2vec.py", "sgns train text.txt"))


def test_its_table_has_the_questions_and_points_of_a_sheet():
    rows = re.findall(r"^\| (\d) \| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)
    asked = [(question.topic, question.points) for question in learn.make_worksheet(1).questions]
    assert [(topic, int(points)) for _, topic, points in rows] == asked
    assert [sum(int(points) for part, _, points in rows if part == number) for number in "123"] == [30, 46, 24]


def test_its_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("seeds.csv").write_text("name,seed\nada,7\n", encoding="utf-8")
    code = "\n".join(re.findall(r"^    (from sgns.*|for .*|    write.*)$", PAGE, re.MULTILINE))
    exec(code.replace(".pdf", ".md"), {})
    assert "worksheet 7" in Path("ada.md").read_text(encoding="utf-8")
    assert check_answers("ada.toml", 7).points == 0


def test_its_form_is_read(tmp_path):
    form = PAGE.split("between quotes:\n")[1].split("A number may be")[0]
    (tmp_path / "a.toml").write_text(re.sub("^    ", "", form, flags=re.MULTILINE), encoding="utf-8")
    assert learn.read_answers(tmp_path / "a.toml")["graph"]["df/dx"] == 36
    assert check_answers(tmp_path / "a.toml", 7, topics=["gradients", "graph"]).points == 2
