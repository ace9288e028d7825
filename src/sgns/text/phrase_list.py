"""Lists of phrases: files with a phrase on each line, as `sgns phrases` writes them, or made by hand.

    new_york<TAB>34.7<TAB>812<TAB>1<TAB>new york

A line is a phrase, its words joined by underscores. What `sgns phrases` writes has four more columns: score, count, the
number of the pass in which it was found, and its words in that pass, with blanks between them (in a second pass,
"new_york city"). The passes of a list are joined one after the other. A phrase alone is joined wherever its words stand
side by side.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sgns.base.files import write_text
from sgns.errors import InputError
from sgns.text.sentences import shown
from sgns.text.word_files import BLANK, numbered_lines

DELIMITER = "_"
COLUMNS = 5


@dataclass(frozen=True)
class Phrase:
    """A phrase.

    Attributes:
        name: its words joined by underscores.
        words: two words or more; from the second pass on, phrases may be among them.
        number: of the pass in which it was found, from 1.
        score: see `text.phrases`; None in a list without scores.
        count: how often its words stand together; None in a list without counts.
    """

    name: str
    words: tuple[str, ...]
    number: int = 1
    score: float | None = None
    count: int | None = None


def read_phrases(path: str | Path) -> list[list[Phrase]]:
    """The phrases of a file, by pass.

    Raises:
        InputError: the file cannot be read or has no phrase; a line has blanks, a word alone, or stands there twice.
    """
    passes: dict[int, list[Phrase]] = {}
    lines: dict[tuple[int, tuple[str, ...]], int] = {}
    for number, line in numbered_lines(path):
        phrase = phrase_of(line, f"{path}, line {number}")
        key = phrase.number, phrase.words
        if key in lines:
            raise InputError(
                f"{path}, line {number}: {shown(phrase.name)} stands in line {lines[key]} already; give it once"
            )
        lines[key] = number
        passes.setdefault(phrase.number, []).append(phrase)
    if not passes:
        raise InputError(f"{path} holds no phrase; give one on each line, such as new_york")
    return [passes[number] for number in sorted(passes)]


def phrase_of(line: str, where: str) -> Phrase:
    """The phrase of a line. Raises `InputError`, which begins with `where`."""
    name, *columns = line.split("\t")
    if BLANK.search(name):
        joined = DELIMITER.join(name.split())
        hint = f"join its words with underscores: {joined}" if DELIMITER in joined else f"write {shown(joined)}"
        raise InputError(f"{where}: {shown(name)} holds a blank; {hint}")
    words, number = tuple(name.split(DELIMITER)), 1
    if len(columns) == COLUMNS - 1:
        words = tuple(columns[3].split(" "))
        if DELIMITER.join(words) != name:
            raise InputError(
                f"{where}: the words {shown(columns[3])} do not make {shown(name)}; leave the columns behind it out"
            )
        if not columns[2].isascii() or not columns[2].isdigit() or int(columns[2]) < 1:
            raise InputError(f"{where}: the pass is {shown(columns[2])}; give 1, or leave the columns out")
        number = int(columns[2])
    if len(words) < 2 or "" in words:
        raise InputError(
            f"{where}: {shown(name)} is not two words or more with one underscore between them; as new_york"
        )
    return Phrase(name, words, number)


def write_phrases(path: Path, phrases: Iterable[Phrase]) -> None:
    """Writes a list of phrases; `read_phrases` reads it.

    Raises:
        InputError: a word holds a blank, as it can in lists of tokens.
        OutputError: the file cannot be written.
    """

    def lines() -> Iterable[str]:
        for phrase in phrases:
            if odd := next((word for word in phrase.words if BLANK.search(word)), None):
                raise InputError(f"the word {shown(odd)} holds a blank, so no list of phrases can be written")
            yield (
                f"{phrase.name}\t{'' if phrase.score is None else repr(phrase.score)}\t{phrase.count or ''}\t"
                f"{phrase.number}\t{' '.join(phrase.words)}\n"
            )

    write_text(path, lines())
