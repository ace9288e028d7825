"""Values of variables as text, and a graph in the format of its file's ending."""

import pytest

from sgns import learn
from sgns.errors import ExpressionError, OutputError


def test_values_are_numbers_or_lists():
    assert learn.values_from_text(["x=2", " v = [1, 2,3]", "w=1,-.5"]) == {"x": 2, "v": [1, 2, 3], "w": [1, -0.5]}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["x"], "'x' gives no value"),
        (["2=x"], "gives no value"),
        (["x=1", "x=2"], "x is given twice"),
        (["x=one"], "the value of x is 'one'"),
        (["v=[1,]"], "the value of v"),
    ],
)
def test_what_is_no_value_is_named(pairs, message):
    with pytest.raises(ExpressionError, match=message):
        learn.values_from_text(pairs)


def test_the_ending_chooses_the_format(tmp_path):
    passes = learn.graph("x**2 * (c*x)", {"x": 2, "c": 3})
    starts = {".txt": b"", ".dot": b"digraph", ".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}
    for ending, start in starts.items():
        path = learn.write_graph(passes, tmp_path / f"g{ending}")
        assert path.read_bytes().startswith(start)
    assert (tmp_path / "g.txt").read_text().strip() == learn.graph_as_text(passes).strip()
    with pytest.raises(OutputError, match="doc"):
        learn.write_graph(passes, tmp_path / "g.doc")
