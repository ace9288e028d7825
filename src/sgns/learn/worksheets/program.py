"""The questions of part 2, the program: its samples, its lines, a training run. 46 points."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from sgns.learn.chapters.explain import PASSAGES, Passage, find
from sgns.learn.document.blocks import Code, Paragraph, Table
from sgns.learn.formulas.algebra import sympy
from sgns.learn.formulas.notation import show_value
from sgns.learn.worksheets.answers import Choice, Numeric, Reported, Written, is_given
from sgns.learn.worksheets.checks import agree, checked
from sgns.learn.worksheets.draw import Draw
from sgns.learn.worksheets.question import Question
from sgns.reference.data import get_positive_samples, noise_distribution

WORDS = (
    "apricot", "bread", "butter", "cellar", "cherry", "cinnamon", "cook", "cream",
    "cup", "dough", "garden", "honey", "jam", "kitchen", "lemon", "market",
    "milk", "oven", "pan", "pear", "plum", "pot", "recipe", "spoon",
    "sugar", "tablespoon", "tart", "tea", "walnut", "water",
)  # fmt: skip
LETTERS = "ABCDEF"
TARGETS = 4  # of the lettered statements, this many are asked for


def samples(draw: Draw, level: int) -> Question:
    """The positive samples of a sentence, the number of all samples, and the noise distribution."""
    text = draw.some(WORDS, 7 + level)
    window, k = 1 + draw.below(3), 2 + draw.below(8)
    unknown = text[2 + draw.below(len(text) - 4)] if level > 1 else ""
    known = [word for word in text if word != unknown]
    asked = known[draw.below(len(known))]
    pairs = get_positive_samples(text, window, known)
    n = len(known)
    agree("the number of pairs", len(pairs), 2 * window * n - window * (window + 1))
    of_word = sum(w == asked for w, _ in pairs)
    place = known.index(asked)
    agree("the pairs of a word", of_word, min(place, window) + min(n - 1 - place, window))
    counts = dict(zip(draw.some(WORDS, 3), (1 + draw.below(9), 10 + draw.below(40), 60 + draw.below(140))))
    rare, usual, frequent = counts.items()
    noise = noise_distribution([word for word, count in counts.items() for _ in range(count)])
    s = sympy()
    weights = {word: s.Integer(count) ** s.Rational(3, 4) for word, count in counts.items()}
    exact = {word: float((weight / sum(weights.values())).evalf(30)) for word, weight in weights.items()}
    agree("the noise distribution", list(noise.values()), list(exact.values()))
    frequency = rare[1] / sum(counts.values())
    one_sided = window * n - window * (window + 1) // 2
    left = f" The word “{unknown}” is not in the vocabulary; all others are." if unknown else ""
    step = "count for each word the positions at most L away that exist: fewer at the two ends"
    answers = (
        Numeric(
            name="pairs",
            prompt="How many positive samples (w, c+) has the sentence?",
            points=3,
            value=np.asarray(len(pairs)),
            whole=True,
            how=f"n = {n} words that are known: 2·L·n − L·(L + 1)",
            checked=("get_positive_samples", "the formula"),
            hint=step + ("; a word that is not in the vocabulary is removed before" if unknown else ""),
            mistakes=(
                (2 * window * n, "the words at the two ends have fewer neighbours"),
                (one_sided, "a window reaches to both sides: (w, c+) and (c+, w) are two samples"),
                (
                    len(get_positive_samples(text, window, text)),
                    "the word that is not in the vocabulary is removed first, and its neighbours become adjacent",
                ),
            )[: 3 if unknown else 2],
        ),
        Numeric(
            name="of_word",
            prompt=f"How many of these have the target “{asked}”?",
            points=2,
            value=np.asarray(of_word),
            whole=True,
            how=", ".join(f"({w}, {c})" for w, c in pairs if w == asked),
            checked=("get_positive_samples", "the positions"),
            hint="count its neighbours to the left and to the right, each at most L"
            + (", after the unknown word is removed" if unknown else ""),
        ),
        Numeric(
            name="samples",
            prompt=f"With k = {k} negatives for each positive, none of which equals c+: how many samples in all?",
            points=2,
            value=np.asarray(len(pairs) * (1 + k)),
            whole=True,
            how=f"{len(pairs)} positives, each with {k} negatives",
            checked=("get_positive_samples", "the formula"),
            hint="each positive counts, and so does each of its negatives",
            mistakes=(
                (len(pairs) * k, "the positives are missing"),
                (len(pairs) + k, "each positive has negatives of its own"),
            ),
        ),
        Numeric(
            name="noise",
            prompt=(
                f"A text holds {_times(*rare)}, {_times(*usual)} and {_times(*frequent)}, nothing else. With which "
                f"probability is a drawn negative “{rare[0]}”, if the power is 0.75?"
            ),
            points=3,
            value=np.asarray(noise[rare[0]]),
            how="its count^0.75, divided by the sum of count^0.75 over all words",
            checked=("noise_distribution", "SymPy"),
            lines=2,
            hint="step 1: each count to the power 0.75; step 2: divide by their sum",
            mistakes=(
                (frequency, "step 1: that is the relative frequency, the power 1"),
                (frequency**0.75, "step 2: the sum is taken after the power, not before"),
                (1 / 3, "step 1: that is the power 0"),
            ),
        ),
    )
    intro = (
        Paragraph(f"A sentence, read with a window of L = {window} to either side.{left}"),
        Code(" ".join(text), "text"),
    )
    return Question(topic="samples", title="The samples", intro=intro, answers=answers)


def _times(word: str, count: int) -> str:
    return f"“{word}” {count} time{'' if count == 1 else 's'}"


@cache
def _found(passage: Passage) -> tuple[int, str]:
    """Finds a statement in the source, once for all worksheets."""
    return find(passage)


def _file(passage: Passage) -> str:
    return passage.module.replace(".", "/") + ".py"


def code(draw: Draw, level: int) -> Question:
    """Lines of `sgns.reference`: which one computes a formula, and where it stands; and the loss of a batch."""
    drawn = draw.some(PASSAGES, len(LETTERS))
    lines = {passage: _found(passage) for passage in drawn}
    lettered = dict(zip(LETTERS, draw.some(drawn, len(LETTERS))))
    answers: list[Choice | Numeric] = []
    for number, passage in enumerate(drawn[:TARGETS], 1):
        letter = next(letter for letter, other in lettered.items() if other is passage)
        line, statement = lines[passage]
        answers += [
            Choice(
                name=f"statement{number}",
                prompt=f"Which statement does this? {passage.meaning}",
                points=2,
                value=letter,
                options=LETTERS,
                how=f"`{statement}`",
                checked=("the source",),
                hint="compare the names in the statement with the letters of the formula",
            ),
            Numeric(
                name=f"line{number}",
                prompt=f"In which line of `{_file(passage)}` does it begin?",
                points=1,
                value=np.asarray(line),
                whole=True,
                how=f"in `{passage.function}`",
                checked=("the source",),
                hint=f"look in `{passage.function}`; a statement over several lines begins in its first",
            ),
        ]
    k = 1 + level
    names = ["a", *"bcde"[:k]]
    logits = {name: draw.one((1, -1)) * (1 + draw.below(30)) / 10 for name in names}
    formula = "-log(sigmoid(a))" + "".join(f" - log(sigmoid(-{name}))" for name in names[1:])
    found = checked(formula, logits)
    by = (*found.by, *_bce(list(logits.values()), found.value))
    total = found.value
    answers += [
        Numeric(
            name="sum",
            prompt=(
                f"A batch has the logits {show_value(list(logits.values()), most=9)} and the labels "
                f'[1{", 0" * k}]. What does `BCEWithLogitsLoss(reduction="sum")` return?'
            ),
            points=2,
            value=np.asarray(total),
            how="−log σ(x) of the positive, −log σ(−x) of each negative, added",
            checked=by,
            lines=2,
            hint="step 1: −log σ(x) for the label 1, −log σ(−x) for the label 0; step 2: the sum",
            mistakes=(
                (total / (1 + k), "step 2: that is the mean"),
                (
                    sum(float(np.logaddexp(0, -x)) for x in logits.values()),
                    "step 1: the labels 0 are treated like the label 1",
                ),
            ),
        ),
        Numeric(
            name="mean",
            prompt='And with its default, `reduction="mean"`?',
            points=2,
            value=np.asarray(total / (1 + k)),
            how=f"divided by the {1 + k} pairs; the gradient is divided, too, so a step is {1 + k} times shorter",
            checked=by,
            hint="how many pairs has the batch?",
            mistakes=((total / k, "the positive is a pair, too"), (total, "that is the sum")),
        ),
    ]
    table = Table(("", "statement"), tuple((f"**{letter}**", f"`{lines[p][1]}`") for letter, p in lettered.items()))
    intro = (
        Paragraph("Statements of the readable implementation, `sgns/reference`. This command prints where it is:"),
        Code('python -c "import sgns.reference as r; print(r.__path__)"', "text"),
        table,
    )
    return Question(topic="code", title="The code", intro=intro, answers=tuple(answers))


def _bce(logits: list[float], expected: float) -> tuple[str, ...]:
    """Compares the loss of a batch, whose first pair is the positive, with PyTorch's, where that is installed."""
    try:
        import torch
    except ImportError:
        return ()
    labels = torch.zeros(len(logits), dtype=torch.float64)
    labels[0] = 1
    made = torch.nn.BCEWithLogitsLoss(reduction="sum")(torch.tensor(logits, dtype=torch.float64), labels)
    agree("BCEWithLogitsLoss", expected, float(made))
    return ("BCEWithLogitsLoss",)


