"""docs/topics.ipynb runs from top to bottom, and finds the kinds of its messages."""

from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "docs" / "topics.ipynb"
KINDS = {
    "cooking": "onion garlic pan oven flour butter salt soup bread recipe",
    "travel": "train ticket hotel airport luggage passport map city beach flight",
    "garden": "seed soil spade water tomato rose leaf weed compost shed",
}
"""What the notebook makes its messages of. Which words of a kind come first is chance, for threads race."""


def most(words: list[str]) -> str | None:
    """The kind of at least five of six words."""
    return next((kind for kind, of_kind in KINDS.items() if len(set(words) & set(of_kind.split())) >= 5), None)


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
    found = [most(line.partition(": ")[2].split()) for line in clusters]
    assert sorted(found) == sorted(KINDS), clusters
    assert (tmp_path / "map.html").exists()
