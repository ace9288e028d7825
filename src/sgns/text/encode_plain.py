"""The scan in plain Python, for texts of a few megabytes: it is done before Numba is even imported.

It is also the definition: `encode` gives the same ids, bit for bit, and is held to this in the tests.
"""

import re
from array import array
from collections.abc import Iterable

import numpy as np

from sgns.config import Config
from sgns.text.chunks import TO_BLANK, Chunk
from sgns.text.encoded import Encoded, from_numbers
from sgns.text.normalise import UNSEGMENTED, decode, normalise

BREAK = {"line": re.compile(rb"\n"), "paragraph": re.compile(rb"\n[\x00-\x20]*\n"), "none": re.compile(rb"(?!)")}


def encode_plain(chunks: Iterable[tuple[Chunk, bytes]], config: Config) -> tuple[Encoded, np.ndarray, np.ndarray]:
    """Encode a text that is in memory.

    Args:
        chunks: the text, in order.
        config: text options.

    Returns:
        What is known of it, ids (n,) int32, sentence ends (s,) int64.
    """
    numbers: dict[str, int] = {}  # word -> number, in the order of first appearance
    words_of: dict[bytes, int | list[int]] = {}  # spelling -> number, or numbers where it is not one word
    raw, ends = array("i"), array("q")
    n_broken, first_broken, unsegmented = 0, -1, 0
    broken: dict[bytes, int] = {}
    long_runs: set[bytes] = set()
    for chunk, text in chunks:
        for piece in BREAK[config.sentences].split(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")):
            for spelling in piece.translate(TO_BLANK).split():
                found = words_of.get(spelling)
                if found is None:
                    decoded, lost = decode(spelling)
                    if lost:
                        broken[spelling] = lost
                    if UNSEGMENTED.search(decoded):
                        long_runs.add(spelling)
                    words = normalise(decoded, config.lowercase, config.punctuation)
                    several = [numbers.setdefault(word, len(numbers)) for word in words]
                    found = words_of[spelling] = several[0] if len(several) == 1 else several
                if isinstance(found, int):
                    raw.append(found)
                else:
                    raw.extend(found)
                if broken and spelling in broken:
                    n_broken += broken[spelling]
                    if first_broken < 0:
                        first_broken = chunk.base + place_of(spelling, text)
                if long_runs and spelling in long_runs:
                    unsegmented += 1
            ends.append(len(raw))
        if not chunk.closing:
            ends.pop()  # the sentence goes on in the next chunk
    result, ids, stops = from_numbers(raw, ends, list(numbers), config)
    result.broken, result.unsegmented = (n_broken, first_broken), unsegmented
    return result, ids, stops


def place_of(spelling: bytes, text: bytes) -> int:
    """Where `spelling` stands first, between blanks."""
    found = re.search(rb"(?<![^\x00-\x20])" + re.escape(spelling) + rb"(?![^\x00-\x20])", text)
    return found.start() if found else 0
