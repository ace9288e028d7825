"""A log folder for TensorBoard's projector: vectors and words as TSV, and the config that ties them together."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sgns.errors import OutputError
from sgns.figures.output import write_lines

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

Report = Callable[[str, int, int | None, str], None]


def export_projector(vectors: "Vectors", path: str | Path, progress: Report | None = None) -> tuple[Path, Path]:
    """Write `path` (.tsv, a row of numbers a word) and the words beside it, as the projector's *Load* takes them.

    Returns:
        Both paths: `vectors.tsv` and `vectors_metadata.tsv`.

    Raises:
        OutputError: a file cannot be written.
    """
    from sgns.vectors.files.formats import save
    from sgns.vectors.files.projector import metadata_path

    path = Path(path)
    save(vectors, path, "projector", progress=progress)
    return path, metadata_path(path)


def export_tensorboard(vectors: "Vectors", folder: str | Path, progress: Report | None = None) -> list[Path]:
    """Write a log folder that `tensorboard --logdir FOLDER` opens: the two TSV files and projector_config.pbtxt.

    Raises:
        OutputError: the folder cannot be made or written to.
    """
    folder = make_folder(folder)
    paths = export_projector(vectors, folder / "vectors.tsv", progress)
    lines = [
        "embeddings {\n",
        f'  tensor_name: "{len(vectors)} words, d = {vectors.dim}"\n',
        f'  tensor_path: "{paths[0].name}"\n',
        f'  metadata_path: "{paths[1].name}"\n',
        "}\n",
    ]
    config = folder / "projector_config.pbtxt"
    write_lines(config, lines)
    return [*paths, config]


def make_folder(folder: str | Path) -> Path:
    """`folder`, made where it is not there. Raises `OutputError`."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}; choose another place") from None
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder} cannot be written to; choose another place")
    return folder
