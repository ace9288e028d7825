"""stdin, stdout and stderr of a command: none of them makes it fail.

An encoding that lacks a character shows it in ASCII; a stream that is closed is opened on the null device, so that
nothing else takes its number; what was printed is written out before the exit code is decided.
"""

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TextIO

from sgns.errors import OutputError

IN_ASCII = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "…": "...", "×": "x", "·": "*", "•": "*", "’": "'", "‘": "'", "“": '"', "”": '"',
     "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≈": "~", "✓": "ok", "│": "|", "┤": "|", "─": "-", "═": "=",
     "┌": "+", "└": "+", "━": "-"}
)  # fmt: skip
"""Our own signs, in tables and sentences, and how they look in ASCII."""
ERRORS = "sgns.in_ascii"  # name of the error handler
CHOSEN = ("replace", "ignore", "xmlcharrefreplace", "namereplace", ERRORS)
"""Error handlers that never fail and that nobody has by default: `PYTHONIOENCODING` asks for them."""


def in_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    """The error handler `ERRORS`: one of our own signs by its look, every other character as \\u and its code."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    shown = "".join(codecs.encode(sign.translate(IN_ASCII), "ascii", "backslashreplace").decode() for sign in part)
    return shown, error.end


codecs.register_error(ERRORS, in_ascii)


def prepare_streams() -> None:
    """Lets stdout and stderr write any text, and opens those of the three streams that are closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # the lowest free number is the stream's own
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors not in CHOSEN:
            stream.reconfigure(errors=ERRORS)


def discard(stream: TextIO) -> None:
    """Sends the rest of a stream to the null device: Python writes it out at its end, and would print an error."""
    with suppress(OSError, ValueError, AttributeError):
        handle = os.open(os.devnull, os.O_WRONLY)
        os.dup2(handle, stream.fileno())
        os.close(handle)
        stream.flush()


def flush() -> None:
    """Writes out what was printed; where stderr cannot be written, what stood there is lost.

    Raises:
        BrokenPipeError: nobody reads stdout any more.
        OutputError: stdout cannot be written.
    """
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        discard(sys.stderr)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(sys.stdout)
        raise OutputError(f"standard output cannot be written: {error.strerror}; send it elsewhere") from None


def as_shown(text: str, encoding: str) -> str:
    """`text` as a stream of this encoding shows it."""
    return text.encode(encoding, ERRORS).decode(encoding)


def word_as_shown(word: str) -> str:
    """A word as stdout shows it: in full, or with each character that the encoding lacks as \\u and its code."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return word.encode(encoding, "backslashreplace").decode(encoding, "replace")


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream can show every character."""
    encoding = getattr(stream, "encoding", None)
    return encoding is None or codecs.lookup(encoding).name == "utf-8"


def argument_text(argument: str) -> str:
    """An argument that is no path: UTF-8, even where the locale is ASCII and Python could not decode it."""
    with suppress(UnicodeError):
        return os.fsencode(argument).decode("utf-8")
    return argument


def lines_of(stream: Any) -> Iterator[str]:
    """The lines of a stream of text, such as stdin: UTF-8 whatever the locale is, without a byte order mark."""
    first = True
    for line in getattr(stream, "buffer", stream):
        text = line if isinstance(line, str) else line.decode("utf-8", "replace")
        yield text.removeprefix("\ufeff") if first else text
        first = False
