"""An exact hash table of byte strings: each has a number, a count and the position of its first appearance.

A string of up to 15 bytes is its own key: two 64-bit numbers, padded with zero bytes (no string holds a zero byte). The
key of a longer string is a 64-bit hash; its bytes stand in `tails`, and are compared. Collisions are resolved by open
addressing with linear probing. The hash multiplies by odd numbers that each process draws anew, so nobody can write a
text whose words all collide.

A table is a named tuple of arrays, which Numba passes as one argument. A kernel that adds strings changes the arrays in
place; a function that may have to enlarge them returns the table that is to be used from then on.
"""

import secrets
from typing import NamedTuple

import numpy as np

from sgns.base.instructions import smaller
from sgns.base.jit import helper, inlined, kernel
from sgns.text.kernels.bits import word_at

u64 = np.uint64
SHORT = 15  # bytes; the 16th of the key is 0, or 255 for a long string
LONG = u64(0xFF << 56)
TAIL_INDEX = u64((1 << 56) - 1)
ONE, ZERO, SHIFT56, SHIFT32, SHIFT8, EIGHT = u64(1), u64(0), u64(56), u64(32), u64(8), u64(8)
# [length]: the bits of the first and of the second eight bytes that belong to a string of this length
LOW = np.array([(1 << 8 * min(n, 8)) - 1 for n in range(16)], dtype=np.uint64)
HIGH = np.array([(1 << 8 * max(n - 8, 0)) - 1 for n in range(16)], dtype=np.uint64)
# columns of `slots`: both halves of the key (the second is LONG | index of the tail in a long string), number, count
KEY, KEY_END, NUMBER, COUNT = 0, 1, 2, 3
N_ITEMS, N_LONG, N_TAIL = 0, 1, 2  # indices in `used`: strings, long strings, bytes of long strings
ROWS = 1 << 15  # strings that are added before the capacity is checked again
SEEDS = np.array([secrets.randbits(64) | 1, secrets.randbits(64) | 1], dtype=np.uint64)


class HashTable(NamedTuple):
    """The arrays of a table.

    Attributes:
        slots: (size, 4) uint64, size a power of two; an empty slot has key 0.
        first: (size,) int64, by number: the position of the first appearance.
        tails: (…,) uint8, the bytes of long strings, one after the other.
        tail_starts: (…,) int64, where each of them begins; one more at the end.
        used: (3,) int64, how many strings, long strings and bytes of long strings there are.
        seeds: (2,) uint64, the odd numbers of the hash.
    """

    slots: np.ndarray
    first: np.ndarray
    tails: np.ndarray
    tail_starts: np.ndarray
    used: np.ndarray
    seeds: np.ndarray


class Strings(NamedTuple):
    """The contents of a table, by number.

    Attributes:
        keys: (n, 2) uint64.
        counts: (n,) int64.
        first: (n,) int64, the position of the first appearance.
        tails: (bytes,) uint8, the bytes of long strings; 16 more are readable.
        tail_starts: (long strings + 1,) int64.
    """

    keys: np.ndarray
    counts: np.ndarray
    first: np.ndarray
    tails: np.ndarray
    tail_starts: np.ndarray


# --- kernels ----------------------------------------------------------------------------------------------------------


@helper
def hashed(lo, hi, seeds):
    """A 64-bit hash of a key; its high bits are the good ones."""
    mixed = (lo ^ (hi * seeds[1])) * seeds[0]
    return (mixed ^ (mixed >> SHIFT32)) * seeds[1]


@helper
def key_of(address, length, seeds):
    """The key of `length` bytes at `address`; 16 bytes must be readable there. hi is LONG for a long string."""
    if length <= SHORT:
        return word_at(address) & LOW[length], word_at(address + EIGHT) & HIGH[length]
    mixed = u64(length)
    at = 0
    while at + 8 <= length:
        mixed = (mixed ^ word_at(address + u64(at))) * seeds[0]
        mixed ^= mixed >> SHIFT32
        at += 8
    rest = length - at
    if rest:
        mixed = (mixed ^ (word_at(address + u64(length - 8)) >> u64(8 * (8 - rest)))) * seeds[1]
        mixed ^= mixed >> SHIFT32
    return mixed | ONE, LONG


@helper
def same_bytes(one, other, length):
    """Whether `length` >= 8 bytes at two addresses are equal."""
    at = 0
    while at + 8 <= length:
        if word_at(one + u64(at)) != word_at(other + u64(at)):
            return False
        at += 8
    return word_at(one + u64(length - 8)) == word_at(other + u64(length - 8))


@inlined
def find_short(table, lo, hi):
    """The index of a short key's slot, or of the empty slot where it belongs."""
    mask = u64(table.slots.shape[0] - 1)
    at = (hashed(lo, hi, table.seeds) >> SHIFT32) & mask
    while table.slots[at, KEY] != ZERO and not (table.slots[at, KEY] == lo and table.slots[at, KEY_END] == hi):
        at = (at + ONE) & mask
    return at


