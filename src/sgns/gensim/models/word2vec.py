"""`Word2Vec` of gensim 4, trained by the engine of sgns."""

import logging
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from time import perf_counter
from typing import Any

import numpy as np
from numpy import float32 as REAL

from sgns.gensim import matutils
from sgns.gensim.models import keyedvectors, scoring
from sgns.gensim.models.checks import ChecksPart
from sgns.gensim.models.encoding import EncodedText, encode
from sgns.gensim.models.engine_rows import NEGATIVES, TREE, EngineRowsPart
from sgns.gensim.models.jobs import JobsPart
from sgns.gensim.models.keyedvectors import KeyedVectors, pseudorandom_weak_vector
from sgns.gensim.models.network import Network, Rates, seed_of
from sgns.gensim.models.sources import MAX_WORDS_IN_BATCH as MAX_WORDS_IN_BATCH
from sgns.gensim.models.sources import BrownCorpus as BrownCorpus
from sgns.gensim.models.sources import LineSentence as LineSentence
from sgns.gensim.models.sources import PathLineSentences as PathLineSentences
from sgns.gensim.models.sources import Text8Corpus as Text8Corpus
from sgns.gensim.models.vocabulary import TrimRule, keep_probability
from sgns.gensim.store import class_only, load

logger = logging.getLogger(__name__)

FAST_VERSION = CORPUSFILE_VERSION = 1
PERMANENT = (list, tuple, LineSentence, PathLineSentences, Text8Corpus, BrownCorpus)
"""Corpora that give the same sentences each time they are gone through: they are encoded once for all epochs."""


