"""The verbs on one vector file: similar, analogy, odd, ask, info, convert."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from sgns.base.files import check_not_input
from sgns.cli.options import (
    DEFAULT_VECTORS,
    WHOLE_FILE,
    AllButTheTop,
    Flag,
    Json,
    Number,
    Output,
    PartOfFile,
    PartOption,
    SpaceHelp,
    UnknownOption,
    VectorFile,
    WordsOrFile,
    files_of_words,
    words_or_file,
)
from sgns.cli.output import answers_as_dict, print_answers, print_json, warn
from sgns.cli.streams import lines_of
from sgns.errors import ConfigError, InputError
from sgns.progress.callback import WarningCallback
from sgns.vectors.files.formats import Format
from sgns.vectors.files.quantized import QUANTIZED, Precision
from sgns.vectors.quantize import NeighboursKept
from sgns.vectors.sets import Conflict
from sgns.vectors.vectors import Method, Space, Vectors

Words = Annotated[tuple[str, ...], Parameter(negative=(), allow_leading_hyphen=True)]
Word = Annotated[str, Parameter(allow_leading_hyphen=True)]
Among = Literal["words", "documents"]


def opened(
    path: Path,
    space: Space = "E",
    all_but_the_top: int | None = None,
    part: PartOfFile = WHOLE_FILE,
    also: Iterable[str] = (),
) -> Vectors:
    """The vectors of `path` in the space and with the postprocessing asked for; repairs are reported on stderr.

    Args:
        path: Vector file.
        space: See `Vectors.space`.
        all_but_the_top: See `Vectors.all_but_the_top`.
        part: Which rows are read.
        also: Words that are read too where only some are, those of a question.

    Raises:
        InputError: the file cannot be read.
    """
    if path == DEFAULT_VECTORS and not path.exists():
        raise InputError(f"{path} is not there; python word2vec.py writes it, or name another vector file")
    vectors = Vectors.load_selection(path, part.selection(also), on_warning=warn).with_text_words().space(space)
    return vectors if all_but_the_top is None else vectors.all_but_the_top(all_but_the_top)


def check_words(vectors: Vectors, *words: str) -> None:
    """Takes a word that begins with a dash for an option, unless it is in the vocabulary. Raises `UnknownOption`."""
    for word in words:
        if word.startswith("-") and word not in vectors:
            raise UnknownOption(word, f"and it is no word of the {len(vectors):,} in the file")


def report_composed(vectors: Vectors, words: Iterable[str]) -> None:
    """Says on stderr which words are not in the vocabulary and have a vector that is composed of their n-grams."""
    from sgns.vectors.query import notes_on_composed

    for note in notes_on_composed(vectors, words):
        warn(note)


def similar(
    vectors: VectorFile,
    words: Words,
    /,
    *,
    minus: Words = (),
    n: Number = 10,
    space: Annotated[Space, SpaceHelp] = "E",
    all_but_the_top: AllButTheTop = None,
    among: Among | None = None,
    part: PartOption = WHOLE_FILE,
    json: Json = False,
) -> None:
    """Nearest neighbours of a word, or of the sum of several words, by cosine.

    Args:
        words: Words to add; tags with --documents.
        minus: A word to subtract; may be given several times.
        among: Where neighbours are looked for: among words or documents; left out, among what is asked for.
    """
    asked = opened(vectors, space, all_but_the_top, part, (*words, *minus))
    check_words(asked, *words, *minus)
    if among is None or (among == "documents") == part.documents:
        answers = asked.most_similar(words, minus, n)
    else:
        if all_but_the_top is not None:
            raise ConfigError("--all-but-the-top changes vectors of words alone; leave it out, or --among")
        direction, _ = asked.direction([*((1.0, word) for word in words), *((-1.0, word) for word in minus)])
        other = opened(vectors, "E" if among == "documents" else space, part=PartOfFile(documents=among == "documents"))
        answers = other.nearest_to(direction, n)
    report_composed(asked, (*words, *minus))
    question: dict[str, Any] = {"positive": words, "negative": minus, "space": space}
    if part.documents or among is not None:
        question["documents"], question["among"] = part.documents, among or "documents"
    print_answers(question, answers, json)


def analogy(
    vectors: VectorFile,
    a: Word,
    b: Word,
    c: Word,
    /,
    *,
    n: Number = 10,
    method: Method = "add",
    space: Annotated[Space, SpaceHelp] = "E",
    part: PartOption = WHOLE_FILE,
    json: Json = False,
) -> None:
    """Answer a : b = c : ?, for example man king woman.

    Args:
        a: First word (man).
        b: What a is to b (king) …
        c: … is c (woman) to the answer.
        method: add for 3CosAdd, mul for 3CosMul (whose scores are not cosines).
    """
    asked = opened(vectors, space, part=part, also=(a, b, c))
    check_words(asked, a, b, c)
    answers = asked.analogy(a, b, c, n, method)
    report_composed(asked, (a, b, c))
    print_answers({"a": a, "b": b, "c": c, "method": method}, answers, json, "cosine" if method == "add" else "score")


def odd(
    vectors: VectorFile,
    words: Words,
    /,
    *,
    space: Annotated[Space, SpaceHelp] = "E",
    part: PartOption = WHOLE_FILE,
    json: Json = False,
) -> None:
    """The odd one out: words by their cosine with the mean of all, the oddest first.

    Args:
        words: Three words or more.
    """
    asked = opened(vectors, space, part=part, also=words)
    check_words(asked, *words)
    answers = asked.doesnt_match(words)
    report_composed(asked, words)
    print_answers({"words": words}, answers, json)


def ask(
    vectors: VectorFile,
    question: Annotated[tuple[str, ...], Parameter(negative=(), allow_leading_hyphen=True)] = (),
    /,
    *,
    n: Number = 10,
    space: Annotated[Space, SpaceHelp] = "E",
    part: PartOption = WHOLE_FILE,
    json: Json = False,
) -> int:
    """A prompt that takes paris - france + italy; or one question, or a line each from a pipe.

    Args:
        question: Answer this question and exit.
    """
    from sgns.cli import prompt
    from sgns.vectors.query import ask, composed_words

    asked = opened(vectors, space, part=part)
    if question:
        check_words(asked, *(part for part in question if re.match("--[a-z]", part)))
        text = " ".join(question)
        answers = ask(asked, text, n)
        for note in composed_words(asked, text):
            warn(note)
        if json:
            print_json({"questions": [answers_as_dict({"question": text}, answers)]})
        else:
            print_answers({}, answers, as_json=False)
    elif sys.stdin.isatty() and not json:
        prompt.converse(asked, n)
    else:
        return prompt.answer_lines(asked, lines_of(sys.stdin), n, json)
    return 0


def info(vectors: VectorFile, /, *, json: Json = False) -> None:
    """What a vector file holds and how it was made."""
    from sgns.vectors.description import description_as_dict, description_as_text

    opened_vectors = opened(vectors)
    if json:
        print_json(description_as_dict(opened_vectors, vectors))
    else:
        print(description_as_text(opened_vectors, vectors))


def convert(
    source: VectorFile,
    target: Path,
    /,
    *,
    format: Format | None = None,
    read_as: Format | None = None,
    restrict: int | None = None,
    space: Annotated[Space, SpaceHelp] = "E",
    normalize: Flag = False,
    all_but_the_top: AllButTheTop = None,
    quantize: Precision | None = None,
    drop: WordsOrFile = None,
    repair: Flag = False,
    part: PartOption = WHOLE_FILE,
    json: Json = False,
) -> None:
    """Write vectors in the format of the ending: .safetensors .bin .fasttext.bin .txt .vec .glove .tsv .npz; .gz packs.

    Args:
        target: File to write; replaced whole or not at all.
        format: Format to write, if the ending does not name it.
        read_as: Format to read, if the bytes do not show it.
        restrict: Write only this many words, the most frequent ones.
        normalize: Scale every row to length 1.
        quantize: Keep each number in one byte (int8) or two (float16), with a scale for each row; .safetensors only.
        drop: Leave out these words; or those of a file with a word a line.
        repair: Leave out damaged rows (NaN, too few numbers, a truncated end) instead of stopping.
    """
    from sgns.progress import Progress
    from sgns.vectors.conversion import convert

    for file in (*files_of_words(drop), *part.files):
        check_not_input(target, [file])
    warnings: list[str] = []
    with Progress(quiet=json) as progress:
        written, left_out = convert(
            source,
            target,
            format=format,
            read_as=read_as,
            restrict=restrict,
            space=space,
            normalize=normalize,
            all_but_the_top=all_but_the_top,
            quantize=quantize,
            drop=words_or_file(drop),
            repair=repair,
            selection=part.selection(),
            on_warning=warn_and_keep(warnings),
            progress=progress.update,
        )
    print_written({"source": source}, target, written, left_out, warnings, json)


def merge(
    *sources: Annotated[Path, Parameter(help="Vector files, in any formats; two or more of the same dimension.")],
    output: Output,
    on_conflict: Conflict = "error",
    format: Format | None = None,
    part: PartOption = WHOLE_FILE,
    json: Json = False,
) -> None:
    """Write the words of several vector files to one: those of the first, then those that the others add.

    Args:
        output: File to write, in the format of its ending; replaced whole or not at all.
        on_conflict: A word that two have stops the command, or keeps its first or second row, or their mean.
        format: Format to write, if the ending does not name it.
    """
    from sgns.progress import Progress
    from sgns.vectors.conversion import merge

    check_not_input(output, part.files)
    warnings: list[str] = []
    with Progress(quiet=json) as progress:
        written, left_out = merge(
            sources,
            output,
            on_conflict=on_conflict,
            format=format,
            selection=part.selection(),
            on_warning=warn_and_keep(warnings),
            progress=progress.update,
        )
    print_written({"sources": sources}, output, written, left_out, warnings, json)


def warn_and_keep(warnings: list[str]) -> WarningCallback:
    """A function that prints a warning and appends it to `warnings`, for `print_written`."""

    def on_warning(message: str) -> None:
        warnings.append(message)
        warn(message)

    return on_warning


def print_written(
    source: dict[str, Any], target: Path, written: Vectors, left_out: list[str], warnings: list[str], as_json: bool
) -> None:
    """Prints what was written, and what of it the format cannot hold."""
    if as_json:
        answer = {**source, "target": target, "words": len(written), "dim": written.dim}
        if written.precision != "float32":
            answer["quantized"] = written.metadata.get(QUANTIZED)
        print_json({**answer, "left_out": left_out, "warnings": warnings})
        return
    if left_out:
        warn(f"left out: {', '.join(left_out)}; only .safetensors and .npz keep everything")
    print(f"{target}: {len(written):,} words, d = {written.dim}{loss_of(written)}")


def loss_of(vectors: Vectors) -> str:
    """What quantizing has cost, for a line; empty for vectors that are not quantized."""
    note = vectors.metadata.get(QUANTIZED)
    if vectors.precision == "float32" or not isinstance(note, dict) or "neighbours_kept" not in note:
        return ""
    kept = NeighboursKept(note["neighbours_kept"], note["of_words"], note["of_nearest"])
    return f"; {vectors.precision}: {kept.text()}"
