"""`sgns export`: which viewer gets what, and the one command that opens it."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sgns.errors import ConfigError
from sgns.figures.atlas import TABLES, export_atlas
from sgns.figures.projection import Projection
from sgns.figures.projector import export_tensorboard

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

Viewer = Literal["tensorboard", "atlas"]


@dataclass(frozen=True)
class Export:
    """What was written, and how to look at it."""

    written: list[Path]
    words: int
    command: str

    def text(self) -> str:
        """Paths, and the command that opens them."""
        return "\n".join([f"{self.words:,} words in", *(f"  {path}" for path in self.written), "", self.command])

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {"written": [str(path) for path in self.written], "words": self.words, "command": self.command}


def export(
    vectors: "Vectors",
    output: str | Path,
    to: Viewer | None = None,
    *,
    words: int | None = None,
    projection: Projection = "pca",
    progress: Callable[[str, int, int | None, str], None] | None = None,
) -> Export:
    """Write `vectors` for TensorBoard's projector (a folder) or Embedding Atlas (a .csv or .parquet file).

    Args:
        vectors: the model.
        output: where to write.
        to: tensorboard or atlas; where left out, atlas for a table's ending, else tensorboard.
        words: the most frequent words to write; all where left out.
        projection: of the coordinates for atlas.
        progress: called as progress(stage, done, total, "words").

    Raises:
        ConfigError: words below 1.
        OutputError: `output` cannot be written.
        MissingExtra: a library is not installed.
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
        if path.suffix.lower() == ".parquet":  # in CSV the column is text, which it does not take for neighbours
            columns += " --neighbors neighbors"
        command = f"uvx embedding-atlas {shlex.quote(str(path))} {columns}"
        return Export([path], len(vectors), command)
    written = export_tensorboard(vectors, output, progress)
    return Export(written, len(vectors), f"uvx tensorboard --logdir {shlex.quote(str(output))}")
