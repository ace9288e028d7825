"""Sums of the rows of windows, and their gradients back to the rows, as LLVM vector code inside Numba kernels.

Windows of neighbouring centres overlap, so both directions take a running sum over the rows of a tile, once, in place
of a sum for each window; narrow windows of CBOW are cheaper one by one (`band.window_sums`). Forward, with
S_i = Σ_{j<i} E_j, the rows of the window left:right without the centre c add up to S_right − S_{c+1} + S_c − S_left.
Backward, row i gets the gradients of all windows that hold it: they are added where a window begins and taken off where
it ends, and the running sum of that is the gradient of each row.
"""

from collections.abc import Callable, Sequence
from typing import Any

from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu.dense_columns import update_columns
from sgns.training.engines.cpu.llvm import (
    FAST,
    LANES,
    REGISTERS,
    ZERO,
    Builder,
    Value,
    floats_at,
    i64,
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
def window_spread(ctx, stride, A, begins, ends, scale):
    """Makes A, the gradient of one input, that of a row of its window, A = scale · A, and adds it to the differences.

    Begins and ends are the addresses of the rows of D where the window begins and ends: D[begin] += A, D[end] −= A.
    """
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        a, begin, end = (floats_at(b, address) for address in args[1:4])
        factor = splat(b, args[4])
        for at in range(0, width, LANES):
            x = b.fmul(load(b, offset(b, a, at)), factor, flags=FAST)
            store(b, x, offset(b, a, at))
            add_difference(b, x, offset(b, begin, at), offset(b, end, at))
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 3, types.float32), codegen


def add_difference(b: Builder, x: Value, begin: Value, end: Value) -> None:
    """Adds x where a window begins, and takes it off where it ends."""
    store(b, b.fadd(load(b, begin), x, flags=FAST), begin)
    store(b, b.fsub(load(b, end), x, flags=FAST), end)


@intrinsic(prefer_literal=True)
def mean_update(ctx, inputs, outputs, stride, windows, X, centres, Z, A, G, P, scales, begins, ends):
    """The update of one step of `cbow_kernel`, but for the rows of E: outputs, c+, and the gradients of the inputs.

    A[i] = scales[i] · (Σ_o G[i, o] Z[o] + P[i] C[i]), of old values; Z[o] += Σ_i G[i, o] X[i] and C[i] += P[i] X[i], so
    that a c+ that is among the outputs gets both. With windows = 1, A[i] is added to the differences of its window.

    The numbers of inputs, of outputs and of floats in a row are constants, and so is windows. X, centres, Z, A, begins
    and ends are addresses of arrays of row addresses: inputs, rows C[i] of c+, outputs, gradients, and where in D a
    window begins and ends. G is the address of numbers in blocks (`dense.number_index`), P that of those of the
    positive pairs, scales that of factors.
    """
    numbers = constants(inputs, outputs, stride, windows)
    if numbers is None:
        return None
    I, O, _, spread = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        X, centres, Z, A, G, P, scales, begins, ends = args[4:]

        def row(table: Value, i: int, at: Value) -> Value:
            """Row i of a table, at some columns; its address is loaded each time, for want of registers."""
            return offset(b, floats_at(b, b.load(offset(b, b.inttoptr(table, i64.as_pointer()), i))), at)

        def number(table: Value, i: int) -> Value:
            return splat(b, b.load(offset(b, floats_at(b, table), i)))

        def first_steps(at: Value) -> list[Value]:
            return [b.fmul(number(P, i), load(b, row(centres, i, at)), flags=FAST) for i in range(I)]

        def finish(at: Value, old: list[Value], steps: list[Value]) -> None:
            for i in range(I):
                c = row(centres, i, at)  # two centres may be the same word: one after the other
                store(b, muladd(b, number(P, i), old[i], load(b, c)), c)
            for i in range(I):
                x = b.fmul(steps[i], number(scales, i), flags=FAST)
                store(b, x, row(A, i, at))
                if spread:
                    add_difference(b, x, row(begins, i, at), row(ends, i, at))

        update_columns(b, numbers[:3], O, X, Z, G, first_steps, finish, narrow=True)
        return context.get_dummy_value()

    return types.void(inputs, outputs, stride, windows, *[Address] * 9), codegen


@intrinsic(prefer_literal=True)
def add_running(ctx, stride, D, A, base, ids, n):
    """Adds the gradients of windows to the rows in them, and clears D.

    base[ids[i]] += Σ_{j≤i} D[j] − A[i] for i < n, and D[0:n+1] = 0, n > 0: A[i] is the gradient of the window of row i,
    which does not hold that row, and zero where row i is no centre.
    """
    numbers = constants(stride)
    if numbers is None:
        return None
    (width,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, D, A, base, ids, n = args
        differences, own, number = floats_at(b, D), floats_at(b, A), ints_at(b, ids)

        def part(columns: Columns) -> None:
            def add(i: Value, running: Sequence[Value]) -> list[Value]:
                first = b.mul(i, whole(width))
                target = row_at(b, base, number, i, width)
                out = []
                for k, at in enumerate(columns):
                    index = b.add(first, whole(at))
                    out.append(b.fadd(running[k], load(b, offset(b, differences, index)), flags=FAST))
                    store(b, ZERO, offset(b, differences, index))
                    others = b.fsub(out[k], load(b, offset(b, own, index)), flags=FAST)
                    where = offset(b, target, at)
                    store(b, b.fadd(load(b, where), others, flags=FAST), where)
                return out

            loop(b, n, 1, add, [ZERO] * len(columns))
            last = offset(b, differences, b.mul(n, whole(width)))
            for at in columns:
                store(b, ZERO, offset(b, last, at))

        in_parts(width, part)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 5), codegen


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
