"""The verbs on texts that train nothing: phrases, vocabulary."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sgns.base.text_table import text_table
from sgns.cli.options import Json, Output, Quiet
from sgns.cli.output import print_json
from sgns.cli.streams import word_as_shown
from sgns.cli.training import FLAT, Inputs, only_paths
from sgns.config import Config, PhraseScore, Sentences
from sgns.errors import InputError

Listed = Annotated[int, Parameter(name=["--n", "-n"], help="Number of lines that are printed; a file holds all.")]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How a text is read: as by `sgns train`."""

    sentences: Sentences = Config.sentences
    """What ends a sentence: each line, an empty line (paragraph), or nothing (none)."""
    column: str | None = Config.column
    """Column of a table that holds the text."""
    lowercase: bool = Config.lowercase
    """Convert upper case to lower case."""
    punctuation: bool = Config.punctuation
    """Leave punctuation at the edges of words."""
    threads: int = Config.threads
    """Threads that read; 0 takes all cores."""


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """When words are a phrase: as in `sgns train`."""

    phrase_threshold: float | None = None
    """Two words are a phrase if their score is greater than this. Left out, it is 10, or 0.5 with npmi."""
    phrase_min_count: int = Config.phrase_min_count
    """Pairs of words that occur fewer times are no phrases."""
    phrase_score: PhraseScore = Config.phrase_score
    """Score of two words: that of Mikolov et al. 2013 (default), or their normalised mutual information (npmi)."""
    connector_words: str | None = None
    """Words that may stand within a phrase, such as bank_of_america: english, or a file with a word on each line."""


@dataclass(frozen=True, kw_only=True)
class WordOptions:
    """Which words a vocabulary has: as in `sgns train`."""

    min_count: int = Config.min_count
    """Words that occur fewer times are left out."""
    max_vocabulary: int | None = Config.max_vocabulary
    """Largest number of words."""
    phrases: int | str = Config.phrases
    """Passes that join words which often stand together; or a file with a list of phrases."""
    keep_words: str | None = None
    """File of words, one on each line, that stay whatever min_count and max_vocabulary are."""
    drop_words: str | None = None
    """File of words, one on each line, that are left out (stop words)."""


READ, SCORE, WORDS = ReadOptions(), ScoreOptions(), WordOptions()


def phrases(
    *inputs: Inputs,
    phrases: Annotated[int, Parameter(name=["--phrases", "--passes"])] = 1,
    score: Annotated[ScoreOptions, FLAT] = SCORE,
    read: Annotated[ReadOptions, FLAT] = READ,
    output: Output | None = None,
    n: Listed = 20,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Find phrases, words that often stand together, and list them with their scores.

    Args:
        phrases: Passes: 1 finds pairs of words, 2 also pairs of these.
        output: Where the list goes; sgns train --phrases FILE joins what stands in it.
    """
    from sgns.progress import Progress
    from sgns.text.discover import phrases_of
    from sgns.text.phrase_list import write_phrases

    paths, config = checked(inputs, output, {"phrases": phrases} | vars(score) | vars(read))
    with Progress(quiet) as display:
        found, text = phrases_of(paths, config, display.update, [output] if output else ())
        for warning in text.warnings:
            display.warn(warning)
        if output is not None:
            write_phrases(output, found)
    if json:
        listed = [
            {"phrase": one.name, "score": one.score, "count": one.count, "pass": one.number, "words": list(one.words)}
            for one in found[:n]
        ]
        print_json({"found": len(found), "phrases": listed, "output": None if output is None else str(output)})
        return
    if not found:
        print("no phrases; lower --phrase-threshold or --phrase-min-count")
        return
    rows = [(word_as_shown(one.name), f"{one.score:.4g}", f"{one.count:,}", str(one.number)) for one in found[:n]]
    print(text_table(["phrase", "score", "count", "pass"], rows))
    print(summary(len(found), "phrases", n, output))


def vocabulary(
    *inputs: Inputs,
    words: Annotated[WordOptions, FLAT] = WORDS,
    score: Annotated[ScoreOptions, FLAT] = SCORE,
    read: Annotated[ReadOptions, FLAT] = READ,
    output: Output | None = None,
    n: Listed = 20,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """List the words of a text with their counts: the vocabulary that training would have.

    Args:
        output: Where the list goes; sgns train --vocabulary-file FILE trains on the words that stand in it.
    """
    from sgns.progress import Progress
    from sgns.text.read import read_text

    paths, config = checked(inputs, output, vars(words) | vars(score) | vars(read))
    with Progress(quiet) as display:
        corpus = read_text(paths, config, display.update, [output] if output else ())
        for warning in corpus.warnings:
            display.warn(warning)
        if output is not None:
            corpus.vocabulary.save(output)
    known = corpus.vocabulary
    rows = list(zip(known.words[:n], known.counts[:n].tolist()))
    if json:
        print_json(
            {
                "vocabulary": len(known),
                "tokens": corpus.tokens,
                "raw_tokens": corpus.raw_tokens,
                "sentences": corpus.sentences,
                "words": [{"word": word, "count": count} for word, count in rows],
                "output": None if output is None else str(output),
            }
        )
        return
    print(text_table(["word", "count"], [(word_as_shown(word), f"{count:,}") for word, count in rows]))
    print(summary(len(known), "words", n, output))


def checked(inputs: tuple[str, ...], output: Path | None, options: dict[str, Any]) -> tuple[list[str], Config]:
    """The paths and the options, before long work.

    Raises:
        InputError: there is no input.
        OutputError: the output cannot be written.
        ConfigError: an option is out of range.
    """
    from sgns.base.files import check_writable

    paths = only_paths(inputs)
    if not paths:
        raise InputError("no text was given; name a file or folder, or - for standard input")
    if output is not None:
        check_writable(output)
    return paths, Config(**options)


def summary(found: int, what: str, shown: int, output: Path | None) -> str:
    """The last line: how many there are, and where."""
    where = f", in {output}" if output is not None else ("; -o FILE writes all" if found > shown else "")
    return f"{found:,} {what}{where}"
