"""From sources to an encoded text: from the cache if it is there, by a scan if not."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sgns.base.folders import cache_folder
from sgns.base.parallel import run_threads
from sgns.config import Config
from sgns.errors import InputError
from sgns.text.cache import VERSION, Store, digest
from sgns.text.chunks import CHUNK, Chunk, Reader
from sgns.text.encode_plain import encode_plain
from sgns.text.encoded import Encoded, EncodedText, nothing_left, text_options
from sgns.text.sources import Source
from sgns.text.spill import write_all
from sgns.text.warnings import facts_of, notes_of

Progress = Callable[[str, int, int | None, str], None]
MOST_THREADS = 16  # each has a table of its own
PLAIN = 4  # chunks that plain Python has encoded before Numba is imported


def read(
    sources: list[Source], config: Config, progress: Progress, cache: bool = True, plain: int | None = None
) -> EncodedText:
    """Encode `sources`, or fetch what an earlier run has encoded; see `Corpus.from_files`.

    Args:
        sources: the text.
        config: text options and threads.
        progress: told how far it is.
        cache: look in the cache folder, and keep the result there.
        plain: a text of at most so many chunks is encoded without Numba.
    """
    store, notes = open_store() if cache else (None, [])
    reading = Reading(sources, config, progress, store, PLAIN if plain is None else plain)
    text = reading.known() or reading.encode()
    text.notes[:0] = notes
    return text


def open_store() -> tuple[Store | None, list[str]]:
    """The cache, or None and the note that says why."""
    try:
        return Store(), []
    except OSError as error:
        return None, [
            f"the cache folder {cache_folder()} cannot be written ({error.strerror}), so text is encoded anew in each "
            "run; set SGNS_CACHE to a folder that can"
        ]


class Reading:
    """One text on its way to ids."""

    def __init__(self, sources: list[Source], config: Config, progress: Progress, store: Store | None, plain: int):
        self.sources, self.config, self.progress, self.store, self.plain = sources, config, progress, store, plain
        self.threads = usable_threads(config.threads)
        self.options = digest([VERSION, text_options(config)])
        self.began = time.time()
        sizes = [source.size for source in sources]
        self.total = None if None in sizes else sum(size for size in sizes if size)

    def known(self) -> EncodedText | None:
        """The text from the cache: by the stamps of its files, else by its content."""
        if self.store is None:
            return None
        if (entry := self.store.recall(self.sources, self.options)) and (text := self._fetch(entry)):
            return text
        if self.total is None or not self.store.of_size(self.total, self.options):
            return None
        # A text of this size is known. Hashing takes a fifth of the time of a scan.
        entry = self._entry(self.total, self._content())
        if text := self._fetch(entry):
            self.store.remember(self.sources, self.options, entry, self.began)
        return text

    def _entry(self, size: int, content: str) -> str:
        return f"{size}-{content}-{self.options}"

    def _fetch(self, entry: str) -> EncodedText | None:
        assert self.store is not None
        found = self.store.load(entry)
        if found is None:
            return None
        meta, ids, ends, words, counts = found
        notes = notes_of(meta["facts"], self.sources)
        return EncodedText(
            read_only(ids),
            read_only(ends),
            words,
            counts,
            meta["hash"],
            meta["raw_tokens"],
            from_cache=True,
            notes=notes,
        )

    def _content(self) -> str:
        """The content hash that a scan would give."""
        reader, lock = Reader(self.sources), threading.Lock()

        def work(stop: threading.Event) -> None:
            buffer = np.empty(CHUNK, dtype=np.uint8)
            while not stop.is_set():
                with lock:
                    chunk = reader.next(buffer)
                if chunk is None:
                    return
                reader.digest(chunk, buffer)

        run_threads(work, self.threads, lambda: self._tick(reader))
        return reader.content()

    def _tick(self, reader: Reader) -> None:
        self.progress("read", reader.done, reader.total, "bytes")

    def encode(self) -> EncodedText:
        """Scan the text, and keep the result if there is a cache and it can be read again."""
        reader = Reader(self.sources)
        again = self.store is not None and self.total is not None
        folder = self.store.begin() if self.store is not None and again else None
        try:
            with self._output(folder, "ids") as ids, self._output(folder, "ends") as ends:
                result = self._scan(reader, ids, ends)
                if not result.tokens:
                    if reader.empty and not result.raw_tokens:
                        raise InputError(f"{reader.empty[0]} is empty (0 bytes); give a file that holds text")
                    raise nothing_left(result.raw_tokens, result.distinct, result.highest, self.config)
                content, facts = reader.content(), facts_of(reader, result)
                text = EncodedText(
                    read_only(np.memmap(ids, dtype=np.int32, mode="r", shape=(result.tokens,))),
                    read_only(np.memmap(ends, dtype=np.int64, mode="r", shape=(result.sentences,))),
                    result.words,
                    result.counts,
                    digest([content, self.options]),
                    result.raw_tokens,
                    notes=notes_of(facts, self.sources),
                )
            if self.store is not None and folder is not None:
                meta = {"hash": text.hash, "raw_tokens": text.raw_tokens, "facts": facts}
                entry = self._entry(reader.bytes, content)
                self.store.finish(folder, entry, meta, text.ids, text.ends, text.words, text.counts)
                self.store.remember(self.sources, self.options, entry, self.began)
            return text
        except BaseException:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            raise

    def _output(self, folder: Path | None, name: str) -> Any:
        """An unbuffered file to write and map: in an entry of the cache, or one that vanishes with the process."""
        if folder is not None:
            return open(folder / name, "w+b", buffering=0)
        return tempfile.TemporaryFile(dir=self.store.folder if self.store else None, buffering=0)

    def _scan(self, reader: Reader, ids: BinaryIO, ends: BinaryIO) -> Encoded:
        """Write ids and sentence ends: of a small text in plain Python, of any other with kernels."""
        self._tick(reader)
        whole: list[bool] = []
        run_threads(lambda stop: whole.append(reader.preload(self.plain)), 1, lambda: self._tick(reader))
        if whole[0]:
            return self._scan_plain(reader, ids, ends)
        began = time.monotonic()

        def waiting() -> None:
            slow = time.monotonic() - began > 1.5  # compiled kernels are fetched in less
            self.progress("compile the scanner (once)" if slow else "load the scanner", 0, None, "")

        run_threads(lambda stop: load_kernels(), 1, waiting)
        from sgns.text.encode_fast import Encoder

        folder = self.store.folder if self.store else None
        return Encoder(reader, self.config, self.threads, folder, self.progress).run(ids, ends)

    def _scan_plain(self, reader: Reader, ids: BinaryIO, ends: BinaryIO) -> Encoded:
        done, found = [0], list[tuple[Encoded, np.ndarray, np.ndarray]]()

        def chunks(stop: threading.Event) -> Iterator[tuple[Chunk, bytes]]:
            for chunk, text in reader.ahead:
                if stop.is_set():
                    return
                reader.digest(chunk, text)
                yield chunk, text
                done[0] += chunk.size

        run_threads(
            lambda stop: found.append(encode_plain(chunks(stop), self.config)),
            1,
            lambda: self.progress("encode", done[0], reader.bytes, "bytes"),
        )
        result, *arrays = found[0]
        write_all(ids, arrays[0])
        write_all(ends, arrays[1])
        return result


def usable_threads(wanted: int) -> int:
    """How many threads scan: as many as wanted, by default one a core."""
    if wanted:
        return min(wanted, MOST_THREADS)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)


def read_only(array: np.ndarray) -> np.ndarray:
    """A plain array, so that kernels see one type wherever ids come from."""
    plain = np.asarray(array)
    plain.flags.writeable = False
    return plain


def load_kernels() -> None:
    """Import Numba and compile what is not compiled yet."""
    from sgns.text.encode_fast import warm

    warm()
