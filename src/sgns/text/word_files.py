"""Files of words: one word on each line, or a word, a tab and its count. They are read and written here."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sgns.base.files import opened, write_text
from sgns.errors import InputError
from sgns.text.sentences import shown

WORD_AND_COUNT = re.compile(r"(\S+) +([0-9]+)")  # as word2vec.c writes it
BLANK = re.compile(r"\s")
MOST_COUNT = 2**62


def read_words(path: str | Path) -> list[str]:
    """The words of a file that has one on each line; what is there twice is returned once.

    What follows a tab is not read, so a file with counts will do. Empty lines are left out.

    Raises:
        InputError: the file cannot be read, has no word, or a line has several words.
    """
    words: dict[str, None] = {}
    for number, line in numbered_lines(path):
        word = line.split("\t")[0].strip()
        if not word:
            raise InputError(f"{path}, line {number}: there is no word before the tab; give a word on each line")
        if BLANK.search(word):
            raise InputError(f"{path}, line {number}: {shown(word)} holds a blank; give one word on each line")
        words[word] = None
    if not words:
        raise InputError(f"{path} holds no word; give one on each line")
    return list(words)


def read_vocabulary(path: str | Path) -> dict[str, int | None]:
    """The words of a vocabulary file with their counts, in the order of the file; None where it has no counts.

    A line is a word, or a word and its count with a tab between them, or a blank as word2vec.c writes it.

    Raises:
        InputError: the file cannot be read, has no word, or a word twice; a count is no number above 0, or some lines
            have counts and others have none.
    """
    counts: dict[str, int | None] = {}
    lines: dict[str, int] = {}
    for number, line in numbered_lines(path):
        word, count = word_and_count(line, f"{path}, line {number}")
        if word in lines:
            raise InputError(
                f"{path}, line {number}: {shown(word)} stands in line {lines[word]} already; give each word once"
            )
        counts[word], lines[word] = count, number
        if (count is None) != (next(iter(counts.values())) is None):
            has, other = ("no count", "one") if count is None else ("a count", "none")
            first = next(iter(lines.values()))
            raise InputError(f"{path}, line {number} has {has}, and line {first} has {other}; give all counts, or none")
    if not counts:
        raise InputError(f"{path} holds no word; give a word on each line, with a tab and its count or without")
    return counts


def word_and_count(line: str, where: str) -> tuple[str, int | None]:
    """The word and the count in a line of a vocabulary file. Raises `InputError`, which begins with `where`."""
    word, tab, text = line.rpartition("\t")
    if not tab:
        if (found := WORD_AND_COUNT.fullmatch(line)) is None:
            if BLANK.search(line):
                raise InputError(f"{where}: {shown(line)} holds a blank; give a word, a tab and its count")
            return line, None
        word, text = found.groups()
    if not word or word != word.strip():
        raise InputError(
            f"{where}: there is {'no word' if not word else 'a blank'} before the count; give word and count"
        )
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_COUNT:
        raise InputError(f"{where}: the count of {shown(word)} is {shown(text)}; give a whole number above 0")
    return word, int(text)


def numbered_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """The lines of a file of words, plain or packed, with their numbers from 1; empty ones are left out.

    Raises:
        InputError: the file cannot be read, or is not UTF-8.
    """
    with opened(path) as file:
        data = b"".join(file.blocks())
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, line {broken} is not UTF-8; convert it: iconv -f latin1 -t utf-8 {path} > NEW"
        ) from None
    for number, line in enumerate(text.split("\n"), 1):
        if line := line.removesuffix("\r"):
            yield number, line


def write_vocabulary(path: Path, words: Sequence[str], counts: Iterable[int]) -> None:
    """Writes a vocabulary file: word, tab, count on each line. Raises `OutputError`."""
    write_text(path, (f"{word}\t{count}\n" for word, count in zip(words, counts, strict=True)))
