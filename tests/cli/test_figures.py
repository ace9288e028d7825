"""The verbs plot, map, export and the script analysis.py, as their users call them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sgns.cli import make_app, run
from sgns.vectors.vectors import Vectors

ROOT = Path(__file__).parents[2]
WORDS = "apple pear plum cherry red green blue yellow one two three four".split()  # noqa: SIM905


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with two vector files, to be in."""
    random = np.random.default_rng(0)
    E = np.repeat(np.eye(12)[:3], 4, axis=0) + random.normal(0, 0.1, (12, 12))
    E = np.vstack([E, random.normal(size=(30, 12))]).astype(np.float32)
    words = WORDS + [f"w{chr(97 + i)}{chr(97 + i % 7)}" for i in range(26)] + ["wzza", "wzzb", "wzzc", "wzzd"]
    counts = np.arange(100, 58, -1)
    metadata = {"losses": [3.0, 2.5], "validation_losses": [3.1, 2.7]}
    Vectors(words, E, None, counts, metadata).save(tmp_path / "vectors.safetensors")
    Vectors(words, E[:, ::-1].copy(), None, counts).save(tmp_path / "other.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sgns(capsys, *arguments):
    code = run(make_app(), list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def analysis(*arguments):
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    script = [sys.executable, str(ROOT / "analysis.py"), *arguments]
    return subprocess.run(script, capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.parametrize("dash", ["_", pytest.param("-", marks=pytest.mark.slow)])
def test_analysis_writes_vectors_and_plot_and_prints_trends(here, dash):
    done = analysis(f"--save{dash}vectors", "vectors.tsv", f"--save{dash}plot", "vectors.png")
    assert done.returncode == 0, done.stderr
    assert (here / "vectors.png").read_bytes().startswith(b"\x89PNG")
    assert len((here / "vectors.tsv").read_text().splitlines()) == 42
    assert (here / "vectors_metadata.tsv").read_text().startswith("word\tcount\napple\t100\n")
    assert "Nearest neighbours" in done.stdout
    assert "Tightest groups" in done.stdout
    assert "vectors.png" in done.stdout


def test_analysis_of_chosen_words(here):
    done = analysis("--words", "apple", "pear", "red", "green", "--save_plot", "p.svg", "--json")
    found = json.loads(done.stdout)
    assert list(found["neighbours"]) == ["apple", "pear", "red", "green"]
    assert all(len(near) == 3 for near in found["neighbours"].values())
    assert sorted(sorted(group["words"]) for group in found["groups"]) == [["apple", "pear"], ["green", "red"]]
    assert found["written"] == ["p.svg"]
    assert len(found["explained_variance"]) == 2


def test_analysis_names_a_missing_word_with_its_neighbours_in_spelling(here):
    done = analysis("--words", "aple", "--save_plot", "p.png")
    assert done.returncode == 2
    assert "'aple' is not among the 42 words; did you mean apple" in done.stderr
    lines = [line for line in done.stderr.splitlines() if "took" not in line]  # a slow machine shows progress
    assert len(lines) == 1
    assert not (here / "p.png").exists()


def test_analysis_without_vectors_says_how_to_make_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = analysis("--save_plot", "p.png")
    assert done.returncode == 2
    assert "python word2vec.py" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (["vectors.safetensors"], "groups of words"),
        (["vectors.safetensors", "--kind", "heatmap"], "most alike"),
        (["vectors.safetensors", "--kind", "loss"], "The loss falls from 3.000 to 2.500; on held-out text to 2.700"),
        (["vectors.safetensors", "other.safetensors"], "from vectors to other"),
        (["vectors.safetensors", "--title", "Mine"], "Mine"),
    ],
)
def test_plot(here, capsys, arguments, title):
    code, out, _ = sgns(capsys, "plot", *arguments, "-o", "p.png", "--json")
    assert code == 0
    drawn = json.loads(out)
    assert title in drawn["title"]
    assert drawn["path"] == "p.png"
    assert (here / "p.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plot", "other.safetensors", "-o", "p.png", "--kind", "loss"], "keeps 0 losses"),
        (["plot", "vectors.safetensors", "-o", "p.png", "--kind", "movement"], "movement needs 2"),
        (["plot", "vectors.safetensors", "-o", "no/p.png"], "mkdir -p"),
        (["plot", "vectors.safetensors", "-o", "p.png", "--words", "nosuch.txt"], "nosuch.txt"),
        (["map", "vectors.safetensors", "-o", "m.html", "--words", "1"], "words is 1"),
        (["map", "vectors.safetensors", "-o", "m.html", "--colour", "nosuch"], "nosuch"),
        (["map", "nosuch.safetensors", "-o", "m.html"], "nosuch.safetensors"),
        (["export", "vectors.safetensors", "-o", "no/x.csv"], "mkdir -p"),
    ],
)
def test_mistakes_are_one_line(here, capsys, arguments, message):
    code, out, err = sgns(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_map(here, capsys):
    code, out, _ = sgns(capsys, "map", "vectors.safetensors", "other.safetensors", "-o", "m.html", "--json", "--quiet")
    assert code == 0
    made = json.loads(out)
    assert made["words"] == [42, 42]
    assert made["bytes"] == (here / "m.html").stat().st_size


def test_export(here, capsys):
    code, out, _ = sgns(capsys, "export", "vectors.safetensors", "-o", "folder", "--words", "10")
    assert code == 0
    assert "uvx tensorboard --logdir folder" in out
    code, out, _ = sgns(capsys, "export", "vectors.safetensors", "-o", "words.csv", "--json")
    assert json.loads(out)["words"] == 42
    assert len((here / "words.csv").read_text().splitlines()) == 43


def test_letters_that_no_font_has_are_one_warning(tmp_path, capsys, monkeypatch):
    from matplotlib import font_manager

    only = [font for font in font_manager.fontManager.ttflist if font.name.startswith("DejaVu")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", only)
    words = ["선출", "대표", "국회", "후보", "도시", "국가"]
    path = tmp_path / "v.txt"
    path.write_text("6 2\n" + "".join(f"{word} {i} {i * i + 1}\n" for i, word in enumerate(words)))
    assert run(make_app(), ["plot", str(path), "-o", str(tmp_path / "p.png"), "--words", *words]) == 0
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if "no font here has" in line]
    assert len(lines) == 1
    assert "apt-get install fonts-noto-cjk" in lines[0]
    assert "Warning" not in err
