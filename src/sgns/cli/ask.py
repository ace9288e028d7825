"""Verbs that question a vector file: similar, analogy, odd, info, ask."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from sgns.cli.tables import print_json, say, table
from sgns.vectors.files.formats import load
from sgns.vectors.vectors import Answers, Space, Vectors

N = Annotated[int, Parameter(name=["--n", "-n"])]


def opened(path: Path, space: Space = "E", top: int | None = None) -> Vectors:
    """The vectors of `path`, in the space and postprocessing asked for; repairs are told on stderr."""
    vectors = load(path, on_warning=say).space(space)
    return vectors if top is None else vectors.all_but_the_top(top)


def show(question: dict[str, Any], answers: Answers, heading: str, as_json: bool) -> None:
    """Answers as a table or as JSON."""
    if as_json:
        print_json(question | {"answers": [{"word": word, heading: score} for word, score in answers]})
    else:
        print(table(["word", heading], answers))


def similar(
    vectors: Path,
    words: Annotated[list[str], Parameter(negative=())],
    /,
    *,
    minus: Annotated[list[str], Parameter(negative=())] = [],  # noqa: B006  cyclopts shows the default; never changed
    n: N = 10,
    space: Space = "E",
    all_but_the_top: int | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Nearest neighbours of a word, or of the sum of several words, by cosine.

    Args:
        vectors: Vector file, in any format.
        words: Words to add.
        minus: A word to subtract; may be given several times.
        n: How many answers.
        space: Ask the target vectors E, the context vectors C, or their sum.
        all_but_the_top: Take out the mean and this many of the strongest directions first (Mu & Viswanath 2018).
        json: Print one JSON object.
    """
    answers = opened(vectors, space, all_but_the_top).most_similar(words, minus, n)
    show({"positive": words, "negative": minus, "space": space}, answers, "cosine", json)


def analogy(
    vectors: Path,
    a: str,
    b: str,
    c: str,
    /,
    *,
    n: N = 10,
    method: Literal["add", "mul"] = "add",
    space: Space = "E",
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Answer a : b = c : ?, for example man king woman.

    Args:
        vectors: Vector file, in any format.
        a: First word (man).
        b: What a is to b (king) …
        c: … is c (woman) to the answer.
        n: How many answers.
        method: add for 3CosAdd, mul for 3CosMul (whose scores are no cosines).
        space: Ask the target vectors E, the context vectors C, or their sum.
        json: Print one JSON object.
    """
    answers = opened(vectors, space).analogy(a, b, c, n, method)
    show({"a": a, "b": b, "c": c, "method": method}, answers, "cosine" if method == "add" else "score", json)


def odd(
    vectors: Path,
    words: Annotated[list[str], Parameter(negative=())],
    /,
    *,
    space: Space = "E",
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """The odd one out: words by their cosine with the mean of all, the oddest first.

    Args:
        vectors: Vector file, in any format.
        words: Three words or more.
        space: Ask the target vectors E, the context vectors C, or their sum.
        json: Print one JSON object.
    """
    show({"words": words}, opened(vectors, space).doesnt_match(words), "cosine", json)


def info(
    vectors: Path,
    /,
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """What a vector file holds and how it was made.

    Args:
        vectors: Vector file, in any format.
        json: Print one JSON object.
    """
    v = opened(vectors)
    size = vectors.stat().st_size
    if json:
        arrays = {name: array is not None for name, array in (("C", v.C), ("counts", v.counts))}
        print_json(
            {"file": str(vectors), "bytes": size, "words": len(v), "dim": v.dim, **arrays, "metadata": v.metadata}
        )
        return
    rows = [("file", str(vectors)), ("size", f"{size:,} bytes"), ("words", f"{len(v):,}"), ("dimension", str(v.dim))]
    rows.append(("holds", ", ".join(name for name in ("E", "C", "counts") if getattr(v, name) is not None)))
    rows.append(("first words", " ".join(v.words[:8])))
    if v.counts is not None and len(v):
        rows.append(
            ("counts", f"{int(v.counts.max()):,} to {int(v.counts.min()):,}, {int(v.counts.sum()):,} tokens in all")
        )
    rows += described(v.metadata)
    print(table(["", ""], rows).lstrip("\n"))


# what `train` keeps, as a reader of a table understands it
NAMES = {
    "words": "words trained on",
    "pairs": "pairs trained on",
    "tokens": "tokens kept",
    "raw_tokens": "tokens in text",
}


def described(metadata: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """How the vectors were made, a line an entry; nested entries in one line."""
    rows = []
    for name, value in metadata.items():
        if isinstance(value, dict):
            text = ", ".join(f"{key} {brief(item)}" for key, item in value.items() if item is not None)
        elif isinstance(value, list):
            text = ", ".join(brief(item) for item in value[:12]) + (" …" if len(value) > 12 else "")
        else:
            text = brief(value)
        rows.append((prefix + NAMES.get(name, name.replace("_", " ")), text or "–"))
    return rows


def brief(value: Any) -> str:
    """A value in a few characters."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}" if value >= 10_000 else str(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:200]
