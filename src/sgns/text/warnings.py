"""What the user should be told about a text: kept with it as plain facts, worded when it is read."""

import bisect
from dataclasses import replace
from typing import Any

from sgns.text.chunks import CHUNK, Reader
from sgns.text.encoded import Encoded
from sgns.text.sources import Source
from sgns.text.stream import Stream


def facts_of(reader: Reader, result: Encoded) -> dict[str, Any]:
    """What the notes are made of, as plain values."""
    facts: dict[str, Any] = {"torn": reader.torn, "skipped": reader.skipped, "raw_tokens": result.raw_tokens}
    facts["unsegmented"] = result.unsegmented
    count, position = result.broken
    if count:
        which = bisect.bisect_right(reader.starts, position) - 1
        facts["broken"] = [count, which, line_of(reader.sources[which], position - reader.starts[which])]
    return facts


def line_of(source: Source, position: int) -> int | None:
    """The line, from 1, in which byte `position` stands; None for a stream, which cannot be read again."""
    if source.stamp is None:
        return None
    if source.span is not None:  # lines are counted in the whole file
        position += source.span[0]
        source = replace(source, span=None)
    stream, lines, left = Stream(source), 1, position
    buffer = bytearray(CHUNK)
    while left > 0 and (read := stream.readinto(memoryview(buffer)[: min(left, CHUNK)])):
        lines += buffer.count(b"\n", 0, read)
        left -= read
    stream.close()
    return lines


def notes_of(facts: dict[str, Any], sources: list[Source]) -> list[str]:
    """What the user should know about the text, a sentence each."""
    notes = []
    if "broken" in facts:
        count, which, line = facts["broken"]
        where = sources[min(which, len(sources) - 1)].name + (f", line {line}" if line else "")
        notes.append(f"{count:,} bytes that are not UTF-8 were replaced by U+FFFD, the first in {where}")
    if facts["skipped"]:
        first, n = facts["skipped"][0], len(facts["skipped"])
        notes.append(f"{n} binary {'file was' if n == 1 else 'files were'} left out, the first {first}")
    if facts["torn"]:
        notes.append(f"runs of more than {CHUNK >> 20} MiB without white space were cut, {facts['torn']} times")
    if facts["unsegmented"] * 20 > facts["raw_tokens"]:
        notes.append(
            f"{facts['unsegmented']:,} tokens are long runs of a script without spaces between words (Chinese, "
            "Japanese, Thai, …); split the text into words first, for example with jieba, fugashi or pythainlp"
        )
    return notes
