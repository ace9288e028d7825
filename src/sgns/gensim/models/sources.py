"""Texts of files as token lists: a line a sentence, folders of such files, text8, the Brown corpus."""

import itertools
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import IO, Any

from sgns.gensim import utils

MAX_WORDS_IN_BATCH = 10_000


def pieces(words: list[str], longest: int) -> Iterator[list[str]]:
    """A sentence in pieces of at most `longest` words."""
    for start in range(0, len(words), longest):
        yield words[start : start + longest]


class LineSentence:
    """The lines of a file as sentences; words stand between blanks."""

    def __init__(
        self,
        source: str | PathLike[str] | IO[bytes],
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        """Takes a file.

        Args:
            source: A path, or an open file that can go back to its beginning.
            max_sentence_length: A longer line comes in pieces.
            limit: Read the first lines alone.
        """
        self.source, self.max_sentence_length, self.limit = source, max_sentence_length, limit

    def __iter__(self) -> Iterator[list[str]]:
        if hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from self._lines(self.source)
        else:
            with utils.open(self.source, "rb") as file:
                yield from self._lines(file)

    def _lines(self, file: Any) -> Iterator[list[str]]:
        for line in itertools.islice(file, self.limit):
            yield from pieces(utils.to_unicode(line).split(), self.max_sentence_length)


class PathLineSentences:
    """`LineSentence` of all files of a folder, by name; folders in it are left out."""

    def __init__(
        self, source: str | PathLike[str], max_sentence_length: int = MAX_WORDS_IN_BATCH, limit: int | None = None
    ) -> None:
        """Takes a folder, or one file.

        Args:
            source: The folder.
            max_sentence_length: A longer line comes in pieces.
            limit: Read the first lines of each file alone.

        Raises:
            ValueError: There is no such folder or file.
        """
        self.source, self.max_sentence_length, self.limit = source, max_sentence_length, limit
        path = Path(source)
        if not path.exists():
            raise ValueError(f"input is neither a file nor a path: {source}")
        files = [path] if path.is_file() else sorted(path.iterdir())
        self.input_files = [str(file) for file in files]

    def __iter__(self) -> Iterator[list[str]]:
        for file in self.input_files:
            if Path(file).is_file():
                yield from LineSentence(file, self.max_sentence_length, self.limit)


class Text8Corpus:
    """A file without sentences, in pieces of so many words."""

    def __init__(self, fname: str | PathLike[str], max_sentence_length: int = MAX_WORDS_IN_BATCH) -> None:
        self.fname, self.max_sentence_length = fname, max_sentence_length

    def __iter__(self) -> Iterator[list[str]]:
        sentence: list[str] = []
        rest = b""
        with utils.open(self.fname, "rb") as file:
            while block := file.read(1 << 16):
                text = rest + block
                cut = max(text.rfind(b" "), text.rfind(b"\n"))
                if cut < 0:
                    rest = text
                    continue
                sentence += utils.to_unicode(text[:cut]).split()
                rest = text[cut:].lstrip()
                while len(sentence) >= self.max_sentence_length:
                    yield sentence[: self.max_sentence_length]
                    del sentence[: self.max_sentence_length]
        sentence += utils.to_unicode(rest).split()
        if sentence:
            yield sentence


def brown_lines(dirname: str | PathLike[str]) -> Iterator[tuple[str, int, list[str]]]:
    """The sentences of the Brown corpus: file, number of the line, words as `word/TA` with two letters of the tag."""
    for path in sorted(Path(dirname).iterdir()):
        if not path.is_file():
            continue
        with utils.open(path, "rb") as file:
            for number, line in enumerate(file):
                pairs = [token.split("/") for token in utils.to_unicode(line).split()]
                words = [
                    f"{pair[0].lower()}/{pair[1][:2]}" for pair in pairs if len(pair) == 2 and pair[1][:2].isalpha()
                ]
                if words:
                    yield str(path), number, words


class BrownCorpus:
    """The sentences of the Brown corpus, as NLTK has it."""

    def __init__(self, dirname: str | PathLike[str]) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        return (words for _, _, words in brown_lines(self.dirname))
