"""What the verbs print: answers, as a table or as one JSON object, on stdout; warnings and errors on stderr."""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sgns.base.text_table import text_table
from sgns.cli.streams import discard, is_unicode, word_as_shown


def print_answers(
    question: dict[str, Any], answers: Sequence[tuple[str, float]], as_json: bool, heading: str = "cosine"
) -> None:
    """Prints the answers to one question, as a table or as JSON."""
    if as_json:
        print_json(answers_as_dict(question, answers, heading))
    else:
        print(answer_table(answers, heading))


def answer_table(answers: Sequence[tuple[str, float]], heading: str = "cosine") -> str:
    """Answers as a table, its columns straight in the encoding of stdout."""
    return text_table(["word", heading], [(word_as_shown(word), score) for word, score in answers])


def answers_as_dict(
    question: dict[str, Any], answers: Sequence[tuple[str, float]], heading: str = "cosine"
) -> dict[str, Any]:
    """A question and its answers as JSON values."""
    return question | {"answers": [{"word": word, heading: score} for word, score in answers]}


def print_json(value: dict[str, Any]) -> None:
    """Prints one JSON object: in UTF-8, or in ASCII where stdout has another encoding."""
    text = json.dumps(json_value(value), ensure_ascii=not is_unicode(sys.stdout), indent=2)
    try:
        text.encode()
    except UnicodeEncodeError:  # the name of a file that is not UTF-8
        text = json.dumps(json_value(value), indent=2)
    print(text)


def json_value(value: Any) -> Any:
    """`value` in the types of JSON: NaN and infinity become null, a path its text, a number of NumPy a plain one."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if hasattr(value, "item"):  # a NumPy number
        return json_value(value.item())
    return value


def warn(message: str) -> None:
    """Prints a warning on stderr."""
    print_on_stderr(f"warning: {message}")


def print_error(message: str) -> None:
    """Prints an error on stderr, in one line."""
    print_on_stderr(f"sgns: {' '.join(message.split())}")


def print_on_stderr(line: str) -> None:
    """Prints a line on stderr; where that cannot be written, the command goes on without it."""
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        discard(sys.stderr)
