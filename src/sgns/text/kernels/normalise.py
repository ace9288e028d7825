"""All distinct spellings of a table to words, by the rules of `normalise`.

ASCII spellings are folded by a kernel, the others by Python's own Unicode, many at once. `tests/text/test_normalise.py`
holds the kernel to `normalise`.
"""

from dataclasses import dataclass

import numpy as np

from sgns.base.jit import inlined, kernel
from sgns.text.kernels.hash_table import (
    INDEX,
    SEEDS,
    SHIFT8,
    SHIFT56,
    SHORT,
    add,
    count_short,
    key_of,
    seek,
)
from sgns.text.normalise import UNSEGMENTED, compose, decode, split
from sgns.text.table import Strings, Table

u64 = np.uint64
ZERO, EACH, HIGH_BITS = u64(0), u64(0x0101010101010101), u64(0x8080808080808080)
NO_WORD = -1
BATCH = 1 << 16  # spellings that Python folds together


@dataclass
class Folded:
    """What the spellings of a table stand for.

    Attributes:
        words: the distinct words, their counts and first appearances.
        word: (spellings,) int32: the word's number; NO_WORD; or -2 - i, where several words stand in
            lists[starts[i]:starts[i + 1]].
        lists: (…,) int32 word numbers.
        starts: (several + 1,) int64.
        broken: (bytes that were no UTF-8, place of the first in the text), or (0, -1).
        unsegmented: how many tokens are long runs of a script without blanks.
    """

    words: Strings
    word: np.ndarray
    lists: np.ndarray
    starts: np.ndarray
    broken: tuple[int, int]
    unsegmented: int


def fold(spellings: Strings, lowercase: bool, punctuation: bool) -> Folded:
    """The words of all `spellings`."""
    n = len(spellings)
    table = Table(room=n)
    table.reserve(n, len(spellings.tail_starts), len(spellings.tails))
    word = np.full(n, NO_WORD, dtype=np.int32)
    beyond = np.empty(n, dtype=np.int64)
    n_beyond = fold_ascii(
        *table.arrays, SEEDS, spellings.keys, spellings.counts, spellings.first, spellings.tails, spellings.tail_starts,
        lowercase, punctuation, word, beyond,
    )  # fmt: skip
    several: list[int] = []
    lists: list[np.ndarray] = [np.empty(0, dtype=np.int32)]
    broken, first_broken, unsegmented = 0, -1, 0
    for begin in range(0, n_beyond, BATCH):
        places = beyond[begin : min(begin + BATCH, n_beyond)]
        text, counts, first = spellings.text(places)[:-1], spellings.counts[places], spellings.first[places]
        decoded, damage = decode_lines(text)
        if damage:
            rows = list(damage)
            broken += sum(lost * int(counts[row]) for row, lost in damage.items())
            earliest = int(first[rows].min())
            first_broken = earliest if first_broken < 0 else min(first_broken, earliest)
        if UNSEGMENTED.search(decoded):
            unsegmented += sum(
                int(counts[row]) for row, line in enumerate(decoded.split("\n")) if UNSEGMENTED.search(line)
            )
        found = [split(line, punctuation) for line in compose(decoded, lowercase).split("\n")]
        lengths = np.array([len(row) for row in found], dtype=np.int64)
        blob = np.frombuffer(
            ("".join([f"{item}\n" for row in found for item in row]) + " " * 16).encode(), dtype=np.uint8
        )
        table.reserve(int(lengths.sum()), int(lengths.sum()), len(blob))
        numbers = add_lines(*table.arrays, SEEDS, blob, int(lengths.sum()), lengths, counts, first)
        ends = np.cumsum(lengths)
        single = lengths == 1
        word[places[single]] = numbers[ends[single] - 1]
        total = several[-1] if several else 0
        for row in np.flatnonzero(lengths > 1).tolist():
            word[places[row]] = -2 - len(several)
            total += int(lengths[row])
            several.append(total)
            lists.append(numbers[ends[row] - lengths[row] : ends[row]])
    return Folded(
        table.strings(), word, np.concatenate(lists), np.array([0, *several], dtype=np.int64),
        (broken, first_broken), unsegmented,
    )  # fmt: skip


def decode_lines(text: bytes) -> tuple[str, dict[int, int]]:
    """`text` decoded, and {line: bytes in it that were not UTF-8 and became U+FFFD}."""
    try:
        return text.decode(), {}
    except UnicodeDecodeError:
        lines = [decode(line) for line in text.split(b"\n")]
        return "\n".join(line for line, _ in lines), {row: lost for row, (_, lost) in enumerate(lines) if lost}


