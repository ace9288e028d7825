"""`make test-clients` fails on whatever is not as it should be."""

import runpy
from pathlib import Path
from typing import Any

import pytest

CLIENTS = runpy.run_path(str(Path(__file__).with_name("clients.py")))
KNOWN, Outcome, fault = (CLIENTS[name] for name in ("KNOWN", "Outcome", "fault"))
GOOD, BAD, BROKEN = Outcome(0.9, 1.0), Outcome(0.5, 1.0), Outcome(error="ImportError: no module")
THEIRS = Outcome(error=f"{KNOWN['pybibx']} where it is not associated with a value")


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "message"),
    [
        ("wefe", GOOD, GOOD, None),
        ("wefe", BAD, GOOD, "on sgns 0.5 of its answers are right, under 0.75"),
        ("wefe", GOOD, BAD, "on gensim 0.5"),
        ("wefe", BROKEN, BROKEN, "on sgns ImportError: no module"),
        ("wefe", GOOD, BROKEN, "on gensim ImportError"),
        ("pybibx", THEIRS, THEIRS, None),
        ("pybibx", BROKEN, THEIRS, "on sgns its known fault is not seen, but ImportError"),
        ("pybibx", THEIRS, GOOD, "on gensim its known fault is not seen, but it passes with 0.9"),
    ],
)
def test_only_a_known_fault_may_fail(name: str, ours: Any, theirs: Any, message: str | None) -> None:
    found = fault(name, ours, theirs)
    assert found == message if message is None else (found or "").startswith(message)
