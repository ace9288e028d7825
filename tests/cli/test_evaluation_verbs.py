"""`sgns evaluate` and `sgns compare`: what they print, and what they write as JSON."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sgns.vectors.vectors import Vectors

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sets(tmp_path: Path) -> list[object]:
    (tmp_path / "s.tsv").write_text("king\tqueen\t8\nApple\tpear\t9\nking\tapple\t1\nking\tnothing\t2\nman\tpear\t0\n")
    (tmp_path / "q.txt").write_text(": royal\nman king woman queen\n: gram1\nman men woman women\n")
    (tmp_path / "c.tsv").write_text("king\ta\nqueen\ta\napple\tb\npear\tb\n")
    return ["--similarity", tmp_path / "s.tsv", "--analogy", tmp_path / "q.txt", "--categories", tmp_path / "c.tsv"]


def test_evaluate_prints_coverage_interval_and_what_was_done(royal: Path, sets: list[object], sgns: Command) -> None:
    code, out, err = sgns("evaluate", royal, *sets, "--verbose")
    assert (code, err) == (0, "")
    spearman = next(line for line in out.splitlines() if "Spearman" in line)
    assert spearman.split()[-4:] == ["4", "5", "80", "%"]
    assert "1 word found in another case" in out
    assert "s.tsv: unknown: nothing" in out
    assert "3CosAdd among the 30,000 most frequent words" in out
    report = json.loads(sgns("evaluate", royal, *sets, "--json")[1])
    assert report["similarity"][0]["unknown"] == ["nothing"]
    assert report["analogy"][0]["accuracy"] == 1
    assert report["analogy"][0]["syntactic"]["accuracy"] is None  # not NaN, which is no JSON
    assert report["categories"][0]["purity"] == 1


def test_compare_with_seeds_by_pattern_and_by_comma(
    royal: Path, sets: list[object], tmp_path: Path, sgns: Command
) -> None:
    generator = np.random.default_rng(0)
    v = Vectors.load(royal)
    paths = []
    for i in range(4):
        paths.append(tmp_path / f"seed{i}.bin")
        noisy = v.E + 0.05 * generator.normal(size=v.E.shape)
        Vectors([w.replace(" ", "_") for w in v.words], noisy).save(paths[-1])
    models = (tmp_path / "seed[01].bin", f"{paths[2]},{paths[3]}")
    options = ("--words", 6, "--neighbours", 2, "--moved", 2)
    code, out, err = sgns("compare", *models, *sets, *options)
    assert (code, err) == (0, "")
    assert "p (Holm)" in out
    assert "moved most" in out
    report = json.loads(sgns("compare", *models, *sets, *options, "--json")[1])
    assert [len(paths) for paths in report["models"].values()] == [2, 2]
    assert len(report["sets"]) == 3
    assert len(report["sets"][0]["scores"][0]["values"]) == 2
    assert 0 <= report["spaces"][0]["within_overlap"] <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "{}", "--restrict", "-1"], "--restrict"),
        (["compare", "{}", "{}", "--neighbours", "0"], "--neighbours"),
        (["compare", "{}", "{}", "--moved", "-1"], "--moved"),
    ],
)
def test_numbers_out_of_range_are_named(royal: Path, sgns: Command, arguments: list[str], message: str) -> None:
    code, out, err = sgns(*(a.format(royal) for a in arguments))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
