"""A map of the words of one model, or of two side by side, as one HTML file that a browser opens from disk.

The page draws with regl-scatterplot (WebGL), which the file contains; a Content-Security-Policy forbids every request.
Vectors are stored as 24-bit integers with a scale for each row. The page computes neighbours and analogies over all
words of the map; cosines agree with `Vectors.most_similar` to 1e-6, the rounding error of float32. (16 bits would save
a third of the file and change the order in one list of 200.)
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sgns.base.files import check_output, write_bytes
from sgns.base.geometry import unit
from sgns.errors import ConfigError
from sgns.figures.colouring import NO_COLOUR, Colouring, by_cluster, by_file, by_frequency, carry_over
from sgns.figures.projection import Projection, project, turn_onto
from sgns.figures.style import percent
from sgns.progress.callback import ProgressCallback

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

# In the order of the page: each uses those before it.
SCRIPTS = ("data.js", "labels.js", "renderer.js", "pace.js", "pane.js", "search.js", "panel.js", "main.js")


@dataclass(frozen=True)
class WordMap:
    """The map that was written."""

    path: Path
    words: list[int]  # their number, for each model
    bytes: int
    explained: list[list[float] | None]  # for each model: shares of variance of the two axes for pca, else None

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {"path": str(self.path), "words": self.words, "bytes": self.bytes, "explained_variance": self.explained}

    def text(self) -> str:
        """Returns a line with the size and how to open the file."""
        size = f"{self.bytes / 1e6:.1f} MB"
        words = " and ".join(f"{n:,}" for n in self.words)
        return f"{words} words in {self.path} ({size}); open it in a browser, press ? for help"


def make_map(
    models: "Sequence[Vectors]",
    path: str | Path,
    *,
    names: Sequence[str] = ("A", "B"),
    words: int = 20_000,
    projection: Projection = "pca",
    colour: str = "cluster",
    title: str | None = None,
    seed: int = 1,
    progress: ProgressCallback | None = None,
) -> WordMap:
    """Writes a map of one or two models.

    Args:
        models: one, or two that are shown side by side; the second map is rotated onto the first.
        path: where to write; .html.
        names: of the models.
        words: how many words to show, the most frequent ones.
        projection: pca or umap.
        colour: cluster, frequency, or a file of lines `fruit: apple pear plum`.
        title: of the page.
        seed: of clusters and umap.
        progress: called as progress("map", done, total, "steps").

    Returns:
        Path, sizes and shares of variance.

    Raises:
        ConfigError: an option is out of range.
        InputError: the file of colours cannot be used.
        MissingExtra: umap-learn is not installed.
        OutputError: `path` cannot be written.
    """
    path = check_output(path, (".html", ".htm"))
    if not 1 <= len(models) <= 2:
        raise ConfigError(f"{len(models)} models for a map; give 1 or 2")
    if words < 2:
        raise ConfigError(f"words is {words}, below 2; 20000 suits most models")
    report = progress or (lambda *_: None)
    steps = 2 * len(models) + 2
    shown = [model.restrict(words) for model in models]
    if min(len(model) for model in shown) < 2:
        raise ConfigError(f"{min(len(model) for model in shown)} words in the vectors, 2 are needed for a map")
    maps: list[np.ndarray] = []
    explained: list[list[float] | None] = []
    for model in shown:
        report("map", len(maps), steps, "steps")
        xy, shares = project(model.E, projection, seed)
        if maps:
            at = {word: i for i, word in enumerate(shown[0].words)}
            both = [(i, at[word]) for i, word in enumerate(model.words) if word in at]
            mine, theirs = np.array(both, dtype=np.int64).reshape(-1, 2).T
            xy = turn_onto(xy, maps[0], mine, theirs)
        maps.append(xy)
        explained.append(None if shares is None else shares.tolist())
    report("map", len(models), steps, "steps")
    colourings = _colourings(shown, colour, seed)
    page = []
    for number, (model, xy) in enumerate(zip(shown, maps)):
        report("map", len(models) + 1 + number, steps, "steps")
        page.append(_model(model, names[number], xy, [each[number] for each in colourings]))
    report("map", steps - 1, steps, "steps")
    how = {"pca": "PCA", "umap": "UMAP"}[projection]
    share = "" if explained[0] is None else f", {percent(sum(explained[0]))} of the variance"
    data = {
        "title": title or " and ".join(f"{m['name']}" for m in page),
        "note": f"{how}{share}",
        "colour": colourings[0][0].key,
        "models": page,
    }
    html = assemble(data, [model.E for model in shown]).encode("utf-8")
    write_bytes(path, html)
    report("map", steps, steps, "steps")
    return WordMap(path, [len(model) for model in shown], len(html), explained)


def _colourings(models: "Sequence[Vectors]", colour: str, seed: int) -> list[list[Colouring]]:
    """All colourings, each for every model, the one that is asked for first.

    The words of a second model have the clusters of the first.
    """
    first = models[0]
    ways = {"cluster": lambda: by_cluster(first, seed), "frequency": lambda: by_frequency(first)}
    found: list[list[Colouring]] = []
    if colour not in ways:
        found.append([by_file(model, Path(colour)) for model in models])
    for key in sorted(ways, key=lambda key: key != colour):
        base = ways[key]()
        rest = [by_frequency(m) if key == "frequency" else carry_over(base, first.words, m.words) for m in models[1:]]
        found.append([base, *rest])
    return found


def _model(vectors: "Vectors", name: str, xy: np.ndarray, colourings: list[Colouring]) -> dict[str, Any]:
    return {
        "name": name,
        "words": vectors.words,
        "counts": None if vectors.counts is None else vectors.counts.tolist(),
        "dim": vectors.dim,
        "xy": _base64(xy.astype("<f4")),
        "colourings": [
            {"key": c.key, "label": c.label, "names": c.names, "scale": c.scale, "none": NO_COLOUR, "of": _base64(c.of)}
            for c in colourings
        ],
    }


def quantise(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stores rows as 24-bit integers and a scale for each: X ≈ (256 · high + low) · scales[:, None].

    The largest |value| of a row becomes 2²³ − 1, so its precision is that of float32.

    Args:
        X: (n, d).

    Returns:
        high (n, d) little-endian int16, low (n, d) uint8, scales (n,) little-endian float32.
    """
    top = 2**23 - 1
    scales = (np.abs(X).max(axis=1) / top).astype("<f4")
    steps = np.where(scales > 0, scales, 1).astype(np.float64)
    whole = np.rint(X / steps[:, None]).clip(-top, top).astype(np.int32)
    return (whole >> 8).astype("<i2"), (whole & 255).astype(np.uint8), scales


