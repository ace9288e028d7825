"""`sgns encode` and `sgns predict`: files, tables, JSON, errors of one line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sgns.vectors.vectors import Vectors

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("The King, the queen!\nnothing\n\napple\n")
    return path


def test_encode_writes_a_row_for_each_line(royal: Path, lines: Path, tmp_path: Path, sgns: Command) -> None:
    code, out, err = sgns("encode", royal, lines, "-o", tmp_path / "out.npy")
    assert (code, out) == (0, f"{tmp_path / 'out.npy'}: 4 texts, d = 4, 50.0% of 6 words known\n")
    assert err == "warning: 2 of 4 texts have no known word (first: text 2); their rows are zero\n"
    rows, v = np.load(tmp_path / "out.npy"), Vectors.load(royal)
    with pytest.warns(UserWarning, match="no known word"):
        np.testing.assert_array_equal(rows, v.encode(lines.read_text().splitlines()))
    code, out, err = sgns("encode", royal, lines, "-o", tmp_path / "out.npy", "--weights", "mean", "--json")
    report = json.loads(out)
    assert (code, err) == (0, "")
    assert (report["texts"], report["words"], report["known"], report["empty"]) == (4, 6, 3, [1, 2])
    np.testing.assert_allclose(np.load(tmp_path / "out.npy")[0], v.centroid("king queen"), rtol=1e-6)


def test_encode_subtracts_what_other_texts_have_in_common(
    royal: Path, lines: Path, tmp_path: Path, sgns: Command
) -> None:
    others = tmp_path / "others.txt"
    others.write_text("king man\nqueen woman\n")
    options = ("-o", tmp_path / "out.npy", "--a", "0.01")
    assert sgns("encode", royal, lines, *options, "--fit", others)[0] == 0
    encoder = Vectors.load(royal).text_encoder(a=0.01).fit(["king man", "queen woman"])
    texts = lines.read_text().splitlines()
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), encoder.encode(texts).rows)
    assert sgns("encode", royal, lines, *options, "--components", 2)[0] == 0
    encoder = Vectors.load(royal).text_encoder(a=0.01, components=2).fit(texts)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), encoder.encode(texts).rows)


def test_encode_a_column_into_a_table(royal: Path, tmp_path: Path, sgns: Command) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "rows.jsonl").write_text('{"id": 1, "body": "king queen"}\n{"id": 2, "body": "pear x"}\n')
    out = tmp_path / "out.parquet"
    assert sgns("encode", royal, tmp_path / "rows.jsonl", "-o", out, "--column", "body")[0] == 0
    table = parquet.read_table(out)
    assert table.column_names == ["text", "vector", "words", "known"]
    assert table["text"].to_pylist() == ["king queen", "pear x"]
    assert table["known"].to_pylist() == [2, 1]
    v = Vectors.load(royal)
    np.testing.assert_array_equal(np.array(table["vector"].to_pylist(), np.float32), v.encode(["king queen", "pear x"]))


def test_encode_reads_standard_input(
    royal: Path, lines: Path, tmp_path: Path, sgns: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lines.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert sgns("encode", royal, "-", "-o", tmp_path / "out.npy")[0] == 0
    assert np.load(tmp_path / "out.npy").shape == (4, 4)


def test_predict_as_a_table_and_as_json(royal: Path, sgns: Command) -> None:
    code, out, err = sgns("predict", royal, "king", "man", "-n", 3)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["word", "probability"]
    wanted = Vectors.load(royal).predict(["king", "man"], 3)
    assert [line.split("  ")[0] for line in out.splitlines()[1:]] == [word for word, _ in wanted]
    code, out, err = sgns("predict", royal, "the King, the man", "--scale", "score", "--json")
    answer = json.loads(out)
    assert err == "warning: 2 of 4 context words are unknown\n"
    assert answer["answers"][0]["score"] == dict(Vectors.load(royal).predict(["king", "man"], scale="score"))["king"]
    assert answer["context"] == ["the King, the man"]
    assert sgns("predict", royal, "new york")[0] == 0  # a word with a blank


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["encode", "{v}", "{t}"], "--output"),
        (["encode", "{v}", "{t}", "-o", "out.csv"], "use .npy, .parquet"),
        (["encode", "{v}", "nowhere", "-o", "{d}/out.npy"], "nowhere does not exist"),
        (["encode", "{v}", "{d}/empty", "-o", "{d}/out.npy"], "there is no text in it"),
        (["encode", "{e}", "{t}", "-o", "{d}/out.npy"], "take mean"),
        (["encode", "{v}", "{t}", "-o", "{d}/out.npy", "--fit", "{d}/empty"], "there is no text in it"),
        (["encode", "{v}", "{t}", "-o", "{d}/out.npy", "--fit", "{t}", "--components", "0"], "leave one of them out"),
        (["encode", "{v}", "{t}", "-o", "{d}/out.npy", "--components", "5"], "outside 0 to 4"),
        (["encode", "{v}", "{d}/texts.npy", "-o", "{d}/texts.npy"], "would be replaced"),
        (["predict", "{e}", "king"], "predicting a word needs C"),
        (["predict", "{v}", "x", "y"], "none of the 2 context words is known"),
        (["predict", "{v}", "king", "-n", "0"], "at least 1"),
        (["predict", "{v}", "--queen"], "--queen is no option"),
        (["encode", "{v}", "{t}", "-o", "{d}/out.npy", "--componets", "1"], "did you mean --components?"),
        (["encode", "{v}", "--componets", "-o", "{d}/out.npy"], "did you mean --components?"),
        (["embed", "{v}"], "take sgns encode"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    royal: Path, lines: Path, tmp_path: Path, sgns: Command, arguments: list[str], message: str
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "texts.npy").write_text("king\n")
    sgns("convert", royal, tmp_path / "e.bin")
    names = {"v": royal, "t": lines, "d": tmp_path, "e": tmp_path / "e.bin"}
    code, out, err = sgns(*(a.format(**names) for a in arguments))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out.npy").exists()
