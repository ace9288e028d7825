"""The command as a whole: quick help, verbs that exist, both ways to call it."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from sgns.cli import VERBS, make_app, run
from sgns.cli.mistakes import options_of
from sgns.config import MIN_RATE, MIN_RATE_OF_WORDS, NGRAM_RATE, OTHER_SKIPGRAM_RATE, RATES, SUM_RATE, Config
from sgns.training.options import CheckpointOptions, DistributedOptions
from sgns.vectors.vectors import Vectors

ROOT = Path(__file__).parents[2]
HEAVY = ["numba", "torch", "matplotlib", "scipy", "sympy", "gensim", "numpy"]


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from sgns.cli import make_app, run; run(make_app(), ['--help']); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=200)
    assert done.stdout.splitlines()[-1] == "[]"
    for verb in VERBS:
        assert verb in done.stdout


@pytest.mark.slow
def test_help_is_quick(cost):
    assert min(cost("--help")[1] for _ in range(5)) < 0.4  # seconds of CPU


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(verb, capsys):
    assert run(make_app(), [verb, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_train_help_shows_the_defaults(capsys):
    run(make_app(), ["train", "--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for default in ("100", "5", "7", "tile", "auto"):
        assert f"[default: {default}]" in text
    # the rate at the start is that of the model
    rate = text[text.index("--lr ") : text.index("--min-lr ")]
    assert "[default" not in rate
    for model, lr in RATES.items():
        assert model in rate
        assert str(lr) in rate
    assert Config().lr == RATES["skipgram"]
    assert Config(ngrams="3-6").lr == NGRAM_RATE
    assert Config(ngrams="3-6", loss="hierarchical").lr == Config(loss="hierarchical").lr == OTHER_SKIPGRAM_RATE
    assert f"({NGRAM_RATE} with n-grams, {OTHER_SKIPGRAM_RATE} with hierarchical loss or start)" in rate
    assert Config(model="cbow", combine="sum").lr == SUM_RATE
    assert f"with combine sum, the whole of it: {SUM_RATE}" in rate
    end = text[text.index("--min-lr ") :]
    assert f"it is {MIN_RATE_OF_WORDS} for skipgram with negatives, {MIN_RATE} with n-grams" in end


def test_train_builds_its_options_from_the_fields_of_dataclasses(capsys):
    run(make_app(), ["train", "--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for part in (Config, CheckpointOptions, DistributedOptions):
        for option in fields(part):
            name = f"--{option.name.replace('_', '-')} "
            assert text.count(f" {name}") == 1, name
            assert name.strip() in options_of(make_app(), ["train"])
    assert "--config" not in text
    # the string under a field is its help
    assert f"Passes over the corpus. [default: {Config().epochs}]" in text
    assert "--resume Go on from the newest checkpoint of this output; from the beginning if there is none." in text
    assert "[choices: float32, bfloat16] [default: float32]" in text


def test_version(capsys):
    assert run(make_app(), ["--version"]) == 0
    assert capsys.readouterr().out.strip() == "0.1.0"


@pytest.mark.parametrize("command", [["-m", "sgns"], [str(ROOT / "word2vec.py")], [str(ROOT / "analysis.py")]])
def test_other_ways_in(command):
    done = subprocess.run([sys.executable, *command, "--help"], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_word2vec_takes_a_text_and_analysis_its_vectors(tmp_path, small_text):
    def python(script, *arguments):
        done = subprocess.run(
            [sys.executable, str(ROOT / script), *map(str, arguments)],
            capture_output=True, text=True, cwd=tmp_path, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    report = json.loads(python("word2vec.py", small_text, "--epochs", 1, "--dim", 10, "--json"))
    assert report["vocabulary"] == 50
    assert (tmp_path / "vectors.safetensors").is_file()
    printed = python("analysis.py", "--save_vectors", "vectors.tsv", "--save_plot", "vectors.png")
    rows = (tmp_path / "vectors.tsv").read_text().splitlines()
    assert len(rows) == 50
    assert len(rows[0].split("\t")) == 10
    assert (tmp_path / "vectors_metadata.tsv").is_file()
    assert (tmp_path / "vectors.png").read_bytes().startswith(b"\x89PNG")
    assert "Tightest groups" in printed
    assert "vectors.png" in printed


def test_the_hyper_parameters_of_the_script_are_the_defaults_and_can_be_edited_there(tmp_path, small_text):
    source = (ROOT / "word2vec.py").read_text(encoding="utf-8")
    last = source.split('if __name__ == "__main__":')[1]
    shown = {name: float(value) for name, value in re.findall(r'^ +"(\w+)": ([\d.]+),', last, re.MULTILINE)}
    defaults = Config().to_dict()
    assert shown == {name: defaults[name] for name in shown}
    assert {"dim", "window", "negatives", "epochs", "lr", "min_count", "seed"} <= set(shown)
    edited = tmp_path / "word2vec.py"
    edited.write_text(source.replace('"dim": 100', '"dim": 7').replace('"epochs": 7', '"epochs": 2'))
    done = subprocess.run(
        [sys.executable, edited, small_text, "--epochs", "1", "--quiet"], cwd=tmp_path, capture_output=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    config = Vectors.load(tmp_path / "vectors.safetensors").metadata["config"]
    assert (config["dim"], config["epochs"], config["deterministic"]) == (7, 1, False)


def test_a_closed_pipe_is_no_mistake(tmp_path, small_text):
    vectors = tmp_path / "v.txt"
    vectors.write_text("2000 2\n" + "".join(f"w{i} {i} 1\n" for i in range(2_000)))
    done = subprocess.run(
        f"{sys.executable} -m sgns similar {vectors} w1 -n 1999 | head -1",
        shell=True, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
