"""The exceptions of sgns. A message is one line: what was found (with its value), the limit, and the remedy.

Every error that a user can cause derives from `SgnsError`; the command line prints it as one line and exits with code
2. Each class also derives from the built-in exception that a Python caller expects, so `except KeyError` works too.
"""


class SgnsError(Exception):
    """An error that the user can mend. `str(error)` is one line with value, limit and remedy."""

    exit_code = 2

    def __str__(self) -> str:  # KeyError would show the repr of its message
        return " ".join(str(part) for part in self.args)


class TrainingWarning(UserWarning):
    """A run did what was asked for, but its vectors may be worth little; the message says what to change."""


class TextWarning(UserWarning):
    """Texts or words of a question are unknown and left out; the message has their number."""


class ConfigError(SgnsError, ValueError):
    """An option is out of range, or options contradict each other."""


class InputError(SgnsError, ValueError):
    """A text cannot be read, or holds nothing to train on."""


class OutputError(SgnsError, OSError):
    """A file or folder cannot be written."""


class FormatError(SgnsError, ValueError):
    """A file of vectors or of test items breaks its format; the message names the file and the line or byte."""


class UnknownWord(SgnsError, KeyError):
    """A word is not in the vocabulary; the message suggests the words nearest in spelling."""


class MissingExtra(SgnsError, ImportError):
    """An optional library is not installed; the message holds the command that installs it."""


class DivergedError(SgnsError, ArithmeticError):
    """The vectors became NaN or grew without bound; the message names a learning rate to try."""


class OutOfMemory(SgnsError, MemoryError):
    """A run needs more memory or threads than it may have; the message has need, limit and what fits."""


class CheckpointError(SgnsError, ValueError):
    """A checkpoint is damaged, or belongs to another run, text or version."""


class RankLost(SgnsError, ConnectionError):
    """A rank of a distributed run ended or cannot be reached."""


class ExpressionError(SgnsError, ValueError):
    """A formula or question does not fit its grammar; the message names the character."""


class ReadOnlyError(SgnsError, ValueError, TypeError):
    """Words or rows were to be changed in place; the message names the calls that make new ones."""
