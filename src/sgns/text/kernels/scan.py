"""The scan: bytes -> numbers of spellings, and where sentences end.

A spelling is what stands between two blanks; a blank is any byte <= 32. Here nobody knows what a letter is: that is
asked once per distinct spelling (`folding`). 64 bytes are compared at a time, and the masks say where spellings begin
and end; then each spelling's key is looked up in a table. Both steps work on a few kilobytes, so the second finds its
bytes in L1.
"""

import numpy as np

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
    EIGHT,
    HIGH,
    LONG,
    LOW,
    SHIFT32,
    SHORT,
    C,
    I,
    K,
    L,
    add,
    hashed,
    key_of,
    with_room,
)

u64 = np.uint64
STEP = 8192  # bytes found and looked up together
MARGIN = BLOCK + 16  # readable bytes wanted after the end of a chunk
LINE, PARAGRAPH, NONE = 0, 1, 2
MODES = {"line": LINE, "paragraph": PARAGRAPH, "none": NONE}
TOP = u64(63)
ONE = u64(1)


@kernel
def scan(slots, first, tails, tail_starts, used, seeds, buffer, size, base, mode, closing, numbers, ends):  # type: ignore[no-untyped-def]  # noqa: D417
    r"""Look up every spelling of a chunk that begins and ends where a spelling does.

    Args:
        slots, first, tails, tail_starts, used: a `Table`.
        seeds: of its hash.
        buffer: (size + MARGIN,) uint8; behind `size` stand blanks.
        size: bytes of the chunk.
        base: place of the chunk's first byte in the whole text.
        mode: what ends a sentence: LINE (\n, \r or both), PARAGRAPH (a line without spelling), NONE.
        closing: whether a sentence ends with the chunk.
        numbers: out (size // 2 + 1,) int32, the spellings' numbers.
        ends: out (size + 2,) int32, for each sentence end the spellings before it, ascending, no two alike.

    Returns:
        The table's arrays, number of spellings, number of sentence ends.
    """
    starts = np.empty(STEP + 1, dtype=np.int32)
    stops = np.empty(STEP + 1, dtype=np.int32)
    low = np.empty(STEP + 1, dtype=np.uint64)
    high = np.empty(STEP + 1, dtype=np.uint64)
    places = np.empty(STEP + 1, dtype=np.uint64)
    address = u64(buffer.ctypes.data)
    n_numbers, n_ends = 0, 0
    opened = 0  # spellings begun but not looked up when a step begins: 0 or 1
    before = ONE  # whether the byte before was a blank
    last_line = -1  # paragraph: spellings begun before the last line end
    at = 0
    while at < size + 1:  # the blank behind the last byte closes the last spelling
        n_starts, n_stops = opened, 0
        limit = min(at + STEP, size + 1)
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
        longs, tail = 0, 0
        for i in range(n_stops):
            length = stops[i] - starts[i]
            start = address + u64(starts[i])
            if length <= SHORT:  # as in key_of; a call here would take as long as all the rest
                low[i], high[i] = word_at(start) & LOW[length], word_at(start + EIGHT) & HIGH[length]
            else:
                low[i], high[i] = key_of(start, length, seeds)
                longs += 1
                tail += length
        slots, first, tails, tail_starts = with_room(
            slots, first, tails, tail_starts, used, seeds, n_stops, longs, tail
        )
        mask = u64(slots.shape[0] - 1)
        table = u64(slots.ctypes.data)
        for i in range(n_stops):
            places[i] = (hashed(low[i], high[i], seeds) >> SHIFT32) & mask
            prefetch(table + places[i] * u64(32))
        for i in range(n_stops):
            place = places[i]
            if slots[place, K] == low[i] and slots[place, L] == high[i] and high[i] != LONG:
                slots[place, C] += ONE
                numbers[n_numbers + i] = np.int32(slots[place, I])
            else:
                numbers[n_numbers + i] = add(
                    slots, first, tails, tail_starts, used, seeds, low[i], high[i],
                    address + u64(starts[i]), stops[i] - starts[i], 1, base + starts[i],
                )  # fmt: skip
        n_numbers += n_stops
        opened = n_starts - n_stops
        if opened:
            starts[0] = starts[n_stops]
    if closing and (n_ends == 0 or ends[n_ends - 1] != n_numbers):
        ends[n_ends] = n_numbers
        n_ends += 1
    return slots, first, tails, tail_starts, n_numbers, n_ends
