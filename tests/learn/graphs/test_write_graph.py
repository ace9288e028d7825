"""A graph is written in the format that its file's ending names."""

import pytest

from sgns import learn
from sgns.errors import OutputError


def test_the_ending_chooses_the_format(tmp_path):
    passes = learn.graph("x**2 * (c*x)", {"x": 2, "c": 3})
    starts = {".txt": b"", ".dot": b"digraph", ".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}
    for ending, start in starts.items():
        path = learn.write_graph(passes, tmp_path / f"g{ending}")
        assert path.read_bytes().startswith(start)
    assert (tmp_path / "g.txt").read_text().strip() == learn.graph_as_text(passes).strip()
    with pytest.raises(OutputError, match="doc"):
        learn.write_graph(passes, tmp_path / "g.doc")
