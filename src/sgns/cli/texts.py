"""The verbs on texts: encode and infer (vectors of texts and of documents), predict (the likeliest centre word)."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sgns.cli.options import AS_PATH, Json, Number, Output, SpaceHelp, UnknownOption, VectorFile
from sgns.cli.output import print_answers, print_json, warn
from sgns.cli.vectors import Words, check_words, opened
from sgns.errors import ConfigError
from sgns.vectors.prediction import Scale
from sgns.vectors.texts import EncodedTexts, Weights, reported
from sgns.vectors.tokens import Unknown
from sgns.vectors.vectors import Space

TextFile = Annotated[
    str,
    AS_PATH,
    Parameter(allow_leading_hyphen=True, help="File with one text a line, plain or packed; or - for standard input."),
]
TextColumn = Annotated[
    str | None, Parameter(help="Column of a table (JSON lines, CSV, TSV, Parquet, Arrow) that holds the texts.")
]
UnknownHelp = Parameter(
    help="Leave unknown words out (skip), or compose their vectors of their n-grams, as fastText does."
)
WeightsHelp = Parameter(help="sif, a / (a + p(w)) for a word of frequency p(w), or mean.")


def encode(
    vectors: VectorFile,
    texts: TextFile,
    /,
    *,
    output: Output,
    weights: Annotated[Weights, WeightsHelp] = "sif",
    a: float = 1e-3,
    components: int | None = None,
    fit: Path | None = None,
    column: TextColumn = None,
    unknown: Annotated[Unknown, UnknownHelp] = "skip",
    space: Annotated[Space, SpaceHelp] = "E",
    json: Json = False,
) -> None:
    """Vectors of texts: weighted means of the vectors of their words, a row for each line (SIF, Arora et al. 2017).

    Unknown words are left out and counted, or composed of their n-grams; a text without any has a zero row.

    Args:
        output: File to write: .npy, an array (n, d); or .parquet, with the texts beside their vectors.
        a: The constant of SIF.
        components: Common components to subtract, of the texts of --fit, or of the texts themselves; 1 in the paper.
            0, unless --fit is given.
        fit: File of texts whose common component is subtracted from all, so that new texts are treated alike.
    """
    from sgns.base.files import check_not_input, check_output
    from sgns.text.lines import read_texts
    from sgns.vectors.files.encoded_texts import ENDINGS, check_library, write_encoded

    if texts.startswith("-") and texts != "-":
        raise UnknownOption(texts)
    check_library(check_output(output, ENDINGS))
    check_not_input(output, [vectors, texts, fit])
    if fit is not None and components == 0:
        raise ConfigError("--fit finds components to subtract, and --components is 0; leave one of them out")
    number = components if components is not None else int(fit is not None)
    encoder = opened(vectors, space).text_encoder(weights, a, number, unknown=unknown)
    if fit is not None:
        encoder.fit(read_texts(fit, column))
    read = list(read_texts(texts, column))
    found = encoder.encode(read) if fit is not None else encoder.fit_encode(read)
    write_encoded(output, read, found.rows, found.words, found.known)
    print_encoded(output, found, json)


def print_encoded(output: Path, found: EncodedTexts, as_json: bool) -> None:
    """Prints how many texts have got vectors, and how many of their words are known."""
    texts, words, composed = len(found.rows), int(found.words.sum()), int(found.composed.sum())
    if as_json:
        shape = {"texts": texts, "dim": found.rows.shape[1], "words": words, "known": int(found.known.sum())}
        shape["composed"] = composed
        print_json({"output": output, **shape, "coverage": found.coverage, "empty": found.empty.tolist()})
        return
    reported(found, warn)
    known = f"{found.coverage:.1%} of {words:,} words known{f', {composed:,} of them composed' if composed else ''}"
    print(f"{output}: {texts:,} texts, d = {found.rows.shape[1]}, {known}")


def predict(
    vectors: VectorFile,
    words: Words,
    /,
    *,
    n: Number = 10,
    scale: Annotated[
        Scale, Parameter(help="probability, softmax as gensim computes it, or score h·C.")
    ] = "probability",
    json: Json = False,
) -> None:
    """The likeliest word between context words: p(w|h) ∝ q(w) exp(h·C_w), with q the noise distribution of training.

    Args:
        words: Words of the context, or a text; h is the mean of their vectors. Unknown ones are left out.
    """
    asked = opened(vectors)
    check_words(asked, *words)
    context = list(words) if all(word in asked for word in words) else " ".join(words)
    answers = asked.predict(context, n, scale=scale, on_warning=warn)
    print_answers({"context": words, "scale": scale}, answers, json, scale)


def infer(
    vectors: VectorFile,
    texts: TextFile,
    /,
    *,
    output: Output,
    epochs: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    threads: int = 0,
    column: TextColumn = None,
    json: Json = False,
) -> None:
    """Vectors of new documents, a row for each line, by a model that was trained with --model dbow or dm.

    The same text has the same vector, whatever else is in the file. Unknown words are left out and counted; a text
    without a known word has a zero row.

    Args:
        output: File to write: .npy, an array (n, d); or .parquet, with the texts beside their vectors.
        epochs: Passes over each text; left out, those of training, but 20 at least.
        lr: Learning rate at the start; left out, that of training.
        seed: Seed of every random draw; left out, that of training.
        threads: Threads that work; 0 takes all cores.
    """
    from sgns.base.files import check_not_input, check_output
    from sgns.progress import Progress
    from sgns.text.lines import read_texts
    from sgns.training.infer import infer_texts
    from sgns.vectors.files.encoded_texts import ENDINGS, check_library, write_encoded

    if texts.startswith("-") and texts != "-":
        raise UnknownOption(texts)
    check_library(check_output(output, ENDINGS))
    check_not_input(output, [vectors, texts])
    model, read = opened(vectors), list(read_texts(texts, column))
    with Progress(quiet=json) as progress:
        found = infer_texts(model, read, epochs=epochs, lr=lr, seed=seed, threads=threads, progress=progress.update)
    write_encoded(output, read, found.rows, found.words, found.known)
    print_encoded(output, found, json)
