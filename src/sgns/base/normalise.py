"""Normalisation: a raw token, as it stands between two blanks, -> words. Done once per distinct raw token.

The rules, in this order:

1. Bytes that are not UTF-8 become U+FFFD, one for each undecodable stretch (Python's `errors="replace"`).
2. Unicode is composed (NFC), so that both ways to write "é" are one word; a byte order mark is removed.
3. With `lowercase`, `str.lower`: all of Unicode, and "ß" stays "ß".
4. Unicode white space (no-break space, ideographic space, …) separates words.
5. Without `punctuation` (the default), marks at the edges are stripped; a raw token of nothing but marks is no word.
   Marks between two words separate them ("end.Begin", "and/or", "yes--no"), except those that belong to a word:
   one apostrophe, hyphen or underscore ("don't", "well-known", "new_york"), one of . , : / between digits ("3.14",
   "1,000"), and full stops between single letters ("u.s.a"). The typographic apostrophe ’ becomes '.
   With `punctuation`, the raw token is one word as it stands: right for text whose tokens are cut already.

A mark is what Unicode calls punctuation, a mathematical, currency or modifier symbol, or a control or format character
other than the two joiners that Persian and Indic scripts need. Letters, digits, combining marks and emoji are no marks.
"""

import re
import string
import unicodedata
from functools import lru_cache

JOINERS = "'-_‐‑·"  # one of these between two word characters belongs to the word
FREQUENT = string.punctuation + "„“”‚‘’«»…–—。，、「」『』（）《》：；！？"  # marks; known without a look-up
NUMERIC = ".,:/"  # one of these between two digits belongs to the number
# Scripts written without blanks between words: kana, Han, Thai, Lao, Burmese, Khmer. Ten letters on end are no word.
UNSEGMENTED = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{10}")
NOT_ALPHANUMERIC = re.compile(r"[\W_]")  # all marks, and a few more
REPLACEMENT = "�"


@lru_cache(maxsize=65536)
def is_mark(letter: str) -> bool:
    """Whether `letter` is stripped from the edges of words."""
    if letter in "\u200c\u200d":  # zero width non-joiner and joiner belong to words
        return False
    category = unicodedata.category(letter)
    return category[0] == "P" or category in ("Sm", "Sc", "Sk", "Cc", "Cf", "Zl", "Zp", "Cs")


def normalise(raw_token: str, lowercase: bool = True, punctuation: bool = False) -> list[str]:
    """The words of a raw token: often one, sometimes none or several.

    Args:
        raw_token: text without ASCII white space.
        lowercase: make upper case lower case (`Config.lowercase`).
        punctuation: keep marks (`Config.punctuation`).

    Returns:
        Words in the order of the text.
    """
    return split(compose(raw_token, lowercase), punctuation)


def compose(text: str, lowercase: bool) -> str:
    r"""Rules 2 and 3. Many raw tokens joined by \n give the same as one after the other."""
    if lowercase:
        text = text.lower()
    return text if text.isascii() else unicodedata.normalize("NFC", text).replace("\ufeff", "")


def split(raw_token: str, punctuation: bool) -> list[str]:
    """Rules 4 and 5, for a composed raw token."""
    if raw_token.isalnum():  # nearly always
        return [raw_token]
    if punctuation:
        return raw_token.split()
    bare = raw_token.strip(FREQUENT)
    if bare.isalnum():
        return [bare]
    return [word for part in raw_token.replace("’", "'").split() for word in words_of(part)]


def words_of(text: str) -> list[str]:
    """Rule 5: split `text` at marks that belong to no word."""
    words: list[str] = []
    start = 0
    for found in NOT_ALPHANUMERIC.finditer(text):
        at = found.start()
        if not is_mark(text[at]) or belongs(text, at):
            continue
        if at > start:
            words.append(text[start:at])
        start = at + 1
    if start < len(text):
        words.append(text[start:])
    return words


def belongs(text: str, at: int) -> bool:
    """Whether the mark at `at` is part of a word: a single one, between two characters that are no marks."""
    if at == 0 or at + 1 == len(text) or is_mark(text[at - 1]) or is_mark(text[at + 1]):
        return False
    if text[at] in JOINERS:
        return True
    if text[at] in NUMERIC and text[at - 1].isdigit() and text[at + 1].isdigit():
        return True
    # u.s.a: full stops between single letters
    return (
        text[at] == "."
        and text[at - 1].isalpha()
        and text[at + 1].isalpha()
        and (at < 2 or is_mark(text[at - 2]))
        and (at + 2 >= len(text) or is_mark(text[at + 2]))
    )


def decode(raw_token: bytes) -> tuple[str, int]:
    """A raw token as text, and how many of its bytes were not UTF-8."""
    try:
        return raw_token.decode(), 0
    except UnicodeDecodeError:
        text = raw_token.decode(errors="replace")
        genuine = len(re.findall(b"\xef\xbf\xbd", raw_token))  # a U+FFFD that the text itself holds
        valid = len(text.encode()) - 3 * (text.count(REPLACEMENT) - genuine)
        return text, len(raw_token) - valid
