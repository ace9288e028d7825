"""Every input row with every output row: scores, gradient and update, as LLVM vector code inside Numba kernels.

The inputs are the words of a tile or of a window, the outputs the negatives that they share (or c+ and negatives), and
a matrix holds the weights of their pairs. `dense_scores`, `dense_gradient` and `dense_update` together make the step by
the exact gradient of these samples, from the values before the step. All shapes are constants, so that LLVM can unroll
loops and keep a block of scores in registers.
"""

from typing import Any

from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu.llvm import (
    FAST,
    LANES,
    ZERO,
    Builder,
    Value,
    floats_at,
    i64,
    lane_sums,
    load,
    loop,
    muladd,
    offset,
    sigmoid_and_softplus,
    splat,
    store,
    total,
    whole,
)
from sgns.training.engines.cpu.row_access import Address, constants

BLOCK_ROWS = {16: 4, 8: 4, 4: 2}[LANES]  # a block of scores is BLOCK_ROWS x BLOCK_COLUMNS = LANES dot products
BLOCK_COLUMNS = LANES // BLOCK_ROWS


def _row_pointers(b: Builder, rows: Value, n: int) -> list[Value]:
    """The n pointers to rows whose addresses are stored as int64 from address `rows` on."""
    p = b.inttoptr(rows, i64.as_pointer())
    return [floats_at(b, b.load(offset(b, p, k))) for k in range(n)]


@intrinsic(prefer_literal=True)
def dense_scores(ctx, inputs, outputs, stride, X, Y, G):
    """All dot products of `inputs` rows with `outputs` rows.

    X and Y are addresses of arrays of row addresses (int64). The score of input i and output o is written to
    G[number_index(i, o, inputs, outputs)].
    """
    numbers = constants(inputs, outputs, stride)
    if numbers is None:
        return None
    I, O, S = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        xs, g = _row_pointers(b, args[3], I), floats_at(b, args[5])
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
                corner = b.add(b.mul(column, whole(rows)), whole(number_index(first, 0, I, O)))
                store(b, lane_sums(b, list(sums)), offset(b, g, corner))
                return []

            loop(b, O, columns, block)
        return context.get_dummy_value()

    return types.void(inputs, outputs, stride, *[Address] * 3), codegen


def block_shape(inputs: int) -> tuple[int, int]:
    """Rows and columns of a block of LANES numbers, in a matrix of `inputs` rows."""
    rows = min(BLOCK_ROWS, inputs)
    return rows, LANES // rows


def number_index(i: int, o: int, inputs: int, outputs: int) -> int:
    """The index of the number of input i and output o in a matrix that is stored as blocks of LANES numbers."""
    rows, columns = block_shape(inputs)
    return (i // rows * (outputs // columns) + o // columns) * LANES + i % rows * columns + o % columns


@intrinsic(prefer_literal=True)
def dense_gradient(ctx, count, G, labels, weights, lr):
    """Replaces scores by minus lr times the gradient: G = lr * weight * (label − σ(G)), for `count` numbers.

    Labels (1 or 0) and weights are addresses of `count` numbers. Returns the loss Σ weight * (−log σ(±G)), a float32.
    """
    numbers = constants(count)
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
def dense_update(ctx, inputs, outputs, stride, X, E, C, G):
    """The update: E[i] += Σ_o G[i, o] C[o] and C[o] += Σ_i G[i, o] X[i].

    X, E and C are addresses of arrays of row addresses; X[i] is the old value of E[i], a copy where another part of the
    same step changes E[i]. An input row may be listed twice; an output row may not, except with G = 0 (the caller
    merges negatives that are drawn twice).
    """
    numbers = constants(inputs, outputs, stride)
    if numbers is None:
        return None
    I, O, S = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        xs, es, g = _row_pointers(b, args[3], I), _row_pointers(b, args[4], I), floats_at(b, args[6])
        table = b.inttoptr(args[5], i64.as_pointer())
        rows, columns = block_shape(I)

        def columns_at(at: Value, _: Any) -> list[Value]:
            old = [load(b, offset(b, p, at)) for p in xs]

            # A true loop over the outputs: unrolled, LLVM hoists all I * O broadcasts out of the loop over columns and
            # spills them, three times slower.
            def outputs(first: Value, steps: Any) -> list[Value]:
                steps = list(steps)
                corner = b.mul(first, whole(rows))
                for o in range(columns):
                    p = offset(b, floats_at(b, b.load(offset(b, table, b.add(first, whole(o))))), at)
                    y = load(b, p)
                    new = y
                    for i in range(I):
                        where = b.add(corner, whole(number_index(i, o, I, O)))
                        gradient = splat(b, b.load(offset(b, g, where)))
                        steps[i] = muladd(b, gradient, y, steps[i])
                        new = muladd(b, gradient, old[i], new)
                    store(b, new, p)
                return steps

            steps = loop(b, O, columns, outputs, [ZERO] * I)
            for i in range(I):  # loaded here, for a row that is listed twice
                p = offset(b, es[i], at)
                store(b, b.fadd(load(b, p), steps[i], flags=FAST), p)
            return []

        loop(b, S, LANES, columns_at)
        return context.get_dummy_value()

    return types.void(inputs, outputs, stride, *[Address] * 4), codegen
