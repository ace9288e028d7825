"""The arithmetic of SGNS on small blocks of rows, as LLVM vector code inside Numba kernels.

Rows are addressed, not sliced: a row of E or C is base + id * stride, or the pointer in a table of addresses, so the
hot loop builds no array views. All shapes are constants, so that LLVM can unroll and keep a block in registers. The
functions stand at module level because Numba keys its disk cache on what a kernel closes over: plain numbers keep,
functions do not.

Two kinds of step, each the exact gradient of its own samples from the old values:

* `block_scores`, `block_gradient`, `block_update`: every input row against every output row (negatives shared by a
  tile, or a window's centre and negatives), weighted by a matrix.
* `pair_scores`, `pair_gradient`, `pair_update`: the drawn positive pairs (w, c+) of a few centres.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sgns.training.engines.vector import (
    FAST,
    LANES,
    REGISTERS,
    ZERO,
    Builder,
    Value,
    floats_at,
    i32,
    i64,
    int_vector,
    ints_at,
    lane_sums,
    load,
    loop,
    muladd,
    offset,
    sigmoid_and_softplus,
    splat,
    store,
    total,
    vector,
    whole,
)

BLOCK_ROWS = {16: 4, 8: 4, 4: 2}[LANES]  # a block of scores is BLOCK_ROWS x BLOCK_COLUMNS = LANES dot products
BLOCK_COLUMNS = LANES // BLOCK_ROWS
UNROLL_FLOATS = 512  # rows up to this long are unrolled whole in pair_scores
Address = types.int64
Codegen = Callable[[Any, Builder, Any, tuple[Value, ...]], Value]


def _numbers(*arguments: types.Type) -> list[int] | None:
    """The values of arguments that must be constants; None asks Numba to come again with the constants."""
    if all(isinstance(a, types.IntegerLiteral) for a in arguments):
        return [a.literal_value for a in arguments]
    return None


def _row(b: Builder, base: Value, ids: Value, index: Value | int, stride: int) -> Value:
    """Pointer to row ids[index] of the matrix at address `base`."""
    number = b.zext(b.load(offset(b, ids, index)), i64)
    return floats_at(b, b.add(base, b.mul(number, whole(stride * 4))))


def _table(b: Builder, rows: Value, n: int) -> list[Value]:
    """The n row pointers whose addresses stand as int64 at address `rows`."""
    p = b.inttoptr(rows, i64.as_pointer())
    return [floats_at(b, b.load(offset(b, p, k))) for k in range(n)]


@intrinsic(prefer_literal=True)
def gather(ctx, stride, destination, base, ids, n):  # type: ignore[no-untyped-def]
    """Copy rows: destination[i] = base[ids[i]] for i < n, n > 0; rows of `stride` floats, ids int32."""
    numbers = _numbers(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, destination, base, ids, n = args
        to, number = floats_at(b, destination), ints_at(b, ids)

        def copy(i: Value, _: Any) -> list[Value]:
            source, target = _row(b, base, number, i, S), offset(b, to, b.mul(i, whole(S)))
            for at in range(0, S, LANES):
                store(b, load(b, offset(b, source, at)), offset(b, target, at))
            return []

        loop(b, n, 1, copy)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 4), codegen


@intrinsic(prefer_literal=True)
def prefetch(ctx, stride, address):  # type: ignore[no-untyped-def]
    """Ask for the cache lines of the row at `address`, into the second-level cache, to be written soon.

    A line that is asked for to be read has to be asked for again when it is written, if the other thread has it too.
    """
    numbers = _numbers(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        byte, name = ir.IntType(8).as_pointer(), "llvm.prefetch.p0"
        function = b.module.globals.get(name) or ir.Function(
            b.module, ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32]), name
        )
        for line in range(0, S * 4, 64):
            where = b.inttoptr(b.add(args[1], whole(line)), byte)
            b.call(function, [where, *(ir.Constant(i32, k) for k in (1, 2, 1))])  # write, level 2, data
        return context.get_dummy_value()

    return types.void(stride, Address), codegen


@intrinsic(prefer_literal=True)
def block_scores(ctx, inputs, outputs, stride, X, Y, G):  # type: ignore[no-untyped-def]
    """All dot products of `inputs` rows with `outputs` rows; X, Y are addresses of tables of row addresses (int64).

    The score of input i and output o goes to G[place(i, o, inputs, outputs)].
    """
    numbers = _numbers(inputs, outputs, stride)
    if numbers is None:
        return None
    I, O, S = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        xs, g = _table(b, args[3], I), floats_at(b, args[5])
        outputs = b.inttoptr(args[4], i64.as_pointer())
        rows, columns = block_shape(I)
        for first in range(0, I, rows):

            def block(column: Value, _: Any, first: int = first) -> list[Value]:
                ys = [floats_at(b, b.load(offset(b, outputs, b.add(column, whole(o))))) for o in range(columns)]

                def products(at: Value, sums: Any) -> list[Value]:
                    x = [load(b, offset(b, p, at)) for p in xs[first : first + rows]]
                    out = list(sums)
                    for o in range(columns):
                        y = load(b, offset(b, ys[o], at))
                        for i in range(rows):
                            out[i * columns + o] = muladd(b, x[i], y, out[i * columns + o])
                    return out

                sums = loop(b, S, LANES, products, [ZERO] * LANES)
                corner = b.add(b.mul(column, whole(rows)), whole(place(first, 0, I, O)))
                store(b, lane_sums(b, list(sums)), offset(b, g, corner))
                return []

            loop(b, O, columns, block)
        return context.get_dummy_value()

    return types.void(inputs, outputs, stride, *[Address] * 3), codegen


def block_shape(inputs: int) -> tuple[int, int]:
    """Rows and columns of the blocks of LANES numbers that a matrix of `inputs` rows is made of."""
    rows = min(BLOCK_ROWS, inputs)
    return rows, LANES // rows


def place(i: int, o: int, inputs: int, outputs: int) -> int:
    """Where the number of input i and output o stands in a matrix of blocks of LANES numbers."""
    rows, columns = block_shape(inputs)
    return (i // rows * (outputs // columns) + o // columns) * LANES + i % rows * columns + o % columns


@intrinsic(prefer_literal=True)
def block_gradient(ctx, count, G, labels, weights, lr):  # type: ignore[no-untyped-def]
    """Turn scores into steps: G = lr * weight * (label − σ(G)), in place, for `count` numbers.

    Labels (1 or 0) and weights are addresses of as many numbers. Returns Σ weight * (−log σ(±G)), the loss, a float32.
    """
    numbers = _numbers(count)
    if numbers is None:
        return None
    (N,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        g, label, weight = (floats_at(b, a) for a in args[1:4])
        lr = splat(b, args[4])

        def step(at: Value, loss: Any) -> list[Value]:
            x, y, w = load(b, offset(b, g, at)), load(b, offset(b, label, at)), load(b, offset(b, weight, at))
            sigmoid, softplus = sigmoid_and_softplus(b, x)
            error = b.fsub(y, sigmoid, flags=FAST)
            store(b, b.fmul(b.fmul(error, w, flags=FAST), lr, flags=FAST), offset(b, g, at))
            # −log σ(−x) = softplus(x); −log σ(x) = softplus(x) − x
            return [muladd(b, b.fsub(softplus, b.fmul(y, x, flags=FAST), flags=FAST), w, loss[0])]

        return total(b, loop(b, N, LANES, step, [ZERO])[0])

    return types.float32(count, Address, Address, Address, types.float32), codegen


@intrinsic(prefer_literal=True)
def block_update(ctx, inputs, outputs, stride, X, E, C, G):  # type: ignore[no-untyped-def]
    """Step: E[i] += Σ_o G[i, o] C[o] and C[o] += Σ_i G[i, o] X[i].

    X, E and C are addresses of tables of row addresses; X[i] is the old value of E[i], a copy where E[i] has been or is
    being changed by another block of the same step. An input row may stand in the table twice; an output row may not,
    except with G = 0 (the caller merges negatives drawn twice).
    """
    numbers = _numbers(inputs, outputs, stride)
    if numbers is None:
        return None
    I, O, S = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        xs, es, g = _table(b, args[3], I), _table(b, args[4], I), floats_at(b, args[6])
        table = b.inttoptr(args[5], i64.as_pointer())
        rows, columns = block_shape(I)

        def chunk(at: Value, _: Any) -> list[Value]:
            old = [load(b, offset(b, p, at)) for p in xs]

            # A true loop over the outputs: unrolled, LLVM hoists all I * O broadcasts out of the loop over chunks and
            # spills them, three times slower.
            def outputs(first: Value, steps: Any) -> list[Value]:
                steps = list(steps)
                corner = b.mul(first, whole(rows))
                for o in range(columns):
                    p = offset(b, floats_at(b, b.load(offset(b, table, b.add(first, whole(o))))), at)
                    y = load(b, p)
                    new = y
                    for i in range(I):
                        where = b.add(corner, whole(place(i, o, I, O)))
                        gradient = splat(b, b.load(offset(b, g, where)))
                        steps[i] = muladd(b, gradient, y, steps[i])
                        new = muladd(b, gradient, old[i], new)
                    store(b, new, p)
                return steps

            steps = loop(b, O, columns, outputs, [ZERO] * I)
            for i in range(I):  # loaded here, for a row that stands in the table twice
                p = offset(b, es[i], at)
                store(b, b.fadd(load(b, p), steps[i], flags=FAST), p)
            return []

        loop(b, S, LANES, chunk)
        return context.get_dummy_value()

    return types.void(inputs, outputs, stride, *[Address] * 4), codegen


@intrinsic(prefer_literal=True)
def pair_scores(ctx, stride, X, Y, inputs, centres, G):  # type: ignore[no-untyped-def]
    """Some dot products: G[p] = X[inputs[p]] · Y[centres[p]] for LANES pairs.

    Inputs and centres are addresses of int32 row numbers.
    """
    numbers = _numbers(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, X, Y, inputs, centres, G = args
        x_numbers, y_numbers = ints_at(b, inputs), ints_at(b, centres)
        sums = []
        for pair in range(LANES):
            x, y = _row(b, X, x_numbers, pair, S), _row(b, Y, y_numbers, pair, S)
            if S <= UNROLL_FLOATS:  # 2 * LANES pointers would not fit the integer registers of a loop over all pairs
                product = ZERO
                for at in range(0, S, LANES):
                    product = muladd(b, load(b, offset(b, x, at)), load(b, offset(b, y, at)), product)
            else:

                def products(at: Value, s: Any, x: Value = x, y: Value = y) -> list[Value]:
                    return [muladd(b, load(b, offset(b, x, at)), load(b, offset(b, y, at)), s[0])]

                product = loop(b, S, LANES, products, [ZERO])[0]
            sums.append(product)
        store(b, lane_sums(b, sums), floats_at(b, G), align=4)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 5), codegen


@intrinsic
def pair_gradient(ctx, G, n, lr):  # type: ignore[no-untyped-def]
    """Turn scores into steps: G[p] = lr * (1 − σ(G[p])) for p < n, n > 0; G is padded to LANES.

    Returns Σ −log σ(G[p]), a float32.
    """

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        g, n, lr = floats_at(b, args[0]), args[1], splat(b, args[2])
        lane = ir.Constant(int_vector, list(range(LANES)))
        last = splat(b, b.trunc(n, i32))

        def step(at: Value, loss: Any) -> list[Value]:
            x = load(b, offset(b, g, at), align=4)
            sigmoid, softplus = sigmoid_and_softplus(b, b.fneg(x))  # 1 − σ(x) = σ(−x)
            valid = b.icmp_signed("<", b.add(splat(b, b.trunc(at, i32)), lane), last)
            store(b, b.select(valid, b.fmul(sigmoid, lr), ZERO), offset(b, g, at), align=4)
            return [b.fadd(loss[0], b.select(valid, softplus, ZERO), flags=FAST)]

        return total(b, loop(b, n, LANES, step, [ZERO])[0])

    return types.float32(Address, Address, types.float32), codegen


@intrinsic(prefer_literal=True)
def pair_update(ctx, stride, X, Y, E, ids, c, inputs, G, n):  # type: ignore[no-untyped-def]
    """One centre's positives: E[ids[inputs[p]]] += G[p] Y and c += Σ_p G[p] X[inputs[p]], p < n, n > 0.

    X holds copies of the old rows of E (row r is E[ids[r]]), Y is the copy of the old row of C at address c.
    """
    numbers = _numbers(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, X, Y, E, ids, c, inputs, G, n = args
        y, centre, g = floats_at(b, Y), floats_at(b, c), floats_at(b, G)
        row_ids, row_numbers = ints_at(b, ids), ints_at(b, inputs)
        widest = (REGISTERS - 6) // 2
        pieces = -(-(S // LANES) // widest)
        first = 0
        for piece in range(pieces):  # as many columns at a time as the registers hold
            columns = [first + k * LANES for k in range((S // LANES) // pieces + (piece < (S // LANES) % pieces))]
            first = columns[-1] + LANES
            old = [load(b, offset(b, y, at)) for at in columns]

            def pair(p: Value, steps: Any, columns: list[int] = columns, old: list[Value] = old) -> list[Value]:
                number = b.load(offset(b, row_numbers, p))
                x = floats_at(b, b.add(X, b.mul(b.zext(number, i64), whole(S * 4))))
                e = _row(b, E, row_ids, b.zext(number, i64), S)
                gradient = splat(b, b.load(offset(b, g, p)))
                out = []
                for k, at in enumerate(columns):
                    out.append(muladd(b, gradient, load(b, offset(b, x, at)), steps[k]))
                    target = offset(b, e, at)
                    store(b, muladd(b, gradient, old[k], load(b, target)), target)
                return out

            steps = loop(b, n, 1, pair, [ZERO] * len(columns))
            for k, at in enumerate(columns):
                target = offset(b, centre, at)
                store(b, b.fadd(load(b, target), steps[k], flags=FAST), target)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 8), codegen


assert vector.count == LANES
