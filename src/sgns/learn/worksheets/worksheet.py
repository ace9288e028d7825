"""A worksheet: the questions of the course's three parts for a seed, as a sheet, as a key, and as a form."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgns.base.files import check_output, write_text
from sgns.base.suggest import nearest
from sgns.errors import ConfigError
from sgns.learn.document.blocks import Block, Box, Heading, Paragraph, Table, WritingSpace
from sgns.learn.document.write import check_document, write_document
from sgns.learn.worksheets import graph_question, mathematics, program
from sgns.learn.worksheets.answers import Answer, Written
from sgns.learn.worksheets.draw import Draw
from sgns.learn.worksheets.question import Question
from sgns.version import __version__

PARTS = ("The mathematics", "The program", "A computation graph")
TOPICS: dict[str, tuple[int, str, Callable[[Draw, int], Question]]] = {  # topic: (part, label of its draws, question)
    "parameters": (0, "parameters", mathematics.parameters),
    "sigmoid": (0, "sigmoid", mathematics.sigmoid),
    "loss": (0, "vectors", mathematics.loss),
    "gradients": (0, "vectors", mathematics.gradients),
    "samples": (1, "samples", program.samples),
    "code": (1, "code", program.code),
    "training": (1, "training", program.training),
    "graph": (2, "graph", graph_question.graph),
}
LEVELS = (1, 2, 3)
DEFAULT_LEVEL = 2
TITLE = "Skip-gram with negative sampling"


@dataclass(frozen=True)
class Worksheet:
    """The questions that a seed gives.

    Attributes:
        seed: The seed.
        level: 1 to 3: how large the formulas are.
        questions: The questions, in the order of `TOPICS`.
    """

    seed: int
    level: int
    questions: tuple[Question, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of the questions."""
        return tuple(question.topic for question in self.questions)

    @property
    def points(self) -> int:
        """The sum of all points."""
        return sum(question.points for question in self.questions)

    @property
    def name(self) -> str:
        """The seed and the level in words."""
        return f"worksheet {self.seed}, level {self.level}"


def make_worksheet(seed: int, *, topics: Iterable[str] = (), level: int = DEFAULT_LEVEL) -> Worksheet:
    """Draws the numbers of a worksheet and computes its key, each answer by several methods.

    Args:
        seed: 0 to 9999; two seeds never give the same numbers in any question.
        topics: The topics to ask; none means all: parameters, sigmoid, loss, gradients (part 1, 30 points), samples,
            code, training (part 2, 46 points), graph (part 3, 24 points).
        level: 1 to 3: how large the formulas are.

    Returns:
        The worksheet with its key.

    Raises:
        ConfigError: The seed, the level or a topic does not exist.
        MissingExtra: SymPy is not installed.
        WrongKey: Two methods disagree on an answer.
    """
    if level not in LEVELS:
        raise ConfigError(f"level is {level}, outside 1 to 3; {DEFAULT_LEVEL} is usual")
    chosen = set(topics) or set(TOPICS)
    for topic in sorted(chosen - set(TOPICS)):
        meant = nearest(topic, TOPICS)
        remedy = f"did you mean {meant[0]}?" if meant else f"choose from {', '.join(TOPICS)}"
        raise ConfigError(f"topic is {topic!r}, which is none; {remedy}")
    questions = [
        make(Draw(seed, f"{label} {level}"), level) for topic, (_, label, make) in TOPICS.items() if topic in chosen
    ]
    return Worksheet(seed, level, tuple(questions))


def sheet_blocks(sheet: Worksheet) -> list[Block]:
    """Writes a worksheet for students: the questions with space to write."""

    def asked(question: Question) -> list[Block]:
        blocks: list[Block] = list(question.intro)
        if question.topic == "graph":
            blocks.append(WritingSpace(7, ruled=False))
        for answer in question.answers:
            blocks.append(Paragraph(f"`{answer.name}`: {answer.prompt} {_points(answer.points)}"))
            blocks.append(WritingSpace(answer.lines))
        return blocks

    return [
        Paragraph("Name: ______________________________   Date: ____________________"),
        Paragraph(f"{_capital(sheet.name)}. {sheet.points} points. Written by sgns {__version__}."),
        *_how_to_answer(sheet),
        *_parts(sheet, asked),
    ]


def key_blocks(sheet: Worksheet) -> list[Block]:
    """Writes the key of a worksheet: each answer, how it comes about, and what checked it."""

    def answered(question: Question) -> list[Block]:
        rows = [
            (f"`{answer.name}`", str(answer.points), answer.key(), answer.how, _checks(answer))
            for answer in question.answers
        ]
        table = Table(("answer", "points", "key", "how", "checked by"), tuple(rows))
        return [*question.intro, table, *question.solution()]

    return [
        Paragraph(f"The key of {sheet.name}. {sheet.points} points; the teacher marks {_by_teacher(sheet)} of them."),
        Paragraph(
            "Each answer was computed by each of the methods named beside it, and they agree. A number may be 0.5 % "
            "off, counts are exact. A formula is right if it is equal to the key, in whichever form."
        ),
        *_parts(sheet, answered),
    ]


