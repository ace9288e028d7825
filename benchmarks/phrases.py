"""Phrases beside gensim's: the time of finding and joining them, on the same tokens in memory.

    python -m benchmarks.phrases [--text T] [--megabytes 20] [--times 3]

gensim counts (`Phrases(sentences)`) and joins (`phrases[sentence]` for each one); sgns counts, scores and joins ids.
One thread each, in turn, in one process; the kernels are loaded before. What both have joined is compared word by word.
Prints a Markdown table.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.pages import ROOT

CASES: dict[str, dict[str, Any]] = {
    "default": {},
    "npmi": {"score": "npmi", "threshold": 0.5},
    "default, connector words": {"connectors": "english"},
    "npmi, connector words": {"score": "npmi", "threshold": 0.5, "connectors": "english"},
}


def main() -> None:
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=ROOT.parent / "shared/data/corpora/wiki100m.xz")
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    print(table(options.text, options.megabytes, options.times))


def table(text: Path, megabytes: int, times: int) -> str:
    """The measurements as a Markdown table."""
    from sgns.text.phrases import load_kernels

    load_kernels()
    sentences, encoded = read(text, megabytes * 1_000_000)
    lines = [
        f"{len(encoded.ids):,} words, {len(sentences):,} sentences; medians of {times}; CPU s (wall s)\n",
        "| | phrases | gensim | sgns | times as fast |\n|---|---|---|---|---|",
    ]
    for name, case in CASES.items():
        theirs, ours = [], []
        for _ in range(times):
            joined, *seconds = timed(partial(by_gensim, sentences, **case))
            theirs.append(seconds)
            (found, phrases), *seconds = timed(partial(by_sgns, encoded, **case))
            ours.append(seconds)
            check(joined, found)
            del joined
        (slow, slow_wall), (fast, fast_wall) = (
            map(statistics.median, zip(*one, strict=True)) for one in (theirs, ours)
        )
        lines.append(
            f"| {name} | {phrases:,} | {slow:.2f} ({slow_wall:.2f}) | {fast:.2f} ({fast_wall:.2f}) "
            f"| {slow / fast:.1f} ({slow_wall / fast_wall:.1f}) |"
        )
    return "\n".join(lines)


def read(path: Path, size: int) -> tuple[list[list[str]], Any]:
    """The first `size` bytes of a text as token lists and as ids, sentences of 1,000 words where it has none."""
    import numpy as np

    from sgns import Config, Corpus
    from sgns.base.files import opened
    from sgns.text.encoded import Encoded

    with opened(path) as file, tempfile.NamedTemporaryFile("wb") as part:
        part.write(file.read(size).rpartition(b" ")[0])
        part.flush()
        corpus = Corpus.from_files(part.name, Config(min_count=1, threads=1), cache=False)
    ends = np.union1d(corpus.sentence_ends, np.arange(1000, len(corpus.ids), 1000))
    encoded = Encoded(corpus.ids, ends, corpus.vocabulary.words, corpus.vocabulary.counts)
    words = np.array(encoded.words, object)
    return [words[encoded.ids[a:b]].tolist() for a, b in zip([0, *ends[:-1]], ends)], encoded


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` returns, and the CPU and wall seconds that it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def by_gensim(
    sentences: list[list[str]], score: str = "default", threshold: float = 10.0, connectors: str = ""
) -> list[list[str]]:
    """The sentences with phrases joined by gensim."""
    from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phrases

    words = ENGLISH_CONNECTOR_WORDS if connectors else frozenset()
    found = Phrases(sentences, 5, threshold, scoring=score, connector_words=words)
    return [found[sentence] for sentence in sentences]


def by_sgns(encoded: Any, score: Any = "default", threshold: float = 10.0, connectors: str = "") -> tuple[Any, int]:
    """The text with phrases joined by sgns, and how many phrases there are."""
    from sgns.text.phrases import ENGLISH_CONNECTOR_WORDS, PhraseOptions, join_phrases

    words = ENGLISH_CONNECTOR_WORDS if connectors else ()
    joined = join_phrases(encoded, PhraseOptions(1, None, threshold, 5, score, words), None, lambda *_: None)
    return joined.text, len(joined.phrases)


def check(sentences: list[list[str]], text: Any) -> None:
    """Raises ValueError if the two have joined different words."""
    start = 0
    for sentence, end in zip(sentences, text.sentence_ends.tolist(), strict=True):
        if sentence != [text.words[i] for i in text.ids[start:end].tolist()]:
            raise ValueError(f"the sentence that ends at word {end} was joined in two ways")
        start = end


if __name__ == "__main__":
    main()
