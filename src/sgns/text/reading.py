"""From sources to an encoded text: from the cache if it is there, by a scan if not."""

import bisect
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.text.cache import VERSION, Store, cache_folder, digest
from sgns.text.chunks import CHUNK, Reader
from sgns.text.encoded import Encoded, EncodedText, nothing_left, text_options
from sgns.text.plain import encode_plain
from sgns.text.sources import Source, Stream
from sgns.text.spill import in_threads, write_all

Progress = Callable[[str, int, int | None, str], None]
MOST_THREADS = 16  # each has a table of its own
PLAIN = 4  # chunks that plain Python has encoded before Numba is imported


def read(sources: list[Source], config: Config, progress: Progress, cache: bool) -> EncodedText:
    """Encode `sources`, or fetch what an earlier run has encoded; see `Corpus.from_files`."""
    store, notes = open_store() if cache else (None, [])
    options = digest([VERSION, text_options(config)])
    if store is not None and (entry := store.recall(sources, options)) and (text := fetch(store, entry, sources)):
        return text
    began = time.time()
    sizes = [source.size for source in sources]
    total = None if None in sizes else sum(size for size in sizes if size)
    threads = usable_threads(config.threads)
    if store is not None and total is not None and store.of_size(total, options):
        # Another file of this size is known; hashing takes a fifth of the time of a scan.
        content = content_of(sources, threads, progress)
        if text := fetch(store, f"{total}-{content}-{options}", sources):
            store.remember(sources, options, f"{total}-{content}-{options}", began)
            return text
    text = encode(sources, config, threads, progress, store, options, began)
    text.notes[:0] = notes
    return text


def open_store() -> tuple[Store | None, list[str]]:
    """The cache, or None and the note that says why."""
    try:
        return Store(), []
    except OSError as error:
        return None, [
            f"the cache folder {cache_folder()} cannot be written ({error.strerror}), so text is encoded anew in each run; "
            "set SGNS_CACHE to a folder that can"
        ]


def usable_threads(wanted: int) -> int:
    """How many threads scan: as many as wanted, by default one a core."""
    if wanted:
        return min(wanted, MOST_THREADS)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)


def fetch(store: Store, entry: str, sources: list[Source]) -> EncodedText | None:
    """An entry of the cache."""
    found = store.load(entry)
    if found is None:
        return None
    meta, ids, ends, words, counts = found
    return EncodedText(
        read_only(ids),
        read_only(ends),
        words,
        counts,
        meta["hash"],
        meta["raw_tokens"],
        True,
        notes_of(meta["facts"], sources),
    )


def read_only(array: np.ndarray) -> np.ndarray:
    """A plain array, so that kernels see one type wherever ids come from."""
    plain = np.asarray(array)
    plain.flags.writeable = False
    return plain


def content_of(sources: list[Source], threads: int, progress: Progress) -> str:
    """The content hash that a scan of these sources would give."""
    import threading

    reader, lock = Reader(sources), threading.Lock()

    def work(stop: threading.Event) -> None:
        buffer = np.empty(CHUNK, dtype=np.uint8)
        while not stop.is_set():
            with lock:
                chunk = reader.next(buffer)
            if chunk is None:
                return
            reader.digest(chunk, buffer)

    in_threads(work, threads, lambda: progress("read", reader.done, reader.total, "bytes"))
    return reader.content()


def encode(
    sources: list[Source],
    config: Config,
    threads: int,
    progress: Progress,
    store: Store | None,
    options: str,
    began: float,
) -> EncodedText:
    """Scan `sources`, and keep the result where there is a `store`."""
    reader = Reader(sources)
    streams = any(source.stamp is None for source in sources)
    folder = store.begin() if store and not streams else None
    temporary = store.folder if store else None
    progress("read", 0, reader.total, "bytes")
    try:
        with open_output(folder, "ids", temporary) as ids, open_output(folder, "ends", temporary) as ends:
            result = scan(reader, config, threads, temporary, progress, ids, ends)
            if not result.tokens:
                if reader.empty and not result.raw_tokens:
                    raise InputError(f"{reader.empty[0]} is empty (0 bytes); give a file that holds text")
                raise nothing_left(result.raw_tokens, result.distinct, result.highest, config)
            content = reader.content()
            facts = facts_of(reader, result)
            hash = digest([content, options])
            text = EncodedText(
                read_only(np.memmap(ids, dtype=np.int32, mode="r", shape=(result.tokens,))),
                read_only(np.memmap(ends, dtype=np.int64, mode="r", shape=(result.sentences,))),
                result.words, result.counts, hash, result.raw_tokens, False, notes_of(facts, sources),
            )  # fmt: skip
        if store is not None and folder is not None:
            entry = f"{reader.bytes}-{content}-{options}"
            meta = {
                "tokens": result.tokens, "sentences": result.sentences, "words": len(result.words), "hash": hash,
                "raw_tokens": result.raw_tokens, "facts": facts,
            }  # fmt: skip
            store.finish(folder, entry, meta, result.words, result.counts)
            store.remember(sources, options, entry, began)
        return text
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def scan(
    reader: Reader, config: Config, threads: int, temporary: Path | None, progress: Progress, ids: Any, ends: Any
) -> Encoded:
    """Encode what `reader` reads into two files: a small text in plain Python, any other with kernels."""
    whole: list[bool] = []
    in_threads(
        lambda stop: whole.append(reader.preload(PLAIN)),
        1,
        lambda: progress("read", reader.done, reader.total, "bytes"),
    )
    if whole[0]:
        for chunk, text in reader.ahead:
            reader.digest(chunk, text)
        result, *arrays = encode_plain(reader.ahead, config)
        for file, array in zip((ids, ends), arrays, strict=True):
            write_all(file, array)
        return result
    in_threads(lambda stop: load_kernels(), 1, lambda: progress("compile the scanner (once)", 0, None, ""))
    from sgns.text.encode import Encoder

    return Encoder(reader, config, threads, temporary, progress).run(ids, ends)


def load_kernels() -> None:
    """Import Numba and compile what is not compiled yet."""
    from sgns.text.encode import warm

    warm()


def open_output(folder: Path | None, name: str, temporary: Path | None) -> Any:
    """An unbuffered file to write and map: in an entry of the cache, or one that vanishes with the process."""
    if folder is not None:
        return open(folder / name, "w+b", buffering=0)
    return tempfile.TemporaryFile(dir=temporary, buffering=0)


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
            f"{facts['unsegmented']:,} tokens are long runs of a script without spaces between words (Chinese, Japanese, "
            "Thai, …); split the text into words first, for example with jieba, fugashi or pythainlp"
        )
    return notes
