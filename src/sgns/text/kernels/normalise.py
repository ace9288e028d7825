"""All distinct raw tokens of a table -> words, by the rules of `base.normalise`.

A kernel normalises raw tokens that are one ASCII word or none; Python does the others, many at once. A test holds the
kernel to `base.normalise`.
"""

from dataclasses import dataclass

import numpy as np

from sgns.base.jit import inlined, kernel
from sgns.base.normalise import UNSEGMENTED, compose, decode, split
from sgns.text.kernels.hash_table import (
    SHIFT8,
    SHIFT56,
    SHORT,
    TAIL_INDEX,
    ZERO,
    HashTable,
    Strings,
    add,
    contents,
    count_at,
    find_short,
    key_of,
    new_table,
    text_of,
    u64,
    with_capacity,
)

EACH, HIGH_BITS = u64(0x0101010101010101), u64(0x8080808080808080)
NO_WORD = -1
# [byte]: whether it is ASCII, and neither letter nor digit
MARK = np.array([byte < 128 and not chr(byte).isalnum() for byte in range(256)])
BATCH = 1 << 16  # raw tokens that Python normalises together


@dataclass
class Normalised:
    """The words of all raw tokens of a table.

    Attributes:
        table: the table of the words; None where it was let go to save memory.
        words: its contents, the distinct words.
        word: (raw tokens,) int32: the word's number; NO_WORD; or -2 - i for the words
            lists[starts[i]:starts[i + 1]].
        lists: (…,) int32 word numbers.
        starts: (lists + 1,) int64.
        invalid_bytes: bytes that are not UTF-8.
        first_invalid: position of the first raw token with such bytes, -1 without any.
        unsegmented: how many tokens are long runs of a script without blanks.
    """

    table: HashTable | None
    words: Strings
    word: np.ndarray
    lists: np.ndarray
    starts: np.ndarray
    invalid_bytes: int
    first_invalid: int
    unsegmented: int


def normalise_all(raw_tokens: Strings, lowercase: bool, punctuation: bool) -> Normalised:
    """The words of `raw_tokens`."""
    n = len(raw_tokens.keys)
    table = with_capacity(new_table(n), n, len(raw_tokens.tail_starts), len(raw_tokens.tails))
    word = np.full(n, NO_WORD, dtype=np.int32)
    others = np.empty(n, dtype=np.int64)
    longest = int(np.diff(raw_tokens.tail_starts).max(initial=SHORT))
    scratch = np.zeros(longest + 32, dtype=np.uint8)
    n_others = normalise_ascii(table, raw_tokens, lowercase, punctuation, scratch, word, others)
    list_ends: list[int] = []
    lists: list[np.ndarray] = [np.empty(0, dtype=np.int32)]
    invalid_bytes, first_invalid, unsegmented = 0, -1, 0
    for begin in range(0, n_others, BATCH):
        batch = others[begin : min(begin + BATCH, n_others)]
        counts, first = raw_tokens.counts[batch], raw_tokens.first[batch]
        decoded, invalid = decode_lines(text_of(raw_tokens, batch)[:-1])
        if invalid:
            rows = list(invalid)
            invalid_bytes += sum(lost * int(counts[row]) for row, lost in invalid.items())
            earliest = int(first[rows].min())
            first_invalid = earliest if first_invalid < 0 else min(first_invalid, earliest)
        unsegmented += int(counts[unsegmented_lines(decoded)].sum())
        found: list[str] = []
        each: list[int] = []  # a list of lists would keep the garbage collector busy
        for line in compose(decoded, lowercase).split("\n"):
            words_of_line = split(line, punctuation)
            found += words_of_line
            each.append(len(words_of_line))
        lengths = np.array(each, dtype=np.int64)
        n_words = len(found)
        text = np.frombuffer("\n".join([*found, " " * 16]).encode(), dtype=np.uint8)
        table = with_capacity(table, n_words, n_words, len(text))
        numbers = np.empty(n_words, dtype=np.int32)
        add_lines(table, text, lengths, counts, first, numbers)
        ends = np.cumsum(lengths)
        single = lengths == 1
        word[batch[single]] = numbers[ends[single] - 1]
        total = list_ends[-1] if list_ends else 0
        for row in np.flatnonzero(lengths > 1).tolist():
            word[batch[row]] = -2 - len(list_ends)
            total += int(lengths[row])
            list_ends.append(total)
            lists.append(numbers[ends[row] - lengths[row] : ends[row]])
    starts = np.array([0, *list_ends], dtype=np.int64)
    words = contents(table)
    return Normalised(table, words, word, np.concatenate(lists), starts, invalid_bytes, first_invalid, unsegmented)


