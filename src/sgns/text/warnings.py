"""What a user should know about a text: facts that are stored with it, and the sentences made of them."""

import bisect
from dataclasses import dataclass, replace
from typing import Any

from sgns.text.chunks import CHUNK, ChunkReader
from sgns.text.documents import document_warnings
from sgns.text.sources import Source
from sgns.text.stream import Stream


@dataclass
class TextFacts:
    """What encoding found out about a text, beside its ids, sentence ends and vocabulary.

    Attributes:
        raw_tokens: words, before min_count and max_vocabulary.
        distinct: distinct words, before these.
        highest: count of the most frequent word.
        invalid_bytes: bytes that are not UTF-8.
        first_invalid: position in the text of the first raw token with such bytes, -1 without any.
        unsegmented: raw tokens that are long runs of a script without blanks between words.
    """

    raw_tokens: int = 0
    distinct: int = 0
    highest: int = 0
    invalid_bytes: int = 0
    first_invalid: int = -1
    unsegmented: int = 0


def stored_facts(reader: ChunkReader, facts: TextFacts) -> dict[str, Any]:
    """All that the warnings are made of, as plain values; the reader has read the whole text."""
    stored: dict[str, Any] = {
        "raw_tokens": facts.raw_tokens,
        "unsegmented": facts.unsegmented,
        "skipped": reader.skipped,
        "cuts": reader.cuts,
    }
    if facts.invalid_bytes:
        which = bisect.bisect_right(reader.starts, facts.first_invalid) - 1
        line = line_of(reader.sources[which], facts.first_invalid - reader.starts[which])
        stored["invalid"] = [facts.invalid_bytes, which, line]
    return stored


def line_of(source: Source, position: int) -> int | None:
    """The number, from 1, of the line that holds byte `position`; None for a stream, a table or documents."""
    if source.fingerprint is None or source.column is not None or source.documents is not None:
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


def warnings_of(stored: dict[str, Any], sources: list[Source]) -> list[str]:
    """The warnings about a text, a sentence each.

    Args:
        stored: what `stored_facts` gave when this text was encoded, with what `derive.facts_of` gave.
        sources: where the text is now.
    """
    warnings = []
    if "invalid" in stored:
        count, which, line = stored["invalid"]
        where = sources[min(which, len(sources) - 1)].name + (f", line {line}" if line else "")
        warnings.append(f"{count:,} bytes that are not UTF-8 were replaced by U+FFFD, the first in {where}")
    if stored.get("skipped"):
        first, n = stored["skipped"][0], len(stored["skipped"])
        column = next((source.column.name for source in sources if source.column is not None), None)
        files, be = ("file", "was") if n == 1 else ("files", "were")
        what = f"that {'is' if n == 1 else 'are'} no text" if column is None else f"without the column {column!r}"
        warnings.append(f"{n} {files} {what} {be} left out, the first {first}")
    if stored.get("cuts"):
        warnings.append(f"runs of more than {CHUNK >> 20} MiB without white space were cut, {stored['cuts']} times")
    if "documents" in stored:
        warnings += document_warnings(stored["documents"])
    if stored.get("unsegmented", 0) * 20 > stored.get("raw_tokens", 0):
        warnings.append(
            f"{stored['unsegmented']:,} tokens are long runs of a script without spaces between words (Chinese, "
            "Japanese, Thai, …); split the text into words first, for example with jieba, fugashi or pythainlp"
        )
    for option, count, word in stored.get("missing", []):
        s, do = ("", "does") if count == 1 else ("s", "do")
        warnings.append(f"{count:,} word{s} of {option} {do} not occur in the text, the first {word!r}")
    if "unknown_phrases" in stored:
        count, phrase = stored["unknown_phrases"]
        s, have = ("", "has") if count == 1 else ("s", "have")
        warnings.append(
            f"{count:,} phrase{s} of the list {have} a word that the text does not have, the first {phrase!r}"
        )
    return warnings
