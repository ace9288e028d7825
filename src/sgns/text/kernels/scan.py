"""The scan of a chunk: bytes -> numbers of raw tokens, and the ends of sentences.

A raw token is what stands between two blanks; a blank is any byte <= 32. The scan does not know letters: they are
looked at once per distinct raw token (`kernels.normalise`). 64 bytes are compared at a time, and the masks say where
raw tokens begin and end; then the key of each is looked up in a hash table. Both steps work on a few kilobytes, so that
the second finds its bytes in the L1 cache.
"""

import numpy as np

from sgns.base.instructions import smaller
from sgns.base.jit import kernel
from sgns.text.kernels.bits import (
    BLOCK,
    bits_in,
    blanks_at,
    line_feeds_at,
    lowest_bit,
    prefetch,
    returns_at,
    word_at,
)
from sgns.text.kernels.hash_table import (
    COUNT,
    EIGHT,
    HIGH,
    KEY,
    KEY_END,
    LONG,
    LOW,
    N_ITEMS,
    N_LONG,
    N_TAIL,
    NUMBER,
    ONE,
    SHIFT32,
    SHORT,
    HashTable,
    add,
    count_at,
    find_short,
    hashed,
    key_of,
    room,
    with_capacity,
)

u64 = np.uint64
STEP = 8192  # bytes whose raw tokens are found, then looked up
MARGIN = BLOCK + 16  # bytes that must be readable after the end of a chunk
LINE, PARAGRAPH, NONE = 0, 1, 2
MODES = {"line": LINE, "paragraph": PARAGRAPH, "none": NONE}
TOP = u64(63)


# What a scan that is to go on must know: see `scan_steps`.
AT, TOKENS, ENDS, OPENED, AFTER_BLANK, LAST_LINE, BEGUN, FOUND, LONGS, TAIL = range(10)


def scan(
    table: HashTable,
    buffer: np.ndarray,  # (size + MARGIN,) uint8
    size: int,
    base: int,
    mode: int,
    closing: bool,
    numbers: np.ndarray,  # (size // 2 + 1,) int32
    ends: np.ndarray,  # (size + 2,) int32
) -> tuple[HashTable, int, int]:
    r"""Counts and numbers every raw token of a chunk that begins and ends where a raw token does.

    Args:
        table: the table of raw tokens.
        buffer: the bytes of the chunk; blanks stand behind `size`.
        size: bytes of the chunk.
        base: position of the first byte of the chunk in the whole text.
        mode: what ends a sentence: LINE (\n, \r or both), PARAGRAPH (a line without raw tokens), NONE.
        closing: whether a sentence ends with the chunk.
        numbers: out, the numbers of the raw tokens.
        ends: out, for each sentence end the raw tokens before it, ascending, without repetition.

    Returns:
        The table, enlarged where necessary; the number of raw tokens; the number of sentence ends.
    """
    state = np.zeros(10, dtype=np.int64)
    state[AFTER_BLANK], state[LAST_LINE] = 1, -1
    starts, stops = np.empty((2, STEP + 1), dtype=np.int32)
    low, high, indices = np.empty((3, STEP + 1), dtype=np.uint64)
    arrays = buffer, numbers, ends, starts, stops, low, high, indices, state
    while not scan_steps(table, room(table), size, base, mode, closing, *arrays):
        table = with_capacity(table, int(state[FOUND]), int(state[LONGS]), int(state[TAIL]))
    return table, int(state[TOKENS]), int(state[ENDS])


