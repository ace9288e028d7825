"""Results of evaluations and comparisons: as tables for people, and as plain values for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sgns.base.text_table import Cell, text_table
from sgns.evaluation.agreement import Agreement
from sgns.evaluation.analogy import Analogies, Section
from sgns.evaluation.categories import Categories
from sgns.evaluation.compare import SetComparison
from sgns.evaluation.downstream import TextClassification
from sgns.evaluation.similarity import Duplicates, Similarity
from sgns.evaluation.statistics import Interval
from sgns.vectors.vectors import Vectors

Answer = Similarity | Analogies | Categories | TextClassification
HEADINGS = ("set", "figure", "value", "95 % interval", "answered", "of", "coverage")


def scores_as_text(answers: Sequence[Answer], duplicates: Duplicates = "keep", verbose: bool = False) -> str:
    """The answers of one model as a table, with notes below it.

    Args:
        answers: What `evaluate_similarity`, `evaluate_analogies`, `evaluate_categories`, `evaluate_texts` returned.
        duplicates: How pairs that occur twice were counted; see `evaluate_similarity`.
        verbose: Whether to list the unknown words.
    """
    lines = [text_table(HEADINGS, [row for answer in answers for row in _rows(answer)])]
    for answer in answers:
        lines += [f"{answer.name}: {note}" for note in _notes(answer, duplicates)]
        if verbose and answer.unknown:
            lines.append(f"{answer.name}: unknown: {' '.join(answer.unknown)}")
    return "\n".join(lines)


def scores_as_dict(answers: Sequence[Answer]) -> dict[str, list[dict[str, Any]]]:
    """The answers of one model as plain values, by kind of set; a figure that does not exist is NaN."""
    return {
        "similarity": [_similarity_as_dict(answer) for answer in answers if isinstance(answer, Similarity)],
        "analogy": [_analogies_as_dict(answer) for answer in answers if isinstance(answer, Analogies)],
        "categories": [_categories_as_dict(answer) for answer in answers if isinstance(answer, Categories)],
        "texts": [_texts_as_dict(answer) for answer in answers if isinstance(answer, TextClassification)],
    }


def comparison_as_text(
    files: Mapping[str, Sequence[Path]],
    models: Mapping[str, Sequence[Vectors]],
    sets: Sequence[SetComparison],
    spaces: Mapping[tuple[str, str], Agreement],
) -> str:
    """A comparison of models as tables, an empty line between two.

    Args:
        files: Name of a model -> the vector file of each seed.
        models: Name of a model -> the vectors of each seed.
        sets: What `compare_models` returned.
        spaces: Names of two models -> what `compare_spaces` returned.
    """
    blocks = [_models_table(files, models)]
    if sets:
        blocks += [_scores_table(sets), _differences_table(sets)]
    if sets and any(len(seeds) == 1 for seeds in models.values()):
        blocks.append(
            "One seed of a model: p says whether the difference would stand on other items, not after training again."
        )
    if spaces:
        blocks.append(_spaces_table(spaces))
    blocks += [_moved_table(pair, found) for pair, found in spaces.items() if len(spaces) == 1 and found.moved]
    return "\n\n".join(blocks)


def comparison_as_dict(
    files: Mapping[str, Sequence[Path]],
    sets: Sequence[SetComparison],
    spaces: Mapping[tuple[str, str], Agreement],
) -> dict[str, Any]:
    """The same as plain values; see `comparison_as_text`."""
    return {
        "models": {name: [str(path) for path in paths] for name, paths in files.items()},
        "sets": [asdict(comparison) for comparison in sets],
        "spaces": [{"first": a, "second": b, **asdict(found)} for (a, b), found in spaces.items()],
    }


def share(part: int, whole: int) -> str:
    """A percentage, rounded down: 352 of 353 is 99.7 %, never 100 %."""
    tenths = 1000 * part // whole if whole else 0
    return f"{tenths // 10} %" if tenths % 10 == 0 or tenths < 990 else f"{tenths / 10:.1f} %"


def _rows(answer: Answer) -> list[tuple[Cell, ...]]:
    if isinstance(answer, Similarity):
        return [
            (answer.name, "Spearman", answer.spearman, _text(answer.interval), *_covered(answer)),
            ("", "Pearson", answer.pearson, _text(answer.pearson_interval), None, None, ""),
        ]
    if isinstance(answer, Categories):
        figure = f"purity ({answer.clusters} clusters, chance {answer.chance:.3f})"
        return [(answer.name, figure, answer.purity, _text(answer.interval), *_covered(answer))]
    if isinstance(answer, TextClassification):
        figure = f"accuracy ({len(answer.labels)} labels, chance {answer.chance:.3f})"
        return [(answer.name, figure, answer.accuracy, _text(answer.interval), *_covered(answer))]
    parts = [answer.total, answer.semantic, answer.syntactic, *answer.sections]
    return [
        (answer.name if i == 0 else "", part.name, part.accuracy, _text(part.interval), *_covered(part))
        for i, part in enumerate(parts)
        if part.asked
    ]


def _text(interval: Interval | None) -> str | None:
    return None if interval is None else str(interval)


def _covered(answer: Answer | Section) -> tuple[int, int, str]:
    return answer.answered, answer.asked, share(answer.answered, answer.asked)


def _number(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _notes(answer: Answer, duplicates: Duplicates) -> list[str]:
    parts = []
    if isinstance(answer, TextClassification):
        if len(answer.folds) > 1:
            low, high = min(answer.folds), max(answer.folds)
            parts.append(f"{len(answer.folds)} folds, of {low:.3f} to {high:.3f}")
        composed = f", {answer.composed:,} of them composed of n-grams" if answer.composed else ""
        known = share(answer.known, answer.words)
        parts.append(f"{known} of {answer.words:,} words known{composed}, the others left out")
        return ["; ".join(parts)]
    if isinstance(answer, Analogies):
        among = f"the {answer.restrict:,} most frequent words" if answer.restrict else "all words"
        parts.append(f"{'3CosAdd' if answer.method == 'add' else '3CosMul'} among {among}")
    if answer.duplicates:
        what = {Similarity: "pair", Analogies: "question", Categories: "word"}[type(answer)]
        once = isinstance(answer, Categories) or (isinstance(answer, Similarity) and duplicates == "merge")
        how = "counted once" if once else "counted each time"
        parts.append(f"{_number(answer.duplicates, what)} more than once, {how}")
    if answer.composed:
        what = {Similarity: "pair", Analogies: "question", Categories: "word"}[type(answer)]
        word = "composed of n-grams" if isinstance(answer, Categories) else "with a word composed of its n-grams"
        parts.append(f"{_number(answer.composed, what)} of {answer.answered:,} answered {word}")
    if answer.folded:
        parts.append(f"{_number(answer.folded, 'word')} found in another case")
    if isinstance(answer, Similarity) and answer.tied:
        parts.append(f"mean ranks for {_number(answer.tied, 'pair')} with the human score of another")
    if answer.unknown:
        what = {Similarity: "pairs", Analogies: "questions", Categories: "lines"}[type(answer)]
        parts.append(f"{_number(len(answer.unknown), 'word')} unknown, the {what} with them left out")
    return ["; ".join(parts)] if parts else []


def _interval_as_list(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _common(answer: Similarity | Analogies | Categories) -> dict[str, Any]:
    return {
        "name": answer.name,
        "asked": answer.asked,
        "answered": answer.answered,
        "coverage": answer.coverage,
        "composed": answer.composed,
        "duplicates": answer.duplicates,
        "folded": answer.folded,
        "unknown": list(answer.unknown),
    }


def _similarity_as_dict(answer: Similarity) -> dict[str, Any]:
    return _common(answer) | {
        "spearman": answer.spearman,
        "spearman_interval": _interval_as_list(answer.interval),
        "pearson": answer.pearson,
        "pearson_interval": _interval_as_list(answer.pearson_interval),
        "tied": answer.tied,
    }


def _analogies_as_dict(answer: Analogies) -> dict[str, Any]:
    def part(section: Section) -> dict[str, Any]:
        return {
            "name": section.name,
            "accuracy": section.accuracy,
            "interval": _interval_as_list(section.interval),
            "right": section.right,
            "answered": section.answered,
            "asked": section.asked,
        }

    return _common(answer) | {
        "method": answer.method,
        "restrict": answer.restrict,
        "accuracy": answer.accuracy,
        "interval": _interval_as_list(answer.interval),
        "semantic": part(answer.semantic),
        "syntactic": part(answer.syntactic),
        "sections": [part(section) for section in answer.sections],
    }


def _categories_as_dict(answer: Categories) -> dict[str, Any]:
    return _common(answer) | {
        "purity": answer.purity,
        "interval": _interval_as_list(answer.interval),
        "chance": answer.chance,
        "clusters": answer.clusters,
    }


def _texts_as_dict(answer: TextClassification) -> dict[str, Any]:
    return {
        "name": answer.name,
        "asked": answer.asked,
        "answered": answer.answered,
        "coverage": answer.coverage,
        "accuracy": answer.accuracy,
        "interval": _interval_as_list(answer.interval),
        "chance": answer.chance,
        "labels": list(answer.labels),
        "folds": list(answer.folds),
        "words": answer.words,
        "known": answer.known,
        "composed": answer.composed,
        "unknown": list(answer.unknown),
    }


def _models_table(files: Mapping[str, Sequence[Path]], models: Mapping[str, Sequence[Vectors]]) -> str:
    rows: list[tuple[Cell, ...]] = []
    for label, paths in files.items():
        for i, (path, vectors) in enumerate(zip(paths, models[label])):
            rows.append((label if i == 0 else "", str(path), len(vectors), vectors.dim))
    return text_table(("model", "file", "words", "d"), rows)


def _scores_table(sets: Sequence[SetComparison]) -> str:
    rows: list[tuple[Cell, ...]] = []
    figures = {"similarity": "Spearman", "analogy": "accuracy", "categories": "purity", "texts": "accuracy"}
    for found in sets:
        for i, score in enumerate(found.scores):
            head = (found.name, figures[found.kind], f"{found.common:,} of {found.asked:,}") if i == 0 else ("", "", "")
            rows.append((*head, score.model, score.mean, len(score.values), score.between_seeds))
    return text_table(("set", "figure", "common items", "model", "value", "seeds", "sd of seeds"), rows)


def _differences_table(sets: Sequence[SetComparison]) -> str:
    rows: list[tuple[Cell, ...]] = []
    for found in sets:
        for d in found.differences:
            pair = f"{d.first} − {d.second}"
            size = f"{'q' if found.kind == 'similarity' else 'h'} = {d.effect:+.3f}"
            rows.append(
                (found.name, pair, f"{d.difference:+.3f}", _text(d.interval), _p_text(d.p), _p_text(d.corrected), size)
            )
    return text_table(("set", "models", "difference", "95 % interval", "p", "p (Holm)", "effect"), rows)


def _p_text(p: float) -> str:
    return "–" if p != p else "< .001" if p < 0.001 else f"{p:.3f}"


def _spaces_table(spaces: Mapping[tuple[str, str], Agreement]) -> str:
    rows: list[tuple[Cell, ...]] = []
    for (a, b), found in spaces.items():
        rows += [
            (f"{a}, {b}", f"neighbours shared of {found.neighbours}", found.overlap, _text(found.overlap_interval),
             found.within_overlap),
            ("", "second-order agreement", found.second_order, _text(found.second_order_interval),
             found.within_second_order),
            (f"({found.words:,} words)", "cosine after Procrustes", found.aligned, _text(found.aligned_interval),
             found.within_aligned),
        ]  # fmt: skip
    return text_table(("spaces", "figure", "mean", "95 % interval", "between seeds"), rows)


def _moved_table(pair: tuple[str, str], found: Agreement) -> str:
    rows = [(m.word, m.cosine, m.within, " ".join(m.first[:5]), " ".join(m.second[:5])) for m in found.moved]
    return "moved most\n" + text_table(
        ("word", "cosine", "seeds", f"near it in {pair[0]}", f"near it in {pair[1]}"), rows
    )
