"""One step of SGD on a pair of words: the negatives, the scores, the gradients, and the rows before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sgns.config import Config
from sgns.errors import ConfigError, FormatError
from sgns.learn.chapters.gradients import Gradients, closed_form
from sgns.learn.document.blocks import Block, Heading, Paragraph, Table, verbatim
from sgns.learn.formulas.notation import show_value

if TYPE_CHECKING:
    from sgns.vectors import Vectors


@dataclass(frozen=True)
class Step:
    """A step of SGD on (w, c+) with k drawn negatives.

    Attributes:
        word: w.
        outputs: c+ and the negatives, as words; a word that was drawn twice occurs twice.
        left_out: The number of draws that were c+ itself and are left out.
        lr: Learning rate.
        before: Loss and gradients before the step.
        loss_after: L on the same samples after the step.
        w: (2, d) E_w before and after.
        c: For each context word, (2, d) its row of C before and after; a row that was drawn twice moves by both
            gradients.
    """

    word: str
    outputs: list[str]
    left_out: int
    lr: float
    before: Gradients
    loss_after: float
    w: np.ndarray
    c: dict[str, np.ndarray]

    def to_dict(self) -> dict[str, object]:
        """Exports the step as JSON values, unrounded."""
        return {
            "word": self.word,
            "lr": self.lr,
            "pairs": [
                {
                    "context": context,
                    "label": int(i == 0),
                    "score": float(self.before.scores[i]),
                    "probability": float(self.before.probabilities[i]),
                    "error": float(-self.before.errors[i]),
                }
                for i, context in enumerate(self.outputs)
            ],
            "left_out": self.left_out,
            "loss_before": self.before.loss,
            "loss_after": self.loss_after,
            "E": {"before": self.w[0].tolist(), "after": self.w[1].tolist()},
            "C": {c: {"before": rows[0].tolist(), "after": rows[1].tolist()} for c, rows in self.c.items()},
        }


def take_step(
    vectors: "Vectors", word: str, context: str, *, negatives: int | None = None, lr: float | None = None, seed: int = 1
) -> Step:
    """Computes one step of SGD on copies of the rows; the vectors do not change.

    Negatives are drawn with probability proportional to count^noise_power, or uniformly if the vectors have no counts.

    Args:
        vectors: Vectors with C.
        word: w.
        context: c+.
        negatives: k; by default that of the vectors' Config.
        lr: Learning rate; by default that of the vectors' Config.
        seed: Seed of the draws.

    Returns:
        The step.

    Raises:
        UnknownWord: One of the words is not in the vocabulary.
        FormatError: The vectors have no C, or one of the nodes of a tree.
        ConfigError: `negatives` or `lr` is out of range.
    """
    if vectors.C is None:
        raise FormatError("these vectors hold no C, only E; take a .safetensors file that sgns has trained")
    config = vectors.metadata.get("config", {})
    if config.get("loss") == "hierarchical":
        raise FormatError(
            "these vectors were trained with a tree: C has a row for each of its inner nodes, none for a context word; "
            "take a model of --loss negatives"
        )
    k = int(config.get("negatives", Config.negatives)) if negatives is None else negatives
    rate = float(config.get("lr", Config().lr)) if lr is None else lr
    if not 1 <= k <= 1000:
        raise ConfigError(f"negatives is {k}, outside 1 to 1000; 5 is usual")
    if not 0 < rate <= 10:
        raise ConfigError(f"lr is {rate:g}, outside 0 to 10; 0.025 is usual")
    w, positive = vectors.id(word), vectors.id(context)
    noise = np.ones(len(vectors)) if vectors.counts is None else np.maximum(vectors.counts, 0).astype(float)
    noise **= float(config.get("noise_power", 0.75))
    drawn = np.random.default_rng(seed).choice(len(vectors), size=k, p=noise / noise.sum())
    outputs = np.concatenate([[positive], drawn[drawn != positive]])
    rows = np.asarray(vectors.C[outputs], np.float64)
    E_w = np.asarray(vectors.E[w], np.float64)
    before = closed_form(E_w, rows)
    E_after = E_w - rate * before.w
    moved = {int(row): np.asarray(vectors.C[row], np.float64) for row in outputs}
    after = {row: old.copy() for row, old in moved.items()}
    for row, gradient in zip(outputs, before.c):
        after[int(row)] -= rate * gradient
    loss_after = closed_form(E_after, np.array([after[int(row)] for row in outputs])).loss
    return Step(
        word=word,
        outputs=[vectors.words[row] for row in outputs],
        left_out=k - (len(outputs) - 1),
        lr=rate,
        before=before,
        loss_after=loss_after,
        w=np.array([E_w, E_after]),
        c={vectors.words[row]: np.array([old, after[row]]) for row, old in moved.items()},
    )


def likely_pair(vectors: "Vectors", words: Sequence[str]) -> tuple[str, str]:
    """Returns the target and context with the highest score among some words, as an example for `take_step`.

    Args:
        vectors: Vectors with C.
        words: At least two words of the vocabulary, such as those of a plot.
    """
    assert vectors.C is not None
    rows = vectors.ids(words)
    scores = np.asarray(vectors.E[rows]) @ np.asarray(vectors.C[rows]).T  # (n, n)
    np.fill_diagonal(scores, -np.inf)
    w, c = np.unravel_index(int(np.argmax(scores)), scores.shape)
    return words[int(w)], words[int(c)]


def step_chapter(step: Step) -> list[Block]:
    """Writes a step as a chapter.

    Args:
        step: From `take_step`.
    """
    made = step.before
    pairs = [
        (
            verbatim(context),
            "1" if i == 0 else "0",
            show_value(made.scores[i]),
            show_value(made.probabilities[i]),
            show_value(-made.errors[i]),
            show_value(float(np.logaddexp(0, -made.scores[i] if i == 0 else made.scores[i]))),
        )
        for i, context in enumerate(step.outputs)
    ]
    moved = [(f"E of {verbatim(step.word)}", *_moved(step.w))]
    moved += [(f"C of {verbatim(c)}", *_moved(rows)) for c, rows in step.c.items()]
    positive = verbatim(step.outputs[0])
    blocks: list[Block] = [
        Heading(1, f"One step: $w$ = {verbatim(step.word)}, $cp$ = {positive}"),
        Table(
            ("$c$", "label", "score $dot(Ew, Cc)$", "$P1(w, c)$", "label − σ", "its part of $L$"),
            tuple(pairs),
            f"The pair and its {len(step.outputs) - 1} negatives, drawn from the noise distribution.",
        ),
    ]
    if step.left_out:
        were = "was" if step.left_out == 1 else "were"
        blocks.append(Paragraph(f"{step.left_out} of the draws {were} {positive} itself: no part of $L$."))
    if len(step.c) < len(step.outputs):
        twice = sorted({c for c in step.outputs if step.outputs.count(c) > 1})
        blocks.append(
            Paragraph(f"Drawn more than once: {verbatim(', '.join(twice))}. Each draw adds its gradient to the row.")
        )
    blocks += [
        Paragraph(
            f"Every row moves by lr · (label − σ) · the other vector, lr = {step.lr:g}; the length of the move is |Δ|."
        ),
        Table(("row", "before", "after", "|Δ|"), tuple(moved), "The rows before and after the step."),
        Table(
            ("loss", "value"),
            (
                ("before the step", f"{made.loss:.6f}"),
                ("after it, same samples", f"{step.loss_after:.6f}"),
                ("change", f"{step.loss_after - made.loss:+.6f}".replace("-", "−")),
                ("lr · |∇L|², what a small step takes off", f"{_expected(step):.6f}"),
            ),
            "The loss of the same samples before and after the step.",
        ),
    ]
    return blocks


def _expected(step: Step) -> float:
    """Computes the first-order decrease of L, lr·|∇L|², from the moves of the rows: |Δ|² / lr."""
    change = float(np.sum((step.w[1] - step.w[0]) ** 2)) + sum(
        float(np.sum((rows[1] - rows[0]) ** 2)) for rows in step.c.values()
    )
    return change / step.lr


def _moved(rows: np.ndarray) -> tuple[str, str, str]:
    """Writes a row (2, d): before, after, and the length of its move."""
    return show_value(rows[0], 3, 3), show_value(rows[1], 3, 3), show_value(float(np.linalg.norm(rows[1] - rows[0])), 3)
