"""The words of a model that a run starts from, and the vocabulary that they make with the words of a new text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from sgns.text.cache import digest


@dataclass(frozen=True)
class KnownWords:
    """The words of trained vectors, in their order.

    Attributes:
        counts: Of each word how often it occurred in what the model was trained on; None where that is not known.
        only: The vocabulary is exactly these words, with their counts; else new words of the text are added, and counts
            are those of both texts together.
        texts: Content (`Corpus.content`) of the texts that are in the counts already.
        again: The text is one of these, so its counts are not added once more.
    """

    counts: Mapping[str, int | None]
    only: bool = False
    texts: Sequence[str] = field(default=())
    again: bool = False

    @cached_property
    def has_counts(self) -> bool:
        """Whether counts are known."""
        return any(count is not None for count in self.counts.values())

    @cached_property
    def digest(self) -> str:
        """A hash of all that decides which vocabulary is made of a text."""
        return digest([list(self.counts.items()), self.only, list(self.texts)])

    def beside(self, content: str) -> Self:
        """These, for the text of this content."""
        return replace(self, again=content in self.texts)

    def joined(self, words: Sequence[str], counts: np.ndarray, most: int | None = None) -> tuple[list[str], np.ndarray]:
        """The vocabulary of the model and the text.

        Args:
            words: Words of the text that were chosen, the most frequent one first; all known words are among them that
                the text has.
            counts: (V,) int64, of these words in the text.
            most: Words of the vocabulary at most; the rarest new words are left out. Known words stay.

        Returns:
            All words, the most frequent one first, equal counts in the order of the model and then of the text; and
            their counts (V,) int64, which are 0 for known words of unknown count that the text does not have.
        """
        in_text = dict(zip(words, counts.tolist(), strict=True))
        new = [] if self.only else [word for word in words if word not in self.counts]
        if most is not None:
            new = new[: max(0, most - len(self.counts))]
        numbers = []
        for word, count in self.counts.items():
            if count is None:
                numbers.append(in_text.get(word, 0))
            else:
                numbers.append(count if self.only or self.again else count + in_text.get(word, 0))
        all_words, all_counts = [*self.counts, *new], np.array(numbers + [in_text[word] for word in new], np.int64)
        order = np.argsort(-all_counts, kind="stable")
        return [all_words[i] for i in order.tolist()], all_counts[order]
