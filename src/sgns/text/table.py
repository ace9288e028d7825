"""A table of byte strings that grows, and its contents; the kernels that work on its arrays are in `slots`."""

from dataclasses import dataclass

import numpy as np

from sgns.text.kernels.hash_table import (
    LONG,
    N_ITEMS,
    N_TAIL,
    ROWS,
    SEEDS,
    SHIFT32,
    ZERO,
    absorb,
    contents,
    joined,
    look_up,
    u64,
    with_room,
)


@dataclass
class Strings:
    """The contents of a table, in the order of the numbers."""

    keys: np.ndarray  # (n, 2) uint64
    counts: np.ndarray  # (n,) int64
    first: np.ndarray  # (n,) int64
    tails: np.ndarray  # (bytes,) uint8
    tail_starts: np.ndarray  # (long strings + 1,) int64

    def __len__(self) -> int:
        return len(self.keys)

    def grouped(self, parts: int) -> tuple[np.ndarray, np.ndarray]:
        """The strings dealt out by hash; the same string is in the same part of any table.

        Returns:
            (n,) uint32 places, part after part; (parts + 1,) int64 where each part begins.
        """
        rest = np.where(self.keys[:, 1] >= LONG, ZERO, self.keys[:, 1])
        mixed = (self.keys[:, 0] ^ (rest * SEEDS[0])) * SEEDS[1]
        part = ((mixed >> SHIFT32) % u64(parts)).astype(np.uint16)
        starts = np.zeros(parts + 1, dtype=np.int64)
        np.cumsum(np.bincount(part, minlength=parts), out=starts[1:])
        return np.argsort(part, kind="stable").astype(np.uint32), starts

    def text(self, places: np.ndarray) -> bytes:
        r"""The strings `places`, each followed by \n."""
        return joined(self.keys, self.tails, self.tail_starts, places.astype(np.int64)).tobytes()


class Table:
    """The arrays of one table; the kernels above and in `scanner` work on them."""

    def __init__(self, room: int = 8192):
        size = 1 << max(14, (room + room // 2).bit_length())
        self.slots = np.zeros((size, 4), dtype=np.uint64)
        self.first = np.zeros(size, dtype=np.int64)  # as long as slots: room in one is room in the other
        self.tails = np.zeros(1 << 16, dtype=np.uint8)
        self.tail_starts = np.zeros(1 << 10, dtype=np.int64)
        self.used = np.zeros(3, dtype=np.int64)

    def __len__(self) -> int:
        return int(self.used[N_ITEMS])

    @property
    def tail_bytes(self) -> int:
        """Bytes of long strings."""
        return int(self.used[N_TAIL])

    def reserve(self, items: int, longs: int, tail: int) -> None:
        """Make room for so many more strings, long strings, and bytes of long strings."""
        arrays = with_room(*self.arrays, SEEDS, items, longs, tail)
        self.slots, self.first, self.tails, self.tail_starts = arrays

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the kernels take."""
        return self.slots, self.first, self.tails, self.tail_starts, self.used

    def add_all(self, other: Strings, places: np.ndarray | None = None) -> None:
        """Add the strings of `other`, or those at `places`, with their counts and first appearances."""
        if places is None:
            places = np.arange(len(other))
        longs, tail = len(other.tail_starts), len(other.tails)
        for begin in range(0, len(places), ROWS):  # most are here already: no room for all of them at once
            now = places[begin : begin + ROWS].astype(np.int64)
            self.reserve(len(now), longs, tail)
            absorb(
                *self.arrays, SEEDS, other.keys, other.counts, other.first, other.tails, other.tail_starts, now
            )  # fmt: skip

    def values(self, other: Strings, value: np.ndarray) -> np.ndarray:
        """(len(other),) int32: value[number here] for each string of `other`, -1 for strings that are not here."""
        return look_up(
            self.slots, self.tails, self.tail_starts, SEEDS, other.keys, other.tails, other.tail_starts, value
        )

    def strings(self) -> Strings:
        """The contents."""
        items, longs, tail = (int(n) for n in self.used)
        keys, counts = contents(self.slots, items)
        return Strings(keys, counts, self.first[:items], self.tails[: tail + 16], self.tail_starts[: longs + 1])