@inlined
def between(eight, least, most):  # type: ignore[no-untyped-def]
    """The high bit of each of eight ASCII bytes that is one of least … most."""
    return (eight + EACH * (u64(128) - least)) & ~(eight + EACH * (u64(127) - most)) & HIGH_BITS


@inlined
def letters(eight):  # type: ignore[no-untyped-def]
    """The high bit of each of eight ASCII bytes that is a letter, a digit or padding."""
    ends = ~(eight + EACH * u64(127)) & HIGH_BITS
    small, capital = between(eight, u64(97), u64(122)), between(eight, u64(65), u64(90))
    return ends | small | capital | between(eight, u64(48), u64(57))


@kernel
def fold_ascii(  # type: ignore[no-untyped-def]
    slots,
    first,
    tails,
    tail_starts,
    used,
    seeds,
    keys,
    o_counts,
    o_first,
    o_tails,
    o_starts,
    lowercase,
    punctuation,
    word,
    beyond,
):
    """Fold the spellings of a table that are one ASCII word, or none, and add the words to another table.

    Returns:
        How many spellings are left for Python: their numbers stand in `beyond`.
    """
    longest = SHORT
    for i in range(o_starts.shape[0] - 1):
        longest = max(longest, o_starts[i + 1] - o_starts[i])
    scratch = np.zeros(longest + 32, dtype=np.uint8)
    address = u64(scratch.ctypes.data)
    n_beyond = 0
    for place in range(keys.shape[0]):
        lo, hi = keys[place, 0], keys[place, 1]
        if ((lo | hi) & HIGH_BITS) == ZERO:  # a short ASCII spelling; if it is all letters, its key is the word's
            if lowercase:
                lo |= between(lo, u64(65), u64(90)) >> u64(2)  # bit 5 makes a capital small
                hi |= between(hi, u64(65), u64(90)) >> u64(2)
            if (letters(lo) & letters(hi)) == HIGH_BITS or punctuation:
                at = seek(slots, seeds, lo, hi)
                word[place] = count_short(slots, first, used, at, lo, hi, o_counts[place], o_first[place])
                continue
        length = 0
        if (hi >> SHIFT56) == u64(255):
            which = np.int64(hi & INDEX)
            for i in range(o_starts[which], o_starts[which + 1]):
                scratch[length] = o_tails[i]
                length += 1
        else:
            while lo:
                scratch[length] = np.uint8(lo & u64(255))
                lo >>= SHIFT8
                length += 1
            while hi:
                scratch[length] = np.uint8(hi & u64(255))
                hi >>= SHIFT8
                length += 1
        start, end = 0, length
        if not punctuation:
            while start < end and is_ascii_mark(scratch[start]):
                start += 1
            while start < end and is_ascii_mark(scratch[end - 1]):
                end -= 1
        simple, inner = True, False
        for i in range(start, end):
            byte = scratch[i]
            mark = is_ascii_mark(byte)
            if byte >= 128 or (mark and not punctuation and (inner or not (byte == 39 or byte == 45 or byte == 95))):
                simple = False
                break
            inner = mark  # two marks side by side separate words
            if lowercase and 65 <= byte <= 90:
                scratch[i] = byte + 32
        if not simple:
            beyond[n_beyond] = place
            n_beyond += 1
        elif start < end:
            lo, hi = key_of(address + u64(start), end - start, seeds)
            word[place] = add(
                slots, first, tails, tail_starts, used, seeds, lo, hi, address + u64(start), end - start,
                o_counts[place], o_first[place],
            )  # fmt: skip
    return n_beyond


@kernel
def is_ascii_mark(byte):  # type: ignore[no-untyped-def]
    """Whether an ASCII byte is neither letter nor digit; other bytes are not."""
    return not (97 <= byte <= 122 or 48 <= byte <= 57 or 65 <= byte <= 90 or byte >= 128)


@kernel
def add_lines(slots, first, tails, tail_starts, used, seeds, blob, n_words, lengths, counts, places):  # type: ignore[no-untyped-def]
    r"""Add words that stand in `blob`, each followed by \n, lengths[i] of them for the i-th spelling.

    Returns:
        Their numbers.
    """
    address = u64(blob.ctypes.data)
    numbers = np.empty(n_words, dtype=np.int32)
    at, n = 0, 0
    for row in range(lengths.shape[0]):
        for which in range(lengths[row]):
            start = at
            while blob[at] != 10:
                at += 1
            lo, hi = key_of(address + u64(start), at - start, seeds)
            numbers[n] = add(
                slots, first, tails, tail_starts, used, seeds, lo, hi, address + u64(start), at - start,
                counts[row], places[row] + which,
            )  # fmt: skip
            n += 1
            at += 1
    return numbers
