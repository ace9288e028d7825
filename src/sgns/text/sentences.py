"""Token lists from Python -> ids. The tokens are words already: nothing is folded, split or stripped."""

import hashlib
import json
from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.text.encoded import EncodedText, nothing_left, text_options
from sgns.text.ranking import most_frequent


def encode_sentences(sentences: Iterable[Iterable[str]], config: Config) -> EncodedText:
    """Number the words of `sentences`; see `Corpus.from_sentences`."""
    if isinstance(sentences, str | bytes):
        raise InputError("the sentences are one string; give lists of words, or a file's path to Corpus.from_files")
    known: dict[str, int] = {}
    raw, lengths = array("i"), array("q")
    for number, sentence in enumerate(sentences, 1):
        if isinstance(sentence, str | bytes):
            raise InputError(f"sentence {number} is a string, not a list of words; split it, for example with .split()")
        before = len(raw)
        for token in sentence:
            place = known.get(token) if isinstance(token, str) else None
            if place is None:
                place = known.setdefault(checked(token, number), len(known))
            raw.append(place)
        lengths.append(len(raw) - before)
    places, counted = np.frombuffer(raw, dtype=np.int32), np.frombuffer(lengths, dtype=np.int64)
    counts = np.bincount(places, minlength=len(known)).astype(np.int64)
    chosen = most_frequent(counts, np.arange(len(known)), config)
    if not len(chosen):
        raise nothing_left(len(places), len(known), int(counts.max(initial=0)), config)
    final = np.full(len(known), -1, dtype=np.int32)
    final[chosen] = np.arange(len(chosen), dtype=np.int32)
    ids = final[places]
    kept = ids >= 0
    ends = np.concatenate([[0], np.cumsum(kept)])[np.cumsum(counted)]
    names = list(known)
    digest = hashlib.sha256(json.dumps(text_options(config), sort_keys=True).encode())
    for part in (places.tobytes(), counted.tobytes(), "\n".join(names).encode()):
        digest.update(part)
    return EncodedText(
        ids=ids[kept],
        ends=np.unique(ends[ends > 0]).astype(np.int64),
        words=[names[place] for place in chosen.tolist()],
        counts=counts[chosen],
        hash=digest.hexdigest()[:32],
        raw_tokens=len(places),
    )


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
