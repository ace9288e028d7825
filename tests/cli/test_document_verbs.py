"""Vectors of documents on the command line: train, similar, infer, convert, info, pictures."""

import json

import numpy as np
import pytest

from sgns.vectors.vectors import Vectors


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A trained file with documents of four topics, tagged by number and topic; and the text of the first."""
    from sgns.cli import make_app, run

    folder = tmp_path_factory.mktemp("documents")
    draw = np.random.default_rng(0)
    lines = [f"d{i},topic {i % 4}\t" + " ".join(f"t{i % 4}w{n}" for n in draw.integers(0, 20, 40)) for i in range(120)]
    (folder / "docs.tsv").write_text("\n".join(lines))
    (folder / "new.txt").write_text("T2w1 t2w3, t2w5 unknown t2w7\n\nnothing known\n")
    command = (
        f"train {folder}/docs.tsv -o {folder}/v.safetensors --model dbow --tags --dim 12 --epochs 20 --min-count 1"
    )
    assert run(make_app(), [*command.split(), "--subsample", "0", "--threads", "1", "--quiet"]) == 0
    return folder / "v.safetensors"


def answers(out):
    return [answer["word"] for answer in json.loads(out)["answers"]]


def test_documents_near_a_document(sgns, model):
    code, out, err = sgns("similar", model, "topic 2", "--documents", "-n", 5, "--json")
    assert code == 0, err
    assert {int(tag[1:]) % 4 for tag in answers(out)} == {2}
    code, out, _ = sgns("similar", model, "topic 2", "--documents", "-n", 1)
    assert code == 0
    assert out.splitlines()[0].split() == ["word", "cosine"]


def test_words_near_a_document_and_documents_near_a_word(sgns, model):
    _, out, _ = sgns("similar", model, "topic 1", "--documents", "--among", "words", "-n", 5, "--json")
    assert all(word.startswith("t1w") for word in answers(out))
    assert json.loads(out)["among"] == "words"
    _, out, _ = sgns("similar", model, "t3w1", "t3w2", "--among", "documents", "-n", 5, "--json")
    assert all(int(tag.removeprefix("topic ").removeprefix("d")) % 4 == 3 for tag in answers(out))
    _, plain, _ = sgns("similar", model, "t3w1", "-n", 3, "--json")
    _, among, _ = sgns("similar", model, "t3w1", "-n", 3, "--json", "--among", "words")
    assert answers(plain) == answers(among)


def test_infer_writes_a_row_for_each_line(sgns, model, tmp_path):
    output = tmp_path / "rows.npy"
    code, out, err = sgns("infer", model, model.parent / "new.txt", "-o", output)
    assert code == 0, err
    assert "2 of 3 texts have no known word (first: text 2)" in err
    assert out == f"{output}: 3 texts, d = 12, 57.1% of 7 words known\n"
    rows = np.load(output)
    assert rows.shape == (3, 12)
    assert not rows[1:].any()
    near = Vectors.load(model).documents.most_similar(rows[0], n=3)
    assert all(int(tag.removeprefix("topic ").removeprefix("d")) % 4 == 2 for tag, _ in near)


def test_infer_has_options_and_json(sgns, model, tmp_path):
    files = [tmp_path / f"{name}.npy" for name in "abc"]
    for file, more in zip(files, (["--seed", 3], ["--seed", 3, "--threads", 1], ["--epochs", 2, "--lr", 0.1])):
        code, out, err = sgns("infer", model, model.parent / "new.txt", "-o", file, "--json", *more)
        assert code == 0, err
        assert json.loads(out) == {
            "output": str(file), "texts": 3, "dim": 12, "words": 7, "known": 4, "composed": 0, "coverage": 4 / 7,
                "empty": [1, 2],
        }  # fmt: skip
    first, same, other = map(np.load, files)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_infer_reads_a_column_and_writes_parquet(sgns, model, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "t.jsonl").write_text('{"body": "t1w1 t1w2"}\n{"body": "t2w1"}\n')
    code, _, err = sgns("infer", model, tmp_path / "t.jsonl", "--column", "body", "-o", tmp_path / "rows.parquet")
    assert code == 0, err
    table = parquet.read_table(tmp_path / "rows.parquet").to_pydict()
    assert table["text"] == ["t1w1 t1w2", "t2w1"]
    assert table["known"] == [2, 1]


def test_convert_writes_documents(sgns, model, tmp_path):
    code, _, err = sgns("convert", model, tmp_path / "d.safetensors", "--documents")
    assert code == 0, err
    written = Vectors.load(tmp_path / "d.safetensors")
    assert np.array_equal(written.E, Vectors.load(model).documents.E)
    assert written.words[:3] == ["d0", "topic 0", "d1"]
    code, _, err = sgns("convert", model, tmp_path / "w.bin")
    assert code == 0
    assert "124 vectors of documents are left out" in err


def test_a_part_of_the_documents(sgns, model):
    _, out, _ = sgns("similar", model, "d0", "--documents", "--only", "topic 1", "topic 2", "--json")
    assert set(answers(out)) == {"topic 1", "topic 2"}


def test_info_names_documents(sgns, model):
    _, out, _ = sgns("info", model)
    assert "documents         124, the first d0, topic 0, d1, topic 1" in out
    _, out, _ = sgns("info", model, "--json")
    assert json.loads(out)["documents"] == 124


def test_pictures_of_documents(sgns, model, tmp_path):
    code, _, err = sgns("plot", model, "--documents", "--words", "d0", "d1", "d2", "-o", tmp_path / "p.svg", "--quiet")
    assert code == 0, err
    code, _, err = sgns("map", model, "--documents", "-o", tmp_path / "m.html", "--quiet")
    assert code == 0, err
    assert "topic 3" in (tmp_path / "m.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("similar", "{words}", "x", "--documents"), "holds no vectors of documents; train with model dbow or dm"),
        (("similar", "{words}", "a", "--among", "documents"), "holds no vectors of documents"),
        (("similar", "{model}", "topi 3", "--documents"), "did you mean topic 3"),
        (("similar", "{model}", "t1w1", "--among", "documents", "--all-but-the-top", "1"), "words alone"),
        (("infer", "{words}", "{text}", "-o", "{out}"), "need dbow or dm"),
        (("infer", "{model}", "{text}", "-o", "{out}", "--epochs", "0"), "epochs is 0"),
        (("infer", "{model}", "{text}", "-o", "{text}"), "use .npy, .parquet"),
        (("infer", "{model}", "{text}x", "-o", "{out}"), "does not exist"),
        (("train", "{text}", "-o", "{out}.bin", "--tags"), "tags is for documents"),
    ],
)
def test_mistakes_are_one_line(sgns, model, tmp_path, arguments, message):
    words = tmp_path / "words.txt"
    Vectors(["a", "b"], np.eye(2)).save(words)
    names = {"words": words, "model": model, "text": model.parent / "new.txt", "out": tmp_path / "out.npy"}
    code, out, err = sgns(*(argument.format(**names) for argument in arguments))
    assert code == 2, out
    assert len(err.strip().splitlines()) == 1
    assert message in err
