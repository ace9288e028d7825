"""Verbs on vectors with subwords: unknown words are composed, and stderr says so; formats without subwords say so."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sgns.base.subwords import Subwords
from sgns.vectors.subwords import SubwordTable
from sgns.vectors.vectors import Vectors

Command = Callable[..., tuple[int, str, str]]
WORDS = ["river", "rivers", "bank", "banks"]
NOTE = "warning: 'riverbank' is not among the 4 words, its vector is composed of its n-grams; did you mean river?\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    r = np.random.default_rng(0)
    table = SubwordTable.of(Subwords(3, 6, 50), r.normal(size=(4, 5)), r.normal(size=(50, 5)))
    v = Vectors(WORDS, table.composed(WORDS), r.normal(size=(4, 5)), np.array([4, 3, 2, 1]), {}, table)
    v.save(tmp_path / "v.safetensors")
    return tmp_path / "v.safetensors"


def test_questions_about_unknown_words_are_answered_and_stderr_says_so(file: Path, sgns: Command) -> None:
    v = Vectors.load(file)
    code, out, err = sgns("similar", file, "riverbank", "-n", 2, "--json")
    assert (code, err) == (0, NOTE)
    assert [answer["word"] for answer in json.loads(out)["answers"]] == [w for w, _ in v.most_similar("riverbank", n=2)]
    assert sgns("similar", file, "river", "--minus", "riverbank")[2] == NOTE
    assert sgns("analogy", file, "river", "riverbank", "rivers")[::2] == (0, NOTE)
    assert sgns("odd", file, "river", "riverbank", "rivers")[::2] == (0, NOTE)
    assert sgns("ask", file, "riverbank - bank")[::2] == (0, NOTE)
    assert sgns("similar", file, "river")[::2] == (0, "")
    assert "with blanks around the signs: river - bank" in sgns("ask", file, "river-bank")[2]


def test_without_subwords_unknown_words_stay_unknown(file: Path, tmp_path: Path, sgns: Command) -> None:
    assert sgns("convert", file, tmp_path / "v.bin")[0] == 0
    code, _, err = sgns("similar", tmp_path / "v.bin", "riverbank")
    assert code == 2
    assert "did you mean river?" in err
    code, _, err = sgns("similar", file, "riverbank", "--all-but-the-top", 1)
    assert code == 2
    assert "ask before all_but_the_top" in err


def test_evaluate_composes_when_asked(file: Path, tmp_path: Path, sgns: Command) -> None:
    (tmp_path / "s").write_text("river\triverbank\t5\nriver\tbank\t3\nbanks\triver\t1\n")
    (tmp_path / "a").write_text("river rivers riverbank banks\nriver rivers bank banks\n")
    sets = ("--similarity", tmp_path / "s", "--analogy", tmp_path / "a")
    report = json.loads(sgns("evaluate", file, *sets, "--unknown", "compose", "--json")[1])
    assert [report[kind][0]["composed"] for kind in ("similarity", "analogy")] == [1, 1]
    assert [report[kind][0]["coverage"] for kind in ("similarity", "analogy")] == [1, 1]
    report = json.loads(sgns("evaluate", file, *sets, "--json")[1])
    assert [report[kind][0]["composed"] for kind in ("similarity", "analogy")] == [0, 0]
    assert report["similarity"][0]["unknown"] == ["riverbank"]
    out = sgns("evaluate", file, *sets, "--unknown", "compose")[1]
    assert "s: 1 pair of 3 answered with a word composed of its n-grams" in out
    assert "1 question of 2 answered with a word composed of its n-grams" in out
    code, _, err = sgns("evaluate", file, *sets, "--unknown", "compose", "--space", "C")
    assert code == 2
    assert "space leaves them out" in err


def test_encode_composes_when_asked(file: Path, tmp_path: Path, sgns: Command) -> None:
    (tmp_path / "texts").write_text("river riverbank\nriverbanks\n")
    v, out = Vectors.load(file), tmp_path / "out.npy"
    arguments = ("encode", file, tmp_path / "texts", "-o", out, "--weights", "mean")
    shown = json.loads(sgns(*arguments, "--unknown", "compose", "--json")[1])
    assert [shown[name] for name in ("words", "known", "composed", "empty")] == [3, 3, 2, []]
    np.testing.assert_allclose(
        np.load(out), v.encode(["river riverbank", "riverbanks"], weights="mean", unknown="compose")
    )
    np.testing.assert_allclose(np.load(out)[1], v["riverbanks"], rtol=1e-6)
    code, shown, err = sgns(*arguments, "--unknown", "compose")
    assert (code, err) == (0, "")
    assert "100.0% of 3 words known, 2 of them composed" in shown
    code, shown, err = sgns(*arguments)
    assert "33.3% of 3 words known\n" in shown
    assert "1 of 2 texts have no known word" in err
    assert sgns("convert", file, tmp_path / "v.bin")[0] == 0
    code, _, err = sgns("encode", tmp_path / "v.bin", *arguments[2:], "--unknown", "compose")
    assert code == 2
    assert "no subwords; train with ngrams 3-6, or take unknown skip" in err


def test_evaluate_composes_words_of_texts_when_asked(file: Path, tmp_path: Path, sgns: Command) -> None:
    (tmp_path / "t").write_text("water\triver riverbank\nmoney\tbank bankers\nwater\trivers\nmoney\tbanks xx\n")
    arguments = ("evaluate", file, "--texts", tmp_path / "t", "--test-texts", tmp_path / "t")
    found = json.loads(sgns(*arguments, "--unknown", "compose", "--json")[1])["texts"][0]
    assert [found[name] for name in ("words", "known", "composed")] == [7, 7, 3]
    assert "of 7 words known, 3 of them composed of n-grams" in sgns(*arguments, "--unknown", "compose")[1]
    found = json.loads(sgns(*arguments, "--json")[1])["texts"][0]
    assert [found[name] for name in ("words", "known", "composed")] == [7, 4, 0]


def test_convert_to_and_from_fasttext(file: Path, tmp_path: Path, sgns: Command) -> None:
    assert sgns("convert", file, tmp_path / "v.fasttext.bin")[::2] == (0, "")
    assert sgns("convert", tmp_path / "v.fasttext.bin", tmp_path / "w.safetensors")[0] == 0
    v, w = Vectors.load(file), Vectors.load(tmp_path / "w.safetensors")
    assert np.array_equal(v["riverbank"], w["riverbank"])
    assert np.array_equal(v.E, w.E)
    code, _, err = sgns("convert", tmp_path / "v.fasttext.bin", tmp_path / "v.vec")
    assert code == 0
    assert "subwords are left out: format fasttext" in err
    assert "left out: C, counts, metadata, subwords" in err
    assert sgns("convert", file, tmp_path / "v.model", "--format", "fasttext-binary")[0] == 0
    assert (tmp_path / "v.model").read_bytes() == (tmp_path / "v.fasttext.bin").read_bytes()


def test_info_names_subwords(file: Path, sgns: Command) -> None:
    out = sgns("info", file)[1]
    assert "E, C, counts, subwords" in out
    assert "n-grams of 3 to 6 characters, 50 buckets" in out
    assert json.loads(sgns("info", file, "--json")[1])["subwords"] == {
        "minimum": 3, "maximum": 6, "buckets": 50, "rows": 50,
    }  # fmt: skip


def test_a_pipe_of_questions_says_what_was_composed(file: Path, sgns: Command, monkeypatch, capsys) -> None:
    from sgns.cli.prompt import answer_lines

    assert answer_lines(Vectors.load(file), ["riverbank", "river"], 1, as_json=True) == 0
    out, err = capsys.readouterr()
    assert err == NOTE
    assert len(json.loads(out)["questions"]) == 2


def test_exact_ngrams_for_a_file_of_fasttext_are_refused_before_training(
    small_text: Path, tmp_path: Path, sgns: Command
) -> None:
    output = tmp_path / "v.fasttext.bin"
    code, _, err = sgns("train", small_text, "--ngrams", "3-6", "--buckets", "exact", "-o", output, "--quiet")
    assert code == 2
    assert "buckets is exact" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ngrams", ["6-3", "0-2", "a", "3-200"])
def test_wrong_lengths_of_ngrams_are_refused(small_text: Path, tmp_path: Path, sgns: Command, ngrams: str) -> None:
    code, _, err = sgns("train", small_text, "--ngrams", ngrams, "-o", tmp_path / "v.safetensors", "--quiet")
    assert code == 2
    assert f"ngrams is '{ngrams}'" in err
    assert "3-6 is usual" in err
