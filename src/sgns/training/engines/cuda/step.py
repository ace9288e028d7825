"""The step of a batch: each touched row moves once, by its summed gradient, damped by its curvature.

A frequent row is in thousands of pairs of one batch. One after the other their updates would converge; their sum, all
computed from the same old rows, overshoots. A row x in pairs with the rows y_i has the Hessian
H = Σ weight_i·σ(1−σ)·y_i·y_iᵀ, and the implicit step (1 + lr·H)⁻¹·lr·g cannot overshoot, but H is a matrix for each
row. Its trace, h = Σ weight·σ(1−σ)·|y|², is one number, and `tile.py` sums it. The shape of H is nearly the same for
all rows: word vectors share one direction, in which most of h lies, and spread over all others. So H is taken to be h
times the shape Q·diag(shares)·Qᵀ of the rows of the other table (`hessian.py`), and direction u is damped by
1 + lr·h·share_u. With the trace alone, frequent rows move slowly in every direction because of one.
"""

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["begin", "end", "n", "first_noise", "noise", "number"])
def step(
    kept_words,  # (n,) int32
    n,
    begin,  # centres of the batch
    end,
    noise_words,  # int32, those of the whole block
    first_noise,  # the batch's are first_noise : first_noise + noise
    noise,
    tables,  # (2, V, STRIDE) float32: E and C, changed
    gradients,  # (2, V, STRIDE) float32: read and set to zero
    curvatures,  # (2, V) float32: read and set to zero
    claims,  # (2, V) int32: the last batch that moved each row
    number,  # of this batch, from 1; never the same twice
    directions,  # (2, STRIDE, DIRECTIONS) float32, orthonormal columns, for steps of E and of C
    shares,  # (2, DIRECTIONS) float32, falling; the last one holds for all other directions too
    V,
    lr,
    damping,
    WINDOW: tl.constexpr,
    ROWS: tl.constexpr,
    STRIDE: tl.constexpr,
    COLUMNS: tl.constexpr,
    DIRECTIONS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Makes the step: row += Σ_u lr·(gradient·u)·u / (1 + damping·lr·h·share_u), for each row that was touched.

    A word is in the list of touched rows as often as it occurred; the program that claims a row first moves it, and
    which one that is does not change the result. The first programs move rows of E, the others rows of C.
    """
    low = tl.maximum(begin - WINDOW, 0)
    inputs, centres = tl.minimum(end + WINDOW, n) - low, end - begin
    programs_E = tl.cdiv(inputs, ROWS)
    table = (tl.program_id(0) >= programs_E).to(tl.int32)
    i = (tl.program_id(0) - table * programs_E) * ROWS + tl.arange(0, ROWS)
    as_input = i < inputs * (1 - table)
    as_centre = i < centres * table
    as_noise = (i >= centres) & (i < (centres + noise) * table)
    word = tl.load(kept_words + low + i, mask=as_input, other=0)
    word += tl.load(kept_words + begin + i, mask=as_centre, other=0)
    word += tl.load(noise_words + first_noise + i - centres, mask=as_noise, other=0)
    row = word.to(tl.int64) + table.to(tl.int64) * V
    there = as_input | as_centre | as_noise
    mine = there & (tl.atomic_xchg(claims + row, tl.full((ROWS,), number, tl.int32), mask=there) != number)
    h = damping * lr * tl.load(curvatures + row, mask=mine, other=0.0)
    tl.debug_barrier()  # each warp holds a copy of h: all have read it before one of them sets it to zero
    tl.store(curvatures + row, tl.zeros((ROWS,), tl.float32), mask=mine)

    u = tl.arange(0, DIRECTIONS)
    basis = directions + table * STRIDE * DIRECTIONS
    rest = lr / (1.0 + h * tl.load(shares + table * DIRECTIONS + DIRECTIONS - 1))
    rates = lr / (1.0 + h[:, None] * tl.load(shares + table * DIRECTIONS + u)[None, :])
    along = tl.zeros((ROWS, DIRECTIONS), tl.float32)
    for b in tl.range(0, (STRIDE + COLUMNS - 1) // COLUMNS, num_stages=1):
        c = b * COLUMNS + tl.arange(0, COLUMNS)
        mask = mine[:, None] & (c < STRIDE)[None, :]
        g = tl.load(gradients + row[:, None] * STRIDE + c[None, :], mask=mask, other=0.0)
        Q = tl.load(basis + c[:, None] * DIRECTIONS + u[None, :], mask=(c < STRIDE)[:, None], other=0.0)
        along = tl.dot(g, Q, along, input_precision=PRECISION)
    along = (rates - rest[:, None]) * along
    for b in tl.range(0, (STRIDE + COLUMNS - 1) // COLUMNS, num_stages=1):
        c = b * COLUMNS + tl.arange(0, COLUMNS)
        mask = mine[:, None] & (c < STRIDE)[None, :]
        at = row[:, None] * STRIDE + c[None, :]
        g = tl.load(gradients + at, mask=mask, other=0.0)
        Q = tl.load(basis + c[:, None] * DIRECTIONS + u[None, :], mask=(c < STRIDE)[:, None], other=0.0)
        moved = tl.load(tables + at, mask=mask, other=0.0) + rest[:, None] * g
        moved = tl.dot(along, tl.trans(Q), moved, input_precision=PRECISION)
        tl.debug_barrier()  # in a narrow tile several threads hold copies of g too
        tl.store(tables + at, moved, mask=mask)
        tl.store(gradients + at, tl.zeros((ROWS, COLUMNS), tl.float32), mask=mask)
