"""`FastText` of gensim 4: word vectors made of those of character n-grams, trained by the engine of sgns."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy import float32 as REAL

from sgns.gensim import utils
from sgns.gensim.models import _fasttext_bin
from sgns.gensim.models.encoding import EncodedText
from sgns.gensim.models.engine_rows import keep_locked
from sgns.gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes
from sgns.gensim.models.fasttext_vectors import FastTextKeyedVectors
from sgns.gensim.models.network import Lock, Network, Step
from sgns.gensim.models.vocabulary import TrimRule
from sgns.gensim.models.word2vec import MAX_WORDS_IN_BATCH, Word2Vec
from sgns.gensim.store import class_only, load
from sgns.training.engines.cpu.subword_rows import WordParts


def ft_ngram_hashes(word: str, minn: int, maxn: int, num_buckets: int) -> list[int]:
    """The bucket of each n-gram of a word."""
    return [ft_hash_bytes(ngram) % num_buckets for ngram in compute_ngrams_bytes(word, minn, maxn)]


class FastText(Word2Vec):
    """Word vectors made of n-grams: skip-gram or CBOW, with negatives, hierarchical softmax, or both.

    Attributes:
        wv: `FastTextKeyedVectors`.
    """

    def __init__(
        self,
        sentences: Iterable[Any] | None = None,
        corpus_file: str | PathLike[str] | None = None,
        sg: int = 0,
        hs: int = 0,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        word_ngrams: int = 1,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[Any], int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        min_n: int = 3,
        max_n: int = 6,
        sorted_vocab: int = 1,
        bucket: int = 2_000_000,
        trim_rule: TrimRule | None = None,
        batch_words: int = MAX_WORDS_IN_BATCH,
        callbacks: Iterable[Any] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ) -> None:
        """As `Word2Vec`, with n-grams.

        Args:
            sentences: See `Word2Vec`, and so on.
            corpus_file: A file of a sentence a line.
            sg: 1 for skip-gram, else CBOW.
            hs: 1 for hierarchical softmax.
            vector_size: Dimension d.
            alpha: Learning rate at the start.
            window: Largest distance between w and c+.
            min_count: Words that occur fewer times have no row of their own.
            max_vocab_size: When more words are counted, the rarest are forgotten.
            word_ngrams: 1 alone.
            sample: Threshold of subsampling.
            seed: Of all random draws.
            workers: Threads.
            min_alpha: Learning rate at the end.
            negative: Negatives k.
            ns_exponent: Noise words are drawn in proportion to count ** ns_exponent.
            cbow_mean: The input of CBOW is the mean of the window; 0 for the sum.
            hashfxn: Kept.
            epochs: Passes over the corpus.
            null_word: Adds a word that stands for none.
            min_n: Fewest characters of an n-gram.
            max_n: Most characters; below min_n, there are no n-grams.
            sorted_vocab: The most frequent word is the first.
            bucket: Rows that n-grams share by their hash.
            trim_rule: Decides over single words.
            batch_words: Has no effect.
            callbacks: See `callbacks.CallbackAny2Vec`.
            max_final_vocab: Raises min_count until so many words are left.
            shrink_windows: Each centre draws its own window.

        Raises:
            NotImplementedError: word_ngrams is not 1.
        """
        if word_ngrams != 1:
            raise NotImplementedError(f"word_ngrams is {word_ngrams}; sgns, as gensim, has n-grams of characters alone")
        self.word_ngrams = word_ngrams
        if max_n < min_n:
            bucket = 0
        self.wv = FastTextKeyedVectors(int(vector_size), min_n, max_n, bucket)
        self.wv.vectors_vocab_lockf, self.wv.vectors_ngrams_lockf = np.ones(1, REAL), np.ones(1, REAL)
        super().__init__(
            sentences=sentences, corpus_file=corpus_file, vector_size=vector_size, alpha=alpha, window=window,
            min_count=min_count, max_vocab_size=max_vocab_size, sample=sample, seed=seed, workers=workers,
            min_alpha=min_alpha, sg=sg, hs=hs, negative=negative, ns_exponent=ns_exponent, cbow_mean=cbow_mean,
            hashfxn=hashfxn, epochs=epochs, null_word=null_word, trim_rule=trim_rule, sorted_vocab=sorted_vocab,
            batch_words=batch_words, callbacks=callbacks, max_final_vocab=max_final_vocab,
            shrink_windows=shrink_windows,
        )  # fmt: skip

    def _network(self, order: np.ndarray, text: EncodedText) -> Network:
        words, wv, V = self._words(order), self.wv, len(order)
        starts, rows = wv.table([wv.index_to_key[row] for row in order])
        parts = WordParts.of(starts, rows) if wv.bucket else None
        step = Step.of(self._ratio(words, text))
        if not self.sg and not self.cbow_mean:  # gensim adds up all n-grams of a window, the engine means of words
            weights = words.counts * words.keep_probability
            step = replace(step, times=float(np.average(1 + np.diff(starts), weights=weights)))
        locks = [
            Lock.of(wv.vectors_vocab_lockf, np.argsort(order)),
            Lock.of(wv.vectors_ngrams_lockf, V + np.arange(wv.bucket)),
        ]
        return Network(words, self._phases(order), len(self._outputs()), wv.bucket, self.workers, parts, locks, step)

    def _send(self, network: Network, order: np.ndarray) -> None:
        V = len(order)
        network.send(slice(0, V), self.wv.vectors_vocab[order])
        if self.wv.bucket:
            network.send(slice(V, V + self.wv.bucket), self.wv.vectors_ngrams)
        self._send_outputs(network, order)

    def _receive(self, network: Network, order: np.ndarray) -> None:
        wv, V = self.wv, len(order)
        own, table = wv.vectors_vocab, wv.vectors_ngrams
        wv.vectors_vocab = np.empty_like(own)
        wv.vectors_vocab[order] = network.rows(slice(0, V), self.vector_size)
        keep_locked(wv.vectors_vocab, own, wv.vectors_vocab_lockf)
        if wv.bucket:
            wv.vectors_ngrams = np.array(network.rows(slice(V, V + wv.bucket), self.vector_size))
            keep_locked(wv.vectors_ngrams, table, wv.vectors_ngrams_lockf)
        self._receive_outputs(network, order)
        wv.adjust_vectors()

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
        """Bytes that the model takes, as gensim estimates them."""
        V, row, report = len(self.wv), self.vector_size * 4, report or {}
        report["vocab"] = V * (700 if self.hs else 500)
        report["syn0_vocab"] = V * row
        for name in self._outputs():
            report[name] = V * self.layer1_size * 4
        if self.wv.bucket:
            report["syn0_ngrams"] = self.wv.bucket * row
            report["buckets_word"] = 64 + 100 * V + 4 * len(self.wv.table()[1])
        report["total"] = sum(report.values())
        return report

    @class_only
    def load_fasttext_format(cls, model_file: str | PathLike[str], encoding: str = "utf8") -> Any:
        """The old name of `load_facebook_model`."""
        return load_facebook_model(model_file, encoding)

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Any:
        """A model of a file that `save` wrote, here or in gensim; see `SaveLoad.load`."""
        return load(cls, fname, mmap)

    def _after_load(self) -> None:
        fields = self.__dict__
        for name in ("load_fasttext_format", "callbacks"):
            fields.pop(name, None)
        trainables = fields.get("trainables")
        for name in ("vectors_vocab_lockf", "vectors_ngrams_lockf"):
            if isinstance(trainables, dict):
                trainables.pop(name, None)
        fields.setdefault("word_ngrams", 1)
        super()._after_load()
        if "bucket" in fields:
            self.wv.bucket = fields.pop("bucket")


def load_facebook_model(path: str | PathLike[str], encoding: str = "utf-8") -> FastText:
    """A model of fastText's own `.bin`, that can be trained on.

    Raises:
        NotImplementedError: It is a classifier, or quantised.
    """
    return _load_fasttext_format(path, encoding, full_model=True)


def load_facebook_vectors(path: str | PathLike[str], encoding: str = "utf-8") -> FastTextKeyedVectors:
    """The vectors of fastText's own `.bin`; the output matrix is not read."""
    vectors: FastTextKeyedVectors = _load_fasttext_format(path, encoding, full_model=False).wv
    return vectors


