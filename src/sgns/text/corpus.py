"""Corpus: a text as word ids and sentence ends, with its vocabulary."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from sgns.config import Config
from sgns.text.encode import read
from sgns.text.encoded import EncodedText
from sgns.text.sentences import encode_sentences
from sgns.text.sources import Inputs, find
from sgns.text.vocabulary import Vocabulary

Progress = Callable[[str, int, int | None, str], None]
"""Called as progress(stage, done, total or None, unit) from the main thread, about ten times a second."""


class Corpus:
    """A text as training sees it.

    Attributes:
        ids: (n,) int32, the words of the text in its order; words left out by min_count are not there.
        sentence_ends: (s,) int64, ascending, exclusive: sentence i is ids[ends[i-1]:ends[i]]. No sentence is empty or
            cut.
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
        """Encode text, or fetch what an earlier run has encoded.

        Args:
            paths: a path or several: files (plain, gz, bz2, xz, zst), folders, FIFOs, `-` for standard input. The end
                of a file ends a sentence, whatever `config.sentences` is.
            config: the text options (`TEXT_OPTIONS`) and `threads` apply; default `Config()`.
            progress: told how far it is.
            cache: keep the encoded text in the cache folder, and look for it there.

        Raises:
            InputError: no such file, damaged, no text, or no word of min_count.
            OutputError: no room on the disk.
        """
        began = time.perf_counter()
        text = read(find(paths), config or Config(), progress or (lambda *_: None), cache)
        return cls._of(text, began)

    @classmethod
    def from_sentences(cls, sentences: Iterable[Iterable[str]], config: Config | None = None) -> "Corpus":
        """Encode token lists as they are: they are not folded, split or stripped.

        Args:
            sentences: any iterable of sentences, each an iterable of words; read once.
            config: min_count and max_vocabulary apply.

        Raises:
            InputError: a sentence is a string, a token is not a string or holds a line break, nothing is left.
        """
        began = time.perf_counter()
        return cls._of(encode_sentences(sentences, config or Config()), began)

    @classmethod
    def builtin(cls, config: Config | None = None, progress: Progress | None = None) -> "Corpus":
        """The documentation on this machine: English text without network, licence or file of ours (see `builtin`).

        Args:
            config: as for `from_files`; a paragraph is a sentence there, whatever `config.sentences` is.
            progress: told how far it is.
        """
        from sgns.text.builtin import builtin_text

        config, progress = config or Config(), progress or (lambda *_: None)
        began, config = time.perf_counter(), replace(config, sentences="line")
        with builtin_text(progress) as path:
            # Plain Python encodes it in the time in which the kernels would be compiled.
            return cls._of(read(find(path), config, progress, cache=True, plain=16), began)

    @classmethod
    def _of(cls, text: EncodedText, began: float) -> "Corpus":
        return cls(
            text.ids,
            text.ends,
            Vocabulary(text.words, text.counts),
            text.hash,
            text.raw_tokens,
            scan_seconds=time.perf_counter() - began,
            from_cache=text.from_cache,
            notes=text.notes,
        )
