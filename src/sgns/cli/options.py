"""Arguments and options that several verbs have: name, type and help, each declared once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from sgns.errors import ConfigError

if TYPE_CHECKING:  # it loads numpy, which `sgns --help` does not need
    from sgns.vectors.files.selection import Selection


class UnknownOption(ConfigError):
    """An argument that looks like an option and is none; the command says what it was probably meant to be.

    Attributes:
        name: The argument.
        note: What else it could be; the end of a sentence.
    """

    def __init__(self, name: str, note: str = "") -> None:
        super().__init__(f"{name} is no option")
        self.name, self.note = name, note


DEFAULT_VECTORS = Path("vectors.safetensors")  # what `python word2vec.py` writes

AS_PATH = Parameter(converter=cyclopts.convert)  # for a name of a file that is kept as text: its bytes stay as they are
VectorFile = Annotated[Path, Parameter(help="Vector file, in any format.")]
Number = Annotated[int, Parameter(name=["--n", "-n"], help="Number of answers.")]
Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON object.")]
Quiet = Annotated[bool, Parameter(negative=(), help="Show no progress.")]
Flag = Annotated[bool, Parameter(negative=())]
Files = Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative=(), show_default=False)]
Output = Annotated[Path, Parameter(alias="-o")]
AllButTheTop = Annotated[
    int | None,
    Parameter(help="Subtract the mean and this many of the strongest directions first (Mu & Viswanath 2018)."),
]
SpaceHelp = Parameter(help="Vectors to use: the target vectors E, the context vectors C, or their sum.")
WordsToShow = Annotated[
    list[str] | None,
    Parameter(
        consume_multiple=True,
        negative=(),
        help="Words to show, or a file of them; a line `fruit: apple pear` makes a group. Left out: the model chooses.",
    ),
]


WordsOrFile = Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())]


def words_or_file(words: list[str] | None) -> str | list[str] | None:
    """Words, or the path of a file of them: a single word that is the name of a file is taken for it."""
    return words[0] if words is not None and len(words) == 1 and Path(words[0]).is_file() else words


def files_of_words(words: list[str] | None) -> list[str]:
    """The file that is read where words may be given as one."""
    only = words_or_file(words)
    return [only] if isinstance(only, str) else []


@dataclass(frozen=True, kw_only=True)
class PartOfFile:
    """Which rows of a vector file a verb reads; what is left out takes no memory."""

    limit: int | None = None
    """Read only the first rows of the file, this many: the most frequent words, by custom."""
    only: WordsOrFile = None
    """Read only these words (of the first rows, with --limit); or a file with a word a line."""
    documents: Flag = False
    """Take the vectors of documents, and their tags for words (models dbow and dm)."""

    @property
    def files(self) -> list[str]:
        """The file of words, which is read and must not be written to."""
        return files_of_words(self.only)

    def selection(self, also: Iterable[str] = ()) -> "Selection":
        """The selection of rows; `also` are words that are read too, those of a question. Raises `ConfigError`."""
        from sgns.vectors.files.selection import Selection

        return replace(Selection.of(self.limit, words_or_file(self.only), also), documents=self.documents)


WHOLE_FILE = PartOfFile()
PartOption = Annotated[PartOfFile, Parameter(name="*")]  # its fields are options of the verb
