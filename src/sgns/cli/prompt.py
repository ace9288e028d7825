"""The prompt of `sgns ask`: questions with history and completion on a terminal, or a question a line from a pipe.

prompt_toolkit reads the line: unlike readline it exists on Windows, and it completes during typing. It is imported only
on a terminal; a pipe is read line by line.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from sgns.base.folders import state_folder
from sgns.cli.output import answer_table, answers_as_dict, print_error, print_json, warn
from sgns.errors import ConfigError, SgnsError
from sgns.vectors.query import ask, composed_words, quoted
from sgns.vectors.vectors import Vectors

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


def answer_lines(vectors: Vectors, lines: Iterable[str], n: int, as_json: bool) -> int:
    """Answers the question in each line, and reports a line with an error on stderr.

    Returns:
        The exit code: 2 if a line had an error, else 0.
    """
    answered, code = [], 0
    for line in lines:
        text = line.strip()
        if not text:
            continue
        try:
            answers = ask(vectors, text, n)
            for note in composed_words(vectors, text):
                warn(note)
        except SgnsError as error:
            code = error.exit_code
            print_error(f"{text[:80]}: {error}")
            continue
        answered.append(answers_as_dict({"question": text}, answers))
        if not as_json:
            print(f"{text}\n{answer_table(answers)}\n", flush=True)
    if as_json:
        print_json({"questions": answered})
    return code


def converse(vectors: Vectors, n: int) -> None:
    """Answers questions on a terminal until Ctrl-D or :quit."""
    session = make_session(vectors)
    print(f"{len(vectors):,} words, d = {vectors.dim}. Try paris - france + italy; :help says more, Ctrl-D leaves.")
    while True:
        try:
            text = session.prompt("> ").strip()
        except KeyboardInterrupt:
            continue  # as in a shell: the line is discarded
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
                    n = answer_count(argument)
                elif command in ("help", "h"):
                    print(HELP)
                else:
                    raise ConfigError(f":{command} is no command; there are :help, :n and :quit")
                continue
            answers = ask(vectors, text, n)
            for note in composed_words(vectors, text):
                print(note)
            print(answer_table(answers))
        except SgnsError as error:
            print(error)


def answer_count(text: str) -> int:
    """The argument of `:n`. Raises `ConfigError`."""
    if not text.strip().isdecimal() or not 1 <= int(text.strip()[:9]) <= 1000:
        raise ConfigError(f":n {text.strip()} is not between 1 and 1,000; write, for example, :n 20")
    return int(text)


def make_session(vectors: Vectors) -> "PromptSession[str]":
    """A prompt with completion of words, and with a history that is kept where the state folder can be written."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion, ThreadedCompleter
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    completions = Completions(vectors.words)

    class WordCompleter(Completer):
        """Completes the word before the cursor."""

        def get_completions(self, document: Document, complete_event: object) -> Iterator[Completion]:
            typed, offers = completions.offer(document.text_before_cursor)
            return (Completion(offer, start_position=-typed) for offer in offers)

    history: History
    try:
        path = state_folder() / "history"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        history = FileHistory(str(path))
    except OSError:
        history = InMemoryHistory()
    return PromptSession(history=history, completer=ThreadedCompleter(WordCompleter()), complete_while_typing=True)


class Completions:
    """The words that begin with what was typed, the most frequent (first in the file) first.

    Args:
        words: All words, the most frequent first.
    """

    def __init__(self, words: list[str]) -> None:
        self.words = words

    @cached_property
    def by_name(self) -> list[tuple[str, int]]:
        """Words in alphabetical order, with their row numbers."""
        return sorted((word, row) for row, word in enumerate(self.words))

    def offer(self, text: str) -> tuple[int, list[str]]:
        """How many characters before the cursor are to be replaced, and by which words.

        Args:
            text: The line up to the cursor.
        """
        match = re.search(r'"([^"]*)\Z|([^\s()"]+)\Z', text)
        if match is None or text[: match.start()].count('"') % 2:
            return 0, []
        start = match[1] if match[1] is not None else match[2]
        if not start:
            return 0, []
        first = bisect_left(self.by_name, (start, -1))
        last = bisect_left(self.by_name, (start + "\U0010ffff", -1))
        rows = sorted(row for _, row in self.by_name[first:last])[:MOST_OFFERED]
        return len(match[0]), [quoted(self.words[row]) for row in rows]
