"""A batch of chunks of text, planned before it is trained: words are numbered, and those that chunks share are found.

See `deterministic.py`. A row number below V is the row of a word; V stands for a token that subsampling drops; from
V + 1 on each chunk has a range of rows for copies, one for each word that it can have.
"""

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import kernel
from sgns.training.engines.sampling import GOLDEN, HALF, draw, draw_word, longer_key, sentence_of

MARGIN = 4_096  # tokens on each side of a chunk that are searched for the inputs of its outermost windows
LEAST_POOL = 64  # negatives in the pool of a chunk
ALONE, AS_NEGATIVE, IN_TEXT = 0, 1, 2  # the use of a word in a chunk: no other chunk has it; or others have it as well

u64 = np.uint64


class Batch:
    """The plan of a batch of S chunks at most.

    The words of a chunk are numbered from 0, those of its text first, then those that are only in its pool of
    negatives; what belongs to word i of chunk s is at index s·capacity + i of arrays of one dimension.

    Attributes:
        chunks: Chunks of this batch, S at most.
        name: Epoch, block, and number of the first chunk in the block: the draws depend on them.
        shared: Words that several chunks have.
        cuts: (S + 1,) int64, the borders of the chunks in the text.
        keep_keys: (S,) uint64, the stream that says which tokens are kept, counted from the first token of `ids`.
        bounds: (S, 4) int64: the first token, with the neighbours of the chunk; one past the last; the number of
            sentences; the number of negatives in the pool.
        word_counts: (S, 2) int64, the number of words in the text, and in text and pool.
        words: (S, capacity) int32, the word of each number.
        ids: (S, tokens) int32, the text in numbers of words, −1 for a dropped token; in row numbers once its rows are
            copied.
        sentence_ends: (S, sentences) int64, ends of its sentences.
        pool: (S, negatives) uint64, the pool of negatives, as an alias table for `draw_word`; numbers as in `ids`.
        use: (S·capacity,) uint8, ALONE, AS_NEGATIVE or IN_TEXT.
        next_copy: (S·capacity,) int32, the index of the same word in the next chunk that has it; −1 for none.
        last_copy: (S·capacity,) int32, by the first index of a word: its last one.
        first_copies: (S·capacity,) int32, the first index of each word that is shared.
    """

    def __init__(self, chunks: int, tokens: int, window: int, capacity: int, pool: int) -> None:
        """Allocates the arrays.

        Args:
            chunks: S.
            tokens: Of a chunk at most.
            window: Largest reach of a window.
            capacity: Words of a chunk at most.
            pool: Negatives of a chunk at most.
        """
        length, all_words = tokens + 2 * (MARGIN + window), chunks * capacity
        self.chunks, self.name, self.shared = 0, (0, 0, 0), 0
        self.cuts, self.keep_keys = np.zeros(chunks + 1, np.int64), np.zeros(chunks, np.uint64)
        self.bounds, self.word_counts = np.zeros((chunks, 4), np.int64), np.zeros((chunks, 2), np.int64)
        self.words = np.zeros((chunks, capacity), np.int32)
        self.ids, self.sentence_ends = np.zeros((chunks, length), np.int32), np.zeros((chunks, length), np.int64)
        self.pool = np.zeros((chunks, pool), np.uint64)
        self.use = np.zeros(all_words, np.uint8)
        self.next_copy, self.last_copy, self.first_copies = (np.zeros(all_words, np.int32) for _ in range(3))


