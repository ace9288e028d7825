"""--dry-run says what then happens: memory within a tenth, time within three tenths."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Three million tokens over 60,000 words."""
    rng = np.random.default_rng(1)
    ids = np.minimum(rng.zipf(1.15, 3_000_000), 2**40) % 60_000
    path = tmp_path_factory.mktemp("large") / "text.txt"
    with path.open("w") as file:
        for start in range(0, len(ids), 20):
            file.write(" ".join(f"w{n}" for n in ids[start : start + 20]) + "\n")
    return path


TRIES = 4  # a neighbour that comes or goes spoils one; a forecast that is wrong is wrong each time

# A small process in between: a child that this one forks inherits the peak of all tests that ran here before.
RUN = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], timeout=200).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(code)
"""


def measured(cache, *arguments):
    """What `sgns --json` prints, and the peak of its resident set in bytes."""
    command = [sys.executable, "-c", RUN, sys.executable, "-m", "sgns", *map(str, arguments)]
    environment = os.environ | {"SGNS_CACHE": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=220)
    assert done.returncode == 0, done.stderr
    report, peak = done.stdout.splitlines()
    return json.loads(report), int(peak)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory of a child, in KiB")
@pytest.mark.parametrize("mode", [(), ("--deterministic",)])
def test_the_forecast_comes_true(sgns, large, tmp_path, mode):
    options = ("train", large, "-o", tmp_path / "v.safetensors", "--json", "--quiet", "--threads", 2, *mode)

    def forecast():
        return json.loads(sgns(*options, "--dry-run", "--epochs", 5).communicate(timeout=120)[0])

    sgns(*options, "--epochs", 1).communicate(timeout=120)  # the text is encoded and the kernels are compiled
    for _ in range(TRIES):
        before = forecast()
        report, peak = measured(tmp_path / "cache", *options, "--epochs", 5)
        assert before["memory_bytes"] == pytest.approx(peak, rel=0.1)
        # what it was like before and after bounds what it was meanwhile
        expected = sorted(made["expected_minutes"] for made in (before, forecast()))
        if 0.7 * expected[0] <= report["seconds"]["train"] / 60 <= 1.3 * expected[-1]:
            return
    pytest.fail(f"{expected} minutes were foreseen, {report['seconds']['train'] / 60} it took, {TRIES} times so")
