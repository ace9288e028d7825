"""The built-in corpus: the English documentation that is installed with Python, as plain sentences.

It consists of `pydoc_data.topics` (the language reference), the docstrings of the standard library, and those of
installed packages, in an order that depends only on what is installed. Nothing is imported: triple-quoted strings that
stand on their own are found in the source and read with `ast.literal_eval`. Doctests, code, tables, signatures and
markup are left out, and so are sentences without the small words of English; from the sentences that remain, names of
functions, parameters and files are removed. What is kept of a paragraph is a line. Whole packages come first whose
documentation is long and good, until `MOST_TEXT` characters are found. The lines are shuffled with a fixed seed:
documentation repeats itself from one function to the next, and a model that reads it in order adapts to each passage
and forgets it, which makes its training loss rise in the last epoch, as the learning rate falls.
"""

import ast
import os
import random
import re
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

from sgns.base.files import replacing
from sgns.base.folders import cache_folder
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import digest

VERSION = 2  # raise it when the same documentation would become another text
MOST_TEXT = 8 << 20  # characters, about 1.4 million words
MOST_SECONDS = 20.0  # of this process's own time, so that a busy machine finds the same text, only later
KEPT = 4  # texts in the cache: one for each environment used lately
FIRST = (
    "numpy",
    "scipy",
    "matplotlib",
    "sklearn",
    "pandas",
    "sympy",
    "networkx",
    "statsmodels",
    "nltk",
    "gensim",
    "torch",
    "numba",
)
SKIPPED = {"test", "tests", "testing", "site-packages", "dist-packages", "idlelib", "sgns"}