def _load_fasttext_format(
    model_file: str | PathLike[str], encoding: str = "utf-8", full_model: bool = True
) -> FastText:
    with utils.open(model_file, "rb") as file:
        found = _fasttext_bin.load(file, encoding, full_model)
    options = found.options
    model = FastText(
        vector_size=options["dim"], window=options["ws"], epochs=options["epoch"], negative=options["neg"],
        hs=int(options["loss"] == 1), sg=int(options["model"] == 2), bucket=options["bucket"],
        min_count=options["min_count"], sample=options["t"], min_n=options["minn"], max_n=options["maxn"],
    )  # fmt: skip
    model.corpus_total_words, model.raw_vocab = found.ntokens, found.raw_vocab
    model.prepare_vocab(update=True, min_count=1)
    model.wv.init_post_load(found.vectors)
    if found.hidden_output is not None:
        for name in model._outputs()[-1:] if options["loss"] == 1 else model._outputs()[:1]:
            setattr(model, name, found.hidden_output.copy())
        for name in model._outputs():
            if not hasattr(model, name):
                setattr(model, name, found.hidden_output.copy())
    model.add_lifecycle_event(
        "load_fasttext_format", msg=f"loaded {found.vectors.shape} weight matrix from {model_file}"
    )
    return model


def save_facebook_model(
    model: FastText,
    path: str | PathLike[str],
    encoding: str = "utf-8",
    lr_update_rate: int = 100,
    word_ngrams: int = 1,
) -> None:
    """Writes a model as fastText's own `.bin`."""
    options = {"lr_update_rate": lr_update_rate, "word_ngrams": word_ngrams}
    _fasttext_bin.save(model, fspath(path), options, encoding)


def _unpack(m: np.ndarray, num_rows: int, hash2index: dict[int, int], seed: int = 1, fill: Any = None) -> np.ndarray:
    """A matrix with a row for each bucket, from one with rows for some: bucket h has m[hash2index[h]].

    Args:
        m: (n, d).
        num_rows: Buckets.
        hash2index: The row of each bucket that has one.
        seed: Of the rows that other buckets get.
        fill: What these have, in place of random numbers.
    """
    if len(m) == num_rows:
        return m
    size = (num_rows, *m.shape[1:])
    limit = 1 / m.shape[1]
    rows = (
        np.random.default_rng(seed).uniform(-limit, limit, size).astype(REAL) if fill is None else np.full(size, fill)
    )
    for bucket, row in hash2index.items():
        rows[bucket] = m[row]
    return rows
