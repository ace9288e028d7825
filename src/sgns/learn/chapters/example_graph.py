"""The chapter on computation graphs: an example with its picture and tables, and the loss as a graph."""

from sgns.learn.document.blocks import Block, Figure, Heading, Paragraph, Table
from sgns.learn.graphs.draw import draw_graph, render
from sgns.learn.graphs.export import EDGE_HEADS, counts, edge_cells, node_cells, steps_in_words
from sgns.learn.graphs.graph import graph
from sgns.learn.graphs.symbolic import Formulas

EXAMPLE, VALUES = "x**2 * (c*x)", {"x": 2, "c": 3}
LOSS, LOSS_VALUES = "-log(sigmoid(w*p)) - log(sigmoid(-(w*n)))", {"w": 1, "p": 0.5, "n": -0.4}


def graph_chapter() -> list[Block]:
    """Writes the chapter: the example with its picture and tables, and the nodes of the loss."""
    passes = graph(EXAMPLE, VALUES)
    formulas = Formulas(passes)
    f = passes.name(passes.output)
    heads = ("step", "node", "formula", "value", f"∂{f}/∂node", "in numbers")
    loss = graph(LOSS, LOSS_VALUES)
    return [
        Heading(1, "A computation graph"),
        Paragraph(
            "Forward, every operation computes its value from its operands, left to right. Backward, every edge "
            "hands on downstream = upstream × local; a value that is used more than once gets the sum of what its "
            "edges bring."
        ),
        Figure(
            render(draw_graph(passes), "svg"),
            f"computation graph of {EXAMPLE}",
            "$x**2 * (c*x)$ at $x = 2$, $c = 3$. Black numbers: the order of visit.",
        ),
        Table(
            heads,
            tuple(node_cells(passes, formulas)),
            f"Its nodes: value and derivative, as formula and in numbers. {counts(passes)}. {steps_in_words(passes)}",
        ),
        Table(
            EDGE_HEADS,
            tuple(edge_cells(passes, formulas)),
            "Its edges in the order of the backward pass: downstream = upstream × local.",
        ),
        Paragraph(
            "The loss itself is a graph, too. Here with $d = 1$ and one negative: the target $w$ is 1, the positive "
            "$p$ 0.5, the negative $n$ −0.4."
        ),
        Table(
            heads,
            tuple(node_cells(loss, Formulas(loss))),
            f"The nodes of the loss: {counts(loss)}. {steps_in_words(loss)}",
        ),
    ]
