"""Export for Embedding Atlas: a table of words with coordinates, counts and exact neighbours, as CSV or Parquet."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.errors import MissingExtra
from sgns.figures.output import check_output, write, write_lines
from sgns.figures.projection import Projection, project

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

TABLES = (".csv", ".parquet")
BLOCK = 500  # words whose neighbours are found in one matrix product
NEIGHBOURS = 10
Report = Callable[[str, int, int | None, str], None]


def export_atlas(
    vectors: "Vectors", path: str | Path, projection: Projection = "pca", progress: Report | None = None
) -> Path:
    """Write a row a word: id, word, count, x, y, and its ten neighbours as Embedding Atlas reads them.

    The column `neighbors` holds {"ids": [...], "distances": [...]}, nearest first, as JSON in CSV and as a struct in
    Parquet; a distance is 1 − cosine.

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
        write_lines(path, _csv(rows))
    else:
        write(path, _parquet(list(rows)))
    return path


def _rows(vectors: "Vectors", xy: list[list[float]], progress: Report | None) -> Iterator[dict[str, Any]]:
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
