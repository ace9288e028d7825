"""Which rows of E are those of the document that a centre stands in, for each centre of a drawn block."""

from typing import NamedTuple

import numpy as np

from sgns.base.instructions import smaller
from sgns.base.jit import kernel
from sgns.training.engines.sampling import HALF, draw, draw_noise, sentence_of

u64 = np.uint64


class Tags(NamedTuple):
    """The rows of the documents.

    Attributes:
        first: (≥ m,) int64, index in `rows` of the first tag of each kept word's document.
        last: As first, one past the last.
        rows: (n,) int32, rows of E: V + the number of the tag.
    """

    first: np.ndarray
    last: np.ndarray
    rows: np.ndarray


def no_tags() -> Tags:
    """For a model without documents."""
    nothing = np.zeros(0, np.int64)
    return Tags(nothing, nothing, np.zeros(0, np.int32))


@kernel
def tag_centres(ids, sentence_ends, start, stop, first, keep_thresholds, key, starts, tags):
    """Finds the tags of the centres that `draw_block` has drawn with the same arguments.

    Args:
        ids: (n,) int32, the corpus.
        sentence_ends: (s,) int64.
        start: First token of the block.
        stop: One past its last token.
        first: The first centre.
        keep_thresholds: (V,) uint32.
        key: Of the stream that says which tokens are kept.
        starts: (s + 1,) int64, the tags of sentence i are starts[i]:starts[i + 1].
        tags: Out: first and last.
    """
    sentence = sentence_of(sentence_ends, start)
    c, position = first, start
    while position < stop:
        here = smaller(sentence_ends[sentence], stop)
        for p in range(position, here):
            if (draw(key, p) >> HALF) <= u64(keep_thresholds[ids[p]]):
                tags.first[c], tags.last[c] = starts[sentence], starts[sentence + 1]
                c += 1
        position = here
        sentence += 1


@kernel
def draw_tagged(
    ids, sentence_ends, start, stop, keep_thresholds, keep_key, noise_table, noise_key, lifetime, draws, tiles_of,
    starts, block, tags,
):  # fmt: skip
    """Draws ids[start:stop] for PV-DBOW: each kept word is a centre once for each tag of its document.

    Args:
        ids: See `draw_block`, and so on.
        sentence_ends: (s,) int64.
        start: First token of the block.
        stop: One past its last token.
        keep_thresholds: (V,) uint32.
        keep_key: Of the stream that says which tokens are kept.
        noise_table: (V,) uint64.
        noise_key: Of the stream of negatives.
        lifetime: Tiles that a set of negatives serves.
        draws: Negatives in a set.
        tiles_of: Centres of a tile.
        starts: (s + 1,) int64, see `tag_centres`.
        block: Out: kept and drawn.
        tags: Out: first and last.

    Returns:
        The number of centres.
    """
    kept = block.kept
    sentence = sentence_of(sentence_ends, start)
    m, position = np.int64(0), start
    while position < stop:
        here = smaller(sentence_ends[sentence], stop)
        for t in range(starts[sentence], starts[sentence + 1]):
            for p in range(position, here):
                if (draw(keep_key, p) >> HALF) <= u64(keep_thresholds[ids[p]]):
                    kept[m] = ids[p]
                    tags.first[m], tags.last[m] = t, t + 1
                    m += 1
        position = here
        sentence += 1
    tiles = (m + tiles_of - 1) // tiles_of
    draw_noise(noise_key, noise_table, block.drawn, (tiles // lifetime + 2) * draws)
    return m
