"""`sgns train --start`: the command goes on with vectors, and says in one line what does not fit."""

import json

import numpy as np
import pytest

from sgns.vectors.vectors import Vectors

OPTIONS = ("--dim", 6, "--epochs", 1, "--min-count", 1, "--threads", 1)


@pytest.fixture
def files(tmp_path, sgns):
    """old.safetensors, and a text with other words beside its own."""
    for name, low in (("old", 0), ("new", 20)):
        rng = np.random.default_rng(low)
        lines = [" ".join(f"w{low + k}" for k in rng.integers(0, 40, 10)) for _ in range(300)]
        (tmp_path / f"{name}.txt").write_text("\n".join(lines) + "\n")
    code, _, err = sgns("train", tmp_path / "old.txt", "-o", tmp_path / "old.safetensors", *OPTIONS)
    assert code == 0, err
    return tmp_path


def go_on(sgns, files, *options, start="old.safetensors"):
    return sgns(
        "train", files / "new.txt", "--start", files / start, "-o", files / "more.safetensors", *OPTIONS, *options
    )


def test_a_model_goes_on(sgns, files):
    code, out, err = go_on(sgns, files, "--json")
    assert code == 0, err
    assert json.loads(out)["start"] == {"words": 40, "new_words": 20}
    more, old = Vectors.load(files / "more.safetensors"), Vectors.load(files / "old.safetensors")
    assert len(more.words) == 60
    assert more.metadata["config"]["lr"] == pytest.approx(0.06)
    assert more.metadata["trained_on"][0]["corpus"] == old.metadata["corpus"]

    code, out, _ = go_on(sgns, files, "--vocabulary", "old", "--freeze", "E", "--quiet")
    assert code == 0
    assert "start           40 words taken over, 0 new, 40 rows frozen" in out
    assert np.array_equal(Vectors.load(files / "more.safetensors").E, old.E)

    (files / "frozen.txt").write_text("w30\nw31\n")
    code, out, err = go_on(sgns, files, "--vocabulary", "new", "--freeze", files / "frozen.txt", "--json")
    assert code == 0, err
    assert json.loads(out)["start"] == {"words": 20, "new_words": 20, "frozen_rows": 4}


def test_vectors_of_other_tools_are_a_start(sgns, files):
    assert sgns("convert", files / "old.safetensors", files / "old.vec")[0] == 0
    code, out, err = go_on(sgns, files, "--json", "--start-limit", 30, start="old.vec")
    assert code == 0, err
    assert json.loads(out)["start"]["words"] == 30
    assert "start has no context vectors (C); they begin at zero" in err
    code, out, _ = go_on(sgns, files, "--dry-run", "--json", start="old.vec")
    assert code == 0
    assert json.loads(out)["vocabulary"] == 60


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--dim", 7), "dim is 7, and start has vectors of dimension 6; give --dim 6"),
        (("--vocabulary", "vocab.tsv"), "vocab"),
        (("--freeze", "nowhere.txt"), "nowhere.txt"),
        (("--vocabulary", "old", "--keep-words", "k.txt"), "leave keep_words out, or give vocabulary new"),
        (("--ngrams", "3"), "start has vectors without n-grams; leave --ngrams out"),
        (("--start", "nowhere.bin"), "nowhere.bin"),
    ],
)
def test_what_does_not_fit_is_one_line(sgns, files, options, said):
    given = dict(zip(OPTIONS[::2], OPTIONS[1::2])) | {"--start": files / "old.safetensors"}
    given |= dict(zip(options[::2], options[1::2]))
    arguments = [part for pair in given.items() for part in pair]
    code, out, err = sgns("train", files / "new.txt", "-o", files / "more.safetensors", *arguments)
    assert code == 2
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_text_of_other_words(sgns, files):
    (files / "new.txt").write_text("all other words\n" * 50)
    code, _, err = go_on(sgns, files)
    assert code == 2
    assert "start: the text has none of the 40 words" in err


def test_options_of_a_start_without_one(sgns, files):
    code, _, err = sgns("train", files / "new.txt", "--freeze", "E", "-o", files / "v.safetensors")
    assert code == 2
    assert "freeze is 'E', for a run that starts from trained vectors; give start, or leave it out" in err


@pytest.mark.parametrize("option", ["--start", "--freeze", "--phrases", "--keep-words", "--drop-words"])
def test_files_that_options_name_are_not_replaced(sgns, files, option):
    """Vectors to start from, and lists, also by the file that stands beside the vectors."""
    before = (files / "old.safetensors").read_bytes()
    (files / "list.tsv").write_text("w1_w2\n" if option == "--phrases" else "w1\n")
    given = {"--start": "old.safetensors"}.get(option, "list.tsv")
    start = [] if option != "--freeze" else ["--start", files / "old.safetensors"]
    output = files / given if option == "--start" else files / "list.tsv"
    code, _, err = sgns("train", files / "new.txt", *start, option, files / given, "-o", output, *OPTIONS)
    assert code == 2
    assert "is read, and would be replaced; write to another file" in err
    assert (files / "old.safetensors").read_bytes() == before
    assert (files / "list.tsv").read_text().startswith("w1")
