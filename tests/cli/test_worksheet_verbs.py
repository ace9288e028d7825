"""The verbs worksheet and check: files, marks, and refusals in one line."""

import csv
import json

import pytest

pytest.importorskip("sympy")


def test_a_sheet_a_key_and_a_form(sgns, tmp_path):
    files = {"sheet": tmp_path / "sheet.md", "key": tmp_path / "key.html", "form": tmp_path / "form.toml"}
    code, out, err = sgns(
        "worksheet", "--seed", 7, "-o", files["sheet"], "--key", files["key"], "--form", files["form"], "--topics",
        "sigmoid,graph",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert out == "".join(f"{name}: {path}\n" for name, path in files.items())
    sheet, key = files["sheet"].read_text(encoding="utf-8"), files["key"].read_text(encoding="utf-8")
    assert "worksheet 7, level 2" in sheet
    assert "0.9241" not in sheet
    assert "0.9241" in key
    assert "<img" in key
    assert "[graph]" in files["form"].read_text(encoding="utf-8")


def test_pdf(sgns, tmp_path):
    pytest.importorskip("typst")
    code, out, _ = sgns("worksheet", "--seed", 3, "--level", 1, "-o", tmp_path / "s.pdf", "--topics", "loss", "--json")
    assert code == 0
    made = json.loads(out)
    assert made == {"seed": 3, "level": 1, "topics": ["loss"], "points": 8, "sheet": str(tmp_path / "s.pdf")}
    assert (tmp_path / "s.pdf").read_bytes().startswith(b"%PDF")


def test_answers_are_marked(sgns, tmp_path):
    answers = tmp_path / "answers.toml"
    answers.write_text(
        '[graph]\na = -4\nb = "2 + 1/2"\ndf/dx = "0.4 - 0.4"\n[sigmoid]\nvalue = 0.9241\n', encoding="utf-8"
    )
    code, out, err = sgns("check", answers, "--seed", 7)
    assert (code, err) == (0, "")
    assert "3 of 100 points" in out
    assert "graph.df/dx: downstream = upstream × local" in out
    code, out, _ = sgns("check", answers, "--seed", 7, "--json")
    marks = {(mark["question"], mark["name"]): mark for mark in json.loads(out)["answers"]}
    right = {"given": True, "right": True, "points": 1, "of": 1, "hint": "", "compared_by": ""}
    assert marks["graph", "a"] == {"question": "graph", "name": "a"} | right
    assert marks["graph", "df/dx"]["right"] is False
    assert marks["graph", "c"]["given"] is False


def test_a_class_is_marked_into_a_table(sgns, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "ada.toml").write_text("[sigmoid]\nupper = 1\nlower = 1\n", encoding="utf-8")
    (tmp_path / "seeds.csv").write_text("name,seed\nada,7\nbob,8\n", encoding="utf-8")
    code, out, err = sgns("check", folder, "--seeds", tmp_path / "seeds.csv", "-o", tmp_path / "marks.csv")
    assert code == 0
    assert err == "warning: bob: handed in nothing\n"
    assert "1 of 100" in out
    rows = list(csv.DictReader((tmp_path / "marks.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["name"], row["points"], row["sigmoid"]) for row in rows] == [("ada", "1", "1"), ("bob", "0", "")]
    code, out, _ = sgns("check", folder, "--seeds", tmp_path / "seeds.csv", "--json")
    students = json.loads(out)["students"]
    assert [student["name"] for student in students] == ["ada", "bob"]
    assert students[0]["points"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["worksheet", "--seed", "7"], "no file to write; give -o sheet.pdf"),
        (["worksheet", "--seed", "10000", "-o", "s.md"], "seed is 10000, outside 0 to 9999"),
        (["worksheet", "--seed", "7", "-o", "s.md", "--level", "9"], "level is 9, outside 1 to 3"),
        (["worksheet", "--seed", "7", "-o", "s.md", "--topics", "grap"], "'grap', which is none; did you mean graph?"),
        (["worksheet", "--seed", "7", "-o", "s.md", "--key", "s.md"], "give the key another name"),
        (["worksheet", "--seed", "7", "-o", "s.docx"], "use .pdf, .html, .md"),
        (["worksheet", "--seed", "7", "--form", "s.txt"], "use .toml"),
        (["check", "a.toml"], "no seed; give --seed"),
        (["check", "a.toml", "--seed", "8"], "answers seed 7, not 8; give --seed 7"),
        (["check", "missing.toml", "--seed", "7"], "missing.toml"),
        (["check", "a.toml", "--seed", "7", "-o", "m.csv"], "is no folder; --seeds and -o are for a class"),
        (["check", ".", "--seed", "7"], "is a folder; give --seeds seeds.csv"),
        (["check", ".", "--seeds", "seeds.csv", "-o", "m.txt"], "use .csv"),
    ],
)  # fmt: skip
def test_refusals_are_one_line_with_a_remedy(sgns, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text("seed = 7\n", encoding="utf-8")
    (tmp_path / "seeds.csv").write_text("name,seed\na,7\n", encoding="utf-8")
    code, out, err = sgns(*arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "s.md").exists()