def _parts(sheet: Worksheet, of: Callable[[Question], list[Block]]) -> list[Block]:
    """Writes all questions under the headings of their parts."""
    blocks: list[Block] = []
    for number, title in enumerate(PARTS):
        questions = [question for question in sheet.questions if TOPICS[question.topic][0] == number]
        if not questions:
            continue
        blocks.append(Heading(1, f"{title} ({sum(question.points for question in questions)} points)"))
        for question in questions:
            if len(questions) > 1 or question.title != title:
                blocks.append(Heading(2, f"{question.title} ({question.points} points)"))
            blocks += of(question)
    return blocks


def _how_to_answer(sheet: Worksheet) -> list[Block]:
    """Says how to write answers."""
    typed = [
        "Numbers: four significant digits; counts exactly. `[1, -0.5]` is a vector.",
        "Formulas: `+ - * / **`, brackets, `exp log sigmoid dot`. log is the natural logarithm.",
    ]
    if {"loss", "gradients", "sigmoid"} & set(sheet.topics):
        typed.append(
            "`Ew` is $Ew$, the row of the target in E; `Cp` is $Cp$, that of the positive context in C; `C1`, `C2` … "
            "are $C1$, $C2$ …, those of the negatives. `dot(Ew, Cp)` is $dot(Ew, Cp)$."
        )
    typed.append(
        "The name before each question is that of the answer in the form, which "
        f"`sgns check answers.toml --seed {sheet.seed}` marks."
    )
    return [Box("How to answer", tuple(Paragraph(line) for line in typed))]


def _points(points: int) -> str:
    return f"**({points} point{'' if points == 1 else 's'})**"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _checks(answer: Answer) -> str:
    return "the teacher" if isinstance(answer, Written) else ", ".join(answer.checked) or "the law at the left"


def _by_teacher(sheet: Worksheet) -> int:
    return sum(a.points for question in sheet.questions for a in question.answers if isinstance(a, Written))


def answer_form(sheet: Worksheet) -> str:
    """Writes the empty form for the answers to a worksheet, in TOML."""
    return "".join(_form_lines(sheet, lambda answer: '""'))


def filled_form(sheet: Worksheet) -> str:
    """Writes the form with the right answers, for tests and for teachers who try `sgns check`."""
    return "".join(_form_lines(sheet, lambda answer: _toml(answer.right_answer())))


def _form_lines(sheet: Worksheet, value: Callable[[Answer], str]) -> list[str]:
    lines = [
        f'# Answers to {sheet.name}. Numbers: 0.75, formulas: "3*x**2", vectors: [1, -0.5]. Check them with:\n',
        f"# sgns check THIS_FILE --seed {sheet.seed}\n",
        f"seed = {sheet.seed}\nlevel = {sheet.level}\nsgns = {_toml(__version__)}\n",
        f"topics = {_toml(list(sheet.topics))}\n",
    ]
    for question in sheet.questions:
        lines.append(f"\n[{question.topic}]\n")
        lines += [f"{_toml_key(answer.name)} = {value(answer)}\n" for answer in question.answers]
    return lines


def _toml_key(name: str) -> str:
    return f'"{name}"' if "/" in name else name


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def write_worksheet(
    sheet: Worksheet,
    output: str | Path | None = None,
    *,
    key: str | Path | None = None,
    form: str | Path | None = None,
) -> list[Path]:
    """Writes a worksheet.

    Args:
        sheet: From `make_worksheet`.
        output: The sheet for students: .pdf, .md or .html.
        key: The key for the teacher: .pdf, .md or .html.
        form: The empty form for answers: .toml.

    Returns:
        The paths written.

    Raises:
        OutputError: A file cannot be written.
        ConfigError: The sheet and the key are the same file.
        MissingExtra: A PDF is wanted and Typst is not installed.
    """
    check_worksheet_files(output, key, form)
    made: list[Path] = []
    if output is not None:
        made.append(write_document(output, sheet_blocks(sheet), f"{TITLE}: {sheet.name}"))
    if key is not None:
        made.append(write_document(key, key_blocks(sheet), f"{TITLE}: key of {sheet.name}"))
    if form is not None:
        write_text(Path(form), [answer_form(sheet)])
        made.append(Path(form))
    return made


def check_worksheet_files(output: str | Path | None, key: str | Path | None, form: str | Path | None) -> None:
    """Checks that the files of a worksheet can be written. Args and Raises: as `write_worksheet`."""
    documents: Sequence[str | Path] = [path for path in (output, key) if path is not None]
    if len({Path(path).absolute() for path in documents}) < len(documents):
        raise ConfigError(f"the sheet and the key are both {output}; give the key another name")
    for path in documents:
        check_document(path)
    if form is not None:
        check_output(form, (".toml",))
