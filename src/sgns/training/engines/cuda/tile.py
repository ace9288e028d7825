"""The hot loop of the GPU: the gradient of SGNS on a batch of tiles, summed beside E and C.

A tile is `ROWS` consecutive kept tokens, the inner T = ROWS − 2w of them centres. With X = E[tokens],
Y = C[tokens], Z = C[M noise words], everything is a small matrix product:

    scores      P = X·Yᵀ (positives: the band of each centre's drawn window), N = X·Zᵀ
    errors      G⁺ = band ∘ (1 − σ(P)),  G⁻ = −W ∘ σ(N)
    gradients   ∂X = G⁺·Y + G⁻·Z,  ∂Y = G⁺ᵀ·X,  ∂Z = G⁻ᵀ·X

W weights the shared negatives so that each positive pair has its k in expectation: W[i, m] is k/M for each pair of row
i whose c+ is not z_m. Neighbouring sentences share tiles; the band has no pair across their border.

All tiles of a batch read the same old E and C, and none writes them: `step.py` makes the step. Beside the gradient
each row collects its curvature h = Σ weight · σ(1−σ) · |other row|².
"""

import triton
import triton.language as tl

from sgns.training.engines.cuda.draw import draw_word


@triton.jit
def squares(A):
    """|row|² of each row."""
    return tl.sum(A * A, axis=1)


@triton.jit
def rounded(value, grain):
    """`value` rounded to a multiple of grain · 2^-23: sums up to 2·grain are exact, and do not depend on their order.

    Atomic additions come in any order. Adding 1.5·grain, a power of two and a half, pushes the finer bits out.
    """
    return (value + 1.5 * grain) - 1.5 * grain


@triton.jit
def rows_of(table, words, there, column, STRIDE: tl.constexpr, COLUMNS: tl.constexpr):
    """Columns column : column + COLUMNS of the rows `words`; zeros where `there` is false."""
    c = column + tl.arange(0, COLUMNS)
    at = table + words.to(tl.int64)[:, None] * STRIDE + c[None, :]
    return tl.load(at, mask=there[:, None] & (c < STRIDE)[None, :], other=0.0)


@triton.jit
def add_rows(table, words, there, column, A, grain, STRIDE: tl.constexpr, COLUMNS: tl.constexpr):
    """Adds A to columns of the rows `words`, atomically."""
    c = column + tl.arange(0, COLUMNS)
    at = table + words.to(tl.int64)[:, None] * STRIDE + c[None, :]
    tl.atomic_add(at, rounded(A, grain), mask=there[:, None] & (c < STRIDE)[None, :], sem="relaxed")


