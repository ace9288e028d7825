"""`sgns plot`: which kind of picture, and what to say about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sgns.errors import ConfigError
from sgns.figures.output import check_output
from sgns.figures.wordlist import words_to_show

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

Kind = Literal["words", "heatmap", "loss", "movement"]


@dataclass(frozen=True)
class Drawing:
    """A picture and its figures."""

    path: Path
    title: str
    figures: dict[str, Any]

    def text(self) -> str:
        """Title and place."""
        return f"{self.title}\n{self.path}"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {"path": str(self.path), "title": self.title} | self.figures


def draw(
    vectors: "Vectors",
    path: str | Path,
    second: "Vectors | None" = None,
    *,
    kind: Kind | None = None,
    words: Sequence[str] | None = None,
    title: str | None = None,
    names: tuple[str, str] = ("A", "B"),
) -> Drawing:
    """Draw one picture of `vectors`.

    Args:
        vectors: the model.
        path: where to write; .png, .svg or .pdf.
        second: the other model of a movement plot.
        kind: words (PCA), heatmap, loss or movement; where left out, movement for two models, else words.
        words: what to show; see `words_to_show`.
        title: what is seen.
        names: of the two models.

    Raises:
        ConfigError: a kind that does not fit what is there.
        UnknownWord: a word is not in the vocabulary.
        OutputError: `path` cannot be written.
    """
    path = check_output(path)
    kind = kind or ("words" if second is None else "movement")
    if (kind == "movement") != (second is not None):
        number = 1 if second is None else 2
        raise ConfigError(f"{number} vector file{'s' * (number > 1)} for kind {kind}; movement needs 2, the others 1")
    if kind == "movement" and second is not None:
        from sgns.figures.movement import plot_movement

        chosen = words_to_show(vectors, words)[0] if words else None
        moved = plot_movement(vectors, second, path, chosen, names=names, title=title)
        return Drawing(path, moved.title, {"cosines": moved.cosines, "shared_words": moved.shared})
    if kind == "loss":
        return _draw_loss(vectors, path, title)
    shown, groups = words_to_show(vectors, words)
    if kind == "heatmap":
        from sgns.figures.heatmap import plot_heatmap

        heat = plot_heatmap(vectors, shown, path, title=title)
        return Drawing(path, heat.title, {"words": heat.words, "cosines": heat.cosines.tolist()})
    from sgns.figures.plot import plot_words

    result = plot_words(vectors, shown, path, groups=groups, title=title)
    figures = {
        "explained_variance": result.explained.tolist(),
        "coordinates": dict(zip(result.words, result.coordinates.tolist())),
        "groups": result.groups,
    }
    return Drawing(path, result.title, figures)


def _draw_loss(vectors: "Vectors", path: Path, title: str | None) -> Drawing:
    from sgns.figures.losses import loss_title, plot_loss

    losses, validation = vectors.metadata.get("losses"), vectors.metadata.get("validation_losses")
    if not losses:
        raise ConfigError("the file keeps 0 losses, 1 is needed; only files that sgns trained keep them")
    title = title or loss_title(losses, validation)
    plot_loss(losses, path, validation, title=title)
    return Drawing(path, title, {"losses": losses, "validation_losses": validation})
