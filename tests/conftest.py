"""For all tests: Chromium, where Triton runs, what hypothesis draws, that Ctrl-C is heard, that processes end."""

# ruff: noqa: E402
import gc
import os
import shutil
import signal
import subprocess
import sys

gc.disable()  # until all tests are collected: what is imported and collected stays
# Several workers share the cores, and so do the programs that tests start: threads of BLAS would wait for one another.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import pytest
from hypothesis import is_hypothesis_test, settings

from sgns.base.folders import cache_folder
from sgns.training.engines.choice import cuda_cards
from sgns.training.precompile import SECOND

# Where there is no card, Triton's kernels are interpreted; Triton asks for that when it is first imported.
if not cuda_cards():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Tests have caches of their own for texts; kernels are compiled once for all of them.
os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder() / "tests"))

# Kernels are compiled where they are used: beside other tests a second process that compiles ahead gains no time, and
# costs its start for each of the many sets of options here. Its own tests let it start.
os.environ.setdefault(SECOND, "1")

# Tests start hundreds of processes, which read byte code that the first of them wrote, also where none is wanted.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples on every machine, so that what passes here passes there; `make test-slow` has all of them,
# `make test-random` draws new ones.
EXAMPLES = os.environ.get("SGNS_EXAMPLES", "quick")
QUICK_PART = 6  # one example in so many is among the quick ones, but never fewer than ten
settings.register_profile("quick", derandomize=True, deadline=None)
settings.register_profile("all", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile(EXAMPLES)


def pytest_collection_modifyitems(items):
    """The quick examples, which must be chosen after the decorators of the tests have said how many there are."""
    if EXAMPLES == "quick":
        for test in {item.function for item in items if is_hypothesis_test(getattr(item, "function", None))}:
            chosen = test._hypothesis_internal_use_settings
            fewer = min(chosen.max_examples, max(10, chosen.max_examples // QUICK_PART))
            test._hypothesis_internal_use_settings = settings(chosen, max_examples=fewer)


def pytest_collection_finish(session):
    """Garbage is looked for among what tests make, not among all that was imported."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


# A shell that starts tests in the background has them ignore Ctrl-C, and what they start inherits it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def nothing_runs_on(monkeypatch):
    """A process that a test leaves behind, failed or out of time, ends with it; else it could wait for ever."""
    started = []
    begin = subprocess.Popen.__init__

    def remembered(self, *arguments, **options):
        begin(self, *arguments, **options)
        started.append(self)

    monkeypatch.setattr(subprocess.Popen, "__init__", remembered)
    yield
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait(10)


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="module")
def browser():
    """Chromium, with WebGL rendered in software."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()
