"""gensim's own tests, of an installed gensim 4.4, unchanged, on sgns: run by `make test-gensim`.

    python tests/gensim/upstream.py [--gensim] [options of pytest]

As a plugin of pytest this file calls `sgns.gensim.install()` before the tests are collected. As a program it runs them,
and compares what did not pass with `not_passing.txt`, both ways: a test that fails and is not in the list is an error,
and so is one that passes and is. With --gensim the same tests run on gensim itself, for their time beside ours.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import sgns.gensim

HERE = Path(__file__).parent
TESTS = [f"gensim.test.test_{name}" for name in ("word2vec", "keyedvectors", "fasttext", "phrases", "doc2vec")]
RESULTS = "SGNS_UPSTREAM_RESULTS"  # the file that the plugin writes
GENSIM = "SGNS_UPSTREAM_GENSIM"  # set where gensim itself is to be tested
LEAST = 355  # tests that pass

if __name__ != "__main__" and GENSIM not in os.environ:
    sgns.gensim.install()
OUTCOMES: dict[str, str] = {}
STARTS: Counter[str] = Counter()  # test_fasttext imports a class of test_word2vec, whose tests are then collected twice


def name_of(nodeid: str, location: str) -> str:
    """The file, class and name of a test."""
    return "::".join([Path(location).name, *nodeid.split("::")[1:]])


def pytest_runtest_logstart(nodeid: str, location: Any) -> None:
    """Counts how often a test of this name has begun."""
    STARTS[nodeid] += 1


def pytest_runtest_logreport(report: Any) -> None:
    """Keeps what became of a test."""
    name = name_of(report.nodeid, report.fspath or report.location[0])
    if STARTS[report.nodeid] > 1:
        name += f" ({STARTS[report.nodeid]})"
    if report.failed:
        OUTCOMES[name] = "failed"
    elif report.skipped:
        OUTCOMES.setdefault(name, "skipped")
    elif report.when == "call":
        OUTCOMES.setdefault(name, "passed")


def pytest_sessionfinish() -> None:
    """Writes what became of all tests."""
    if RESULTS in os.environ:
        lines = (f"{outcome} {name}\n" for name, outcome in sorted(OUTCOMES.items()))
        Path(os.environ[RESULTS]).write_text("".join(lines))


def listed() -> dict[str, str]:
    """The tests that are known not to pass, with the reason of each."""
    lines = (line for line in (HERE / "not_passing.txt").read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("  ", 1) for line in lines)


def main() -> int:
    """Runs the tests; returns the exit status."""
    began, options = time.monotonic(), [option for option in sys.argv[1:] if option != "--gensim"]
    theirs = len(options) < len(sys.argv) - 1
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        environment = os.environ | {"PYTHONPATH": str(HERE), RESULTS: str(results)} | ({GENSIM: "1"} if theirs else {})
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", folder, "-p", "upstream", "-q"]
        command += ["-p", "no:cacheprovider", "-p", "no:warnings", "--tb=line", "--pyargs", *TESTS, *options]
        subprocess.run(command, cwd=folder, env=environment, check=False)
        outcomes = dict(reversed(line.split(" ", 1)) for line in results.read_text().splitlines())
    counts, known = Counter(outcomes.values()), {} if theirs else listed()
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    unknown, better = sorted(failed - set(known)), sorted(name for name in known if outcomes.get(name) == "passed")
    print(
        f"{counts['passed']} passed, {counts['skipped']} skipped, {counts['failed']} failed of {len(outcomes)}", end=" "
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"in {time.monotonic() - began:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of CPU", end="; ")
    print("this is gensim itself" if theirs else "gensim itself passes 372 and skips 7 of 379")
    for name in unknown:
        print(f"FAILED, and not in not_passing.txt: {name}")
    for name in better:
        print(f"PASSED, but in not_passing.txt: {name}")
    whole = not options
    return int(bool(unknown or better or (whole and counts["passed"] < LEAST)))


if __name__ == "__main__":
    sys.exit(main())
