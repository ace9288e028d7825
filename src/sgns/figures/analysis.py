"""One look at a model: vectors for the projector, a plot of words, and the trends in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.figures.output import check_output
from sgns.figures.plot import PlotResult, plot_words
from sgns.figures.projector import Report, export_projector
from sgns.figures.trends import Trends, group_words, trends
from sgns.figures.wordlist import words_to_show

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class Analysis:
    """What was found, and where it was written."""

    trends: Trends
    plot: PlotResult | None
    written: list[Path]

    def text(self) -> str:
        """Trends and paths for people."""
        where = [f"  {path}" for path in self.written]
        return "\n".join([self.trends.text(), *(["", "Written", *where] if where else [])])

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        found = self.trends.to_dict() | {"written": [str(path) for path in self.written]}
        if self.plot is not None:
            xy = self.plot.coordinates.tolist()
            found["explained_variance"] = self.plot.explained.tolist()
            found["coordinates"] = dict(zip(self.plot.words, xy))
        return found


def analyse(
    vectors: "Vectors",
    words: Sequence[str] | None = None,
    save_vectors: str | Path | None = None,
    save_plot: str | Path | None = None,
    progress: Report | None = None,
) -> Analysis:
    """Export the vectors, plot a choice of words and find their trends.

    Args:
        vectors: the model.
        words: what to show, or a file of words; see `words_to_show`. A good choice from the model where left out.
        save_vectors: TSV for the projector, with its metadata file beside it.
        save_plot: PCA plot; .png, .svg or .pdf.
        progress: called while the TSV is written.

    Raises:
        UnknownWord: a word is not in the vocabulary.
        OutputError: an output cannot be written; found before any work.
    """
    if save_plot is not None:
        check_output(save_plot)
    if save_vectors is not None:
        check_output(save_vectors, (".tsv",))
    shown, groups = words_to_show(vectors, words)
    groups = groups if groups is not None else group_words(vectors, shown)
    found = trends(vectors, shown, groups)
    written: list[Path] = []
    plot = None
    if save_plot is not None:
        plot = plot_words(vectors, shown, save_plot, groups=groups)
        written.append(plot.path)
    if save_vectors is not None:
        written += export_projector(vectors, save_vectors, progress)
    return Analysis(found, plot, written)
