import os
import socket
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """60,000 tokens in 6,000 lines over 300 words, neighbours in number near each other; some words are rare."""
    rng = np.random.default_rng(7)
    topics = rng.integers(0, 30, 6_000)
    words = topics[:, None] * 10 + np.minimum(9, rng.geometric(0.3, (6_000, 10)) - 1)
    path = tmp_path_factory.mktemp("text") / "text.txt"
    rare = [f" rare{k // 3}" if k % 40 == 0 else "" for k in range(6_000)]
    path.write_text("".join(" ".join(f"w{n}" for n in line) + rare[k] + "\n" for k, line in enumerate(words)))
    return path


class Job:
    """Ranks of the command line, each a process of its own, as torchrun starts them."""

    def __init__(self, processes):
        self.processes = processes

    def wait(self, timeout=120):
        """Exit codes and what each wrote on stdout and stderr."""
        outputs = [process.communicate(timeout=timeout) for process in self.processes]
        return [process.returncode for process in self.processes], outputs


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    return os.environ | {"SGNS_CACHE": str(tmp_path_factory.mktemp("cache")), "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def ranks(environment):
    """ranks(2, "train", …) starts ranks; `own` are arguments of single ranks, `extra` the environment of all."""
    started = []

    def start(n, *arguments, own=None, **extra):
        with socket.socket() as one:
            one.bind(("localhost", 0))
            port = one.getsockname()[1]
        for rank in range(n):
            variables = {"RANK": rank, "WORLD_SIZE": n, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": n}
            variables |= {"MASTER_ADDR": "localhost", "MASTER_PORT": port} | extra
            more = (own or {}).get(rank, [])
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "sgns", *map(str, arguments), *map(str, more)],
                    env=environment | {name: str(value) for name, value in variables.items()},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        return Job(started[-n:])

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def torchrun(environment):
    """Runs the command under torchrun; returns the exit code, stdout and stderr."""

    def run(n, *arguments, options=(), timeout=180):
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", n, *options]
        done = subprocess.run(
            [*map(str, command), "-m", "sgns", *map(str, arguments)],
            env=environment, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run