@helper
def find(table, lo, hi, address, length):
    """The index of a key's slot, or of the empty slot where it belongs; a long string's bytes stand at `address`."""
    slots, tail_starts = table.slots, table.tail_starts
    mask, tails = u64(slots.shape[0] - 1), u64(table.tails.ctypes.data)
    at = (hashed(lo, hi, table.seeds) >> SHIFT32) & mask
    while True:
        found = slots[at, KEY]
        if found == lo:
            end = slots[at, KEY_END]
            if hi != LONG:
                if end == hi:
                    return at
            elif (end >> SHIFT56) == u64(255):
                which = np.int64(end & TAIL_INDEX)
                start = tail_starts[which]
                if tail_starts[which + 1] - start == length and same_bytes(tails + u64(start), address, length):
                    return at
        elif found == ZERO:
            return at
        at = (at + ONE) & mask


@inlined
def count_at(table, at, lo, hi, count, position):
    """Counts a string in the slot that `find` found, new or known; its bytes, if it is long, are kept elsewhere.

    With the arrays as arguments, or with names of their own, a call took 20 ns longer, probably to count references.

    Returns:
        Its number.
    """
    if table.slots[at, KEY] != ZERO:
        number = np.int64(table.slots[at, NUMBER])
        table.slots[at, COUNT] += u64(count)
        table.first[number] = smaller(table.first[number], position)
    else:
        number = table.used[N_ITEMS]
        table.used[N_ITEMS] = number + 1
        table.slots[at, KEY], table.slots[at, KEY_END] = lo, hi
        table.slots[at, NUMBER], table.slots[at, COUNT] = u64(number), u64(count)
        table.first[number] = position
    return number


@helper
def add(table, lo, hi, address, length, count, position):
    """Counts a string, new or known; the capacity must suffice. Returns its number."""
    at = find(table, lo, hi, address, length)
    used = table.used
    if hi == LONG and table.slots[at, KEY] == ZERO:
        which, start = used[N_LONG], used[N_TAIL]
        hi |= u64(which)
        tails = table.tails
        for i in range(length):
            tails[start + i] = np.uint8(word_at(address + u64(i)) & u64(255))
        table.tail_starts[which + 1] = start + length
        used[N_LONG] = which + 1
        used[N_TAIL] = start + length
    return count_at(table, at, lo, hi, count, position)


@kernel
def move(slots, rows, seeds, by_number):
    """Copies the strings of `slots` into empty rows.

    Args:
        slots: as in `HashTable`.
        rows: out (…, 4) uint64: the slots of a larger table, whose size is a power of two, or a row for each number.
        seeds: as in `HashTable`.
        by_number: whether a string goes into the row of its number; else into the slot of its key.
    """
    mask = u64(rows.shape[0] - 1)
    for old in range(slots.shape[0]):
        if slots[old, KEY] != ZERO:
            at = slots[old, NUMBER]
            if not by_number:
                hi = slots[old, KEY_END]
                if (hi >> SHIFT56) == u64(255):
                    hi = LONG
                at = (hashed(slots[old, KEY], hi, seeds) >> SHIFT32) & mask
                while rows[at, KEY] != ZERO:
                    at = (at + ONE) & mask
            for column in range(4):  # a slice would compile for three seconds, for its error message
                rows[at, column] = slots[old, column]


@kernel
def add_strings(table, other, numbers):
    """Adds the strings `numbers` of `other` to a table whose capacity suffices."""
    tails = u64(other.tails.ctypes.data)
    for i in range(numbers.shape[0]):
        number = numbers[i]
        lo, hi = other.keys[number, 0], other.keys[number, 1]
        count, position = other.counts[number], other.first[number]
        if (hi >> SHIFT56) != u64(255):
            count_at(table, find_short(table, lo, hi), lo, hi, count, position)
        else:
            which = np.int64(hi & TAIL_INDEX)
            start = other.tail_starts[which]
            add(table, lo, LONG, tails + u64(start), other.tail_starts[which + 1] - start, count, position)


@kernel
def look_up_all(table, other, value, found):
    """Looks up each string of `other`, see `look_up`; `found` is (n,) int32."""
    slots, keys, tail_starts = table.slots, other.keys, other.tail_starts
    tails = u64(other.tails.ctypes.data)
    for number in range(keys.shape[0]):
        lo, hi = keys[number, 0], keys[number, 1]
        start = length = np.int64(0)
        if (hi >> SHIFT56) == u64(255):
            which = np.int64(hi & TAIL_INDEX)
            start, hi = tail_starts[which], LONG
            length = tail_starts[which + 1] - start
        at = find(table, lo, hi, tails + u64(start), length)
        found[number] = -1 if slots[at, KEY] == ZERO else value[np.int64(slots[at, NUMBER])]


# --- whole tables, from Python ----------------------------------------------------------------------------------------


