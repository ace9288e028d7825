"""The plot of the loss: where its dots stand, and that it appears on a terminal only."""

import io
import re

from sgns.progress.live import Curve, LivePlot, braille_plot


def test_a_live_plot_draws_the_falling_loss(on_a_terminal, reporting):
    _, seen = on_a_terminal(reporting("sgns.progress.live", "LivePlot"))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert re.search(r"3\.000 ┤[\u2800-\u28ff]+", plain)
    assert re.search(r"2\.000 ┤[\u2800-\u28ff]+", plain)
    assert "took" in plain


def test_a_live_plot_in_a_log_is_plain_lines(clock_by_hand):
    out = io.StringIO()
    with LivePlot(stream=out) as p:
        p.update("train", 0, 10, "words", {"loss": "3.0"})
        clock_by_hand.now += 2
        p.update("train", 10, 10, "words", {"loss": "2.0"})
    assert "loss 2.0" in out.getvalue()
    assert "┤" not in out.getvalue()


def dots(picture):
    """The (x, y) of every dot, y downwards."""
    bits = {
        0x01: (0, 0),
        0x02: (0, 1),
        0x04: (0, 2),
        0x40: (0, 3),
        0x08: (1, 0),
        0x10: (1, 1),
        0x20: (1, 2),
        0x80: (1, 3),
    }
    found = set()
    for row, line in enumerate(picture.splitlines()):
        for column, cell in enumerate(line.split("┤")[1]):
            found |= {(2 * column + x, 4 * row + y) for bit, (x, y) in bits.items() if (ord(cell) - 0x2800) & bit}
    return found


def test_braille_dots_stand_where_the_values_are():
    points = dots(braille_plot([4.0, 3.0, 2.0, 1.0], width=2, rows=1))
    assert points == {(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3)}
    falling = dots(braille_plot([1 / (i + 1) for i in range(300)], width=30, rows=6))
    assert {x for x, _ in falling} == set(range(60))  # no gap
    assert {y for _, y in falling} == set(range(24))


def test_a_flat_curve_is_a_line():
    assert len({y for _, y in dots(braille_plot([2.0] * 5, width=10, rows=3))}) == 1


def test_curves_stay_small_and_keep_their_mean():
    curve = Curve()
    for i in range(100_000):
        curve.add(float(i))
    assert len(curve.values) < Curve.MOST
    assert curve.values == sorted(curve.values)
    assert abs(sum(curve.values) / len(curve.values) - 50_000) < 500
