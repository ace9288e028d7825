"""How long each part of `python -m benchmarks` takes: as long as the last time, or estimated from kept speeds."""

from typing import Any

from benchmarks.parts import DIMS, EPOCHS, OPTIONS, SPEED_WORDS, ZIPF

WORDS = 17_000_000  # of the text of 100 MB, with line ends
READING = {"sgns": 1e7, "gensim": 3e6, "fasttext": 7e5}  # words/s up to the first step; fastText counts twice
START = 2.0  # seconds of a process until it reads
SCORING = 10.0  # seconds to ask one file of vectors all questions
OTHERS = {"threads": 90.0, "reading": 40.0, "memory": 40.0}  # seconds of parts that need no peer


def seconds(part: str, results: dict[str, Any], times: int, seeds: int) -> tuple[float | None, bool]:
    """Seconds of a part, None where nothing tells; and whether they were measured, with as many turns."""
    took = results.get(part, {}).get("took")
    if took and took["times"] == times and took["seeds"] == seeds:
        return took["seconds"], True
    if part == "speed":
        turn = sum(
            _run(tool, SPEED_WORDS, EPOCHS[tool], rate)
            for dim, tools in DIMS.items()
            for tool in tools
            if (rate := _rate(results, "speed", f"dim {dim}", "words_per_second", tool))
        )
        return times * turn, False
    if part == "vocabulary":
        return 30 + times * sum(  # they are written first, and a table of so many rows takes time
            12 + _run(tool, sum(ZIPF), 1, _rate(results, "vocabulary", "words_per_second", tool) or 1e5)
            for tool in ("sgns", "gensim")
        ), False
    if part == "whole":
        rates = {name: _rate(results, "whole", "words_per_second", name) for name in (*OPTIONS, "gensim")}
        turn = sum(
            _run("gensim" if name == "gensim" else "sgns", WORDS, 5, rate) for name, rate in rates.items() if rate
        )
        return (times * turn if turn else None), False
    if part == "quality":
        return seeds * (len(OPTIONS) + 1) * SCORING, False
    return OTHERS.get(part), False


def _rate(results: dict[str, Any], *path: str) -> float | None:
    for name in path:
        results = results.get(name, {})
    return results.get("median")


def _run(tool: str, words: int, epochs: int, rate: float) -> float:
    return START + words / READING[tool] + words * epochs / rate
