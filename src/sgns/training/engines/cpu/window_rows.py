"""Sums of the rows of windows, and their gradients back to the rows, as LLVM vector code inside Numba kernels.

Windows of neighbouring centres overlap, so both directions take a running sum over the rows of a tile, once, in place
of a sum for each window. Forward, with S_i = Σ_{j<i} E_j, the rows of the window left:right without the centre c add up
to S_right − S_{c+1} + S_c − S_left. Backward, row i gets the gradients of all windows that hold it: they are added
where a window begins and taken off where it ends, and the running sum of that is the gradient of each row.
"""

from collections.abc import Callable, Sequence
from typing import Any

from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu.llvm import (
    FAST,
    LANES,
    REGISTERS,
    ZERO,
    Builder,
    Value,
    floats_at,
    ints_at,
    load,
    loop,
    muladd,
    offset,
    splat,
    store,
    whole,
)
from sgns.training.engines.cpu.row_access import Address, constants, row_at

WIDEST = REGISTERS // 2  # vectors of a row that are held in registers at once

Columns = list[int]


def in_parts(stride: int, body: Callable[[Columns], None]) -> None:
    """Emits `body` for the columns of a row, as many at a time as the registers hold."""
    vectors = stride // LANES
    parts = -(-vectors // WIDEST)
    for part in range(parts):
        body([k * LANES for k in range(vectors * part // parts, vectors * (part + 1) // parts)])


def load_row(b: Builder, row: Value, columns: Columns) -> list[Value]:
    """The vectors of a row at some columns."""
    return [load(b, offset(b, row, at)) for at in columns]


@intrinsic(prefer_literal=True)
def prefix_sums(ctx, stride, S, base, ids, n):
    """Running sums of rows: S[0] = 0 and S[i + 1] = S[i] + base[ids[i]] for i < n, n > 0; ids are int32."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, S, base, ids, n = args
        sums, number = floats_at(b, S), ints_at(b, ids)

        def part(columns: Columns) -> None:
            for at in columns:
                store(b, ZERO, offset(b, sums, at))

            def add(i: Value, running: Sequence[Value]) -> list[Value]:
                source = row_at(b, base, number, i, width)
                target = offset(b, sums, b.mul(b.add(i, whole(1)), whole(width)))
                out = []
                for k, at in enumerate(columns):
                    out.append(b.fadd(running[k], load(b, offset(b, source, at)), flags=FAST))
                    store(b, out[k], offset(b, target, at))
                return out

            loop(b, n, 1, add, [ZERO] * len(columns))

        in_parts(width, part)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 4), codegen


def row_number(b: Builder, base: Value, index: Value, width: int) -> Value:
    """Pointer to a row of the matrix at address `base`; the index is an int64."""
    return floats_at(b, b.add(base, b.mul(index, whole(width * 4))))


@intrinsic(prefer_literal=True)
def window_sum(ctx, stride, H, S, left, centre, right, scale):
    """The input of one window: H = scale · (S[right] − S[centre + 1] + S[centre] − S[left]), S from `prefix_sums`."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, H, S, left, centre, right, scale = args
        h, factor = floats_at(b, H), splat(b, scale)
        after = b.add(centre, whole(1))
        rows = [row_number(b, S, index, width) for index in (right, after, centre, left)]
        for at in range(0, width, LANES):
            x = [load(b, offset(b, row, at)) for row in rows]
            total = b.fadd(b.fsub(x[0], x[1], flags=FAST), b.fsub(x[2], x[3], flags=FAST), flags=FAST)
            store(b, b.fmul(total, factor, flags=FAST), offset(b, h, at))
        return context.get_dummy_value()

    return types.void(stride, Address, Address, *[types.int64] * 3, types.float32), codegen


@intrinsic(prefer_literal=True)
def window_spread(ctx, stride, A, D, left, centre, right, scale):
    """Adds scale · A to the gradients of a window's rows: at D[left] and D[centre + 1], less at D[centre], D[right]."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, A, D, left, centre, right, scale = args
        a, factor = floats_at(b, A), splat(b, scale)
        after = b.add(centre, whole(1))
        for at in range(0, width, LANES):
            x = b.fmul(load(b, offset(b, a, at)), factor, flags=FAST)
            for index, sign in ((left, 1), (centre, -1), (after, 1), (right, -1)):
                target = offset(b, row_number(b, D, index, width), at)  # indices may be equal: one after the other
                old = load(b, target)
                store(b, (b.fadd if sign > 0 else b.fsub)(old, x, flags=FAST), target)
        return context.get_dummy_value()

    return types.void(stride, Address, Address, *[types.int64] * 3, types.float32), codegen


@intrinsic(prefer_literal=True)
def add_running(ctx, stride, D, base, ids, n):
    """Adds running sums of D to rows, and clears D: base[ids[i]] += Σ_{j≤i} D[j] for i < n, D[0:n+1] = 0, n > 0."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, D, base, ids, n = args
        differences, number = floats_at(b, D), ints_at(b, ids)

        def part(columns: Columns) -> None:
            def add(i: Value, running: Sequence[Value]) -> list[Value]:
                source = offset(b, differences, b.mul(i, whole(width)))
                target = row_at(b, base, number, i, width)
                out = []
                for k, at in enumerate(columns):
                    out.append(b.fadd(running[k], load(b, offset(b, source, at)), flags=FAST))
                    store(b, ZERO, offset(b, source, at))
                    where = offset(b, target, at)
                    store(b, b.fadd(load(b, where), out[k], flags=FAST), where)
                return out

            loop(b, n, 1, add, [ZERO] * len(columns))
            last = offset(b, differences, b.mul(n, whole(width)))
            for at in columns:
                store(b, ZERO, offset(b, last, at))

        in_parts(width, part)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 4), codegen


@intrinsic(prefer_literal=True)
def add_row(ctx, stride, target, source, scale):
    """Adds a row to another: target += scale · source; both are addresses."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        to, source, factor = floats_at(b, args[1]), floats_at(b, args[2]), splat(b, args[3])
        for at in range(0, width, LANES):
            where = offset(b, to, at)
            store(b, muladd(b, load(b, offset(b, source, at)), factor, load(b, where)), where)
        return context.get_dummy_value()

    return types.void(stride, Address, Address, types.float32), codegen


@intrinsic(prefer_literal=True)
def clear_rows(ctx, stride, rows, n):
    """Sets n rows from address `rows` on to zero, n > 0."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        to = floats_at(b, args[1])

        def clear(i: Value, _: Any) -> list[Value]:
            for at in range(0, width, LANES):
                store(b, ZERO, offset(b, to, b.add(b.mul(i, whole(width)), whole(at))))
            return []

        loop(b, args[2], 1, clear)
        return context.get_dummy_value()

    return types.void(stride, Address, types.int64), codegen
