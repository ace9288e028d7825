"""Every input row with every output row: scores and gradient, as LLVM vector code inside Numba kernels.

The inputs are the words of a tile or of a window, the outputs the negatives that they share (or c+ and negatives), and
a matrix holds the weights of their pairs. With the updates in `dense_columns.py` they make the step by the gradient of
these samples, from the values before the step. All shapes are constants, so that LLVM can unroll
loops and keep a block of scores in registers.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu.llvm import (
    FAST,
    LANES,
    ZERO,
    Builder,
    Value,
    f32,
    floats_at,
    i64,
    int_vector,
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


def row_pointers(b: Builder, rows: Value, n: int) -> list[Value]:
    """The n pointers to rows whose addresses are stored as int64 from address `rows` on."""
    p = b.inttoptr(rows, i64.as_pointer())
    return [floats_at(b, b.load(offset(b, p, k))) for k in range(n)]


@intrinsic(prefer_literal=True)
def dense_scores(ctx, inputs, outputs, stride, used, X, Y, G):
    """All dot products of `inputs` rows with `used` rows, a multiple of `BLOCK_COLUMNS` from 1 to `outputs`.

    X and Y are addresses of arrays of row addresses (int64). The score of input i and output o is written to
    G[number_index(i, o, inputs, outputs)].
    """
    numbers = constants(inputs, outputs, stride)
    if numbers is None:
        return None
    I, O, S = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        used, X, Y, G = args[3:]
        xs, g = row_pointers(b, X, I), floats_at(b, G)
        outputs = b.inttoptr(Y, i64.as_pointer())
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

            loop(b, used, columns, block)
        return context.get_dummy_value()

    return types.void(inputs, outputs, stride, *[Address] * 4), codegen


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
            error, own_loss = error_and_loss(b, x, y)
            store(b, b.fmul(b.fmul(error, w, flags=FAST), lr, flags=FAST), offset(b, g, at))
            return [muladd(b, own_loss, w, loss[0])]

        return total(b, loop(b, N, LANES, step, [ZERO])[0])

    return types.float32(count, Address, Address, Address, types.float32), codegen


def error_and_loss(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """The error y − σ(x), and the loss −log σ(x) for a label y of 1, −log σ(−x) for 0, of scores x in each lane."""
    sigmoid, softplus = sigmoid_and_softplus(b, x)
    # −log σ(−x) = softplus(x); −log σ(x) = softplus(x) − x
    return b.fsub(y, sigmoid, flags=FAST), b.fsub(softplus, b.fmul(y, x, flags=FAST), flags=FAST)


@intrinsic(prefer_literal=True)
def output_gradient(ctx, inputs, outputs, used, G, labels, lr):
    """As `dense_gradient` with weights of 1, for `used` outputs that each have one label, the same for every input.

    Labels is the address of `used` numbers. Returns the loss of all inputs and outputs, a float32.
    """
    numbers = constants(inputs, outputs)
    if numbers is None:
        return None
    I, O = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        used, G, labels, lr = args[2:]
        g, label, rate = floats_at(b, G), floats_at(b, labels), splat(b, lr)
        rows, columns = block_shape(I)
        narrow = ir.VectorType(f32, columns)
        repeat = ir.Constant(int_vector, [lane % columns for lane in range(LANES)])
        loss = ZERO
        for first in range(0, I, rows):

            def block(column: Value, sums: Any, first: int = first) -> list[Value]:
                some = b.load(b.bitcast(offset(b, label, column), narrow.as_pointer()))
                some.align = 4
                y = b.shuffle_vector(some, ir.Constant(narrow, ir.Undefined), repeat)
                where = offset(b, g, b.add(b.mul(column, whole(rows)), whole(number_index(first, 0, I, O))))
                error, own_loss = error_and_loss(b, load(b, where), y)
                store(b, b.fmul(error, rate, flags=FAST), where)
                return [b.fadd(sums[0], own_loss, flags=FAST)]

            loss = loop(b, used, columns, block, [loss])[0]
        return total(b, loss)

    return types.float32(inputs, outputs, *[Address] * 3, types.float32), codegen


@intrinsic(prefer_literal=True)
def row_scores(ctx, count, stride, X, Y, G):
    """The dot products G[i] = X[i] · Y[i], i < count, a multiple of LANES or part of it; the rest of LANES is 0.

    X and Y are addresses of arrays of row addresses (int64).
    """
    numbers = constants(count, stride)
    if numbers is None:
        return None
    n, S = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        xs, ys = row_pointers(b, args[2], n), row_pointers(b, args[3], n)
        for first in range(0, n, LANES):
            pairs = list(zip(xs, ys, strict=True))[first : first + LANES]

            def products(at: Value, sums: Any, pairs: Any = pairs) -> list[Value]:
                return [
                    muladd(b, load(b, offset(b, x, at)), load(b, offset(b, y, at)), s)
                    for (x, y), s in zip(pairs, sums, strict=True)
                ]

            sums = list(loop(b, S, LANES, products, [ZERO] * len(pairs)))
            store(b, lane_sums(b, sums + [ZERO] * (LANES - len(sums))), offset(b, floats_at(b, args[4]), first))
        return context.get_dummy_value()

    return types.void(count, stride, *[Address] * 3), codegen
