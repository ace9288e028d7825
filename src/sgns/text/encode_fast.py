"""Text of any size -> ids and vocabulary, in memory that depends on the number of distinct words only.

1. Scan. Each thread takes chunks in turn and numbers their spellings with a table of its own; the numbers go to a
   temporary file. A table that grows large is closed: its spellings are folded to words, and it begins anew. What came
   from one table is a segment.
2. Merge. The words of all segments are counted together. When they are too many for one table, they are dealt out by
   hash, and one part is counted at a time, so the counts stay exact whatever `max_vocabulary` is.
3. Write. The numbers of each chunk become ids, in the order of the text.

Everything that reaches the ids depends on the text alone: equal counts are ordered by first appearance, so the number
of threads changes nothing.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sgns.base.parallel import run_all, run_threads
from sgns.config import Config
from sgns.text.chunks import CHUNK, Chunk, Reader
from sgns.text.encoded import Encoded
from sgns.text.kernels.hash_table import (
    N_ITEMS,
    N_TAIL,
    HashTable,
    Strings,
    add_all,
    contents,
    look_up,
    new_table,
    parted,
    text_of,
)
from sgns.text.kernels.normalise import Normalised, normalise_all
from sgns.text.kernels.remap import remap
from sgns.text.kernels.scan import MARGIN, MODES, scan
from sgns.text.ranking import most_frequent
from sgns.text.spill import Spill, write_all

SEGMENT_SPELLINGS = 1 << 20  # a table with so many spellings is closed
SEGMENT_TAILS = 1 << 26  # or with so many bytes of long spellings
PART_WORDS = 1 << 20  # words counted in one table
FINE_PARTS = 256  # at most so many tables, one after the other

Progress = Callable[[str, int, int | None, str], None]


@dataclass
class Scanned:
    """Where the numbers of one chunk stand."""

    chunk: Chunk
    segment: int
    numbers: tuple[int, int]
    ends: tuple[int, int]
    spill: Spill


class Encoder:
    """One pass of the three steps. `reader` says afterwards what was read."""

    def __init__(self, reader: Reader, config: Config, threads: int, folder: Path | None, progress: Progress):
        """Prepare.

        Args:
            reader: the text.
            config: text options.
            threads: how many scan.
            folder: where temporary files go; None for the system's folder.
            progress: called from this thread.
        """
        self.reader, self.config, self.threads, self.folder, self.progress = reader, config, threads, folder, progress
        self._lock = threading.Lock()
        self._segments: list[Normalised] = []
        self._scanned: list[Scanned] = []
        self._spills: list[Spill] = []

    def run(self, ids: BinaryIO, ends: BinaryIO) -> Encoded:
        """Encode the text; ids (int32) and sentence ends (int64) are appended to two unbuffered files.

        Raises:
            InputError: a source cannot be read.
            OutputError: no room for the ids.
        """
        try:
            run_threads(self._scan, self.threads, self._tick)
            result, table, final = self._merge()
            if result.words:
                self._write(table, final, ids, ends, result)
            return result
        finally:
            for spill in self._spills:
                spill.close()

    def _tick(self) -> None:
        self.progress("read", self.reader.done, self.reader.total, "bytes")

    def _scan(self, stop: threading.Event) -> None:
        """Scan chunk after chunk, in one of the threads."""
        spill = Spill(self.folder)
        table, mine = new_table(), []
        buffer = np.empty(CHUNK + MARGIN, dtype=np.uint8)
        numbers, ends = np.empty(CHUNK // 2 + 1, dtype=np.int32), np.empty(CHUNK // 2 + 3, dtype=np.int32)
        with self._lock:
            self._spills.append(spill)
        while not stop.is_set():
            with self._lock:
                chunk = self.reader.next(buffer)
            if chunk is None:
                break
            self.reader.digest(chunk, buffer)
            buffer[chunk.size : chunk.size + MARGIN] = 32
            table, n, n_ends = scan(
                table, buffer, chunk.size, chunk.base, MODES[self.config.sentences], chunk.closing, numbers, ends
            )
            mine.append(Scanned(chunk, -1, spill.put(numbers[:n]), spill.put(ends[:n_ends]), spill))
            if table.used[N_ITEMS] > SEGMENT_SPELLINGS or table.used[N_TAIL] > SEGMENT_TAILS:
                self._close(table, mine, spill)
                table, mine = new_table(), []
        if not stop.is_set():
            self._close(table, mine, None)

    def _close(self, table: HashTable, scanned: list[Scanned], spill: Spill | None) -> None:
        """Fold the spellings of `table`; a `spill` takes the words out of memory."""
        segment = normalise_all(contents(table), self.config.lowercase, self.config.punctuation)
        if spill is not None:
            segment.words = Strings(*map(spill.keep, segment.words))
            segment.word, segment.lists, segment.starts = map(spill.keep, (segment.word, segment.lists, segment.starts))
        with self._lock:
            for one in scanned:
                one.segment = len(self._segments)
            self._segments.append(segment)
            self._scanned.extend(scanned)

    def _merge(self) -> tuple[Encoded, HashTable, np.ndarray]:
        """Choose the vocabulary: its words, a table that holds them all, and the id of each number in that table."""
        result = Encoded()
        broken = [segment for segment in self._segments if segment.invalid_bytes]
        if broken:
            result.broken = sum(one.invalid_bytes for one in broken), min(one.first_invalid for one in broken)
        result.unsegmented = sum(segment.unsegmented for segment in self._segments)
        result.raw_tokens = sum(int(segment.words.counts.sum()) for segment in self._segments)
        parts = min(-(-sum(len(segment.words.keys) for segment in self._segments) // PART_WORDS), FINE_PARTS)
        table = new_table()
        # What a word must have so that it can still be among the `max_vocabulary` most frequent ones.
        counts, first = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        least, last = self.config.min_count, 2**62
        for part in self._parts(parts):
            strings = contents(part)
            result.distinct += len(strings.keys)
            result.highest = max(result.highest, int(strings.counts.max(initial=0)))
            if parts == 1:
                table = part
                break
            chosen = np.flatnonzero((strings.counts > least) | ((strings.counts == least) & (strings.first <= last)))
            table = add_all(table, strings, chosen)
            if self.config.max_vocabulary is not None:
                counts = np.concatenate([counts, strings.counts[chosen]])
                first = np.concatenate([first, strings.first[chosen]])
                best = most_frequent(counts, first, self.config)
                counts, first = counts[best], first[best]
                if len(best) == self.config.max_vocabulary:
                    least, last = int(counts[-1]), int(first[-1])
            del part, strings, chosen  # before the next part is counted
        strings = contents(table)
        order = most_frequent(strings.counts, strings.first, self.config)
        final = np.full(max(len(strings.keys), 1), -1, dtype=np.int32)
        final[order] = np.arange(len(order), dtype=np.int32)
        result.words = text_of(strings, order).decode().split("\n")[:-1]
        result.counts = strings.counts[order]
        return result, table, final

    def _parts(self, parts: int) -> Iterator[HashTable]:
        """The words of all segments, each word in one part only, with their counts over the whole text."""
        if parts == 1:
            table = new_table()
            for segment in self._segments:
                table = add_all(table, segment.words)
            yield table
            return
        grouped = []
        for segment in self._segments:
            places, starts = parted(segment.words, FINE_PARTS)
            grouped.append((self._spills[0].keep(places), starts))
        for part in range(parts):
            low, high = part * FINE_PARTS // parts, (part + 1) * FINE_PARTS // parts
            table = new_table(PART_WORDS)
            for segment, (places, starts) in zip(self._segments, grouped, strict=True):
                table = add_all(table, segment.words, places[starts[low] : starts[high]])
                self.progress("count words", part, parts, "parts")
            yield table
            del table  # before the next one is made

    def _write(self, table: HashTable, final: np.ndarray, ids: BinaryIO, ends: BinaryIO, result: Encoded) -> None:
        """Turn the numbers of every chunk into ids."""
        maps: list[tuple[np.ndarray, np.ndarray]] = [(final, final)] * len(self._segments)

        def resolve(number: int) -> None:
            segment = self._segments[number]
            values = np.append(look_up(table, segment.words, final), np.int32(-1))  # NO_WORD finds the -1
            single = np.where(segment.word >= -1, values[np.maximum(segment.word, -1)], segment.word)
            pair = single.astype(np.int32, copy=False), values[segment.lists]
            if len(self._segments) > self.threads:  # many: out of memory with them
                pair = self._spills[0].keep(pair[0]), self._spills[0].keep(pair[1])
            maps[number] = pair

        run_all([lambda number=number: resolve(number) for number in range(len(self._segments))], self.threads)  # type: ignore[misc]
        self._scanned.sort(key=lambda one: one.chunk.number)
        turn, state = threading.Condition(), {"next": 0, "written": 0, "tokens": 0, "sentences": 0, "last": 0}

        def work(stop: threading.Event) -> None:
            try:
                while not stop.is_set():
                    with turn:
                        number = state["next"]
                        state["next"] += 1
                    if number >= len(self._scanned):
                        return
                    one = self._scanned[number]
                    found, stops = remap(
                        one.spill.get(one.numbers, np.int32), one.spill.get(one.ends, np.int32),
                        maps[one.segment][0], maps[one.segment][1], self._segments[one.segment].starts,
                    )  # fmt: skip
                    with turn:
                        while state["written"] < number and not stop.is_set():
                            turn.wait(0.1)
                        if stop.is_set():
                            return
                        stops = stops + state["tokens"]
                        if len(stops) and stops[0] == state["last"]:  # an empty sentence between two chunks
                            stops = stops[1:]
                        if len(stops):
                            state["last"] = int(stops[-1])
                        write_all(ids, found)
                        write_all(ends, stops)
                        state["tokens"] += len(found)
                        state["sentences"] += len(stops)
                        state["written"] += 1
                        turn.notify_all()
            finally:
                with turn:
                    turn.notify_all()

        total = len(self._scanned)
        run_threads(work, min(self.threads, total), lambda: self.progress("write", state["written"], total, "MB"))
        result.tokens, result.sentences = state["tokens"], state["sentences"]


def warm() -> None:
    """Compile every kernel."""
    text = np.frombuffer(b"a B-c/d \xc3\xa9 a-long-spelling-indeed \xff", dtype=np.uint8)
    buffer = np.full(len(text) + MARGIN, 32, dtype=np.uint8)
    buffer[: len(text)] = text
    numbers, ends = np.empty(CHUNK, dtype=np.int32), np.empty(CHUNK, dtype=np.int32)
    table, n, n_ends = scan(new_table(), buffer, len(text), 0, 0, True, numbers, ends)
    segment = normalise_all(contents(table), True, False)
    words = add_all(new_table(), segment.words)
    text_of(contents(words), np.arange(2))
    values = look_up(words, segment.words, np.arange(words.used[N_ITEMS], dtype=np.int32))
    remap(numbers[:n], ends[:n_ends], segment.word, values, segment.starts)
