"""docs/dependencies.md lists what pyproject.toml asks for, in the versions of constraints.txt; bounds can be read."""

import re
import tomllib
from pathlib import Path

import pytest

from release import oldest, wheels

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements):
    return [re.match(r"[\w.-]+", requirement)[0] for requirement in requirements]


def test_every_dependency_is_listed_in_the_version_that_is_tested():
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    listed = dict(re.findall(r"^\| ([a-z_]+) (\d\S*) \|", PAGE, re.MULTILINE))
    assert set(names(PROJECT["dependencies"])) <= set(listed)
    assert {name: pinned[name] for name in listed} == listed


def test_every_extra_is_listed_with_its_packages():
    for extra, requirements in PROJECT["optional-dependencies"].items():
        if extra == "test":
            continue
        (row,) = re.findall(rf"^\| `{extra}` \| ([^|]*)\|", PAGE, re.MULTILINE)
        assert sorted(row.replace(" ", "").split(",")) == sorted(names(requirements)), extra


def test_the_oldest_versions_are_read_from_the_lower_bounds():
    found = oldest.oldest(["tables"])
    assert len(found) == len(PROJECT["dependencies"]) + 1
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in found)
    assert oldest.pinned("triton>=3.5; sys_platform == 'linux'") == "triton==3.5; sys_platform == 'linux'"
    with pytest.raises(ValueError, match="no lower bound"):
        oldest.pinned("numpy")


def test_what_pip_answers_about_wheels_is_understood():
    assert wheels.outcome(0, "") == "yes"
    missing = (
        "ERROR: Could not find a version (from versions: none)\nERROR: No matching distribution found for numpy>=1.26"
    )
    assert wheels.outcome(1, missing) == "no wheel: numpy>=1.26"
    unreachable = "WARNING: Retrying after connection broken by 'NewConnectionError'\n" + missing
    assert wheels.outcome(1, unreachable).startswith("not known")
    command = wheels.command("3.13", ["win_amd64"], "/x")
    assert {"--only-binary=:all:", "win_amd64", "3.13", *PROJECT["dependencies"]} <= set(command)
