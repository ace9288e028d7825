"""How vectors and answers are shown in a notebook, and as tables of pandas."""

from html import escape
from typing import TYPE_CHECKING, Any

from sgns.errors import MissingExtra

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

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


def vectors_as_html(vectors: "Vectors") -> str:
    """Size, first words and options of vectors, for a notebook."""
    options = vectors.metadata.get("config")
    options = options if isinstance(options, dict) else {}
    first = [str(vectors.words[row]) for row in range(min(FIRST, len(vectors)))]
    rows = [
        ("words", f"{len(vectors):,}"),
        ("dimension", f"{vectors.dim}"),
        ("holds", ", ".join(name for name in ("E", "C", "counts", "subwords") if getattr(vectors, name) is not None)),
        ("first words", " ".join(first) + (" …" if len(vectors) > FIRST else "")),
    ]
    chosen = [f"{name} {options[name]}" for name in SHOWN if options.get(name) is not None]
    if chosen:
        rows.append(("options", ", ".join(chosen)))
    return as_html(["Vectors", ""], rows)


def vectors_as_pandas(vectors: "Vectors") -> Any:
    """E as a DataFrame: a row for each word, which is its index; column count first where there are counts."""
    frame = pandas().DataFrame(vectors.E, index=list(vectors.words))
    frame.index.name = "word"
    if vectors.counts is not None:
        frame.insert(0, "count", vectors.counts)
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
