"""Suggestions for a name that was not found: the known names nearest to it in spelling. For error messages."""

import difflib
from collections.abc import Container, Iterable, Iterator

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_'äöüßéèêáàâíîóôúûñçåøæ"
LONGEST = 64  # characters of a name for which suggestions are looked for
LONGEST_TWO_EDITS = 12  # the number of strings two edits away grows with the square of the length


def edits(word: str, alphabet: Iterable[str]) -> Iterator[str]:
    """All strings one deletion, transposition, replacement or insertion away from `word`.

    Source: P. Norvig, "How to write a spelling corrector" (2007).
    """
    letters = list(alphabet)
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in letters:
            if tail:
                yield head + letter + tail[1:]
            yield head + letter + tail


def nearest(word: str, known: Container[str], most: int = 3) -> list[str]:
    """The members of `known` that `word` was probably meant to be, the likeliest first.

    Candidates are tried in this order: `word` in another case, one edit, two edits (only if nothing was found), and
    shortened forms (only if nothing was found). The time depends on the length of `word`, not on the size of `known`.

    Args:
        word: The name that was not found.
        known: The names there are.
        most: Largest number of suggestions.

    Returns:
        At most `most` names; empty for a word of more than 64 characters.
    """
    found: list[str] = []

    def take(candidates: Iterable[str]) -> None:
        for candidate in candidates:
            if candidate and candidate != word and candidate not in found and candidate in known:
                found.append(candidate)

    if not word or len(word) > LONGEST:
        return []
    take([word.lower(), word.capitalize(), word.upper()])
    lower = word.lower()
    alphabet = dict.fromkeys(LETTERS + lower + word)
    once = set(edits(word, alphabet)) | set(edits(lower, alphabet))
    take(sorted(once))
    if not found and len(word) <= LONGEST_TWO_EDITS:
        letters = dict.fromkeys(lower + "etaoinsrl")  # two edits over the whole alphabet would be millions
        take(sorted({twice for one in edits(lower, letters) for twice in edits(one, letters)}))
    if not found:
        take(lower[:end] for end in range(len(lower) - 1, 3, -1))
    return found[:most]


def nearest_options(name: str, known: Iterable[str]) -> list[str]:
    """The known options that `name` was probably meant to be, at most three: like it in spelling, or containing it."""
    names = {option.lstrip("-").replace("_", "-"): option for option in known}
    plain = name.lstrip("-").replace("_", "-").lower()
    near = difflib.get_close_matches(plain, names, 3, 0.65)
    near += [other for other in names if len(plain) > 2 and plain in other and other not in near]
    return [names[other] for other in near[:3]]
