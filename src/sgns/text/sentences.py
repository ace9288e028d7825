"""Token lists from Python -> ids. The tokens are words already: nothing is folded, split or stripped."""

import hashlib
import json
from array import array
from collections.abc import Iterable
from typing import Any

from sgns.config import Config
from sgns.errors import InputError
from sgns.text.encoded import EncodedText, from_numbers, nothing_left, text_options


def encode_sentences(sentences: Iterable[Iterable[str]], config: Config) -> EncodedText:
    """Number the words of `sentences`; see `Corpus.from_sentences`."""
    if isinstance(sentences, str | bytes):
        raise InputError("the sentences are one string; give lists of words, or a file's path to Corpus.from_files")
    known: dict[str, int] = {}
    raw, ends = array("i"), array("q")
    for number, sentence in enumerate(sentences, 1):
        if isinstance(sentence, str | bytes):
            raise InputError(f"sentence {number} is a string, not a list of words; split it, for example with .split()")
        if not isinstance(sentence, Iterable):
            raise InputError(f"sentence {number} is {sentence!r:.60}, not a list of words; give lists of strings")
        for token in sentence:
            place = known.get(token) if isinstance(token, str) else None
            if place is None:
                place = known.setdefault(checked(token, number), len(known))
            raw.append(place)
        ends.append(len(raw))
    result, ids, stops = from_numbers(raw, ends, list(known), config)
    if not result.tokens:
        raise nothing_left(result.raw_tokens, result.distinct, result.highest, config)
    digest = hashlib.sha256(json.dumps(text_options(config), sort_keys=True).encode())
    for part in (raw.tobytes(), ends.tobytes(), "\n".join(known).encode()):
        digest.update(part)
    return EncodedText(ids, stops, result.words, result.counts, digest.hexdigest()[:32], result.raw_tokens)


def checked(token: Any, number: int) -> str:
    """`token` if it can be a word of a vocabulary."""
    if not isinstance(token, str):
        raise InputError(
            f"sentence {number} holds {token!r}, which is no string; words are strings: use str({token!r})"
        )
    if "\n" in token or "\r" in token or not token:
        raise InputError(f"sentence {number} holds the word {token!r}; a word is not empty and has no line break")
    try:
        token.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"sentence {number} holds {token!r}, which is not valid Unicode; decode the text anew"
        ) from None
    return token
