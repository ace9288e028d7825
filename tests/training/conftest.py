import os
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """40,000 tokens in 4,000 lines over 300 words, drawn so that neighbours in number stand near each other."""
    rng = np.random.default_rng(7)
    topics = rng.integers(0, 30, 4_000)
    words = topics[:, None] * 10 + np.minimum(9, rng.geometric(0.3, (4_000, 10)) - 1)
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("".join(" ".join(f"w{n}" for n in line) + "\n" for line in words))
    return path


@pytest.fixture(scope="session")
def sgns(tmp_path_factory):
    """Runs the command line in a process of its own; the text is encoded once."""
    cache = tmp_path_factory.mktemp("cache")
    environment = os.environ | {"SGNS_CACHE": str(cache), "PYTHONWARNINGS": "ignore"}

    def start(*arguments, **options):
        command = [sys.executable, "-m", "sgns", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=environment, **(pipes | options))

    return start
