"""A text shared out among several readers: each gets a stretch of it, and together they read all of it once.

The sources lie one after the other on a line of bytes, which is cut into equal parts. A plain file is cut where a
sentence ends, or between two words where no sentence ends for `SEARCHED` bytes; a packed file cannot be cut, and goes
to one reader as a whole. All readers find the same places, each for itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from sgns.base.files import packed_kind
from sgns.config import Sentences
from sgns.errors import InputError
from sgns.text.sources import Source
from sgns.text.stream import HEAD

SEARCHED = 1 << 24  # bytes after a cut in which the end of a sentence is looked for
STEP = 1 << 16  # bytes looked at together
OVERLAP = 3  # the longest end of a sentence, an empty line
BLANK = re.compile(rb"[\x00-\x20]")
ENDS = {"line": re.compile(rb"[\r\n]"), "paragraph": re.compile(rb"\n\r?\n|\r\r"), "none": BLANK}


@dataclass(frozen=True)
class Share:
    """What one reader reads.

    Attributes:
        sources: Whole files and parts of files, in the order of the text.
        torn: Cuts at its ends that tear a sentence, because it is longer than `SEARCHED`.
    """

    sources: list[Source]
    torn: int


def share_out(sources: Sequence[Source], reader: int, readers: int, sentences: Sentences) -> Share:
    """The part of a text that reader number `reader` of `readers` reads.

    Args:
        sources: All of the text, the same for all readers.
        reader: From 0.
        readers: How many there are.
        sentences: What ends a sentence (`Config.sentences`).

    Raises:
        InputError: a stream among several readers, or nothing is left for this one.
    """
    if readers == 1:
        return Share(list(sources), 0)
    if stream := next((source for source in sources if source.stamp is None), None):
        raise InputError(f"{stream.name} can be read only once, and {readers} ranks share the text; give files")
    sizes = [source.size or 0 for source in sources]
    total, mine, torn, begin = sum(sizes), list[Source](), 0, 0
    low, high = total * reader // readers, total * (reader + 1) // readers
    for source, size in zip(sources, sizes, strict=True):
        end = begin + size
        if is_packed(source):
            if low <= (begin + end) // 2 < high:
                mine.append(source)
        elif begin < high and end > low and size:
            (first, one), (last, other) = cut(source, low - begin, sentences), cut(source, high - begin, sentences)
            if first < last:
                mine.append(source if (first, last) == (0, size) else replace(source, span=(first, last)))
                torn += one + other
        begin = end
    if not mine:
        packed = sum(map(is_packed, sources))
        raise InputError(
            f"{len(sources)} files ({packed} packed, {total:,} bytes) leave nothing to read for rank {reader} of "
            f"{readers}; a packed file is not cut: give more files, unpack them, or start fewer ranks"
        )
    return Share(mine, torn)


def is_packed(source: Source) -> bool:
    """Whether a file is compressed, by its first bytes."""
    try:
        with open(source.path or source.name, "rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False  # the reader will say what is wrong
    return bool(packed_kind(head))


def cut(source: Source, wanted: int, sentences: Sentences) -> tuple[int, bool]:
    """Where a plain file is cut for a wanted place: behind the next end of a sentence.

    Returns:
        The place in bytes, and whether a sentence is torn there.
    """
    size = source.size or 0
    if wanted <= 0 or wanted >= size:
        return min(max(wanted, 0), size), False
    assert source.path is not None
    with open(source.path, "rb") as file:
        place = search(file, wanted, size, ENDS[sentences])
        if place is not None:
            return place, sentences == "none"
        place = search(file, wanted, size, BLANK)
    return (size, False) if place is None else (place, True)


def search(file: BinaryIO, wanted: int, size: int, end: "re.Pattern[bytes]") -> int | None:
    """The first place from `wanted` on behind a match of `end`; None if there is none in `SEARCHED` bytes.

    The end of the file ends a sentence too.
    """
    start = max(0, wanted - OVERLAP)  # a sentence may end just where the cut is wanted
    file.seek(start)
    text, searched = b"", 0
    while searched < SEARCHED:
        more = file.read(STEP)
        if not more:
            return size
        text = text[-OVERLAP:] + more
        here = start + searched + len(more) - len(text)  # place of text[0]
        searched += len(more)
        for match in end.finditer(text):
            if here + match.end() >= wanted:
                return here + match.end()
    return None
