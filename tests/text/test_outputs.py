"""No output is one of the inputs, by whatever name; what training wrote into a folder is not read by the next run."""

import os
from pathlib import Path

import numpy as np
import pytest

import sgns
from sgns.errors import OutputError
from sgns.text.sources import find

TEXT = "the cat sat on the mat\na dog ran after the cat\n" * 200
OPTIONS = ("--dim", "4", "--epochs", "1", "--min-count", "1", "--threads", "1", "--quiet")


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text(TEXT)
    return path


def alias(text: Path, kind: str) -> Path:
    """Another path of the same file."""
    if kind == "same":
        return text
    if kind == "dots":
        return text.parent / "." / ".." / text.parent.name / text.name
    other = text.with_name("other.txt")
    if kind == "link":
        other.symlink_to(text)
    elif kind == "hard link":
        os.link(text, other)
    else:
        folder = text.with_name("folder")
        folder.symlink_to(text.parent)
        other = folder / text.name
    return other


KINDS = ["same", "dots", "link", "hard link", "link to the folder"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("swapped", [False, True])
def test_train_does_not_replace_its_text(sgns_command, text, kind, swapped):
    source, output = (alias(text, kind), text) if swapped else (text, alias(text, kind))
    code, out, err = sgns_command("train", source, "-o", output, *OPTIONS)
    assert (code, out) == (2, "")
    assert "is read" in err
    assert "would be replaced; write to another file" in err
    assert err.count("\n") == 1
    assert text.read_text() == TEXT
    assert sgns_command("train", source, "-o", text.with_name("v.txt"), *OPTIONS)[0] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_does_not_either(text, kind):
    for source in (text, [text], iter([text])):
        with pytest.raises(OutputError, match="would be replaced"):
            sgns.train(source, checkpoint=alias(text, kind), min_count=1, quiet=True)
        for other in ("other.txt", "folder"):
            (text.parent / other).unlink(missing_ok=True)
    assert text.read_text() == TEXT


@pytest.mark.parametrize(
    "name", ["v.tsv.run.json", "v_metadata.tsv", "v.tsv.000000003.checkpoint", "v.tsv.checkpoint.tmp"]
)
def test_the_report_and_the_checkpoints_are_outputs_too(sgns_command, tmp_path, name):
    (tmp_path / name).write_text(TEXT)
    code, _, err = sgns_command("train", tmp_path / name, "-o", tmp_path / "v.tsv", *OPTIONS)
    assert code == 2
    assert f"{name} is read, and would be replaced" in err
    assert (tmp_path / name).read_text() == TEXT


def test_a_text_in_a_folder_is_not_replaced(sgns_command, text):
    code, _, err = sgns_command("train", text.parent, "-o", text, *OPTIONS)
    assert code == 2
    assert "would be replaced" in err
    assert text.read_text() == TEXT


@pytest.mark.parametrize("name", ["m.txt", "m.vec", "m.glove", "m.tsv", "m.bin", "m.safetensors", "m.npz", "m.txt.gz"])
def test_a_second_run_on_a_folder_does_not_read_the_first(sgns_command, text, name):
    output = text.parent / name
    for _ in range(3):
        assert sgns_command("train", text.parent, "-o", output, *OPTIONS, "--json")[0] == 0
        assert [source.path for source in find(text.parent)] == [text]
        metadata = sgns.load(output)
        assert set(metadata.words) == set(TEXT.split())
    assert text.read_text() == TEXT


@pytest.mark.parametrize("ending", [".txt", ".vec", ".glove", ".bin", ".safetensors", ".npz"])
def test_vectors_without_a_report_are_left_out_too(sgns_command, text, ending):
    sgns.Vectors(["alien", "other"], np.random.default_rng(0).normal(size=(2, 6))).save(text.parent / f"m{ending}")
    corpus = sgns.Corpus.from_files(text.parent, sgns.Config(min_count=1))
    assert set(corpus.vocabulary.words) == set(TEXT.split())
    assert "left out" in corpus.warnings[0]
    assert sgns_command("train", text.parent, "-o", text.parent / f"m{ending}", *OPTIONS)[0] == 0  # and may be replaced


def test_a_run_in_a_folder_is_resumed(sgns_command, text):
    arguments = ("train", text.parent, "-o", text.parent / "m.txt", *OPTIONS, "--checkpoint-every", "1blocks")
    assert sgns_command(*arguments)[0] == 0
    first = (text.parent / "m.txt").read_bytes()
    (text.parent / "m.txt.000000001.checkpoint.notes").write_text("")  # no checkpoint
    assert "m.txt.000000001.checkpoint.notes" in [source.path.name for source in find(text.parent)]
    (text.parent / "m.txt.000000001.checkpoint.notes").unlink()
    assert sgns_command(*arguments, "--resume")[0] == 0
    assert (text.parent / "m.txt").read_bytes() == first


def test_files_with_such_names_and_no_vectors_beside_them_are_text(tmp_path):
    for name in ("a.run.json", "b_metadata.tsv.txt", "c.checkpoint", "d.12.checkpoint"):
        (tmp_path / name).write_text("text")
    assert len(find(tmp_path)) == 4


def test_a_pipe_and_a_device_may_be_read_and_written():
    sgns.text.stream.check_not_read(["/dev/null"], find(["/dev/null"]))
