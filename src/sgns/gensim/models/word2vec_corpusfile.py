"""`CythonLineSentence`: the lines of a file as lists of bytes."""

from collections.abc import Iterator
from os import PathLike

from sgns.gensim.models.sources import MAX_WORDS_IN_BATCH


class CythonLineSentence:
    """The lines of a file from an offset on, as lists of words in UTF-8."""

    def __init__(
        self, source: str | PathLike[str], offset: int = 0, max_sentence_length: int = MAX_WORDS_IN_BATCH
    ) -> None:
        self.source, self.offset, self.max_sentence_length = source, offset, max_sentence_length
        self._rest = iter(self)

    def __iter__(self) -> Iterator[list[bytes]]:
        with open(self.source, "rb") as file:
            file.seek(self.offset)
            for line in file:
                words = line.split()
                for start in range(0, len(words), self.max_sentence_length):
                    yield words[start : start + self.max_sentence_length]

    def read_sentence(self) -> list[bytes]:
        """The next line; empty at the end."""
        return next(self._rest, [])