def training(draw: Draw, level: int) -> Question:
    """A training run on the student's own machine, with the figures to report."""
    d, k = 20 + 5 * draw.below(37), 2 + draw.below(14)
    window, epochs = 2 + draw.below(9), 3 + draw.below(6)
    seed = 1 + draw.below(99)
    start = checked("k*log(2*o)", {"k": 1 + k, "o": 1})
    command = (
        f"python word2vec.py --dim {d} --negatives {k} --window {window} --epochs {epochs} --seed {seed}\n"
        "sgns info vectors.safetensors\n"
        "sgns similar vectors.safetensors WORD"
    )

    def is_count(given: Any) -> bool:
        return isinstance(given, int) and not isinstance(given, bool) and given > 0

    def vocabulary(given: Any, others: Mapping[str, Any]) -> str:
        return "" if is_count(given) else "the number of words is a positive whole number; `sgns info` shows it"

    def count(given: Any, others: Mapping[str, Any]) -> str:
        V = others.get("words")
        if not isinstance(V, int) or not is_count(V):
            return "it depends on the number of words, which is missing above"
        if given == V * d:
            return "that is one matrix; the model has E and C"
        return "" if given == 2 * V * d else "it does not belong to your number of words and the d of the command"

    def losses(given: Any, others: Mapping[str, Any]) -> str:
        if not isinstance(given, list) or len(given) != epochs:
            return "give the training loss of each epoch as a list, with as many numbers as the command has epochs"
        if not all(isinstance(x, int | float) and not isinstance(x, bool) and np.isfinite(x) for x in given):
            return "a loss is a finite number"
        if min(given) <= 0 or max(given) >= start.value:
            return "a loss of a run that learns lies between 0 and the loss at the start; check what you copied"
        return ""

    def neighbours(given: Any, others: Mapping[str, Any]) -> str:
        words = [x.strip().lower() for x in given if isinstance(x, str)] if isinstance(given, list) else []
        if len(words) != 4 or not all(map(is_given, words)):
            return "give four words as a list of texts: the word and its three nearest neighbours"
        return "" if len(set(words)) == 4 else "no word is its own neighbour, and the neighbours differ"

    answers = (
        Numeric(
            name="start",
            prompt="Which loss L has the model before the first step? All rows of C are zero then.",
            points=2,
            value=np.asarray(start.value),
            how="$(1 + k)*log(2)$",
            checked=start.by,
            hint="with C = 0 every score is 0; what is −log σ(0), and how many pairs belong to a positive?",
            mistakes=((k * float(np.log(2)), "the positive is a pair, too"), (float(np.log(2)), "that is one pair")),
        ),
        Reported(
            name="words",
            prompt="V, the number of words in the vocabulary of your run.",
            points=1,
            law="any positive whole number",
            check=vocabulary,
            example=5000,
        ),
        Reported(
            name="parameters",
            prompt="The number of parameters of your model.",
            points=3,
            law=f"2·V·d with the V reported and d = {d}",
            check=count,
            example=2 * 5000 * d,
        ),
        Reported(
            name="losses",
            prompt="The training loss of each epoch, in order, as a list.",
            points=3,
            law=f"{epochs} numbers between 0 and (1 + k)·log 2 = {show_value(start.value)}",
            check=losses,
            example=[round(start.value * (0.7 - 0.02 * i), 3) for i in range(epochs)],
        ),
        Reported(
            name="neighbours",
            prompt="A word of your choice and its three nearest neighbours, as a list of four words.",
            points=2,
            law="four different words",
            check=neighbours,
            example=["jam", "honey", "butter", "sugar"],
        ),
        Written(
            name="description",
            prompt=(
                "Describe the run in your own words: the text, the hyper-parameters and what each does, the machine, "
                "the time it took."
            ),
            points=5,
            lines=6,
            expected=(
                f"text and size; d = {d}, window {window}, k = {k}, {epochs} epochs, learning rate and its fall, "
                "subsampling, least count; machine, threads, seconds; two of these with what they change"
            ),
        ),
        Written(
            name="judgement",
            prompt="What shows that the model has learnt something? Use the losses and the neighbours.",
            points=4,
            lines=5,
            expected=(
                f"the loss lies below {show_value(start.value)}, that of a model which knows nothing, from the first "
                "epoch on; how it moves between epochs, and why (the learning rate falls); neighbours that share a "
                "meaning or a use, and one that does not, with a reason such as few occurrences"
            ),
        ),
    )
    intro = (
        Paragraph(
            "Train on your own machine: without a text the first command takes the documentation on it; a text of "
            "your own may stand behind `word2vec.py`."
        ),
        Code(command, "text"),
    )
    return Question(topic="training", title="A training run", intro=intro, answers=answers)
