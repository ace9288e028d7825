"""Verbs that show a vector file: plot, map, export; and the function behind `analysis.py`."""

import json
from contextlib import nullcontext
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
    from sgns.errors import InputError
    from sgns.figures.analysis import analyse
    from sgns.figures.letters import all_scripts
    from sgns.progress import Progress
    from sgns.vectors.files.formats import load

    if not vectors.exists():
        raise InputError(f"{vectors} is not there; python word2vec.py writes vectors.safetensors")
    with Progress(quiet=quiet) as progress:
        progress.update("choose and draw words", 0, None)
        with all_scripts(progress.note) if save_plot is not None else nullcontext():
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
    quiet: Annotated[bool, Parameter(negative=())] = False,
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
        quiet: Show no progress.
    """
    from sgns.figures.draw import draw
    from sgns.figures.letters import all_scripts
    from sgns.progress import Progress
    from sgns.vectors.files.formats import load

    names = (vectors.stem, "" if second is None else second.stem)
    with Progress(quiet=quiet) as progress:
        progress.update("draw", 0, None)
        other = None if second is None else load(second)
        with all_scripts(progress.note):
            drawn = draw(load(vectors), output, other, kind=kind, words=words, title=title, names=names)
    _print(drawn.to_dict() if json else drawn.text())


def map(
    vectors: Path,
    second: Path | None = None,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    projection: Literal["pca", "umap"] = "pca",
    words: int = 20_000,
    colour: Annotated[str, Parameter(alias="--color")] = "cluster",
    title: str | None = None,
    seed: int = 1,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write one HTML file with all words: zoom, search, neighbours, analogies. It opens from disk and asks for nothing.

    Args:
        vectors: A vector file.
        second: Another; both maps stand side by side.
        output: Where to write: .html.
        projection: pca, or umap (pip install 'sgns[map]').
        words: How many words, the most frequent ones.
        colour: cluster, frequency, or a file with lines `fruit: apple pear`.
        title: Title of the page.
        seed: Seed of clusters and umap.
        json: Print one JSON object.
        quiet: Show no progress.
    """
    from sgns.figures.map import make_map
    from sgns.progress import Progress
    from sgns.vectors.files.formats import load

    paths = [vectors] if second is None else [vectors, second]
    with Progress(quiet=quiet) as progress:
        made = make_map(
            [load(path) for path in paths],
            output,
            names=[path.stem for path in paths],
            words=words,
            projection=projection,
            colour=colour,
            title=title,
            seed=seed,
            progress=progress.update,
        )
    _print(made.to_dict() if json else made.text())


def export(
    vectors: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    to: Literal["tensorboard", "atlas"] | None = None,
    projection: Literal["pca", "umap"] = "pca",
    words: int | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write vectors for another viewer: a folder for TensorBoard's projector, or a table for Embedding Atlas.

    Args:
        vectors: A vector file.
        output: A folder for tensorboard; a .csv or .parquet file for atlas.
        to: tensorboard or atlas; told from the output if left out.
        projection: Coordinates for atlas: pca, or umap (pip install 'sgns[map]').
        words: How many words, the most frequent ones; all if left out.
        json: Print one JSON object.
        quiet: Show no progress.
    """
    from sgns.figures.export import export
    from sgns.progress import Progress
    from sgns.vectors.files.formats import load

    with Progress(quiet=quiet) as progress:
        made = export(load(vectors), output, to, words=words, projection=projection, progress=progress.update)
    _print(made.to_dict() if json else made.text())


def _print(result: str | dict[str, Any]) -> None:
    print(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False))
