"""The verbs phrases and vocabulary, and what sgns train makes of their files."""

import json

import numpy as np
import pytest

from sgns.vectors.vectors import Vectors


@pytest.fixture
def text(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "text.txt"
    lines = ["new york " + " ".join(f"w{n}" for n in rng.integers(0, 100, 10)) + "\n" for _ in range(500)]
    path.write_text("".join(lines))
    return path


def test_phrases_are_listed_written_and_applied(sgns, text, tmp_path):
    file = tmp_path / "phrases.tsv"
    code, out, err = sgns("phrases", text, "-o", file, "--phrase-threshold", 2, "-n", 1)
    assert code == 0, err
    head, first, last = out.splitlines()
    assert head.split() == ["phrase", "score", "count", "pass"]
    assert first.split()[0] == "new_york"
    assert last == f"{len(file.read_text().splitlines()):,} phrases, in {file}"
    assert file.read_text().splitlines()[0].split("\t")[2:] == ["500", "1", "new york"]

    code, out, _ = sgns("phrases", text, "--phrase-threshold", 2, "--json", "--passes", 2)
    found = json.loads(out)
    assert found["phrases"][0]["phrase"] == "new_york"
    assert found["phrases"][0]["words"] == ["new", "york"]
    assert found["output"] is None
    assert found["found"] >= len(found["phrases"])

    output = tmp_path / "v.safetensors"
    code, out, err = sgns("train", text, "-o", output, "--phrases", file, "--epochs", 1, "--dim", 4, "--json")
    assert code == 0, err
    assert "new_york" in Vectors.load(output).words
    assert json.loads(out)["raw_tokens"] == 6_000
    assert json.loads(out)["tokens"] < 6_000


def test_where_there_is_no_phrase(sgns, text):
    code, out, _ = sgns("phrases", text, "--phrase-threshold", 1e9)
    assert code == 0
    assert out.startswith("no phrases; lower --phrase-threshold")


def test_a_vocabulary_is_listed_written_and_trained_on(sgns, text, tmp_path):
    file = tmp_path / "vocab.tsv"
    code, out, err = sgns("vocabulary", text, "-o", file, "--min-count", 40, "-n", 2)
    assert code == 0, err
    assert [line.split() for line in out.splitlines()[:3]] == [["word", "count"], ["new", "500"], ["york", "500"]]
    lines = [line.split("\t") for line in file.read_text().splitlines()]
    assert all(int(count) >= 40 for _, count in lines)
    assert out.splitlines()[-1] == f"{len(lines)} words, in {file}"

    code, out, _ = sgns("vocabulary", text, "--json", "-n", 1, "--drop-words", file, "--min-count", 1)
    found = json.loads(out)
    assert found["vocabulary"] == 102 - len(lines)
    assert found["raw_tokens"] == 6_000
    assert len(found["words"]) == 1

    code, out, err = sgns("train", text, "--vocabulary-file", file, "--dry-run", "--json")
    assert code == 0, err
    assert json.loads(out)["vocabulary"] == len(lines)
    file.write_text("york\t7\nnew\t900\n")
    output = tmp_path / "v.safetensors"
    assert sgns("train", text, "--vocabulary-file", file, "-o", output, "--epochs", 1, "--dim", 4)[0] == 0
    trained = Vectors.load(output)
    assert list(trained.words) == ["new", "york"]
    assert list(trained.counts) == [900, 7]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("phrases", "no text was given"),
        ("vocabulary", "no text was given"),
        ("phrases {text} -o {text}", "is read, and would be replaced"),
        ("vocabulary {text} -o {text}", "is read, and would be replaced"),
        ("vocabulary {text} -o nowhere/v.tsv", "does not exist"),
        ("phrases {text} --phrases 0.5", "--phrases is 0.5; give a whole number"),
        ("phrases {text} --phrase-score pmi", "pmi"),
        ("train {text} --phrases nowhere.tsv", "nowhere.tsv: there is no such file"),
        ("train {text} --phrases 21", "phrases is 21, outside 0 to 20"),
        ("train {text} --keep-words nowhere", "nowhere: there is no such file"),
        ("train {text} --vocabulary-file {text}", "line 1"),
        ("train {text} --vocabulary-file a --drop-words b", "leave drop_words out"),
        ("train {text} --stop-words b", "--drop-words"),
        ("train {text} --read-vocab b", "--vocabulary-file"),
    ],
)
def test_mistakes_are_one_line(sgns, text, line, message):
    code, _, err = sgns(*(text if word == "{text}" else word for word in line.split()))
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def test_lists_of_the_command_line_and_of_python_are_the_same(sgns, text, tmp_path):
    (tmp_path / "stop").write_text("w1\nw2\n")
    (tmp_path / "keep").write_text("w3\n")
    code, out, err = sgns(
        "vocabulary", text, "--min-count", 60, "--keep-words", tmp_path / "keep", "--drop-words", tmp_path / "stop",
        "-n", 200, "--json",
    )  # fmt: skip
    assert code == 0, err
    from sgns import Config, Corpus

    corpus = Corpus.from_files(text, Config(min_count=60, keep_words=["w3"], drop_words=["w1", "w2"]))
    assert [one["word"] for one in json.loads(out)["words"]] == corpus.vocabulary.words
    assert "w3" in corpus.vocabulary
