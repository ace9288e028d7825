"""The options that read part of a vector file, quantize and drop; the verb merge."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sgns.vectors.vectors import Vectors

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def four(tmp_path: Path) -> Path:
    Vectors(["a", "b", "c", "d"], np.float32([[1, 0], [0.9, 0.1], [0.8, 0.3], [0, 1]])).save(tmp_path / "four.txt")
    return tmp_path / "four.txt"


def words(out: str) -> list[str]:
    return [answer["word"] for answer in json.loads(out)["answers"]]


def test_limit_and_only(four: Path, sgns: Command, tmp_path: Path) -> None:
    assert words(sgns("similar", four, "a", "--limit", 3, "--json")[1]) == ["b", "c"]
    assert words(sgns("similar", four, "a", "--only", "c", "d", "--json")[1]) == [
        "c",
        "d",
    ]  # a is read for the question
    (tmp_path / "only").write_text("d\nb\n")
    assert words(sgns("similar", four, "a", "--only", tmp_path / "only", "--json")[1]) == ["b", "d"]
    assert words(sgns("analogy", four, "a", "b", "c", "--only", "d", "--json")[1]) == ["d"]
    code, out, err = sgns("similar", four, "a", "--only", "c", "x", "--json")
    assert (code, words(out)) == (0, ["c"])
    assert err == f"warning: not in {four}: 1 of the 2 words asked for (first: 'x')\n"
    assert sgns("odd", four, "a", "b", "d", "--limit", 2)[0] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "limit is 0; read at least 1 row"),
        (["--limit", "1.5"], "--limit is 1.5; give a whole number"),
        (["--only", "x"], "none of the 1 words asked for is in"),
    ],
)
def test_mistakes(four: Path, sgns: Command, options: list[str], message: str) -> None:
    code, out, err = sgns("similar", four, "a", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_convert_with_quantize_drop_and_limit(four: Path, sgns: Command, tmp_path: Path) -> None:
    code, out, err = sgns("convert", four, tmp_path / "q.safetensors", "--quantize", "int8", "--drop", "b")
    assert (code, err) == (0, "")
    assert out.endswith("3 words, d = 2; int8: 100.0 % of the 2 nearest neighbours of 3 words are kept\n")
    assert Vectors.load(tmp_path / "q.safetensors").precision == "int8"
    out = sgns("convert", four, tmp_path / "q.safetensors", "--quantize", "float16", "--limit", 3, "--json")[1]
    assert json.loads(out)["quantized"]["precision"] == "float16"
    assert sgns("info", tmp_path / "q.safetensors")[1].count("float16") == 1
    code, _, err = sgns("convert", four, tmp_path / "q.bin", "--quantize", "int8")
    assert code == 2
    assert ".safetensors alone can keep" in err
    for dropped, message in ((["x"], "none of the 1 words to drop"), (list("abcd"), "nothing would be left")):
        code, _, err = sgns("convert", four, tmp_path / "q.txt", "--drop", *dropped)
        assert code == 2
        assert message in err
    assert not (tmp_path / "q.txt").exists()


def test_merge(four: Path, sgns: Command, tmp_path: Path) -> None:
    Vectors(["d", "e"], np.float32([[4, 1], [5, 5]])).save(tmp_path / "more.bin")
    target = tmp_path / "all.txt"
    code, _, err = sgns("merge", four, tmp_path / "more.bin", "-o", target)
    assert code == 2
    assert "both have 1 words, the first 'd'" in err
    assert "--on-conflict" in err
    for conflict, row in (("first", [0, 1]), ("second", [4, 1]), ("mean", [2, 1])):
        code, out, err = sgns("merge", four, tmp_path / "more.bin", "-o", target, "--on-conflict", conflict)
        assert (code, out, err) == (0, f"{target}: 5 words, d = 2\n", "")
        v = Vectors.load(target)
        assert v.words == ["a", "b", "c", "d", "e"]
        assert v["d"].tolist() == row
    Vectors(["x"], np.ones((1, 3), np.float32)).save(tmp_path / "three.txt")
    for sources, message in (([four, tmp_path / "three.txt"], "dimension 3"), ([four], "at least two")):
        code, _, err = sgns("merge", *sources, "-o", target)
        assert code == 2
        assert message in err
    code, _, err = sgns("merge", four, tmp_path / "more.bin", "-o", four, "--on-conflict", "first")
    assert code == 2
    assert "would be replaced" in err


def test_the_file_of_words_is_not_replaced(four: Path, sgns: Command, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("a\nb\n")
    for arguments in (["convert", four, words, "--drop", words], ["convert", four, words, "--only", words],
                      ["merge", four, four, "-o", words, "--only", words, "--on-conflict", "first"]):  # fmt: skip
        code, out, err = sgns(*arguments)
        assert (code, out) == (2, "")
        assert "would be replaced" in err
        assert words.read_text() == "a\nb\n"
