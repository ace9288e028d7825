"""The kernels of an exact table of byte strings: each string has a number, a count and the place where it came first.

A string of up to 15 bytes is its own key: two 64-bit numbers, padded with zero bytes (no string holds a zero byte). A
longer one has a 64-bit hash as its key and its bytes in `tails`, which decide. Open addressing with linear probing;
the hash is multiplication by odd numbers drawn anew in each process, so nobody can write a text whose words all
collide.
"""

import secrets

import numpy as np

from sgns.base.jit import inlined, kernel
from sgns.text.kernels.bits import word_at

u64 = np.uint64
SHORT = 15  # bytes; the 16th of the key is 0, or 255 for a long string
LONG = u64(0xFF << 56)
INDEX = u64((1 << 56) - 1)
ONE, ZERO, SHIFT56, SHIFT32, SHIFT8, EIGHT = u64(1), u64(0), u64(56), u64(32), u64(8), u64(8)
# [length]: what to keep of the first and of the second eight bytes
LOW = np.array([(1 << 8 * min(n, 8)) - 1 for n in range(16)], dtype=np.uint64)
HIGH = np.array([(1 << 8 * max(n - 8, 0)) - 1 for n in range(16)], dtype=np.uint64)
K, L, I, C = 0, 1, 2, 3  # columns of a slot: key, rest of the key (or LONG and place in tails), number, count
N_ITEMS, N_LONG, N_TAIL = 0, 1, 2  # places in `used`
ROWS = 1 << 15  # strings added between two looks at the room
SEEDS = np.array([secrets.randbits(64) | 1, secrets.randbits(64) | 1], dtype=np.uint64)


@kernel
def hashed(lo, hi, seeds):  # type: ignore[no-untyped-def]
    """A 64-bit hash of a key; its high bits are the good ones."""
    mixed = (lo ^ (hi * seeds[1])) * seeds[0]
    return (mixed ^ (mixed >> SHIFT32)) * seeds[1]


@kernel
def key_of(address, length, seeds):  # type: ignore[no-untyped-def]
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


@inlined
def seek(slots, seeds, lo, hi):  # type: ignore[no-untyped-def]
    """The slot of a short key, or the empty slot where it belongs."""
    mask = u64(slots.shape[0] - 1)
    at = (hashed(lo, hi, seeds) >> SHIFT32) & mask
    while slots[at, K] != ZERO and not (slots[at, K] == lo and slots[at, L] == hi):
        at = (at + ONE) & mask
    return at


@inlined
def count_short(slots, first, used, at, lo, hi, count, position):  # type: ignore[no-untyped-def]
    """Count a short string at the slot that `seek` found. Returns its number."""
    if slots[at, K] != ZERO:
        number = np.int64(slots[at, I])
        slots[at, C] += u64(count)
        first[number] = min(first[number], position)
    else:
        number = used[N_ITEMS]
        used[N_ITEMS] = number + 1
        slots[at, K], slots[at, L], slots[at, I], slots[at, C] = lo, hi, u64(number), u64(count)
        first[number] = position
    return number


@kernel
def same_bytes(one, other, length):  # type: ignore[no-untyped-def]
    """Whether two stretches of `length` >= 8 bytes are equal."""
    at = 0
    while at + 8 <= length:
        if word_at(one + u64(at)) != word_at(other + u64(at)):
            return False
        at += 8
    return word_at(one + u64(length - 8)) == word_at(other + u64(length - 8))


@kernel
def find(slots, tails, tail_starts, seeds, lo, hi, address, length):  # type: ignore[no-untyped-def]
    """The slot of a key, or the empty slot where it belongs."""
    mask = u64(slots.shape[0] - 1)
    at = (hashed(lo, hi, seeds) >> SHIFT32) & mask
    while True:
        found = slots[at, K]
        if found == lo:
            if hi != LONG:
                if slots[at, L] == hi:
                    return at
            elif (slots[at, L] >> SHIFT56) == u64(255):
                which = np.int64(slots[at, L] & INDEX)
                start = tail_starts[which]
                if tail_starts[which + 1] - start == length and same_bytes(
                    u64(tails.ctypes.data) + u64(start), address, length
                ):
                    return at
        elif found == ZERO:
            return at
        at = (at + ONE) & mask


@kernel
def add(slots, first, tails, tail_starts, used, seeds, lo, hi, address, length, count, position):  # type: ignore[no-untyped-def]
    """Count a string, new or known; there must be room. Returns its number."""
    at = find(slots, tails, tail_starts, seeds, lo, hi, address, length)
    if slots[at, K] != ZERO:
        number = np.int64(slots[at, I])
        slots[at, C] += u64(count)
        first[number] = min(first[number], position)
        return number
    number = used[N_ITEMS]
    used[N_ITEMS] = number + 1
    slots[at, K] = lo
    slots[at, I] = u64(number)
    if hi == LONG:
        which, start = used[N_LONG], used[N_TAIL]
        slots[at, L] = LONG | u64(which)
        source = u64(address)
        for i in range(length):
            tails[start + i] = np.uint8(word_at(source + u64(i)) & u64(255))
        tail_starts[which + 1] = start + length
        used[N_LONG] = which + 1
        used[N_TAIL] = start + length
    else:
        slots[at, L] = hi
    slots[at, C] = u64(count)
    first[number] = position
    return number