class Word2Vec(JobsPart, ChecksPart, EngineRowsPart):
    """Word vectors: skip-gram or CBOW, with negatives, hierarchical softmax, or both.

    Attributes:
        wv: The vectors, `KeyedVectors`.
        syn1neg: (V, d), the context vectors C of negative sampling.
        syn1: (V, d), the vectors of the nodes of hierarchical softmax.
        corpus_count: Sentences of the corpus that the vocabulary was made of.
        corpus_total_words: Its words.
        running_training_loss: Σ of the losses of all pairs of the last call of `train`, negatives included, exact;
            with `compute_loss` alone. gensim adds float32, which stops growing at 2^27.
    """

    calculated = ("cum_table",)
    cbow_mean = 1
    syn1: np.ndarray
    syn1neg: np.ndarray

    def __init__(
        self,
        sentences: Iterable[Any] | None = None,
        corpus_file: str | PathLike[str] | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[Any], int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = MAX_WORDS_IN_BATCH,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ) -> None:
        """Builds the vocabulary and trains, if a corpus is given. Every argument means what it means in gensim 4.

        Args:
            sentences: Lists of words, to be gone through several times.
            corpus_file: A file of a sentence a line, in place of `sentences`.
            vector_size: Dimension d.
            alpha: Learning rate at the start.
            window: Largest distance between w and c+.
            min_count: Words that occur fewer times have no vector.
            max_vocab_size: When more words are counted, the rarest are forgotten.
            sample: Threshold of subsampling.
            seed: Of all random draws.
            workers: Threads; with one, the same seed gives the same vectors.
            min_alpha: Learning rate at the end.
            sg: 1 for skip-gram, else CBOW.
            hs: 1 for hierarchical softmax.
            negative: Negatives k; 0 for none.
            ns_exponent: Noise words are drawn in proportion to count ** ns_exponent.
            cbow_mean: The input of CBOW is the mean of the window; 0 for the sum.
            hashfxn: Kept; first vectors depend on the seed alone, as in gensim 4.
            epochs: Passes over the corpus.
            null_word: Adds a word that stands for none.
            trim_rule: Decides over single words, see `utils.keep_vocab_item`.
            sorted_vocab: The most frequent word is the first.
            batch_words: Words that `_do_train_job` of a derived class is given at once; else it has no effect: blocks
                have the length that suits the engine.
            compute_loss: Keep the loss, see `running_training_loss`.
            callbacks: See `callbacks.CallbackAny2Vec`.
            comment: Kept.
            max_final_vocab: Raises min_count until so many words are left.
            shrink_windows: Each centre draws its own window, of 1 to `window` words to each side.
        """
        self.vector_size, self.workers, self.epochs = int(vector_size), int(workers), epochs
        self.train_count, self.total_train_time, self.batch_words = 0, 0.0, batch_words
        self.sg, self.hs, self.negative = int(sg), int(hs), int(negative)
        self.alpha, self.min_alpha, self.min_alpha_yet_reached = float(alpha), float(min_alpha), float(alpha)
        self.window, self.shrink_windows = int(window), bool(shrink_windows)
        self.ns_exponent, self.cbow_mean = ns_exponent, int(cbow_mean)
        self.compute_loss, self.running_training_loss = bool(compute_loss), 0.0
        self.corpus_count, self.corpus_total_words = 0, 0
        self.min_count, self.sample, self.sorted_vocab, self.null_word = min_count, sample, sorted_vocab, null_word
        self.max_final_vocab, self.max_vocab_size = max_final_vocab, max_vocab_size
        self.cum_table, self.raw_vocab = None, None
        self.hashfxn, self.seed, self.comment = hashfxn, seed, comment
        self.random = np.random.RandomState(seed_of(seed) % 2**32)
        if not hasattr(self, "wv"):  # a derived class may have made it
            self.wv = KeyedVectors(self.vector_size)
        self.wv.vectors_lockf = np.ones(1, REAL)
        if not hasattr(self, "layer1_size"):
            self.layer1_size = self.vector_size
        if sentences is not None or corpus_file is not None:
            self._check_corpus_sanity(sentences, corpus_file, passes=epochs + 1)
            self.build_vocab(corpus_iterable=sentences, corpus_file=corpus_file, trim_rule=trim_rule)
            self.train(
                corpus_iterable=sentences, corpus_file=corpus_file, total_examples=self.corpus_count,
                total_words=self.corpus_total_words, epochs=self.epochs, start_alpha=self.alpha,
                end_alpha=self.min_alpha, compute_loss=self.compute_loss, callbacks=callbacks,
            )  # fmt: skip
        else:
            if trim_rule is not None:
                logger.warning("trim_rule has no effect without sentences; give it to build_vocab()")
            if callbacks:
                logger.warning("callbacks have no effect without sentences; give them to train()")
        self.add_lifecycle_event("created", params=str(self))

    def __str__(self) -> str:
        return f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.wv.vector_size}, alpha={self.alpha}>"

    # --- vocabulary and rows ----------------------------------------------------------------------------------------

    def build_vocab(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: str | PathLike[str] | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **kwargs: Any,
    ) -> None:
        """Counts the words of a corpus, chooses those that have vectors, and makes their rows.

        Args:
            corpus_iterable: Lists of words; may be a generator.
            corpus_file: A file of a sentence a line.
            update: Add the words to those that are here; rows that are trained stay.
            progress_per: Sentences between two lines of the log.
            keep_raw_vocab: Keep the counts of all words as `raw_vocab`.
            trim_rule: Decides over single words, see `utils.keep_vocab_item`.
            kwargs: See `prepare_vocab`.
        """
        self._check_corpus_sanity(corpus_iterable, corpus_file, passes=1)
        words, sentences = self.scan_vocab(
            corpus_iterable=corpus_iterable, corpus_file=corpus_file, progress_per=progress_per, trim_rule=trim_rule
        )
        self.corpus_count, self.corpus_total_words = sentences, words
        self._take_words(update, keep_raw_vocab, trim_rule, **kwargs)
        self.add_lifecycle_event("build_vocab", update=update, trim_rule=str(trim_rule))

    def build_vocab_from_freq(
        self,
        word_freq: dict[Any, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """As `build_vocab`, from words with how often each occurs."""
        self.corpus_count, self.raw_vocab = corpus_count or 0, word_freq
        self._take_words(update, keep_raw_vocab, trim_rule)

    def _take_words(self, update: bool, keep_raw_vocab: bool, trim_rule: TrimRule | None, **kwargs: Any) -> None:
        report: dict[str, Any] = self.prepare_vocab(
            update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule, **kwargs
        )
        report["memory"] = self.estimate_memory(vocab_size=report["num_retained_words"])
        self.prepare_weights(update=update)

    def prepare_weights(self, update: bool = False) -> None:
        """Makes the rows of all words; with `update`, of the new ones."""
        if update:
            self.update_weights()
        else:
            self.init_weights()

    def init_weights(self) -> None:
        """Makes random rows E and rows of zeros C, as before training."""
        self.wv.resize_vectors(seed=self.seed)
        for name in self._outputs():
            setattr(self, name, np.zeros((len(self.wv), self.layer1_size), REAL))

    def update_weights(self) -> None:
        """Makes rows of the words that are new.

        Raises:
            RuntimeError: There is no word yet.
        """
        before = len(self.wv.vectors)
        if not before:
            raise RuntimeError(
                "You cannot do an online vocabulary-update of a model which has no prior vocabulary. "
                "First build the vocabulary of your model with a corpus before doing an online update."
            )
        self.wv.resize_vectors(seed=self.seed)
        more = len(self.wv.vectors) - before
        for name in self._outputs():
            rows = getattr(self, name, None)
            rows = np.zeros((before, self.layer1_size), REAL) if rows is None else rows
            setattr(self, name, np.vstack([rows, np.zeros((more, self.layer1_size), REAL)]))

    def _outputs(self) -> list[str]:
        """The attributes with outputs, of the losses that are trained."""
        return [name for name, used in ((NEGATIVES, self.negative), (TREE, self.hs)) if used]

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
        """Bytes that the model takes, as gensim estimates them."""
        vocab_size, report = vocab_size or len(self.wv), report or {}
        report["vocab"] = vocab_size * (700 if self.hs else 500)
        report["vectors"] = vocab_size * self.vector_size * 4
        for name in self._outputs():
            report[name] = vocab_size * self.layer1_size * 4
        report["total"] = sum(report.values())
        return report

    def reset_from(self, other_model: Any) -> None:
        """Takes the vocabulary of another model, and begins with random rows."""
        self.wv = KeyedVectors(self.vector_size)
        self.wv.vectors_lockf = np.ones(1, REAL)
        for name in ("index_to_key", "key_to_index", "expandos"):
            setattr(self.wv, name, getattr(other_model.wv, name))
        self.cum_table, self.corpus_count = other_model.cum_table, other_model.corpus_count
        self.init_weights()

    def seeded_vector(self, seed_string: str, vector_size: int) -> np.ndarray:
        """A random vector that depends on a text alone."""
        return pseudorandom_weak_vector(vector_size, seed_string, self.hashfxn)

    def init_sims(self, replace: bool = False) -> None:
        """See `KeyedVectors.init_sims`."""
        self.wv.init_sims(replace=replace)

    # --- training ---------------------------------------------------------------------------------------------------

    def train(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: str | PathLike[str] | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        **kwargs: Any,
    ) -> tuple[int, int]:
        """Trains on a corpus, from the rows that are here.

        Args:
            corpus_iterable: Lists of words, to be gone through in each epoch.
            corpus_file: A file of a sentence a line.
            total_examples: Sentences of the corpus; the learning rate falls with the share of them that is done.
            total_words: Its words; needed with `corpus_file`.
            epochs: Passes over the corpus.
            start_alpha: Learning rate at the start, from now on.
            end_alpha: Learning rate at the end, from now on.
            word_count: Has no effect, as in gensim 4.
            queue_factor: Has no effect: blocks are taken from one counter.
            report_delay: Has no effect: each epoch has a line in the log.
            compute_loss: Keep the loss.
            callbacks: Called before and after training and each epoch.
            kwargs: None is known.

        Returns:
            Words trained on, without those that subsampling leaves out; all words.

        Raises:
            ValueError: An argument is missing.
            RuntimeError: There is no vocabulary.
        """
        if kwargs:
            raise TypeError(f"train() got unexpected arguments: {', '.join(kwargs)}")
        self.alpha, self.min_alpha = start_alpha or self.alpha, end_alpha or self.min_alpha
        self._check_corpus_sanity(corpus_iterable, corpus_file, passes=epochs or 1)
        self._check_training_sanity(epochs=epochs, total_examples=total_examples, total_words=total_words)
        assert epochs is not None
        if corpus_file is not None and not total_words:
            raise ValueError("total_words must be provided alongside corpus_file argument.")
        self.epochs, self.compute_loss, self.running_training_loss = epochs, compute_loss, 0.0
        self.add_lifecycle_event(
            "train",
            msg=f"training with {self.workers} workers on {len(self.wv)} vocabulary and {self.layer1_size} features "
            f"using sg={self.sg} hs={self.hs} sample={self.sample} negative={self.negative} window={self.window} "
            f"shrink_windows={self.shrink_windows}",
        )
        callbacks, began, trained, raw = list(callbacks), perf_counter(), 0, 0
        for callback in callbacks:
            callback.on_train_begin(self)
        corpus = corpus_iterable if corpus_file is None else self._corpus_of_file(corpus_file)
        order = self._order()
        numbers = self._numbers(order)
        network: Network | None = None
        text: EncodedText | None = None
        for epoch in range(epochs):
            for callback in callbacks:
                callback.on_epoch_begin(self)
            if text is None or not isinstance(corpus, PERMANENT) or self._jobs(corpus) is not corpus:
                fresh = self._encode(corpus, numbers)
                text = text if text is not None and text.same_as(fresh) else fresh
                self._warn_of_size(epoch, fresh, total_examples, total_words)
            if network is None:
                self._check_window(text)
                network = self._network(order, text)
                self._send(network, order)
            elif callbacks:
                self._send(network, order)  # a callback may have changed rows
            share = text.examples / total_examples if total_examples else text.raw_words / (total_words or 1)
            rates = Rates(self.alpha, self.min_alpha, epoch, epochs, len(text.ids), share)
            sums = network.train_epoch(text, self.train_count, epoch, rates)
            self.min_alpha_yet_reached = rates.at(len(text.ids))
            trained, raw = trained + sums.centres, raw + text.raw_words
            if compute_loss:
                self.running_training_loss += sums.loss
            logger.info(
                "EPOCH %i: training on %i raw words (%i effective words) took %.1fs",
                epoch, text.raw_words, sums.centres, perf_counter() - began,
            )  # fmt: skip
            if callbacks or epoch == epochs - 1:
                self._receive(network, order)
            for callback in callbacks:
                callback.on_epoch_end(self)
        self.total_train_time += perf_counter() - began
        self.add_lifecycle_event("train", msg=f"training on {raw} raw words ({trained} effective words)")
        self.train_count += 1
        self._clear_post_train()
        for callback in callbacks:
            callback.on_train_end(self)
        return trained, raw

    def get_latest_training_loss(self) -> float:
        """The loss of the last call of `train`, see `running_training_loss`; 0 without `compute_loss`."""
        return self.running_training_loss

    def _corpus_of_file(self, corpus_file: str | PathLike[str]) -> Any:
        """The sentences of a file."""
        return LineSentence(corpus_file)

    def _encode(self, corpus: Any, numbers: dict[Any, int]) -> EncodedText:
        return encode(self._jobs(corpus), numbers)

    def _clear_post_train(self) -> None:
        self.wv.norms = None

    # --- questions --------------------------------------------------------------------------------------------------

    def score(
        self,
        sentences: Iterable[Sequence[Any]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> np.ndarray:
        """The log-likelihood of sentences under hierarchical softmax (Taddy 2015); see `scoring.sentence_score`.

        Args:
            sentences: Lists of words.
            total_sentences: Score the first ones alone.
            chunksize: Has no effect.
            queue_factor: Has no effect.
            report_delay: Has no effect.

        Raises:
            RuntimeError: There is no vocabulary, or no hierarchical softmax.
        """
        if not self.wv.key_to_index:
            raise RuntimeError("you must first build vocabulary before scoring new data")
        if not self.hs:
            raise RuntimeError("score() needs hierarchical softmax: train with hs=1 and negative=0")
        return scoring.scores(self, sentences, total_sentences)

    def predict_output_word(self, context_words_list: Iterable[Any], topn: int = 10) -> list[tuple[Any, float]] | None:
        """The likeliest words between these, with their probabilities, by a softmax over all words.

        Returns:
            None where no word is known.

        Raises:
            RuntimeError: The model was not trained with negatives.
        """
        if not self.negative:
            raise RuntimeError("predict_output_word() needs negative sampling: train with negative > 0")
        if not hasattr(self.wv, "vectors") or not hasattr(self, NEGATIVES):
            raise RuntimeError("Parameters required for predicting the output words not found.")
        rows = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not rows:
            logger.warning("All the input context words are out-of-vocabulary for the current model.")
            return None
        h = self.wv.vectors[rows].sum(axis=0)
        scores = self.syn1neg @ (h / len(rows) if self.cbow_mean else h)
        probabilities = np.exp(scores - scores.max())
        probabilities /= probabilities.sum()
        best = matutils.argsort(probabilities, topn=topn, reverse=True)
        return [(self.wv.index_to_key[row], probabilities[row]) for row in best]

    # --- files ------------------------------------------------------------------------------------------------------

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None, rethrow: bool = False) -> Any:
        """A model of a file that `save` wrote, here or in gensim; see `SaveLoad.load`."""
        return load(cls, fname, mmap)

    def _after_load(self) -> None:
        """Brings what older versions of gensim saved up to this one."""
        fields = self.__dict__
        fields.pop("load", None)
        for part in ("vocabulary", "trainables"):
            fields |= {name: value for name, value in (fields.pop(part, None) or {}).items() if name not in fields}
        if "wv" not in fields:
            self._take_vectors()
        if "iter" in fields:
            fields["epochs"] = fields.pop("iter")
        defaults: dict[str, Any] = {
            "ns_exponent": 0.75, "corpus_count": None, "corpus_total_words": None, "train_count": 0, "comment": None,
            "total_train_time": 0.0, "max_final_vocab": None, "max_vocab_size": None, "shrink_windows": True,
            "compute_loss": False, "running_training_loss": 0.0, "raw_vocab": None, "null_word": 0, "sorted_vocab": 1,
            "batch_words": MAX_WORDS_IN_BATCH, "min_alpha_yet_reached": fields.get("alpha", 0.025), "cbow_mean": 1,
            "layer1_size": fields.get("vector_size"), "hashfxn": hash, "seed": 1, "epochs": 5,
        }  # fmt: skip
        for name, value in defaults.items():
            fields.setdefault(name, value)
        fields["hashfxn"] = fields["hashfxn"] or hash
        if getattr(self.wv, "vectors", None) is not None and not hasattr(self.wv, "vectors_lockf"):
            self.wv.vectors_lockf = fields.pop("syn0_lockf", np.ones(1, REAL))
        fields.pop("syn0_lockf", None)
        fields.setdefault("effective_min_count", fields.get("min_count"))
        size, expandos = len(self.wv), self.wv.expandos
        if size and "count" in expandos:
            if "sample_int" not in expandos:
                total = int(expandos["count"].sum())

                probability = keep_probability(expandos["count"], fields.get("sample"), total)
                expandos["sample_int"] = (probability * (2**32 - 1)).astype(np.uint32)
            if self.hs and "code" not in expandos:
                self.create_binary_tree()
            if self.negative:
                self.make_cum_table()

    def _take_vectors(self) -> None:
        """Of versions before 1, whose models held the vectors themselves."""
        fields = self.__dict__
        wv = KeyedVectors.__new__(KeyedVectors)
        for name in ("syn0", "index2word", "vocab"):
            if name in fields:
                wv.__dict__[name] = fields.pop(name)
        fields.pop("syn0norm", None)
        wv._after_load()
        fields["wv"] = wv


Vocab = keyedvectors.Vocab
