"""Export for TensorBoard's projector: vectors and metadata as TSV, and the config that ties them together."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sgns.figures.output import check_output, write_lines

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

ROWS = 1000  # written between two words of progress
Report = Callable[[str, int, int | None, str], None]


def metadata_path(path: Path) -> Path:
    """The metadata file beside the vectors: `vectors_metadata.tsv` for `vectors.tsv`."""
    return path.with_name(f"{path.stem}_metadata.tsv")


def export_projector(vectors: "Vectors", path: str | Path, progress: Report | None = None) -> tuple[Path, Path]:
    """Write `path` (a row of numbers a word) and its metadata file, as the projector's *Load* button takes them.

    Numbers have nine digits, so that float32 comes back bit by bit. A metadata file of one column must have no header,
    one of several must have one (TensorBoard's projector_plugin.py): words alone, or word and count.

    Args:
        vectors: the model.
        path: where to write; .tsv.
        progress: called as progress("write TSV", done, total, "words").

    Returns:
        Both paths.

    Raises:
        OutputError: a file cannot be written.
    """
    path = check_output(path, (".tsv",))
    beside = metadata_path(path)
    row = "\t".join(["%.9g"] * vectors.dim) + "\n"

    def numbers() -> Iterator[str]:
        for start in range(0, len(vectors), ROWS):
            rows = vectors.E[start : start + ROWS].tolist()
            yield "".join([row % tuple(values) for values in rows])
            if progress is not None:
                progress("write TSV", start + len(rows), len(vectors), "words")

    def names() -> Iterator[str]:
        if vectors.counts is None:
            yield from (f"{_one_field(word)}\n" for word in vectors.words)
            return
        yield "word\tcount\n"
        yield from (f"{_one_field(word)}\t{count}\n" for word, count in zip(vectors.words, vectors.counts.tolist()))

    write_lines(path, numbers())
    write_lines(beside, names())
    return path, beside


def export_tensorboard(vectors: "Vectors", folder: str | Path, progress: Report | None = None) -> list[Path]:
    """Write a log folder that `tensorboard --logdir FOLDER` opens: the two TSV files and projector_config.pbtxt.

    Raises:
        OutputError: the folder cannot be made or written to.
    """
    folder = make_folder(folder)
    paths = export_projector(vectors, folder / "vectors.tsv", progress)
    config = folder / "projector_config.pbtxt"
    lines = [
        "embeddings {\n",
        f'  tensor_name: "{len(vectors)} words, d = {vectors.dim}"\n',
        f'  tensor_path: "{paths[0].name}"\n',
        f'  metadata_path: "{paths[1].name}"\n',
        "}\n",
    ]
    write_lines(config, lines)
    return [*paths, config]


def make_folder(folder: str | Path) -> Path:
    """`folder`, made where it is not there. Raises `OutputError`."""
    from sgns.errors import OutputError

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}; choose another place") from None
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder} cannot be written to; choose another place")
    return folder


def _one_field(word: str) -> str:
    """`word` without what would end a field or a line; the projector shows an empty field as nothing."""
    return " ".join(word.split()) or "·"
