"""The verbs for learning on the command line: graph, derive, step, explain, report."""

import json
import sys

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.vectors import Vectors


@pytest.fixture
def model(tmp_path):
    """Eighteen words with E and C, as a file."""
    rng = np.random.default_rng(0)
    E, C = rng.normal(size=(2, 18, 12)).astype(np.float32)
    vectors = Vectors([f"w{i}" for i in range(18)], E, C, np.arange(18, 0, -1) * 10, {"config": {"negatives": 5}})
    vectors.save(tmp_path / "v.safetensors")
    return tmp_path / "v.safetensors"


def test_a_formula_may_begin_with_a_minus(sgns):
    """As the loss of SGNS does; it is no option."""
    code, out, _ = sgns("graph", "-log(sigmoid(dot(w, c)))", "--at", "w=[1,2]", "c=[-1,0.5]", "--json")
    assert code == 0
    assert json.loads(out)["nodes"][-1]["value"] == pytest.approx(np.log(2))
    code, out, _ = sgns("graph", "--at", "x=-2", "--json", "-x")
    assert code == 0
    assert json.loads(out)["nodes"][-1]["value"] == 2


@pytest.mark.slow  # so does tests/learn/graphs/test_write_graph.py
def test_graph_writes_each_format(sgns, tmp_path):
    example = ["graph", "x**2 * (c*x)", "--at", "x=2", "c=3", "-o"]
    code, out, _ = sgns(*example, tmp_path / "graph.svg", "--json")
    assert code == 0
    assert json.loads(out)["counts"] == {"nodes": 5, "variables": 2, "operations": 3, "edges": 5, "steps": 9}
    for ending, begins in ((".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF"), (".dot", b"digraph")):
        code, out, _ = sgns(*example, tmp_path / f"graph{ending}")
        assert code == 0
        assert out.endswith(f"picture: {tmp_path / f'graph{ending}'}\n")
        assert (tmp_path / f"graph{ending}").read_bytes().startswith(begins)
    code, out, _ = sgns(*example, tmp_path / "graph.txt")
    assert code == 0
    assert (tmp_path / "graph.txt").read_text().rstrip() in out


