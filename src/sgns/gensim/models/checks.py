"""What `Word2Vec` checks before it trains, with gensim's exceptions and warnings. A part of that class."""

import logging
import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from types import GeneratorType
from typing import Any

from sgns.gensim.models.encoding import EncodedText

logger = logging.getLogger(__name__)

COMPRESSED = (".bz2", ".gz", ".xz", ".zst")


class ChecksPart:
    """Checks a corpus and the arguments of `train`."""

    wv: Any
    hs: int
    negative: int
    alpha: float
    min_alpha_yet_reached: float
    train_count: int
    _outputs: Any

    def _warn_of_size(self, epoch: int, text: EncodedText, examples: int | None, words: int | None) -> None:
        """Warns of a corpus that is not as large as was said."""
        if not text.examples and not self.train_count:
            logger.warning(
                "train() called with an empty iterator; give a corpus that can be gone through several times"
            )
        if examples and examples != text.examples:
            logger.warning("EPOCH %i: %i sentences, not the %i of total_examples", epoch, text.examples, examples)
        if words and words != text.raw_words:
            logger.warning("EPOCH %i: %i words, not the %i of total_words", epoch, text.raw_words, words)

    def _check_corpus_sanity(self, corpus_iterable: Any = None, corpus_file: Any = None, passes: int = 1) -> None:
        """Raises TypeError for a corpus that cannot be trained on."""
        if corpus_file is None and corpus_iterable is None:
            raise TypeError("Either one of corpus_file or corpus_iterable value must be provided")
        if corpus_file is not None and corpus_iterable is not None:
            raise TypeError("Both corpus_file and corpus_iterable must not be provided at the same time")
        if corpus_iterable is not None:
            if not isinstance(corpus_iterable, Iterable):
                raise TypeError(f"The corpus_iterable must be an iterable of lists of strings, got {corpus_iterable!r}")
            if isinstance(corpus_iterable, GeneratorType) and passes > 1:
                raise TypeError(
                    f"Using a generator as corpus_iterable can't support {passes} passes. Try a re-iterable sequence."
                )
        elif not isinstance(corpus_file, str | PathLike) or not Path(corpus_file).is_file():
            raise TypeError(f"Parameter corpus_file must be a valid path to a file, got {corpus_file!r} instead")
        elif os.fspath(corpus_file).lower().endswith(COMPRESSED):
            raise TypeError(
                f"Training from compressed files is not supported with corpus_file; unpack {corpus_file}, or give "
                "LineSentence(path) as the sentences"
            )

    def _check_training_sanity(
        self, epochs: int | None = 0, total_examples: int | None = None, total_words: int | None = None, **kwargs: Any
    ) -> None:
        """Raises ValueError or RuntimeError where training makes no sense."""
        if not self.hs and not self.negative:
            raise ValueError("You must set either 'hs' or 'negative' to be positive for proper training.")
        if self.hs and self.negative:
            logger.warning(
                "Both hierarchical softmax and negative sampling are activated. This is probably a mistake. "
                "You should set either 'hs=0' or 'negative=0' to disable one of them. "
            )
        if self.alpha > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        if not self.wv.key_to_index:
            raise RuntimeError("you must first build vocabulary before training the model")
        if not len(self.wv.vectors):
            raise RuntimeError("you must initialize vectors before training the model")
        if total_words is None and total_examples is None:
            raise ValueError(
                "You must specify either total_examples or total_words, for proper learning-rate calculations; for the "
                "corpus of build_vocab it is total_examples=model.corpus_count"
            )
        if epochs is None or epochs <= 0:
            raise ValueError("You must specify an explicit epochs count. The usual value is epochs=model.epochs.")
        missing = [name for name in self._outputs() if not hasattr(self, name)]
        if missing:
            raise RuntimeError(f"the model has no {missing[0]}: its vectors were loaded without what training needs")
