"""Arguments and options that several verbs have: name, type and help, each declared once."""

from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from sgns.errors import ConfigError


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
