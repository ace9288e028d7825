"""The GPU's benchmark runs from end to end, in the interpreter where there is no card."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sgns.training.engines.choice import cuda_cards

pytest.importorskip("triton")
ROOT = Path(__file__).parents[3]


def run(*arguments):
    environment = os.environ | ({} if cuda_cards() else {"TRITON_INTERPRET": "1"})
    command = [sys.executable, str(ROOT / "benchmarks/gpu.py"), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)


@(pytest.mark.usefixtures() if cuda_cards() else pytest.mark.slow)
def test_check_speed_and_quality_in_one_call(tmp_path):
    rng = np.random.default_rng(0)
    text = tmp_path / "text.txt"
    text.write_text("".join(" ".join(f"w{n}" for n in rng.integers(0, 20, 10)) + "\n" for _ in range(150)))
    (tmp_path / "similarity").mkdir()
    (tmp_path / "similarity" / "toy.tsv").write_text("w1\tw2\t3.0\nw3\tw4\t1.0\nw5\tw6\t2.0\n")
    done = run("--prepare", text, tmp_path / "packed.npz")
    assert done.returncode == 0, done.stderr
    done = run("--interpret", "--zipf", 0, "--corpus", tmp_path / "packed.npz", "--sets", tmp_path,
               "--json", tmp_path / "out.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["check"]["passed"]
    assert report["check"]["error of E, d=20"] < 1e-4
    found = report["speed packed 8"]
    assert found["words/s"] > 0
    assert found["bytes/word"] == pytest.approx(sum(found["parts"].values()) * found["kept"])
    assert set(report["quality"]) == {"toy", "loss"}
    table = done.stdout.split("in all\n")[1]
    assert [line.split()[0] for line in table.splitlines()] == ["check", "packed,", "quality", "quality"]
