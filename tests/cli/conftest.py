import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from sgns.cli import make_app, run
from sgns.vectors.vectors import Vectors


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Encoded texts of a test stay in a cache of its own."""
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def cost():
    """Run the command in a process of its own: cost("--help") -> (seconds, seconds of CPU)."""

    def call(*arguments):
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "sgns", *arguments], stdout=subprocess.DEVNULL)
        end = threading.Timer(200, process.kill)
        end.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        end.cancel()
        assert process.returncode == 0
        return time.perf_counter() - start, usage.ru_utime + usage.ru_stime

    return call


@pytest.fixture
def sgns(capsys):
    """Run the command in this process: sgns("train", path) -> (exit code, stdout, stderr)."""

    def call(*arguments):
        capsys.readouterr()
        code = run(make_app(), [str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="session")
def small_text(tmp_path_factory):
    """2,000 lines of 12 words each."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(50)])
    path = tmp_path_factory.mktemp("text") / "small.txt"
    path.write_text("\n".join(" ".join(line) for line in words[rng.integers(0, 50, (2_000, 12))]) + "\n")
    return path


@pytest.fixture
def royal(tmp_path):
    """Seven words of dimension 4, with C, counts and metadata."""
    rows = {"king": [3, 1, 0, 0], "queen": [3, 0, 1, 0], "man": [0, 1, 0, 0], "woman": [0, 0, 1, 0],
            "apple": [0, 0, 0, 2], "pear": [0.1, 0, 0, 2], "new york": [0, 0.5, 0.4, 1]}  # fmt: skip
    E = np.array(list(rows.values()), np.float32)
    v = Vectors(
        list(rows), E, E * 2, np.arange(7, 0, -1) * 1000, {"config": {"dim": 4, "lr": 0.025}, "losses": [3.5, 2.25]}
    )
    v.save(tmp_path / "v.safetensors")
    return tmp_path / "v.safetensors"