def test_graph_stops_after_a_step(sgns):
    example = ["graph", "x**2 * (c*x)", "--at", "x=2", "c=3"]
    assert "12 + 24 = 36" in sgns(*example)[1]
    code, out, _ = sgns(*example, "--step", 5)
    assert code == 0
    assert "36" not in out
    assert "b → f" in out or "a → f" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["graph", "x*"], "expected a number"),
        (["graph", "x*y", "--at", "x=1"], "no value for y"),
        (["graph", "x", "--at", "x=one"], "give a number"),
        (["graph", "x", "--at", "x"], "gives no value"),
        (["graph", "x", "--at", "x=1", "x=2"], "given twice"),
        (["graph", "x", "--at", "x=1", "--step", "9"], "steps 0 to 1"),
        (["graph", "x", "--at", "x=1", "--step", "9", "-o", "a.svg"], "steps 0 to 1"),
        (["graph", "x", "--at", "x=1", "-o", "a.jpg"], ".svg"),
        (["graph", "x", "--at", "x=1", "-o", "no/such/a.svg"], "does not exist"),
        (["derive", "nonsense"], "'nonsense'"),
        (["derive", "loss", "--dim", "0"], "dim is 0;"),
        (["derive", "loss", "--vocabulary", "0"], "vocabulary is 0;"),
        (["derive", "all", "-o", "derive.docx"], ".pdf, .html, .md"),
        (["explain", "-o", "no/such/explain.md"], "does not exist"),
        (["step", "a", "b"], "vectors.safetensors is not there"),
        (["step"], "step takes two words"),
        (["step", "a"], "only a is given"),
        (["step", "-o", "step.pdf"], ".html"),
        (["report", "none.safetensors"], "none.safetensors: there is no such file"),
        (["report", "-o", "report.docx"], ".pdf, .html, .md"),
        (["report", "-o", "no/such/report.pdf"], "does not exist"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(sgns, arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = sgns(*arguments)
    assert code == 2
    assert out == ""
    assert says in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_sets_without_a_model(sgns, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = sgns("report", "--similarity", "x.tsv")
    assert code == 2
    assert "no model to evaluate" in err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_derive(sgns, tmp_path):
    code, out, _ = sgns("derive", "sigmoid", "--json")
    assert code == 0
    made = json.loads(out)["derivations"]
    assert len(made) == 6
    assert all(d["checked_by"] == "sympy" for d in made)
    path = tmp_path / "derive.md"
    code, out, _ = sgns("derive", "gradients", "-o", path)
    assert code == 0
    assert "= (σ(E_w·C_c+) − 1)·E_w" in out
    assert r"\frac{\partial L}{\partial E_{w}}" in path.read_text()


def test_derive_counts_the_parameters_of_a_model(sgns, model):
    _, out, _ = sgns("derive", "parameters", "--model", model)
    assert f"For{model}:" in "".join(out.split())  # a long path is broken into lines
    assert "432" in out
    _, out, _ = sgns("derive", "parameters", "--vocabulary", 1000, "--dim", 50)
    assert "For your numbers:" in out
    assert "100,000" in out


def test_step(sgns, model):
    code, out, _ = sgns("step", "w3", "w4", "--model", model, "--json")
    assert code == 0
    made = json.loads(out)
    assert made["pairs"][0]["context"] == "w4"
    assert made["pairs"][0]["error"] == pytest.approx(1 - made["pairs"][0]["probability"])
    assert made["loss_after"] < made["loss_before"]
    code, out, _ = sgns("step", "w3", "w4", "--model", model)
    assert code == 0
    assert "before the step" in out


def test_explain(sgns, tmp_path):
    code, out, _ = sgns("explain", "--json")
    assert code == 0
    assert {"SGNS.forward", "batches", "train"} <= {p["function"] for p in json.loads(out)["passages"]}
    code, out, _ = sgns("explain", "-o", tmp_path / "explain.html")
    assert code == 0
    assert "loss.backward()" in out
    assert "loss.backward()" in (tmp_path / "explain.html").read_text()


def test_report_without_a_model(sgns, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = sgns("report", "-o", "r.html", "--json")
    assert code == 0
    assert json.loads(out) == {"output": "r.html", "model": None, "bytes": (tmp_path / "r.html").stat().st_size}
    assert "vectors.safetensors is not there" in err
    assert "The run" not in (tmp_path / "r.html").read_text()


def test_report_of_a_model_with_the_report_of_its_run(sgns, model, tmp_path):
    """Without --similarity and --analogy; times come from the file that training writes beside the vectors."""
    code, out, _ = sgns("report", model, "-o", tmp_path / "r.html")
    assert code == 0
    assert out == f"report: {tmp_path / 'r.html'}\n"
    text = (tmp_path / "r.html").read_text()
    assert "The run" in text
    assert "Evaluation" not in text


@pytest.mark.parametrize("arguments", [["report"], ["derive", "all", "-o", "d.pdf"], ["explain", "-o", "e.pdf"]])
def test_a_missing_typesetter_is_reported_before_the_work_begins(sgns, arguments, tmp_path, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("the work has begun")

    monkeypatch.setitem(sys.modules, "typst", None)
    for where in ("report.compose", "derivations.derive", "explain.explain"):
        monkeypatch.setattr(f"sgns.learn.chapters.{where}", never)
    monkeypatch.chdir(tmp_path)
    code, _, err = sgns(*arguments)
    assert code == 2
    assert "pip install 'sgns[learn]'" in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_step_writes_a_page(sgns, model, tmp_path):
    code, out, _ = sgns("step", "-o", tmp_path / "training.html", "--seed", 3, "--json")
    assert code == 0
    assert json.loads(out) == {"output": str(tmp_path / "training.html"), "words": 21, "steps": 1440}
    code, _, _ = sgns("step", "w3", "w4", "--model", model, "-o", tmp_path / "pair.html")
    assert code == 0
    assert '"words":["w3","w4"' in (tmp_path / "pair.html").read_text(encoding="utf-8")
    code, _, error = sgns("step", "w3", "w4", "--model", model, "-o", model)
    assert code == 2
    assert "would be replaced" in error
