"""The verb `ask`: a prompt for questions such as `paris - france + italy`, with history and completion of words.

prompt_toolkit reads the line: it works on Windows too (readline is not there), completes while you type, and is what
IPython is built on. It is imported only when a person is at the keyboard; a pipe is read line by line.
"""

import os
import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sgns.cli.ask import N, opened
from sgns.cli.tables import print_json, say, table
from sgns.errors import ConfigError, SgnsError, UnknownWord
from sgns.vectors import query as expression
from sgns.vectors.vectors import Answers, Space, Vectors

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

HELP = """\
paris                       the words nearest to paris
paris - france + italy      unit vectors added and subtracted, with blanks around the signs
2 * king - (man + boy)      weights and brackets
man : king = woman : ?      an analogy (3CosAdd)
"new york" - city           a word with blanks stands in quotes
:n 20                       twenty answers from now on
:quit                       leave; so does Ctrl-D"""
MOST_OFFERED = 20  # completions


def ask(
    vectors: Path,
    question: Annotated[list[str], Parameter(negative=(), allow_leading_hyphen=True)] = [],  # noqa: B006  never changed
    /,
    *,
    n: N = 10,
    space: Space = "E",
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """A prompt that takes paris - france + italy; or one question, or a line each from a pipe.

    Args:
        vectors: Vector file, in any format.
        question: Ask this alone and leave.
        n: How many answers.
        space: Ask the target vectors E, the context vectors C, or their sum.
        json: Print one JSON object with all questions and answers.
    """
    v = opened(vectors, space)
    if question:
        text = " ".join(question)
        answers = answer(v, text, n)
        if json:
            print_json({"questions": [as_dict(text, answers)]})
        else:
            print(table(["word", "cosine"], answers))
    elif sys.stdin.isatty() and not json:
        talk(v, n)
    else:
        answer_lines(v, sys.stdin, n, json)


def answer(vectors: Vectors, text: str, n: int) -> Answers:
    """The answers to one question.

    Raises:
        ExpressionError: the question cannot be understood.
        UnknownWord: with the nearest spellings, or a hint to put blanks around signs.
    """
    question = expression.parse(text)
    try:
        if question.analogy is not None:
            return vectors.analogy(*question.analogy, n)
        direction, rows = vectors.query(question.terms)
    except UnknownWord as error:
        words = [word for _, word in question.terms]
        spaced = next(filter(None, (expression.hint(w, vectors.index) for w in words if w not in vectors)), None)
        if spaced is None:
            raise
        raise UnknownWord(f"{error} Or, with blanks around the signs: {spaced}") from None
    return vectors.nearest_to(direction, n, without=rows)


def as_dict(text: str, answers: Answers) -> dict[str, Any]:
    """A question and its answers as JSON."""
    return {"question": text, "answers": [{"word": word, "cosine": cosine} for word, cosine in answers]}


def answer_lines(vectors: Vectors, lines: Iterable[str], n: int, as_json: bool) -> None:
    """Answer each line; a wrong one is told on stderr, the others are still answered, and the exit code is 2."""
    answered, wrong = [], 0
    for line in lines:
        text = line.strip()
        if not text:
            continue
        try:
            answers = answer(vectors, text, n)
        except SgnsError as error:
            wrong += 1
            say(f"{text[:80]}: {error}")
            continue
        answered.append(as_dict(text, answers))
        if not as_json:
            print(f"{text}\n{table(['word', 'cosine'], answers)}\n", flush=True)
    if as_json:
        print_json({"questions": answered})
    if wrong:
        raise SystemExit(2)


def talk(vectors: Vectors, n: int) -> None:
    """The prompt, until Ctrl-D or :quit."""
    session = make_session(vectors)
    print(f"{len(vectors):,} words, d = {vectors.dim}. Try paris - france + italy; :help says more, Ctrl-D leaves.")
    while True:
        try:
            text = session.prompt("> ").strip()
        except KeyboardInterrupt:
            continue  # as in every shell: the line is forgotten
        except EOFError:
            return
        if not text:
            continue
        try:
            if re.match(r":\w", text):
                command, _, argument = text[1:].partition(" ")
                if command in ("quit", "q", "exit"):
                    return
                if command == "n":
                    n = count(argument)
                elif command in ("help", "h"):
                    print(HELP)
                else:
                    raise ConfigError(f":{command} is no command; there are :help, :n and :quit")
                continue
            print(table(["word", "cosine"], answer(vectors, text, n)))
        except SgnsError as error:
            print(error)


def count(text: str) -> int:
    """How many answers `:n` asks for. Raises `ConfigError`."""
    if not text.strip().isdecimal() or not 1 <= int(text.strip()[:9]) <= 1000:
        raise ConfigError(f":n {text.strip()} is not between 1 and 1,000; write, for example, :n 20")
    return int(text)


def make_session(vectors: Vectors) -> "PromptSession[str]":
    """A prompt with history (kept between sessions where that can be) and completion of words."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion, ThreadedCompleter
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    words = Completions(vectors.words)

    class Words(Completer):
        """Offers words for the piece before the cursor."""

        def get_completions(self, document: Document, complete_event: object) -> Iterator[Completion]:
            typed, offers = words.offer(document.text_before_cursor)
            return (Completion(offer, start_position=-typed) for offer in offers)

    history: History
    try:
        place = history_path()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch(mode=0o600)
        history = FileHistory(str(place))
    except OSError:
        history = InMemoryHistory()
    return PromptSession(history=history, completer=ThreadedCompleter(Words()), complete_while_typing=True)


def history_path() -> Path:
    """Where questions are remembered: XDG's state folder, or the one for applications on Windows."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".local" / "state"
    return Path(base) / "sgns" / "history"


class Completions:
    """Words that begin with what was typed, the most frequent (first in the file) first."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    @cached_property
    def by_name(self) -> list[tuple[str, int]]:
        """Words in the order of the alphabet, with their rows."""
        return sorted((word, row) for row, word in enumerate(self.words))

    def offer(self, text: str) -> tuple[int, list[str]]:
        """How many characters before the cursor are to be replaced, and by which words."""
        match = re.search(r'"([^"]*)\Z|([^\s()"]+)\Z', text)
        if match is None or text[: match.start()].count('"') % 2:
            return 0, []
        start = match[1] if match[1] is not None else match[2]
        if not start:
            return 0, []
        first = bisect_left(self.by_name, (start, -1))
        last = bisect_left(self.by_name, (start + "\U0010ffff", -1))
        rows = sorted(row for _, row in self.by_name[first:last])[:MOST_OFFERED]
        return len(match[0]), [written(self.words[row]) for row in rows]


def written(word: str) -> str:
    """`word` as the grammar takes it: in quotes when it holds what the grammar would read otherwise."""
    if re.search(r'[\s()"]', word) or not word or word in expression.OPERATORS:
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return word
