"""The verb that writes vectors in another format."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from sgns.cli.tables import print_json, say
from sgns.progress import Progress
from sgns.vectors.files import formats
from sgns.vectors.vectors import Space

Format = Literal["safetensors", "word2vec", "word2vec-binary", "glove", "fasttext", "projector", "npz"]
Flag = Annotated[bool, Parameter(negative=())]


def convert(
    source: Path,
    target: Path,
    /,
    *,
    format: Format | None = None,
    read_as: Format | None = None,
    restrict: int | None = None,
    space: Space = "E",
    normalize: Flag = False,
    all_but_the_top: int | None = None,
    repair: Flag = False,
    json: Flag = False,
) -> None:
    """Write vectors in the format of the ending: .safetensors .bin .txt .vec .glove .tsv .npz, any of them with .gz.

    Args:
        source: Vector file; its format is read from its bytes.
        target: File to write; replaced whole or not at all.
        format: Format to write, when the ending does not tell.
        read_as: Format to read, when the bytes do not tell.
        restrict: Keep the this many most frequent words.
        space: Write the target vectors E (and C where the format keeps it), the context vectors C, or their sum.
        normalize: Scale every row to length 1.
        all_but_the_top: Take out the mean and this many of the strongest directions (Mu & Viswanath 2018).
        repair: Leave out damaged rows (NaN, too few numbers, a torn end) instead of stopping.
        json: Print one JSON object.
    """
    kept = formats.keeps(target, format)
    told: list[str] = []

    def on_warning(message: str) -> None:
        told.append(message)
        say(message)

    with Progress(quiet=json) as progress:
        vectors = formats.load(source, read_as, repair=repair, on_warning=on_warning, progress=progress.update)
        vectors = vectors.finite(on_warning) if repair else vectors
        if restrict is not None:
            vectors = vectors.restrict(restrict)
        vectors = vectors.space(space)
        if all_but_the_top is not None:
            vectors = vectors.all_but_the_top(all_but_the_top)
        if normalize:
            vectors = vectors.normalized()
        vectors.norms  # noqa: B018  raises for a row that is not finite, before anything is written
        formats.save(vectors, target, format, on_warning=on_warning, progress=progress.update)
    held = {"C": vectors.C is not None, "counts": vectors.counts is not None, "metadata": bool(vectors.metadata)}
    lost = [name for name, there in held.items() if there and name not in kept]
    if json:
        shape = {"words": len(vectors), "dim": vectors.dim}
        print_json({"source": str(source), "target": str(target), **shape, "left_out": lost, "told": told})
        return
    if lost:
        say(f"left out: {', '.join(lost)}; only .safetensors and .npz keep everything")
    print(f"{target}: {len(vectors):,} words, d = {vectors.dim}")
