"""Rate, remaining time, and how numbers are written."""

import pytest

from sgns.progress.stage import Stage, clock, short


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
