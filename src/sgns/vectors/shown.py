"""How vectors and answers are shown in a notebook, and as tables of pandas."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from sgns.errors import MissingExtra

CELL = ' style="text-align: left"'
FIRST = 12  # words that are named
SHOWN = (
    "model",
    "dim",
    "window",
    "negatives",
    "epochs",
    "lr",
    "min_count",
    "subsample",
    "seed",
)  # options, if they are known


class Answers(list[tuple[str, float]]):
    """(word, cosine), the best first: a list, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        """The answers as a table of a notebook."""
        return as_html(["word", "cosine"], [(word, f"{score:.4f}") for word, score in self])

    def to_pandas(self) -> Any:
        """The answers as a pandas DataFrame of the columns word and cosine. Raises `MissingExtra`."""
        return pandas().DataFrame(list(self), columns=["word", "cosine"])


def vectors_as_html(words: Sequence[Any], dim: int, parts: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """Size, first words and options of vectors, for a notebook.

    Args:
        words: The words, or what stands in their place.
        dim: The dimension d.
        parts: What the vectors may hold, by name; None for what they do not.
        metadata: Their metadata, whose config names the options.
    """
    options = metadata.get("config")
    options = options if isinstance(options, dict) else {}
    first = [str(words[row]) for row in range(min(FIRST, len(words)))]
    rows = [
        ("words", f"{len(words):,}"),
        ("dimension", f"{dim}"),
        ("holds", ", ".join(name for name, part in parts.items() if part is not None)),
        ("first words", " ".join(first) + (" …" if len(words) > FIRST else "")),
    ]
    chosen = [f"{name} {options[name]}" for name in SHOWN if options.get(name) is not None]
    if chosen:
        rows.append(("options", ", ".join(chosen)))
    return as_html(["Vectors", ""], rows)


def vectors_as_pandas(words: Sequence[Any], E: np.ndarray, counts: np.ndarray | None) -> Any:
    """E as a DataFrame: a row for each word, which is its index; column count first where there are counts."""
    frame = pandas().DataFrame(E, index=list(words))
    frame.index.name = "word"
    if counts is not None:
        frame.insert(0, "count", counts)
    return frame


def pandas() -> Any:
    """The module pandas. Raises `MissingExtra` where it is not installed."""
    try:
        import pandas
    except ImportError:
        raise MissingExtra("pandas is not installed; install it with: pip install pandas") from None
    return pandas


def as_html(head: list[str], rows: list[tuple[str, str]]) -> str:
    """A table in HTML; its texts are escaped."""
    titles = "".join(f"<th{CELL}>{escape(title)}</th>" for title in head)
    body = "".join("<tr>" + "".join(f"<td{CELL}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
