"""Reads the values of variables from text, and writes a graph to a file."""

from collections.abc import Iterable
from pathlib import Path

from sgns.base.files import check_output, write_text
from sgns.errors import ExpressionError
from sgns.figures.style import PICTURES
from sgns.learn.graphs.draw import draw_graph
from sgns.learn.graphs.export import graph_as_dot, graph_as_text
from sgns.learn.graphs.graph import Passes


def values_from_text(pairs: Iterable[str]) -> dict[str, float | list[float]]:
    """The values of variables, written as x=2 or v=[1,2,3].

    Args:
        pairs: One for each variable.

    Returns:
        Name -> number or list of numbers.

    Raises:
        ExpressionError: a pair has no value or no number, or a variable occurs twice.
    """
    values: dict[str, float | list[float]] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        name = name.strip()
        if not sign or not name.isidentifier():
            raise ExpressionError(f"{pair!r} gives no value; write name=number or name=[number,number]")
        if name in values:
            raise ExpressionError(f"{name} is given twice; leave one out")
        text = text.strip()
        try:
            several = "," in text or "[" in text
            values[name] = [float(x) for x in text.strip("[]").split(",")] if several else float(text)
        except ValueError:
            raise ExpressionError(f"the value of {name} is {text!r}; give a number or [number,number]") from None
    return values


def write_graph(passes: Passes, output: str | Path, step: int | None = None) -> Path:
    """Writes a graph in the format of the ending: a picture (.svg, .png, .pdf), Graphviz (.dot) or text (.txt).

    Args:
        passes: The graph, from `graph` or `backward`.
        output: The file.
        step: The last step whose results are shown; None shows all.

    Returns:
        Its path.

    Raises:
        OutputError: it cannot be written there.
        ExpressionError: there is no such step, or the graph is too large to draw.
    """
    path = check_output(output, (*PICTURES, ".dot", ".txt"))
    ending = path.suffix.lower()
    if ending == ".dot":
        write_text(path, [graph_as_dot(passes, step)])
    elif ending == ".txt":
        write_text(path, [graph_as_text(passes, step)])
    else:
        draw_graph(passes, path, step=step)
    return path
