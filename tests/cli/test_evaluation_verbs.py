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


def test_texts_with_labels(royal: Path, tmp_path: Path, sgns: Command) -> None:
    path, test = tmp_path / "texts.tsv", tmp_path / "test.tsv"
    path.write_text(
        "".join(f"royal\tThe {a}!\nfruit\tan {b}\n" for a in ("king", "queen") for b in ("apple", "pear")) * 4
    )
    test.write_text("royal\tking\nfruit\tapple pear\nfruit\tnothing\n")
    code, out, err = sgns("evaluate", royal, "--texts", path, "--verbose")
    assert (code, err) == (0, "")
    assert "accuracy (2 labels, chance 0.500)  1.000" in out
    assert "texts.tsv: 10 folds, of 1.000 to 1.000; 50 % of 64 words known, the others left out" in out
    assert "texts.tsv: unknown: The an" in out
    (found,) = json.loads(sgns("evaluate", royal, "--texts", path, "--test-texts", test, "--json")[1])["texts"]
    assert (found["name"], found["asked"], found["answered"], found["accuracy"]) == ("test.tsv", 3, 2, 1)
    code, out, err = sgns("compare", royal, royal, "--texts", path, "--words", 0, "--weights", "sif")
    assert (code, err) == (0, "")
    assert "texts.tsv" in out
    assert "h = +0.000" in out


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
        (["evaluate", "{}", "--test-texts", "t.tsv"], "give the one to train on with --texts"),
        (["compare", "{}", "{}", "--test-texts", "t.tsv"], "give the one to train on with --texts"),
        (["evaluate", "{}", "--texts", "nowhere.tsv"], "there is no such file"),
    ],
)
def test_numbers_out_of_range_are_named(royal: Path, sgns: Command, arguments: list[str], message: str) -> None:
    code, out, err = sgns(*(a.format(royal) for a in arguments))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
