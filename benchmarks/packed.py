"""A corpus as ids, packed small enough to be carried to a machine that has nothing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sgns.text.vocabulary import Vocabulary

LINE = 1_000  # words a sentence, where a text has one line only


@dataclass(frozen=True)
class Packed:
    """ids (n,) int32, sentence ends (s,) int64, vocabulary."""

    ids: np.ndarray
    ends: np.ndarray
    vocabulary: Vocabulary

    @classmethod
    def of_text(cls, path: Path) -> "Packed":
        """Read a text as `sgns train` does."""
        from sgns.config import Config
        from sgns.text.corpus import Corpus

        corpus = Corpus.from_files([path], Config())
        ends = np.asarray(corpus.sentence_ends)
        if len(ends) == 1:
            ends = np.append(np.arange(LINE, len(corpus.ids), LINE), len(corpus.ids))
        return cls(np.asarray(corpus.ids), ends, corpus.vocabulary)

    @classmethod
    def load(cls, path: Path) -> "Packed":
        """What `save` wrote, or a text."""
        if path.suffix != ".npz":
            return cls.of_text(path)
        with np.load(path) as file:
            ids = file["low"].astype(np.int32) | file["high"].astype(np.int32) << 16
            words = file["words"].tobytes().decode().split("\n")
            return cls(ids, np.cumsum(file["lengths"]), Vocabulary(words, file["counts"]))

    def save(self, path: Path) -> None:
        """Write ids as two planes of bytes that pack well."""
        words = np.frombuffer("\n".join(self.vocabulary.words).encode(), np.uint8)
        np.savez_compressed(
            path, low=self.ids.astype(np.uint16), high=(self.ids >> 16).astype(np.uint16), words=words,
            lengths=np.diff(self.ends, prepend=0), counts=self.vocabulary.counts,
        )  # fmt: skip

    @classmethod
    def zipf(cls, V: int, tokens: int, seed: int = 1) -> "Packed":
        """Independent words by Zipf's law, each at least once, in sentences of 1,000."""
        rng = np.random.default_rng(seed)
        law = np.cumsum(1 / np.arange(1, V + 1))
        ids = np.append(np.searchsorted(law, rng.random(tokens) * law[-1]), np.arange(V))
        rng.shuffle(ids)
        counts = np.bincount(ids, minlength=V)
        order = np.argsort(-counts, kind="stable")
        place = np.empty(V, np.int32)
        place[order] = np.arange(V)
        ends = np.append(np.arange(LINE, len(ids), LINE), len(ids))
        return cls(place[ids], ends, Vocabulary([f"w{i}" for i in range(V)], counts[order]))
