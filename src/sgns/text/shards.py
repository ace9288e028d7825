"""Divides a text into shards, one for each rank; together they are the text, and no byte is in two of them.

The sources follow one another on a line of bytes, which is cut into equal parts. A plain file is cut where a sentence
ends, or between two words where no sentence ends for `SEARCHED` bytes; a compressed file is not cut, and belongs to one
shard as a whole, as all files do where each is a document. Every rank finds the same cuts by itself.
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
STEP = 1 << 16  # bytes in a block
OVERLAP = 3  # bytes of the longest end of a sentence, an empty line
BLANK = re.compile(rb"[\x00-\x20]")
ENDS = {"line": re.compile(rb"\n|\r(?=[^\n])"), "paragraph": re.compile(rb"\n\r?\n|\r\r"), "none": BLANK}


@dataclass(frozen=True)
class Shard:
    """The part of a text that one rank reads.

    Attributes:
        sources: whole files and parts of files, in the order of the text.
        cut_sentences: sentences longer than `SEARCHED` that its ends cut.
    """

    sources: list[Source]
    cut_sentences: int


def shard_of(
    sources: Sequence[Source], rank: int, ranks: int, sentences: Sentences, whole_files: bool = False
) -> Shard:
    """The shard of a text that `rank` reads.

    Args:
        sources: all of the text, the same for all ranks.
        rank: from 0.
        ranks: how many there are.
        sentences: what ends a sentence (`Config.sentences`).
        whole_files: no file is cut.

    Raises:
        InputError: one source is a stream and there are several ranks; or nothing is left for this one.
    """
    if ranks == 1:
        return Shard(list(sources), 0)
    if stream := next((source for source in sources if source.fingerprint is None), None):
        raise InputError(f"{stream.name} can be read only once, and {ranks} ranks read a shard each; give files")
    sizes = [source.size or 0 for source in sources]
    total, mine, cut_sentences, begin = sum(sizes), list[Source](), 0, 0
    low, high = total * rank // ranks, total * (rank + 1) // ranks
    for source, size in zip(sources, sizes, strict=True):
        end = begin + size
        if whole_files or is_packed(source):
            if low <= (begin + end) // 2 < high:
                mine.append(source)
        elif begin < high and end > low and size:
            (first, one), (last, other) = cut(source, low - begin, sentences), cut(source, high - begin, sentences)
            if first < last:
                mine.append(source if (first, last) == (0, size) else replace(source, span=(first, last)))
                cut_sentences += one + other
        begin = end
    if not mine:
        packed = sum(map(is_packed, sources))
        why = "a file is one document and is not cut" if whole_files else "a packed file is not cut"
        remedy = "give more files" + ("" if whole_files else ", unpack them")
        raise InputError(
            f"{len(sources)} files ({packed} packed, {total:,} bytes) leave nothing to read for rank {rank} of "
            f"{ranks}; {why}: {remedy}, or start fewer ranks"
        )
    return Shard(mine, cut_sentences)


def is_packed(source: Source) -> bool:
    """Whether a file is compressed, by its first bytes; a table is not cut either."""
    if source.column is not None:
        return True
    try:
        with open(source.path or source.name, "rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False  # the reader will say what is wrong
    return bool(packed_kind(head))


def cut(source: Source, wanted: int, sentences: Sentences) -> tuple[int, bool]:
    """Where a plain file is cut when a cut at byte `wanted` is asked for: behind the next end of a sentence.

    Returns:
        The position in bytes, and whether a sentence is cut there.
    """
    size = source.size or 0
    if wanted <= 0 or wanted >= size:
        return min(max(wanted, 0), size), False
    assert source.path is not None
    with open(source.path, "rb") as file:
        position = search(file, wanted, size, ENDS[sentences])
        if position is not None:
            return position, sentences == "none"
        position = search(file, wanted, size, BLANK)
    return (size, False) if position is None else (position, True)


def search(file: BinaryIO, wanted: int, size: int, end: "re.Pattern[bytes]") -> int | None:
    """The first position from `wanted` on behind a match of `end`; None if there is none in `SEARCHED` bytes.

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
        here = start + searched + len(more) - len(text)  # position of text[0]
        searched += len(more)
        for match in end.finditer(text):
            if here + match.end() >= wanted:
                return here + match.end()
    return None
