"""Marks the answers to a worksheet: one file, or the files of a class.

Answers stand in a TOML file (`sgns.learn.worksheets.worksheet.answer_form` writes the empty one). A derivative may be
named without quotes, df/dx = "3*c*x**2", which plain TOML does not allow. In each question the first wrong answer gets
a hint; what follows from it can be wrong for the same reason and gets none.
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sgns.base.files import check_output, write_text
from sgns.errors import ConfigError, FormatError, SgnsError
from sgns.learn.worksheets.answers import Answer, Reported, Verdict, is_given
from sgns.learn.worksheets.worksheet import DEFAULT_LEVEL, Worksheet, make_worksheet
from sgns.version import __version__

MAX_BYTES = 200_000  # of a file of answers
STATED = ("seed", "level", "sgns", "topics")  # what a form says about its sheet
DERIVATIVE = re.compile(r"^([ \t]*)(d\w+/d\w+)([ \t]*=)", re.MULTILINE)


@dataclass(frozen=True)
class Mark:
    """The mark of one answer.

    Attributes:
        question: The topic of the question.
        answer: The answer of the key.
        given: What the student answered; None if nothing.
        verdict: Right, wrong, or for the teacher.
        hint: The hint that the student reads, or "".
    """

    question: str
    answer: Answer
    given: Any
    verdict: Verdict
    hint: str

    @property
    def points(self) -> int:
        """The points that the answer earns without the teacher."""
        return self.answer.points if self.verdict.right else 0


@dataclass(frozen=True)
class Marked:
    """A marked worksheet.

    Attributes:
        sheet: The worksheet.
        marks: The mark of each answer, in the order of the sheet.
    """

    sheet: Worksheet
    marks: tuple[Mark, ...]

    @property
    def points(self) -> int:
        """The points earned without the teacher."""
        return sum(mark.points for mark in self.marks)

    @property
    def for_the_teacher(self) -> int:
        """The points of the descriptions that the teacher has to mark."""
        return sum(mark.answer.points for mark in self.marks if mark.verdict.right is None)

    def points_of(self, topic: str) -> int:
        """The points earned in one question without the teacher."""
        return sum(mark.points for mark in self.marks if mark.question == topic)

    def to_dict(self) -> dict[str, Any]:
        """Exports the marks as JSON values."""
        return {
            "seed": self.sheet.seed,
            "level": self.sheet.level,
            "points": self.points,
            "of": self.sheet.points,
            "for_the_teacher": self.for_the_teacher,
            "answers": [
                {
                    "question": mark.question,
                    "name": mark.answer.name,
                    "given": is_given(mark.given),
                    "right": mark.verdict.right,
                    "points": mark.points,
                    "of": mark.answer.points,
                    "hint": mark.hint,
                    "compared_by": mark.verdict.by,
                }
                for mark in self.marks
            ],
        }


def read_answers(path: str | Path) -> dict[str, Any]:
    """Reads a file of answers.

    Args:
        path: A TOML file with a table for each question.

    Returns:
        Its contents.

    Raises:
        FormatError: The file is too large, or no TOML; the message names the line.
    """
    path = Path(path)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FormatError(f"{path} has {size:,} bytes, more than {MAX_BYTES:,}; give the form with the answers")
    try:
        return tomllib.loads(DERIVATIVE.sub(r'\1"\2"\3', path.read_bytes().decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error) or "brackets in brackets"
        raise FormatError(f"{path} is no TOML: {reason}; a formula stands between quotes") from None


def mark_answers(
    answers: Mapping[str, Any],
    seed: int,
    *,
    topics: Iterable[str] = (),
    level: int | None = None,
    name: str = "the form",
) -> Marked:
    """Marks answers.

    Args:
        answers: A table for each question, as `read_answers` returns them.
        seed: The seed of the sheet.
        topics: The topics of the sheet; none means those that the form names, or all.
        level: The level of the sheet; None means that of the form, or 2.
        name: The name of the form, for messages.

    Returns:
        The marks.

    Raises:
        ConfigError: The form is for another seed, level or version, or has a table or an answer that the sheet has not.
    """
    for option, value in (("seed", seed), ("level", level)):
        stated = answers.get(option)
        if stated is not None and value is not None and stated != value:
            raise ConfigError(f"{name} answers {option} {stated}, not {value}; give --{option} {stated}")
    version = answers.get("sgns", __version__)
    if version != __version__:
        raise ConfigError(
            f"{name} was written by sgns {version}, this is {__version__}, whose lines of code may stand elsewhere; "
            f"install sgns=={version}, or take the line out"
        )
    stated_topics, stated_level = answers.get("topics", ()), answers.get("level", DEFAULT_LEVEL)
    if not isinstance(stated_topics, list | tuple) or not all(isinstance(topic, str) for topic in stated_topics):
        raise ConfigError(f"topics of {name} is {stated_topics!r}; give a list of topics between quotes")
    if isinstance(stated_level, bool) or not isinstance(stated_level, int):
        raise ConfigError(f"level of {name} is {stated_level!r}; give 1, 2 or 3")
    sheet = make_worksheet(seed, topics=tuple(topics) or stated_topics, level=stated_level if level is None else level)
    _check_names(answers, sheet, name)
    marks: list[Mark] = []
    for question in sheet.questions:
        given_here = answers.get(question.topic, {})
        hinted = False
        for answer in question.answers:
            given = given_here.get(answer.name)
            if not is_given(given):
                marks.append(Mark(question.topic, answer, None, Verdict(False), ""))
                continue
            if isinstance(answer, Reported):
                answer = replace(answer, others=given_here)
            verdict = answer.mark(given)
            hint = "" if hinted else verdict.hint
            hinted = hinted or verdict.right is False
            marks.append(Mark(question.topic, answer, given, verdict, hint))
    return Marked(sheet, tuple(marks))


def _check_names(answers: Mapping[str, Any], sheet: Worksheet, name: str) -> None:
    """Refuses names that the sheet does not have, so that no answer is lost by a slip of the pen."""
    questions = {question.topic: question for question in sheet.questions}
    for topic, table in answers.items():
        if topic in STATED:
            continue
        if topic not in questions:
            raise ConfigError(f"{name} has [{topic}], which is no question of the sheet; it has {', '.join(questions)}")
        if not isinstance(table, Mapping):
            raise ConfigError(f"{name}: {topic} is {table!r}; write [{topic}] on a line of its own, answers below it")
        known = [answer.name for answer in questions[topic].answers]
        for key in table:
            if key not in known:
                raise ConfigError(f"{name}: [{topic}] has {key!r}, which it does not ask; it asks {', '.join(known)}")


def check_answers(path: str | Path, seed: int, *, topics: Iterable[str] = (), level: int | None = None) -> Marked:
    """Marks a file of answers. Args, Returns and Raises: as `read_answers` and `mark_answers`."""
    return mark_answers(read_answers(path), seed, topics=topics, level=level, name=str(path))


@dataclass(frozen=True)
class Student:
    """A student of a class.

    Attributes:
        name: The name, which is that of the file without its ending.
        seed: The seed of the student's sheet.
        marked: The marks; None if there are none.
        problem: Why there are none, or "".
    """

    name: str
    seed: int | None
    marked: Marked | None
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Exports the marks as JSON values."""
        marks = {} if self.marked is None else self.marked.to_dict()
        return {"name": self.name, "seed": self.seed, "problem": self.problem, **marks}


