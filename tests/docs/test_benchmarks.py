"""`python -m benchmarks`: each part is repeated, and all of `make bench` is done before a newcomer gives up."""

import sys
from argparse import Namespace

import pytest

from benchmarks import __main__ as command
from benchmarks.parts import LEAST


def test_the_whole_takes_less_than_forty_minutes(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--list"])
    command.main()
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in capsys.readouterr().out.splitlines()[2:]]
    assert [name for name, _ in rows] == [*command.DEFAULT, "together"]
    minutes = [float(cell) for _, cell in rows]
    assert min(minutes) > 0
    assert sum(minutes[:-1]) == pytest.approx(minutes[-1], abs=0.5)
    assert minutes[-1] < 40


def test_more_seeds_take_longer():
    def together(seeds):
        options = Namespace(parts=["whole", "quality"], times=seeds, seeds=seeds)
        return float(command.durations(options, {}).splitlines()[-1].split("|")[2])

    assert together(6) == pytest.approx(2 * together(3), abs=0.2)


@pytest.mark.parametrize("option", ["--times", "--seeds"])
def test_what_has_no_spread_is_refused(capsys, monkeypatch, option):
    monkeypatch.setattr(sys, "argv", ["benchmarks", option, str(LEAST - 1)])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert "2 turns have no spread; take 3 at least" in capsys.readouterr().err
