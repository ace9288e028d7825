# mypy: disable-error-code="no-untyped-def"
"""What the GPU draws: which tokens survive, how far each window reaches, which words are the noise.

Every draw is Philox (Salmon et al. 2011), a hash of (key, position) as on the CPU: the tokens at the edge of a block
are drawn alike by the block before and the block after, and no draw depends on the order in which programs run.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl

CHUNK = 1024  # tokens that one program draws
HALO = 64  # tokens looked at beyond a block's edge for each token of the window


@dataclass(frozen=True)
class Kept:
    """The surviving tokens of a block and its neighbourhood, on the device."""

    words: torch.Tensor  # (n,) int32
    sentences: torch.Tensor  # (n,) int32, numbers that differ between sentences
    reaches: torch.Tensor  # (n,) int32, how far the window of each as a centre reaches, 1 to w
    first: int  # the centres are first:last; what lies beyond are inputs of their windows
    last: int
    n: int


@triton.jit
def draw_word(key, place, cells, V):
    """The noise words that belong to `place`; `cells` is the alias table of `sampling.noise_table`."""
    cell, own, _, _ = tl.randint4x(key, place)
    cell = tl.umulhi(cell.to(tl.uint32, bitcast=True), V.to(tl.uint32)).to(tl.int64)
    entry = tl.load(cells + cell).to(tl.uint64, bitcast=True)
    alias = (entry & 0xFFFFFFFF).to(tl.int32)
    return tl.where(own.to(tl.uint32, bitcast=True).to(tl.uint64) < (entry >> 32), cell.to(tl.int32), alias)


@triton.jit(do_not_specialize=["start", "n", "key", "window"])  # a window of 1 would become a constant
def draw_tokens(ids, start, n, keep, key, window, marks, reaches, CHUNK: tl.constexpr):
    """Draw survival and reach of ids[start : start + n].

    `ids` carries in its sign bit whether the token begins a sentence. `marks` (n,) int64, out: 1 for a survivor, plus
    2^32 where a sentence begins, so that one running sum counts both. `reaches` (n,) int32, out.
    """
    i = tl.program_id(0) * CHUNK + tl.arange(0, CHUNK)
    there = i < n
    entry = tl.load(ids + start + i, mask=there, other=0)
    survival, reach, _, _ = tl.randint4x(key, start + i.to(tl.int64))
    threshold = tl.load(keep + (entry & 0x7FFFFFFF), mask=there, other=0)
    survives = survival.to(tl.uint32, bitcast=True).to(tl.int64) <= threshold
    begins = (entry < 0).to(tl.int64)
    tl.store(marks + i, survives.to(tl.int64) + (begins << 32), mask=there)
    shorter = tl.umulhi(reach.to(tl.uint32, bitcast=True), window.to(tl.uint32)).to(tl.int32)
    tl.store(reaches + i, window - shorter, mask=there)


@triton.jit(do_not_specialize=["start", "n"])
def pack_tokens(ids, start, n, sums, all_reaches, words, sentences, reaches, CHUNK: tl.constexpr):
    """Copy the survivors to the places that the running sums of `draw_tokens`' marks give them."""
    i = tl.program_id(0) * CHUNK + tl.arange(0, CHUNK)
    there = i < n
    total = tl.load(sums + i, mask=there, other=0)
    before = tl.load(sums + i - 1, mask=there & (i > 0), other=0)
    survives = there & ((total & 0xFFFFFFFF) != (before & 0xFFFFFFFF))
    place = (total & 0xFFFFFFFF) - 1
    tl.store(words + place, tl.load(ids + start + i, mask=survives, other=0) & 0x7FFFFFFF, mask=survives)
    tl.store(sentences + place, (total >> 32).to(tl.int32), mask=survives)
    tl.store(reaches + place, tl.load(all_reaches + i, mask=survives, other=0), mask=survives)
