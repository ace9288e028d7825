"""The positive pairs of a tile whose windows have the same reach: a band of the matrix of its words and its centres.

Number (c, δ, side) stands for the pair of centre c with the word δ places before it (side 0) or behind it (side 1); it
is at index `band_index`. Pairs that do not exist, because a sentence ends or a tile is not full, have a weight of 0.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sgns.base.jit import helper
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.dense_columns import by_columns, update_columns
from sgns.training.engines.cpu.llvm import (
    FAST,
    LANES,
    ZERO,
    Builder,
    Value,
    f32,
    floats_at,
    i32,
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

SIDES = 2
HALF = CENTRES // 2  # centres whose scores are computed together
STATIC = 6  # distances up to this have code of their own for each reach, in which a row is read and written once


def band_index(c: int, distance: int, side: int) -> int:
    """The index of the number of a pair."""
    return ((distance - 1) * SIDES + side) * CENTRES + c


@helper
def weigh_pairs(begin, end, left, right, reach, of_centres, weights):
    """The weights of the pairs of a tile that lacks some: those of their centres, 0 for pairs that do not exist.

    Args:
        begin: The first centre.
        end: One past the last; the tile may lack some.
        left: See `sampling.draw_centres`.
        right: As left.
        reach: The widest of the windows.
        of_centres: (≥ CENTRES,) float32.
        weights: (≥ SIDES·CENTRES·reach,) float32, out, see `band_index`.
    """
    for k in range(reach):
        for i in range(CENTRES):
            c = begin + i
            before = after = np.float32(0)
            if c < end:
                before = of_centres[i] if c - 1 - k >= left[c] else before
                after = of_centres[i] if c + 1 + k < right[c] else after
            weights[SIDES * CENTRES * k + i] = before
            weights[SIDES * CENTRES * k + CENTRES + i] = after


def _dots(
    b: Builder, xs: Sequence[Value], ys: Sequence[Value], pairs: Sequence[tuple[int, int]], S: int
) -> list[Value]:
    """The dot products of the rows xs[i] and ys[o] for all pairs (i, o), as vectors that are yet to be summed."""
    inputs, outputs = (sorted(set(numbers)) for numbers in zip(*pairs, strict=True))

    def products(at: Value, sums: Any) -> list[Value]:
        x = {i: load(b, offset(b, xs[i], at)) for i in inputs}
        y = {o: load(b, offset(b, ys[o], at)) for o in outputs}
        return [muladd(b, x[i], y[o], s) for (i, o), s in zip(pairs, sums, strict=True)]

    return list(loop(b, S, LANES, products, [ZERO] * len(pairs)))


@intrinsic(prefer_literal=True)
def band_scores(ctx, stride, words, centres, reach, G):
    """The dot products of the pairs of a tile.

    `words` is the address of the address of the first centre's row of E, among those of its neighbours; `centres` that
    of the addresses of the rows of C; `reach`, > 0, that of all windows; G that of the numbers.
    """
    numbers = constants(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, words, centres, reach, G = args
        g = floats_at(b, G)
        table, own = (b.inttoptr(p, i64.as_pointer()) for p in (words, centres))

        def row(p: Value, index: Value) -> Value:
            return floats_at(b, b.load(offset(b, p, index)))

        ys = [row(own, c) for c in range(CENTRES)]
        lanes_of_half = ir.VectorType(f32, HALF)

        def two_distances(index: Value, _: Any) -> list[Value]:
            distance = b.add(index, b.add(b.and_(reach, whole(1)), whole(1)))
            for first in range(0, CENTRES, HALF):
                before = b.sub(whole(first - 1), distance)
                behind = b.add(whole(first), distance)
                xs = [row(table, b.add(start, whole(k))) for start in (before, behind) for k in range(HALF + 1)]
                pairs = []
                for further in range(2):
                    pairs += [(c + 1 - further, c) for c in range(HALF)]
                    pairs += [(HALF + 1 + c + further, c) for c in range(HALF)]
                for k in range(0, len(pairs), LANES):
                    some = lane_sums(b, _dots(b, xs, ys[first : first + HALF], pairs[k : k + LANES], S))
                    for part in range(0, LANES, HALF):
                        lanes = ir.Constant(ir.VectorType(i32, HALF), [part + lane for lane in range(HALF)])
                        four = b.shuffle_vector(some, ir.Constant(some.type, ir.Undefined), lanes)
                        at = b.mul(b.sub(distance, whole(1)), whole(SIDES * CENTRES))
                        where = b.add(at, whole((k + part) // HALF * CENTRES + first))
                        b.store(four, b.bitcast(offset(b, g, where), lanes_of_half.as_pointer())).align = 16
            return []

        odd = b.trunc(reach, ir.IntType(1))
        with b.if_then(odd):
            xs = [row(table, whole(c + step)) for step in (-1, 1) for c in range(CENTRES)]
            pairs = [(i, i % CENTRES) for i in range(SIDES * CENTRES)]
            for k in range(0, len(pairs), LANES):
                store(b, lane_sums(b, _dots(b, xs, ys, pairs[k : k + LANES], S)), offset(b, g, k))
        with b.if_then(b.icmp_signed(">", reach, whole(1))):
            loop(b, b.and_(reach, whole(-2)), 2, two_distances)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 4), codegen


@intrinsic
def band_gradient(ctx, G, weights, n, lr):
    """Replaces scores by minus lr times the gradient: G[p] = lr * weights[p] * (1 − σ(G[p])), n > 0, full vectors.

    Returns Σ weights[p] * −log σ(G[p]), a float32.
    """

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        g, weights, n, lr = floats_at(b, args[0]), floats_at(b, args[1]), args[2], splat(b, args[3])

        def step(at: Value, loss: Any) -> list[Value]:
            x, weight = load(b, offset(b, g, at)), load(b, offset(b, weights, at))
            sigmoid, softplus = sigmoid_and_softplus(b, b.fneg(x))  # 1 − σ(x) = σ(−x)
            store(b, b.fmul(b.fmul(sigmoid, weight, flags=FAST), lr, flags=FAST), offset(b, g, at))
            return [muladd(b, softplus, weight, loss[0])]

        return total(b, loop(b, n, LANES, step, [ZERO])[0])

    return types.float32(Address, Address, Address, types.float32), codegen


def by_reach(
    b: Builder,
    reach: Value,
    most: int,
    near: Callable[[int], None],
    further: Callable[[Value], None],
) -> None:
    """Emits code for each reach from 1 to most: near(r) for the distances up to STATIC, further(d) beyond.

    Args:
        b: Where the code goes.
        reach: The reach that is met.
        most: Largest reach.
        near: Emits the code for all distances up to a known reach.
        further: Emits the code for one distance.
    """
    end = b.function.append_basic_block("near")
    largest = min(most, STATIC)
    cases = {r: b.function.append_basic_block(f"reach{r}") for r in range(1, largest + 1)}
    switch = b.switch(reach, cases[largest])
    for r, case in cases.items():
        switch.add_case(whole(r), case)
        b.position_at_end(case)
        near(r)
        b.branch(end)
    b.position_at_end(end)
    if most > STATIC:
        with b.if_then(b.icmp_signed(">", reach, whole(STATIC))):

            def one(index: Value, _: Any) -> list[Value]:
                further(b.add(index, whole(STATIC + 1)))
                return []

            loop(b, b.sub(reach, whole(STATIC)), 1, one)


class Band:
    """The rows and numbers of a tile while code is emitted.

    Args:
        b: Where the code goes.
        words: Address of the address of the first centre's row of E, see `band_scores`.
        P: Address of the numbers of the pairs, see `band_index`.
    """

    def __init__(self, b: Builder, words: Value, P: Value) -> None:
        self._b = b
        self._words, self._numbers = b.inttoptr(words, i64.as_pointer()), floats_at(b, P)

    def word(self, j: Value | int) -> Value:
        """Pointer to the row of the word at place j of the tile, counted from its first centre."""
        return floats_at(self._b, self._b.load(offset(self._b, self._words, j)))

    def near(self, j: int, reach: int) -> list[tuple[int, Value]]:
        """The centres whose windows hold the word at place j, each with the number of the pair in every lane."""
        centres = [c for c in range(max(0, j - reach), min(CENTRES, j + reach + 1)) if c != j]
        return [(c, self.number(c, abs(c - j), int(j > c))) for c in centres]

    def number(self, c: int, distance: int | Value, side: int) -> Value:
        """The number of a pair, in every lane."""
        b = self._b
        if isinstance(distance, int):
            index: int | Value = band_index(c, distance, side)
        else:
            first = b.mul(b.sub(distance, whole(1)), whole(SIDES * CENTRES))
            index = b.add(first, whole(band_index(c, 1, side)))
        return splat(b, b.load(offset(b, self._numbers, index)))

    def sides(self, c: int, distance: Value) -> list[tuple[Value, Value]]:
        """The words at a distance from centre c, on either side: pointer to the row, number of the pair."""
        b = self._b
        places = b.sub(whole(c), distance), b.add(whole(c), distance)
        return [(self.word(place), self.number(c, distance, side)) for side, place in enumerate(places)]


def add_words(
    b: Builder, S: int, longest: int, band: Band, reach: Value, centre: Callable[[int], Value], fresh: bool
) -> None:
    """Emits the sums Σ P E[w] of all centres, each added to a row, or put in its place.

    Args:
        b: Where the code goes.
        S: Floats in a row.
        longest: Largest reach.
        band: The rows of the words, and the numbers P of the pairs.
        reach: From 1 to longest.
        centre: Gives the pointer to the row of a centre.
        fresh: Whether the sum takes the place of what the row holds.
    """

    def near(r: int) -> None:
        # Centre by centre: with the sums of all centres at once, LLVM loads all words first and spills most of
        # them. A word's vectors stay in registers for the 2r + 1 centres that they serve.
        def body(places: list[Value]) -> None:
            words: dict[int, list[Value]] = {}
            for c in range(CENTRES):
                row = centre(c)
                new = [ZERO if fresh else load(b, offset(b, row, at)) for at in places]
                for j in range(c - r, c + r + 1):
                    if j not in words:
                        word = band.word(j)
                        words[j] = [load(b, offset(b, word, at)) for at in places]
                for j in range(c - r, c + r + 1):
                    if j != c:
                        number = band.number(c, abs(c - j), int(j > c))
                        new = [muladd(b, number, *xs) for xs in zip(words[j], new, strict=True)]
                for at, x in zip(places, new, strict=True):
                    store(b, x, offset(b, row, at))

        by_columns(b, S, body)

    def further(distance: Value) -> None:
        for c in range(CENTRES):
            row, sides = centre(c), band.sides(c, distance)

            def body(places: list[Value], row: Value = row, sides: Any = sides) -> None:
                for at in places:
                    new = load(b, offset(b, row, at))
                    for word, number in sides:
                        new = muladd(b, number, load(b, offset(b, word, at)), new)
                    store(b, new, offset(b, row, at))

            by_columns(b, S, body)

    by_reach(b, reach, longest, near, further)


def add_centres(b: Builder, S: int, longest: int, band: Band, reach: Value, centres: Value, more: Value | None) -> None:
    """Emits E[w] += Σ P Y[c] for the words of a tile.

    Args:
        b: Where the code goes.
        S: Floats in a row.
        longest: Largest reach.
        band: The rows of the words, and the numbers P of the pairs.
        reach: From 1 to longest.
        centres: Pointer to Y, CENTRES rows one after the other.
        more: Pointer to as many rows, which are added to the words of the centres.
    """

    def row_of(base: Value, c: int, at: Value) -> Value:
        return load(b, offset(b, base, b.add(at, whole(c * S))))

    def near(r: int) -> None:
        def body(places: list[Value]) -> None:
            ys = [[row_of(centres, c, at) for at in places] for c in range(CENTRES)]
            for j in range(-r, CENTRES + r):
                row = band.word(j)
                new = [load(b, offset(b, row, at)) for at in places]
                if more is not None and 0 <= j < CENTRES:
                    new = [b.fadd(x, row_of(more, j, at), flags=FAST) for at, x in zip(places, new, strict=True)]
                for c, number in band.near(j, r):
                    new = [muladd(b, number, *xs) for xs in zip(ys[c], new, strict=True)]
                for at, x in zip(places, new, strict=True):
                    store(b, x, offset(b, row, at))

        by_columns(b, S, body)

    def further(distance: Value) -> None:
        for c in range(CENTRES):
            for row, number in band.sides(c, distance):

                def body(places: list[Value], c: int = c, row: Value = row, number: Value = number) -> None:
                    for at in places:
                        where = offset(b, row, at)
                        store(b, muladd(b, number, row_of(centres, c, at), load(b, where)), where)

                by_columns(b, S, body)

    by_reach(b, reach, longest, near, further)


@intrinsic(prefer_literal=True)
def update_centres(ctx, stride, most, words, centres, reach, P):
    """The update of the rows of a tile's centres: C[c+] += Σ P E[w].

    The reach is from 1 to `most`; P is the address of the numbers of the pairs; for the others see `band_scores`.
    """
    numbers = constants(stride, most)
    if numbers is None:
        return None
    S, longest = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        words, centres, reach, P = args[2:]
        own = b.inttoptr(centres, i64.as_pointer())

        def centre(c: int) -> Value:
            return floats_at(b, b.load(offset(b, own, c)))

        add_words(b, S, longest, Band(b, words, P), reach, centre, fresh=False)
        return context.get_dummy_value()

    return types.void(stride, most, *[Address] * 4), codegen


@intrinsic(prefer_literal=True)
def update_words(ctx, stride, most, words, Y, reach, P, steps):
    """The update of the rows of a tile's words: E[w] += Σ P Y[c+], and E[w] += steps for the words of its centres.

    Y is the address of the old rows of C of the centres, CENTRES rows one after the other; `steps` that of as many
    rows, see `update_negatives`; for the others see `update_centres`.
    """
    numbers = constants(stride, most)
    if numbers is None:
        return None
    S, longest = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        words, Y, reach, P, steps = args[2:]
        add_centres(b, S, longest, Band(b, words, P), reach, floats_at(b, Y), floats_at(b, steps))
        return context.get_dummy_value()

    return types.void(stride, most, *[Address] * 5), codegen


@intrinsic(prefer_literal=True)
def window_sums(ctx, stride, most, words, H, reach, P):
    """The inputs of a tile's centres where they are sums of windows: H[c] = Σ P E[w].

    H is the address of CENTRES rows one after the other; for the others see `update_centres`.
    """
    numbers = constants(stride, most)
    if numbers is None:
        return None
    S, longest = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        words, H, reach, P = args[2:]
        h = floats_at(b, H)
        add_words(b, S, longest, Band(b, words, P), reach, lambda c: offset(b, h, c * S), fresh=True)
        return context.get_dummy_value()

    return types.void(stride, most, *[Address] * 4), codegen


@intrinsic(prefer_literal=True)
def spread_sums(ctx, stride, most, words, A, reach, P):
    """The way back from `window_sums`: E[w] += Σ P A[c], where A is the address of CENTRES rows, as H there."""
    numbers = constants(stride, most)
    if numbers is None:
        return None
    S, longest = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        words, A, reach, P = args[2:]
        add_centres(b, S, longest, Band(b, words, P), reach, floats_at(b, A), None)
        return context.get_dummy_value()

    return types.void(stride, most, *[Address] * 4), codegen


@intrinsic(prefer_literal=True)
def update_negatives(ctx, stride, outputs, words, negatives, G, steps):
    """The update of the rows of negatives, C[c−] += Σ G E[w], and what it means for the words of the centres.

    `words` is the address of the addresses of the rows of E of the centres' words, `negatives` that of the addresses of
    the rows of the negatives, G that of the numbers (`dense.number_index`), `steps` that of CENTRES rows: out, for each
    of the words Σ G C[c−] of the values before.
    """
    numbers = constants(stride, outputs)
    if numbers is None:
        return None
    S, O = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        words, negatives, G, steps = args[2:]
        out = floats_at(b, steps)

        def first_steps(at: Value) -> list[Value]:
            return [ZERO] * CENTRES

        def finish(at: Value, old: list[Value], sums: list[Value]) -> None:
            for i in range(CENTRES):
                store(b, sums[i], offset(b, out, b.add(at, whole(i * S))))

        update_columns(b, [CENTRES, O, S], whole(O), words, negatives, G, first_steps, finish, narrow=True)
        return context.get_dummy_value()

    return types.void(stride, outputs, *[Address] * 4), codegen
