"""Going on with trained vectors: their rows are taken over, new words begin as in any run, and the chain is kept.

A run that starts from vectors differs from others in five places: the vocabulary is made of the words of both
(`Start.read`), rows are copied into the tables after the engine has made them (`Start.take_over`), some of them may be
frozen (`training.frozen`), at the end the mean of old and new rows is taken (`Start.average`), and the metadata say
what the vectors were trained on (`Start.trained_on`).

Between two ends of training the loss is lower than at either (Izmailov et al. 2018, "Averaging weights leads to wider
optima"), and the mean of a model with the same model after training on other text keeps more of what it could (Wortsman
et al. 2022, "Robust fine-tuning of zero-shot models").
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from sgns.config import IN_MEMORY, Config
from sgns.errors import ConfigError, InputError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.text.corpus import Corpus
from sgns.text.derive import with_all_words
from sgns.text.known_words import KnownWords
from sgns.text.word_lists import WordLists, listed
from sgns.training.plan import Plan
from sgns.training.tables import Tables, tables_in
from sgns.vectors.vectors import Vectors

WHOLE_TABLES = ("E", "C", "E+C")
"""Values of `Config.freeze` that name tables, not words."""
OPTIONS_OF_WORDS = ("lowercase", "punctuation", "phrases", "sentences", "model", "loss")
"""Options in which a run should be like the one that it goes on with."""
CHAIN = "trained_on"
"""Key of the metadata: what the vectors were trained on, the oldest text first."""
LINK = ("corpus", "text", "tokens", "words", "config")
"""What is kept of each run of the chain; the names are those of the metadata."""
HASHED_ROWS = 2**16  # at once


@dataclass(frozen=True)
class Taken:
    """What a run has taken over.

    Attributes:
        words: Words whose rows were taken over.
        new_words: Words with first values.
        documents: Tags whose rows were taken over.
        frozen: Rows of each table that stay as they are, by the names of `tables_of`: (n,) int64.
    """

    words: int
    new_words: int
    documents: int = 0
    frozen: dict[str, np.ndarray] = field(default_factory=dict)

    def to_dict(self) -> dict[str, int]:
        """As plain JSON, for the report."""
        frozen = {"frozen_rows": sum(map(len, self.frozen.values()))} if self.frozen else {}
        documents = {"documents": self.documents} if self.documents else {}
        return {"words": self.words, "new_words": self.new_words} | documents | frozen


class Source(NamedTuple):
    """Rows of a start that a table takes over.

    Attributes:
        rows: (n,) int64, rows of the table.
        start: The table of the start.
        theirs: (n,) int64, their rows there.
    """

    rows: np.ndarray
    start: np.ndarray
    theirs: np.ndarray


@dataclass(frozen=True)
class Start:
    """Vectors that a run starts from, and what it takes of them; `Start.of` checks that they fit.

    Attributes:
        vectors: The vectors.
        config: Options of the run.
        name: Of the file, for the chain.
        frozen_words: Words whose rows stay, none of them unknown; empty if whole tables stay, or nothing does.
        warnings: What the user should know, a sentence each.
    """

    vectors: Vectors
    config: Config
    name: str = ""
    frozen_words: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, config: Config, vectors: Vectors | None = None, on_warning: WarningCallback | None = None
    ) -> Self | None:
        """The start that the options ask for; None if they ask for none.

        Args:
            config: `start`, `start_limit`, `start_weight`, `vocabulary`, `freeze` and those of the model apply.
            vectors: Vectors in memory, in place of the file that `config.start` names.
            on_warning: Called with a sentence for each repair of the file.

        Raises:
            ConfigError: The vectors do not fit the options, or a word to be frozen is not there.
            InputError: A file cannot be read.
            FormatError: It is no vector file.
        """
        if config.start is None:
            return None
        if vectors is None:
            if config.start == IN_MEMORY:
                raise ConfigError(f"start is {IN_MEMORY}, which are not here; give sgns.train(…, start=vectors)")
            vectors = Vectors.load(config.start, limit=config.start_limit, on_warning=on_warning)
        elif config.start_limit is not None and config.start_limit < len(vectors.words):
            vectors = vectors.take(slice(0, config.start_limit))
        check_fits(vectors, config)
        frozen, missing = frozen_words(vectors, config)
        name = "" if config.start == IN_MEMORY else Path(config.start).name
        return cls(vectors, config, name, tuple(frozen), [*missing, *remarks(vectors, config)])

    @cached_property
    def digest(self) -> str:
        """A hash of all that the run takes: words, counts, the numbers of all tables, and which rows stay."""
        parts, hashed = self.vectors.parts, hashlib.sha256()
        tags = [] if parts.documents is None else parts.documents.words.decoded
        for words in (parts.words.decoded, tags, self.frozen_words):
            hashed.update("\n".join(words).encode("utf-8", "surrogatepass") + b"\0")
        if parts.counts is not None:
            hashed.update(np.ascontiguousarray(parts.counts).data)
        for name, table in sorted(tables_in(self.vectors).items()):
            hashed.update(f"{name} {table.shape}".encode())
            for row in range(0, len(table), HASHED_ROWS):
                hashed.update(np.ascontiguousarray(table[row : row + HASHED_ROWS]).data)
        return hashed.hexdigest()[:32]

    # --- words ------------------------------------------------------------------------------------------------------

    @property
    def known_words(self) -> KnownWords | None:
        """The words that the vocabulary has beside those of the text; None for the vocabulary of the text alone."""
        if self.config.vocabulary == "new":
            return None
        parts = self.vectors.parts
        counts: Iterable[int | None] = [None] * len(parts) if parts.counts is None else parts.counts.tolist()
        texts = [link["text"] for link in self.chain if "text" in link]
        words = dict(zip(parts.words.decoded, counts, strict=True))
        return KnownWords(words, self.config.vocabulary == "old", texts)

    def read(self, read: Callable[[Config], Corpus], progress: ProgressCallback | None = None) -> Corpus:
        """The text in the vocabulary that `Config.vocabulary` asks for.

        Args:
            read: Reads the text under these options.
            progress: Called about ten times a second.

        Raises:
            InputError: The text has none of the words.
        """
        known = self.known_words
        corpus = read(self.config if known is None else with_all_words(self.config))
        return self.finish(corpus if known is None else corpus.grown(known, self.config, progress))

    def finish(self, corpus: Corpus) -> Corpus:
        """The text with the warnings about the start, and with the documents of the start beside its own.

        Raises:
            InputError: The text has none of the words, or documents of the same name are others.
        """
        WordLists(
            lowercase=self.config.lowercase, known=KnownWords(dict.fromkeys(self.vectors.parts.words.decoded))
        ).check(set(corpus.vocabulary.words), 0)
        corpus.warnings += self.warnings
        old = self.vectors.parts.documents
        if corpus.documents is None or old is None:
            return corpus
        names, tags = set(corpus.documents.names), list(old.words.decoded)
        again = any(link.get("text") == corpus.content for link in self.chain)
        given = self.config.tags or self.config.tag_column or not are_numbers(corpus.documents.names)
        if not given and not again and (both := next((tag for tag in tags if tag in names), None)) is not None:
            raise InputError(
                f"documents of start and of the text are both named {both!r}, by their number; name them with "
                "--tags or --tag-column"
            )
        more = [tag for tag in tags if tag not in names]
        corpus.documents = replace(corpus.documents, names=[*corpus.documents.names, *more])
        return corpus

    # --- rows -------------------------------------------------------------------------------------------------------

    def take_over(self, tables: Tables, plan: Plan, corpus: Corpus) -> Taken:
        """Copies rows into the tables of a run.

        Args:
            tables: As the engine made them, changed in place.
            plan: Of the run.
            corpus: Of the run.

        Raises:
            ConfigError: N-grams or a tree are others than those of the start.
        """
        sources = self._sources(tables, plan, corpus)
        for name, source in sources.items():
            copy_rows(tables[name], *source)
        check_numbers(tables)
        words, documents = len(sources["words"].rows), len(sources["documents"].rows) if "documents" in sources else 0
        taken = {name: source.rows for name, source in sources.items()}
        return Taken(words, len(corpus.vocabulary.words) - words, documents, self._frozen(taken, corpus))

    def average(self, tables: Tables, plan: Plan, corpus: Corpus) -> None:
        """Takes the mean of each row that was taken over and of what it has become, weighted by `start_weight`.

        Args:
            tables: Of the run, changed in place; the engine writes no more.
            plan: Of the run.
            corpus: Of the run.
        """
        if self.config.start_weight:
            for name, source in self._sources(tables, plan, corpus).items():
                average_rows(tables[name], *source, self.config.start_weight)

    def _sources(self, tables: Tables, plan: Plan, corpus: Corpus) -> dict[str, Source]:
        """Which rows each table takes over.

        Raises:
            ConfigError: N-grams or a tree are others than those of the start.
        """
        source, parts = tables_in(self.vectors), self.vectors.parts
        E = parts.E if plan.subwords is None else source["words"]
        found = {"words": common_rows(corpus.vocabulary.words, parts.words.index, E)}
        if "C" in tables and "C" in source:
            found["C"] = found["words"]._replace(start=source["C"])
        if "nodes" in tables and "nodes" in source:
            self._check_tree(corpus)
            found["nodes"] = all_rows(source["nodes"])
        if "ngrams" in tables:
            found["ngrams"] = self._ngrams(plan)
        if "documents" in tables and parts.documents is not None:
            assert corpus.documents is not None
            tags = parts.documents.words.index
            found["documents"] = common_rows(corpus.documents.names, tags, source["documents"])
        return found

    def _frozen(self, taken: dict[str, np.ndarray], corpus: Corpus) -> dict[str, np.ndarray]:
        """The rows that stay, of those that were taken over."""
        freeze = self.config.freeze
        if freeze in WHOLE_TABLES:
            names = {"E": ("words", "ngrams", "documents"), "C": ("C", "nodes")}
            return {name: taken[name] for letter in str(freeze).split("+") for name in names[letter] if name in taken}
        wanted = set(self.frozen_words)
        rows = np.array([row for row in taken["words"].tolist() if corpus.vocabulary.words[row] in wanted], np.int64)
        return {name: rows for name in ("words", "C") if name in taken and len(rows)}

    def _check_tree(self, corpus: Corpus) -> None:
        """Raises `ConfigError` unless words and counts, of which a tree is made, are those of the start."""
        parts = self.vectors.parts
        same = corpus.vocabulary.words == list(parts.words.decoded) and parts.counts is not None
        if not same or not np.array_equal(corpus.vocabulary.counts, np.asarray(parts.counts)):
            raise ConfigError(
                "the tree of loss hierarchical is made of words and counts, and those of start are others; give "
                "--vocabulary old"
            )

    def _ngrams(self, plan: Plan) -> Source:
        """The rows of n-grams."""
        mine, theirs = plan.subwords, self.vectors.parts.subwords
        assert mine is not None
        assert theirs is not None  # check_fits has seen to it
        if mine.buckets != "exact":
            return all_rows(theirs.ngram_rows)
        return common_rows(
            mine.ngrams, {ngram: row for row, ngram in enumerate(theirs.options.ngrams)}, theirs.ngram_rows
        )

    # --- the chain --------------------------------------------------------------------------------------------------

    @cached_property
    def chain(self) -> list[dict[str, Any]]:
        """What the vectors were trained on, as far as their metadata say."""
        metadata = self.vectors.metadata
        if isinstance(metadata.get(CHAIN), list):
            return [link for link in metadata[CHAIN] if isinstance(link, dict)]
        if "corpus" in metadata:
            return [link_of(metadata)]
        return [{"file": self.name, "vectors": len(self.vectors.words)}]

    def trained_on(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """The chain with a finished run at its end, for the metadata of this run."""
        return {CHAIN: [*self.chain, link_of(metadata) | {"start": self.digest}]}


def read_corpus(
    start: Start | None, config: Config, read: Callable[[Config], Corpus], progress: ProgressCallback | None = None
) -> Corpus:
    """The text of a run, in the vocabulary that it shares with its start if it has one; see `Start.read`."""
    return read(config) if start is None else start.read(read, progress)


def link_of(metadata: dict[str, Any]) -> dict[str, Any]:
    """What the chain keeps of a run."""
    return {name: metadata[name] for name in LINK if name in metadata}


def are_numbers(tags: list[str]) -> bool:
    """Whether tags are numbers that rise, as those of documents without a name."""
    if not all(tag.isascii() and tag.isdigit() for tag in tags):
        return False
    return bool((np.diff(np.array([int(tag) for tag in tags])) > 0).all())


def common_rows(names: list[str], index: Mapping[str, int], table: np.ndarray) -> Source:
    """The rows of those of some names, row by row, that a table of the start has too."""
    old = np.fromiter((index.get(name, -1) for name in names), np.int64, len(names))
    rows = np.flatnonzero(old >= 0)
    return Source(rows, table, old[rows])


def all_rows(table: np.ndarray) -> Source:
    """All rows of a table that is the same as in the start."""
    return Source(np.arange(len(table)), table, np.arange(len(table)))


def copy_rows(table: np.ndarray, rows: np.ndarray, source: np.ndarray, theirs: np.ndarray) -> None:
    """table[rows] = source[theirs], in blocks, so that no second table is made."""
    for first in range(0, len(rows), HASHED_ROWS):
        some = slice(first, first + HASHED_ROWS)
        table[rows[some]] = source[theirs[some]]


def average_rows(table: np.ndarray, rows: np.ndarray, source: np.ndarray, theirs: np.ndarray, weight: float) -> None:
    """table[rows] = weight · source[theirs] + (1 − weight) · table[rows], in blocks; equal rows stay as they are."""
    for first in range(0, len(rows), HASHED_ROWS):
        some = slice(first, first + HASHED_ROWS)
        trained = table[rows[some]]
        table[rows[some]] = trained + np.float32(weight) * (source[theirs[some]] - trained)


def check_numbers(tables: Tables) -> None:
    """Raises `ConfigError` if a number that was taken over is NaN or infinite."""
    for name, table in tables.items():
        if not math.isfinite(float(np.sum(table, dtype=np.float64))):
            raise ConfigError(
                f"start holds numbers that are not finite (in {name}); "
                "leave such rows out: sgns.load(path, repair=True)"
            )


def check_fits(vectors: Vectors, config: Config) -> None:
    """Raises `ConfigError` if the vectors of a start do not fit the options of the run."""
    if vectors.dim != config.dim:
        raise ConfigError(
            f"dim is {config.dim}, and start has vectors of dimension {vectors.dim}; give --dim {vectors.dim}"
        )
    subwords = vectors.subwords
    if config.ngrams is not None:
        remedy = "leave --ngrams out" if subwords is None else "give those of start"
        theirs = None if subwords is None else f"{subwords.options.minimum}-{subwords.options.maximum}"
        low, _, high = config.ngrams.partition("-")
        mine = f"{low}-{high or low}"
        if subwords is None or theirs != mine:
            raise ConfigError(f"ngrams is {mine}, and start has {theirs or 'vectors without n-grams'}; {remedy}")
        if subwords.options.buckets != config.buckets:
            raise ConfigError(
                f"buckets is {config.buckets}, and start has {subwords.options.buckets}; give --buckets "
                f"{subwords.options.buckets}"
            )
        if config.freeze is not None and config.freeze not in WHOLE_TABLES:
            raise ConfigError("with ngrams, vectors of words change with those of their n-grams; give --freeze E")


def frozen_words(vectors: Vectors, config: Config) -> tuple[list[str], list[str]]:
    """The words whose rows stay, and a warning if the start lacks some.

    Raises:
        ConfigError: The start has none of them.
        InputError: The file of words cannot be read.
    """
    if config.freeze is None or config.freeze in WHOLE_TABLES:
        return [], []
    words, index = list(listed(config.freeze)), vectors.parts.words.index
    if not words:
        raise ConfigError("freeze holds no word; give words, E or C, or leave it out")
    missing = [word for word in words if word not in index]
    if len(missing) == len(words):
        raise ConfigError(
            f"freeze: start has none of the {len(words):,} words, the first is {words[0]!r}; give words of start"
        )
    known = [word for word in words if word in index]
    return known, [f"freeze: start lacks {len(missing):,} words, the first {missing[0]!r}"] if missing else []


def remarks(vectors: Vectors, config: Config) -> list[str]:
    """What the user should know about a start that fits."""
    parts, found = vectors.parts, []
    if config.loss == "hierarchical" and parts.nodes is None:
        found.append("start has no vectors of nodes; they begin at zero")
    if config.loss != "hierarchical" and parts.C is None:
        found.append("start has no context vectors (C); they begin at zero")
    if parts.counts is None and config.vocabulary != "new":
        found.append("start has no counts; noise and subsampling follow those of the text")
    theirs = vectors.metadata.get("config")
    of_start: dict[str, Any] = theirs if isinstance(theirs, dict) else {}
    if vectors.subwords is not None and config.ngrams is None:
        kept = vectors.subwords.options
        found.append(
            "the n-grams of start are left out, and other words than those of the vocabulary get no vectors; to keep "
            f"them give --ngrams {kept.minimum}-{kept.maximum} --buckets {kept.buckets}"
        )
    if parts.documents is not None and not config.documents:
        model = of_start.get("model") if of_start.get("model") in ("dbow", "dm") else "dbow"
        found.append(f"{len(parts.documents):,} vectors of documents are left out; to keep them give --model {model}")
    if of_start:
        mine = config.to_dict()
        windows = {of_start.get("model"), config.model} <= {"cbow", "dm"}
        for name in (*OPTIONS_OF_WORDS, *(("combine",) if windows else ())):
            if name in of_start and of_start[name] != mine[name]:
                found.append(f"start was trained with {name} {of_start[name]}, and here it is {mine[name]}")
    return found
