"""`sgns train` as people use and misuse it: results, one-line errors, and nothing lost."""

import json
import os
import signal
import subprocess
import sys
import time
from math import log
from pathlib import Path

import pytest

import sgns as package
from sgns.text.corpus import Corpus
from sgns.training.precompile import SECOND

FAST = ["--dim", "16", "--threads", "2"]


def fails(result, *parts, code=2):
    """The command ended with `code`, an empty stdout and one line that holds all `parts`."""
    got, out, err = result
    lines = [line for line in err.strip().splitlines() if line.startswith("sgns: ")]
    assert got == code, err
    assert out == ""
    assert "Traceback" not in err
    assert len(lines) == 1
    assert lines[0] == err.strip().splitlines()[-1]
    for part in parts:
        assert str(part) in lines[0]


class TestResults:
    def test_trains_saves_and_says_so(self, sgns, small_text, tmp_path):
        out_file = tmp_path / "v.safetensors"
        code, out, _ = sgns("train", small_text, "-o", out_file, *FAST)
        assert code == 0
        for line in (
            "total run time",
            "vocabulary      50 words, 1,600 parameters",
            "tokens          24,000",
            "final loss",
        ):
            assert line in out
        assert str(out_file) in out
        vectors = package.load(out_file)
        assert vectors.E.shape == (50, 16)
        assert vectors.metadata["config"]["dim"] == 16
        assert sorted(tmp_path.iterdir()) == [out_file, tmp_path / "v.safetensors.run.json"]

    @pytest.mark.parametrize("engine", ["cpu", pytest.param("reference", marks=pytest.mark.slow)])
    def test_json_has_every_figure(self, sgns, small_text, tmp_path, engine):
        if engine == "reference":
            pytest.importorskip("torch")
        arguments = [small_text, "-o", tmp_path / "v.safetensors", *FAST, "--epochs", 2, "--engine", engine]
        code, out, _ = sgns("train", *arguments, "--json", "--subsample", 0)
        report = json.loads(out)
        assert code == 0
        assert report["tokens"] == 24_000
        assert report["vocabulary"] == 50
        assert report["engine"] == engine
        # 2,000 lines of 12 words; distance δ lies in a reach drawn from 1..5 with chance (6 − δ)/5
        pairs = 2 * sum(2_000 * 2 * (12 - distance) * (6 - distance) / 5 for distance in range(1, 6))
        assert report["pairs"] == pytest.approx(pairs, rel=0.01)
        assert len(report["losses"]) == 2
        assert all(1 < loss < 6 * log(2) + 0.1 for loss in report["losses"])
        assert {"scan", "compile", "train", "save", "total"} <= set(report["seconds"])
        seconds = report["seconds"]
        assert seconds["total"] >= sum(seconds[part] for part in ("compile", "train", "save")) * 0.99
        assert report["words_per_second"] == pytest.approx(2 * 24_000 / seconds["train"], rel=0.01)

    def test_dry_run_trains_nothing(self, sgns, small_text, tmp_path):
        code, out, _ = sgns("train", small_text, "-o", tmp_path / "v.safetensors", "--dry-run", "--json", "--dim", 16)
        report = json.loads(out)
        assert code == 0
        assert report["vocabulary"] == 50
        assert report["parameters"] == 2 * 50 * 16
        assert report["file_bytes"] == 2 * 50 * 16 * 4
        assert report["memory_bytes"] >= report["file_bytes"]
        assert report["expected_minutes"] >= 0
        assert not list(tmp_path.iterdir())
        code, out, _ = sgns("train", small_text, "--dry-run", "--dim", 16)
        assert "expected_minutes" in out

    def test_options_reach_the_run_with_dash_and_underscore(self, sgns, small_text, tmp_path):
        for k, name in enumerate(("--min_count", "--min-count")):
            out_file = tmp_path / f"{k}.safetensors"
            assert sgns("train", small_text, "-o", out_file, *FAST, name, 490, "--lr", "0.02", "--seed", 7)[0] == 0
            config = package.load(out_file).metadata["config"]
            assert (config["min_count"], config["lr"], config["seed"], config["epochs"]) == (490, 0.02, 7, 7)
            assert len(package.load(out_file).words) < 50

    @pytest.mark.parametrize("ending", [".bin", ".txt", ".vec", ".tsv", ".npz"])
    def test_the_ending_chooses_the_format(self, sgns, small_text, tmp_path, ending):
        assert sgns("train", small_text, "-o", tmp_path / f"v{ending}", *FAST)[0] == 0
        assert len(package.load(tmp_path / f"v{ending}").words) == 50

    def test_standard_input(self, small_text, tmp_path):
        arguments = ["train", "-", "-o", str(tmp_path / "v.safetensors"), *FAST, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "sgns", *arguments],
            stdin=small_text.open(), capture_output=True, text=True, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0
        assert json.loads(done.stdout)["tokens"] == 24_000

    def test_subsampling_that_leaves_nothing_is_reported(self, sgns, tmp_path):
        (tmp_path / "two.txt").write_text("a b a b\n" * 60)
        arguments = [tmp_path / "two.txt", "-o", tmp_path / "v.safetensors", *FAST, "--subsample", 1e-9]
        _, out, _ = sgns("train", *arguments)
        assert "final loss      none: subsampling left no pairs to learn from; set --subsample 0" in out

    def test_quiet_says_nothing_on_stderr(self, sgns, small_text, tmp_path):
        code, _, err = sgns("train", small_text, "-o", tmp_path / "v.safetensors", *FAST, "--quiet")
        assert (code, err) == (0, "")


