import io
import os
import re
import subprocess
import sys
import time

import pytest

from sgns import progress
from sgns.progress import Progress
from sgns.progress.live import Curve, LivePlot, braille_plot
from sgns.progress.stage import Stage, clock, short


class Clock:
    """Time that a test moves by hand."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock_by_hand(monkeypatch):
    return Clock(monkeypatch)


def test_a_log_gets_a_line_every_few_seconds(clock_by_hand):
    out = io.StringIO()
    with Progress(stream=out) as p:
        for i in range(161):  # 20 seconds, eight updates a second
            p.update("train", i * 1250, 200_000, "words", {"loss": f"{3 - i / 160:.2f}"})
            clock_by_hand.now += 0.125
    lines = out.getvalue().splitlines()
    assert 4 <= len(lines) <= 6
    assert lines[0] == "train: 5 %, 10.0k of 200k words, 10.0k words/s, loss 2.95, 0:19 left"
    assert lines[-1] == "train: 200k words, 9.94k words/s, loss 2.00, took 0:20"


def test_short_stages_are_silent_in_a_log(clock_by_hand):
    out = io.StringIO()
    with Progress(stream=out) as p:
        p.update("scan", 5, 10)
        clock_by_hand.now += 0.5
    assert out.getvalue() == ""


def test_quiet_says_nothing():
    out = io.StringIO()
    with Progress(quiet=True, stream=out) as p:
        p.update("train", 1, 2)
        p.note("heard by nobody")
    assert out.getvalue() == ""


def test_notes_stay(clock_by_hand):
    out = io.StringIO()
    with Progress(stream=out) as p:
        p.note("3 bytes were not UTF-8")
    assert out.getvalue() == "3 bytes were not UTF-8\n"


def test_a_thousand_updates_a_second_cost_little():
    p = Progress(stream=io.StringIO())
    start = time.perf_counter()
    for i in range(20_000):
        p.update("train", i, 20_000, "words")
    assert (time.perf_counter() - start) / 20_000 < 50e-6


def test_time_left_follows_the_last_seconds():
    stage = Stage("train", 0.0, 0)
    for second in range(1, 61):
        stage.set(second, second * 100, 100_000, "words", None)
    assert stage.rate == pytest.approx(100)
    for second in range(61, 91):  # the machine became four times as slow
        stage.set(second, 6000 + (second - 60) * 25, 100_000, "words", None)
    assert stage.rate == pytest.approx(25, rel=0.01)
    assert stage.seconds_left == pytest.approx((100_000 - 6750) / 25, rel=0.01)
    stage.finished = True
    assert stage.rate == pytest.approx(6750 / 90)


def test_a_resumed_job_counts_what_it_did_itself():
    stage = Stage("train", 0.0, 90_000)
    stage.set(10.0, 91_000, 100_000, "words", None)
    assert stage.rate == pytest.approx(100)


def test_going_back_to_a_stage_leaves_the_pause_out(clock_by_hand):
    out = io.StringIO()
    with Progress(stream=out) as p:
        p.update("train", 0, 1000, "words")
        clock_by_hand.now += 2
        p.update("train", 200, 1000, "words")
        p.update("evaluate", 0, 10)
        clock_by_hand.now += 100
        p.update("train", 200, 1000, "words")
        clock_by_hand.now += 2
        p.update("train", 400, 1000, "words")
        assert p._stages["train"].seconds_left == pytest.approx(6)
    assert out.getvalue().splitlines()[-1] == "train: 40 %, 400 of 1.00k words, 100 words/s, took 4.0 s"


def test_a_stage_without_numbers_says_how_long_it_took(clock_by_hand):
    out = io.StringIO()
    with Progress(stream=out) as p:
        p.update("compile", 0, None)
        clock_by_hand.now += 2
    assert out.getvalue() == "compile: took 2.0 s\n"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7.25, "7.2"),
        (950, "950"),
        (999.9, "1.00k"),
        (81_234, "81.2k"),
        (4_713_000, "4.71M"),
        (1.2e9, "1.20G"),
    ],
)
def test_short_numbers(number, text):
    assert short(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "0:10"), (185, "3:05"), (3723, "1:02:03")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


SCRIPT = """
import sys, time
from sgns.{module} import {name}
with {name}() as p:
    for i in range(6):
        p.update("scan", i * 1000000, None, "bytes"); time.sleep(.02)
    p.note("a note [with brackets]")
    for i in range(21):
        p.update("train", i * 50, 1000, "words", {{"loss": f"{{3 - i / 20:.3f}}"}}); time.sleep(.15)
print("result")
"""


def on_a_terminal(code):
    """stdout and what a terminal on stderr receives."""
    pty = pytest.importorskip("pty")
    here, there = pty.openpty()
    env = os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=there, env=env)
    os.close(there)
    seen = b""
    while True:
        try:
            part = os.read(here, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(here)
    out = run.communicate()[0].decode()
    assert run.returncode == 0
    return out, seen.decode()


def test_a_terminal_gets_bars_that_move_and_stay():
    out, seen = on_a_terminal(SCRIPT.format(module="progress", name="Progress"))
    assert out == "result\n"
    assert len(re.findall(r"loss 2\.\d+", seen)) > 5  # redrawn while it ran
    assert "━" in seen
    assert "a note [with brackets]" in seen
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen).strip().splitlines()
    assert re.search(r"scan .*5\.00 MB, .*took", last[-2])
    assert re.search(r"train .*1\.00k words, .*loss 2\.000, took", last[-1])
    assert seen.rstrip().endswith("\x1b[?25h")  # the cursor is back


def test_a_live_plot_draws_the_falling_loss():
    _, seen = on_a_terminal(SCRIPT.format(module="live", name="LivePlot"))
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


def test_a_notebook_gets_one_output(monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(SCRIPT.format(module="progress", name="Progress"))]
    nbclient.NotebookClient(book, timeout=60, kernel_name="python3").execute()
    outputs = book.cells[0].outputs
    shown = [o for o in outputs if o.output_type == "display_data"]
    assert len(shown) == 1  # redrawn in place
    assert "train: 1.00k words" in shown[0]["data"]["text/plain"]
    assert '<progress value="1000" max="1000">' in shown[0]["data"]["text/html"]
    assert [o.text for o in outputs if o.output_type == "stream"] == ["result\n"]
