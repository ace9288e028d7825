"""Cluster purity: perfect and worthless clusters by construction, both forms of a set, honest coverage."""

from pathlib import Path

import numpy as np
import pytest

from sgns.base.geometry import unit
from sgns.errors import FormatError
from sgns.evaluation.categories import cluster, evaluate_categories, majority, read_categories
from sgns.vectors.vectors import Vectors


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def blobs(spread: float, sizes: tuple[int, ...] = (12, 12, 12), seed: int = 0) -> tuple[Vectors, str]:
    generator = np.random.default_rng(seed)
    centres = np.eye(8)[: len(sizes)]
    labels = np.repeat(np.arange(len(sizes)), sizes)
    E = centres[labels] + spread * generator.normal(size=(len(labels), 8))
    words = [f"w{i}" for i in range(len(labels))]
    return Vectors(words, E), "".join(f"{w}\tc{label}\n" for w, label in zip(words, labels))


def test_clear_clusters_are_pure(tmp_path: Path) -> None:
    v, text = blobs(0.05)
    found = evaluate_categories(v, write(tmp_path / "c", text))
    assert found.purity == 1
    assert found.clusters == 3
    assert found.interval is not None
    assert found.interval.low < 1  # Wilson's bound: 36 of 36 is not certainly all
    assert found.chance < 0.6


def test_noise_is_worth_no_more_than_chance(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    v = Vectors([f"w{i}" for i in range(90)], generator.normal(size=(90, 10)))
    found = evaluate_categories(v, write(tmp_path / "c", "".join(f"w{i}\tc{i % 3}\n" for i in range(90))))
    assert found.purity == pytest.approx(found.chance, abs=0.08)
    assert found.interval is not None
    assert found.interval.low <= found.purity <= found.interval.high


def test_purity_by_hand() -> None:
    clusters, labels = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0])
    assert majority(clusters, labels, 2).tolist() == [True, True, False, False, True]  # the tie goes to the lowest


def test_both_forms_and_gzip(tmp_path: Path) -> None:
    wanted = [("cat", "animal"), ("dog", "animal"), ("red", "colour")]
    assert read_categories(write(tmp_path / "a", "cat\tanimal\ndog\tanimal\nred\tcolour\n")) == wanted
    assert read_categories(write(tmp_path / "b", ": animal\ncat dog\n# three\n: colour\nred\n")) == wanted
    assert read_categories(write(tmp_path / "c", ": x\nnew york\tparis\n")) == [("new york", "x"), ("paris", "x")]


@pytest.mark.parametrize(("text", "message"), [("cat animal\n", "line 1 is no word<TAB>category"), ("", "no words"),
                                               (": animal\n", "no words")])  # fmt: skip
def test_wrong_sets(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_categories(write(tmp_path / "c", text))


def test_unknown_duplicate_and_folded_words_are_said(tmp_path: Path) -> None:
    v = Vectors(["cat", "red"], np.eye(2))
    found = evaluate_categories(v, write(tmp_path / "c", "Cat\ta\nred\tb\nred\tb\nblue\tb\n"))
    assert (found.asked, found.answered, found.unknown) == (3, 2, ("blue",))
    assert (found.duplicates, found.folded) == (1, 1)


def test_nothing_known(tmp_path: Path) -> None:
    found = evaluate_categories(Vectors(["x"], np.ones((1, 2))), write(tmp_path / "c", "cat\ta\n"))
    assert np.isnan(found.purity)
    assert found.interval is None


@pytest.mark.parametrize("seed", range(5))
def test_k_means_finds_what_is_there_and_repeats_itself(seed: int) -> None:
    v, _ = blobs(0.15, (20, 5, 11, 7), seed)
    rows = unit(v.E)
    clusters = cluster(rows, 4, seed)
    assert np.array_equal(clusters, cluster(rows, 4, seed))
    assert majority(clusters, np.repeat(np.arange(4), (20, 5, 11, 7)), 4).mean() > 0.95


def test_k_means_with_as_many_clusters_as_rows_or_equal_rows() -> None:
    assert cluster(np.eye(3, dtype=np.float32), 3).tolist() == [0, 1, 2]
    assert len(cluster(np.ones((6, 2), np.float32) / np.float32(np.sqrt(2)), 3)) == 6