class TestMistakes:
    def test_no_input(self, sgns):
        fails(sgns("train"), "no text", "python word2vec.py")

    def test_what_is_no_text(self, sgns, small_text, tmp_path):
        vectors, picture = tmp_path / "v.safetensors", tmp_path / "p.png"
        assert sgns("train", small_text, "-o", vectors, *FAST, "--epochs", 1)[0] == 0
        fails(sgns("train", vectors, "-o", tmp_path / "w.safetensors"), "v.safetensors is a .safetensors file")
        picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"a b c\n" * 100)
        fails(sgns("train", picture, "-o", tmp_path / "w.safetensors"), "p.png is a picture")
        assert not (tmp_path / "w.safetensors").exists()

    def test_a_folder_that_is_a_file(self, sgns, small_text):
        fails(sgns("train", small_text, "-o", small_text / "v.safetensors"), f"{small_text} is a file, not a folder")

    def test_no_such_file(self, sgns, tmp_path):
        fails(sgns("train", tmp_path / "nowhere.txt", "-o", tmp_path / "v.safetensors"), "nowhere.txt")

    def test_empty_file(self, sgns, tmp_path):
        (tmp_path / "empty.txt").write_text("")
        fails(sgns("train", tmp_path / "empty.txt", "-o", tmp_path / "v.safetensors"), "empty.txt")

    def test_nothing_left_after_min_count(self, sgns, tmp_path):
        (tmp_path / "rare.txt").write_text("one two three\nthree four five\n")
        fails(sgns("train", tmp_path / "rare.txt", "-o", tmp_path / "v.safetensors"), "min", "2")

    def test_words_without_neighbours(self, sgns, tmp_path):
        (tmp_path / "column.txt").write_text("a\nb\n" * 20)
        fails(sgns("train", tmp_path / "column.txt", "-o", tmp_path / "v.safetensors"), "no context", "--sentences")

    def test_bytes_that_are_not_utf8_are_replaced_with_a_warning(self, sgns, tmp_path):
        (tmp_path / "latin.txt").write_bytes("caf\xe9 au lait\n".encode("latin-1") * 30)
        code, _, err = sgns("train", tmp_path / "latin.txt", "-o", tmp_path / "v.safetensors", *FAST)
        assert code == 0
        assert "30 bytes that are not UTF-8" in err
        assert "caf\ufffd" in package.load(tmp_path / "v.safetensors").words

    def test_a_line_of_50_mb(self, sgns, tmp_path):
        line = b"red green blue black white " * 1_000
        with (tmp_path / "line.txt").open("wb") as file:
            for _ in range(50_000_000 // len(line) + 1):
                file.write(line)
        arguments = ["--dim", 4, "--epochs", 1, "--subsample", 1e-5, "--json"]
        code, out, _ = sgns("train", tmp_path / "line.txt", "-o", tmp_path / "v.safetensors", *arguments)
        report = json.loads(out)
        assert code == 0
        assert report["tokens"] >= 9_000_000
        assert report["sentences"] == 1
        assert report["pairs"] > 0

    @pytest.mark.parametrize(
        "output", ["missing/v.safetensors", ".", "small.txt/v.safetensors", "/proc/v.safetensors", "v.doc"]
    )
    def test_an_output_that_cannot_be_is_found_before_reading(self, sgns, tmp_path, output, monkeypatch):
        (tmp_path / "small.txt").write_text("a b c\n" * 10)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(Corpus, "from_files", lambda *_: pytest.fail("reading began"))
        if output.startswith("/proc") and not Path("/proc").is_dir():
            pytest.skip("no /proc")
        fails(sgns("train", "small.txt", "-o", output), output)

    @pytest.mark.parametrize(
        ("option", "value", "said"),
        [
            ("dim", 0, "dim is 0, outside 1 to 10000"),
            ("window", -1, "window is -1"),
            ("window", 10_000, "window is 10000"),
            ("negatives", 0, "negatives is 0"),
            ("epochs", 0, "epochs is 0"),
            ("epochs", -1, "epochs is -1"),
            ("lr", 0, "lr is 0"),
            ("lr", "nan", "lr is nan"),
            ("lr", "inf", "lr is inf"),
            ("lr", 11, "lr is 11"),
            ("min-lr", 1, "min_lr is 1, above lr"),
            ("min-count", 0, "min_count is 0"),
            ("subsample", -1, "subsample is -1"),
            ("threads", -2, "threads is -2"),
            ("seed", -1, "seed is -1"),
            ("dim", "many", "many"),
            ("dim", 2.5, "--dim is 2.5; give a whole number"),
            ("max-vocabulary", 7.2, "--max-vocabulary is 7.2; give a whole number"),
            ("engine", "gpus", "gpus"),
            ("sharing", "all", "all"),
            ("sentences", "word", "word"),
        ],
    )
    def test_options_out_of_range(self, sgns, small_text, tmp_path, option, value, said):
        result = sgns("train", small_text, "-o", tmp_path / "v.safetensors", f"--{option}={value}")
        fails(result, said)
        assert not list(tmp_path.iterdir())

    def test_an_unknown_option_gets_its_nearest(self, sgns, small_text):
        fails(sgns("train", small_text, "--epoch", 3), "--epoch", "--epochs")

    def test_an_unknown_verb_gets_its_nearest(self, sgns):
        fails(sgns("trian", "x"), "trian", "train")

    def test_a_run_that_diverges_leaves_the_old_file(self, sgns, small_text, tmp_path):
        out_file = tmp_path / "v.safetensors"
        out_file.write_bytes(b"precious")
        fails(
            sgns("train", small_text, "-o", out_file, *FAST, "--lr", 10, "--min-lr", 10, "--epochs", 50),
            "diverged",
            "--lr",
        )
        assert out_file.read_bytes() == b"precious"
        assert list(tmp_path.iterdir()) == [out_file]


class TestInterrupt:
    """Ctrl-C, in a process of its own."""

    def start(self, *arguments, watch):
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "sgns", "train", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        seen = ""
        deadline = time.monotonic() + 250
        while watch not in seen:
            assert time.monotonic() < deadline
            line = process.stderr.readline()
            assert line, f"{watch!r} never came: {seen}"
            seen += line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=250)
        return process.returncode, out, seen + err

    def test_in_the_middle_of_training(self, small_text, tmp_path):
        out_file = tmp_path / "v.safetensors"
        code, out, err = self.start(small_text, "-o", out_file, "--epochs", 100_000, "--dim", 16, watch="train: ")
        assert code == 130
        assert "Traceback" not in err
        assert f"the work so far is in {out_file}; go on with: python -m sgns train " in err.splitlines()[-1]
        assert "total run time" in out
        vectors = package.load(out_file)
        assert vectors.metadata["interrupted"] is True
        assert 0 < vectors.metadata["words"] < 24_000 * 100_000
        assert abs(vectors.C).sum() > 0
        beside = {path.suffix for path in tmp_path.iterdir() if path != out_file}
        assert beside <= {".checkpoint", ".json"}  # for --resume, and the times; nothing half written

    def test_while_it_reads(self, tmp_path):
        fifo, out_file = tmp_path / "fifo", tmp_path / "v.safetensors"
        os.mkfifo(fifo)
        out_file.write_bytes(b"precious")
        process = subprocess.Popen(
            [sys.executable, "-m", "sgns", "train", str(fifo), "-o", str(out_file)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with fifo.open("w") as pipe:  # opens when the other side reads
            pipe.write("a few words\n" * 1_000)
            pipe.flush()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=200)  # while the pipe is open
        assert process.returncode == 130
        assert (out, "Traceback" in err) == ("", False)
        assert err.strip().splitlines()[-1].startswith("sgns: stopped")
        assert out_file.read_bytes() == b"precious"
        assert sorted(tmp_path.iterdir()) == [fifo, out_file]

    @pytest.mark.slow  # it compiles without a cache; in the middle of training below
    def test_while_it_compiles(self, small_text, tmp_path, monkeypatch):
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))  # nothing is compiled there yet
        monkeypatch.delenv(SECOND)
        out_file = tmp_path / "v.safetensors"
        out_file.write_bytes(b"precious")
        code, out, err = self.start(small_text, "-o", out_file, watch="compile kernels")
        assert (code, out) == (130, "")
        assert "Traceback" not in err
        assert err.strip().splitlines()[-1].startswith("sgns: stopped")
        assert out_file.read_bytes() == b"precious"
