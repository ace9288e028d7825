"""docs/topics.ipynb runs from top to bottom, and finds the kinds of its messages."""

from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "docs" / "topics.ipynb"


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
    for words in (("bread", "onion", "garlic"), ("ticket", "airport", "city"), ("seed", "soil", "rose")):
        assert any(any(word in line for word in words) for line in clusters), words
    assert (tmp_path / "map.html").exists()