@kernel
def number_words(
    ids, sentence_ends, window, keep_thresholds, keep_key, noise_table, noise_key, before, pool_share, numbers, k,
    cuts, keep_keys, bounds, word_counts, words, chunk_ids, chunk_sentence_ends, pools,
):  # fmt: skip
    """Numbers the words of chunk k, of its neighbours on both sides, and of its pool.

    Args:
        ids: (n,) int32, the corpus.
        sentence_ends: (s,) int64.
        window: Largest reach of a window.
        keep_thresholds: (V,) uint32.
        keep_key: Key of the stream that says which tokens are kept.
        noise_table: (V,) uint64.
        noise_key: Key of the negatives of the block.
        before: Chunks of the block before this batch.
        pool_share: Negatives in the pool for each token of the chunk.
        numbers: (V,) int32, all −1 before and after.
        k: The chunk.
        cuts: The arrays of `Batch` from here on; all but this one are changed.
        keep_keys: See `Batch`.
        bounds: See `Batch`.
        word_counts: See `Batch`.
        words: See `Batch`.
        chunk_ids: `Batch.ids`.
        chunk_sentence_ends: `Batch.sentence_ends`.
        pools: `Batch.pool`.
    """
    start, stop = cuts[k], cuts[k + 1]
    sentence = sentence_of(sentence_ends, start)
    begin = larger(sentence_ends[sentence - 1] if sentence > 0 else np.int64(0), start - MARGIN - window)
    low, found = start, np.int64(0)
    while low > begin and found < window:
        low -= 1
        found += np.int64((draw(keep_key, low) >> HALF) <= u64(keep_thresholds[ids[low]]))
    last_sentence = sentence_of(sentence_ends, stop - 1)
    end = smaller(sentence_ends[last_sentence], stop + MARGIN + window)
    high, found = stop, np.int64(0)
    while high < end and found < window:
        found += np.int64((draw(keep_key, high) >> HALF) <= u64(keep_thresholds[ids[high]]))
        high += 1
    n = 0
    for p in range(low, high):
        w = ids[p]
        if (draw(keep_key, p) >> HALF) <= u64(keep_thresholds[w]):
            if numbers[w] < 0:
                numbers[w] = n
                words[k, n] = w
                n += 1
            chunk_ids[k, p - low] = numbers[w]
        else:
            chunk_ids[k, p - low] = -1
    word_counts[k, 0] = n
    chunk_key = longer_key(noise_key, before + k)
    pool = larger(LEAST_POOL, int((stop - start) * pool_share))
    for i in range(pool):
        w = draw_word(draw(chunk_key, i), noise_table)
        if numbers[w] < 0:
            numbers[w] = n
            words[k, n] = w
            n += 1
        pools[k, i] = u64(numbers[w])
    word_counts[k, 1] = n
    for i in range(n):
        numbers[words[k, i]] = -1
    for s in range(sentence, last_sentence + 1):
        chunk_sentence_ends[k, s - sentence] = smaller(sentence_ends[s], high) - low
    keep_keys[k] = keep_key + u64(low) * GOLDEN  # an index in the chunk draws what it draws in the text
    bounds[k, 0], bounds[k, 1] = low, high
    bounds[k, 2], bounds[k, 3] = last_sentence + 1 - sentence, pool


def find_shared(batch: Batch, first: np.ndarray) -> None:
    """Finds the words that several chunks have. `first` is (V,) int32, all −1 before and after."""
    b = batch
    b.shared = link_copies(b.words[: b.chunks], b.word_counts, first, b.use, b.next_copy, b.last_copy, b.first_copies)


@kernel
def link_copies(words, word_counts, first, use, next_copy, last_copy, first_copies):
    """Fills the arrays of `Batch` that say which chunks have a word; returns the number of words that are shared."""
    capacity, n = words.shape[1], 0
    for s in range(words.shape[0]):
        for i in range(word_counts[s, 1]):
            w, at = words[s, i], s * capacity + i
            head = first[w]
            next_copy[at] = -1
            if head < 0:
                first[w] = last_copy[at] = at
                use[at] = ALONE
                continue
            if use[head] == ALONE:
                first_copies[n] = head
                n += 1
                use[head] = IN_TEXT if head % capacity < word_counts[head // capacity, 0] else AS_NEGATIVE
            use[at] = IN_TEXT if i < word_counts[s, 0] else AS_NEGATIVE
            next_copy[last_copy[head]] = at
            last_copy[head] = at
    for s in range(words.shape[0]):
        for i in range(word_counts[s, 1]):
            first[words[s, i]] = -1
    return n
