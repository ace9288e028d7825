"""Converts a vector file to another format, with the changes to its vectors that are asked for."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from sgns.base.files import check_not_input
from sgns.errors import ConfigError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.formats import format_to_write, held_by, warn
from sgns.vectors.files.projector import files_of, metadata_path
from sgns.vectors.files.quantized import Precision
from sgns.vectors.files.selection import ALL, Only, Selection, words_of
from sgns.vectors.sets import Conflict
from sgns.vectors.vectors import Space, Vectors


def convert(
    source: Path,
    target: Path,
    *,
    format: str | None = None,
    read_as: str | None = None,
    restrict: int | None = None,
    space: Space = "E",
    normalize: bool = False,
    all_but_the_top: int | None = None,
    quantize: Precision | None = None,
    drop: Only | None = None,
    repair: bool = False,
    selection: Selection = ALL,
    on_warning: WarningCallback | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Vectors, list[str]]:
    """Reads `source`, changes its vectors in the order of the arguments, and writes `target`.

    Args:
        source: Vector file.
        target: File to write; replaced whole or not at all.
        format: Format to write; None takes the one of the ending.
        read_as: Format to read; None takes the one that the bytes show.
        restrict: Write only this many words, the most frequent ones.
        space: Write E (and C, where the format has it), C, or their sum.
        normalize: Scale every row to length 1, after all other changes.
        all_but_the_top: Number of the strongest directions to subtract, after the mean (Mu & Viswanath 2018).
        quantize: Keep E and C as int8 or float16, after all other changes; the own format alone can.
        drop: Words that are left out, or the path of a file with a word a line, such as stop words.
        repair: Leave out damaged rows instead of raising.
        selection: Which rows of `source` are read.
        on_warning: Called with each repair and each renamed word; by default a `RepairWarning`.
        progress: Called while reading and writing.

    Returns:
        The vectors that were written, and what is left out of the file: C, counts, metadata, subwords.

    Raises:
        ConfigError: An option is out of range, or `quantize` is asked for in a format that cannot keep it.
        InputError: `source` cannot be read.
        FormatError: `source` is damaged, holds numbers that are not finite, or has words that the format cannot hold.
        OutputError: `target` cannot be written, or is `source`.
    """
    for output in (target, metadata_path(target) if format_to_write(target, format) == "projector" else None):
        check_not_input(output, files_of(source))
    if quantize is not None and format_to_write(target, format) != "safetensors":
        raise ConfigError(f"{target}: quantize is {quantize}, which .safetensors alone can keep; write such a file")
    held, on_warning = held_by(format_to_write(target, format)), on_warning or warn
    vectors = Vectors.load_selection(
        source, selection, read_as, repair=repair, on_warning=on_warning, progress=progress
    )
    composed = vectors.subwords is not None
    if drop is not None:
        vectors = without_words(vectors, words_of(drop), str(source), on_warning)
    if restrict is not None:
        vectors = vectors.restrict(restrict)
    vectors = vectors.space(space)
    if all_but_the_top is not None:
        vectors = vectors.all_but_the_top(all_but_the_top)
    if normalize:
        vectors = vectors.normalized()
    if quantize is not None:
        vectors = vectors.quantize(quantize)
    if composed and vectors.subwords is None:
        on_warning(f"{target}: subwords are left out: the rows of n-grams do not stand for the changed rows of words")
    vectors.norms  # noqa: B018  raises for a row that is not finite, before anything is written
    if vectors.precision != "float32" and format_to_write(target, format) != "safetensors":
        vectors = Vectors.from_parts(vectors.parts)
    vectors.save(target, format, on_warning=on_warning, progress=progress)
    return vectors, left_out_of(vectors, held, composed)


def merge(
    sources: Sequence[Path],
    target: Path,
    *,
    on_conflict: Conflict = "error",
    format: str | None = None,
    selection: Selection = ALL,
    on_warning: WarningCallback | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Vectors, list[str]]:
    """Writes the words of several vector files to one: those of the first in its order, then those that others add.

    Args:
        sources: Two vector files or more, of the same dimension.
        target: File to write; replaced whole or not at all.
        on_conflict: What happens to a word that two have; see `Vectors.merge`.
        format: Format to write; None takes the one of the ending.
        selection: Which rows of each file are read.
        on_warning: Called with each repair and each renamed word; by default a `RepairWarning`.
        progress: Called while reading and writing.

    Returns:
        As `convert`.

    Raises:
        ConfigError: There are fewer than two files, their dimensions differ, or two have a word and on_conflict is
            error.
        InputError, FormatError, OutputError: as `convert`.
    """
    if len(sources) < 2:
        raise ConfigError(f"{len(sources)} vector files; name at least two to merge")
    for output in (target, metadata_path(target) if format_to_write(target, format) == "projector" else None):
        check_not_input(output, [file for source in sources for file in files_of(source)])
    held, on_warning = held_by(format_to_write(target, format)), on_warning or warn
    merged: Vectors | None = None
    composed = False
    for source in sources:
        vectors = Vectors.load_selection(source, selection, on_warning=on_warning, progress=progress)
        vectors.norms  # noqa: B018  raises for a row that is not finite
        composed = composed or vectors.subwords is not None
        try:
            merged = vectors if merged is None else merged.merge(vectors, on_conflict)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None
    assert merged is not None
    merged.save(target, format, on_warning=on_warning, progress=progress)
    return merged, left_out_of(merged, held, composed)


def without_words(vectors: Vectors, words: Iterable[str], name: str, on_warning: WarningCallback) -> Vectors:
    """The vectors without some words; a warning has the number of those that are not there.

    Raises:
        ConfigError: None of the words is there, or nothing else is.
    """
    words = list(words)
    known = [word for word in words if word in vectors]
    if not known:
        raise ConfigError(f"none of the {len(words):,} words to drop is in {name} (first: {words[0][:80]!r})")
    if len(known) == len(vectors):
        raise ConfigError(f"all {len(known):,} words of {name} are to be dropped, and nothing would be left; keep some")
    if len(known) < len(words):
        on_warning(f"not in {name}: {len(words) - len(known):,} of the {len(words):,} words to drop")
    return vectors.drop(known)


def left_out_of(vectors: Vectors, held: Sequence[str], composed: bool) -> list[str]:
    """What a format that holds `held` cannot keep of the vectors; `composed` says whether they came with subwords."""
    there = {"C": vectors.C is not None, "counts": vectors.counts is not None, "metadata": bool(vectors.metadata)}
    there["subwords"] = composed
    held = held if vectors.subwords is not None else tuple(name for name in held if name != "subwords")
    return [name for name, is_there in there.items() if is_there and name not in held]