def look_up(table: HashTable, other: Strings, value: np.ndarray) -> np.ndarray:
    """(n,) int32: value[number in `table`] for each string of `other`, -1 for those that `table` does not hold."""
    found = np.empty(len(other.keys), dtype=np.int32)
    look_up_all(table, other, value, found)
    return found


def new_table(capacity: int = 8192) -> HashTable:
    """An empty table for about `capacity` strings; it can grow."""
    size = 1 << max(14, (capacity + capacity // 2).bit_length())
    return HashTable(
        slots=np.zeros((size, 4), dtype=np.uint64),
        first=np.zeros(size, dtype=np.int64),  # as long as `slots`, so that one check serves both
        tails=np.zeros(1 << 16, dtype=np.uint8),
        tail_starts=np.zeros(1 << 10, dtype=np.int64),
        used=np.zeros(3, dtype=np.int64),
        seeds=SEEDS,
    )


def room(table: HashTable) -> np.ndarray:
    """(3,) int64: how many strings, long strings and bytes of long strings the arrays of a table can hold."""
    most = 2 * len(table.slots) // 3, len(table.tail_starts) - 1, len(table.tails) - 16
    return np.array(most, dtype=np.int64)


def with_capacity(table: HashTable, items: int, longs: int, tail: int) -> HashTable:
    """The table, enlarged where `items` more strings, `longs` long ones among them, with `tail` bytes, do not fit."""
    slots, first, tails, tail_starts, used, seeds = table
    n_items, n_longs, n_tail = used.tolist()
    size = len(slots)
    while n_items + items > 2 * size // 3:  # as in `room`
        size *= 2
    if size > len(slots):
        larger = np.zeros((size, 4), dtype=np.uint64)
        move(slots, larger, seeds, False)
        slots, first = larger, lengthened(first, size)
    tail_starts = lengthened(tail_starts, n_longs + longs + 1)
    tails = lengthened(tails, n_tail + tail + 16)
    return HashTable(slots, first, tails, tail_starts, used, seeds)


def lengthened(array: np.ndarray, size: int) -> np.ndarray:
    """The array, or where it is shorter than `size` a copy of doubled length, with zeros at the end."""
    capacity = len(array)
    while capacity < size:
        capacity *= 2
    if capacity == len(array):
        return array
    longer = np.zeros(capacity, dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def contents(table: HashTable) -> Strings:
    """All strings of a table."""
    items, longs, tail = (int(n) for n in table.used)
    rows = np.empty((items, 4), dtype=np.uint64)
    move(table.slots, rows, table.seeds, True)
    keys, counts = np.ascontiguousarray(rows[:, : KEY_END + 1]), rows[:, COUNT].astype(np.int64)
    return Strings(keys, counts, table.first[:items], table.tails[: tail + 16], table.tail_starts[: longs + 1])


def add_all(table: HashTable, other: Strings, numbers: np.ndarray | None = None) -> HashTable:
    """Adds the strings of `other`, or those with these numbers, with counts and first positions.

    Returns:
        The table, enlarged where necessary.
    """
    if numbers is None:
        numbers = np.arange(len(other.keys))
    longs, tail = len(other.tail_starts), len(other.tails)
    for begin in range(0, len(numbers), ROWS):  # most are known already: no capacity for all of them at once
        now = numbers[begin : begin + ROWS].astype(np.int64)
        table = with_capacity(table, len(now), longs, tail)
        add_strings(table, other, now)
    return table


def text_of(strings: Strings, numbers: np.ndarray) -> bytes:
    r"""The strings with these numbers, each followed by \n."""
    keys = strings.keys[numbers]
    long = np.flatnonzero(keys[:, 1] >= LONG)
    tail = (keys[long, 1] & TAIL_INDEX).astype(np.int64)
    lines: list[bytes] = keys.astype("<u8", copy=False).view("S16").ravel().tolist()  # without the zeros at their ends
    begins, stops = strings.tail_starts[tail].tolist(), strings.tail_starts[tail + 1].tolist()
    for line, begin, stop in zip(long.tolist(), begins, stops, strict=True):
        lines[line] = strings.tails[begin:stop].tobytes()
    return b"\n".join([*lines, b""])


def divide_by_hash(strings: Strings, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Divides strings into parts by their hash; a string is in the same part whichever table it comes from.

    Returns:
        numbers: (n,) uint32, part after part.
        starts: (parts + 1,) int64, where each part begins.
    """
    rest = np.where(strings.keys[:, 1] >= LONG, ZERO, strings.keys[:, 1])
    mixed = (strings.keys[:, 0] ^ (rest * SEEDS[0])) * SEEDS[1]
    part = ((mixed >> SHIFT32) % u64(parts)).astype(np.uint16)
    starts = np.zeros(parts + 1, dtype=np.int64)
    np.cumsum(np.bincount(part, minlength=parts), out=starts[1:])
    return np.argsort(part, kind="stable").astype(np.uint32), starts
