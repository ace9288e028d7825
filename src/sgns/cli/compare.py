"""The verb that holds two models or more against each other."""

import glob
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from sgns.cli.ask import opened
from sgns.cli.evaluate import Files, Flag, text
from sgns.cli.tables import Cell, print_json, table
from sgns.errors import ConfigError, InputError
from sgns.evaluation.compare import SetComparison
from sgns.evaluation.compare import compare as compare_models
from sgns.evaluation.spaces import Agreement, agreement
from sgns.vectors.alignment import WORDS
from sgns.vectors.vectors import Space, Vectors


def compare(
    *models: Annotated[str, Parameter(negative=())],
    similarity: Files = [],  # noqa: B006  never changed
    analogy: Files = [],  # noqa: B006
    categories: Files = [],  # noqa: B006
    restrict: int = 30_000,
    method: Literal["add", "mul"] = "add",
    words: int = WORDS,
    neighbours: int = 10,
    moved: int = 20,
    space: Space = "E",
    json: Flag = False,
) -> None:
    """Do models differ, on test sets and in their neighbours? Paired bootstrap, Holm's correction, words that moved.

    Args:
        models: Two models or more. A model is a vector file; or several seeds of it, as a,b,c or as a quoted pattern.
        similarity: Sets of word, word, score a line.
        analogy: Sets of a b c expected a line.
        categories: Sets of word<TAB>category a line, or words under : category lines.
        restrict: Analogies among the this many most frequent words; 0 for all words.
        method: add for 3CosAdd, mul for 3CosMul.
        words: Compare the neighbours of this many shared words, the most frequent ones; 0 leaves the spaces out.
        neighbours: Neighbours of each word.
        moved: How many of the words that moved most to print.
        space: Compare the target vectors E, the context vectors C, or their sum.
        json: Print one JSON object.
    """
    for name, value in (("restrict", restrict), ("words", words), ("moved", moved)):
        if value < 0:
            raise ConfigError(f"{name} is {value}; it may not be negative")
    if neighbours < 1:
        raise ConfigError(f"neighbours is {neighbours}; ask for at least 1")
    if len(models) < 2:
        raise ConfigError(f"{len(models)} models; name at least two vector files")
    files = {label: seeds(model) for label, model in zip(labels(models), models)}
    loaded = {label: [opened(path, space) for path in paths] for label, paths in files.items()}
    sets = compare_models(loaded, similarity, analogy, categories, restrict=restrict or None, method=method)
    spaces = {
        (a, b): agreement(loaded[a], loaded[b], words=words, neighbours=neighbours, moved=moved)
        for a, b in (combinations(loaded, 2) if words else ())
    }
    if json:
        print_json(
            {
                "models": {label: [str(path) for path in paths] for label, paths in files.items()},
                "sets": [asdict(comparison) for comparison in sets],
                "spaces": [{"first": a, "second": b, **asdict(found)} for (a, b), found in spaces.items()],
            }
        )
        return
    blocks = [text_of_models(files, loaded)]
    if sets:
        blocks += [scores_table(sets), differences_table(sets)]
    if sets and any(len(paths) == 1 for paths in files.values()):
        blocks.append(
            "One seed of a model: p says whether the difference would stand on other items, not after training again."
        )
    if spaces:
        blocks.append(spaces_table(spaces))
    blocks += [moved_table(pair, found) for pair, found in spaces.items() if len(spaces) == 1 and found.moved]
    print("\n\n".join(blocks))


def seeds(model: str) -> list[Path]:
    """The files of a model. Raises `InputError` for a pattern that fits none."""
    if Path(model).exists():
        return [Path(model)]
    paths = []
    for part in model.split(","):
        found = [part] if Path(part).exists() else sorted(glob.glob(part))  # noqa: PTH207  patterns may be absolute
        if not found:
            raise InputError(f"{part}: there is no such file; check the path")
        paths += [Path(path) for path in found]
    return paths


def labels(models: tuple[str, ...]) -> list[str]:
    """Short names: the last part of each path where these differ, else A and B."""
    names = [model.split(",")[0].rsplit("/", 1)[-1] + (" …" if "," in model else "") for model in models]
    if len(set(names)) == len(names):
        return names
    return [f"{chr(65 + i % 26)}{i // 26 or ''} ({name})" for i, name in enumerate(names)]


def text_of_models(files: dict[str, list[Path]], loaded: dict[str, list[Vectors]]) -> str:
    """Which file is which model."""
    rows: list[tuple[Cell, ...]] = []
    for label, paths in files.items():
        for i, (path, vectors) in enumerate(zip(paths, loaded[label])):
            rows.append((label if i == 0 else "", str(path), len(vectors), vectors.dim))
    return table(("model", "file", "words", "d"), rows)


def scores_table(sets: list[SetComparison]) -> str:
    """Each model on each set, over common items."""
    rows: list[tuple[Cell, ...]] = []
    figures = {"similarity": "Spearman", "analogy": "accuracy", "categories": "purity"}
    for found in sets:
        for i, score in enumerate(found.scores):
            head = (found.name, figures[found.kind], f"{found.common:,} of {found.asked:,}") if i == 0 else ("", "", "")
            rows.append((*head, score.model, score.mean, len(score.values), score.between_seeds))
    return table(("set", "figure", "common items", "model", "value", "seeds", "sd of seeds"), rows)


def differences_table(sets: list[SetComparison]) -> str:
    """Each pair of models on each set."""
    rows: list[tuple[Cell, ...]] = []
    for found in sets:
        for d in found.differences:
            pair = f"{d.first} − {d.second}"
            size = f"{'q' if found.kind == 'similarity' else 'h'} = {d.effect:+.3f}"
            rows.append(
                (found.name, pair, f"{d.difference:+.3f}", text(d.interval), shown_p(d.p), shown_p(d.corrected), size)
            )
    return table(("set", "models", "difference", "95 % interval", "p", "p (Holm)", "effect"), rows)


def shown_p(p: float) -> str:
    """A p-value with as many digits as it deserves."""
    return "–" if p != p else "< .001" if p < 0.001 else f"{p:.3f}"


def spaces_table(spaces: dict[tuple[str, str], Agreement]) -> str:
    """How far each pair of spaces agrees."""
    rows: list[tuple[Cell, ...]] = []
    for (a, b), found in spaces.items():
        rows += [
            (f"{a}, {b}", f"neighbours shared of {found.neighbours}", found.overlap, text(found.overlap_interval),
             found.within_overlap),
            ("", "second-order agreement", found.second_order, text(found.second_order_interval),
             found.within_second_order),
            (f"({found.words:,} words)", "cosine after Procrustes", found.aligned, text(found.aligned_interval),
             found.within_aligned),
        ]  # fmt: skip
    return table(("spaces", "figure", "mean", "95 % interval", "between seeds"), rows)


def moved_table(pair: tuple[str, str], found: Agreement) -> str:
    """The words that moved most, with their neighbours before and after."""
    rows = [(m.word, m.cosine, m.within, " ".join(m.first[:5]), " ".join(m.second[:5])) for m in found.moved]
    return "moved most\n" + table(("word", "cosine", "seeds", f"near it in {pair[0]}", f"near it in {pair[1]}"), rows)
