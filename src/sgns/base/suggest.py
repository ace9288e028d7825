"""Nearest spellings of something that was not found: a word, a file. For error messages."""

from collections.abc import Container, Iterable, Iterator

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_'äöüßéèêáàâíîóôúûñçåøæ"


def edits(word: str, alphabet: Iterable[str]) -> Iterator[str]:
    """All strings one deletion, transposition, replacement or insertion away from `word` (Norvig 2007)."""
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
    """Up to `most` members of `known` that `word` may have been meant for, the likeliest first.

    Tries other case, then one edit, then two, then shortened forms. The time depends on the length of `word` alone,
    not on the size of `known`, so that a vocabulary of millions answers as fast as a small one.
    """
    found: list[str] = []

    def take(candidates: Iterable[str]) -> None:
        for candidate in candidates:
            if candidate and candidate != word and candidate not in found and candidate in known:
                found.append(candidate)

    if not word or len(word) > 64:
        return []
    take([word.lower(), word.capitalize(), word.upper()])
    lower = word.lower()
    alphabet = dict.fromkeys(LETTERS + lower + word)
    once = set(edits(word, alphabet)) | set(edits(lower, alphabet))
    take(sorted(once))
    if not found and len(word) <= 12:
        letters = dict.fromkeys(lower + "etaoinsrl")  # two edits over the whole alphabet would be millions
        take(sorted({twice for one in edits(lower, letters) for twice in edits(one, letters)}))
    if not found:
        take(lower[:end] for end in range(len(lower) - 1, 3, -1))
    return found[:most]
