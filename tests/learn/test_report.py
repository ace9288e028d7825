"""Step, explain, traps, and the report on every medium; the PDF's pages are looked at as pixels."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.cli import make_app, run
from sgns.config import Config
from sgns.errors import ConfigError, FormatError, OutputError, UnknownWord
from sgns.learn.chapters import explain as chapter
from sgns.learn.chapters.explain import PASSAGES, Passage, StaleExplanation, find
from sgns.learn.chapters.gradients import closed_form
from sgns.learn.chapters.model import evaluation_chapter, loss_figure, run_chapter, sentences
from sgns.learn.chapters.report import TITLE, compose, write_document, write_report
from sgns.learn.chapters.step import describe, take_step
from sgns.learn.chapters.traps import TRAPS, output, traps
from sgns.learn.document.blocks import Box, Code, Contents, Figure, Heading, Table, numbered, plain, sections, verbatim
from sgns.vectors.vectors import Vectors

CLASSES = ("red green blue white black brown", "one two three four five six", "run walk jump swim climb crawl")


@pytest.fixture(scope="module")
def model() -> Vectors:
    """Three classes of words around three directions, with a recipe in its header."""
    rng = np.random.default_rng(0)
    words = [word for line in CLASSES for word in line.split()]
    centre = np.repeat(rng.normal(size=(3, 12)), 6, axis=0)
    E, C = (centre + 0.2 * rng.normal(size=(18, 12)) for _ in range(2))
    meta = {
        "config": Config(dim=12, epochs=3).to_dict(),
        "corpus": "0123456789abcdef",
        "tokens": 12_345,
        "pairs": 67_890,
        "losses": [3.5, 2.9, 2.75],
        "versions": {"sgns": "0.1.0", "numpy": np.__version__},
    }
    return Vectors(words, E.astype(np.float32), C.astype(np.float32), np.arange(18, 0, -1) * 10, meta)


RECORD = {
    "seconds": {"scan": 0.1, "train": 1.25, "total": 1.5},
    "machine": "Abacus $3, 2 cores",
    "words_per_second": 9_876.5,
}


@pytest.fixture(scope="module")
def blocks(model) -> list:
    """The whole report, composed once."""
    return compose(model, "toy.safetensors", RECORD, [], [], lambda line: None)


HOSTILE = [
    "$x",
    "`a`",
    "**b**",
    "$1$",
    "a|b",
    "#let",
    '"',
    "\\",
    "<i>",
    "&amp;",
    "_u_",
    "*",
    "]",
    "@ref",
    "//",
    "中文",
    "é",
    "~",
]


@pytest.mark.parametrize("ending", [".pdf", ".html", ".md", ".txt"])
def test_words_that_look_like_markup_stay_words(model, tmp_path, ending):
    from sgns.learn.document.text import to_text

    odd = Vectors(HOSTILE, model.E, model.C, model.counts, model.metadata)
    made = [*describe(take_step(odd, "$x", "`a`", negatives=8)), *run_chapter(odd, "$my `odd` **name**.txt", RECORD)]
    rows = tuple((verbatim(word), word[:1] and verbatim(f"{word} 0.5")) for word in HOSTILE)
    made.append(Table(("word", "near"), rows))
    if ending == ".txt":
        shown = to_text(made)
        assert all(word in shown for word in HOSTILE)
        assert "w = $x, c+ = `a`" in shown
        assert "Abacus $3, 2 cores" in shown
        return
    path = tmp_path / f"odd{ending}"
    write_document(path, made, TITLE)
    if ending == ".html":
        assert "&lt;i&gt; 0.5" in path.read_text()
        assert "$my `odd` **name**.txt" in path.read_text()
    assert path.stat().st_size > 2_000


# --- step


def test_a_step_moves_every_row_against_its_gradient(model):
    step = take_step(model, "red", "blue", negatives=4, lr=0.05, seed=2)
    w = np.asarray(model["red"], float)
    rows = np.array([model.C[model.id(c)] for c in step.outputs], float)
    made = closed_form(w, rows)
    np.testing.assert_allclose(step.w[1], w - 0.05 * made.w)
    for c, (before, after) in step.c.items():
        total = sum(g for name, g in zip(step.outputs, made.c) if name == c)
        np.testing.assert_allclose(after, before - 0.05 * total)
    assert step.loss_after < step.before.loss
    assert step.outputs[0] == "blue"
    assert "blue" not in step.outputs[1:]
    assert len(step.outputs) + step.left_out == 1 + 4


def test_the_same_seed_draws_the_same_negatives_and_the_model_stays(model):
    before = model.E.copy(), model.C.copy()
    a, b = (take_step(model, "red", "blue", seed=5) for _ in range(2))
    assert a.outputs == b.outputs
    assert np.array_equal(before[0], model.E)
    assert np.array_equal(before[1], model.C)
    assert len(a.outputs) + a.left_out == 6  # k and lr are those of the file
    assert a.lr == Config.lr


def test_the_first_order_says_what_a_small_step_takes_off(model):
    step = take_step(model, "red", "one", lr=1e-5)
    table = [block for block in describe(step) if isinstance(block, Table)][-1]
    assert step.before.loss - step.loss_after == pytest.approx(float(table.rows[-1][1]), rel=0.05)


def test_draws_of_the_positive_and_double_draws_are_told():
    few = Vectors(["a", "b"], np.eye(2, dtype=np.float32), np.ones((2, 2), np.float32), np.array([5, 5]))
    step = take_step(few, "a", "b", negatives=8, seed=1)
    text = " ".join(block.text for block in describe(step) if hasattr(block, "text"))
    assert step.left_out > 0
    assert f"{step.left_out} of the draws were b itself" in text
    once = next(s for s in (take_step(few, "a", "b", negatives=2, seed=i) for i in range(99)) if s.left_out == 1)
    assert "1 of the draws was b itself" in " ".join(b.text for b in describe(once) if hasattr(b, "text"))
    assert "Drawn more than once: a" in text


def test_step_refuses(model):
    with pytest.raises(UnknownWord, match="gren"):
        take_step(model, "gren", "blue")
    with pytest.raises(FormatError, match="no C"):
        take_step(Vectors(["a"], np.ones((1, 2), np.float32)), "a", "a")
    with pytest.raises(ConfigError, match="negatives is 0"):
        take_step(model, "red", "blue", negatives=0)
    with pytest.raises(ConfigError, match="lr is -1"):
        take_step(model, "red", "blue", lr=-1)


# --- explain


@pytest.mark.parametrize("passage", PASSAGES, ids=[f"{p.function}: {p.statement}" for p in PASSAGES])
def test_every_passage_is_found_by_name(passage):
    line, text = find(passage)
    assert line > 0
    assert text.startswith(passage.statement)


def test_a_passage_that_has_gone_is_an_error(monkeypatch):
    with pytest.raises(StaleExplanation, match="holds no line"):
        find(Passage("sgns.reference.word2vec", "train", "loss.forward()", ""))
    with pytest.raises(StaleExplanation, match=r"holds no SGNS\.backward"):
        find(Passage("sgns.reference.word2vec", "SGNS.backward", "return", ""))
    source = chapter._source("sgns.reference.word2vec").replace("loss.backward()", "pass")
    monkeypatch.setattr(chapter, "_source", lambda module: source)
    with pytest.raises(StaleExplanation):
        chapter.explain()


def test_the_table_of_safer_shows_infinity_only_where_sigma_comes_first():
    rows = chapter.safer().rows
    assert rows[-1] == ("−1000", "infinite", "1000")
    assert float(rows[0][1]) == pytest.approx(float(rows[0][2]), rel=1e-5)


@pytest.mark.parametrize("x", [-30.0, -1.5, 0.0, 0.25, 30.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_the_formula_of_the_safe_loss_is_the_loss(x, y):
    import math

    from sgns.learn.formulas.notation import formula
    from sgns.learn.formulas.parser import Apply, Name, Number

    def value(tree):
        match tree:
            case Number(v):
                return v
            case Name(n):
                return {"x": x, "y": y}[n]
            case Apply("*", (a, b)):
                return value(a) * value(b)
            case Apply("+", (a, b)):
                return value(a) + value(b)
            case Apply("-", (a, b)):
                return value(a) - value(b)
            case Apply(name, (a,)):
                known = {"relu": lambda z: max(z, 0), "log": math.log, "exp": math.exp, "abs": abs, "neg": lambda z: -z}
                return known[name](value(a))

    loss = -math.log(1 / (1 + math.exp(-x))) if y else -math.log(1 / (1 + math.exp(x)))
    assert value(formula(chapter.BCE)) == pytest.approx(loss, rel=1e-12)


# --- traps


def test_traps_show_what_they_say():
    said = {trap.title: output(trap.example) for trap in TRAPS}
    assert len(said) == 6
    steps = [float(x) for x in re.findall(r"= ([\d.]+)", said["Mean against sum"])]
    rng = np.random.default_rng(1)
    w, C = rng.normal(size=100) / 10, rng.normal(size=(6, 100)) / 10
    assert steps[0] == pytest.approx(0.025 * np.linalg.norm(closed_form(w, C).c[0]), abs=1e-6)
    assert steps[0] / steps[1] == pytest.approx(6, rel=1e-3)
    assert "[-0.5 -0.5]" in said["A negative drawn twice"]
    assert "[-1. -1.]" in said["A negative drawn twice"]
    assert "inf gradient nan" in said["log(σ(x)) overflows"]
    assert "200.0 gradient -1.0" in said["log(σ(x)) overflows"]
    assert "2,856 bytes" in said["Dense against sparse gradients"]
    assert "second pass: df/dx = 36, x.grad = 72" in said["Backward twice"]
    pulls = re.findall(r"\[(-?[\d.]+)", said["A negative equal to the positive"])
    assert float(pulls[0]) > 0 > float(pulls[1])
    boxes = [block for block in traps() if isinstance(block, Box)]
    assert all(isinstance(box.blocks[1], Code) and "print(" in box.blocks[1].text for box in boxes)
    assert max(len(line) for box in boxes for line in box.blocks[1].text.splitlines()) <= 92


def test_the_size_of_a_sparse_gradient_is_that_of_torch():
    torch = pytest.importorskip("torch")
    from sgns.reference.word2vec import SGNS

    model = SGNS(30_000, 100)
    model(torch.tensor([7] * 6), torch.arange(6)).sum().backward()
    grads = [model.E.weight.grad.coalesce(), model.C.weight.grad.coalesce()]
    assert sum(g.values().numel() * 4 + g.indices().numel() * 8 for g in grads) == 2_856


# --- report


def test_chapters_and_what_they_say(model, blocks):
    titles = [block.text for block in blocks if isinstance(block, Heading) and block.level == 1]
    assert titles[:2] == ["The run", "What was learnt"]
    assert {"The parameters", "The loss", "The code beside the mathematics", "A computation graph", "Traps"} <= set(
        titles
    )
    assert sum(isinstance(block, Figure) for block in blocks) == 3
    facts = dict(
        row
        for block in run_chapter(model, "toy", RECORD)
        if isinstance(block, Table)
        for row in block.rows
        if len(row) == 2
    )
    assert facts["tokens"] == "12,345"
    assert facts["total run time"] == "1.50 s"
    assert facts["… of which"] == "scan 0.10 s, train 1.25 s"
    assert plain(facts["trained on"]) == "Abacus $3, 2 cores"
    assert facts["speed"] == "9,876 words/s"
    assert facts["parameters"].startswith("432 ")


def test_the_caption_of_the_loss_is_made_from_the_figures():
    falls, turns = loss_figure([3.5, 2.9, 2.75], 5).caption, loss_figure([3.5, 2.5, 2.75], 5).caption
    assert "begins at 3.500 and ends at 2.750. " in falls
    assert "ends at 2.750; it is lowest, 2.500, in epoch 2." in turns
    assert "here 4.159" in turns


def test_captions_and_chapters_are_numbered_without_gaps(blocks, tmp_path):
    for kind, name in ((Figure, "Figure"), (Table, "Table")):
        captions = [block.caption for block in numbered(blocks) if isinstance(block, kind)]
        for number, caption in enumerate(captions, 1):
            assert caption.startswith(f"**{name} {number}.** ")
            assert len(caption) > 25
    assert [number for number, _ in sections(blocks)][:4] == ["1", "1.1", "1.2", "2"]
    assert Contents() in blocks
    for ending, link, target in (
        ("html", r'href="#(section-[\d.]+)"', 'id="{}"'),
        ("md", r"#(section-[\d.]+)\)", 'id="{}"'),
    ):
        path = tmp_path / f"report.{ending}"
        write_document(path, blocks, TITLE)
        text = path.read_text()
        found = re.findall(link, text)
        assert len(found) == len(sections(blocks)) > 20
        for anchor in found:
            assert text.count(target.format(anchor)) == 1


def test_sentences_are_made_from_the_figures():
    from types import SimpleNamespace as Some

    shown = Some(
        words=["a", "b", "c"], coordinates=np.array([[1.0, 0], [-1, 0], [0, 2]]), explained=np.array([0.6, 0.3])
    )
    found = Some(
        neighbours={"a": [("x", 0.5)], "b": [("y", 0.9)]},
        groups=[Some(words=["a", "b"], tightness=0.8), Some(words=["c", "d"], tightness=0.1)],
    )
    text = sentences(shown, found)
    assert "b has the closest neighbour: y, at cosine 0.90" in text
    assert "tightest group is a, b (mean cosine 0.80), the loosest c, d (0.10)" in text
    assert "carries 60 % of these words' variance and sets b, c, a apart from a, c, b" in text


@pytest.mark.parametrize("ending", [".html", ".md"])
def test_report_as_html_and_markdown(blocks, tmp_path, ending):
    path = tmp_path / f"report{ending}"
    write_document(path, blocks, TITLE)
    text = path.read_text()
    assert "Traps" in text
    if ending == ".html":
        assert text.count("<math") > 60
        assert "http" not in text.replace("http://www.w3.org", "")  # nothing to fetch
        from html.parser import HTMLParser

        HTMLParser().feed(text)
        opened, closed = (
            len(re.findall(p, text)) for p in (r"<(?:mrow|mfrac|msup|msub)>", r"</(?:mrow|mfrac|msup|msub)>")
        )
        assert opened == closed
    else:
        for picture in re.findall(r"\]\(([^)]+\.svg)\)", text):
            assert (tmp_path / picture).read_bytes().startswith(b"<?xml")
        assert text.count("$$") % 2 == 0


def test_report_as_pdf_nothing_is_cut(blocks, tmp_path):
    pytest.importorskip("typst")
    path = tmp_path / "report.pdf"
    write_document(path, blocks, TITLE)
    assert path.read_bytes().startswith(b"%PDF")
    assert list(tmp_path.iterdir()) == [path]  # no temporary file stays
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed")
    from matplotlib.image import imread

    subprocess.run(["pdftoppm", "-r", "40", "-gray", "-png", str(path), str(tmp_path / "page")], check=True, timeout=60)
    pages = sorted(tmp_path.glob("page*.png"))
    assert 8 <= len(pages) <= 16
    for page in pages:
        ink = imread(page) < 0.9
        assert ink.any()
        margin = int(15 / 25.4 * 40)  # 15 of the 22 mm at the sides
        assert not ink[:, :margin].any(), page.name
        assert not ink[:, -margin:].any(), page.name


def test_a_failed_report_leaves_the_old_one(model, tmp_path, monkeypatch):
    old = tmp_path / "report.pdf"
    old.to_text("old")
    monkeypatch.setattr("sgns.learn.document.typst.to_pdf", lambda blocks, title: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_document(old, [], TITLE)
    assert old.read_text() == "old"
    with pytest.raises(OutputError, match="does not exist"):
        write_report(tmp_path / "no" / "report.pdf", model)


def test_report_without_a_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(make_app(), ["report", "-o", "r.html", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["output"] == "r.html"
    assert "vectors.safetensors is not there" in err
    assert "The run" not in (tmp_path / "r.html").read_text()


def test_report_evaluates(model, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.to_text("red\tblue\t9\none\ttwo\t8\nred\ttwo\t1\nrun\tblue\t2\nred\tunknown\t5\n")
    heading, table = evaluation_chapter(model, [pairs], [])
    assert heading == Heading(1, "Evaluation")
    assert [row[-1] for row in table.rows] == ["4 of 5"]
    assert evaluation_chapter(model, [], []) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["report", "none.safetensors"], "none.safetensors is not there"),
        (["report", "-o", "report.docx"], ".pdf, .html, .md"),
        (["report", "-o", "no/such/report.pdf"], "does not exist"),
        (["report", "--similarity", "x.tsv"], "no model to evaluate"),
        (["step", "a", "b"], "vectors.safetensors is not there"),
        (["derive", "all", "-o", "derive.docx"], ".pdf, .html, .md"),
        (["explain", "-o", "no/such/explain.md"], "does not exist"),
    ],
)
def test_mistakes_are_one_line(arguments, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(make_app(), arguments) == 2
    err = capsys.readouterr().err.splitlines()
    assert says in err[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["report"], ["derive", "all", "-o", "d.pdf"], ["explain", "-o", "e.pdf"]])
def test_a_missing_typesetter_is_told_before_the_work_begins(arguments, capsys, tmp_path, monkeypatch):
    import sys

    def never(*args, **kwargs):
        raise AssertionError("the work has begun")

    monkeypatch.setitem(sys.modules, "typst", None)
    for place in ("report.compose", "derive.derive", "explain.explain"):
        monkeypatch.setattr(f"sgns.learn.{place}", never)
    monkeypatch.chdir(tmp_path)
    assert run(make_app(), arguments) == 2
    err = capsys.readouterr().err
    assert "pip install 'sgns[learn]'" in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_step_on_the_command_line(model, tmp_path, capsys):
    file = tmp_path / "v.safetensors"
    model.save(file)
    assert run(make_app(), ["step", "red", "blue", "--model", str(file), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["pairs"][0]["context"] == "blue"
    assert made["pairs"][0]["error"] == pytest.approx(1 - made["pairs"][0]["probability"])
    assert made["loss_after"] < made["loss_before"]
    assert run(make_app(), ["step", "red", "blue", "--model", str(file)]) == 0
    assert "before the step" in capsys.readouterr().out
