"""Corpus: a text as word ids and sentence ends, with its vocabulary; encoded, or fetched from the cache."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sgns.base.folders import temporary_file
from sgns.config import Config
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import VERSION, Store, digest, open_store
from sgns.text.chunks import ChunkReader
from sgns.text.derive import Derivation, derive, with_all_words
from sgns.text.document_text import DocumentRules
from sgns.text.documents import Documents, TagList, tag_all
from sgns.text.encode import content_hash, encode
from sgns.text.encode_plain import number_by_frequency
from sgns.text.encoded import Encoded, without_empty
from sgns.text.known_words import KnownWords
from sgns.text.sentences import check_sentences, number_words
from sgns.text.sources import Column, Inputs, Source, find, total_size
from sgns.text.spill import write_all
from sgns.text.stream import token_lists
from sgns.text.vocabulary import Vocabulary, nothing_left
from sgns.text.warnings import stored_facts, warnings_of

TEXT_OPTIONS = ("sentences", "column", "lowercase", "punctuation", "min_count", "max_vocabulary")
"""The options of `Config` that decide which ids a text becomes, beside phrases and word lists (see `derive`)."""
BUILTIN_PLAIN_CHUNKS = 16  # plain Python encodes the built-in corpus in the time that compiling the kernels takes


class Corpus:
    """A text as training sees it.

    Attributes:
        ids: (n,) int32, read-only, the words of the text in its order; words that are not in the vocabulary are left
            out.
        sentence_ends: (s,) int64, read-only, ascending, exclusive: sentence i is ids[ends[i-1]:ends[i]]. No sentence is
            empty or cut.
        documents: the tags of the sentences, each of which is a document, for models with vectors of documents; else
            None.
        vocabulary: the words and their counts; a word's id is its index there.
        hash: a hash of the content and the text options, not of the path: the same text has the same hash anywhere.
        raw_tokens: words of the text before min_count and max_vocabulary.
        scan_seconds: time that reading and encoding took.
        from_cache: whether an earlier run had encoded this text.
        warnings: what the user should know about the text, a sentence each.
        facts: what the warnings about the text are made of, as plain values.
        content: a hash of the content alone, whatever the text options are.
    """

    def __init__(
        self,
        ids: np.ndarray,  # (n,) int32
        sentence_ends: np.ndarray,  # (s,) int64
        vocabulary: Vocabulary,
        hash: str,
        raw_tokens: int,
        *,
        scan_seconds: float = 0.0,
        from_cache: bool = False,
        warnings: Iterable[str] = (),
        documents: Documents | None = None,
        facts: dict[str, Any] | None = None,
        content: str = "",
    ):
        self.ids = read_only(ids)
        self.sentence_ends = read_only(sentence_ends)
        self.vocabulary = vocabulary
        self.hash = hash
        self.raw_tokens = raw_tokens
        self.scan_seconds = scan_seconds
        self.from_cache = from_cache
        self.warnings = list(warnings)
        self.facts = facts or {}
        self.documents = documents
        self.content = content or hash

    @property
    def tokens(self) -> int:
        """Words of the text that are in the vocabulary: n."""
        return len(self.ids)

    @property
    def sentences(self) -> int:
        """Sentences with at least one word in the vocabulary: s."""
        return len(self.sentence_ends)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"Corpus({self.tokens} tokens, {self.sentences} sentences, {len(self.vocabulary)} words)"

    @classmethod
    def from_files(
        cls, paths: Inputs, config: Config | None = None, progress: ProgressCallback | None = None, cache: bool = True
    ) -> "Corpus":
        """Encodes text, or fetches what an earlier run has encoded.

        Args:
            paths: a path or several: files (plain, gz, bz2, xz, zst), folders, FIFOs, `-` for standard input. The end
                of a file ends a sentence, whatever `config.sentences` is.
            config: the text options (`TEXT_OPTIONS`) and `threads` apply; default `Config()`.
            progress: called about ten times a second.
            cache: look for the encoded text in the cache folder, and keep it there.

        Raises:
            InputError: no such file, damaged, no text, or no word of min_count.
            OutputError: the disk is full.
        """
        config = config or Config()
        return cls.from_sources(find(paths, Column.of(config)), config, progress, cache=cache)

    @classmethod
    def from_sentences(cls, sentences: Iterable[Iterable[str]], config: Config | None = None) -> "Corpus":
        """Encodes token lists as they are: tokens are not normalised, split or stripped.

        Args:
            sentences: any iterable of sentences, each an iterable of words; read once. With a model of documents, also
                of (tags, words), or of objects with words and tags: tags is one tag or a list, text or whole numbers.
            config: min_count and max_vocabulary, phrases and word lists apply.

        Raises:
            InputError: a sentence is a string, a token is not a string or holds a line break, nothing is left.
        """
        began, config = time.perf_counter(), config or Config()
        derivation = Derivation.of(config)
        if derivation is not None:
            base = cls.from_sentences(sentences, with_all_words(config))
            corpus = base._derive(derivation, config, [], None, ignore)
            corpus.scan_seconds = time.perf_counter() - began
            return corpus
        tags = TagList() if config.documents else None
        if tags is not None:
            check_sentences(sentences)
            sentences = tag_all(sentences, tags)
        numbers, ends, words, integers = number_words(sentences)
        ids, sentence_ends, vocabulary, facts = number_by_frequency(numbers, ends, words, config)
        if not len(vocabulary):
            raise nothing_left(facts.raw_tokens, facts.distinct, facts.highest, config)
        vocabulary.integers = integers
        hashed = hashlib.sha256(json.dumps(text_options(config), sort_keys=True).encode())
        content = hashlib.sha256()
        for part in (numbers.tobytes(), ends.tobytes(), "\n".join(words).encode()):
            hashed.update(part)
            content.update(part)
        documents, stored = None, dict[str, Any]()
        if tags is not None:
            documents, sentence_ends, stored["documents"] = tags.documents(sentence_ends)
            hashed.update(tags.digest().encode())
            content.update(tags.digest().encode())
        corpus = cls(
            ids,
            sentence_ends,
            vocabulary,
            hashed.hexdigest()[:32],
            facts.raw_tokens,
            warnings=warnings_of(stored, []),
            documents=documents,
            facts=stored,
            content=content.hexdigest()[:32],
        )
        corpus.scan_seconds = time.perf_counter() - began
        return corpus

    @classmethod
    def builtin(cls, config: Config | None = None, progress: ProgressCallback | None = None) -> "Corpus":
        """The documentation on this machine: English text without network, licence or file of ours (see `builtin`).

        Args:
            config: as for `from_files`; a paragraph is a sentence there, whatever `config.sentences` is.
            progress: called about ten times a second.
        """
        from sgns.text.builtin import builtin_text

        began, progress = time.perf_counter(), progress or ignore
        with builtin_text(progress) as path:
            config = replace(config or Config(), sentences="line", column=None, tags=False, tag_column=None)
            corpus = cls.from_sources(find(path), config, progress, plain_chunks=BUILTIN_PLAIN_CHUNKS)
        corpus.scan_seconds = time.perf_counter() - began
        return corpus

    @classmethod
    def from_sources(
        cls,
        sources: list[Source],
        config: Config,
        progress: ProgressCallback | None = None,
        *,
        cache: bool = True,
        plain_chunks: int | None = None,
    ) -> "Corpus":
        """As `from_files`, for sources that have been found.

        Args:
            sources: the text.
            config: as for `from_files`.
            progress: as for `from_files`.
            cache: as for `from_files`.
            plain_chunks: a text of at most this many chunks is encoded without Numba; None: see `encode.encode`.
        """
        began, progress = time.perf_counter(), progress or ignore
        sentences = token_lists(sources)
        if sentences is not None:
            return cls.from_sentences(sentences, config)
        rules = DocumentRules.of(config)
        if rules is not None:
            sources = [replace(source, documents=rules) for source in sources]
        store, warnings = open_store() if cache else (None, [])
        derivation = Derivation.of(config)
        if derivation is not None:
            corpus = cls._from_derivation(store, sources, config, derivation, progress, plain_chunks)
        else:
            found = cls._from_cache(store, sources, config, progress) if store else None
            corpus = found or cls._encode(store, sources, config, progress, plain_chunks)
        corpus.warnings[:0] = warnings
        corpus.scan_seconds = time.perf_counter() - began
        return corpus

    @classmethod
    def _from_cache(
        cls, store: Store, sources: list[Source], config: Config, progress: ProgressCallback
    ) -> "Corpus | None":
        """The text from the cache: by the fingerprints of its files, else by its content."""
        began, options = time.time(), options_key(config)
        entry = store.recall(sources, options)
        if entry and (corpus := cls._load(store.path(entry), sources)):
            return corpus
        size = total_size(sources)
        if config.documents or size is None or not store.of_size(size, options):
            return None
        entry = f"{size}-{content_hash(sources, config, progress)}-{options}"
        corpus = cls._load(store.path(entry), sources)
        if corpus:
            store.remember(sources, options, entry, began)
        return corpus

    @classmethod
    def _from_derivation(
        cls,
        store: Store | None,
        sources: list[Source],
        config: Config,
        derivation: Derivation,
        progress: ProgressCallback,
        plain_chunks: int | None,
    ) -> "Corpus":
        """The text with phrases and word lists: from the cache, or made of the text with all of its words."""
        began, options = time.time(), derived_key(derivation, config)
        entry = store.recall(sources, options) if store else None
        if store and entry and (corpus := cls._load(store.path(entry), sources)):
            return corpus
        base = cls.from_sources(
            sources, with_all_words(config), progress, cache=store is not None, plain_chunks=plain_chunks
        )
        entry = f"derived-{base.hash}-{options}"
        found = cls._load(store.path(entry), sources) if store else None
        corpus = found or base._derive(derivation, config, sources, store.folder if store else None, progress)
        if store is not None and total_size(sources) is not None:
            if found is None:
                corpus._keep(store, entry, sources)
            store.remember(sources, options, entry, began)
        return corpus

    def grown(
        self, known: KnownWords, config: Config | None = None, progress: ProgressCallback | None = None
    ) -> "Corpus":
        """This text in a vocabulary that it shares with a model.

        Args:
            known: the words of the model.
            config: phrases and word lists, min_count and max_vocabulary apply; default `Config()`. Of a text that has
                fewer words already (see `derive.with_all_words`), those that it has are chosen from.
            progress: called about ten times a second.

        Raises:
            InputError: the text has none of the known words.
            ConfigError: a known word is to be dropped.
        """
        config = config or Config()
        derivation = Derivation.of(config, known)
        assert derivation is not None
        store, _ = open_store()
        bare = copy(self)  # its warnings are made of facts and sources, which are not at hand
        bare.facts = {name: value for name, value in self.facts.items() if name == "documents"}
        corpus = bare._derive(derivation, config, [], store.folder if store else None, progress or ignore)
        corpus.warnings = [text for text in self.warnings if text not in corpus.warnings] + corpus.warnings
        corpus.facts = self.facts | corpus.facts
        corpus.scan_seconds, corpus.from_cache = self.scan_seconds, self.from_cache
        return corpus

    def _derive(
        self,
        derivation: Derivation,
        config: Config,
        sources: list[Source],
        folder: Path | None,
        progress: ProgressCallback,
    ) -> "Corpus":
        """This text, which has all of its words, with phrases and word lists."""
        words, counts = self.vocabulary.words, self.vocabulary.counts
        derivation = derivation.beside(self.content)
        derived = derive(Encoded(self.ids, self.sentence_ends, words, counts), derivation, config, folder, progress)
        vocabulary, facts = Vocabulary(derived.words, derived.counts, least=0), self.facts | derived.facts
        vocabulary.integers = self.vocabulary.integers
        documents, ends = self.documents, without_empty(derived.sentence_ends)
        if documents is not None:
            facts["documents"] = documents.facts_without(derived.sentence_ends, facts["documents"])
            documents, ends = documents.without_empty(derived.sentence_ends)
        return Corpus(
            derived.ids,
            ends,
            vocabulary,
            digest([self.hash, derived_key(derivation, config)]),
            self.raw_tokens,
            warnings=warnings_of(facts, sources),
            documents=documents,
            facts=facts,
            content=self.content,
        )

    def _keep(self, store: Store, entry: str, sources: list[Source]) -> None:
        """Writes a text that has been made of another one to the cache."""
        folder = store.begin()
        try:
            for name, array in (("ids", self.ids), ("ends", self.sentence_ends)):
                with open(folder / name, "wb", buffering=0) as file:
                    write_all(file, array)
            self._save(folder, self.facts)
            store.finish(folder, entry, lambda other: self._load(other, sources) is not None)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @classmethod
    def _encode(
        cls,
        store: Store | None,
        sources: list[Source],
        config: Config,
        progress: ProgressCallback,
        plain_chunks: int | None,
    ) -> "Corpus":
        """Encodes the text, and keeps the result if there is a cache and the text can be read again."""
        reader, began, options = ChunkReader(sources), time.time(), options_key(config)
        temporary = store.folder if store else None
        entry_folder = store.begin() if store and total_size(sources) is not None else None

        def output(name: str) -> Any:
            """An unbuffered file to write and map: in an entry of the cache, or one that vanishes with the process."""
            if entry_folder is not None:
                return open(entry_folder / name, "w+b", buffering=0)
            return temporary_file(temporary)

        try:
            with output("ids") as ids, output("ends") as ends:
                vocabulary, facts = encode(reader, config, progress, ids, ends, temporary, plain_chunks)
                if not len(vocabulary):
                    if reader.skipped and not facts.raw_tokens:
                        raise InputError(
                            f"none of the {len(reader.sources)} files is text, the first is {reader.skipped[0]}; name "
                            "a file to see why, or give text"
                        )
                    if reader.empty and not facts.raw_tokens:
                        raise InputError(f"{reader.empty[0]} is empty (0 bytes); give a file that holds text")
                    raise nothing_left(facts.raw_tokens, facts.distinct, facts.highest, config)
                content, stored, documents = reader.content(), stored_facts(reader, facts), None
                if (rules := sources[0].documents) is not None:
                    content = digest([content, rules.tags.digest()])
                    documents, kept, stored["documents"] = rules.tags.documents(np.memmap(ends, np.int64, "r"))
                    ends.seek(0)
                    ends.truncate()
                    write_all(ends, kept)
                corpus = cls(
                    np.memmap(ids, dtype=np.int32, mode="r"),
                    np.memmap(ends, dtype=np.int64, mode="r"),
                    vocabulary,
                    digest([content, options]),
                    facts.raw_tokens,
                    warnings=warnings_of(stored, sources),
                    documents=documents,
                    facts=stored,
                    content=content,
                )
            if store is not None and entry_folder is not None:
                corpus._save(entry_folder, stored)
                entry = f"{reader.text_bytes}-{content}-{options}"
                store.finish(entry_folder, entry, lambda folder: cls._load(folder, sources) is not None)
                store.remember(sources, options, entry, began)
            return corpus
        except BaseException:
            if entry_folder is not None:
                shutil.rmtree(entry_folder, ignore_errors=True)
            raise

    def _save(self, folder: Path, facts: dict[str, Any]) -> None:
        """Completes an entry of the cache, in whose folder ids and sentence ends stand already."""
        words, counts = self.vocabulary.words, self.vocabulary.counts
        meta = {
            "hash": self.hash, "content": self.content, "raw_tokens": self.raw_tokens, "facts": facts,
            "tokens": self.tokens, "sentences": self.sentences, "words": len(words), "total": self.vocabulary.total,
        }  # fmt: skip
        (folder / "words").write_bytes("".join(f"{word}\n" for word in words).encode())
        counts.tofile(folder / "counts")
        if self.documents is not None:
            meta["documents"] = len(self.documents)
            (folder / "tags").write_bytes("".join(f"{name}\n" for name in self.documents.names).encode())
            self.documents.starts.tofile(folder / "tag_starts")
            self.documents.rows.tofile(folder / "tag_rows")
        (folder / "meta.json").write_text(json.dumps(meta))

    @classmethod
    def _load(cls, folder: Path, sources: list[Source]) -> "Corpus | None":
        """The text in an entry of the cache, ids and sentence ends memory-mapped; None if it is not there, or torn."""
        try:
            meta = json.loads((folder / "meta.json").read_text())
            ids = np.memmap(folder / "ids", dtype=np.int32, mode="r", shape=(meta["tokens"],))
            ends = np.memmap(folder / "ends", dtype=np.int64, mode="r", shape=(meta["sentences"],))
            counts = np.fromfile(folder / "counts", dtype=np.int64)
            words = (folder / "words").read_bytes().decode().split("\n")[:-1]
            total = meta.get("total", len(ids))  # the counts of a vocabulary file are those of another text
            if not len(words) == len(counts) == meta["words"] or int(counts.sum()) != total or ends[-1] != len(ids):
                return None
            vocabulary, facts = Vocabulary(words, counts), meta["facts"]
            hash, content, raw_tokens = meta["hash"], meta["content"], meta["raw_tokens"]
            warnings = warnings_of(facts, sources)
            documents = None
            if "documents" in meta:
                names = (folder / "tags").read_bytes().decode().split("\n")[:-1]
                starts = np.memmap(folder / "tag_starts", np.int64, "r", shape=(len(ends) + 1,))
                rows = np.memmap(folder / "tag_rows", np.int32, "r", shape=(int(starts[-1]),))
                documents = Documents(names, read_only(starts), read_only(rows))
                if len(names) != meta["documents"]:
                    return None
            os.utime(folder / "meta.json")  # the cache deletes what was used longest ago
        except (OSError, ValueError, KeyError, TypeError):
            return None
        corpus = cls(
            ids, ends, vocabulary, hash, raw_tokens,
            warnings=warnings, documents=documents, facts=facts, content=content,
        )  # fmt: skip
        corpus.from_cache = True
        return corpus


def text_options(config: Config) -> dict[str, Any]:
    """The options of `config` that decide which ids a text becomes."""
    options = {name: getattr(config, name) for name in TEXT_OPTIONS}
    options = {name: value for name, value in options.items() if name != "column" or value is not None}
    if config.documents:
        options |= {"documents": True, "tags": config.tags, "tag_column": config.tag_column}
    return options


def options_key(config: Config) -> str:
    """A hash of the text options and of the version of the encoding."""
    return digest([VERSION, text_options(config)])


def derived_key(derivation: Derivation, config: Config) -> str:
    """As `options_key`, with what phrases and word lists hold."""
    return digest([options_key(config), derivation.for_hash()])


def read_only(array: np.ndarray) -> np.ndarray:
    """A read-only view as a plain array, so that kernels see one type wherever ids come from."""
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def ignore(stage: str, done: int, total: int | None, unit: str) -> None:
    """Progress that nobody looks at."""
