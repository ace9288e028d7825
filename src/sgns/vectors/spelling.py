"""Nearest spellings of a word that is not there, for the error message (Norvig's edits, looked up, not scanned)."""

from collections.abc import Iterator, Mapping

from sgns.errors import UnknownWord

LATIN = "abcdefghijklmnopqrstuvwxyz"
LONGEST_FOR_TWO_EDITS = 12  # two edits of longer words are over half a million spellings


def edits(word: str, alphabet: str) -> Iterator[str]:
    """Spellings one deletion, swap, replacement or insertion away from `word`."""
    for i in range(len(word) + 1):
        left, right = word[:i], word[i:]
        if right:
            yield left + right[1:]
            for letter in alphabet:
                yield left + letter + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in alphabet:
            yield left + letter + right


def nearest_spellings(word: str, index: Mapping[str, int], n: int = 3) -> list[str]:
    """Up to n words of `index` that are spelled like `word`: other case first, then one edit, then two.

    Args:
        word: what was asked for.
        index: every known word and its row; lower rows (more frequent words) come first among equals.
        n: how many.

    Returns:
        Known words, the nearest first; empty when nothing is near.
    """
    word = word[:100]
    found: dict[str, None] = {}

    def take(candidates: set[str]) -> None:
        for candidate in sorted(candidates, key=index.__getitem__):
            if candidate != word:
                found.setdefault(candidate)

    take(
        {
            w
            for w in (word.lower(), word.title(), word.upper(), word.replace(" ", "_"), word.replace("_", " "))
            if w in index
        }
    )
    alphabet = LATIN + "".join(sorted(set(word.lower()) - set(LATIN)))
    if len(found) < n:
        once = set(edits(word, alphabet)) | set(edits(word.lower(), alphabet))
        take({w for w in once if w in index})
    if not found and 3 < len(word) <= LONGEST_FOR_TWO_EDITS:
        take({w for near in set(edits(word.lower(), alphabet)) for w in edits(near, alphabet) if w in index})
    return list(found)[:n]


def unknown(word: str, index: Mapping[str, int]) -> UnknownWord:
    """The exception for a word that `index` does not hold, with its nearest spellings in the message."""
    near = nearest_spellings(word, index)
    hint = f"did you mean {', '.join(near)}?" if near else "no spelling is near"
    return UnknownWord(f"{word!r} is not among the {len(index):,} words; {hint}")
