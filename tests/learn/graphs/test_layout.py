"""The layout keeps gaps, columns and horizontal lines."""

from itertools import pairwise

import pytest

pytest.importorskip("sympy")

from sgns.learn.graphs.layout import layered


def test_layout_keeps_the_gaps_and_the_columns():
    sizes = {"a": (30, 20), "b": (40, 50), "c": (10, 10), "d": (60, 30)}
    made = layered(sizes, {"a": 0, "b": 0, "c": 1, "d": 3}, [("a", "c"), ("b", "c"), ("c", "d"), ("a", "d")])
    assert made.boxes["a"].left < made.boxes["c"].left < made.boxes["d"].left
    gap = abs(made.boxes["a"].middle - made.boxes["b"].middle)
    assert gap >= (20 + 50) / 2 + 16 - 1e-9
    for line in made.lines:
        assert len(line) % 2 == 0


def test_a_line_past_several_columns_runs_level():
    columns = {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "x": 0}
    lines = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("x", "f")]
    made = layered(dict.fromkeys(columns, (30, 20)), columns, lines)
    heights = {round(y, 6) for _, y in made.lines[-1][2:-2]}
    assert len(heights) == 1
    level = heights.pop()
    for key in "bcde":
        assert abs(made.boxes[key].middle - level) >= 20 / 2 + 14 / 2 + 16 - 1e-6


def test_lines_bend_only_between_columns():
    """Inside a column a line is level, so it does not run behind a box that is wider than the one it goes to."""
    sizes = {"u": (30, 20), "wide": (90, 20), "narrow": (10, 20), "t": (30, 20)}
    columns = {"u": 0, "wide": 1, "narrow": 1, "t": 2}
    made = layered(sizes, columns, [("u", "wide", "t"), ("u", "narrow", "t")])
    wide = made.boxes["wide"]
    for line in made.lines:
        for (x0, y0), (x1, y1) in pairwise(line):
            inside = max(x0, x1) > wide.left + 1e-9 and min(x0, x1) < wide.left + wide.width - 1e-9
            assert not inside or y0 == y1
