"""The update by every pair of input and output rows, column by column, as LLVM vector code inside Numba kernels.

See `dense.py` for inputs, outputs and numbers. Products of pairs of bfloat16 are used where they are faster.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu.dense import BLOCK_ROWS, block_shape, number_index, row_pointers
from sgns.training.engines.cpu.llvm import (
    BFLOAT16,
    FAST,
    LANES,
    REGISTERS,
    ZERO,
    Builder,
    Value,
    floats_at,
    halves,
    i32,
    i64,
    int_vector,
    load,
    loop,
    muladd,
    offset,
    pair_products,
    rounded_halves,
    splat,
    store,
    whole,
)
from sgns.training.engines.cpu.row_access import Address, constants

WIDE = 2 if REGISTERS == 32 else 1  # vectors of a row that share a number in a register


@intrinsic(prefer_literal=True)
def dense_update(ctx, inputs, outputs, stride, used, X, E, C, G):
    """The update: E[i] += Σ_o G[i, o] C[o] and C[o] += Σ_i G[i, o] X[i], of `used` outputs as in `dense_scores`.

    X, E and C are addresses of arrays of row addresses; X[i] is the old value of E[i], a copy where another part of the
    same step changes E[i]. An input row may be listed twice; an output row may not, except with G = 0 (the caller
    merges negatives that are drawn twice).
    """
    return update_code((inputs, outputs, stride, used, X, E, C, G), narrow=False)


@intrinsic(prefer_literal=True)
def narrow_update(ctx, inputs, outputs, stride, used, X, E, C, G):
    """As `dense_update`, with products of bfloat16 where they are faster, see `update_columns`."""
    return update_code((inputs, outputs, stride, used, X, E, C, G), narrow=True)


def update_code(arguments: tuple[types.Type, ...], narrow: bool) -> Any:
    """Signature and code of `dense_update`, or of `narrow_update`."""
    numbers = constants(*arguments[:3])
    if numbers is None:
        return None
    I = numbers[0]

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        used, X, E, C, G = args[3:]
        es = row_pointers(b, E, I)

        def first_steps(at: Value) -> list[Value]:
            return [ZERO] * I

        def finish(at: Value, old: list[Value], steps: list[Value]) -> None:
            for i in range(I):  # loaded here, for a row that is listed twice
                p = offset(b, es[i], at)
                store(b, b.fadd(load(b, p), steps[i], flags=FAST), p)

        update_columns(b, numbers, used, X, C, G, first_steps, finish, narrow)
        return context.get_dummy_value()

    return types.void(*arguments[:3], *[Address] * 5), codegen


def update_columns(
    b: Builder,
    numbers: list[int],
    used: Value | int,
    X: Value,
    C: Value,
    G: Value,
    first_steps: Callable[[Value], list[Value]],
    finish: Callable[[Value, list[Value], list[Value]], None],
    narrow: bool,
) -> None:
    """Emits C[o] += Σ_i G[i, o] X[i] and, of each input, the sum Σ_o G[i, o] C[o] of old values, by columns.

    Args:
        b: Where the code goes.
        numbers: Inputs, outputs, floats in a row.
        used: Outputs that are there, a multiple of `BLOCK_COLUMNS`.
        X: Address of the addresses of the inputs.
        C: Address of the addresses of the outputs.
        G: Address of the numbers.
        first_steps: Gives, for the columns at an index, what each sum begins with.
        finish: Takes the index of the columns, the inputs and the sums there.
        narrow: Whether factors may be rounded to bfloat16, where that is faster.
    """
    I, O, S = numbers
    xs, g = row_pointers(b, X, I), floats_at(b, G)
    table = b.inttoptr(C, i64.as_pointer())
    rows, columns = block_shape(I)
    if narrow and BFLOAT16 and rows == columns == BLOCK_ROWS:
        update_columns_by_pairs(b, numbers, used, xs, table, g, first_steps, finish, native=True)
        return

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

        finish(at, old, list(loop(b, used, columns, outputs, first_steps(at))))
        return []

    loop(b, S, LANES, columns_at)


def update_columns_by_pairs(
    b: Builder,
    numbers: list[int],
    used: Value | int,
    xs: list[Value],
    table: Value,
    g: Value,
    first_steps: Callable[[Value], list[Value]],
    finish: Callable[[Value, list[Value], list[Value]], None],
    native: bool,
) -> None:
    """As `update_columns`, in products of pairs of bfloat16, half as many.

    G, X and the C that E is moved by are rounded, each by 2^-8 of itself at most; sums and the rows themselves are not.

    Args:
        b: See `update_columns`.
        numbers: See `update_columns`.
        used: See `update_columns`.
        xs: The rows of the inputs.
        table: The addresses of the outputs.
        g: The numbers.
        first_steps: See `update_columns`.
        finish: See `update_columns`.
        native: Whether the processor has these products; others compute them in float32, for tests.
    """
    I, O, S = numbers
    rows, columns = block_shape(I)
    blocks = I * O // LANES
    words = ir.VectorType(i32, LANES // 2)
    turned = ir.Constant(int_vector, [lane % rows * columns + lane // rows for lane in range(LANES)])
    with b.goto_entry_block():
        # of each block of G, pairs of outputs for each input; of each block turned, pairs of inputs for each output
        of_inputs, of_outputs = (b.alloca(words, blocks) for _ in range(2))
        of_inputs.align = of_outputs.align = 32

    def narrowed(x: Value) -> Value:
        return b.bitcast(rounded_halves(b, x, native), words)

    def narrow_block(block: Value, _: Any) -> list[Value]:
        x = load(b, offset(b, g, b.mul(block, whole(LANES))))
        b.store(narrowed(x), b.gep(of_inputs, [block])).align = 32
        y = b.shuffle_vector(x, x, turned)
        b.store(narrowed(y), b.gep(of_outputs, [block])).align = 32
        return []

    loop(b, blocks, 1, narrow_block)
    by_input, by_output = (b.bitcast(p, i32.as_pointer()) for p in (of_inputs, of_outputs))

    def pair_of(of: Value, corner: Value, i: int, number: int) -> Value:
        """The pair at an index of the words of a block, in every lane."""
        first = number_index(i, 0, I, O) // 2
        return splat(b, b.load(offset(b, of, b.add(corner, whole(first + number)))))

    def columns_at(places: list[Value]) -> None:
        wide = len(places)
        old = [[load(b, offset(b, p, place)) for p in xs] for place in places]
        pairs = [[halves(b, x[i], x[i + 1], native) for i in range(0, I, 2)] for x in old]

        def outputs(first: Value, carried: Any) -> list[Value]:
            steps = [list(carried[k * I : (k + 1) * I]) for k in range(wide)]
            corner = b.mul(first, whole(rows // 2))
            for o in range(0, columns, 2):
                ps = [floats_at(b, b.load(offset(b, table, b.add(first, whole(o + k))))) for k in range(2)]
                ys = [[load(b, offset(b, p, place)) for p in ps] for place in places]
                joined = [halves(b, low, high, native) for low, high in ys]
                for i in range(I):
                    gradient = pair_of(by_input, corner, i // rows * rows, i % rows * columns // 2 + o // 2)
                    for k in range(wide):
                        steps[k][i] = pair_products(b, steps[k][i], gradient, joined[k], native)
                for half in range(2):
                    new = [y[half] for y in ys]
                    for i in range(0, I, 2):
                        gradient = pair_of(by_output, corner, i // rows * rows, ((o + half) * rows + i % rows) // 2)
                        for k in range(wide):
                            new[k] = pair_products(b, new[k], gradient, pairs[k][i // 2], native)
                    for k in range(wide):
                        store(b, new[k], offset(b, ps[half], places[k]))
            return [step for some in steps for step in some]

        sums = list(loop(b, used, columns, outputs, [step for place in places for step in first_steps(place)]))
        for k in range(wide):
            finish(places[k], old[k], sums[k * I : (k + 1) * I])

    by_columns(b, S, columns_at)


def by_columns(b: Builder, S: int, body: Callable[[list[Value]], None]) -> None:
    """Calls body(places) for the vectors of a row, WIDE of them at a time, and for what is left."""
    vectors = S // LANES
    together = vectors // WIDE * WIDE * LANES
    if together:

        def step(at: Value, _: Any) -> list[Value]:
            body([b.add(at, whole(k * LANES)) for k in range(WIDE)])
            return []

        loop(b, together, WIDE * LANES, step)
    if vectors % WIDE:
        body([whole(together + k * LANES) for k in range(vectors % WIDE)])
