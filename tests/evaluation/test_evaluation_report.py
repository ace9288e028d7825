"""Figures as they are printed."""

from sgns.evaluation.report import share


def test_a_coverage_of_100_percent_is_all() -> None:
    assert [share(a, b) for a, b in ((353, 353), (352, 353), (9999, 10_000), (2, 3), (0, 5), (0, 0))] == [
        "100 %", "99.7 %", "99.9 %", "66 %", "0 %", "0 %"]  # fmt: skip
