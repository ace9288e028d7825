"""The page of a graph is one file that forbids requests, and opens at the step that is asked for."""

import json
import re
from importlib.resources import files

import pytest

from sgns.errors import ExpressionError
from sgns.learn import graph, write_graph
from sgns.learn.formulas.operations import OPERATIONS
from sgns.learn.pages.graph_page import graph_page


def test_the_file(tmp_path):
    passes = graph("x**2 * (c*x)", {"x": 2, "c": 3})
    html = write_graph(passes, tmp_path / "graph.html", step=5).read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert not re.search(r'(src|href)="?https?:', html)
    data = json.loads(re.search(r'id="data">(.*?)</script>', html)[1])
    assert data["step"] == 5
    assert [node["value"] for node in data["nodes"]] == [node.value.tolist() for node in passes.nodes]
    assert html == graph_page(passes, 5)  # the same bytes again
    with pytest.raises(ExpressionError, match="steps 0 to 9"):
        graph_page(passes, 10)


def test_a_graph_too_large_for_a_picture():
    with pytest.raises(ExpressionError, match="more than a picture holds"):
        graph_page(graph("+".join(["x*x"] * 70), {"x": 1}))


def test_the_page_knows_every_operation():
    source = (files("sgns.learn.pages") / "operations.js").read_text(encoding="utf-8")
    table = source.split("const OPERATIONS = {")[1]
    assert set(re.findall(r'^  "?([^\s":\[]+)"?: \[', table, re.MULTILINE)) == set(OPERATIONS)
