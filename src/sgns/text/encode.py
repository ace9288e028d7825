"""Encodes a text, the fastest way: a small one in plain Python, any other with compiled kernels."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sgns.base.kernel_cache import compiling, is_compiled, note_compiled
from sgns.base.parallel import run_threads, usable_cores
from sgns.config import Config
from sgns.progress.callback import ProgressCallback
from sgns.text.chunks import CHUNK, Chunk, ChunkReader
from sgns.text.encode_plain import encode_plain
from sgns.text.sources import Source
from sgns.text.spill import write_all
from sgns.text.vocabulary import Vocabulary
from sgns.text.warnings import TextFacts

MOST_THREADS = 16  # each has a hash table of its own
PLAIN_CHUNKS = 4  # as many chunks are encoded by plain Python before Numba is imported
PLAIN_CHUNKS_COLD = 6  # … and as many before the kernels are compiled; more would be slow in every run until they are


def encode(
    reader: ChunkReader,
    config: Config,
    progress: ProgressCallback,
    ids: BinaryIO,
    sentence_ends: BinaryIO,
    folder: Path | None = None,
    plain_chunks: int | None = None,
) -> tuple[Vocabulary, TextFacts]:
    """Encodes all that `reader` reads. Ids (int32) and sentence ends (int64) are appended to two unbuffered files.

    Of documents, each has a sentence end, those without words of the vocabulary too; of a text, empty sentences are
    left out.

    Args:
        reader: the text; afterwards it knows the hash of its content and what was skipped or cut.
        config: the text options and `threads` apply.
        progress: called from this thread.
        ids: file for the ids.
        sentence_ends: file for the sentence ends.
        folder: where temporary files go; None for the system's folder.
        plain_chunks: a text of at most this many chunks is encoded without Numba; None: as many as take less time than
            to load the kernels, or to compile them.

    Returns:
        The vocabulary, which may be empty, and the facts that warnings and errors are made of.

    Raises:
        InputError: a source cannot be read.
        OutputError: the disk is full.
    """

    def read() -> None:
        progress("read", reader.done, reader.total, "bytes")

    if config.documents or (config.column is not None and config.sentences == "none"):
        # a document, or the text of a cell, is one line then: see `document_text` and `tables.TextOfCells`
        config = replace(config, sentences="line")
    read()
    if plain_chunks is None:
        plain_chunks = PLAIN_CHUNKS if is_compiled("text") else PLAIN_CHUNKS_COLD
    complete: list[bool] = []
    run_threads(lambda stop: complete.append(reader.preload(plain_chunks)), 1, read)
    if complete[0]:
        return encode_preloaded(reader, config, progress, ids, sentence_ends)
    stage = "load the scanner" if is_compiled("text") else "compile the scanner (once)"
    run_threads(lambda stop: load_kernels(), 1, lambda: progress(stage, 0, None, ""))
    from sgns.text.encode_fast import Encoder

    return Encoder(reader, config, usable_threads(config.threads), folder, progress).run(ids, sentence_ends)


def encode_preloaded(
    reader: ChunkReader, config: Config, progress: ProgressCallback, ids: BinaryIO, sentence_ends: BinaryIO
) -> tuple[Vocabulary, TextFacts]:
    """Encodes a text that the reader holds in memory, in plain Python; as `encode`."""
    done, encoded = [0], list[tuple[np.ndarray, np.ndarray, Vocabulary, TextFacts]]()

    def chunks(stop: threading.Event) -> Iterator[tuple[Chunk, bytes]]:
        for chunk, text in reader.preloaded:
            if stop.is_set():
                return
            reader.digest(chunk, text)
            yield chunk, text
            done[0] += chunk.size

    run_threads(
        lambda stop: encoded.append(encode_plain(chunks(stop), config)),
        1,
        lambda: progress("encode", done[0], reader.text_bytes, "bytes"),
    )
    found_ids, found_ends, vocabulary, facts = encoded[0]
    write_all(ids, found_ids)
    write_all(sentence_ends, found_ends)
    return vocabulary, facts


def content_hash(sources: list[Source], config: Config, progress: ProgressCallback) -> str:
    """The hash of the content that encoding `sources` would give; takes a fifth of the time."""
    reader, lock = ChunkReader(sources), threading.Lock()

    def work(stop: threading.Event) -> None:
        buffer = np.empty(CHUNK, dtype=np.uint8)
        while not stop.is_set():
            with lock:
                chunk = reader.next(buffer)
            if chunk is None:
                return
            reader.digest(chunk, buffer)

    run_threads(work, usable_threads(config.threads), lambda: progress("read", reader.done, reader.total, "bytes"))
    return reader.content()


def usable_threads(wanted: int) -> int:
    """The number of threads that encode: `wanted`, or for 0 one for each usable core, and `MOST_THREADS` at most."""
    return min(wanted or usable_cores(), MOST_THREADS)


def load_kernels() -> None:
    """Imports Numba and compiles what is not compiled yet."""
    from sgns.text.encode_fast import compile_kernels

    with compiling():
        compile_kernels()
    note_compiled("text")
