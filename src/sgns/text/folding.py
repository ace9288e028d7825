"""All distinct spellings of a table to words, by the rules of `normalise`.

ASCII spellings are folded by a kernel, the others by Python's own Unicode, many at once. `tests/text/test_normalise.py`
holds the kernel to `normalise`.
"""

import re
from dataclasses import dataclass

import numpy as np

from sgns.text.compiled import inlined, kernel
from sgns.text.normalise import compose, decode, split
from sgns.text.table import (
    INDEX,
    SEEDS,
    SHIFT8,
    SHIFT56,
    SHORT,
    Strings,
    Table,
    add,
    count_short,
    key_of,
    longer,
    seek,
    with_room,
)

u64 = np.uint64
ZERO, EACH, HIGH_BITS = u64(0), u64(0x0101010101010101), u64(0x8080808080808080)
NO_WORD = -1
# Scripts written without blanks between words: kana, Han, Thai, Lao, Burmese, Khmer. Ten letters on end are no word.
UNSEGMENTED = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{10}")
BATCH = 1 << 16  # spellings that Python folds together


@dataclass
class Folded:
    """What the spellings of a table stand for.

    Attributes:
        words: the distinct words, their counts and first appearances.
        word: (spellings,) int32: the word's number; NO_WORD; or -2 - i, where several words stand in lists[starts[i]:starts[i+1]].
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
    table = Table(room=n + 64)
    word = np.full(n, NO_WORD, dtype=np.int32)
    beyond = np.empty(n, dtype=np.int64)
    n_beyond, several_ends, ascii_lists, arrays = fold_ascii(
        *table.arrays, SEEDS, spellings.keys, spellings.counts, spellings.first, spellings.tails, spellings.tail_starts,
        lowercase, punctuation, word, beyond,
    )  # fmt: skip
    table.slots, table.first, table.tails, table.tail_starts = arrays
    several, lists = list(several_ends), [ascii_lists]
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
        numbers = add_lines(*table.arrays, SEEDS, blob, lengths, counts, first)
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
    """Fold the ASCII spellings of a table and add their words to another one; the numbers of the rest go to `beyond`.

    Returns:
        The length of `beyond`, the ends of the lists of spellings with several words, these lists, the table's arrays.
    """
    longest = SHORT
    for i in range(o_starts.shape[0] - 1):
        longest = max(longest, o_starts[i + 1] - o_starts[i])
    scratch = np.zeros(longest + 32, dtype=np.uint8)
    inside = np.zeros(longest + 32, dtype=np.bool_)  # whether a byte belongs to a word
    address = u64(scratch.ctypes.data)
    ends, n_ends = np.zeros(64, dtype=np.int64), 0
    lists, n_lists = np.zeros(64, dtype=np.int32), 0
    n_beyond = 0
    for place in range(keys.shape[0]):
        lo, hi = keys[place, 0], keys[place, 1]
        if (
            (lo | hi) & HIGH_BITS
        ) == ZERO:  # a short ASCII spelling; if it is all letters, the key is nearly the word's
            if lowercase:
                lo |= between(lo, u64(65), u64(90)) >> u64(2)  # bit 5 makes a capital small
                hi |= between(hi, u64(65), u64(90)) >> u64(2)
            if (letters(lo) & letters(hi)) == HIGH_BITS and 3 * (used[0] + 1) <= 2 * slots.shape[0]:
                at = seek(slots, seeds, lo, hi)
                word[place] = count_short(slots, first, used, at, lo, hi, o_counts[place], o_first[place])
                continue
            lo, hi = keys[place, 0], keys[place, 1]
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
        ascii, plain = True, True
        for i in range(length):
            byte = scratch[i]
            if byte >= 128:
                ascii = False
                break
            letter = (97 <= byte <= 122) or (48 <= byte <= 57)
            if 65 <= byte <= 90:
                letter = True
                if lowercase:
                    scratch[i] = byte + 32
            inside[i] = letter
            plain = plain and letter
        if not ascii:
            beyond[n_beyond] = place
            n_beyond += 1
            continue
        # A word and a blank take two bytes at least.
        if (
            3 * (used[0] + length) > 2 * slots.shape[0]
            or used[1] + length + 1 > tail_starts.shape[0]
            or (used[2] + length + 16 > tails.shape[0])
        ):
            slots, first, tails, tail_starts = with_room(
                slots, first, tails, tail_starts, used, seeds, length, length, length
            )
        if not plain and not punctuation:
            for i in range(1, length - 1):
                byte = scratch[i]
                if inside[i] or not (inside[i - 1] and inside[i + 1]):
                    continue
                before, after = scratch[i - 1], scratch[i + 1]
                if byte == 39 or byte == 45 or byte == 95:  # ' - _
                    inside[i] = True
                elif before <= 57 and after <= 57:  # digits: the only letters so low
                    inside[i] = byte == 44 or byte == 46 or byte == 47 or byte == 58  # , . / :
                elif byte == 46 and before > 57 and after > 57:  # u.s.a
                    inside[i] = (i < 2 or is_ascii_mark(scratch[i - 2])) and (
                        i + 2 >= length or is_ascii_mark(scratch[i + 2])
                    )
        number, n_words, start = NO_WORD, 0, 0
        for i in range(length + 1):
            if i < length and (plain or punctuation or inside[i]):
                continue
            if i > start:
                lo, hi = key_of(address + u64(start), i - start, seeds)
                previous = number
                number = add(
                    slots, first, tails, tail_starts, used, seeds, lo, hi, address + u64(start), i - start,
                    o_counts[place], o_first[place] + n_words,
                )  # fmt: skip
                n_words += 1
                if n_words > 1:
                    if n_lists + 2 > lists.shape[0]:
                        lists = longer(lists, n_lists + 2)
                    if n_words == 2:
                        lists[n_lists] = previous
                        n_lists += 1
                    lists[n_lists] = number
                    n_lists += 1
            start = i + 1
        if n_words > 1:
            if n_ends + 1 > ends.shape[0]:
                ends = longer(ends, n_ends + 1)
            number = -2 - n_ends
            ends[n_ends] = n_lists
            n_ends += 1
        word[place] = number
    return n_beyond, ends[:n_ends], lists[:n_lists], (slots, first, tails, tail_starts)


@kernel
def is_ascii_mark(byte):  # type: ignore[no-untyped-def]
    """Whether an ASCII byte is neither letter nor digit."""
    return not (97 <= byte <= 122 or 48 <= byte <= 57 or 65 <= byte <= 90)


@kernel
def add_lines(slots, first, tails, tail_starts, used, seeds, blob, lengths, counts, places):  # type: ignore[no-untyped-def]
    r"""Add words that stand in `blob`, each followed by \n, lengths[i] of them for the i-th spelling. Returns their numbers."""
    address = u64(blob.ctypes.data)
    numbers = np.empty(lengths.sum(), dtype=np.int32)
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
