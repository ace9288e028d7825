"""The analysis of a model behind `analysis.py`: vectors for the projector, a plot of words, and the trends as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.base.files import check_output
from sgns.figures.export import export_projector
from sgns.figures.grouping import group_words
from sgns.figures.plot import WordPlot, plot_words
from sgns.figures.style import PICTURES
from sgns.figures.trends import Trends, find_trends
from sgns.figures.words import words_to_show
from sgns.progress.callback import ProgressCallback

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class Analysis:
    """The trends that were found, the plot that was drawn, and the files that were written."""

    trends: Trends
    plot: WordPlot | None
    written: list[Path]

    def text(self) -> str:
        """Returns trends and paths as lines of text."""
        where = [f"  {path}" for path in self.written]
        return "\n".join([self.trends.text(), *(["", "Written", *where] if where else [])])

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
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
    progress: ProgressCallback | None = None,
) -> Analysis:
    """Exports vectors, plots some words and finds their trends.

    Args:
        vectors: the model.
        words: what to show, or a file of words; see `words_to_show`. By default groups chosen from the model.
        save_vectors: where to write a TSV for the projector, with its metadata file beside it.
        save_plot: where to draw the words on their first two principal components; .png, .svg or .pdf.
        progress: called while the TSV is written.

    Raises:
        UnknownWord: a word is not in the vocabulary.
        OutputError: an output cannot be written; found before any work.
    """
    if save_plot is not None:
        check_output(save_plot, PICTURES)
    if save_vectors is not None:
        check_output(save_vectors, (".tsv",))
    vectors = vectors.with_text_words()
    shown, groups = words_to_show(vectors, words)
    groups = groups if groups is not None else group_words(vectors, shown)
    found = find_trends(vectors, shown, groups)
    written: list[Path] = []
    plot = None
    if save_plot is not None:
        plot = plot_words(vectors, shown, save_plot, groups=groups)
        written.append(plot.path)
    if save_vectors is not None:
        written += export_projector(vectors, save_vectors, progress)
    return Analysis(found, plot, written)