def decode_lines(text: bytes) -> tuple[str, dict[int, int]]:
    """The decoded text, and by line the number of bytes that were not UTF-8 and became U+FFFD, where there are any."""
    try:
        return text.decode(), {}
    except UnicodeDecodeError:
        lines = [decode(line) for line in text.split(b"\n")]
        return "\n".join(line for line, _ in lines), {row: lost for row, (_, lost) in enumerate(lines) if lost}


def unsegmented_lines(text: str) -> list[int]:
    """The numbers of the lines with a long run of a script without blanks, ascending."""
    lines: list[int] = []
    line, at = 0, 0
    for found in UNSEGMENTED.finditer(text):
        line, at = line + text.count("\n", at, found.start()), found.start()
        if lines[-1:] != [line]:
            lines.append(line)
    return lines


@inlined
def between(eight, least, most):
    """A mask with the high bit of each of eight ASCII bytes that is one of least … most."""
    return (eight + EACH * (u64(128) - least)) & ~(eight + EACH * (u64(127) - most)) & HIGH_BITS


@inlined
def letters(eight):
    """A mask with the high bit of each of eight ASCII bytes that is a letter, a digit or padding."""
    ends = ~(eight + EACH * u64(127)) & HIGH_BITS
    small, capital = between(eight, u64(97), u64(122)), between(eight, u64(65), u64(90))
    return ends | small | capital | between(eight, u64(48), u64(57))


@kernel
def normalise_ascii(table, raw_tokens, lowercase, punctuation, scratch, word, others):
    """Adds the words of raw tokens that are one ASCII word, or none, to a table whose capacity suffices.

    Args:
        table: the `HashTable` of words.
        raw_tokens: `Strings`.
        lowercase: as in `Config`.
        punctuation: as in `Config`.
        scratch: (longest raw token + 32,) uint8, to work in.
        word: out (n,) int32, the number of each raw token's word; untouched where there is none.
        others: out (n,) int64, the numbers of all other raw tokens.

    Returns:
        How many others there are.
    """
    seeds = table.seeds
    keys, counts, positions = raw_tokens.keys, raw_tokens.counts, raw_tokens.first
    tails, tail_starts = raw_tokens.tails, raw_tokens.tail_starts
    address = u64(scratch.ctypes.data)
    n_others = 0
    for number in range(keys.shape[0]):
        lo, hi = keys[number, 0], keys[number, 1]
        count, position = counts[number], positions[number]
        if ((lo | hi) & HIGH_BITS) == ZERO:  # short and ASCII; if all are letters, its key is the word's
            if lowercase:
                lo |= between(lo, u64(65), u64(90)) >> u64(2)  # bit 5 makes a capital small
                hi |= between(hi, u64(65), u64(90)) >> u64(2)
            if (letters(lo) & letters(hi)) == HIGH_BITS or punctuation:
                word[number] = count_at(table, find_short(table, lo, hi), lo, hi, count, position)
                continue
        length = 0
        if (hi >> SHIFT56) == u64(255):
            which = np.int64(hi & TAIL_INDEX)
            for i in range(tail_starts[which], tail_starts[which + 1]):
                scratch[length] = tails[i]
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
            while start < end and MARK[scratch[start]]:
                start += 1
            while start < end and MARK[scratch[end - 1]]:
                end -= 1
        simple, inner = True, False
        for i in range(start, end):
            byte = scratch[i]
            mark = MARK[byte]
            if byte >= 128 or (mark and not punctuation and (inner or not (byte == 39 or byte == 45 or byte == 95))):
                simple = False
                break
            inner = mark  # two marks side by side separate words
            if lowercase and 65 <= byte <= 90:
                scratch[i] = byte + 32
        if not simple:
            others[n_others] = number
            n_others += 1
        elif start < end:
            lo, hi = key_of(address + u64(start), end - start, seeds)
            word[number] = add(table, lo, hi, address + u64(start), end - start, count, position)
    return n_others


@kernel
def add_lines(table, text, lengths, counts, positions, numbers):
    r"""Adds words to a table whose capacity suffices.

    Args:
        table: the `HashTable` of words.
        text: uint8, the words, each followed by \n, and 16 bytes more.
        lengths: (raw tokens,) int64, how many of them each raw token has.
        counts: (raw tokens,) int64.
        positions: (raw tokens,) int64, of their first appearances.
        numbers: out (words,) int32, their numbers.
    """
    address, seeds = u64(text.ctypes.data), table.seeds
    at, n = 0, 0
    for row in range(lengths.shape[0]):
        for which in range(lengths[row]):
            start = at
            while text[at] != 10:
                at += 1
            lo, hi = key_of(address + u64(start), at - start, seeds)
            numbers[n] = add(table, lo, hi, address + u64(start), at - start, counts[row], positions[row] + which)
            n += 1
            at += 1
