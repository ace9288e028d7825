"""The positive pairs (w, c+) of a few centres: scores, gradient and update, as LLVM vector code inside Numba kernels.

`pair_scores`, `pair_gradient` and `pair_update` together make the step by the exact gradient of these pairs, from the
values before the step, of which X and Y hold copies.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu.dense import row_pointers
from sgns.training.engines.cpu.llvm import (
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
    whole,
)
from sgns.training.engines.cpu.row_access import Address, constants, row_at

UNROLL_FLOATS = 512  # rows up to this long are unrolled whole in pair_scores


@intrinsic(prefer_literal=True)
def pair_scores(ctx, stride, X, Y, inputs, centres, G):
    """The dot products G[p] = X[inputs[p]] · Y[centres[p]] of LANES pairs.

    Inputs and centres are addresses of int32 row numbers.
    """
    numbers = constants(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, X, Y, inputs, centres, G = args
        x_numbers, y_numbers = ints_at(b, inputs), ints_at(b, centres)
        sums = []
        for pair in range(LANES):
            x, y = row_at(b, X, x_numbers, pair, S), row_at(b, Y, y_numbers, pair, S)
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


@intrinsic
def pair_gradient(ctx, G, n, lr):
    """Replaces scores by minus lr times the gradient: G[p] = lr * (1 − σ(G[p])) for p < n, n > 0; G is padded to LANES.

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
def pair_update(ctx, stride, X, Y, E, ids, c, inputs, G, n):
    """The update of one centre's pairs: E[ids[inputs[p]]] += G[p] Y and c += Σ_p G[p] X[inputs[p]], p < n, n > 0.

    X holds copies of the old rows of E (row r is E[ids[r]]), Y is the copy of the old row of C at address c.
    """
    numbers = constants(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, X, Y, E, ids, c, inputs, G, n = args
        y, centre, g = floats_at(b, Y), floats_at(b, c), floats_at(b, G)
        row_ids, row_numbers = ints_at(b, ids), ints_at(b, inputs)
        widest = (REGISTERS - 6) // 2
        parts = -(-(S // LANES) // widest)
        first = 0
        for part in range(parts):  # as many columns at a time as the registers hold
            columns = [first + k * LANES for k in range((S // LANES) // parts + (part < (S // LANES) % parts))]
            first = columns[-1] + LANES
            old = [load(b, offset(b, y, at)) for at in columns]

            def pair(p: Value, steps: Any, columns: list[int] = columns, old: list[Value] = old) -> list[Value]:
                number = b.load(offset(b, row_numbers, p))
                x = floats_at(b, b.add(X, b.mul(b.zext(number, i64), whole(S * 4))))
                e = row_at(b, E, row_ids, b.zext(number, i64), S)
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
