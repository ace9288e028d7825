"""Prints the oldest versions that pyproject.toml promises, as requirements such as numpy==1.26.

python -m release.oldest > oldest.txt        the dependencies
python -m release.oldest tables map          and those of extras
"""

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def oldest(extras: list[str]) -> list[str]:
    """Each requirement of the project, and of the extras, at its lower bound.

    Raises:
        ValueError: A requirement has no lower bound.
    """
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return [pinned(requirement) for requirement in wanted]


def pinned(requirement: str) -> str:
    """`numpy>=1.26; marker` as `numpy==1.26; marker`."""
    found = re.fullmatch(r"([\w.-]+)\s*>=\s*([\w.]+)\s*(;.*)?", requirement)
    if found is None:
        raise ValueError(f"{requirement} has no lower bound; write NAME>=VERSION")
    name, version, marker = found.groups()
    return f"{name}=={version}{marker or ''}"


if __name__ == "__main__":
    print("\n".join(oldest(sys.argv[1:])))
