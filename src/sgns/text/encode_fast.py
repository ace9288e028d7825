"""Encoding with compiled kernels: text of any size, in memory that depends on the number of distinct words only.

1. Scan. Each thread takes chunks in turn and numbers their raw tokens with a hash table of its own; the numbers go to
   a temporary file. A table that grows large is closed: its raw tokens are normalised to words, and a new table begins.
   What came from one table is a segment.
2. Merge. The words of all segments are counted together. When they are too many for one table, they are divided by
   hash, and one part is counted at a time, so the counts are exact whatever `max_vocabulary` is.
3. Write. The numbers of each chunk become ids, in the order of the text.

The ids depend on the text alone: equal counts are ordered by first appearance, so the number of threads changes
nothing.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sgns.base.parallel import run_all, run_threads
from sgns.config import Config
from sgns.progress.callback import ProgressCallback
from sgns.text.chunks import CHUNK, Chunk, ChunkReader
from sgns.text.kernels.hash_table import (
    N_ITEMS,
    N_TAIL,
    HashTable,
    Strings,
    add_all,
    contents,
    divide_by_hash,
    look_up,
    new_table,
    text_of,
)
from sgns.text.kernels.normalise import Normalised, normalise_all
from sgns.text.kernels.remap import remap
from sgns.text.kernels.scan import MARGIN, MODES, scan
from sgns.text.spill import Spill, write_all
from sgns.text.vocabulary import Vocabulary, most_frequent
from sgns.text.warnings import TextFacts

SEGMENT_TOKENS = 1 << 20  # distinct raw tokens with which a table is closed
SEGMENT_TAILS = 1 << 26  # bytes of long raw tokens with which a table is closed
PART_WORDS = 1 << 20  # words counted in one table
MOST_PARTS = 256  # tables in which words are counted, one after the other


@dataclass
class Scanned:
    """Where the numbers of one chunk stand.

    Attributes:
        chunk: the chunk.
        segment: the index of its segment.
        numbers: key of the raw tokens' numbers, (n,) int32, in `spill`.
        ends: key of the sentence ends, (s,) int32, in `spill`.
        spill: the file.
    """

    chunk: Chunk
    segment: int
    numbers: tuple[int, int]
    ends: tuple[int, int]
    spill: Spill


class Encoder:
    """One pass of the three steps."""

    def __init__(
        self, reader: ChunkReader, config: Config, threads: int, folder: Path | None, progress: ProgressCallback
    ):
        """Prepares a pass.

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

    def run(self, ids: BinaryIO, ends: BinaryIO) -> tuple[Vocabulary, TextFacts]:
        """Encodes the text; ids (int32) and sentence ends (int64) are appended to two unbuffered files.

        Returns:
            The vocabulary, which may be empty, and the facts of the text.

        Raises:
            InputError: a source cannot be read.
            OutputError: the disk is full.
        """
        try:
            run_threads(self._scan, self.threads, self._tick)
            table, words, facts = self._merge()
            vocabulary, id_of = self._choose(words)
            del words  # before the ids are written
            if len(vocabulary):
                self._write(table, id_of, ids, ends)
            return vocabulary, facts
        finally:
            for spill in self._spills:
                spill.close()

    def _tick(self) -> None:
        self.progress("read", self.reader.done, self.reader.total, "bytes")

    def _scan(self, stop: threading.Event) -> None:
        """Scans chunk after chunk, in one of the threads."""
        spill = Spill(self.folder)
        table, scanned = new_table(), []
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
            scanned.append(Scanned(chunk, -1, spill.put(numbers[:n]), spill.put(ends[:n_ends]), spill))
            if table.used[N_ITEMS] > SEGMENT_TOKENS or table.used[N_TAIL] > SEGMENT_TAILS:
                self._close(table, scanned, spill)
                table, scanned = new_table(), []
        if not stop.is_set():
            self._close(table, scanned, None)

    def _close(self, table: HashTable, scanned: list[Scanned], spill: Spill | None) -> None:
        """Normalises the raw tokens of `table`; with `spill` the words are kept on disk, not in memory."""
        segment = normalise_all(contents(table), self.config.lowercase, self.config.punctuation)
        if spill is not None:
            segment.table = None
            segment.words = Strings(*map(spill.keep, segment.words))
            segment.word, segment.lists, segment.starts = map(spill.keep, (segment.word, segment.lists, segment.starts))
        with self._lock:
            for one in scanned:
                one.segment = len(self._segments)
            self._segments.append(segment)
            self._scanned.extend(scanned)

    def _merge(self) -> tuple[HashTable, Strings, TextFacts]:
        """Counts the words of all segments.

        Returns:
            A table of those that can be in the vocabulary, its contents, and the facts of the text.
        """
        facts = TextFacts()
        facts.invalid_bytes = sum(segment.invalid_bytes for segment in self._segments)
        facts.first_invalid = min((s.first_invalid for s in self._segments if s.invalid_bytes), default=-1)
        facts.unsegmented = sum(segment.unsegmented for segment in self._segments)
        facts.raw_tokens = sum(int(segment.words.counts.sum()) for segment in self._segments)
        parts = min(-(-sum(len(segment.words.keys) for segment in self._segments) // PART_WORDS), MOST_PARTS)
        table = new_table()
        # What a word must have so that it can still be among the `max_vocabulary` most frequent ones.
        counts, first = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        least, last = self.config.min_count, 2**62
        for part in self._parts(parts):
            strings = contents(part)
            facts.distinct += len(strings.keys)
            facts.highest = max(facts.highest, int(strings.counts.max(initial=0)))
            if parts == 1:
                return part, strings, facts
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
        return table, contents(table), facts

    def _parts(self, parts: int) -> Iterator[HashTable]:
        """The words of all segments, each word in one part only, with their counts over the whole text."""
        if parts == 1:
            yield self._add_to_largest()
            return
        grouped = []
        for segment in self._segments:
            segment.table = None
            numbers, starts = divide_by_hash(segment.words, MOST_PARTS)
            grouped.append((self._spills[0].keep(numbers), starts))
        for part in range(parts):
            low, high = part * MOST_PARTS // parts, (part + 1) * MOST_PARTS // parts
            table = new_table(PART_WORDS)
            for segment, (numbers, starts) in zip(self._segments, grouped, strict=True):
                table = add_all(table, segment.words, numbers[starts[low] : starts[high]])
                self.progress("count words", part, parts, "parts")
            yield table
            del table  # before the next one is made

    def _add_to_largest(self) -> HashTable:
        """The words of all segments in the table of one, which alone has a table then; its numbers stay as they are."""
        largest = max(self._segments, key=lambda one: -1 if one.table is None else len(one.words.keys))
        table = largest.table or new_table()
        for segment in self._segments:
            if segment is not largest:
                table = add_all(table, segment.words)
                segment.table = None
        largest.table = table
        return table

    def _choose(self, strings: Strings) -> tuple[Vocabulary, np.ndarray]:
        """Chooses the vocabulary; returns it, and (n,) int32 the id of each of `strings`, -1 for other words."""
        order = most_frequent(strings.counts, strings.first, self.config)
        id_of = np.full(len(strings.keys), -1, dtype=np.int32)
        id_of[order] = np.arange(len(order), dtype=np.int32)
        return Vocabulary(text_of(strings, order).decode().split("\n")[:-1], strings.counts[order]), id_of

    def _write(self, table: HashTable, id_of: np.ndarray, ids: BinaryIO, ends: BinaryIO) -> None:
        """Turns the numbers of every chunk into ids, as `_choose` gave them."""
        maps: list[tuple[np.ndarray, np.ndarray]] = [(id_of, id_of)] * len(self._segments)

        def resolve(number: int) -> None:
            segment = self._segments[number]
            known = look_up(table, segment.words, id_of) if segment.table is None else id_of[: len(segment.words.keys)]
            values = np.append(known, np.int32(-1))  # [NO_WORD] is this -1
            single = np.where(segment.word >= -1, values[np.maximum(segment.word, -1)], segment.word)
            pair = single.astype(np.int32, copy=False), values[segment.lists]
            if len(self._segments) > self.threads:  # many: keep them on disk
                pair = self._spills[0].keep(pair[0]), self._spills[0].keep(pair[1])
            maps[number] = pair

        run_all([lambda number=number: resolve(number) for number in range(len(self._segments))], self.threads)  # type: ignore[misc]
        self._scanned.sort(key=lambda one: one.chunk.number)
        turn, state = threading.Condition(), {"next": 0, "written": 0, "tokens": 0, "last": 0}

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
                        self.config.documents,
                    )  # fmt: skip
                    with turn:
                        while state["written"] < number and not stop.is_set():
                            turn.wait(0.1)
                        if stop.is_set():
                            return
                        stops = stops + state["tokens"]
                        if (
                            not self.config.documents and len(stops) and stops[0] == state["last"]
                        ):  # an empty sentence between two chunks
                            stops = stops[1:]
                        if len(stops):
                            state["last"] = int(stops[-1])
                        write_all(ids, found)
                        write_all(ends, stops)
                        state["tokens"] += len(found)
                        state["written"] += 1
                        turn.notify_all()
            finally:
                with turn:
                    turn.notify_all()

        total = len(self._scanned)
        run_threads(work, min(self.threads, total), lambda: self.progress("write", state["written"], total, "MB"))


def compile_kernels() -> None:
    """Compiles every kernel for the types with which it is called."""
    text = np.frombuffer(b"a B-c/d \xc3\xa9 a-long-raw-token-indeed \xff", dtype=np.uint8)
    buffer = np.full(len(text) + MARGIN, 32, dtype=np.uint8)
    buffer[: len(text)] = text
    numbers, ends = np.empty(CHUNK, dtype=np.int32), np.empty(CHUNK, dtype=np.int32)
    table, n, n_ends = scan(new_table(), buffer, len(text), 0, 0, True, numbers, ends)
    segment = normalise_all(contents(table), True, False)
    words = add_all(new_table(), segment.words)
    text_of(contents(words), np.arange(2))
    values = look_up(words, segment.words, np.arange(words.used[N_ITEMS], dtype=np.int32))
    remap(numbers[:n], ends[:n_ends], segment.word, values, segment.starts, False)
