"""The floors of the house: which room may import which; no circles of files; no file uses the privates of another."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "sgns"

# A room may import the rooms of lower floors and files of its own.
FLOORS = [
    ["base", "config", "errors", "progress", "reference", "version"],
    ["text", "vectors"],
    ["training", "evaluation", "figures"],
    ["learn", "gensim"],
    ["cli"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# On the ground floor, files of base call the functions that `progress` declares, and raise our errors; config asks base
# what a wrong option was probably meant to be.
SIDEWAYS = {("base", "errors"), ("base", "progress"), ("config", "base"), ("config", "errors"), ("progress", "errors")}


def module_name(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(file): file for file in sorted(SOURCE.rglob("*.py"))}


@cache
def imports(module: str) -> list[tuple[str, list[str]]]:
    """Each module of sgns that a file imports anywhere in it, with the names taken from it."""
    return list(_imports(module))


def _imports(module: str) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in FILES:
                    yield alias.name, []
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative path"
            if node.module in FILES:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield (inner, []) if inner in FILES else (node.module, [alias.name])


def room(module: str) -> str | None:
    """The room a module stands in; None for the package itself and `python -m sgns`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else None


@pytest.mark.parametrize("module", FILES)
def test_no_arrow_upwards_or_sideways(module):
    here = room(module)
    if here is None:
        return  # the package root names what each room offers, and imports it when it is asked for
    assert here in FLOOR, f"{here} stands on no floor; give it one in FLOORS and in the design"
    for target, names in imports(module):
        there = room(target)
        if there is None:
            assert not names, f"{module} imports {names} from the package root"
        elif there != here:
            allowed = FLOOR[there] < FLOOR[here] or (here, there) in SIDEWAYS
            assert allowed, f"{module} imports {target}: {there} is no floor below {here}"


def test_no_two_files_import_each_other():
    edges = {module: {target for target, _ in imports(module)} for module in FILES}
    both = sorted({tuple(sorted((a, b))) for a, targets in edges.items() for b in targets if a in edges[b] and a != b})
    assert not both


def test_no_circle_of_files():
    edges = {module: {target for target, _ in imports(module)} for module in FILES}
    order: dict[str, int] = {}
    path: list[str] = []

    def visit(module: str) -> None:
        if module in path:
            raise AssertionError(" imports ".join([*path[path.index(module) :], module]))
        if module in order:
            return
        path.append(module)
        for target in sorted(edges[module]):
            visit(target)
        path.pop()
        order[module] = len(order)

    for module in FILES:
        visit(module)


@pytest.mark.parametrize("module", FILES)
def test_nobody_uses_another_files_privates(module):
    for target, names in imports(module):
        private = [name for name in names if name.startswith("_") and not name.startswith("__")]
        assert not private, f"{module} takes {private} from {target}"
