"""Runs the tests that wait for other programs again and again beside busy processes: a slow machine turns none red.

python tests/busy.py            ten runs beside two busy processes
python tests/busy.py 3 4        three runs beside four
"""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent
FILES = (
    "figures/test_map_in_browser.py",
    "learn/pages/test_graph_in_browser.py",
    "learn/pages/test_training_in_browser.py",
    "training/test_estimate.py",
    "training/test_signals.py",
)
"""Browsers, estimates of time and memory, signals."""
TOUR = ("docs/test_tour.py", "-m", "slow", "-k", "shows")
"""The notebook, which is slow for what it reads."""


BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:  # it ends with this program, however that ends
    sum(range(10**6))
"""


def busy(stack: ExitStack, processes: int) -> None:
    """Starts processes that compute until the stack is left."""
    for _ in range(processes):
        process = subprocess.Popen([sys.executable, "-c", BUSY])
        stack.callback(process.wait)
        stack.callback(process.kill)


def main(runs: int = 10, processes: int = 2) -> int:
    """Runs the tests `runs` times; returns how many runs failed, and prints the failures of each."""
    failed = 0
    with ExitStack() as stack:
        busy(stack, processes)
        for run in range(1, runs + 1):
            start = time.monotonic()
            # A test may take long here: only its own limit ends it.
            options = ["--tb=short", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=0"]
            command = [sys.executable, "-m", "pytest", *options]
            red = False
            for arguments in (FILES, TOUR):
                done = subprocess.run([*command, *arguments], cwd=HERE, capture_output=True, text=True)
                last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1]
                print(f"run {run} of {runs}: {last} ({time.monotonic() - start:.0f} s)", flush=True)
                if done.returncode:
                    red = True
                    print(done.stdout, done.stderr, flush=True)
            failed += red
    return failed


if __name__ == "__main__":
    sys.exit(min(1, main(*map(int, sys.argv[1:]))))
