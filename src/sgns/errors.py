"""Our exceptions. A message is one line: what was found (with its value), the limit, and the remedy.

Everything a user can cause derives from `SgnsError`; the command line prints it as one line and ends with exit code 2.
Each class is also the built-in exception that a Python caller would expect, so `except KeyError` works as well.
"""


class SgnsError(Exception):
    """Something the user can mend. `str(error)` is one line with value, limit and remedy."""

    exit_code = 2

    def __str__(self) -> str:  # KeyError would show the repr of its message
        return " ".join(str(part) for part in self.args)


class ConfigError(SgnsError, ValueError):
    """An option outside its range, or options that contradict each other."""


class InputError(SgnsError, ValueError):
    """Text that cannot be read or leaves nothing to train on."""


class OutputError(SgnsError, OSError):
    """A place that cannot be written to."""


class FormatError(SgnsError, ValueError):
    """A vector or test-set file that is not what it claims to be; names file and line or byte."""


class UnknownWord(SgnsError, KeyError):
    """A word that the vocabulary does not hold; the message offers its nearest spellings."""


class MissingExtra(SgnsError, ImportError):
    """A part of sgns whose library is not installed; the message is the line that installs it."""


class DivergedError(SgnsError, ArithmeticError):
    """The vectors became NaN or grew without bound; the message says which lr to try."""


class CheckpointError(SgnsError, ValueError):
    """A checkpoint that belongs to another run, another text or another version, or is torn."""


class RankLost(SgnsError, ConnectionError):
    """A rank of a run on many machines is gone, or cannot be reached."""


class ExpressionError(SgnsError, ValueError):
    """A formula that the grammar does not know; the message points at the place."""
