"""Exports to other viewers: a log folder for TensorBoard's projector, a table for Embedding Atlas."""

import csv
import io
import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sgns.base.files import check_output, write_bytes, write_text
from sgns.errors import ConfigError, MissingExtra, OutputError
from sgns.figures.projection import Projection, project
from sgns.progress.callback import ProgressCallback
from sgns.vectors.exports.made import Export

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

Viewer = Literal["tensorboard", "atlas"]
TENSORBOARD_FILES = ("vectors.tsv", "vectors_metadata.tsv", "projector_config.pbtxt")
TABLES = (".csv", ".parquet")
BLOCK = 500  # words whose neighbours are found in one matrix product
NEIGHBOURS = 10


def export_vectors(
    vectors: "Vectors",
    output: str | Path,
    to: Viewer | None = None,
    *,
    words: int | None = None,
    projection: Projection = "pca",
    progress: ProgressCallback | None = None,
) -> Export:
    """Writes vectors for TensorBoard's projector (a folder) or Embedding Atlas (a .csv or .parquet file).

    Args:
        vectors: the model.
        output: where to write.
        to: tensorboard or atlas; by default atlas if `output` ends as a table does, else tensorboard.
        words: how many words to write, the most frequent ones; by default all.
        projection: of the coordinates for atlas.
        progress: called as progress(stage, done, total, "words").

    Raises:
        ConfigError: words is below 1.
        OutputError: `output` cannot be written.
        MissingExtra: pyarrow or umap-learn is needed and not installed.
    """
    output = Path(output)
    if words is not None:
        if words < 1:
            raise ConfigError(f"words is {words}, below 1; leave it out to write all")
        vectors = vectors.restrict(words)
    to = to or ("atlas" if output.suffix.lower() in TABLES else "tensorboard")
    if to == "atlas":
        path = export_atlas(vectors, output, projection, progress)
        columns = "--text word --x x --y y"
        if path.suffix.lower() == ".parquet":  # in CSV the column is text, which the viewer does not read as neighbours
            columns += " --neighbors neighbors"
        command = f"uvx embedding-atlas {shlex.quote(str(path))} {columns}"
        return Export([path], len(vectors), command)
    written = export_tensorboard(vectors, output, progress)
    return Export(written, len(vectors), f"uvx tensorboard --logdir {shlex.quote(str(output))}")


# --- TensorBoard's projector ------------------------------------------------------------------------------------------


def export_projector(
    vectors: "Vectors", path: str | Path, progress: ProgressCallback | None = None
) -> tuple[Path, Path]:
    """Writes vectors and words as the two TSV files that the projector's *Load* takes.

    Args:
        vectors: the model.
        path: of the vectors, a row of numbers a word; .tsv. The words are written beside it, to NAME_metadata.tsv.
        progress: called as progress("save", done, total, "words").

    Returns:
        Both paths.

    Raises:
        OutputError: a file cannot be written.
    """
    from sgns.vectors.files.projector import metadata_path

    path = Path(path)
    vectors.save(path, "projector", progress=progress)
    return path, metadata_path(path)


def export_tensorboard(vectors: "Vectors", folder: str | Path, progress: ProgressCallback | None = None) -> list[Path]:
    """Writes a log folder for `tensorboard --logdir FOLDER`: the two TSV files and projector_config.pbtxt.

    Raises:
        OutputError: the folder cannot be made or written to.
    """
    folder = _make_folder(folder)
    paths = export_projector(vectors, folder / TENSORBOARD_FILES[0], progress)
    lines = [
        "embeddings {\n",
        f'  tensor_name: "{len(vectors)} words, d = {vectors.dim}"\n',
        f'  tensor_path: "{paths[0].name}"\n',
        f'  metadata_path: "{paths[1].name}"\n',
        "}\n",
    ]
    config = folder / TENSORBOARD_FILES[2]
    write_text(config, lines)
    return [*paths, config]


def _make_folder(folder: str | Path) -> Path:
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}; choose another place") from None
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder} cannot be written to; choose another place")
    return folder


# --- Embedding Atlas --------------------------------------------------------------------------------------------------


def export_atlas(
    vectors: "Vectors", path: str | Path, projection: Projection = "pca", progress: ProgressCallback | None = None
) -> Path:
    """Writes a table with a row for each word: id, word, count, x, y, and its ten exact nearest neighbours.

    The column `neighbors` has the form that Embedding Atlas reads, {"ids": [...], "distances": [...]}, nearest first:
    JSON in CSV, a struct in Parquet. A distance is 1 − cosine.

    Args:
        vectors: the model; every word is written.
        path: where to write; .csv, or .parquet (needs pyarrow).
        projection: of x and y.
        progress: called as progress("neighbours", done, total, "words").

    Raises:
        MissingExtra: pyarrow or umap-learn is not installed.
        OutputError: `path` cannot be written.
    """
    path = check_output(path, TABLES)
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise MissingExtra(
                "pyarrow is not installed; install it with: pip install pyarrow, or write .csv"
            ) from None
    xy, _ = project(vectors.E, projection)
    rows = _rows(vectors, xy.tolist(), progress)
    if path.suffix.lower() == ".csv":
        write_text(path, _csv(rows))
    else:
        write_bytes(path, _parquet(list(rows)))
    return path


def _rows(vectors: "Vectors", xy: list[list[float]], progress: ProgressCallback | None) -> Iterator[dict[str, Any]]:
    words, index = vectors.words, vectors.index
    counts = None if vectors.counts is None else vectors.counts.tolist()
    for start in range(0, len(words), BLOCK):
        block = words[start : start + BLOCK]
        for i, near in enumerate(vectors.most_similar_each(block, NEIGHBOURS), start):
            row: dict[str, Any] = {"id": i, "word": words[i]}
            if counts is not None:
                row["count"] = counts[i]
            row |= {"x": xy[i][0], "y": xy[i][1]}
            distances = [round(max(0.0, 1 - cosine), 6) for _, cosine in near]
            row["neighbors"] = {"ids": [index[word] for word, _ in near], "distances": distances}
            yield row
        if progress is not None:
            progress("neighbours", start + len(block), len(words), "words")


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    line = io.StringIO()
    out = csv.writer(line, lineterminator="\n")
    for number, row in enumerate(rows):
        if number == 0:
            out.writerow(row)
        out.writerow([json.dumps(value) if isinstance(value, dict) else value for value in row.values()])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()
