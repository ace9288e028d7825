"""The verb that tells how good vectors are: figures, each with its coverage and its interval."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from sgns.cli.ask import opened
from sgns.cli.tables import Cell, print_json, table
from sgns.errors import ConfigError
from sgns.evaluation.analogy import Analogies, Section, evaluate_analogies
from sgns.evaluation.categories import Categories, evaluate_categories
from sgns.evaluation.similarity import Similarity, evaluate_similarity
from sgns.evaluation.statistics import Interval
from sgns.vectors.vectors import Space

Files = Annotated[list[Path], Parameter(consume_multiple=True, negative=())]
Flag = Annotated[bool, Parameter(negative=())]
HEADINGS = ("set", "figure", "value", "95 % interval", "answered", "of", "coverage")


def evaluate(
    vectors: Path,
    /,
    *,
    similarity: Files = [],  # noqa: B006  never changed
    analogy: Files = [],  # noqa: B006
    categories: Files = [],  # noqa: B006
    restrict: int = 30_000,
    method: Literal["add", "mul"] = "add",
    duplicates: Literal["keep", "merge"] = "keep",
    match_case: Flag = False,
    space: Space = "E",
    all_but_the_top: int | None = None,
    verbose: Flag = False,
    json: Flag = False,
) -> None:
    """How well vectors agree with people: each figure with its coverage and a 95 % bootstrap interval.

    Unknown words are never given a made-up vector: their questions are left out and counted.

    Args:
        vectors: Vector file, in any format.
        similarity: Sets of word, word, score a line: Spearman's rho and Pearson's r.
        analogy: Sets of a b c expected a line, sections under : lines.
        categories: Sets of word<TAB>category a line, or words under : category lines: cluster purity.
        restrict: Analogies among the this many most frequent words, as gensim does by default; 0 for all words.
        method: add for 3CosAdd, mul for 3CosMul.
        duplicates: A pair that stands twice counts twice (keep, as in published figures) or once with its mean score.
        match_case: Words in another case than the set's are unknown.
        space: Evaluate the target vectors E, the context vectors C, or their sum.
        all_but_the_top: Take out the mean and this many of the strongest directions first (Mu & Viswanath 2018).
        verbose: Print the unknown words too.
        json: Print one JSON object.
    """
    if not (similarity or analogy or categories):
        raise ConfigError("no test set; name one with --similarity, --analogy or --categories")
    if restrict < 0:
        raise ConfigError(f"restrict is {restrict}; give a number of words, or 0 for all")
    v = opened(vectors, space, all_but_the_top)
    pairs = [evaluate_similarity(v, path, ignore_case=not match_case, duplicates=duplicates) for path in similarity]
    questions = [
        evaluate_analogies(v, path, restrict=restrict or None, method=method, ignore_case=not match_case)
        for path in analogy
    ]
    words = [evaluate_categories(v, path, ignore_case=not match_case) for path in categories]
    if json:
        print_json(
            {
                "vectors": str(vectors),
                "words": len(v),
                "dim": v.dim,
                "space": space,
                "similarity": [similarity_as_dict(answer) for answer in pairs],
                "analogy": [analogies_as_dict(answer) for answer in questions],
                "categories": [categories_as_dict(answer) for answer in words],
            }
        )
        return
    rows = [row for answer in pairs for row in similarity_rows(answer)]
    rows += [row for answer in questions for row in analogy_rows(answer)]
    rows += [
        (a.name, f"purity ({a.clusters} clusters, chance {a.chance:.3f})", a.purity, text(a.interval), *covered(a))
        for a in words
    ]
    print(table(HEADINGS, rows))
    answers: list[Similarity | Analogies | Categories] = [*pairs, *questions, *words]
    for answer in answers:
        for note in notes(answer, duplicates):
            print(f"{answer.name}: {note}")
        if verbose and answer.unknown:
            print(f"{answer.name}: unknown: {' '.join(answer.unknown)}")


def text(interval: Interval | None) -> str | None:
    """An interval in a table."""
    return None if interval is None else str(interval)


def covered(answer: Similarity | Analogies | Categories | Section) -> tuple[int, int, str]:
    """Answered, asked, coverage."""
    return answer.answered, answer.asked, share(answer.answered, answer.asked)


def share(part: int, whole: int) -> str:
    """A percentage cut off, not rounded: 352 of 353 is 99.7 %, never 100 %."""
    tenths = 1000 * part // whole if whole else 0
    return f"{tenths // 10} %" if tenths % 10 == 0 or tenths < 990 else f"{tenths / 10:.1f} %"


def number(n: int, noun: str) -> str:
    """1 word, 2 words."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def similarity_rows(answer: Similarity) -> list[tuple[Cell, ...]]:
    """Spearman and Pearson."""
    return [
        (answer.name, "Spearman", answer.spearman, text(answer.interval), *covered(answer)),
        ("", "Pearson", answer.pearson, text(answer.pearson_interval), None, None, ""),
    ]


