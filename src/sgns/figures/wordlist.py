"""Which words to show: those named, those of a file, or a good choice from the model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sgns.errors import InputError
from sgns.figures.choice import choose_groups

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

Groups = dict[str, list[str]]


def words_to_show(vectors: "Vectors", asked: Sequence[str] | None) -> tuple[list[str], Groups | None]:
    """Words, and their groups where these are known.

    Args:
        vectors: the model.
        asked: words; or a file of words: blanks and line ends separate them, and a line `fruit: apple pear plum` makes
            a group. One name that is no word of the model but a file is read. Nothing lets the model choose.

    Returns:
        The words without repeats, and name -> words, or None where groups have still to be found.

    Raises:
        UnknownWord: a word is not in the vocabulary; names it with its nearest spellings.
        InputError: the file cannot be read or holds no word.
    """
    if not asked:
        chosen = choose_groups(vectors)
        if not chosen:
            raise InputError("0 words in the vectors, 1 is needed to draw; train on more text")
        return [word for group in chosen for word in group], {group[0]: group for group in chosen}
    if len(asked) == 1 and asked[0] not in vectors and _looks_like_file(asked[0]):
        words, groups = read_words(Path(asked[0]))
    else:
        words, groups = list(dict.fromkeys(asked)), None
    vectors.ids(words)
    return words, groups


def read_words(path: Path) -> tuple[list[str], Groups | None]:
    """Words and groups of a file, as `words_to_show` describes. Raises `InputError`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; give a file of words or the words themselves"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8 text") from None
    words: dict[str, None] = {}
    groups: Groups = {}
    for line in lines:
        name, colon, rest = line.partition(": ")
        members = rest.split() if colon else line.removesuffix(":").split()
        if colon and name.strip():
            group = groups.setdefault(name.strip(), [])
            group += [word for word in dict.fromkeys(members) if word not in group]
        words |= dict.fromkeys(members)
    if not words:
        raise InputError(f"{path} holds no word; write words separated by blanks, or lines like: fruit: apple pear")
    return list(words), groups or None


def _looks_like_file(name: str) -> bool:
    return "/" in name or Path(name).suffix in (".txt", ".tsv", ".words", ".lst") or Path(name).is_file()
