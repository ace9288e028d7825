"""The appendix of the report: where each question of the course is answered, by its number on the sheet.

The numbers are those of `sgns worksheet`: part 1 is the mathematics, part 2 the program, part 3 a computation graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sgns.learn.document.blocks import Block, Heading, Paragraph, Table, sections

STEP = "One step"  # the chapter's title goes on with the words of the pair


@dataclass(frozen=True)
class Asked:
    """A question of the course.

    Attributes:
        number: Its number on the sheet; a question with several parts has a row for each.
        text: What it asks, as running text.
        answered: The headings of the chapters and sections that answer it; `STEP` is
            the chapter whose title begins with it.
    """

    number: str
    text: str
    answered: tuple[str, ...]


QUESTIONS = (
    Asked("1.1", "How many parameters has SGNS for $V$ words and $d$ dimensions?", ("The number of parameters",)),
    Asked("1.2", "What is the range of σ?", ("Its lower end", "Its upper end")),
    Asked("1.2", "What is the role of σ in SGNS?", ("Its role: a probability",)),
    Asked("1.2", "What is the derivative of σ?", ("Its derivative",)),
    Asked(
        "1.3",
        "What is the loss of $k$ negatives in terms of E and C?",
        ("The loss in terms of E and C",),
    ),
    Asked("1.4", "What is the gradient for $Cp$?", ("The gradient for $Cp$",)),
    Asked("1.4", "What is the gradient for each $Cn$?", ("The gradient for each $Cn$",)),
    Asked("1.4", "What is the gradient for $Ew$?", ("The gradient for $Ew$",)),
    Asked("1.4", "What are these gradients in numbers?", (STEP,)),
    Asked("2.1", "How are samples made, and what is `batch_y`?", ("The samples and their labels",)),
    Asked("2.2", "What do the lines with `torch.mul` and `torch.sum` do?", ("The model",)),
    Asked("2.2", "What does `BCEWithLogitsLoss` compute?", ("A step of training", "Why not log(sigmoid(x))?")),
    Asked("2.2", "What do `loss.backward()` and `optimizer.step()` do?", ("A step of training", STEP)),
    Asked(
        "2.3",
        "Hyper-parameters, machine, time and loss of a run?",
        ("The run", "Options", "The loss by epoch"),
    ),
    Asked("2.3", "Which trends does the plot of words show?", ("What was learnt", "Nearest neighbours")),
    Asked("3.1", "How many nodes has the graph?", ("A computation graph",)),
    Asked("3.1", "What are the values of the forward pass?", ("A computation graph",)),
    Asked("3.1", "What is ∂f/∂node for each node?", ("A computation graph",)),
    Asked("3.1", "What are upstream, local and downstream derivative?", ("A computation graph",)),
)


def questions_chapter(blocks: Sequence[Block]) -> list[Block]:
    """Writes the appendix for a report.

    Args:
        blocks: All chapters of the report; questions whose chapters it does not have are left out.
    """
    headings = sections(blocks)
    rows = []
    for asked in QUESTIONS:
        places = [
            f"{number} {heading.text}"
            for title in asked.answered
            for number, heading in headings
            if heading.text == title or (title == STEP and heading.text.startswith(STEP))
        ]
        if places:
            rows.append((asked.number, asked.text, "; ".join(places)))
    missing = len(QUESTIONS) - len(rows)
    left_out = f" {missing} more are answered in the report on a trained model." if missing else ""
    return [
        Heading(1, "Where each question is answered"),
        Paragraph(
            "The numbers are those of the course’s sheet and of `sgns worksheet`: part 1 the mathematics, part 2 the "
            f"program, part 3 a computation graph.{left_out}"
        ),
        Table(("question", "it asks", "answered in"), tuple(rows), "The questions and the sections that answer them."),
    ]
