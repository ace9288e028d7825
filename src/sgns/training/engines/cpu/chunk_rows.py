"""What a flight does besides training: it numbers words, finds those that pieces share, copies rows and merges copies.

See `flights.py`. A row number below V is a word's; V stands for a token that subsampling drops; from V + 1 on each
piece has room for copies, as many as it can have words.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit

from sgns.base.jit import kernel
from sgns.training.engines.cpu.row_access import prefetch
from sgns.training.engines.cpu.tile_kernel import sources
from sgns.training.engines.sampling import GOLDEN, HALF, draw, draw_word, mix

MARGIN = 4_096  # tokens that are searched, on each side of a piece, for the neighbours of its edge
LEAST_POOL = 64  # negatives in the pool of a piece
AHEAD = 8  # rows that are asked for before they are copied
WORDS_AHEAD = 4  # words whose rows and copies are asked for before they are merged
ALONE, AS_NEGATIVE, IN_TEXT = 0, 1, 2  # how a piece uses a word: no other piece does; or others do as well

u64 = np.uint64


class Flight:
    """What is known of a flight of S pieces before it begins.

    The words of a piece are numbered from 0, those of its text first, then those that are only in its pool of
    negatives; word i of piece s stands at s·room + i in arrays of one dimension.

    Attributes:
        pieces: Pieces of this flight, S at most.
        name: Epoch, block, and number of the first piece in the block: they name the draws.
        shared: Words that several pieces have.
        cuts: (S + 1,) int64, the borders of the pieces in the text.
        keys: (S,) uint64, the stream that says which tokens are kept, counted from the first one here.
        spans: (S, 4) int64: first token, with the neighbours of the edge; one past the last; sentences; negatives.
        rows: (S, 2) int64, how many words are in the text, and how many there are.
        words: (S, room) int32.
        ids: (S, tokens) int32, the text in numbers of words, −1 for a dropped token; in flight, in row numbers.
        ends: (S, sentences) int64, ends of its sentences.
        noise: (S, pool) uint64, the pool of negatives, as a table for `draw_word`; numbers as in `ids`.
        use: (S·room,) uint8, ALONE, AS_NEGATIVE or IN_TEXT.
        after: (S·room,) int32, where the next piece that has the same word has it; −1 for none.
        heads: (S·room,) int32, where the words that are shared stand first.
    """

    def __init__(self, pieces: int, tokens: int, window: int, room: int, pool: int) -> None:
        length, all_words = tokens + 2 * (MARGIN + window), pieces * room
        self.pieces, self.name, self.shared = 0, (0, 0, 0), 0
        self.cuts, self.keys = np.zeros(pieces + 1, np.int64), np.zeros(pieces, np.uint64)
        self.spans, self.rows = np.zeros((pieces, 4), np.int64), np.zeros((pieces, 2), np.int64)
        self.words = np.zeros((pieces, room), np.int32)
        self.ids, self.ends = np.zeros((pieces, length), np.int32), np.zeros((pieces, length), np.int64)
        self.noise = np.zeros((pieces, pool), np.uint64)
        self.use = np.zeros(all_words, np.uint8)
        self.after, self.last, self.heads = (np.zeros(all_words, np.int32) for _ in range(3))


@njit(inline="always", error_model="numpy")
def longer_key(key, number):  # type: ignore[no-untyped-def]
    """The key `stream_key(…, number)`, where `key` is `stream_key(…)`."""
    return mix((key + u64(number) + u64(1)) * GOLDEN)


@cache
def numbering() -> Callable[..., int]:
    """The kernel that numbers the words of piece k, of its neighbours on both sides, and of its pool.

    `places` is (V,) int32, all −1 before and after; for the last arguments see `Flight`.
    """
    made_of = sources()

    @kernel
    def number(  # type: ignore[no-untyped-def]
        ids, ends, window, keep, keep_key, noise, noise_key, before, pool_share, places, k,
        cuts, keys, spans, rows, words, numbers, piece_ends, tables,
    ):  # fmt: skip
        start, stop = cuts[k], cuts[k + 1]
        sentence = np.searchsorted(ends, start, side="right")
        begin = max(ends[sentence - 1] if sentence > 0 else np.int64(0), start - MARGIN - window)
        low, found = start, np.int64(0)
        while low > begin and found < window:
            low -= 1
            found += np.int64((draw(keep_key, low) >> HALF) <= u64(keep[ids[low]]))
        last_sentence = np.searchsorted(ends, stop - 1, side="right")
        end = min(ends[last_sentence], stop + MARGIN + window)
        high, found = stop, np.int64(0)
        while high < end and found < window:
            found += np.int64((draw(keep_key, high) >> HALF) <= u64(keep[ids[high]]))
            high += 1
        n = 0
        for p in range(low, high):
            w = ids[p]
            if (draw(keep_key, p) >> HALF) <= u64(keep[w]):
                if places[w] < 0:
                    places[w] = n
                    words[k, n] = w
                    n += 1
                numbers[k, p - low] = places[w]
            else:
                numbers[k, p - low] = -1
        rows[k, 0] = n
        piece_key = longer_key(noise_key, before + k)
        pool = max(LEAST_POOL, int((stop - start) * pool_share))
        for i in range(pool):
            w = draw_word(draw(piece_key, i), noise)
            if places[w] < 0:
                places[w] = n
                words[k, n] = w
                n += 1
            tables[k, i] = u64(places[w])
        rows[k, 1] = n
        for i in range(n):
            places[words[k, i]] = -1
        for s in range(sentence, last_sentence + 1):
            piece_ends[k, s - sentence] = min(ends[s], high) - low
        keys[k] = keep_key + u64(low) * GOLDEN  # a place in the piece draws what it draws in the text
        spans[k, 0], spans[k, 1], spans[k, 2], spans[k, 3] = low, high, last_sentence + 1 - sentence, pool
        return made_of

    return number


def find_shared(flight: Flight, first: np.ndarray) -> None:
    """Find the words that several pieces have. `first` is (V,) int32, all −1 before and after."""
    f = flight
    f.shared = share(f.words[: f.pieces], f.rows, first, f.use, f.after, f.last, f.heads)


@kernel
def share(words, rows, first, use, after, last, heads):  # type: ignore[no-untyped-def]
    """See `find_shared`; `last` is where a word stands last so far, by where it stands first. Returns how many."""
    room, n = words.shape[1], 0
    for s in range(words.shape[0]):
        for i in range(rows[s, 1]):
            w, at = words[s, i], s * room + i
            head = first[w]
            after[at] = -1
            if head < 0:
                first[w] = last[at] = at
                use[at] = ALONE
                continue
            if use[head] == ALONE:
                heads[n] = head
                n += 1
                use[head] = IN_TEXT if head % room < rows[head // room, 0] else AS_NEGATIVE
            use[at] = IN_TEXT if i < rows[s, 0] else AS_NEGATIVE
            after[last[head]] = at
            last[head] = at
    for s in range(words.shape[0]):
        for i in range(rows[s, 1]):
            first[words[s, i]] = -1
    return n


@cache
def row_moves(stride: int) -> tuple[Callable[..., int], Callable[..., int]]:
    """Two moves of rows of `stride` floats; both prefetch, for the rows lie anywhere.

    Returns:
        borrow(E, C, V, k, words, rows, use, keep, ids, noise, tokens, pool): copy the rows that piece k shares with
        others, and put row numbers into its text and its pool.
        give_back(E, C, V, words, use, after, heads, uses_E, uses_C, rate): the steps of all copies of the words at
        `heads` back into their rows; see the head of `flights.py`.
    """
    made_of = sources()
    size = stride * 4

    @kernel
    def borrow(E, C, V, k, words, rows, use, keep, ids, noise, tokens, pool):  # type: ignore[no-untyped-def]
        e, c = E.ctypes.data, C.ctypes.data
        text, n, here = rows[k, 0], rows[k, 1], k * words.shape[1]
        row_of = np.empty(n, np.int32)
        for i in range(n):
            ahead = min(i + AHEAD, n - 1)
            if use[here + ahead] != ALONE:
                prefetch(stride, e + np.int64(words[k, ahead]) * size)
                prefetch(stride, c + np.int64(words[k, ahead]) * size)
                prefetch(stride, c + np.int64(V + 1 + here + ahead) * size)
                if ahead < text:
                    prefetch(stride, e + np.int64(V + 1 + here + ahead) * size)
            w = words[k, i]
            row_of[i] = w
            if use[here + i] == ALONE:
                continue
            copy = V + 1 + here + i
            row_of[i] = copy
            keep[copy] = keep[w]
            if i < text:
                for j in range(stride):
                    E[copy, j] = E[w, j]
            for j in range(stride):
                C[copy, j] = C[w, j]
        for p in range(tokens):
            i = ids[k, p]
            ids[k, p] = row_of[i] if i >= 0 else V
        for i in range(pool):
            noise[k, i] = u64(row_of[noise[k, i]])
        return made_of

    @kernel
    def give_back(E, C, V, words, use, after, heads, uses_E, uses_C, rate):  # type: ignore[no-untyped-def]
        room, n = words.shape[1], heads.shape[0]
        e, c = E.ctypes.data, C.ctypes.data
        total = np.empty(stride, np.float32)
        for o in range(n):
            at = heads[min(o + WORDS_AHEAD, n - 1)]
            w = np.int64(words[at // room, at % room])
            prefetch(stride, e + w * size)
            prefetch(stride, c + w * size)
            while at >= 0:
                prefetch(stride, e + np.int64(V + 1 + at) * size)
                prefetch(stride, c + np.int64(V + 1 + at) * size)
                at = after[at]
            w = words[heads[o] // room, heads[o] % room]
            for A, uses, least in ((E, uses_E, IN_TEXT), (C, uses_C, AS_NEGATIVE)):
                m = 0
                at = heads[o]
                while at >= 0:
                    if use[at] >= least:
                        copy = V + 1 + at
                        if m == 0:
                            for j in range(stride):
                                total[j] = A[copy, j]
                        else:
                            for j in range(stride):
                                total[j] += A[copy, j]
                        m += 1
                    at = after[at]
                if m == 1:
                    for j in range(stride):
                        A[w, j] = total[j]
                elif m > 1:
                    q, gain = np.float32(np.exp(-rate * uses[w])), np.float32(1)  # `overshoot.gain`
                    for _ in range(m - 1):
                        gain = gain * q + np.float32(1)
                    gain /= np.float32(m)
                    for j in range(stride):
                        A[w, j] += gain * (total[j] - np.float32(m) * A[w, j])
        return made_of

    return borrow, give_back
