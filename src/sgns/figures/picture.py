"""One picture of a model, of the kind that is asked for: the function behind `sgns plot`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sgns.base.files import check_output
from sgns.errors import ConfigError
from sgns.figures.heatmap import plot_heatmap
from sgns.figures.losses import loss_title, plot_loss
from sgns.figures.movement import plot_movement
from sgns.figures.plot import plot_words
from sgns.figures.style import PICTURES
from sgns.figures.words import words_to_show

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

PictureKind = Literal["words", "heatmap", "loss", "movement"]


@dataclass(frozen=True)
class Picture:
    """A picture that was written, and the numbers that it shows."""

    path: Path
    title: str
    numbers: dict[str, Any]

    def text(self) -> str:
        """Returns the title and the path as two lines."""
        return f"{self.title}\n{self.path}"

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {"path": str(self.path), "title": self.title} | self.numbers


def draw_picture(
    vectors: "Vectors",
    path: str | Path,
    second: "Vectors | None" = None,
    *,
    kind: PictureKind | None = None,
    words: Sequence[str] | None = None,
    title: str | None = None,
    names: tuple[str, str] = ("A", "B"),
) -> Picture:
    """Draws one picture of a model, or of the movement of words between two.

    Args:
        vectors: the model.
        path: where to write; .png, .svg or .pdf.
        second: the other model of a movement plot.
        kind: words (principal components), heatmap, loss or movement; by default movement for two models, else words.
        words: what to show; see `words_to_show`.
        title: states what the picture shows; by default made from its numbers.
        names: of the two models.

    Raises:
        ConfigError: the kind does not fit the number of models, or the model's file has no losses.
        UnknownWord: a word is not in the vocabulary.
        OutputError: `path` cannot be written.
    """
    path = check_output(path, PICTURES)
    kind = kind or ("words" if second is None else "movement")
    if (kind == "movement") != (second is not None):
        number = 1 if second is None else 2
        raise ConfigError(f"{number} vector file{'s' * (number > 1)} for kind {kind}; movement needs 2, the others 1")
    if second is not None:
        chosen = words_to_show(vectors, words)[0] if words else None
        moved = plot_movement(vectors, second, path, chosen, names=names, title=title)
        return Picture(path, moved.title, {"cosines": moved.cosines, "shared_words": moved.shared})
    if kind == "loss":
        return _draw_loss(vectors, path, title)
    shown, groups = words_to_show(vectors, words)
    if kind == "heatmap":
        heat = plot_heatmap(vectors, shown, path, title=title)
        return Picture(path, heat.title, {"words": heat.words, "cosines": heat.cosines.tolist()})
    plot = plot_words(vectors, shown, path, groups=groups, title=title)
    numbers = {
        "explained_variance": plot.explained.tolist(),
        "coordinates": dict(zip(plot.words, plot.coordinates.tolist())),
        "groups": plot.groups,
    }
    return Picture(path, plot.title, numbers)


def _draw_loss(vectors: "Vectors", path: Path, title: str | None) -> Picture:
    losses, validation = vectors.metadata.get("losses"), vectors.metadata.get("validation_losses")
    if not losses:
        raise ConfigError("the file keeps 0 losses, 1 is needed; only files that sgns trained keep them")
    title = title or loss_title(losses, validation)
    plot_loss(losses, path, validation, title=title)
    return Picture(path, title, {"losses": losses, "validation_losses": validation})
