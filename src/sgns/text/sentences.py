"""Token lists from Python. The tokens are words already: nothing is normalised, split or stripped."""

from array import array
from collections.abc import Iterable
from typing import Any

from sgns.errors import InputError


def number_words(sentences: Iterable[Iterable[str]]) -> tuple["array[int]", "array[int]", list[str]]:
    """Numbers the words of `sentences` by first appearance.

    Returns:
        numbers: array("i"), the number of each token's word.
        ends: array("q"), tokens before each sentence end.
        words: the distinct words by number.

    Raises:
        InputError: a sentence is a string, or a token cannot be a word.
    """
    if isinstance(sentences, str | bytes):
        raise InputError("the sentences are one string; give lists of words, or a file's path to Corpus.from_files")
    known: dict[str, int] = {}
    numbers, ends = array("i"), array("q")
    for row, sentence in enumerate(sentences, 1):
        if isinstance(sentence, str | bytes):
            raise InputError(f"sentence {row} is a string, not a list of words; split it, for example with .split()")
        if not isinstance(sentence, Iterable):
            raise InputError(f"sentence {row} is {sentence!r:.60}, not a list of words; give lists of strings")
        for token in sentence:
            number = known.get(token) if isinstance(token, str) else None
            if number is None:
                number = known.setdefault(checked(token, row), len(known))
            numbers.append(number)
        ends.append(len(numbers))
    return numbers, ends, list(known)


def checked(token: Any, row: int) -> str:
    """`token`, if it can be a word of a vocabulary.

    Raises:
        InputError: it is no string, empty, no valid Unicode, or holds a line break; names sentence number `row`.
    """
    if not isinstance(token, str):
        raise InputError(f"sentence {row} holds {token!r}, which is no string; words are strings: use str({token!r})")
    if "\n" in token or "\r" in token or not token:
        raise InputError(f"sentence {row} holds the word {token!r}; a word is not empty and has no line break")
    try:
        token.encode()
    except UnicodeEncodeError:
        raise InputError(f"sentence {row} holds {token!r}, which is not valid Unicode; decode the text anew") from None
    return token
