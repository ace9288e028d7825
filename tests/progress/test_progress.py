"""`Progress` in a log, on a terminal and in a notebook."""

import io
import re

import pytest

from sgns.progress import Progress


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
        p.note("hidden")
        p.warn("hidden")
    assert out.getvalue() == ""


def test_notes_and_warnings_stay(clock_by_hand):
    out = io.StringIO()
    with Progress(stream=out) as p:
        p.note("3 bytes were not UTF-8")
        p.warn("2 files are empty")
    assert out.getvalue() == "3 bytes were not UTF-8\nwarning: 2 files are empty\n"


def test_of_a_thousand_updates_a_second_few_are_shown(clock_by_hand):
    out = io.StringIO()
    with Progress(stream=out) as p:
        for i in range(20_000):
            p.update("train", i, 20_000, "words")
            clock_by_hand.now += 0.001
    assert 1 < len(out.getvalue().splitlines()) <= 20


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


def test_a_terminal_gets_bars_that_move_and_stay(on_a_terminal, reporting):
    out, seen = on_a_terminal(reporting("sgns.progress", "Progress"))
    assert out == "result\n"
    assert len(re.findall(r"loss 2\.\d+", seen)) > 5  # redrawn while it ran
    assert "━" in seen
    assert "a note [with brackets]" in seen
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen).strip().splitlines()
    assert re.search(r"scan .*5\.00 MB, .*took", last[-2])
    assert re.search(r"train .*1\.00k words, .*loss 2\.000, took", last[-1])
    assert seen.rstrip().endswith("\x1b[?25h")  # the cursor is back


def test_a_notebook_gets_one_output(reporting):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(reporting("sgns.progress", "Progress"))]
    nbclient.NotebookClient(book, timeout=250, kernel_name="python3").execute()
    outputs = book.cells[0].outputs
    shown = [o for o in outputs if o.output_type == "display_data"]
    assert len(shown) == 1  # redrawn in place
    assert "train: 1.00k words" in shown[0]["data"]["text/plain"]
    assert '<progress value="1000" max="1000">' in shown[0]["data"]["text/html"]
    assert [o.text for o in outputs if o.output_type == "stream"] == ["result\n"]


class Full(io.StringIO):
    """A stream on a disk that is full, from the second line on."""

    def write(self, text):
        if self.tell() > 20:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_work_goes_on_where_nothing_can_be_shown_any_more(clock_by_hand):
    closed = io.StringIO()
    closed.close()
    for stream in (Full(), closed):
        with Progress(stream=stream) as p:
            for i in range(100):
                p.note("a line that stays")
                p.update("train", i, 100, "words")
                clock_by_hand.now += 1


def test_a_program_without_stderr_shows_nothing(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr", None)  # as in a program without a console
    with Progress() as p:
        p.warn("nobody reads this")
        p.update("train", 1, 2)
    assert capsys.readouterr().out == ""


def test_a_log_that_is_not_unicode_gets_escapes(clock_by_hand):
    raw = io.BytesIO()
    with Progress(stream=io.TextIOWrapper(raw, "cp1252", write_through=True)) as p:
        p.note("naïve 中 …")
    assert raw.getvalue() == "naïve \\u4e2d …\n".encode("cp1252")


@pytest.mark.parametrize("live", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_terminal_that_is_not_unicode_gets_bars_of_ascii(on_a_terminal, reporting, monkeypatch, live):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    code = reporting("sgns.progress.live", "LivePlot") if live else reporting("sgns.progress", "Progress")
    out, seen = on_a_terminal(code)
    assert out == "result\n"
    assert seen.isascii()
    assert "---" in seen
    assert "\\u" not in seen
