"""Reads whatever a Python caller gave as the text: paths, token lists, or a corpus that is made already."""

import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from sgns.config import Config
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.corpus import Corpus
from sgns.text.sentences import check_sentences, shown

TextSource = Corpus | str | Path | Iterable[str | Path] | Iterable[Iterable[str]] | None


def read_text(source: TextSource, config: Config, progress: ProgressCallback) -> Corpus:
    """The corpus of a source.

    Args:
        source: A path or several, an iterable of token lists, a corpus, or None for the built-in corpus. A string is a
            path; so is each string of a list, and each `Path` that an iterable yields.
        config: The text options.
        progress: Called about ten times a second.

    Raises:
        InputError: it is none of these, or cannot be read.
    """
    if isinstance(source, Corpus):
        return source
    if source is None:
        return Corpus.builtin(config, progress)
    if isinstance(source, str | os.PathLike):
        return Corpus.from_files([source], config, progress)
    check_sentences(source)
    if not isinstance(source, Iterable):
        raise InputError(f"the text is {shown(source)}, not a path nor lists of words; give sgns.train('corpus.txt')")
    items: Any = source
    if isinstance(items, list | tuple):
        if items and all(isinstance(item, str | os.PathLike) for item in items):
            return Corpus.from_files(list(items), config, progress)
    else:
        iterator = iter(source)
        first = next(iterator, None)
        items = iterator if first is None else chain([first], iterator)
        if isinstance(first, os.PathLike):  # as Path.glob yields
            return Corpus.from_files(list(items), config, progress)
    return Corpus.from_sentences(items, config)