# A triple-quoted string that begins its line: a docstring, or documentation added to compiled functions.
STRING = re.compile(
    r'^[ \t]*([rRuU]?(?:"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""' + r"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''))",
    re.MULTILINE | re.DOTALL,
)
ROLE = re.compile(r":[a-z:+-]+:`~?!?([^`<]*?)(?:\s*<[^`>]*>)?`")  # :func:`~numpy.sum`, :ref:`text <target>`
LABEL = re.compile(r":ref:`[^`<]*`")  # the name of a place in the documentation, without a title
LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_{0,2}")
NOISE = re.compile(r"https?://\S+|[`*|]+|\[\w{1,12}\]_|(?<=\w)_(?=[\s,.;:)]|$)")
MATH = re.compile(r"\\[a-zA-Z]+|\$[^$\n]*\$")
FIELD = re.compile(r"^:(?:param|type|return|returns|rtype|raises?|var|keyword|arg)\b[^:]*:\s*")
BULLET = re.compile(r"^(?:[-*+•]|\(?\d{1,2}[.)])\s+")
PARAMETER = re.compile(
    r"^[*\w.,\s`\[\]\"']{1,60}\s:\s*\S|^\w+\s*\([^)]*\)\s*:\s|^\w+\(.*\)( ->.*)?$"
)  # x : int, optional
HEADING = re.compile(r"^([=\-~^\"'`#*+.])\1{2,}\s*$")
CODE = re.compile(r"^(?:>>>|\.\.\.(?:\s|$)|In \[\d|Out\[\d|\.\. |\$ |%|@|#)|^[+|].*[+|]$|^[=+\-]{3,}[\s=+\-]+$")
CODE_MARK = " n_a "  # stands for code until the share of code in a sentence is known
LITERAL = re.compile(r"``[^`]+``|`[^`]+`")  # code within a sentence
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
SENTENCE = re.compile(r"[A-Z].*[a-z)\"'][.!?]").fullmatch
WORD = re.compile(r"[\"'(]*(?:[A-Z]?[a-z]+(?:['’-][A-Za-z]?[a-z]+)*|[A-Z]{1,4}|e\.g|i\.e)[.,;:!?)\"']*").fullmatch
END_MARKS = frozenset(".!?")
QUOTES = ('"' * 3, "'" * 3)
SMALL_WORD, OTHER_WORD, A_NUMBER, CODE_NAME = "small word", "word", "number", "code"  # kinds of tokens
NUMBER = re.compile(r"[-+(]?\d[\d.,]*%?[.,;:)]*").fullmatch
SMALL_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about all also an and any are as at be been before being both but by can cannot could does each either else
        even every for from had has have how however if in into is it its may might more most must no nor not of on
        one only or other our same should since so some such than that the their them then there these they this those
        through thus to under until upon was we were what when where whether which while who will with within without
        would you your
        """,
    )
)
LEAST_WORDS, LEAST_SMALL, MOST_CODE = 5, 0.3, 0.1  # words of a sentence; shares of small words and of code in it
BLANK_LINES = re.compile(r"\n\s*\n")


@contextmanager
def builtin_text(progress: ProgressCallback) -> Iterator[Path]:
    """A file with the built-in corpus, from the cache if it is there.

    Args:
        progress: called with the number of characters collected.

    Raises:
        InputError: this Python came without any documentation (`python -OO` does not matter: sources are read).
    """
    key = digest(
        [
            VERSION,
            sys.version,
            MOST_TEXT,
            [sorted(entry.name for entry in root.iterdir()) for root in package_folders()],
        ]
    )
    folder = cache_folder() / "builtin"
    target = folder / f"{key}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not target.is_file():
            with replacing(target) as (file,):
                write_text(file, progress)
            os.utime(target, (time.time() - 60,) * 2)  # it will never change, so its mtime may say so (`cache.FRESH`)
            for old in sorted(folder.glob("*.txt"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
                old.unlink(missing_ok=True)
    except InputError:
        raise
    except OSError:  # no cache: `cache.open_store` warns of it
        with tempfile.TemporaryDirectory() as temporary:
            target = Path(temporary) / "documentation.txt"
            with target.open("wb") as file:
                write_text(file, progress)
            yield target
        return
    yield target


def package_folders() -> list[Path]:
    """The folders in which packages are installed, in the order of `sys.path`."""
    return [
        Path(entry)
        for entry in dict.fromkeys(sys.path)
        if re.search(r"(site|dist)-packages$", entry) and Path(entry).is_dir()
    ]


def write_text(file: IO[bytes], progress: ProgressCallback) -> None:
    """Writes the corpus as UTF-8, a line for what is kept of a paragraph, none twice, in an order with a fixed seed."""
    began, reported, size = time.process_time(), 0.0, 0
    lines: dict[str, None] = {}
    stage = "collect documentation (once)"
    progress(stage, 0, MOST_TEXT, "characters")
    for text in texts():
        for line in paragraphs(text):
            if line not in lines:
                lines[line] = None
                size += len(line) + 1
        now = time.monotonic()
        if now - reported > 0.1:
            progress(stage, min(size, MOST_TEXT), MOST_TEXT, "characters")
            reported = now
            if time.process_time() - began > MOST_SECONDS:
                break
        if size >= MOST_TEXT:
            break
    if not size:
        raise InputError("this Python has no documentation to train on; give a text file of your own")
    shuffled = list(lines)
    random.Random(1).shuffle(shuffled)
    file.write("".join(f"{line}\n" for line in shuffled).encode())
    progress(stage, size, size, "characters")


def texts() -> Iterator[str]:
    """Topics, then all docstrings, one file after the other (an empty text for a file without any)."""
    try:
        from pydoc_data.topics import topics

        yield from (topics[name] for name in sorted(topics))
    except ImportError:  # some distributions leave it out
        pass
    yield from (text for file in python_files(Path(sysconfig.get_paths()["stdlib"])) for text in docstrings(file))
    for root in package_folders():
        names = sorted(entry.name for entry in root.iterdir())
        first = [name for name in FIRST if name in names]
        for name in first + [name for name in names if name not in first]:
            for file in python_files(root / name):
                yield from docstrings(file)


def python_files(root: Path) -> Iterator[Path]:
    """Python files at and below `root`, sorted, without tests."""
    if root.suffix == ".py":
        yield root
        return
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in SKIPPED and not name.startswith((".", "__")))
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))


def docstrings(file: Path) -> Iterator[str]:
    """The strings in `file` that document something."""
    try:
        source = file.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        yield ""
        return
    for match in strings(source):
        if match.end() - match.start() < 40:
            continue
        literal = match[1]
        if "\\" not in literal and literal[0] in "\"'":  # nothing to evaluate
            yield literal[3:-3]
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # odd escapes in others' sources
                yield ast.literal_eval(literal)
        except (ValueError, SyntaxError, MemoryError):
            continue
    yield ""


def strings(source: str) -> Iterator[re.Match[str]]:
    """As `STRING.finditer`, which tries every line, but only where there are three quotation marks."""
    free, at = 0, {quotes: source.find(quotes) for quotes in QUOTES}
    while (here := min((place for place in at.values() if place >= 0), default=-1)) >= 0:
        line = source.rfind("\n", 0, here) + 1
        if line >= free and (match := STRING.match(source, line)):
            yield match
            free = match.end()
        after = max(free, here + 1)
        at = {quotes: source.find(quotes, after) if 0 <= place < after else place for quotes, place in at.items()}


def paragraphs(text: str) -> Iterator[str]:
    """The prose in a docstring, a paragraph at a time, markup taken away."""
    for block in BLANK_LINES.split(text):
        if not ("." in block or "!" in block or "?" in block) or block.islower():  # no sentence can be in it
            continue
        lines: list[str] = []
        for line in block.split("\n"):
            stripped = line.strip()
            if stripped[:1].isalpha():  # nearly always
                if stripped.startswith(("In [", "Out[")):
                    break
                if stripped[-1] != "." and (":" in stripped or ")" in stripped) and is_parameter(stripped):
                    yield from prose(lines)
                    lines = []
                else:
                    lines.append(stripped)
                continue
            if HEADING.match(stripped):
                if lines:
                    lines.pop()
                continue
            if CODE.search(stripped):
                break
            if FIELD.match(stripped) or BULLET.match(stripped):
                yield from prose(lines)
                lines = []
                stripped = BULLET.sub("", FIELD.sub("", stripped))
            lines.append(stripped)
        yield from prose(lines)


def is_parameter(line: str) -> bool:
    """Whether PARAMETER matches; what it looks for first is looked for without it."""
    colon, opening = line.find(":"), line.find("(")
    if (colon > 0 and line[colon - 1].isspace()) or (opening > 0 and " " not in line[:opening].rstrip()):
        return PARAMETER.match(line) is not None
    return False


def prose(lines: list[str]) -> Iterator[str]:
    """The sentences in `lines` as one line, if any of them reads like English."""
    text = " ".join(lines)
    if "`" in text:
        text = LITERAL.sub(_spoken, LINK.sub(r"\1", ROLE.sub(r"\1", LABEL.sub(CODE_MARK, text))))
    if "\\" in text or "$" in text:
        text = MATH.sub(" ", text)
    if "_" in text or "*" in text or "`" in text or "|" in text or "://" in text:
        text = NOISE.sub(" ", text)
    text = text.strip()
    inner = text[:-1]
    one = not ("." in inner or "!" in inner or "?" in inner)
    kept = [read for sentence in ([text] if one else SENTENCE_END.split(text)) if (read := english(sentence))]
    if kept:
        yield " ".join(kept)


def _spoken(literal: re.Match[str]) -> str:
    """Code within a sentence: `data` is read as the word, `data.T` and `n_jobs` as CODE_MARK, which counts as code."""
    inner = literal[0].strip("`")
    return inner if inner.isalpha() and inner.islower() else CODE_MARK


def english(sentence: str) -> str:
    """A sentence without the names of code in it; empty if it does not read like English.

    It begins with a capital letter and ends with a full stop; three in ten of its words are small words of English, and
    at most one in ten are names of code, such as n_jobs, DataFrame, x.y or f(x).
    """
    if sentence[-1:] not in END_MARKS or SENTENCE(sentence) is None:
        return ""
    tokens = sentence.split()
    if len(tokens) < LEAST_WORDS:
        return ""
    kinds = list(map(kind_of, tokens))
    small, code = kinds.count(SMALL_WORD), kinds.count(CODE_NAME)
    words = small + kinds.count(OTHER_WORD)
    if words < LEAST_WORDS or small < LEAST_SMALL * words or code > MOST_CODE * len(tokens):
        return ""
    return " ".join([token for token, kind in zip(tokens, kinds, strict=True) if kind in (SMALL_WORD, OTHER_WORD)])


@lru_cache(maxsize=1 << 17)
def kind_of(token: str) -> str:
    """What a token of a sentence is: SMALL_WORD, OTHER_WORD, A_NUMBER or CODE_NAME."""
    if (token.isalpha() and token.islower()) or WORD(token) is not None:
        return SMALL_WORD if token.strip("\"'(.,;:!?)").lower() in SMALL_WORDS else OTHER_WORD
    return CODE_NAME if NUMBER(token) is None else A_NUMBER
