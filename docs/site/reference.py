"""The API reference: a page for each door of the package, made from docstrings."""

import inspect
from importlib import import_module
from importlib.util import find_spec
from typing import Any

DOORS = {
    "sgns": "Train, load, ask: the names that most programs need.",
    "sgns.vectors": "Vectors, their files and formats, alignment of two spaces, exports.",
    "sgns.evaluation": "Test sets with coverage and intervals; comparison of models.",
    "sgns.figures": "Plots, the map for the browser, exports to viewers.",
    "sgns.learn": "Derivations, computation graphs, the report, worksheets.",
    "sgns.gensim": "gensim's names.",
    "sgns.gensim.models": "Word2Vec, FastText, Doc2Vec, KeyedVectors and Phrases, as gensim has them.",
    "sgns.progress": "Progress of long jobs: bars, a notebook's output, lines in a log.",
    "sgns.errors": "Exceptions and warnings.",
}
"""The doors, and a line for each; one that does not exist yet is passed over."""


def doors() -> list[str]:
    """The doors that exist."""
    return [name for name in DOORS if find_spec(name) is not None]


def public_names(door: str) -> list[str]:
    """The public names of a door: its `__all__`, or what it defines."""
    module = import_module(door)
    names = getattr(module, "__all__", None)
    if names is not None:
        return sorted((name for name in names if not name.startswith("_")), key=str.lower)
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", None) == door)
    return [name for name in own if not name.startswith("_")]


def pages() -> dict[str, str]:
    """The pages by name, index among them."""
    told: dict[int, str] = {}  # the door that has a name, by the identity of its value
    made = {door: page(door, told) for door in doors()}
    lines = [f"| [`{door}`]({door}.md) | {DOORS[door]} |" for door in made]
    toctree = "```{toctree}\n:hidden:\n\n" + "\n".join(made) + "\n```"
    head = "Public names keep their meaning and their arguments, as [the page on versions](../versions) promises."
    return made | {"index": "\n".join(["# API", "", head, "", "| | |", "|---|---|", *lines, "", toctree, ""])}


def page(door: str, told: dict[int, str]) -> str:
    """The reference of a door; a name that stands on the page of another door already (`told`) is a link to it."""
    module = import_module(door)
    parts = [f"# {door}", f"```{{eval-rst}}\n.. automodule:: {door}\n   :no-members:\n```"]
    for name in public_names(door):
        value = getattr(module, name)
        if inspect.ismodule(value) and value.__name__ in DOORS:
            parts.append(f"## {name}\n\nA door of its own: [`{value.__name__}`]({value.__name__}.md).")
            continue
        if first := told.get(id(value)):
            parts.append(f"## {name}\n\nThe same as [`{first}.{name}`]({first}.md#{name.lower()}).")
            continue
        if inspect.isclass(value) or inspect.isfunction(value):
            told[id(value)] = door
        parts.append(f"## {name}\n\n```{{eval-rst}}\n{directive(f'{door}.{name}', value)}\n```")
    return "\n\n".join(parts) + "\n"


def directive(name: str, value: Any) -> str:
    """The directive of Sphinx for one name."""
    if inspect.isclass(value):
        lines = [f".. autoclass:: {name}", "   :members:", "   :undoc-members:", "   :member-order: bysource"]
        if issubclass(value, BaseException):
            lines = [f".. autoexception:: {name}"]
    elif callable(value) and inspect.isroutine(value):
        lines = [f".. autofunction:: {name}"]
    else:
        lines = [f".. autodata:: {name}", "   :no-value:"]
    return "\n".join(lines)
