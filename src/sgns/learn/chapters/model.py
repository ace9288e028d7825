"""The chapters on a trained model: its run, a plot of words with the trends that it shows, and its evaluation."""

import math
import platform
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sgns.config import WHOLE_SENTENCE
from sgns.learn.chapters.derivations import show_bytes
from sgns.learn.document.blocks import Block, Figure, Heading, Paragraph, Table, verbatim

if TYPE_CHECKING:
    from sgns.figures.trends import Trends
    from sgns.vectors import Vectors


def run_chapter(vectors: "Vectors", name: str, run_report: Mapping[str, Any]) -> list[Block]:
    """Describes the run: options, machine, corpus, times and the loss of each epoch, as far as they are known.

    Args:
        vectors: The model.
        name: The name of its file.
        run_report: Times, threads, speed and machine of the run; may be empty.
    """
    meta = vectors.metadata
    config, versions = (meta.get(key) or {} for key in ("config", "versions"))
    V, d = len(vectors), vectors.dim
    both = vectors.C is not None
    facts = [
        ("file", verbatim(name)),
        ("vocabulary $V$", f"{V:,} words"),
        ("dimension $d$", f"{d}"),
        ("parameters", f"{2 * V * d:,} in E and C ({show_bytes(8 * V * d)})" if both else f"{V * d:,} in E"),
        ("… and of n-grams", _ngram_rows(config, d) if config.get("ngrams") else ""),
        ("tokens", f"{meta['tokens']:,}" if meta.get("tokens") else ""),
        ("positive pairs", f"{meta['pairs']:,} in all epochs" if meta.get("pairs") else ""),
        ("corpus hash", f"`{str(meta['corpus'])[:16]}`" if meta.get("corpus") else ""),
        *_times(run_report.get("seconds") or meta.get("seconds") or {}),
        ("speed", f"{run_report['words_per_second']:,.0f} words/s" if run_report.get("words_per_second") else ""),
        ("threads", f"{run_report['threads']}" if run_report.get("threads") else ""),
        ("trained on", verbatim(str(run_report.get("machine") or meta.get("machine") or ""))),
        ("with", ", ".join(f"{key} {value}" for key, value in versions.items())),
        ("report written on", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
    ]
    blocks: list[Block] = [
        Heading(1, "The run"),
        Table(("fact", "value"), tuple(row for row in facts if row[1]), "What the vector file and its run report say."),
    ]
    if config:
        pairs = [(f"`{key}`", verbatim(option(key, value))) for key, value in config.items()]
        caption = "All options of the run; `sgns train --help` says what each does."
        blocks += [Heading(2, "Options"), Table(("option", "value") * 2, side_by_side(pairs), caption)]
    losses = meta.get("losses") or []
    if losses:
        blocks += [Heading(2, "The loss by epoch"), loss_figure(losses, config.get("negatives", 5), mean_loss(config))]
        blocks += rising_loss(losses, meta.get("validation_losses") or [])
    return blocks


def _ngram_rows(config: Mapping[str, Any], d: int) -> str:
    """The parameters of the table of n-grams, in words."""
    B = config.get("buckets")
    return f"{B * d:,} in {B:,} rows" if isinstance(B, int) else f"{d} in a row for each n-gram"


def rising_loss(losses: Sequence[float], validation: Sequence[float]) -> list[Block]:
    """Explains a loss that rises in the last epoch; empty if it does not.

    Args:
        losses: The training loss of each epoch.
        validation: The loss of the validation sentences after each epoch; empty if there were none.
    """
    if len(losses) < 2 or losses[-1] <= losses[-2]:
        return []
    text = (
        "It rises in the last epoch, and that need not be a fault. The loss of an epoch is measured while the model "
        "learns: each pair is scored just after the pairs before it have moved the same rows. A text repeats itself "
        "within a passage, so the model scores the next pairs of the passage better than it would the same pairs "
        "elsewhere, and the more so, the higher the learning rate. Towards the end the learning rate goes to "
        "`min_lr`, this advantage disappears, and the loss of what has been learnt for good remains. A shuffled "
        "text shows no such rise."
    )
    if len(validation) > 1:
        rose = "rose as well, so the model has begun to fit the text" if validation[-1] > validation[-2] else "fell"
        text += (
            f" The loss of the sentences that were left out of training {rose}: {validation[-2]:.3f} before the last "
            f"epoch, {validation[-1]:.3f} after it."
        )
    else:
        text += " `--validation 0.02` leaves sentences out of training and measures their loss, which has no such part."
    return [Paragraph(text)]


def _times(seconds: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns two rows: the total time, and its parts in one line."""
    times = {part: duration(time) for part, time in seconds.items() if isinstance(time, int | float)}
    parts = ", ".join(f"{part} {time}" for part, time in times.items() if part != "total")
    return [("total run time", times.get("total", "")), ("… of which", parts)]


def option(name: str, value: object) -> str:
    """Writes the value of an option."""
    if name == "window" and value == WHOLE_SENTENCE:
        return "sentence"
    return {True: "yes", False: "no", None: "none"}[value] if value is None or isinstance(value, bool) else str(value)


def mean_loss(config: Mapping[str, Any]) -> str:
    """What the loss of an epoch is the mean of, by the options of the run, in words; "" for SGNS."""
    several = config.get("model") in ("cbow", "dm")
    if config.get("loss") == "hierarchical":
        given = "the rows of its window" if several else "one row"
        return f"The mean of $-log(P(cp, h))$ of a word, with {given} as input, by epoch."
    return "The mean loss $L$ of a window with its word and {k} negatives, by epoch." if several else ""


def loss_figure(losses: Sequence[float], k: int, what: str = "") -> Figure:
    """Draws the loss by epoch and describes it in the caption.

    Args:
        losses: The mean loss of a positive with its negatives, for each epoch.
        k: Negatives for each positive.
        what: Another description of the loss, from `mean_loss`.
    """
    from sgns.figures import plot_loss

    with tempfile.TemporaryDirectory() as folder:
        drawn = plot_loss(losses, Path(folder) / "loss.svg", size=(5.2, 2.9)).read_bytes()
    caption = (what or "The mean loss $L$ of a positive pair with its {k} negatives, by epoch.").replace("{k}", str(k))
    if len(losses) > 1:
        low = min(range(len(losses)), key=losses.__getitem__)
        caption += f" It begins at {losses[0]:.3f} and ends at {losses[-1]:.3f}"
        caption += "." if low == len(losses) - 1 else f"; it is lowest, {losses[low]:.3f}, in epoch {low + 1}."
    if "$L$" in caption:
        caption += f" With C = 0 it would be $(1 + k) * log(2)$, here {(1 + k) * math.log(2):.3f}."
    return Figure(drawn, "loss by epoch", caption, 0.8)


def side_by_side(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Puts the second half of a table's rows beside the first half."""
    half = (len(rows) + 1) // 2
    return tuple(a + b for a, b in zip_longest(rows[:half], rows[half:], fillvalue=("",) * len(rows[0])))


def duration(seconds: float) -> str:
    """Writes a duration: 1.25 s, 0:03:20."""
    return f"{seconds:.2f} s" if seconds < 120 else str(timedelta(seconds=round(seconds)))


def plot_chapter(vectors: "Vectors", words: Sequence[str], groups: Mapping[str, Sequence[str]] | None) -> list[Block]:
    """Plots words and describes the trends that the plot shows.

    Args:
        vectors: The model.
        words: The words to show.
        groups: name -> words, or None if the words are not grouped.
    """
    from sgns.figures import find_trends, plot_words

    with tempfile.TemporaryDirectory() as folder:
        shown = plot_words(vectors, words, Path(folder) / "words.svg", groups=groups)
        svg = Path(shown.path).read_bytes()
    found = find_trends(vectors, shown.words, shown.groups)
    near = [
        (verbatim(word), ", ".join(verbatim(f"{other} {cosine:.2f}") for other, cosine in n))
        for word, n in found.neighbours.items()
    ]
    return [
        Heading(1, "What was learnt"),
        Figure(
            svg,
            "words on their first two principal components",
            "The words on their first two principal components; groups by shape and colour.",
        ),
        Paragraph(verbatim(sentences(shown, found))),
        Heading(2, "Nearest neighbours"),
        Table(
            ("word", "nearest, with cosine") * 2,
            side_by_side(near),
            "The nearest neighbours of the words shown, among all words of the vocabulary.",
        ),
    ]


def sentences(shown: Any, found: "Trends") -> str:
    """Describes nearest neighbours, groups and axes in two or three sentences.

    Args:
        shown: The plot: `words`, `coordinates` (n, 2) and `explained` (2,), the axes' shares of the variance.
        found: Its trends.
    """
    pairs = [(near[0][1], word, near[0][0]) for word, near in found.neighbours.items() if near]
    best = sorted(pairs, reverse=True)
    parts = []
    if best:
        cosine, word, other = best[0]
        parts.append(f"Of the words shown, {word} has the closest neighbour: {other}, at cosine {cosine:.2f}.")
    groups = [group for group in found.groups if len(group.words) > 1]
    if groups:
        tight = groups[0]
        text = f"The tightest group is {', '.join(tight.words)} (mean cosine {tight.tightness:.2f})"
        if len(groups) > 1:
            text += f", the loosest {', '.join(groups[-1].words)} ({groups[-1].tightness:.2f})"
        parts.append(text + ".")
    share = [100 * float(x) for x in shown.explained]
    order = np.argsort(shown.coordinates[:, 0])
    ends = [", ".join(shown.words[i] for i in side) for side in (order[:3], order[::-1][:3])]
    parts.append(
        f"The first axis carries {share[0]:.0f} % of these words' variance and sets {ends[0]} apart from {ends[1]}; "
        f"the second carries {share[1]:.0f} %."
    )
    return " ".join(parts)


def evaluation_chapter(vectors: "Vectors", similarity: Sequence[Path], analogy: Sequence[Path]) -> list[Block]:
    """Evaluates a model: one row for each set, with value, confidence interval and coverage.

    Args:
        vectors: The model.
        similarity: Files of word pairs with human ratings.
        analogy: Files of analogy questions.
    """
    if not similarity and not analogy:
        return []
    from sgns.evaluation import evaluate_analogies, evaluate_similarity

    rows = []
    for file in similarity:
        pairs = evaluate_similarity(vectors, file)
        asked = f"{pairs.answered:,} of {pairs.asked:,}"
        rows.append(
            (
                verbatim(file.name),
                "Spearman’s ρ",
                f"{pairs.spearman:.3f}".replace("-", "−"),
                str(pairs.interval or "").replace("-", "−"),
                asked,
            )
        )
    for file in analogy:
        answer = evaluate_analogies(vectors, file)
        asked = f"{answer.answered:,} of {answer.asked:,}"
        rows.append((verbatim(file.name), "right answers", f"{answer.accuracy:.3f}", str(answer.interval or ""), asked))
    heads = ("set", "measure", "value", "95 % interval", "answered")
    note = "Pairs and questions with a word outside the vocabulary are left out and counted under “answered”."
    return [Heading(1, "Evaluation"), Table(heads, tuple(rows), note)]
