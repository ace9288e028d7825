"""Token lists from Python. The tokens are words already: nothing is normalised, split or stripped. Ids may be integers.

What is no token list (one text, a list of texts, rows with named columns, sets, whose order changes from run to run) is
refused, with a message that says what was given and how to make token lists of it.
"""

import re
import reprlib
from array import array
from collections.abc import ItemsView, Iterable, KeysView, Mapping, Set
from itertools import islice
from numbers import Number
from operator import index
from typing import Any

from sgns.errors import InputError

LONGEST_SHOWN = 60  # characters of a value in a message
INTEGER = re.compile(r"-?[1-9][0-9]*|0")  # how str writes an integer
MOST_NAMES = 8  # columns that a message names
SPLIT = "split it: [text.split() for text in texts], or give sgns.train({'text': texts}, column='text')"


def number_words(sentences: Iterable[Iterable[Any]]) -> tuple["array[int]", "array[int]", list[str], bool]:
    """Numbers the words of `sentences` by first appearance.

    Returns:
        numbers: array("i"), the number of each token's word.
        ends: array("q"), tokens before each sentence end.
        words: the distinct words by number; an integer is the word of its decimal digits.
        integers: whether some words were integers: then every word that looks like one was one.

    Raises:
        InputError: the sentences are no token lists, or a token cannot be a word.
    """
    check_sentences(sentences)
    known: dict[str | int, int] = {}
    numbers, ends = array("i"), array("q")
    longest = 0
    for row, sentence in enumerate(sentences, 1):
        check_sentence(sentence, row)
        for token in sentence:
            number = known.get(token) if type(token) is str or type(token) is int else None
            if number is None:
                number = known.setdefault(checked(token, row), len(known))
            numbers.append(number)
        longest = max(longest, len(numbers) - (ends[-1] if ends else 0))
        ends.append(len(numbers))
    if longest == 1 and (text := next((word for word in known if isinstance(word, str) and " " in word), None)):
        raise InputError(
            f"each of the {len(ends):,} sentences is one string with blanks, such as {shown(text)}, and a word alone "
            "has no context; split it: [text.split() for [text] in sentences]"
        )
    integers = any(isinstance(word, int) for word in known)
    if integers and (text := next((word for word in known if isinstance(word, str) and INTEGER.fullmatch(word)), None)):
        raise integers_and_string(text)
    return numbers, ends, [str(word) for word in known], integers


def integers_and_string(text: str) -> InputError:
    """The error for a string that looks like an integer where integers are words too."""
    return InputError(
        f"among integers there is the string {shown(text)}, which would be the same word as the number in a file; "
        "make all ids strings: [[str(word) for word in words] for words in sentences]"
    )


def check_sentences(sentences: Any) -> None:
    """Raises `InputError` where the whole is no iterable of sentences, or one whose order is not its own."""
    if isinstance(sentences, str):
        raise InputError(
            f"the sentences are one string, {shown(sentences)}, not lists of words; "
            "split it: [line.split() for line in text.splitlines()]"
        )
    if isinstance(sentences, bytes | bytearray | memoryview):
        raise InputError(
            f"the sentences are bytes, {shown(bytes(sentences[:LONGEST_SHOWN]))}; decode and split them: "
            "[line.split() for line in text.decode().splitlines()]"
        )
    if isinstance(sentences, Mapping):
        raise InputError(f"the sentences are a mapping with the {columns_named(sentences)}; {take_column(sentences)}")
    if is_unordered(sentences):
        raise InputError(
            f"the sentences are a {type(sentences).__name__}, whose order changes from run to run, and with it the "
            "result; give a list, for example sorted(sentences)"
        )


