"""Reads whatever a Python caller gave as the text: paths, token lists, or a corpus that is made already."""

import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from sgns.config import Config
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.corpus import Corpus
from sgns.text.sentences import check_sentences, shown
from sgns.text.sources import find
from sgns.text.stream import check_not_read

TextSource = Corpus | str | Path | Iterable[str | Path] | Iterable[Iterable[str]] | None


def read_text(
    source: TextSource, config: Config, progress: ProgressCallback, outputs: Iterable[str | Path] = ()
) -> Corpus:
    """The corpus of a source.

    Args:
        source: A path or several, an iterable of token lists, a corpus, or None for the built-in corpus. A string is a
            path; so is each string of a list, and each `Path` that an iterable yields.
        config: The text options.
        progress: Called about ten times a second.
        outputs: Files that will be written.

    Raises:
        InputError: it is none of these, or cannot be read.
        OutputError: an output is one of the files that hold the text.
    """
    if isinstance(source, Corpus):
        return source
    if source is None:
        return Corpus.builtin(config, progress)
    if isinstance(source, str | os.PathLike):
        return from_paths([source], config, progress, outputs)
    check_sentences(source)
    if not isinstance(source, Iterable):
        raise InputError(f"the text is {shown(source)}, not a path nor lists of words; give sgns.train('corpus.txt')")
    items: Any = source
    if isinstance(items, list | tuple):
        if items and all(isinstance(item, str | os.PathLike) for item in items):
            return from_paths(items, config, progress, outputs)
    else:
        iterator = iter(source)
        first = next(iterator, None)
        items = iterator if first is None else chain([first], iterator)
        if isinstance(first, os.PathLike):  # as Path.glob yields
            return from_paths(list(items), config, progress, outputs)
    return Corpus.from_sentences(items, config)


def from_paths(
    paths: Sequence[str | os.PathLike[str]], config: Config, progress: ProgressCallback, outputs: Iterable[str | Path]
) -> Corpus:
    """The text of files, none of which is an output."""
    sources = find(paths)
    check_not_read(outputs, sources)
    return Corpus.from_sources(sources, config, progress)
