"""Corpus: a text as word ids and sentence ends, with its vocabulary."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.text.sources import Inputs, Stream, find
from sgns.text.vocabulary import Vocabulary

Progress = Callable[[str, int, int | None, str], None]
"""Called as progress(stage, done, total or None, unit) from the main thread, about ten times a second."""

TEXT_OPTIONS = ("sentences", "lowercase", "punctuation", "min_count", "max_vocabulary")


def text_options(config: Config) -> dict[str, Any]:
    """The options of `config` that decide what ids a text becomes."""
    return {name: getattr(config, name) for name in TEXT_OPTIONS}


class Corpus:
    """A text as training sees it.

    Attributes:
        ids: (n,) int32, the words of the text in its order; words left out by min_count are not there.
        sentence_ends: (s,) int64, ascending, exclusive: sentence i is ids[ends[i-1]:ends[i]]. No sentence is empty or cut.
        vocabulary: the words and their counts; ids point into it.
        hash: names the content and the text options, not the path. The same text gives the same hash anywhere.
        raw_tokens: words of the text before min_count and max_vocabulary.
        scan_seconds: time it took to get here.
        from_cache: whether an earlier run had encoded this text.
        notes: what the user should be told, a sentence each.
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
        notes: Iterable[str] = (),
    ):
        self.ids = ids
        self.sentence_ends = sentence_ends
        self.vocabulary = vocabulary
        self.hash = hash
        self.raw_tokens = raw_tokens
        self.scan_seconds = scan_seconds
        self.from_cache = from_cache
        self.notes = list(notes)

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
        cls, paths: Inputs, config: Config | None = None, progress: Progress | None = None, cache: bool = True
    ) -> "Corpus":
        from sgns.text.normalise import decode, normalise

        config = config or Config()
        began = time.perf_counter()
        sentences, buffer = [], bytearray(1 << 22)
        digest = hashlib.sha256()
        for source in find(paths):
            stream, data = Stream(source), b""
            while size := stream.readinto(memoryview(buffer)):
                data += buffer[:size]
            stream.close()
            digest.update(data)
            memory: dict[bytes, list[str]] = {}
            pieces = (
                data.split(b"\n")
                if config.sentences == "line"
                else [data]
                if config.sentences == "none"
                else data.split(b"\n\n")
            )
            for piece in pieces:
                row = []
                for spelling in piece.split():
                    if spelling not in memory:
                        memory[spelling] = normalise(decode(spelling)[0], config.lowercase, config.punctuation)
                    row += memory[spelling]
                sentences.append(row)
        corpus = cls.from_sentences(sentences, config)
        corpus.scan_seconds = time.perf_counter() - began
        return corpus

    @classmethod
    def from_sentences(cls, sentences: Iterable[Iterable[str]], config: Config | None = None) -> "Corpus":
        """Encode token lists as they are: they are not folded, split or stripped.

        Args:
            sentences: any iterable of sentences, each an iterable of words; read once.
            config: min_count and max_vocabulary apply.

        Raises:
            InputError: a sentence is a string, a token is not a string or holds a line break, nothing is left.
        """
        config = config or Config()
        began = time.perf_counter()
        known: dict[str, int] = {}
        chunks: list[np.ndarray] = []
        lengths: list[int] = []
        row: list[int] = []
        digest = hashlib.sha256(json.dumps(text_options(config), sort_keys=True).encode())
        for number, sentence in enumerate(sentences, 1):
            if isinstance(sentence, str | bytes):
                raise InputError(
                    f"sentence {number} is a string, not a list of words; split it, for example with .split()"
                )
            before = len(row)
            for token in sentence:
                place = known.get(token) if isinstance(token, str) else None
                if place is None:
                    place = known.setdefault(checked(token, number), len(known))
                row.append(place)
            lengths.append(len(row) - before)
            if len(row) > 1 << 20:
                chunks.append(np.array(row, dtype=np.int32))
                digest.update(chunks[-1].tobytes())
                lengths, row = [*lengths], []
        chunks.append(np.array(row, dtype=np.int32))
        digest.update(chunks[-1].tobytes())
        digest.update(np.array(lengths, dtype=np.int64).tobytes())
        digest.update("\n".join(known).encode())
        raw = np.concatenate(chunks)
        counts = np.bincount(raw, minlength=len(known))
        chosen = most_frequent(counts, np.arange(len(known)), config)
        names = list(known)
        if not len(chosen):
            raise InputError(nothing_left(len(raw), len(known), int(counts.max(initial=0)), config))
        final = np.full(len(known), -1, dtype=np.int32)
        final[chosen] = np.arange(len(chosen), dtype=np.int32)
        ids = final[raw]
        kept = ids >= 0
        ends = np.concatenate([[0], np.cumsum(kept)])[np.cumsum(lengths)] if lengths else np.zeros(0, dtype=np.int64)
        ends = np.unique(ends[ends > 0]).astype(np.int64)
        vocabulary = Vocabulary([names[place] for place in chosen.tolist()], counts[chosen])
        return cls(
            ids[kept], ends, vocabulary, digest.hexdigest()[:32], len(raw), scan_seconds=time.perf_counter() - began
        )

    @classmethod
    def builtin(cls, config: Config | None = None, progress: Progress | None = None) -> "Corpus":
        import pydoc_data.topics

        sentences = [line.lower().split() for text in pydoc_data.topics.topics.values() for line in text.split("\n\n")]
        return cls.from_sentences(sentences, config)


def checked(token: Any, number: int) -> str:
    """`token` if it can be a word of a vocabulary."""
    if not isinstance(token, str):
        raise InputError(
            f"sentence {number} holds {token!r}, which is no string; words are strings, for example str({token!r})"
        )
    if "\n" in token or "\r" in token or not token:
        raise InputError(f"sentence {number} holds the word {token!r}; a word is not empty and has no line break")
    try:
        token.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"sentence {number} holds the word {token!r}, which is not valid Unicode; decode the text properly"
        ) from None
    return token


def most_frequent(
    counts: np.ndarray,  # (t,) int64
    first: np.ndarray,  # (t,) int64
    config: Config,
) -> np.ndarray:
    """Places of the words to keep: count >= min_count, at most max_vocabulary, most frequent first, ties by `first`."""
    places = np.flatnonzero(counts >= config.min_count)
    limit = config.max_vocabulary
    if limit is not None and len(places) > limit:
        kept = counts[places]
        threshold = np.partition(kept, len(kept) - limit)[len(kept) - limit]
        sure, tied = places[kept > threshold], places[kept == threshold]
        tied = tied[np.argsort(first[tied], kind="stable")][: limit - len(sure)]
        places = np.concatenate([sure, tied])
    return places[np.lexsort((first[places], -counts[places]))]


def nothing_left(tokens: int, words: int, highest: int, config: Config) -> str:
    """The message for a text without a single word to train on."""
    if not tokens:
        return "the text holds no words; give text with letters or digits in it"
    return f"no word occurs min_count = {config.min_count} times ({tokens} tokens, {words} distinct words, the most frequent {highest} times); set min_count to {highest} or less, or give more text"
