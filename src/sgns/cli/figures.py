"""The verbs that show a vector file: plot, map, export; and the command of `analysis.py`."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, cast, get_args

from cyclopts import Parameter

from sgns.base.files import check_not_input
from sgns.cli.options import (
    AS_PATH,
    DEFAULT_VECTORS,
    WHOLE_FILE,
    Json,
    Output,
    PartOption,
    Quiet,
    VectorFile,
    WordsToShow,
)
from sgns.cli.output import print_json
from sgns.cli.vectors import opened
from sgns.errors import ConfigError
from sgns.figures.export import TENSORBOARD_FILES, Viewer
from sgns.figures.picture import PictureKind
from sgns.figures.projection import Projection
from sgns.vectors.exports.export import Program, check_files_stay
from sgns.vectors.exports.export import export as export_for
from sgns.vectors.files.projector import files_of, metadata_path
from sgns.vectors.texts import Weights


def analyse(
    vectors: Annotated[Path, Parameter(help="A vector file; `python word2vec.py` writes this one.")] = DEFAULT_VECTORS,
    *,
    save_vectors: Path | None = None,
    save_plot: Path | None = None,
    words: WordsToShow = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write vectors for TensorBoard's projector and a PCA plot of words; print neighbours and tightest groups.

    Args:
        save_vectors: Where to write the vectors as TSV, with NAME_metadata.tsv beside it.
        save_plot: Where to draw the words: .png, .svg or .pdf.
    """
    from sgns.figures import all_scripts, analyse
    from sgns.progress import Progress

    for output in (save_plot, save_vectors, None if save_vectors is None else metadata_path(save_vectors)):
        check_not_input(output, [*files_of(vectors), *(words or ())])
    with Progress(quiet=quiet) as progress:
        progress.update("choose and draw words", 0, None)
        with all_scripts(progress.warn) if save_plot is not None else nullcontext():
            found = analyse(opened(vectors), words, save_vectors, save_plot, progress.update)
    print_json(found.to_dict()) if json else print(found.text())


def plot(
    vectors: VectorFile,
    second: Path | None = None,
    /,
    *,
    output: Output,
    kind: PictureKind | None = None,
    words: WordsToShow = None,
    title: str | None = None,
    part: PartOption = WHOLE_FILE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw words on a plane (PCA), their similarities, a loss curve, or how words move between two models.

    Args:
        second: Another vector file; draws the movement of words from the first to it.
        output: Where to write: .png, .svg or .pdf.
        kind: What to draw; words, or movement where two files are given.
        title: Title of the picture; made from its figures if left out.
    """
    from sgns.figures import all_scripts, draw_picture
    from sgns.progress import Progress

    check_not_input(output, [*files_of(vectors), second, *(words or ()), *part.files])
    names = (vectors.stem, "" if second is None else second.stem)
    with Progress(quiet=quiet) as progress:
        progress.update("draw", 0, None)
        other = None if second is None else opened(second, part=part)
        with all_scripts(progress.warn):
            drawn = draw_picture(
                opened(vectors, part=part), output, other, kind=kind, words=words, title=title, names=names
            )
    print_json(drawn.to_dict()) if json else print(drawn.text())


def map(
    vectors: VectorFile,
    second: Path | None = None,
    /,
    *,
    output: Output,
    projection: Projection = "pca",
    words: int = 20_000,
    colour: Annotated[str, AS_PATH, Parameter(alias="--color")] = "cluster",
    title: str | None = None,
    seed: int = 1,
    part: PartOption = WHOLE_FILE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write one HTML file with all words: zoom, search, neighbours, analogies. It works from disk, without a network.

    Args:
        second: Another vector file; the two maps are shown side by side.
        output: Where to write: .html.
        projection: pca, or umap (pip install 'sgns[map]').
        words: Number of words, the most frequent ones.
        colour: cluster, frequency, or a file with lines `fruit: apple pear`.
        title: Title of the page.
        seed: Seed of clusters and umap.
    """
    from sgns.figures import make_map
    from sgns.progress import Progress

    check_not_input(output, [*files_of(vectors), second, colour, *part.files])
    paths = [vectors] if second is None else [vectors, second]
    with Progress(quiet=quiet) as progress:
        made = make_map(
            [opened(path, part=part) for path in paths],
            output,
            names=[path.stem for path in paths],
            words=words,
            projection=projection,
            colour=colour,
            title=title,
            seed=seed,
            progress=progress.update,
        )
    print_json(made.to_dict()) if json else print(made.text())


def export(
    vectors: VectorFile,
    target: Path | None = None,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    to: Viewer | Program | None = None,
    projection: Projection = "pca",
    words: int | None = None,
    weights: Weights | None = None,
    language: str | None = None,
    license: str | None = None,
    part: PartOption = WHOLE_FILE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write vectors for another program: viewers, spaCy, sentence-transformers, model2vec, PyTorch, finalfusion, a hub.

    Args:
        target: The same as --output.
        output: A folder; a file for atlas (.csv, .parquet), torch (.pt) and finalfusion (.fifu).
        to: The program; tensorboard, or atlas where the output is a table, if left out.
        projection: Coordinates for atlas: pca, or umap (pip install 'sgns[map]').
        words: Number of words, the most frequent ones; all if left out.
        weights: For sentence-transformers and model2vec; sif where there are counts.
        language: For spacy (xx if left out) and huggingface.
        license: Of the vectors, for huggingface's model card.
    """
    from sgns.figures import export_vectors
    from sgns.progress import Progress

    if (target is None) == (output is None):
        raise ConfigError("name one output: sgns export VECTORS FOLDER, or --output FOLDER")
    where: Path = output or target  # type: ignore[assignment]
    inputs: list[str | Path] = [*files_of(vectors), *part.files]
    check_files_stay(where, inputs)
    for name in TENSORBOARD_FILES:
        check_not_input(where / name, inputs)
    with Progress(quiet=quiet) as progress:
        opened_vectors = opened(vectors, part=part)
        if to is None or to in get_args(Viewer):
            if weights or language or license:
                raise ConfigError("weights, language and license are not for viewers; name a program with --to")
            made = export_vectors(
                opened_vectors,
                where,
                cast(Viewer | None, to),
                words=words,
                projection=projection,
                progress=progress.update,
            )
        else:
            if words is not None:
                opened_vectors = opened_vectors.restrict(words)
            made = export_for(
                opened_vectors, where, cast(Program, to), weights=weights, language=language, license=license
            )
    print_json(made.to_dict()) if json else print(made.text())
