"""`Vectors`: words, their matrices E and C, and the questions that are asked of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from os import PathLike
from types import MappingProxyType
from typing import Any, Literal, NoReturn, Self, TypeGuard

import numpy as np

from sgns.base.geometry import unit
from sgns.base.suggest import nearest as nearest_spellings
from sgns.errors import ConfigError, FormatError, InputError, UnknownWord
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors import search, sets
from sgns.vectors.files import formats
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.quantized import QUANTIZED, Precision, QuantizedParts, check_precision
from sgns.vectors.files.selection import Only, Selection
from sgns.vectors.old_names import GENSIM_NAMES
from sgns.vectors.prediction import Scale, predict_centre
from sgns.vectors.quantize import SAMPLE, neighbours_kept, note_of, quantized
from sgns.vectors.read_only import never_written, read_only, refuse
from sgns.vectors.sets import Conflict
from sgns.vectors.shown import Answers, vectors_as_html, vectors_as_pandas
from sgns.vectors.subwords import SUBWORDS_DROPPED, SubwordTable
from sgns.vectors.texts import TextEncoder, Weights
from sgns.vectors.texts import warn as warn_of_texts
from sgns.vectors.tokens import Tokeniser, Unknown
from sgns.vectors.word_list import MOST_SEARCHES, IntegerWords, TagWords, WordList, as_text, is_integer

Word = str | np.ndarray
"""A known word, or a vector (d,)."""
Method = Literal["add", "mul"]
"""How analogies are answered: 3CosAdd, 3CosMul."""
Space = Literal["E", "C", "E+C"]
"""The matrix that questions are asked of."""

INTEGER_WORDS = "integer_words"
"""Key of the metadata: words that are decimal integers are integers, as they were trained on."""

READ_ONLY = ("words", "index", "E", "C", "counts", "norms", "subwords", "documents")  # attributes of `Vectors`


class Vectors:
    """Word vectors and exact answers from them.

    Every question that compares vectors compares their directions (cosine). Arithmetic on `v["king"]` is plain NumPy
    arithmetic on rows as they are; `most_similar(positive, negative)` and `analogy` add *unit* rows, as word2vec and
    gensim do.

    `words`, `E`, `C` and `counts` cannot be changed in place; `with_rows`, `add`, `merge` and `drop` make new vectors.

    Args:
        words: V different words, row by row; or their UTF-8 bytes, one a line, decoded when they are first needed.
        E: (V, d) float32, a row per target word; may be memory-mapped or a strided view, it is never copied. While
            its owner can write to it, the lengths of its rows are computed for each question anew.
        C: (V, d) float32, a row per context word, or None.
        counts: (V,) int64, the number of occurrences of each word in the corpus, or None.
        metadata: Plain JSON: how the vectors were made.
        subwords: The rows that E was composed of, with which words that are not among `words` are composed; or None.
        documents: Vectors of documents, whose words are their tags; or None.

    Raises:
        FormatError: The shapes do not agree, or there is not one word a row.
    """

    def __init__(
        self,
        words: WordList | Sequence[str] | bytes,
        E: np.ndarray,
        C: np.ndarray | None = None,
        counts: np.ndarray | None = None,
        metadata: dict[str, Any] | None = None,
        subwords: SubwordTable | None = None,
        documents: "Vectors | None" = None,
    ) -> None:
        if metadata is not None and not isinstance(metadata, dict):
            raise FormatError(f"metadata is {metadata!r:.80}; give a dict")
        if not isinstance(words, WordList | bytes):
            words, integers = texts_of(words)
            if integers:
                metadata = (metadata or {}) | {INTEGER_WORDS: True}
        C = None if C is None else sets.matrix_of("C", C)
        counts = None if counts is None else sets.whole_numbers(counts)
        parts = Parts.of(words, sets.matrix_of("E", E), C, counts, metadata, subwords)
        parts = parts.with_documents(None if documents is None else documents.parts)
        shared = isinstance(E, np.ndarray) and np.may_share_memory(parts.E, E)
        self._take_over(parts, constant=not shared or never_written(parts.E))

    def _take_over(self, parts: Parts, constant: bool) -> None:
        self._words, self._stored, self._counts = parts.words.texts, parts, parts.counts
        if parts.metadata.get(INTEGER_WORDS) is True:
            self._words = IntegerWords(self._words)
        self._constant = constant  # nobody can write to E: the lengths of its rows are kept
        self._norms: np.ndarray | None = None
        self.metadata = parts.metadata
        self._subwords = parts.subwords
        self._documents: Self | None = None

    # --- files ------------------------------------------------------------------------------------------------------

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        format: str | None = None,
        *,
        limit: int | None = None,
        only: Only | None = None,
        repair: bool = False,
        on_warning: WarningCallback | None = None,
        progress: ProgressCallback | None = None,
    ) -> Self:
        r"""Vectors from a file of any known format, plain or compressed with gzip, bzip2, xz or zstd.

        Nothing is ever unpickled. A safetensors file is mapped, not read, so that opening takes no time whatever its
        size. Other files are read once, as a stream. Repairs that lose nothing are made, with a warning: a word that
        stands twice keeps its first row, bytes that are not UTF-8 become \xNN, more rows than the header states are
        read.

        Args:
            path: The file; a pipe will do, except for the projector's TSV.
            format: safetensors, word2vec, word2vec-binary, glove, fasttext, fasttext-binary, projector or npz; None
                takes the format that the bytes show.
            limit: Read only the first rows, this many: the most frequent words, since files are sorted by custom.
            only: Read only these words (of the first rows, where limit is given too), in the order of the file; or the
                path of a file with a word a line. Words that the file does not have are left out, with a warning.
            repair: Leave out damaged rows (NaN, too few numbers, a torn end) instead of raising.
            on_warning: Called with one sentence for each kind of repair; by default a `RepairWarning`.
            progress: Called as progress("load", bytes, of bytes, "bytes").

        Returns:
            The vectors, words in the order of the file.

        Raises:
            InputError: The file cannot be read.
            FormatError: It is no vector file, or a damaged one; the message has line or byte, and the remedy.
            ConfigError: limit is below 1, or the file has none of the words of `only`.
        """
        selection, on_warning = Selection.of(limit, only), on_warning or formats.warn
        return cls.load_selection(path, selection, format, repair=repair, on_warning=on_warning, progress=progress)

    @classmethod
    def load_selection(
        cls,
        path: str | PathLike[str],
        selection: Selection,
        format: str | None = None,
        *,
        repair: bool = False,
        on_warning: WarningCallback,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Vectors of a selection of the rows of a file; see `load`. Raises `ConfigError` if there are no documents."""
        if selection.documents:
            documents = cls.load(path, format, repair=repair, on_warning=on_warning, progress=progress).documents
            if documents is None:
                raise ConfigError(
                    f"{path} holds no vectors of documents; train with model dbow or dm, or ask for words"
                )
            parts = selection.take(documents.parts)
            selection.check(parts, str(path), on_warning)
            return cls.from_parts(parts)
        parts = formats.read(path, format, repair=repair, on_warning=on_warning, progress=progress, selection=selection)
        selection.check(parts, str(path), on_warning)
        return cls.from_parts(parts).without_nonfinite(on_warning) if repair else cls.from_parts(parts)

    def save(
        self,
        path: str | PathLike[str],
        format: str | None = None,
        *,
        on_warning: WarningCallback | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        """Writes the vectors in the format that the ending of `path` names; .gz after it compresses the file.

        The file is written under a temporary name in the same folder and then renamed: an old file is replaced whole or
        not at all. Safetensors and npz hold everything, fastText's .bin all but metadata, the others words and E
        (projector: and counts).

        Args:
            path: .safetensors, .bin (word2vec binary), .fasttext.bin (fastText's own), .txt (word2vec), .vec (the text
                that fastText writes), .glove, .tsv (projector, with the words in a second file), .npz.
            format: Overrides the ending; see `load`.
            on_warning: Called with the number of words that had to be renamed, or with what is left out; by default a
                `RepairWarning`.
            progress: Called as progress("save", words, of words, "words").

        Raises:
            OutputError: The file cannot be written; the old file is still there.
            FormatError: The ending is unknown, or the format cannot hold the words.
        """
        own = formats.format_to_write(path, format) == "safetensors"
        parts = self._parts_as_stored if own else self.parts
        formats.write(parts, path, format, on_warning=on_warning, progress=progress)

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Vectors of what a reader returned, or of other arrays that nobody writes to from now on."""
        return cls._of(parts, constant=True)

    @classmethod
    def _of(cls, parts: Parts, constant: bool) -> Self:
        vectors = cls.__new__(cls)
        if not isinstance(parts, QuantizedParts):
            checked = Parts.of(parts.words, parts.E, parts.C, parts.counts, parts.metadata, parts.subwords)
            parts = checked.with_nodes(parts.nodes).with_documents(parts.documents)
        vectors._take_over(parts, constant)
        return vectors

    @property
    def _E(self) -> np.ndarray:
        return self._stored.E

    @property
    def _C(self) -> np.ndarray | None:
        return self._stored.C

    @property
    def _parts_as_stored(self) -> Parts:
        if not isinstance(self._stored, QuantizedParts):
            return self.parts
        return self._stored.with_metadata(self.metadata)

    @property
    def parts(self) -> Parts:
        """What a writer takes: words, E, C, counts, metadata and so on, none of them copied, E as it was given."""
        stored, metadata = self._stored, self._metadata_of_float32
        parts = Parts(self._words.texts, self._E, self._C, self._counts, metadata, self._subwords, stored.nodes)
        return parts.with_documents(stored.documents)

    @property
    def _metadata_of_float32(self) -> dict[str, Any]:
        return {name: value for name, value in self.metadata.items() if name != QUANTIZED}

    # --- words and rows ---------------------------------------------------------------------------------------------

    @property
    def words(self) -> list[str]:
        """The words, row by row, read-only. Raises `FormatError` when a file holds more or fewer words than rows."""
        return self._words.decoded

    @property
    def E(self) -> np.ndarray:
        """(V, d) float32, read-only: a row per target word."""
        return read_only(self._E)

    @property
    def C(self) -> np.ndarray | None:
        """(V, d) float32, read-only: a row per context word; or None."""
        return None if self._C is None else read_only(self._C)

    @property
    def counts(self) -> np.ndarray | None:
        """(V,) int64, read-only: the number of occurrences of each word in the corpus; or None."""
        return None if self._counts is None else read_only(self._counts)

    @property
    def subwords(self) -> SubwordTable | None:
        """The rows that E was composed of, and with which unknown words are composed; None without subwords."""
        return self._subwords

    @property
    def documents(self) -> Self | None:
        """Vectors of the documents, whose words are their tags, and whose E has a row for each; or None.

        `v.documents.most_similar(tag)` are documents, `v.most_similar(v.documents[tag])` words.
        """
        if self._documents is None and self._stored.documents is not None:
            metadata = {name: value for name, value in self.metadata.items() if name not in (INTEGER_WORDS, QUANTIZED)}
            self._documents = self._of(replace(self._stored.documents, metadata=metadata), self._constant)
            self._documents._words = TagWords(self._documents._words.texts)
        return self._documents

    @property
    def index(self) -> Mapping[str, int]:
        """The row of each word, read-only. Raises `FormatError` when a word stands twice."""
        return MappingProxyType(self._words.index)

    def __getattr__(self, name: str) -> NoReturn:
        ours = GENSIM_NAMES.get(name)
        hint = f"; here it is {ours}" if ours is not None else ""
        raise AttributeError(f"'Vectors' object has no attribute {name!r}{hint}", name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> None:
        if name in READ_ONLY:
            refuse()
        super().__setattr__(name, value)

    def __setitem__(self, word: object, row: object) -> NoReturn:
        refuse()

    def __delitem__(self, word: object) -> NoReturn:
        refuse()

    @property
    def norms(self) -> np.ndarray:
        """(V,) float32: the length of each row of E. Raises `FormatError` for a row that is not finite.

        They are computed once, unless somebody else can write to E.
        """
        if self._norms is not None:
            return self._norms
        norms = search.row_norms(self._E)
        if self._constant:
            self._norms = norms
        return norms

    @property
    def dim(self) -> int:
        """The dimension d."""
        return self._stored.dim

    @property
    def precision(self) -> str:
        """How a number of E is kept: float32; or float16 or int8, with a scale for each row (see `quantize`)."""
        return self._stored.codes.precision if isinstance(self._stored, QuantizedParts) else "float32"

    def __len__(self) -> int:
        return len(self._stored)

    def __contains__(self, word: object) -> bool:
        return self._words.row(word) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __repr__(self) -> str:
        also = [name for name in ("C", "counts", "subwords") if getattr(self, name) is not None]
        if self._stored.documents is not None:
            also.append(f"{len(self._stored.documents):,} documents")
        return f"<Vectors: {len(self):,} words, d = {self.dim}{', with ' + ' and '.join(also) if also else ''}>"

    def _repr_html_(self) -> str:
        """Size, first words and options, as a table of a notebook."""
        parts = {"E": self.E, "C": self.C, "counts": self.counts, "subwords": self.subwords}
        return vectors_as_html(self.words, self.dim, parts, self.metadata)

    def to_pandas(self) -> Any:
        """E as a pandas DataFrame: a row for each word, its index; the column count first, if there are counts.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return vectors_as_pandas(self.words, self.E, self.counts)

    def __getitem__(self, word: str | Sequence[str]) -> np.ndarray:
        """The row (d,) of a word, read-only, or a copy (n, d) of the rows of a list of words.

        With subwords, the vector of an unknown word is composed of its n-grams, as fastText does.

        Raises:
            UnknownWord: A word is unknown, and there are no subwords, or none of its n-grams has a row.
        """
        if not is_word(word):
            return self._rows_and_vectors(word)[1]
        return self._composed(word) if self._composes(word) else self.E[self.id(word)]

    def id(self, word: str) -> int:
        """The row of `word`. Raises `UnknownWord` (a KeyError) with its nearest spellings."""
        row = self._words.row(word)
        if row is None:
            near = nearest_spellings(str(word), self._words.texts.index)
            hint = f"did you mean {', '.join(near)}?" if near else "no spelling is near"
            if SUBWORDS_DROPPED in self.metadata:
                hint += f"; to compose it of its n-grams, ask before {self.metadata[SUBWORDS_DROPPED]}"
            raise UnknownWord(f"{str(word)[:80]!r} is not among the {len(self):,} words; {hint}")
        return row

    def ids(self, words: Iterable[str]) -> np.ndarray:
        """The rows (n,) int64 of several words. Raises `UnknownWord`, or `ConfigError` for what is no list."""
        words = listed(words)
        if len(words) > MOST_SEARCHES // 4:
            self._words.index  # noqa: B018  one search for each word would take longer
        return np.array([self.id(word) for word in words], np.int64)

    def composable(self, words: Iterable[str]) -> list[str]:
        """Those of these words that are not in the vocabulary, and whose vectors are composed of their n-grams."""
        return [word for word in dict.fromkeys(listed(words)) if self._composes(word)]

    def _composes(self, word: object) -> bool:
        """Whether a word is unknown, and some of its n-grams has a row."""
        if self._subwords is None or not is_word(word) or word in self:
            return False
        return len(self._subwords.options.rows_of(as_text(word))) > 0

    def _composed(self, word: str) -> np.ndarray:
        return self._subwords.compose(as_text(word))  # type: ignore[union-attr]

    def _rows_and_vectors(self, words: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """The numbers (n,) int64 of the rows of several words, −1 for composed ones, and a copy (n, d) of the rows.

        Raises:
            UnknownWord: A word is unknown and cannot be composed.
        """
        words = listed(words)
        composed = set(self.composable(words)) if self._subwords is not None else set()
        if not composed:
            rows = self.ids(words)
            return rows, self._E[rows]
        rows = np.array([-1 if word in composed else self.id(word) for word in words], np.int64)
        vectors = self._E[np.maximum(rows, 0)]
        for i in np.flatnonzero(rows < 0).tolist():
            vectors[i] = self._composed(words[i])
        return rows, vectors

    def with_text_words(self) -> Self:
        """These vectors with all words as text: ids that were trained on as integers become their digits."""
        if INTEGER_WORDS not in self.metadata:
            return self
        metadata = {name: value for name, value in self.metadata.items() if name != INTEGER_WORDS}
        if isinstance(self._stored, QuantizedParts):
            return self._of(self._stored.with_metadata(metadata), constant=True)
        return self._of(replace(self.parts, metadata=metadata), constant=self._constant)

    # --- other vectors from these -----------------------------------------------------------------------------------

    def take(self, rows: slice | np.ndarray) -> Self:
        """Vectors of these rows alone: views for a slice, copies for row numbers, or for True and False for each row.

        Raises:
            ConfigError: rows is something else, or a number is outside.
        """
        rows = rows if isinstance(rows, slice) else sets.row_numbers(rows, len(self))
        return self._of(self._parts_as_stored.take(rows), constant=self._constant or not isinstance(rows, slice))

    def select(self, words: Sequence[str]) -> Self:
        """Vectors of these words alone, in this order. Raises `UnknownWord`."""
        return self.take(self.ids(words))

    def restrict(self, n: int) -> Self:
        """The n most frequent words: by `counts`, or the first n where there are none (files are sorted by custom)."""
        check_n(n)
        if self._counts is None or bool(np.all(self._counts[:-1] >= self._counts[1:])):
            return self.take(slice(0, n))
        return self.take(np.argsort(-self._counts, kind="stable")[:n])

    def without_nonfinite(self, on_warning: WarningCallback) -> Self:
        """Vectors without the rows that have no length: NaN, infinity, beyond 1e19; a warning has their number."""
        finite = search.usable(self._E)
        if self._C is not None:
            finite &= search.usable(self._C)
        if finite.all():
            return self
        first = self._words.at([int(np.argmin(finite))])[0]
        on_warning(f"{int((~finite).sum()):,} rows left out (NaN, infinity or beyond 1e19; first: {first[:80]!r})")
        return self.take(np.flatnonzero(finite))

    def space(self, which: Space) -> Self:
        """Vectors whose E is this E, this C, or E + C (a new matrix). Raises `ConfigError` when there is no C."""
        if which not in ("E", "C", "E+C"):
            raise ConfigError(f"space is {which!r}; choose E, C or E+C")
        if which == "E":
            return self
        if self._C is None:
            raise ConfigError(f"space is {which}, but these vectors hold E alone; only the own format keeps C")
        if which == "C":
            note = {"space": which}
            return self._with_matrix(self._C, note, "space", constant=self._constant, documents=self.documents)
        return self._with_matrix(self._E + self._C, {"space": which}, "space", documents=self.documents)

    def normalized(self) -> Self:
        """New vectors with every row of E scaled to length 1 (a zero row stays zero)."""
        lengths = self.norms[:, None]
        E = np.divide(self._E, lengths, out=np.zeros(self._E.shape, np.float32), where=lengths > 0)
        documents = None if self.documents is None else self.documents.normalized()
        return self._with_matrix(E, {"normalized": True}, "normalized", documents=documents)

    def all_but_the_top(self, components: int | None = None) -> Self:
        """New vectors without the mean and the strongest directions of E (Mu & Viswanath 2018, "All-but-the-Top").

        Those of documents, which are not changed so, are left out.

        Args:
            components: Number of principal directions to remove; by default d / 100, as the paper advises.

        Raises:
            ConfigError: components is outside 0 to d.
        """
        D = max(1, self.dim // 100) if components is None else components
        if not 0 <= D <= self.dim:
            raise ConfigError(f"components is {D}, outside 0 to {self.dim}; d / 100 is usual")
        E = self._E - self._E.mean(axis=0, dtype=np.float64).astype(np.float32)
        strongest = np.linalg.eigh((E.T @ E).astype(np.float64))[1][:, self.dim - D :].astype(np.float32)  # (d, D)
        E -= (E @ strongest) @ strongest.T
        return self._with_matrix(E, {"all_but_the_top": D}, "all_but_the_top")

    def _with_matrix(
        self,
        E: np.ndarray,
        note: dict[str, Any],
        call: str,
        constant: bool = True,
        documents: "Vectors | None" = None,
    ) -> Self:
        """These words with rows that `call` made; the rows of n-grams do not stand for these and are dropped."""
        if self._subwords is not None:
            note = note | {SUBWORDS_DROPPED: call}
        metadata = self._metadata_of_float32 | note
        parts = Parts.of(self._words, E, None, self._counts, metadata)
        return self._of(parts.with_documents(None if documents is None else documents.parts), constant)

    def quantize(self, precision: Precision, *, sample: int = SAMPLE) -> Self:
        """New vectors whose rows of E and C are kept as float16 or int8, with a scale for each row.

        The own format (.safetensors) then takes half or a quarter of the bytes; other formats are written from E, which
        is computed in float32 when it is first needed. `metadata["quantized"]` says what was lost: the share of the 10
        nearest neighbours that stay the same, over `sample` words.

        Args:
            precision: float16 or int8.
            sample: Number of words whose neighbours are compared; 0 measures nothing.

        Raises:
            ConfigError: precision is another one, or sample is below 0.
            FormatError: A row holds NaN or infinity.
        """
        check_precision(precision)
        if not isinstance(sample, int) or sample < 0:
            raise ConfigError(f"sample is {sample}; give a number of words, or 0 to measure nothing")
        self.norms  # noqa: B018  raises for a row that is not finite
        made = self._of(quantized(self.parts, precision), constant=True)
        kept = neighbours_kept(self._E, made._E, sample) if sample else None
        made.metadata[QUANTIZED] = note_of(precision, kept)
        if self._subwords is not None:
            made.metadata[SUBWORDS_DROPPED] = "quantize"
        return made

    def with_rows(self, words: str | Sequence[str], rows: np.ndarray | Sequence[Any]) -> Self:
        """New vectors in which these words have other rows of E; everything else is kept.

        Args:
            words: A word, or n words of these vectors.
            rows: (d,) or (n, d), finite.

        Raises:
            UnknownWord: A word is not among these; `add` adds it.
            ConfigError: The rows do not fit, or a word stands twice.
        """
        named = self._named(words)
        matrix = sets.rows_for(named, rows, self.dim, "with_rows")
        return self._of(sets.with_rows(self.parts, self.ids(named), matrix), constant=True)

    def add(
        self,
        words: str | Sequence[str],
        rows: np.ndarray | Sequence[Any],
        *,
        C: np.ndarray | Sequence[Any] | None = None,
        counts: int | Sequence[int] | np.ndarray | None = None,
    ) -> Self:
        """New vectors with these words after the old ones.

        Args:
            words: A word, or n words that are not among these.
            rows: Their rows of E, (d,) or (n, d), finite.
            C: Their rows of C; without them the new vectors have no C.
            counts: Their counts; without them the new vectors have no counts.

        Raises:
            ConfigError: A word is known already (`with_rows` gives it another row) or stands twice, or the rows do not
                fit.
        """
        named = self._named(words)
        matrix = sets.rows_for(named, rows, self.dim, "add")
        known = next((word for word in named if word in self), None)
        if known is not None:
            raise ConfigError(
                f"{known[:80]!r} is among the words already; give it another row: v.with_rows(words, rows)"
            )
        contexts = None if C is None else sets.rows_for(named, C, self.dim, "add")
        new = Parts.of(named, matrix, contexts, None if counts is None else sets.counts_for(named, counts, "add"))
        return self._of(sets.joined(self.parts, new), constant=True)

    def merge(self, other: "Vectors", on_conflict: Conflict = "error") -> Self:
        """New vectors with the words of both: these in their order, then those that `other` alone has.

        Rows of two trainings are comparable only after an alignment; see `sgns.vectors.procrustes`. C and counts are
        kept where both have them. Vectors of documents are those of the first.

        Args:
            other: Vectors of the same dimension.
            on_conflict: What happens to a word that both have: first and second take the row, the row of C and the
                count of these or of `other`; mean takes the mean of the rows and the sum of the counts; error raises.

        Raises:
            ConfigError: The dimensions differ, or both have a word and on_conflict is error.
        """
        if not isinstance(other, Vectors):
            raise ConfigError(f"merge takes Vectors, not {type(other).__name__}; load a file first: sgns.load(path)")
        return self._of(sets.merged(self.parts, other.parts, on_conflict), constant=True)

    def drop(self, words: str | Sequence[str]) -> Self:
        """New vectors without these words. Raises `UnknownWord`, or `ConfigError` for what is no list."""
        gone = self.ids(listed(words))
        return self.take(np.setdiff1d(np.arange(len(self)), gone))

    def _named(self, words: str | Sequence[str]) -> list[str]:
        """One word or several as a list; ids as their digits where ids were trained on."""
        if isinstance(words, Set):
            raise ConfigError(f"the words are a {type(words).__name__}, which has no order; give a list, row by row")
        named = listed(words)
        return [as_text(word) for word in named] if isinstance(self._words, IntegerWords) else named

    # --- questions --------------------------------------------------------------------------------------------------

    def direction(self, terms: Iterable[tuple[float, Word]]) -> tuple[np.ndarray, list[int]]:
        """The direction of a weighted sum of unit vectors.

        Args:
            terms: (weight, word or vector (d,)).

        Returns:
            A unit vector (d,) float32, and the rows of the words of the sum.

        Raises:
            UnknownWord: A word is unknown.
            ConfigError: There is nothing to add, a vector of another dimension or not finite, or a sum of zero.
        """
        total = np.zeros(self.dim)
        rows: list[int] = []
        for weight, word in terms:
            if self._composes(word):
                vector: np.ndarray = self._composed(word)  # type: ignore[arg-type]
            elif is_word(word):
                rows.append(self.id(word))
                vector = self._E[rows[-1]]
            else:
                vector = np.asarray(word)
                if vector.shape != (self.dim,):
                    raise ConfigError(f"a vector of shape {vector.shape} among vectors of shape ({self.dim},)")
            total += weight * unit(vector).astype(np.float64)
        if not np.isfinite(total).all():
            raise ConfigError("a vector of the question holds NaN or infinity; train again with a lower lr")
        if np.linalg.norm(total) < 1e-6:
            raise ConfigError("the words of the question add up to nothing (a zero vector); ask for other words")
        return unit(total), rows

    def most_similar(
        self, positive: Word | Iterable[Word], negative: Word | Iterable[Word] = (), n: int = 10
    ) -> Answers:
        """The n words nearest to a word, to a vector, or to the sum of several words minus others.

        Args:
            positive: A word, a vector (d,), or several of either.
            negative: What is subtracted.
            n: Number of answers.

        Returns:
            (word, cosine), nearest first, without the words of the question.

        Raises:
            UnknownWord: A word is unknown; the message has the nearest spellings.
            ConfigError: n is below 1, or the question adds up to zero.
        """
        terms = [(1.0, word) for word in several(positive)] + [(-1.0, word) for word in several(negative)]
        direction, rows = self.direction(terms)
        return self.nearest_to(direction, n, without=rows)

    def nearest_to(self, direction: np.ndarray, n: int = 10, without: Sequence[int] = ()) -> Answers:
        """The n words nearest to a unit vector (d,), leaving out the rows of `without`."""
        check_n(n)
        more = n + len(set(without))
        if self._norms is None and self._E.size >= search.WORTH_THREADS:  # the first question reads E once, not twice
            norms, ids, cosines = search.norms_and_nearest(self._E, direction, more)
            if self._constant:
                self._norms = norms
        else:
            ids, cosines = (found[0] for found in search.nearest(self._E, self.norms, direction[None, :], more))
        kept = [(i, float(cosine)) for i, cosine in zip(ids.tolist(), cosines) if i not in without][:n]
        return Answers(zip(self._words.at([i for i, _ in kept]), (cosine for _, cosine in kept)))

    def most_similar_each(self, words: Sequence[str] | np.ndarray, n: int = 10) -> list[Answers]:
        """`most_similar` for each of many words, or for each row of an array (q, d), in one matrix product.

        Returns:
            A list of (word, cosine) for each, without the word itself.

        Raises:
            UnknownWord: A word is unknown; the message has the nearest spellings.
            ConfigError: n is below 1, or the array has another dimension.
        """
        check_n(n)
        if isinstance(words, np.ndarray):
            if words.ndim != 2 or words.shape[1] != self.dim:
                raise ConfigError(f"an array of shape {words.shape} among vectors of dimension {self.dim}")
            own, queries = np.full(len(words), -1), unit(words)
        else:
            own, rows = self._rows_and_vectors(words)
            queries = unit(rows)
        ids, cosines = search.nearest(self._E, self.norms, queries, n + 1)
        words = self.words
        return [
            Answers([(words[i], float(cosine)) for i, cosine in zip(row, scores) if i != itself][:n])
            for itself, row, scores in zip(own, ids, cosines)
        ]

    def analogy(self, a: str, b: str, c: str, n: int = 10, method: Method = "add") -> Answers:
        """Answers a : b = c : ?, as in man : king = woman : ?

        Args:
            a: man.
            b: king.
            c: woman.
            n: Number of answers.
            method: add is 3CosAdd, cos(x, b − a + c); mul is 3CosMul, cos⁺(x, b) cos⁺(x, c) / (cos⁺(x, a) + 1e-6) with
                cos⁺ = (1 + cos) / 2 (Levy & Goldberg 2014); its scores are products, not cosines.

        Returns:
            (word, score), best first, without a, b and c.

        Raises:
            UnknownWord: A word is unknown; the message has the nearest spellings.
            ConfigError: method is another one, or n is below 1.
        """
        if method == "add":
            return self.most_similar([b, c], [a], n)
        if method != "mul":
            raise ConfigError(f"method is {method!r}; choose add (3CosAdd) or mul (3CosMul)")
        check_n(n)
        rows, vectors = self._rows_and_vectors([a, b, c])
        cosines = self.cosines(unit(vectors))  # (3, V)
        cosines += 1
        cosines /= 2
        scores = cosines[1] * cosines[2] / (cosines[0] + np.float32(1e-6))
        known = rows[rows >= 0]
        scores[known] = -np.inf
        best = search.top(scores, min(n, len(self) - len(set(known.tolist()))))
        return Answers(zip(self._words.at(best), scores[best].tolist()))

    def doesnt_match(self, words: Iterable[str]) -> Answers:
        """Each word's cosine with the mean of all their unit vectors, the lowest first: the odd one out.

        Raises `UnknownWord`; `ConfigError` for fewer than three words.
        """
        words = list(dict.fromkeys(listed(words)))
        if len(words) < 3:
            raise ConfigError(f"{len(words)} different words; the odd one out needs at least 3")
        directions = unit(self[words]).astype(np.float64)
        cosines = directions @ unit(directions.mean(axis=0))
        return Answers((words[i], float(cosines[i])) for i in np.argsort(cosines, kind="stable"))

    def similarity(self, a: Word, b: Word) -> float:
        """The cosine of two words or vectors. Raises `UnknownWord`."""
        (u, _), (v, _) = self.direction([(1.0, a)]), self.direction([(1.0, b)])
        return float(np.clip(np.dot(u.astype(np.float64), v.astype(np.float64)), -1, 1))

    def rank_of(self, a: str, b: str) -> int:
        """The position of b among the neighbours of a: 1 when b is the nearest. Raises `UnknownWord`."""
        return len(self.closer_than(a, b)) + 1

    def closer_than(self, a: str, b: str) -> Answers:
        """The words nearer to a than b is, with their cosines, nearest first. Raises `UnknownWord`."""
        rows, vectors = self._rows_and_vectors([a, b])
        directions = unit(vectors)
        scores = self.cosines(directions[:1])[0]
        least = scores[rows[1]] if rows[1] >= 0 else directions[0] @ directions[1]
        ids = np.flatnonzero(scores > least)
        ids = ids[ids != rows[0]]
        ids = ids[np.argsort(-scores[ids], kind="stable")]
        return Answers(zip(self._words.at(ids), scores[ids].tolist()))

    def cosines(self, queries: np.ndarray) -> np.ndarray:
        """Cosines (q, V) float32 of unit rows `queries` (q, d) with every word; a zero row gives 0."""
        scores = queries @ self._E.T
        scores *= search.inverse(self.norms)
        return scores

    def centroid(self, text: str | Iterable[str], *, unknown: Unknown = "skip") -> np.ndarray:
        """The mean row (d,) of the known words of a text.

        Args:
            text: A string, whose words are made as in training; or words.
            unknown: skip leaves unknown words out; compose makes their vectors of their n-grams; see `encode`.

        Raises:
            UnknownWord: None of the words is known.
            ConfigError: unknown is compose, and there are no subwords.
        """
        if isinstance(text, bytes) or not isinstance(text, Iterable):
            raise InputError(f"{text!r:.80} is no text; give a string, or a list of its words")
        encoder = TextEncoder(self.parts, "mean", unknown=unknown)
        found = encoder.encode([text if isinstance(text, str) else list(text)])
        if found.empty.size:
            raise UnknownWord(f"none of the {found.words[0]} words of the text is known; a centroid needs one")
        return found.rows[0]

    # --- texts ------------------------------------------------------------------------------------------------------

    def encode(
        self,
        texts: Iterable[Any],
        *,
        weights: Weights = "sif",
        a: float = 1e-3,
        components: int = 0,
        unknown: Unknown = "skip",
        on_warning: WarningCallback | None = None,
    ) -> np.ndarray:
        """Vectors of texts: weighted means of the rows of their known words (Arora et al. 2017).

        Args:
            texts: n strings, whose words are made as in training, or lists of words, which are taken as they are. A
                word that is unknown so is looked up in lower case.
            weights: sif, a / (a + p(w)), which needs counts; or mean.
            a: The constant of SIF.
            components: Number of common components to find in these texts and to subtract; 1 in the paper.
                `text_encoder` keeps them for other texts.
            unknown: skip leaves unknown words out; compose makes their vectors of their n-grams, as fastText does. With
                SIF such a word has the weight 1, that of a word of frequency 0.
            on_warning: Called when texts have no known word; by default a `TextWarning`. Their rows are zero.

        Returns:
            (n, d) float32.

        Raises:
            ConfigError: There are no counts for sif, no subwords to compose of, or an option is out of range.
            InputError: A text is neither a string nor a list of words.
        """
        encoder = self.text_encoder(weights, a, components, unknown=unknown)
        return encoder.fit_transform(texts, on_warning=on_warning)

    def text_encoder(
        self, weights: Weights = "sif", a: float = 1e-3, components: int = 1, *, unknown: Unknown = "skip"
    ) -> TextEncoder:
        """An encoder of texts that keeps their common components: fit(texts), then transform(other texts).

        Args:
            weights: sif or mean; see `encode`.
            a: The constant of SIF.
            components: Number of common components that `fit` finds and `transform` subtracts; with 0, nothing has to
                be fitted.
            unknown: skip or compose; see `encode`.

        Raises:
            ConfigError: There are no counts for sif, no subwords to compose of, or an option is out of range.
        """
        return TextEncoder(self.parts, weights, a, components, unknown=unknown)

    def predict(
        self,
        context: str | Iterable[Any],
        n: int = 10,
        *,
        scale: Scale = "probability",
        on_warning: WarningCallback | None = None,
    ) -> Answers:
        """The n words that the model takes for the likeliest between context words.

        Args:
            context: A text or words; unknown ones are left out.
            n: Number of answers.
            scale: probability, q(w) exp(h·C_w) / Σ, where h is the mean of the context's rows of E and q the noise
                distribution; softmax, exp(h·C_w) / Σ, as gensim's `predict_output_word` has it; or score, h·C_w.
            on_warning: Called with the number of unknown words; by default a `TextWarning`.

        Returns:
            (word, probability or score), the likeliest first. Words of the context may be among them.

        Raises:
            ConfigError: There is no C, C has no rows of words, or there are no counts for a probability.
            InputError: context is neither a text nor a list of words.
            FormatError: A score is not finite.
            UnknownWord: None of the words is known.
        """
        check_n(n)
        if isinstance(self._words, IntegerWords) and is_integer(context):
            context = [context]
        try:
            if isinstance(context, bytes):
                raise TypeError
            rows = np.array(self._tokeniser.rows_of(context), np.int64)
        except TypeError:  # no list, or a list of lists
            raise InputError(f"{context!r:.80} is no context; give a text, or a list of its words") from None
        known = rows[rows >= 0]
        if not len(known):
            raise UnknownWord(f"none of the {len(rows)} context words is known; a prediction needs one")
        values = predict_centre(self.parts, known, scale)
        if len(known) < len(rows):
            (on_warning or warn_of_texts)(f"{len(rows) - len(known)} of {len(rows)} context words are unknown")
        ids = search.top(values, n)
        return Answers(zip(self._words.at(ids), values[ids].tolist()))

    @property
    def _tokeniser(self) -> Tokeniser:
        return Tokeniser(self._words, self.metadata)


load = Vectors.load
save = Vectors.save


def several(words: Word | Iterable[Word]) -> list[Word]:
    """One word or vector, or several, as a list."""
    if is_word(words) or (isinstance(words, np.ndarray) and words.ndim == 1 and words.dtype.kind != "U"):
        return [words]
    return listed(words)  # type: ignore[arg-type, return-value]


def listed(words: str | Iterable[str]) -> list[str]:
    """One word or several as a list. Raises `ConfigError` for what is neither."""
    if is_word(words):
        return [words]
    if isinstance(words, bytes) or not isinstance(words, Iterable):
        raise ConfigError(f"{words!r:.80} is no words; give one, or a list of them")
    return list(words)


def texts_of(words: Iterable[Any]) -> tuple[list[str], bool]:
    """Words as text, and whether there are integers among them.

    Raises:
        FormatError: One is neither text nor an integer, or they are no list.
    """
    if isinstance(words, Set):
        raise FormatError(f"words is a {type(words).__name__}, which has no order; give a list, row by row")
    if not isinstance(words, Iterable):
        raise FormatError(f"words is {words!r:.80}; give a list, a word for each row of E")
    words = list(words)
    kinds = {kind for kind in set(map(type, words)) if not issubclass(kind, str)}
    if not kinds:
        return words, False
    odd = next((word for word in words if not is_word(word)), None)
    if odd is not None or type(None) in kinds:
        raise FormatError(f"{odd!r:.80} is no word; words are strings or whole numbers")
    return [as_text(word) for word in words], True


def check_n(n: int) -> None:
    """Raises `ConfigError` unless n is a whole number of at least 1."""
    if not is_integer(n) or n < 1:
        raise ConfigError(f"n is {n!r}; ask for at least 1")


def is_word(word: object) -> TypeGuard[str]:
    """Whether one word is meant: a string, or an integer where ids were trained on."""
    return isinstance(word, str) or is_integer(word)
