"""Words that are made of n-grams: their rows are composed for a strip of a block, trained, and taken apart again.

The row of a word is u_w = (1/m) Σ_j E_j over its own row and those of its n-grams. A strip holds each of its words
once: composed from E when the strip begins, trained as a row of a table of its own, and then its change is added to
each of its m rows. fastText does both for every pair.

Each row takes the whole change of u_w, as in fastText: m times its own part of the gradient. Then u_w moves by lr times
its gradient, as E_w does without n-grams. With 1/m of the change, u_w moves m times less, and no lr fits both E and C:
at .04 WS-353 stayed at .32 on 20 MB of text (.48 with the whole change), at .2 C diverged.

Within a strip, no word sees what the others of its n-grams have learnt, and their changes add up. So a strip is short
where words have many n-grams in common (`strip_length`).
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from sgns.base.instructions import smaller
from sgns.base.jit import kernel
from sgns.training.engines.cpu.llvm import (
    FAST,
    ZERO,
    Builder,
    Value,
    floats_at,
    ints_at,
    load,
    loop,
    offset,
    splat,
    store,
)
from sgns.training.engines.cpu.row_access import Address, constants, prefetch, row_at
from sgns.training.engines.cpu.window_rows import Columns, in_parts

SHORTEST, LONGEST = 8, 1_024  # centres of a strip
OVERLAP = (
    4.0  # words of a strip that share an n-gram, at most on average; with 1, figures on 20 MB of text were the same
)
ROWS_AHEAD = 12  # n-grams whose rows are prefetched


class WordParts(NamedTuple):
    """The rows of E that a word is made of.

    Attributes:
        starts: (V + 1,) int64: word w is made of rows[starts[w]:starts[w + 1]].
        rows: (n,) int32, rows of E: of each word its own, then V + those of its n-grams.
    """

    starts: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, starts: np.ndarray, rows: np.ndarray) -> "WordParts":
        """The parts of V words from their n-grams in CSR form: starts (V + 1,), rows (n,) of the table of n-grams."""
        V = len(starts) - 1
        places = np.asarray(starts, np.int64) + np.arange(V + 1)
        parts = np.empty(places[-1], np.int32)
        own = np.zeros(len(parts), bool)
        own[places[:-1]] = True
        parts[own], parts[~own] = np.arange(V, dtype=np.int32), np.asarray(rows, np.int32) + np.int32(V)
        return cls(places, parts)


def strip_length(parts: WordParts, distribution: np.ndarray) -> int:
    """The number of centres of a strip, a power of two: an n-gram of a word is in `OVERLAP` of its words on average.

    Args:
        parts: Of the words.
        distribution: (V,) probability of each word to be a centre.
    """
    sizes = np.diff(parts.starts)
    of_rows = np.bincount(parts.rows, np.repeat(distribution, sizes))
    shared = float((distribution / sizes) @ np.add.reduceat(of_rows[parts.rows], parts.starts[:-1]))
    length = SHORTEST
    while length < LONGEST and 2 * length * shared <= OVERLAP:
        length *= 2
    return length


class Strip(NamedTuple):
    """The words of a strip.

    Attributes:
        numbers: (V,) int32, the number of a word in the strip; −1 for one that is not in it.
        words: (≥ words of a strip,) int32.
        rows: (≥ kept words of a block,) int32, of each kept word its number.
        table: (≥ words of a strip, stride) float32, their rows.
        before: As table, the rows as they were composed.
    """

    numbers: np.ndarray
    words: np.ndarray
    rows: np.ndarray
    table: np.ndarray
    before: np.ndarray


@intrinsic(prefer_literal=True)
def mean_of_rows(ctx, stride, target, copy, base, ids, n, scale):
    """Writes scale · Σ_j base[ids[j]] over j < n, n > 0, to two rows, `target` and `copy`; ids are int32."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, target, copy, base, ids, n, scale = args
        targets, number, factor = [floats_at(b, target), floats_at(b, copy)], ints_at(b, ids), splat(b, scale)

        def part(columns: Columns) -> None:
            def add(j: Value, sums: Any) -> list[Value]:
                row = row_at(b, base, number, j, width)
                return [b.fadd(sums[k], load(b, offset(b, row, at)), flags=FAST) for k, at in enumerate(columns)]

            sums = loop(b, n, 1, add, [ZERO] * len(columns))
            for k, at in enumerate(columns):
                mean = b.fmul(sums[k], factor, flags=FAST)
                for row in targets:
                    store(b, mean, offset(b, row, at))

        in_parts(width, part)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 5, types.float32), codegen


@intrinsic(prefer_literal=True)
def spread_change(ctx, stride, row, before, base, ids, n):
    """Adds row − before to base[ids[j]] for j < n, n > 0; ids are int32."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, row, before, base, ids, n = args
        new, old, number = floats_at(b, row), floats_at(b, before), ints_at(b, ids)

        def part(columns: Columns) -> None:
            change = [b.fsub(load(b, offset(b, new, at)), load(b, offset(b, old, at)), flags=FAST) for at in columns]

            def add(j: Value, _: Any) -> list[Value]:
                target = row_at(b, base, number, j, width)
                for k, at in enumerate(columns):
                    where = offset(b, target, at)
                    store(b, b.fadd(change[k], load(b, where), flags=FAST), where)
                return []

            loop(b, n, 1, add)

        in_parts(width, part)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 5), codegen


@cache
def strip_kernels(stride: int) -> tuple[Any, Any]:
    """The kernels that compose the words of a strip and take them apart; see `compose` and `decompose` inside."""

    @kernel
    def compose(kept, low, high, E, parts, strip):
        """Numbers the words of kept[low:high] and composes their rows; returns how many words there are."""
        row, e, ids = stride * 4, E.ctypes.data, parts.rows.ctypes.data
        table, before = strip.table.ctypes.data, strip.before.ctypes.data
        n = np.int64(0)
        for i in range(low, high):
            w = kept[i]
            if strip.numbers[w] < 0:
                strip.numbers[w] = n
                strip.words[n] = w
                n += 1
            strip.rows[i] = strip.numbers[w]
        for k in range(n):
            w = strip.words[k]
            strip.numbers[w] = -1
            ahead = strip.words[smaller(k + 2, n - 1)]
            for j in range(parts.starts[ahead], parts.starts[ahead + 1]):
                prefetch(stride, e + np.int64(parts.rows[j]) * row)
            size = parts.starts[w + 1] - parts.starts[w]
            mean_of_rows(
                stride, table + k * row, before + k * row, e, ids + parts.starts[w] * 4, size,
                np.float32(1) / np.float32(size),
            )  # fmt: skip
        return n

    @kernel
    def decompose(n, E, parts, strip):
        """Adds the changes of the rows of n words to the rows of E that they are made of."""
        row, e, ids = stride * 4, E.ctypes.data, parts.rows.ctypes.data
        table, before = strip.table.ctypes.data, strip.before.ctypes.data
        for k in range(n):
            w = strip.words[k]
            ahead = strip.words[smaller(k + 2, n - 1)]
            for j in range(parts.starts[ahead], parts.starts[ahead + 1]):
                prefetch(stride, e + np.int64(parts.rows[j]) * row)
            size = parts.starts[w + 1] - parts.starts[w]
            spread_change(stride, table + k * row, before + k * row, e, ids + parts.starts[w] * 4, size)

    return compose, decompose