@kernel
def scan_steps(table, most, size, base, mode, closing, buffer, numbers, ends, starts, stops, low, high, indices, state):
    """Scans a chunk, or goes on with it, until its end or until the table is too small for what was found.

    Args:
        table: as in `scan`.
        most: `room(table)`.
        size: as in `scan`.
        base: as in `scan`.
        mode: as in `scan`.
        closing: as in `scan`.
        buffer: as in `scan`.
        numbers: as in `scan`.
        ends: as in `scan`.
        starts: (STEP + 1,) int32, first byte of each raw token of a step.
        stops: (STEP + 1,) int32, one past its last byte.
        low: (STEP + 1,) uint64, first half of its key.
        high: (STEP + 1,) uint64, second half.
        indices: (STEP + 1,) uint64, its slot.
        state: (10,) int64, by the names above: the next byte; raw tokens and sentence ends so far; raw tokens begun but
            not looked up; whether the byte before was a blank; PARAGRAPH: raw tokens begun before the last line end;
            and of a step whose raw tokens wait to be inserted: those that begin in it, those that end in it, the long
            ones, the bytes of these.

    Returns:
        Whether the chunk is finished. If not, the table is to be enlarged for `state`'s FOUND, LONGS and TAIL.
    """
    address = u64(buffer.ctypes.data)
    seeds = table.seeds
    once = np.int64(1)  # Numba compiles a callee anew for each literal that it is called with
    at, n_numbers, n_ends = state[AT], state[TOKENS], state[ENDS]
    opened, before, last_line = state[OPENED], u64(state[AFTER_BLANK]), state[LAST_LINE]
    n_starts, n_stops, longs, tail = state[BEGUN], state[FOUND], state[LONGS], state[TAIL]
    waiting = n_stops > 0
    while waiting or at < size + 1:  # the blank behind the last byte closes the last raw token
        if not waiting:
            n_starts, n_stops = opened, 0
            limit = smaller(at + STEP, size + 1)
            while at < limit:
                here = address + u64(at)
                blanks = blanks_at(here)
                shifted = (blanks << ONE) | before
                begins = shifted & ~blanks
                closes = blanks & ~shifted
                before = blanks >> TOP
                if mode != NONE:
                    lines = line_feeds_at(here)
                    returns = returns_at(here)
                    if returns:  # \r alone ends a line as well; \r\n ends one
                        following = (lines >> ONE) | (u64(buffer[at + BLOCK] == 10) << TOP)
                        lines |= returns & ~following
                    while lines:
                        bit = lowest_bit(lines)
                        lines &= lines - ONE
                        if at + bit >= size:
                            break
                        begun = n_numbers + n_starts + bits_in(begins & ((ONE << u64(bit)) - ONE))
                        if (mode == LINE or begun == last_line) and (n_ends == 0 or ends[n_ends - 1] != begun):
                            ends[n_ends] = begun
                            n_ends += 1
                        last_line = begun
                while begins:
                    starts[n_starts] = at + lowest_bit(begins)
                    begins &= begins - ONE
                    n_starts += 1
                while closes:
                    stops[n_stops] = at + lowest_bit(closes)
                    closes &= closes - ONE
                    n_stops += 1
                at += BLOCK
            longs, tail = np.int64(0), np.int64(0)
            for i in range(n_stops):
                length = stops[i] - starts[i]
                start = address + u64(starts[i])
                if length <= SHORT:  # as in key_of; a call here would take as long as all the rest
                    low[i], high[i] = word_at(start) & LOW[length], word_at(start + EIGHT) & HIGH[length]
                else:
                    low[i], high[i] = key_of(start, length, seeds)
                    longs += 1
                    tail += length
            if (
                table.used[N_ITEMS] + n_stops > most[N_ITEMS]
                or table.used[N_LONG] + longs > most[N_LONG]
                or table.used[N_TAIL] + tail > most[N_TAIL]
            ):
                state[AT], state[TOKENS], state[ENDS] = at, n_numbers, n_ends
                state[OPENED], state[AFTER_BLANK], state[LAST_LINE] = opened, before, last_line
                state[BEGUN], state[FOUND], state[LONGS], state[TAIL] = n_starts, n_stops, longs, tail
                return False
        waiting = False
        slots = table.slots
        mask = u64(slots.shape[0] - 1)
        first_slot = u64(slots.ctypes.data)
        for i in range(n_stops):
            indices[i] = (hashed(low[i], high[i], seeds) >> SHIFT32) & mask
            prefetch(first_slot + indices[i] * u64(32))
        for i in range(n_stops):
            index = indices[i]
            if slots[index, KEY] == low[i] and slots[index, KEY_END] == high[i] and high[i] != LONG:
                slots[index, COUNT] += ONE
                numbers[n_numbers + i] = np.int32(slots[index, NUMBER])
            elif high[i] != LONG:  # inlined: `add` would do the same, at the cost of a call
                index = find_short(table, low[i], high[i])
                numbers[n_numbers + i] = count_at(table, index, low[i], high[i], once, base + starts[i])
            else:
                start = address + u64(starts[i])
                numbers[n_numbers + i] = add(
                    table, low[i], high[i], start, stops[i] - starts[i], once, base + starts[i]
                )
        n_numbers += n_stops
        opened = n_starts - n_stops
        if opened:
            starts[0] = starts[n_stops]
    if closing and (n_ends == 0 or ends[n_ends - 1] != n_numbers):
        ends[n_ends] = n_numbers
        n_ends += 1
    state[TOKENS], state[ENDS] = n_numbers, n_ends
    return True