def check_sentence(sentence: Any, row: int) -> None:
    """Raises `InputError` where sentence number `row` is no list of words."""
    if hasattr(sentence, "words") and hasattr(sentence, "tags"):
        raise InputError(
            f"sentence {row} is a document with tags; give model='dbow' or 'dm', or the words alone: "
            "[document.words for document in documents]"
        )
    if isinstance(sentence, list | tuple):
        if len(sentence) == 2 and isinstance(sentence[1], list | tuple) and isinstance(sentence[0], str | int):
            raise InputError(
                f"sentence {row} is a pair of a tag and words; give model='dbow' or 'dm', or the words alone: "
                "[words for tag, words in documents]"
            )
        return
    if isinstance(sentence, str):
        raise InputError(f"sentence {row} is a string, {shown(sentence)}, not a list of words; {SPLIT}")
    if isinstance(sentence, bytes | bytearray | memoryview):
        raise InputError(
            f"sentence {row} is bytes, {shown(bytes(sentence[:LONGEST_SHOWN]))}, not a list of words; decode and split "
            "it: [line.decode().split() for line in lines]"
        )
    if isinstance(sentence, Mapping):
        raise InputError(f"sentence {row} is a row with the {columns_named(sentence)}; {take_column(sentence)}")
    if is_unordered(sentence):
        raise InputError(
            f"sentence {row} is a {type(sentence).__name__}, whose order changes from run to run, and with it the "
            "result; give lists, for example [sorted(words) for words in sentences]"
        )
    if not isinstance(sentence, Iterable):
        raise InputError(f"sentence {row} is {shown(sentence)}, not a list of words; give lists of strings")


def checked(token: Any, row: int) -> str | int:
    """`token`, if it can be a word of a vocabulary: a string, or an integer (an id).

    Raises:
        InputError: it is neither, or empty, no valid Unicode, or holds a line break; names sentence number `row`.
    """
    if hasattr(token, "__index__") and not isinstance(token, bool) and type(token).__name__ not in ("bool", "ndarray"):
        return index(token)
    if not isinstance(token, str):
        raise InputError(f"sentence {row} holds {shown(token)}, {not_a_word(token)}")
    if "\n" in token or "\r" in token or not token:
        raise InputError(f"sentence {row} holds the word {shown(token)}; a word is not empty and has no line break")
    try:
        token.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"sentence {row} holds {shown(token)}, which is not valid Unicode; decode the text anew"
        ) from None
    return str(token)


def not_a_word(token: Any) -> str:
    """Why a token that is no string is no word, and what to do: the end of an error message."""
    if isinstance(token, bytes | bytearray):
        return "bytes and no string; decode them: [[word.decode() for word in words] for words in sentences]"
    if is_missing(token):
        return (
            "a missing value and no word; drop such values: "
            "[[word for word in words if isinstance(word, str)] for words in sentences]"
        )
    if isinstance(token, Mapping):
        return f"a mapping with the {columns_named(token)}; give one of its values as the word"
    if isinstance(token, Iterable):
        return (
            f"a {type(token).__name__} within a sentence; sentences are lists of words: "
            "[sentence for document in documents for sentence in document] takes one level away"
        )
    return "which is no string; words are strings: [[str(word) for word in words] for words in sentences]"


def is_missing(value: Any) -> bool:
    """Whether a value stands for a missing one: None, NaN, NaT, pandas' NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)  # NaN alone differs from itself
    except (TypeError, ValueError):
        return False


def is_unordered(values: Any) -> bool:
    """Whether a collection is a set: what it yields first depends on PYTHONHASHSEED. Keys of a dict have an order."""
    return isinstance(values, Set) and not isinstance(values, KeysView | ItemsView)


def columns_named(row: Mapping[Any, Any]) -> str:
    """The columns of a row, for a message."""
    return columns_listed(list(islice(row, MOST_NAMES + 1)))


def columns_listed(names: list[Any]) -> str:
    """The names of columns, for a message."""
    if not names:
        return "columns (none)"
    listed = [str(name) if len(str(name)) <= LONGEST_SHOWN else shown(str(name)) for name in names[:MOST_NAMES]]
    more = ", …" if len(names) > MOST_NAMES else ""
    return f"column{'' if len(names) == 1 else 's'} {', '.join(listed)}{more}"


def take_column(row: Mapping[Any, Any], rows: str = "rows") -> str:
    """The remedy for `rows` with named columns: the column that holds text, else the first one, as an example."""
    held = {str(name): value for name, value in row.items() if not (isinstance(value, Number) or is_missing(value))}
    if not held:
        return "none of them holds text; give rows that have a column of texts, or of lists of words"
    texts = [name for name, value in held.items() if isinstance(value, str | bytes | list | tuple)]
    usual = (name for name in ("text", "content", "sentence", "tokens") if name in held)
    name = next(usual, (texts or list(held) or ["text"])[0])
    return f"name the one to train on, for example sgns.train({rows}, column={name!r})"


def shown(value: Any) -> str:
    """The repr of a value for a message, on one line; a long one is shortened."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = LONGEST_SHOWN
    short.maxlist = short.maxtuple = short.maxdict = 4
    return " ".join(short.repr(value).split())