def analogy_rows(answer: Analogies) -> list[tuple[Cell, ...]]:
    """The total, both halves, each section."""
    parts = [answer.total, answer.semantic, answer.syntactic, *answer.sections]
    return [
        (answer.name if i == 0 else "", part.name, part.accuracy, text(part.interval), *covered(part))
        for i, part in enumerate(parts)
        if part.asked
    ]


def notes(answer: Similarity | Analogies | Categories, duplicates: str) -> list[str]:
    """What a reader of the figures must know."""
    said = []
    if isinstance(answer, Analogies):
        among = f"the {answer.restrict:,} most frequent words" if answer.restrict else "all words"
        said.append(f"{'3CosAdd' if answer.method == 'add' else '3CosMul'} among {among}")
    if answer.duplicates:
        what = {Similarity: "pair", Analogies: "question", Categories: "word"}[type(answer)]
        once = isinstance(answer, Categories) or (isinstance(answer, Similarity) and duplicates == "merge")
        how = "counted once" if once else "counted each time"
        said.append(f"{number(answer.duplicates, what)} more than once, {how}")
    if answer.folded:
        said.append(f"{number(answer.folded, 'word')} found in another case")
    if isinstance(answer, Similarity) and answer.tied:
        said.append(f"mean ranks for {number(answer.tied, 'pair')} with the human score of another")
    if answer.unknown:
        what = {Similarity: "pairs", Analogies: "questions", Categories: "lines"}[type(answer)]
        said.append(f"{number(len(answer.unknown), 'word')} unknown, the {what} with them left out")
    return ["; ".join(said)] if said else []


def interval_as_list(interval: Interval | None) -> list[float] | None:
    """An interval in JSON."""
    return None if interval is None else [interval.low, interval.high]


def common(answer: Similarity | Analogies | Categories) -> dict[str, Any]:
    """What every answer has, as JSON."""
    return {
        "name": answer.name,
        "asked": answer.asked,
        "answered": answer.answered,
        "coverage": answer.coverage,
        "duplicates": answer.duplicates,
        "folded": answer.folded,
        "unknown": list(answer.unknown),
    }


def similarity_as_dict(answer: Similarity) -> dict[str, Any]:
    """A similarity set as JSON."""
    return common(answer) | {
        "spearman": answer.spearman,
        "spearman_interval": interval_as_list(answer.interval),
        "pearson": answer.pearson,
        "pearson_interval": interval_as_list(answer.pearson_interval),
        "tied": answer.tied,
    }


def analogies_as_dict(answer: Analogies) -> dict[str, Any]:
    """An analogy set as JSON."""

    def part(section: Section) -> dict[str, Any]:
        return {
            "name": section.name,
            "accuracy": section.accuracy,
            "interval": interval_as_list(section.interval),
            "right": section.right,
            "answered": section.answered,
            "asked": section.asked,
        }

    return common(answer) | {
        "method": answer.method,
        "restrict": answer.restrict,
        "accuracy": answer.accuracy,
        "interval": interval_as_list(answer.interval),
        "semantic": part(answer.semantic),
        "syntactic": part(answer.syntactic),
        "sections": [part(section) for section in answer.sections],
    }


def categories_as_dict(answer: Categories) -> dict[str, Any]:
    """A set of categories as JSON."""
    return common(answer) | {
        "purity": answer.purity,
        "interval": interval_as_list(answer.interval),
        "chance": answer.chance,
        "clusters": answer.clusters,
    }
