"""Writes a graph to a file, in the format that its ending names: .svg, .png, .pdf, .html, .dot or .txt."""

from pathlib import Path

from sgns.base.files import check_output, write_text
from sgns.figures.style import PICTURES
from sgns.learn.graphs.draw import draw_graph
from sgns.learn.graphs.export import graph_as_dot, graph_as_text
from sgns.learn.graphs.graph import Passes
from sgns.learn.pages.graph_page import graph_page


def write_graph(passes: Passes, output: str | Path, step: int | None = None) -> Path:
    """Writes a graph: a picture (.svg, .png, .pdf), a page to step through (.html), Graphviz (.dot) or text (.txt).

    Args:
        passes: The graph, from `graph` or `backward`.
        output: The file; its ending names the format.
        step: The last step whose results are shown; None shows all.

    Returns:
        Its path.

    Raises:
        OutputError: It cannot be written there.
        ExpressionError: The graph has no such step, or it is too large to draw.
    """
    path = check_output(output, (*PICTURES, ".html", ".dot", ".txt"))
    ending = path.suffix.lower()
    if ending == ".dot":
        write_text(path, [graph_as_dot(passes, step)])
    elif ending == ".txt":
        write_text(path, [graph_as_text(passes, step)])
    elif ending == ".html":
        write_text(path, [graph_page(passes, step)])
    else:
        draw_graph(passes, path, step=step)
    return path
