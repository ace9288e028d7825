"""Classes derived from `Word2Vec` that change what gensim's workers do: `_do_train_job`, given a batch of sentences.

fastnode2vec makes random walks there, of the sentences that it is given, and hands them to `Word2Vec._do_train_job`.
Here that method keeps them, and they are trained on like any other corpus.
"""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

UNUSED = (
    "_do_train_epoch", "_get_next_alpha", "_job_producer", "_train_epoch", "_train_epoch_corpusfile",
    "_worker_loop", "_worker_loop_corpusfile",
)  # fmt: skip
"""Internals of gensim's training that are not called here."""


class JobsPart:
    """Calls `_do_train_job` of a derived class, as gensim's workers do, and keeps what it trains on."""

    alpha: float
    workers: int
    batch_words: int

    def _do_train_job(self, sentences: Iterable[Any], alpha: float, inits: Any) -> tuple[int, int]:
        """Keeps sentences to train on; returns twice the number of their words."""
        sentences = list(sentences)
        KEPT.sentences = [*getattr(KEPT, "sentences", []), *sentences]
        words = self._raw_word_count(sentences)
        return words, words

    def _raw_word_count(self, job: Iterable[Any]) -> int:
        """The words of sentences."""
        return sum(len(sentence) for sentence in job)

    def _job(self, batch: list[Any]) -> list[Any]:
        """What a derived class trains on for a batch."""
        KEPT.sentences = []
        self._do_train_job(batch, self.alpha, None)
        kept, KEPT.sentences = KEPT.sentences, []
        return kept

    def _jobs(self, corpus: Iterable[Any]) -> Iterable[Any]:
        """A corpus as `_do_train_job` of a derived class makes it; the corpus itself where no class has its own.

        Raises:
            NotImplementedError: A derived class changes other internals of gensim's training, not called here.
        """
        changed = [name for name in UNUSED if hasattr(type(self), name)]
        if changed:
            raise NotImplementedError(
                f"{type(self).__name__} has its own {changed[0]}, an internal of gensim's training that sgns does not "
                "call; change the sentences or _do_train_job instead"
            )
        if type(self)._do_train_job is JobsPart._do_train_job:
            return corpus
        return self._made(corpus)

    def _made(self, corpus: Iterable[Any]) -> Iterator[Any]:
        batches = self._batches(corpus)
        with ThreadPoolExecutor(max(1, self.workers)) as pool:
            while some := list(islice(batches, 4 * max(1, self.workers))):
                for sentences in pool.map(self._job, some):
                    yield from sentences

    def _batches(self, corpus: Iterable[Any]) -> Iterator[list[Any]]:
        """Sentences in batches of about `batch_words` words."""
        batch: list[Any] = []
        words = 0
        for sentence in corpus:
            size = self._raw_word_count([sentence])
            if batch and words + size > self.batch_words:
                yield batch
                batch, words = [], 0
            batch.append(sentence)
            words += size
        if batch:
            yield batch


KEPT = threading.local()
"""The sentences that a job of this thread has kept."""