@kernel
def spread(slots, size, seeds):  # type: ignore[no-untyped-def]
    """The slots of a larger table with the same strings."""
    larger = np.zeros((size, 4), dtype=np.uint64)
    mask = u64(size - 1)
    for old in range(slots.shape[0]):
        if slots[old, K] != ZERO:
            hi = slots[old, L]
            if (hi >> SHIFT56) == u64(255):
                hi = LONG
            at = (hashed(slots[old, K], hi, seeds) >> SHIFT32) & mask
            while larger[at, K] != ZERO:
                at = (at + ONE) & mask
            for column in range(4):  # a slice would compile for three seconds, for its error message
                larger[at, column] = slots[old, column]
    return larger


@kernel
def longer(array, size):  # type: ignore[no-untyped-def]
    """`array` with room for `size` items at least."""
    room = array.shape[0]
    while room < size:
        room *= 2
    larger = np.zeros(room, dtype=array.dtype)
    for i in range(array.shape[0]):
        larger[i] = array[i]
    return larger


@kernel
def with_room(slots, first, tails, tail_starts, used, seeds, items, longs, tail):  # type: ignore[no-untyped-def]
    """The arrays of a table with room for so many more strings, long strings and bytes of long strings."""
    size = slots.shape[0]
    while 3 * (used[N_ITEMS] + items) > 2 * size:  # at most two thirds full
        size *= 2
    if size > slots.shape[0]:
        slots, first = spread(slots, size, seeds), longer(first, size)
    if used[N_LONG] + longs + 1 > tail_starts.shape[0]:
        tail_starts = longer(tail_starts, used[N_LONG] + longs + 1)
    if used[N_TAIL] + tail + 16 > tails.shape[0]:
        tails = longer(tails, used[N_TAIL] + tail + 16)
    return slots, first, tails, tail_starts


@kernel
def contents(slots, n):  # type: ignore[no-untyped-def]
    """(n, 2) keys and (n,) counts in the order of the numbers."""
    keys = np.empty((n, 2), dtype=np.uint64)
    counts = np.empty(n, dtype=np.int64)
    for at in range(slots.shape[0]):
        if slots[at, K] != ZERO:
            number = np.int64(slots[at, I])
            keys[number, 0] = slots[at, K]
            keys[number, 1] = slots[at, L]
            counts[number] = np.int64(slots[at, C])
    return keys, counts


@kernel
def absorb(slots, first, tails, tail_starts, used, seeds, o_keys, o_counts, o_first, o_tails, o_starts, places):  # type: ignore[no-untyped-def]
    """Add the strings `places` of another table to this one, which must have room."""
    base = u64(o_tails.ctypes.data)
    for place in places:
        lo, hi = o_keys[place, 0], o_keys[place, 1]
        if (hi >> SHIFT56) != u64(255):
            at = seek(slots, seeds, lo, hi)
            count_short(slots, first, used, at, lo, hi, o_counts[place], o_first[place])
        else:
            which = np.int64(hi & INDEX)
            address = base + u64(o_starts[which])
            length = o_starts[which + 1] - o_starts[which]
            add(
                slots,
                first,
                tails,
                tail_starts,
                used,
                seeds,
                lo,
                LONG,
                address,
                length,
                o_counts[place],
                o_first[place],
            )


@kernel
def look_up(slots, tails, tail_starts, seeds, keys, o_tails, o_starts, value):  # type: ignore[no-untyped-def]
    """value[number] for each string of another table, -1 for those that this one does not hold."""
    found = np.empty(keys.shape[0], dtype=np.int32)
    base = u64(o_tails.ctypes.data)
    for place in range(keys.shape[0]):
        lo, hi = keys[place, 0], keys[place, 1]
        if (hi >> SHIFT56) != u64(255):
            at = seek(slots, seeds, lo, hi)
        else:
            which = np.int64(hi & INDEX)
            length = o_starts[which + 1] - o_starts[which]
            at = find(slots, tails, tail_starts, seeds, lo, LONG, base + u64(o_starts[which]), length)
        found[place] = -1 if slots[at, K] == ZERO else value[np.int64(slots[at, I])]
    return found


@kernel
def joined(keys, tails, tail_starts, places):  # type: ignore[no-untyped-def]
    r"""The strings `places`, each followed by \n, as one array of bytes."""
    size = 0
    for place in places:
        hi = keys[place, 1]
        if (hi >> SHIFT56) == u64(255):
            which = np.int64(hi & INDEX)
            size += tail_starts[which + 1] - tail_starts[which] + 1
        else:
            size += SHORT + 1
    text = np.empty(size, dtype=np.uint8)
    at = 0
    for place in places:
        hi = keys[place, 1]
        if (hi >> SHIFT56) == u64(255):
            which = np.int64(hi & INDEX)
            for i in range(tail_starts[which], tail_starts[which + 1]):
                text[at] = tails[i]
                at += 1
        else:
            for half in range(2):
                rest = keys[place, half]
                while rest:
                    text[at] = np.uint8(rest & u64(255))
                    rest >>= SHIFT8
                    at += 1
        text[at] = 10
        at += 1
    return text[:at]
