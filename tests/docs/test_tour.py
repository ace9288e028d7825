"""docs/tour.ipynb runs from top to bottom, and shows what it says."""

import resource
from pathlib import Path

import pytest

TOUR = Path(__file__).parents[2] / "docs" / "tour.ipynb"


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """The outputs of all cells, and the CPU seconds that they took."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.read(TOUR, as_version=4)
    folder = tmp_path_factory.mktemp("tour")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    nbclient.NotebookClient(
        book, timeout=240, kernel_name="python3", resources={"metadata": {"path": folder}}
    ).execute()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs], took


@pytest.mark.slow  # it collects the built-in text; what it calls has tests of its own, and test-busy runs it
def test_the_tour_shows_what_it_says(tour):
    outputs, _ = tour
    text = "\n".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert "directory" in text
    assert "did you mean directory" in text
    assert "Tightest groups" in text
    assert "open it in a browser" in text


@pytest.mark.slow  # not because it takes long: a slow machine may need longer
def test_the_tour_takes_less_than_a_minute(tour):
    _, took = tour
    assert 1 < took < 60, f"the tour took {took:.0f} s of CPU"


def test_the_tour_is_kept_without_outputs():
    nbformat = pytest.importorskip("nbformat")
    book = nbformat.read(TOUR, as_version=4)
    assert all(not cell.outputs for cell in book.cells if cell.cell_type == "code")
