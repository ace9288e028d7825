"""Forms with answers: read, marked, a class at once, and every refusal with its remedy."""

import csv
import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sympy")

from sgns.errors import ConfigError, FormatError, OutputError
from sgns.learn.worksheets.marking import (
    check_answers,
    check_class,
    mark_answers,
    marks_as_csv,
    read_answers,
    read_seeds,
    write_marks,
)
from sgns.learn.worksheets.worksheet import answer_form, filled_form, make_worksheet

SHORT = ("sigmoid", "graph")


@pytest.fixture
def form(tmp_path):
    """The right answers to two questions of sheet 7."""
    path = tmp_path / "answers.toml"
    path.write_text(filled_form(make_worksheet(7, topics=SHORT)), encoding="utf-8")
    return path


def test_the_empty_form_is_toml_and_earns_nothing(tmp_path):
    sheet = make_worksheet(7)
    made = tomllib.loads(answer_form(sheet))
    assert {topic: list(made[topic]) for topic in sheet.topics} == {
        question.topic: [answer.name for answer in question.answers] for question in sheet.questions
    }
    marked = mark_answers(made, 7)
    assert marked.points == marked.for_the_teacher == 0
    assert not any(mark.hint for mark in marked.marks)


def test_right_answers_earn_all_points(form):
    marked = check_answers(form, 7)
    assert marked.sheet.topics == SHORT  # as the form says
    assert marked.points == marked.sheet.points == 32


def test_a_derivative_needs_no_quotes_and_a_mark_at_the_beginning_is_skipped(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b'\xef\xbb\xbf[graph]\n df/db = "-2/5"\n"df/dx" = -1.4\n')
    marked = check_answers(path, 7)
    assert {mark.answer.name for mark in marked.marks if mark.verdict.right} == {"df/db", "df/dx"}


def test_only_the_first_wrong_answer_of_a_question_gets_a_hint():
    answers = {"graph": {"a": -4, "b": 2.4, "c": 1, "df/dx": 0}, "sigmoid": {"value": 0.0759}}
    hints = {mark.answer.name: mark.hint for mark in mark_answers(answers, 7).marks if mark.hint}
    assert set(hints) == {"b", "value"}
    assert "operands" in hints["b"]
    assert "sign in the exponent" in hints["value"]


def test_known_mistakes_are_named():
    forgotten = {"graph": {"df/dx": -0.4}}  # one of the two edges of x
    (hint,) = (mark.hint for mark in mark_answers(forgotten, 7).marks if mark.hint)
    assert hint == "x is used 2 times; add what each of its edges brings"
    inner = {"sigmoid": {"derivative": "sigmoid(4*x + 2)*(1 - sigmoid(4*x + 2))"}}
    (hint,) = (mark.hint for mark in mark_answers(inner, 7).marks if mark.hint)
    assert hint == "step 2 is missing: the derivative of what is inside σ"
    swapped = {"gradients": {"dL/dCp": "(sigmoid(dot(Ew, Cp)) - 1)*Cp"}}
    (hint,) = (mark.hint for mark in mark_answers(swapped, 7).marks if mark.hint)
    assert hint == "step 3: the gradient of a dot product is the other vector"


def test_a_derivative_of_the_graph_may_be_a_formula():
    right = {"graph": {"df/dx": "-(1 + 1/(x + y))", "df/db": "-1/(x + y)", "df/dy": "(-2/5)"}}
    marks = {mark.answer.name: mark.verdict for mark in mark_answers(right, 7).marks}
    assert {name for name, verdict in marks.items() if verdict.right} == {"df/dx", "df/db", "df/dy"}
    assert marks["df/dx"].by == "SymPy"
    only_at_this_point = {"graph": {"df/dx": "-x + 0.6"}}
    (hint,) = (mark.hint for mark in mark_answers(only_at_this_point, 7).marks if mark.hint)
    assert hint.startswith("downstream = upstream × local on the edge from x")


def test_a_run_is_held_to_its_own_figures():
    run = {"words": 4_321, "parameters": 2 * 4_321 * 40, "losses": [3, 2, 2, 2, 2, 2], "neighbours": list("abcd")}
    right = {"words", "parameters", "losses", "neighbours"}
    marks = {mark.answer.name: mark for mark in mark_answers({"training": run}, 7).marks}
    assert {name for name, mark in marks.items() if mark.verdict.right} == right
    for change, hint in (
        ({"parameters": 4_321 * 40}, "that is one matrix"),
        ({"parameters": 1}, "does not belong"),
        ({"words": ""}, "number of words, which is missing"),
        ({"losses": [3, 2]}, "as many numbers"),
        ({"losses": [7, 2, 2, 2, 2, 2]}, "between 0 and the loss at the start"),
        ({"losses": ["a"] * 6}, "finite number"),
        ({"neighbours": ["a", "A", "b", "c"]}, "no word is its own neighbour"),
        ({"words": 0}, "positive whole number"),
    ):
        hints = [mark.hint for mark in mark_answers({"training": run | change}, 7).marks if mark.hint]
        assert any(hint in other for other in hints), (change, hints)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[graph]\na = 1 2", "no TOML"),
        ("[graph]\na = sigmoid(2)", "a formula stands between quotes"),
        ("a = " + "[" * 5000, "no TOML"),
        ("#" * 200_001, "more than 200,000"),
        ("\udcff", "not UTF-8 at byte 0"),
    ],
)
def test_a_file_that_is_no_form_is_refused(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(FormatError, match=message):
        read_answers(path)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"seed": 8}, "answers seed 8, not 7; give --seed 8"),
        ({"level": 3}, "answers level 3, not 2; give --level 3"),
        ({"level": "2"}, "level .* is '2'|answers level"),
        ({"topics": "graph"}, "give a list of topics"),
        ({"sgns": "0.0.1"}, "was written by sgns 0.0.1, this is .*; install sgns==0.0.1, or take the line out"),
        ({"grpah": {}}, r"\[grpah\], which is no question of the sheet; it has parameters"),
        ({"graph": {"q": 1}}, r"\[graph\] has 'q', which it does not ask; it asks nodes, edges"),
        ({"graph": 3}, r"write \[graph\] on a line of its own"),
    ],
)
def test_a_form_that_does_not_fit_the_sheet_is_refused(answers, message):
    with pytest.raises(ConfigError, match=message):
        mark_answers(answers, 7, level=2)