@triton.jit(do_not_specialize=["n", "begin", "end", "first_tile", "V", "key"])  # a 1 would become a constant
def sum_gradients(
    kept_words,  # (n,) int32, int32, int32: see `draw.Kept`
    kept_sentences,
    kept_reaches,
    n,
    begin,  # centres of this batch
    end,
    first_tile,  # number of its first tile in the block: the noise of a tile depends on it
    E,  # (V, STRIDE) float32, read
    C,
    grad_E,  # (V, STRIDE) float32, added to
    grad_C,
    curve_E,  # (V,) float32, added to
    curve_C,
    noise_table,  # (V,) int64, see `sampling.alias_table`
    V,
    key,
    grains,  # (4,) float32: of grad_E, grad_C, curve_E, curve_C
    noise_words,  # (tiles of the block · M,) int32, out
    losses,  # (tiles of the block,) float64, out
    pairs,  # (tiles of the block,) int32, out
    negatives,  # k
    WINDOW: tl.constexpr,
    ROWS: tl.constexpr,
    NOISE: tl.constexpr,  # M
    STRIDE: tl.constexpr,
    COLUMNS: tl.constexpr,  # of a row that are held at once
    PRECISION: tl.constexpr,
):
    """Sums the gradients and curvatures of the centres begin:end."""
    tile = tl.program_id(0)
    CENTRES: tl.constexpr = ROWS - 2 * WINDOW
    BLOCKS: tl.constexpr = (STRIDE + COLUMNS - 1) // COLUMNS

    # The words of the tile, and its noise.
    i = tl.arange(0, ROWS)
    index = begin + tile * CENTRES - WINDOW + i
    there = (index >= 0) & (index < n)
    centre = (i >= WINDOW) & (i < ROWS - WINDOW) & (index < end)
    words = tl.load(kept_words + index, mask=there, other=0)
    sentences = tl.load(kept_sentences + index, mask=there, other=-1)
    reaches = tl.load(kept_reaches + index, mask=centre, other=0)
    m = (first_tile + tile).to(tl.int64) * NOISE + tl.arange(0, NOISE)
    noise = draw_word(key, m, noise_table, V)
    tl.store(noise_words + m, noise)
    always = noise >= 0

    # Which pairs there are, and the weights of the negatives.
    apart = tl.abs(i[:, None] - i[None, :])
    band = (apart > 0) & (apart <= reaches[None, :]) & centre[None, :] & there[:, None]
    band = (band & (sentences[:, None] == sentences[None, :])).to(tl.float32)
    same = (words[:, None] == noise[None, :]).to(tl.float16)
    own = tl.dot(band.to(tl.float16), same)  # exact: small whole numbers
    weights = (tl.sum(band, axis=1)[:, None] - own) * (negatives / NOISE)

    # Forward
    P = tl.zeros((ROWS, ROWS), tl.float32)
    N = tl.zeros((ROWS, NOISE), tl.float32)
    xx, yy, zz = tl.zeros((ROWS,), tl.float32), tl.zeros((ROWS,), tl.float32), tl.zeros((NOISE,), tl.float32)
    for b in tl.range(0, BLOCKS, num_stages=1):
        X = rows_of(E, words, there, b * COLUMNS, STRIDE, COLUMNS)
        Y = rows_of(C, words, centre, b * COLUMNS, STRIDE, COLUMNS)
        Z = rows_of(C, noise, always, b * COLUMNS, STRIDE, COLUMNS)
        P = tl.dot(X, tl.trans(Y), P, input_precision=PRECISION)
        N = tl.dot(X, tl.trans(Z), N, input_precision=PRECISION)
        xx, yy, zz = xx + squares(X), yy + squares(Y), zz + squares(Z)

    # Loss: softplus(−P) and softplus(N); e = exp(−|score|) cannot overflow
    e = tl.exp(-tl.abs(P))
    p = tl.where(P >= 0, 1.0, e) / (1.0 + e)
    loss = tl.sum(band * (tl.maximum(-P, 0.0) + tl.log(1.0 + e)))
    e = tl.exp(-tl.abs(N))
    q = tl.where(N >= 0, 1.0, e) / (1.0 + e)
    loss += tl.sum(weights * (tl.maximum(N, 0.0) + tl.log(1.0 + e)))
    tl.store(losses + first_tile + tile, loss.to(tl.float64))
    tl.store(pairs + first_tile + tile, tl.sum(band).to(tl.int32))

    # Curvature
    grain_E, grain_C = tl.load(grains), tl.load(grains + 1)
    curve_P, curve_N = band * p * (1.0 - p), weights * q * (1.0 - q)
    h = tl.sum(curve_P * yy[None, :], axis=1) + tl.sum(curve_N * zz[None, :], axis=1)
    tl.atomic_add(curve_E + words, rounded(h, tl.load(grains + 2)), mask=there, sem="relaxed")
    h = tl.sum(curve_P * xx[:, None], axis=0)
    tl.atomic_add(curve_C + words, rounded(h, tl.load(grains + 3)), mask=centre, sem="relaxed")
    h = tl.sum(curve_N * xx[:, None], axis=0)
    tl.atomic_add(curve_C + noise, rounded(h, tl.load(grains + 3)), sem="relaxed")

    # Backward
    GP, GN = band * (1.0 - p), -weights * q
    for b in tl.range(0, BLOCKS, num_stages=1):
        X = rows_of(E, words, there, b * COLUMNS, STRIDE, COLUMNS)  # read again, mostly from the cache
        Y = rows_of(C, words, centre, b * COLUMNS, STRIDE, COLUMNS)
        Z = rows_of(C, noise, always, b * COLUMNS, STRIDE, COLUMNS)
        dX = tl.dot(GP, Y, input_precision=PRECISION)
        dX = tl.dot(GN, Z, dX, input_precision=PRECISION)
        add_rows(grad_E, words, there, b * COLUMNS, dX, grain_E, STRIDE, COLUMNS)
        dY = tl.dot(tl.trans(GP), X, input_precision=PRECISION)
        add_rows(grad_C, words, centre, b * COLUMNS, dY, grain_C, STRIDE, COLUMNS)
        dZ = tl.dot(tl.trans(GN), X, input_precision=PRECISION)
        add_rows(grad_C, noise, always, b * COLUMNS, dZ, grain_C, STRIDE, COLUMNS)
