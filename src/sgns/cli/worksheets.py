"""The verbs for teachers: worksheet, check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sgns.base.text_table import text_table
from sgns.cli.options import Json, Output
from sgns.cli.output import print_json, warn
from sgns.errors import ConfigError

if TYPE_CHECKING:
    from sgns.learn.worksheets.marking import Marked, Student

Topics = Annotated[
    tuple[str, ...],
    Parameter(
        consume_multiple=True,
        negative=(),
        show_default=False,
        help="Ask only these: parameters, sigmoid, loss, gradients, samples, code, training, graph.",
    ),
]
MARKS = {True: "right", False: "wrong", None: "teacher"}


def worksheet(
    *,
    seed: int,
    output: Output | None = None,
    key: Path | None = None,
    form: Path | None = None,
    topics: Topics = (),
    level: int = 2,
    json: Json = False,
) -> None:
    """Write a worksheet with numbers drawn from a seed, and its key.

    Args:
        seed: 0 to 9999; two seeds never give the same numbers.
        output: The sheet for students: .pdf, .md or .html.
        key: The key for the teacher: .pdf, .md or .html.
        form: The empty form for answers, which `sgns check` marks: .toml.
        level: 1 to 3: how large the formulas are.
    """
    from sgns import learn

    if output is None and key is None and form is None:
        raise ConfigError("no file to write; give -o sheet.pdf, --key key.pdf or --form answers.toml")
    learn.check_worksheet_files(output, key, form)  # before the key is computed
    sheet = learn.make_worksheet(seed, topics=_split(topics), level=level)
    learn.write_worksheet(sheet, output, key=key, form=form)
    if json:
        files = {"sheet": output, "key": key, "form": form}
        found = {"seed": seed, "level": level, "topics": list(sheet.topics), "points": sheet.points}
        print_json(found | {name: str(path) for name, path in files.items() if path is not None})
        return
    for name, path in (("sheet", output), ("key", key), ("form", form)):
        if path is not None:
            print(f"{name}: {path}")


def check(
    answers: Path,
    /,
    *,
    seed: int | None = None,
    seeds: Path | None = None,
    output: Output | None = None,
    topics: Topics = (),
    level: int | None = None,
    json: Json = False,
) -> None:
    """Mark the answers to a worksheet, with a hint where the first step went wrong.

    Args:
        answers: A form with answers (.toml), or a folder of them for a class.
        seed: The seed of the sheet, for one form.
        seeds: A .csv file with the columns name and seed, for a class; NAME.toml holds the answers of NAME.
        output: Write the marks of a class to this .csv file.
        level: The level of the sheet; that which the form names if left out.
    """
    from sgns import learn

    if not answers.is_dir():
        if seeds is not None or output is not None:
            raise ConfigError(f"{answers} is no folder; --seeds and -o are for a class, give --seed for one form")
        if seed is None:
            raise ConfigError("no seed; give --seed with the number that stands on the sheet")
        marked = learn.check_answers(answers, seed, topics=_split(topics), level=level)
        if json:
            print_json(marked.to_dict())
        else:
            _print_marks(marked)
        return
    if seeds is None or seed is not None:
        raise ConfigError(f"{answers} is a folder; give --seeds seeds.csv with the seed of each student, not --seed")
    if output is not None:
        learn.check_marks_file(output)
    students = learn.check_class(answers, learn.read_seeds(seeds), topics=_split(topics), level=level)
    for student in students:
        if student.problem:
            warn(f"{student.name}: {student.problem}")
    if output is not None:
        learn.write_marks(output, students)
    if json:
        where = {} if output is None else {"output": str(output)}
        print_json({"students": [student.to_dict() for student in students], **where})
    else:
        _print_class(students)
        if output is not None:
            print(f"marks: {output}")


def _split(topics: tuple[str, ...]) -> tuple[str, ...]:
    """Takes topics with commas between them as well."""
    return tuple(part for topic in topics for part in topic.split(",") if part)


def _print_marks(marked: "Marked") -> None:
    rows = []
    for mark in marked.marks:
        state = MARKS[mark.verdict.right] if mark.given is not None else "missing"
        rows.append((f"{mark.question}.{mark.answer.name}", state, f"{mark.points} of {mark.answer.points}"))
    print(text_table(["answer", "mark", "points"], rows))
    print(f"\n{marked.points} of {marked.sheet.points} points", end="")
    print(f"; {marked.for_the_teacher} more are for the teacher to give" if marked.for_the_teacher else "")
    for mark in marked.marks:
        if mark.hint:
            print(f"{mark.question}.{mark.answer.name}: {mark.hint}")


def _print_class(students: "list[Student]") -> None:
    rows = []
    for student in students:
        marked = student.marked
        points = "" if marked is None else f"{marked.points} of {marked.sheet.points}"
        teacher = "" if marked is None else str(marked.for_the_teacher)
        rows.append((student.name, "" if student.seed is None else str(student.seed), points, teacher))
    print(text_table(["name", "seed", "points", "for the teacher"], rows))
