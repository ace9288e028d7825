"""`sgns.find_phrases`: the phrases of a text with their scores, in one call."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sgns.base.folders import cache_folder
from sgns.config import Config
from sgns.errors import ConfigError
from sgns.progress.callback import ProgressCallback
from sgns.text.corpus import Corpus, ignore
from sgns.text.derive import with_all_words
from sgns.text.encoded import Encoded
from sgns.text.phrase_list import Phrase
from sgns.text.phrases import PhraseOptions, join_phrases
from sgns.text.read import TextSource, read_text


def find_phrases(source: TextSource = None, *, config: Config | None = None, **options: Any) -> list[Phrase]:
    """Find the phrases of a text: words that often stand together.

    Example:
        for phrase in sgns.find_phrases("corpus.txt", phrases=2, connector_words="english"):
            print(phrase.name, phrase.score, phrase.count)

    Args:
        source: As for `sgns.train`.
        config: All options at once; or give them by name:
        **options: Fields of `Config`: phrases is the number of passes (default 1); phrase_threshold, phrase_min_count,
            phrase_score, connector_words; and how the text is read.

    Returns:
        The phrases of the first pass by descending score, then those of the second, and so on. Scores are those of
        gensim's `Phrases`. `phrase_list.write_phrases` writes them to a file, which `phrases="FILE"` applies.

    Raises:
        ConfigError: an option is out of range, or unknown; phrases is a list.
        InputError: the text cannot be read.
    """
    if config is not None and options:
        raise ConfigError(f"both config and {', '.join(options)} were given; give one or the other")
    return phrases_of(source, config or Config(**options), ignore)[0]


def phrases_of(
    source: TextSource, config: Config, progress: ProgressCallback, outputs: Iterable[str | Path] = ()
) -> tuple[list[Phrase], Corpus]:
    """The phrases of a text, and the text with all of its words.

    Args:
        source: As for `find_phrases`.
        config: The options; one pass where `phrases` is 0.
        progress: Called about ten times a second.
        outputs: Files that will be written.

    Raises:
        ConfigError: `phrases` is the name of a list.
        InputError: the text cannot be read.
        OutputError: an output is one of the files that hold the text; or the disk is full.
    """
    if isinstance(config.phrases, str):
        raise ConfigError(
            f"phrases is {config.phrases!r}; give the number of passes in which to look for them, such as 2"
        )
    found = PhraseOptions.of(replace(config, phrases=config.phrases or 1))
    assert found is not None
    text = read_text(source, with_all_words(config), progress, outputs)
    encoded = Encoded(text.ids, text.sentence_ends, text.vocabulary.words, text.vocabulary.counts)
    folder = cache_folder() if cache_folder().is_dir() else None
    return join_phrases(encoded, found, folder, progress).phrases, text
