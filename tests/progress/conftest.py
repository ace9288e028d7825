"""A clock that tests move by hand, and a terminal that they read."""

import os
import subprocess
import sys

import pytest

from sgns.progress import progress

REPORTING = """
import sys, time
from {module} import {name}
with {name}() as p:
    for i in range(6):
        p.update("scan", i * 1000000, None, "bytes"); time.sleep(.02)
    p.note("a note [with brackets]")
    for i in range(21):
        p.update("train", i * 50, 1000, "words", {{"loss": f"{{3 - i / 20:.3f}}"}}); time.sleep(.07)
print("result")
"""


@pytest.fixture
def reporting():
    """The code of a program that reports progress: reporting("sgns.progress", "Progress")."""
    return lambda module, name: REPORTING.format(module=module, name=name)


class Clock:
    """Time that a test moves by hand."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock_by_hand(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def on_a_terminal():
    """stdout of code, and what a terminal on its stderr receives: on_a_terminal(code) -> (out, seen)."""

    def call(code):
        pty = pytest.importorskip("pty")
        here, there = pty.openpty()
        env = os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
        run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=there, env=env)
        os.close(there)
        seen = b""
        while True:
            try:
                part = os.read(here, 65536)
            except OSError:
                break
            if not part:
                break
            seen += part
        os.close(here)
        out = run.communicate()[0].decode()
        assert run.returncode == 0
        return out, seen.decode()

    return call