TABLES = st.dictionaries(
    st.sampled_from(["graph", "seed", "level", "sgns", "topics", "other"]),
    st.one_of(
        st.integers(),
        st.text(max_size=5),
        st.lists(st.text(max_size=5), max_size=2),
        st.dictionaries(st.sampled_from(["a", "b", "nodes", "df/dx", "formula", "other"]), st.text(max_size=9)),
    ),
    max_size=3,
)


@given(TABLES)
def test_no_form_breaks_the_marking(answers):
    try:
        marked = mark_answers(answers, 7, topics=["graph"], level=2)
    except ConfigError:
        return
    assert 0 <= marked.points <= 24


@pytest.fixture
def folder(tmp_path):
    """A class: one who is right, one with a wrong answer, one with no TOML, one who is unknown."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name, seed in (("ada", 7), ("=bob", 8), ("eve", 9)):
        (folder / f"{name}.toml").write_text(filled_form(make_worksheet(seed, topics=SHORT)), encoding="utf-8")
    text = (folder / "=bob.toml").read_text(encoding="utf-8")
    (folder / "=bob.toml").write_text(text.replace("upper = 1", "upper = 2"), encoding="utf-8")
    (folder / "cyd.toml").write_text("no form", encoding="utf-8")
    (tmp_path / "seeds.csv").write_text("Name,Seed\nada,7\n=bob,8\ncyd,10\ndan, 11\n", encoding="utf-8")
    return folder


def test_a_class_is_marked_and_no_file_stops_it(folder, tmp_path):
    students = check_class(folder, read_seeds(tmp_path / "seeds.csv"))
    assert [student.name for student in students] == ["ada", "=bob", "cyd", "dan", "eve"]
    assert [student.marked.points if student.marked else None for student in students] == [32, 31, None, None, None]
    assert "no TOML" in students[2].problem
    assert students[3].problem == "handed in nothing"
    assert students[4].problem == "has no seed"
    rows = list(csv.DictReader(marks_as_csv(students).splitlines()))
    assert rows[0]["name"] == "ada"
    assert (rows[0]["points"], rows[0]["of"], rows[0]["sigmoid"], rows[0]["graph"]) == ("32", "32", "8", "24")
    assert rows[1]["name"] == "'=bob"  # no formula for a spreadsheet
    assert rows[1]["first_hint"].startswith("sigmoid.upper: ")
    assert rows[3]["points"] == "0"
    written = write_marks(tmp_path / "marks.csv", students)
    assert written.read_text(encoding="utf-8") == marks_as_csv(students)
    with pytest.raises(OutputError, match=r"use \.csv"):
        write_marks(tmp_path / "marks.txt", students)


def test_an_unreadable_file_is_a_problem_of_one_student(folder, tmp_path):
    (folder / "dan.toml").symlink_to(tmp_path / "missing")
    students = check_class(folder, read_seeds(tmp_path / "seeds.csv"))
    assert students[3].problem
    assert students[0].marked
    assert os.path.lexists(folder / "dan.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("who,seed\nada,7\n", "has to name the columns name,seed"),
        ("name,seed\nada,seven\n", "line 2: the seed of ada is 'seven'"),
        ("name,seed\nada,7\nada,8\n", "line 3: ada occurs twice"),
        ("name,seed\nada,7\nbob,7\n", "line 3: a second 7; give each a seed of their own"),
        ("", "has to name the columns"),
        ("name,seed\nada\n", "the seed of ada is ''"),
    ],
)
def test_seeds_that_cannot_be_used_are_refused(tmp_path, text, message):
    (tmp_path / "seeds.csv").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        read_seeds(tmp_path / "seeds.csv")


def test_seeds_may_be_separated_by_semicolons(tmp_path):
    (tmp_path / "seeds.csv").write_text("name;seed\nÉva;7\n\n", encoding="utf-8-sig")
    assert read_seeds(tmp_path / "seeds.csv") == {"Éva": 7}


def test_a_folder_without_forms_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"holds no \.toml file; put the answers of each student there"):
        check_class(tmp_path, {})
