"""`Doc2Vec` of gensim 4: vectors of documents (PV-DM, PV-DBOW), trained by the engine of sgns."""

import logging
from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy import float32 as REAL

from sgns.gensim import utils
from sgns.gensim.models import inference
from sgns.gensim.models.encoding import EncodedText, encode
from sgns.gensim.models.engine_rows import keep_locked, writable
from sgns.gensim.models.keyedvectors import KeyedVectors
from sgns.gensim.models.network import Lock, Network, Step
from sgns.gensim.models.questions import cosine
from sgns.gensim.models.sources import brown_lines
from sgns.gensim.models.vocabulary import TrimRule, WordCounts
from sgns.gensim.models.word2vec import Word2Vec
from sgns.gensim.store import class_only, load

logger = logging.getLogger(__name__)

DOCUMENT_SEED = 7919  # added to the seed for the first vectors of documents


class TaggedDocument(NamedTuple):
    """A document: its words, and its tags, integers or strings."""

    words: Any
    tags: Any

    def __str__(self) -> str:
        return f"{type(self).__name__}<{self.words}, {self.tags}>"


class Doc2Vec(Word2Vec):
    """Vectors of documents, and of words.

    Attributes:
        dv: The vectors of documents, `KeyedVectors` by tag.
        wv: Those of words.
    """

    def __init__(
        self,
        documents: Iterable[Any] | None = None,
        corpus_file: str | PathLike[str] | None = None,
        vector_size: int = 100,
        dm_mean: int | None = None,
        dm: int = 1,
        dbow_words: int = 0,
        dm_concat: int = 0,
        dm_tag_count: int = 1,
        dv: KeyedVectors | None = None,
        dv_mapfile: str | None = None,
        comment: str | None = None,
        trim_rule: TrimRule | None = None,
        callbacks: Iterable[Any] = (),
        window: int = 5,
        epochs: int = 10,
        shrink_windows: bool = True,
        **kwargs: Any,
    ) -> None:
        """As `Word2Vec`, for documents.

        Args:
            documents: `TaggedDocument`s.
            corpus_file: A file of a document a line; the tag is the number of the line.
            vector_size: Dimension d.
            dm_mean: The input of PV-DM is the mean of document and window; 0 for the sum.
            dm: 1 for PV-DM, else PV-DBOW.
            dbow_words: With PV-DBOW, train words with skip-gram too.
            dm_concat: 0 alone: sgns has no input that is a concatenation.
            dm_tag_count: As in gensim; without dm_concat it has no effect.
            dv: Vectors of documents to begin with.
            dv_mapfile: Kept; it has no effect, as in gensim.
            comment: Kept.
            trim_rule: Decides over single words.
            callbacks: See `callbacks.CallbackAny2Vec`.
            window: Largest distance between a word of the window and c+.
            epochs: Passes over the corpus.
            shrink_windows: Each centre draws its own window.
            kwargs: See `Word2Vec`.

        Raises:
            NotImplementedError: dm_concat is set.
        """
        if dm and dm_concat:
            raise NotImplementedError(
                "dm_concat=1 makes one long input of all rows of a window, which sgns does not train; take dm_mean=1 "
                "or dm_mean=0"
            )
        if dm_mean is not None:
            kwargs["cbow_mean"] = dm_mean
        self.dbow_words, self.dm_concat, self.dm_tag_count = int(dbow_words), int(dm_concat), int(dm_tag_count)
        self.vector_size = int(vector_size)
        self.dv = dv or KeyedVectors(self.vector_size, mapfile_path=dv_mapfile)
        self.dv.vectors_lockf = np.ones(1, REAL)
        super().__init__(
            sentences=documents, corpus_file=corpus_file, vector_size=self.vector_size, sg=(1 + dm) % 2,
            comment=comment, trim_rule=trim_rule, callbacks=callbacks, window=window, epochs=epochs,
            shrink_windows=shrink_windows, **kwargs,
        )  # fmt: skip

    def __str__(self) -> str:
        parts = [f'"{self.comment}"'] if self.comment else []
        parts.append(("dbow+w" if self.dbow_words else "dbow") if self.sg else "dm/m" if self.cbow_mean else "dm/s")
        parts.append(f"d{self.dv.vector_size}")
        parts += [f"n{self.negative}"] if self.negative else []
        parts += ["hs"] if self.hs else []
        parts += [f"w{self.window}"] if not self.sg or self.dbow_words else []
        parts += [f"mc{self.min_count}"] if self.min_count > 1 else []
        parts += [f"s{self.sample:g}"] if self.sample > 0 else []
        parts += [f"t{self.workers}"] if self.workers > 1 else []
        return f"{type(self).__name__}<{','.join(parts)}>"

    @property
    def dm(self) -> bool:
        """Whether it is PV-DM."""
        return not self.sg

    @property
    def dbow(self) -> bool:
        """Whether it is PV-DBOW."""
        return bool(self.sg)

    @property
    def docvecs(self) -> KeyedVectors:
        """The old name of `dv`."""
        return self.dv

    # --- vocabulary and rows ----------------------------------------------------------------------------------------

    def scan_vocab(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: Any = None,
        progress_per: int = 100_000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Counts the words and collects the tags of documents."""
        corpus = corpus_iterable if corpus_file is None else TaggedLineDocument(corpus_file)
        return self._scan_vocab(corpus, progress_per, trim_rule)

    def _scan_vocab(self, corpus: Any, progress_per: int, trim_rule: TrimRule | None) -> tuple[int, int]:
        counts, largest, number = WordCounts(self.max_vocab_size, trim_rule), -1, -1
        tags: dict[str, list[int]] = {}
        numbered: dict[int, list[int]] = {}
        for number, document in enumerate(corpus):
            if number == 0 and isinstance(document.words, str):
                logger.warning(
                    "Each 'words' should be a list of words (usually unicode strings). First 'words' here is instead "
                    "plain %s.",
                    type(document.words),
                )
            size = len(document.words)
            for tag in document.tags:
                if isinstance(tag, int | np.integer):
                    largest, entry = max(largest, int(tag)), numbered.setdefault(int(tag), [0, 0])
                else:
                    entry = tags.setdefault(tag, [0, 0])
                entry[0] += size
                entry[1] += 1
            counts.add(document.words)
            if number % progress_per == 0:
                logger.info("PROGRESS: at example #%i, %i words, %i tags", number, counts.words, len(tags))
        self.raw_vocab = counts.finish()
        self._take_tags(largest, tags)
        if len(tags) > number + 1:
            logger.warning("More unique tags (%i) than documents (%i).", len(tags), number + 1)
        if largest > number + 1:
            logger.warning(
                "Highest int doctag (%i) larger than count of documents (%i): rows of %i unused tags will be made.",
                largest, number + 1, largest - number - 1,
            )  # fmt: skip
        return counts.words, number + 1

    def _take_tags(self, largest: int, tags: dict[str, list[int]]) -> None:
        """Makes the keys of documents: integers first, which have no entry in `key_to_index`, then names."""
        known = [key for key in self.dv.index_to_key if isinstance(key, str)]
        first = max(largest + 1, len(self.dv.index_to_key) - len(known))
        names = [*known, *(tag for tag in tags if tag not in self.dv.key_to_index)] if known else list(tags)
        self.dv.index_to_key = [*range(first), *names]
        self.dv.key_to_index = {name: first + i for i, name in enumerate(names)}
        if names:
            for attribute, place in (("word_count", 0), ("doc_count", 1)):
                column = np.zeros(len(self.dv), np.int64)
                for name in names:
                    column[self.dv.key_to_index[name]] = tags.get(name, [0, 0])[place]
                self.dv.expandos[attribute] = column

    def init_weights(self) -> None:
        """Makes random rows E and rows of zeros C, as before training."""
        super().init_weights()
        self.dv.resize_vectors(seed=int(self.seed or 0) + DOCUMENT_SEED)

    def update_weights(self) -> None:
        """Makes rows of the words and documents that are new."""
        super().update_weights()
        self.dv.resize_vectors(seed=int(self.seed or 0) + DOCUMENT_SEED)

    def estimated_lookup_memory(self) -> int:
        """Bytes that tags take, as gensim estimates them."""
        return 200 * len(self.dv)

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
        """Bytes that the model takes, as gensim estimates them."""
        report = report or {}
        report["doctag_lookup"] = self.estimated_lookup_memory()
        report["doctag_syn0"] = len(self.dv) * self.vector_size * 4
        return super().estimate_memory(vocab_size, report)

    def reset_from(self, other_model: Any) -> None:
        """Takes the vocabulary and tags of another model, and begins with random rows."""
        for own, other in ((self.wv, other_model.wv), (self.dv, other_model.dv)):
            for name in ("index_to_key", "key_to_index", "expandos"):
                setattr(own, name, getattr(other, name))
            own.vectors = np.zeros((0, self.vector_size), REAL)
        self.cum_table, self.corpus_count = other_model.cum_table, other_model.corpus_count
        self.init_weights()

    # --- training ---------------------------------------------------------------------------------------------------

    def _corpus_of_file(self, corpus_file: str | PathLike[str]) -> Any:
        return TaggedLineDocument(corpus_file)

    def _encode(self, corpus: Any, numbers: dict[Any, int]) -> EncodedText:
        def words_of(document: Any) -> Any:
            return document.words

        def tags_of(document: Any) -> list[int]:
            rows = [self.dv.get_index(tag, -1) for tag in document.tags]
            return list(dict.fromkeys(int(row) for row in rows if row >= 0))

        return encode(self._jobs(corpus), numbers, words_of, tags_of)

    def _raw_word_count(self, job: Iterable[Any]) -> int:
        return sum(len(document.words) for document in job)

    def _models(self) -> list[str]:
        if not self.sg:
            return ["dm"]
        return ["dbow", "skipgram"] if self.dbow_words else ["dbow"]

    def _network(self, order: np.ndarray, text: EncodedText) -> Network:
        words, V, D = self._words(order), len(order), len(self.dv)
        locks = [
            Lock.of(self.wv.vectors_lockf, np.argsort(order)),
            Lock.of(self.dv.vectors_lockf, V + np.arange(D)),
        ]
        tags = len(text.tags) / max(1, len(text.sentence_ends)) if text.tags is not None else 1.0
        step = Step.of(self._ratio(words, text, round(tags)))
        return Network(words, self._phases(order), len(self._outputs()), D, self.workers, None, locks, step)

    def _send(self, network: Network, order: np.ndarray) -> None:
        V = len(order)
        network.send(slice(0, V), self.wv.vectors[order])
        network.send(slice(V, V + len(self.dv)), self.dv.vectors)
        self._send_outputs(network, order)

    def _receive(self, network: Network, order: np.ndarray) -> None:
        super()._receive(network, order)
        V = len(order)
        before, self.dv.vectors = self.dv.vectors, writable(self.dv.vectors)
        before = before.copy() if (self.dv.vectors_lockf == 0).any() else before
        self.dv.vectors[:] = network.rows(slice(V, V + len(self.dv)), self.vector_size)
        keep_locked(self.dv.vectors, before, self.dv.vectors_lockf)
        self.dv.norms = None

    def _clear_post_train(self) -> None:
        self.wv.norms = self.dv.norms = None

    def _check_training_sanity(self, *args: Any, **kwargs: Any) -> None:
        self._check_input()
        super()._check_training_sanity(*args, **kwargs)

    def _check_input(self) -> None:
        """Raises NotImplementedError for a model of gensim with dm_concat=1, whose vectors alone can be used."""
        if self.dm and self.dm_concat:
            raise NotImplementedError(
                "the model was made with dm_concat=1: its wv and dv can be used, but one long input of all rows of a "
                "window is neither trained nor inferred here; train a model with dm_mean=1 anew"
            )

    # --- questions --------------------------------------------------------------------------------------------------

    def infer_vector(
        self,
        doc_words: Any,
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
    ) -> np.ndarray:
        """The vector (d,) of a new document: trained while all other rows stay; the same words give the same vector.

        Args:
            doc_words: Its words.
            alpha: Learning rate at the start; the model's if left out.
            min_alpha: At the end.
            epochs: Passes over the words.

        Raises:
            TypeError: The words are one string.
            NotImplementedError: The model was made in gensim with dm_concat=1.
        """
        self._check_input()
        if isinstance(doc_words, str):
            raise TypeError("Parameter doc_words of infer_vector() must be a list of strings (not a single string).")
        return inference.infer(
            self, list(doc_words), alpha or self.alpha, min_alpha or self.min_alpha, epochs or self.epochs
        )

    def similarity_unseen_docs(
        self,
        doc_words1: Any,
        doc_words2: Any,
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
    ) -> Any:
        """The cosine of the inferred vectors of two documents."""
        one, other = (self.infer_vector(words, alpha, min_alpha, epochs) for words in (doc_words1, doc_words2))
        return cosine(one, other)

    def __getitem__(self, tag: Any) -> np.ndarray:
        if isinstance(tag, str | int | np.integer):
            return self.wv[tag] if tag in self.wv else self.dv[tag]
        return np.vstack([self[one] for one in tag])

    def save_word2vec_format(
        self,
        fname: str | PathLike[str],
        doctag_vec: bool = False,
        word_vec: bool = True,
        prefix: str = "*dt_",
        fvocab: str | PathLike[str] | None = None,
        binary: bool = False,
    ) -> None:
        """Writes vectors in word2vec's format.

        Args:
            fname: The file.
            doctag_vec: Write those of documents.
            word_vec: Write those of words.
            prefix: Stands before tags.
            fvocab: A file for words and their counts.
            binary: Rows as bytes.
        """
        if word_vec:
            total = len(self.wv) + len(self.dv) if doctag_vec else None
            self.wv.save_word2vec_format(fname, fvocab, binary, total)
        if doctag_vec:
            self.dv.save_word2vec_format(
                fname, prefix=prefix, fvocab=fvocab, binary=binary, write_header=not word_vec, append=word_vec,
                sort_attr="doc_count",
            )  # fmt: skip

    def init_sims(self, replace: bool = False) -> None:
        """See `KeyedVectors.init_sims`."""
        self.dv.init_sims(replace=replace)

    # --- files ------------------------------------------------------------------------------------------------------

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Any:
        """A model of a file that `save` wrote, here or in gensim; see `SaveLoad.load`."""
        return load(cls, fname, mmap)

    def _after_load(self) -> None:
        fields = self.__dict__
        if "docvecs" in fields:
            fields["dv"] = fields.pop("docvecs")
        for name, value in (("dbow_words", 0), ("dm_concat", 0), ("dm_tag_count", 1)):
            fields.setdefault(name, value)
        super()._after_load()
        if not hasattr(self.dv, "vectors_lockf"):
            self.dv.vectors_lockf = np.ones(1, REAL)

    @classmethod
    def _get_offsets_and_start_doctags_for_corpusfile(
        cls, corpus_file: str | PathLike[str], workers: int
    ) -> tuple[list[int], list[int]]:
        """Where each of `workers` parts of a file begins: bytes, and lines before it."""
        parts = [Path(corpus_file).stat().st_size // workers * worker for worker in range(workers)]
        offsets: list[int] = []
        lines: list[int] = []
        position = 0
        with open(fspath(corpus_file), "rb") as file:
            for number, line in enumerate(file):
                while len(offsets) < workers and parts[len(offsets)] < position + len(line):
                    offsets.append(position)
                    lines.append(number)
                position += len(line)
        return offsets, lines


class TaggedLineDocument:
    """The lines of a file as documents; the tag is the number of the line."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __iter__(self) -> Iterator[TaggedDocument]:
        if hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from self._documents(self.source)
        else:
            with utils.open(self.source, "rb") as file:
                yield from self._documents(file)

    def _documents(self, file: Any) -> Iterator[TaggedDocument]:
        for number, line in enumerate(file):
            yield TaggedDocument(utils.to_unicode(line).split(), [number])


class TaggedBrownCorpus:
    """The sentences of the Brown corpus as documents."""

    def __init__(self, dirname: str | PathLike[str]) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[TaggedDocument]:
        for file, number, words in brown_lines(self.dirname):
            yield TaggedDocument(words, [f"{file}_SENT_{number}"])
