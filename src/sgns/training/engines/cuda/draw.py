"""The random draws on the GPU: which tokens subsampling keeps, how far each window reaches, which words are the noise.

Every draw is Philox (Salmon et al. 2011), a hash of (key, index) as on the CPU: the tokens at the border of a block
are drawn alike for the block before and the block after, and no draw depends on the order in which programs run.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl

PROGRAM_TOKENS = 1024  # tokens that one program draws
HALO = 64  # tokens beyond the border of a block that are drawn, for each token of the window


@dataclass(frozen=True)
class Kept:
    """The tokens of a block and its neighbourhood that subsampling keeps, on the device."""

    words: torch.Tensor  # (n,) int32
    sentences: torch.Tensor  # (n,) int32, numbers that differ between sentences
    reaches: torch.Tensor  # (n,) int32, how far the window of each as a centre reaches, 1 to w
    first: int  # the centres are first:last; what lies beyond are inputs of their windows
    last: int
    n: int


@triton.jit
def draw_word(key, index, noise_table, V):
    """The noise words at `index` of the stream `key`; for `noise_table` see `sampling.alias_table`."""
    cell, own, _, _ = tl.randint4x(key, index)
    cell = tl.umulhi(cell.to(tl.uint32, bitcast=True), V.to(tl.uint32)).to(tl.int64)
    entry = tl.load(noise_table + cell).to(tl.uint64, bitcast=True)
    alias = (entry & 0xFFFFFFFF).to(tl.int32)
    return tl.where(own.to(tl.uint32, bitcast=True).to(tl.uint64) < (entry >> 32), cell.to(tl.int32), alias)


@triton.jit(do_not_specialize=["start", "n", "key", "window"])  # a window of 1 would become a constant
def draw_tokens(ids, start, n, keep_thresholds, key, window, marks, reaches, TOKENS: tl.constexpr):
    """Draws which of ids[start : start + n] are kept, and how far their windows reach.

    The sign bit of an id is set if the token begins a sentence. `marks` (n,) int64, out: 1 for a kept token, plus 2^32
    where a sentence begins, so that one running sum counts both. `reaches` (n,) int32, out.
    """
    i = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    there = i < n
    entry = tl.load(ids + start + i, mask=there, other=0)
    random, reach, _, _ = tl.randint4x(key, start + i.to(tl.int64))
    threshold = tl.load(keep_thresholds + (entry & 0x7FFFFFFF), mask=there, other=0)
    is_kept = random.to(tl.uint32, bitcast=True).to(tl.int64) <= threshold
    begins = (entry < 0).to(tl.int64)
    tl.store(marks + i, is_kept.to(tl.int64) + (begins << 32), mask=there)
    shorter = tl.umulhi(reach.to(tl.uint32, bitcast=True), window.to(tl.uint32)).to(tl.int32)
    tl.store(reaches + i, window - shorter, mask=there)


@triton.jit(do_not_specialize=["start", "n"])
def pack_tokens(ids, start, n, sums, all_reaches, words, sentences, reaches, TOKENS: tl.constexpr):
    """Copies the kept tokens to the indices that the running sums of the marks of `draw_tokens` give them."""
    i = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    there = i < n
    total = tl.load(sums + i, mask=there, other=0)
    before = tl.load(sums + i - 1, mask=there & (i > 0), other=0)
    is_kept = there & ((total & 0xFFFFFFFF) != (before & 0xFFFFFFFF))
    index = (total & 0xFFFFFFFF) - 1
    tl.store(words + index, tl.load(ids + start + i, mask=is_kept, other=0) & 0x7FFFFFFF, mask=is_kept)
    tl.store(sentences + index, (total >> 32).to(tl.int32), mask=is_kept)
    tl.store(reaches + index, tl.load(all_reaches + i, mask=is_kept, other=0), mask=is_kept)