def assemble(data: dict[str, Any], vectors: Sequence[np.ndarray]) -> str:
    """Assembles the page from template, style, library, scripts, data and the (n, d) vectors of each model."""
    here = files("sgns.figures")
    page = here / "page"
    script = "\n".join((page / name).read_text(encoding="utf-8") for name in SCRIPTS)
    # "</" or "<!--" would end the data within <script>
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "STYLE": (page / "map.css").read_text(encoding="utf-8"),
        "LIBRARY": (here / "vendor" / "regl-scatterplot.min.js").read_text(encoding="utf-8"),
        "SCRIPT": f'(() => {{\n"use strict";\n{script}\n}})();',
        "DATA": text,
        "VECTORS": "\n".join(_vector_elements(number, E) for number, E in enumerate(vectors)),
    }
    html = (page / "map.html").read_text(encoding="utf-8")
    for name, part in parts.items():
        before, marker, after = html.partition(f"{{{{{name}}}}}")
        assert marker, name
        html = before + part + after
    return html


def _vector_elements(number: int, E: np.ndarray) -> str:
    """The vectors of model `number` as three elements of the page, which data.js reads."""
    parts = zip(("high", "low", "scales"), quantise(unit(E, np.float64)))
    return "\n".join(f'<script type="text/plain" id="{name}-{number}">{_base64(part)}</script>' for name, part in parts)


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
