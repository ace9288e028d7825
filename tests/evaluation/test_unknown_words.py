"""Unknown words of test sets: left out and counted, or composed of their n-grams and counted."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from sgns.base.subwords import Subwords
from sgns.errors import ConfigError
from sgns.evaluation import evaluate_analogies, evaluate_categories, evaluate_similarity
from sgns.vectors.subwords import SubwordTable
from sgns.vectors.vectors import Vectors

WORDS = ["river", "rivers", "bank", "banks", "walk", "Paris", "walks"]


def made(lowercase: bool | None = None, words: list[str] = WORDS) -> Vectors:
    r = np.random.default_rng(3)
    table = SubwordTable.of(Subwords(3, 5, 400), r.normal(size=(len(words), 8)), r.normal(size=(400, 8)))
    metadata = {} if lowercase is None else {"config": {"lowercase": lowercase}}
    return Vectors(words, table.composed(words), None, np.arange(len(words), 0, -1), metadata, table)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_similarity_composes_only_when_asked(tmp_path: Path):
    v = made()
    pairs = [("river", "riverbank", 9), ("river", "bank", 5), ("walking", "walked", 4), ("paris", "Banks", 1)]
    path = write(tmp_path / "s", "".join(f"{a}\t{b}\t{score}\n" for a, b, score in pairs))
    skipped = evaluate_similarity(v, path)
    assert (skipped.asked, skipped.answered, skipped.composed) == (4, 2, 0)
    assert skipped.unknown == ("riverbank", "walking", "walked")
    found = evaluate_similarity(v, path, unknown="compose")
    assert (found.asked, found.answered, found.composed, found.folded) == (4, 4, 2, 2)
    assert found.unknown == ()
    wanted = [
        cosine(v["river"], v["riverbank"]),
        cosine(v["river"], v["bank"]),
        cosine(v["walking"], v["walked"]),
        cosine(v["Paris"], v["banks"]),  # known in another case: not composed
    ]
    assert found.cosines == pytest.approx(wanted, abs=1e-6)
    assert found.spearman == pytest.approx(spearmanr([9, 5, 4, 1], wanted).statistic)


@pytest.mark.parametrize(("lowercase", "ignore_case", "asked"), [
    (True, True, "riverbank"), (True, False, "RiverBank"), (None, True, "RiverBank"), (False, True, "RiverBank"),
])  # fmt: skip
def test_a_vocabulary_in_lower_case_is_asked_in_lower_case(tmp_path: Path, lowercase, ignore_case, asked):
    v = made(lowercase)
    path = write(tmp_path / "s", "river\tRiverBank\t9\nbank\triver\t1\n")
    found = evaluate_similarity(v, path, ignore_case=ignore_case, unknown="compose")
    assert found.composed == 1
    assert found.cosines[0] == pytest.approx(cosine(v["river"], v[asked]), abs=1e-6)


@pytest.mark.parametrize("method", ["add", "mul"])
def test_analogies_compose_what_asks_never_what_answers(tmp_path: Path, method):
    v = made()
    questions = [
        "river rivers walking walks",
        "river riverbank walk bank",
        "river rivers bank banking",
        "river rivers bank banks",
    ]
    path = write(tmp_path / "a", "\n".join(questions) + "\n")
    skipped = evaluate_analogies(v, path, method=method)
    assert (skipped.answered, skipped.composed, skipped.unknown) == (1, 0, ("walking", "riverbank", "banking"))
    found = evaluate_analogies(v, path, method=method, unknown="compose")
    assert (found.answered, found.composed, found.unknown) == (3, 2, ("banking",))
    for i, item in enumerate(found.items.tolist()):
        a, b, c, expected = questions[item].split()
        assert found.correct[i] == (v.analogy(a, b, c, 1, method)[0][0] == expected)


def test_words_beyond_the_restriction_are_rarer_not_unknown(tmp_path: Path):
    path = write(tmp_path / "a", "river rivers walks bank\nriver rivers walking bank\n")
    found = evaluate_analogies(made(), path, restrict=4, unknown="compose")
    assert (found.answered, found.composed, found.unknown) == (1, 1, ("walks",))


def test_categories_compose(tmp_path: Path):
    path = write(tmp_path / "c", "river\ta\nrivers\ta\nriverbank\ta\nwalk\tb\nwalks\tb\nwalking\tb\n")
    assert evaluate_categories(made(), path).answered == 4
    found = evaluate_categories(made(), path, unknown="compose")
    assert (found.answered, found.composed, found.unknown) == (6, 2, ())


def test_without_subwords_there_is_nothing_to_compose(tmp_path: Path):
    path = write(tmp_path / "s", "river\tbank\t9\nbank\triver\t1\n")
    v = Vectors(WORDS, made().E)
    with pytest.raises(ConfigError, match="train with ngrams 3-6, or take unknown skip"):
        evaluate_similarity(v, path, unknown="compose")
    with pytest.raises(ConfigError, match="normalized leaves them out"):
        evaluate_similarity(made().normalized(), path, unknown="compose")
    with pytest.raises(ConfigError, match="choose one of skip, compose"):
        evaluate_similarity(v, path, unknown="mean")
