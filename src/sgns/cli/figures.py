"""Verbs that show a vector file: plot, map, export; and the function behind `analysis.py`."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

Words = Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())]


def analyse(
    vectors: Path = Path("vectors.safetensors"),
    *,
    save_vectors: Path | None = None,
    save_plot: Path | None = None,
    words: Words = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write vectors for TensorBoard's projector and a PCA plot of words; print neighbours and tightest groups.

    Args:
        vectors: A vector file; `python word2vec.py` writes this one.
        save_vectors: Where to write the vectors as TSV, with NAME_metadata.tsv beside it.
        save_plot: Where to draw the words: .png, .svg or .pdf.
        words: Words to show, or a file of them; a line `fruit: apple pear` makes a group. Left out: the model chooses.
        json: Print one JSON object.
        quiet: Show no progress.
    """
    from sgns.figures.analysis import analyse
    from sgns.progress import Progress
    from sgns.vectors.formats import load

    with Progress(quiet=quiet) as progress:
        found = analyse(load(vectors), words, save_vectors, save_plot, progress.update)
    _print(found.to_dict() if json else found.text())


def plot(
    vectors: Path,
    second: Path | None = None,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    kind: Literal["words", "heatmap", "loss", "movement"] | None = None,
    words: Words = None,
    title: str | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Draw words on a plane (PCA), their similarities, a loss curve, or how words move between two models.

    Args:
        vectors: A vector file.
        second: Another; draws the movement of words from the first to it.
        output: Where to write: .png, .svg or .pdf.
        kind: What to draw; words, or movement where two files are given.
        words: Words to show, or a file of them; a line `fruit: apple pear` makes a group. Left out: the model chooses.
        title: What is seen; made from the figures if left out.
        json: Print one JSON object.
    """
    from sgns.figures.draw import draw
    from sgns.vectors.formats import load

    other = None if second is None else load(second)
    names = (vectors.stem, "" if second is None else second.stem)
    drawn = draw(load(vectors), output, other, kind=kind, words=words, title=title, names=names)
    _print(drawn.to_dict() if json else drawn.text())


def _print(result: str | dict[str, Any]) -> None:
    print(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False))
