"""docs/topics.ipynb runs from top to bottom, and finds the kinds of its messages."""

import ast
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "docs" / "topics.ipynb"


def kinds_of(source: str) -> dict[str, list[str]]:
    """What a cell of the notebook makes its messages of: its dict `kinds`."""
    assigned = (node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    return next(ast.literal_eval(node.value) for node in assigned if ast.unparse(node.targets[0]) == "kinds")


def most(words: list[str], kinds: dict[str, list[str]]) -> str | None:
    """The kind of at least five of six words; which of a kind come first is chance, for threads race."""
    return next((kind for kind, of_kind in kinds.items() if len(set(words) & set(of_kind)) >= 5), None)


def test_it_finds_the_kinds_and_makes_a_map(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.read(BOOK, as_version=4)
    assert all(not cell.outputs for cell in book.cells if cell.cell_type == "code")
    nbclient.NotebookClient(book, timeout=240, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = "\n".join(o.get("text", "") or str(o.get("data", {}).get("text/plain", "")) for o in outputs)
    assert any("first words" in o.get("data", {}).get("text/html", "") for o in outputs)
    clusters = [line for line in shown.splitlines() if " texts: " in line]
    assert len(clusters) == 3
    kinds = kinds_of(next(cell.source for cell in book.cells if cell.source.startswith("import csv")))
    found = [most(line.partition(": ")[2].split(), kinds) for line in clusters]
    assert sorted(found) == sorted(kinds), clusters
    assert (tmp_path / "map.html").exists()