def read_seeds(path: str | Path) -> dict[str, int]:
    """Reads the seeds of a class.

    Args:
        path: A CSV file with the columns name and seed.

    Returns:
        Name -> seed.

    Raises:
        FormatError: A column is missing, a seed is no number, or a name or a seed occurs twice; the message names the
            line.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = [column.strip().lower() for column in rows.fieldnames or ()]
    if not {"name", "seed"} <= set(columns):
        raise FormatError(f"{path}: the first line is {','.join(columns)!r}; it has to name the columns name,seed")
    rows.fieldnames = columns
    seeds: dict[str, int] = {}
    for row in rows:
        name, seed = (row["name"] or "").strip(), (row["seed"] or "").strip()
        if not name and not seed:
            continue
        if not re.fullmatch(r"[0-9]{1,9}", seed):
            raise FormatError(f"{path}, line {rows.line_num}: the seed of {name} is {seed!r}; give a whole number")
        if name in seeds:
            raise FormatError(f"{path}, line {rows.line_num}: {name} occurs twice; leave one out")
        if int(seed) in seeds.values():
            raise FormatError(f"{path}, line {rows.line_num}: a second {int(seed)}; give each a seed of their own")
        seeds[name] = int(seed)
    return seeds


def check_class(
    folder: str | Path, seeds: Mapping[str, int], *, topics: Iterable[str] = (), level: int | None = None
) -> list[Student]:
    """Marks the files NAME.toml of a folder. A file that cannot be marked gets a note and stops nothing.

    Args:
        folder: The folder.
        seeds: Name -> seed, from `read_seeds`.
        topics: The topics of the sheets.
        level: The level of the sheets.

    Returns:
        The students in the order of `seeds`, then those without a seed.

    Raises:
        FormatError: The folder holds no .toml file.
    """
    files = {path.stem: path for path in sorted(Path(folder).glob("*.toml"))}
    if not files:
        raise FormatError(f"{folder} holds no .toml file; put the answers of each student there, as NAME.toml")
    students = []
    for name in [*seeds, *(name for name in files if name not in seeds)]:
        seed = seeds.get(name)
        if name not in files:
            students.append(Student(name, seed, None, "handed in nothing"))
        elif seed is None:
            students.append(Student(name, None, None, "has no seed"))
        else:
            try:
                marked = check_answers(files[name], seed, topics=topics, level=level)
            except (SgnsError, OSError) as error:
                students.append(Student(name, seed, None, str(error)))
            else:
                students.append(Student(name, seed, marked))
    return students


def marks_as_csv(students: Iterable[Student]) -> str:
    """Writes the marks of a class as CSV: a line for each student, a column for each question."""
    students = list(students)
    topics = list(dict.fromkeys(topic for s in students if s.marked for topic in s.marked.sheet.topics))
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["name", "seed", "points", "of", "for_the_teacher", *topics, "first_hint", "problem"])
    for student in students:
        marked = student.marked
        row: list[Any] = [_harmless(student.name), "" if student.seed is None else student.seed]
        if marked is None:
            row += [0, "", "", *[""] * len(topics), ""]
        else:
            asked = marked.sheet.topics
            hint = next((f"{mark.question}.{mark.answer.name}: {mark.hint}" for mark in marked.marks if mark.hint), "")
            row += [marked.points, marked.sheet.points, marked.for_the_teacher]
            row += [*(marked.points_of(topic) if topic in asked else "" for topic in topics), hint]
        table.writerow([*row, _harmless(student.problem)])
    return out.getvalue()


def _harmless(text: str) -> str:
    """Prevents that a spreadsheet takes a text for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def check_marks_file(path: str | Path) -> Path:
    """Checks that marks can be written to a .csv file, before the work begins. Raises `OutputError` if not."""
    return check_output(path, (".csv",))


def write_marks(path: str | Path, students: Iterable[Student]) -> Path:
    """Writes the marks of a class to a .csv file. Raises `OutputError` if it cannot be written."""
    output = check_marks_file(path)
    write_text(output, [marks_as_csv(students)])
    return output
