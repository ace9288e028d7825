"""Public signatures change only with a line in CHANGELOG.md; docs/versions.md makes the promise."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("public_api", HERE / "public_api.py")
assert spec is not None
assert spec.loader is not None
api = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api)

UNRELEASED = re.split(r"^## \[", (HERE.parent / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1]


def changed(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Names that are gone, and names whose parameters or defaults are others. New names are free."""
    return [name for name, text in before.items() if now.get(name) != text]


def without_a_line(names: list[str], changelog: str) -> list[str]:
    """The names of which the changelog does not speak."""
    return [name for name in names if not re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", changelog)]


def test_a_public_signature_changes_with_a_line_in_the_changelog():
    # In a process of its own: where Sphinx has read functions (autodoc_preserve_defaults), their signatures are others.
    printed = subprocess.run(
        [sys.executable, HERE / "public_api.py", "--print"], capture_output=True, text=True, check=True
    )
    names = without_a_line(changed(api.kept(), json.loads(printed.stdout)), UNRELEASED)
    assert names == [], (
        "These public names are gone or have other arguments, and CHANGELOG.md does not say so under Unreleased: "
        f"{', '.join(names)}. Write a line that names each, then: python tests/public_api.py"
    )


def test_a_change_is_seen_and_a_line_is_found():
    before = {"sgns.load": "(path, format=None)", "sgns.train": "(source)", "sgns.save": "()"}
    now = {"sgns.load": "(path, format='npz')", "sgns.train": "(source)", "sgns.new": "()"}
    assert changed(before, now) == ["sgns.load", "sgns.save"]
    assert without_a_line(["sgns.load", "sgns.save"], "- `load` takes …, saved too") == ["sgns.save"]


def test_the_file_has_the_names_that_are_used_most():
    there = api.kept()
    assert there["sgns.Config.dim"] == " = 100"
    assert there["sgns.Vectors.most_similar"].startswith("(self, ")
    assert len(there) > 150
