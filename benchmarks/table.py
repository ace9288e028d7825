"""The results as Markdown; a figure that was not measured is not there, nor the spread of what was measured once."""

from collections.abc import Callable
from typing import Any


def markdown(results: dict[str, Any]) -> str:
    """A table of what was asked for, at least, and what was measured."""
    rows: list[tuple[str, str, str]] = []

    def add(what: str, asked: str, measured: str) -> None:
        rows.append((what, asked, measured))

    if "speed" in results:
        for dim, asked in (("dim 100", "13x"), ("dim 300", "9x")):
            part = results["speed"][dim]
            rate = part["words_per_second"]["sgns"]
            add(f"words/s, {dim}", "", f"{_millions(rate)}")
            for peer, ratio in part["ratio"].items():
                limit = asked if peer == "gensim" else "40x"
                peer_rate = part["words_per_second"][peer]["median"] / 1e6
                add(f"… against {peer} ({peer_rate:.3f}M)", limit, _times(ratio))
    if "vocabulary" in results:
        add("1M words of vocabulary, dim 300, against gensim", "8x", _times(results["vocabulary"]["ratio"]))
    if "whole" in results:
        add("words/s in five epochs, against gensim", "13x", _times(results["whole"]["speed_ratio"]))
    if "threads" in results:
        part = results["threads"]
        add("two threads against one", "1.85x", _times(part["ratio"], 2))
        add("… by CPU time", "", _times(part["cpu_ratio"], 2))
        add("… plain arithmetic in the same turns", "", _times(part["ceiling"], 2))
    if "reading" in results:
        add("100 MB of text to ids and vocabulary", "0.7 s", _seconds(results["reading"]["scan"]))
        add("second run until the first step", "1.0 s", _seconds(results["reading"]["second_run"]))
    if "memory" in results:
        add(
            "peak memory beyond E, C and ids",
            "150 MB",
            measured(results["memory"]["beyond"], lambda x: f"{x / 1e6:.0f}", " MB"),
        )
    lines = ["| what | asked | measured: median (least to most) |", "|---|---|---|"]
    lines += [f"| {what} | {asked} | {measured} |" for what, asked, measured in rows]
    if "whole" in results and "quality" in results:
        lines += ["", *_options(results["whole"], results["quality"])]
    machines = {f"{p['machine']['processor']}, {p['machine']['cores']} cores" for p in results.values()}
    return "\n".join([*lines, "", f"Machine: {'; '.join(sorted(machines))}."])


def beside_gensim(results: dict[str, Any]) -> str:
    """Four rows for a reader who comes from gensim: time, speed, similarity, analogies; empty if any is missing."""
    if "whole" not in results or "quality" not in results:
        return ""
    whole, mean = results["whole"], results["quality"]["mean"]
    machine = whole["machine"]
    rows = [
        (f"100 MB of text, each with its defaults, {machine['cores']} cores", "sgns", "gensim"),
        ("---", "---", "---"),
    ]
    seconds = [whole["total_seconds"][name]["median"] for name in ("defaults", "gensim")]
    rates = [whole["words_per_second"][name]["median"] / 1e6 for name in ("defaults", "gensim")]
    rows.append(("text to saved vectors", f"{seconds[0]:.1f} s", f"{seconds[1]:.0f} s"))
    rows.append(("words per second", f"{rates[0]:.1f} million", f"{rates[1]:.2f} million"))
    cells = [" / ".join(f"{mean[name][figure]:.3f}" for figure in FIGURES[:3]) for name in ("defaults", "gensim")]
    rows.append(("similarity: WordSim-353 / SimLex-999 / MEN", *cells))
    rows.append(("analogies", *(f"{mean[name]['analogies']:.1%}" for name in ("defaults", "gensim"))))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    runs = results["quality"]["runs"]["defaults"]
    ends = ((name, sorted(found[name] for found in runs)) for name in FIGURES)
    seeds = "; ".join(f"{name} {values[0]:.3f} to {values[-1]:.3f}" for name, values in ends)
    closing = f"{_seeds(len(runs)).capitalize()}; {machine['processor']}.{_then(whole)}"
    return f"{table}\n\n{closing}" + (f" sgns from seed to seed: {seeds}." if len(runs) > 1 else "")


FIGURES = ("WS-353", "SimLex", "MEN", "analogies")
ROWS = {
    "gensim": "gensim",
    "sgns": "sgns at gensim's options",
    "defaults": "sgns as it comes",
}


def _options(whole: dict[str, Any], quality: dict[str, Any]) -> list[str]:
    """Quality and time of each choice of options, beside gensim's."""
    mean, seconds = quality["mean"], {name: s["median"] for name, s in whole["total_seconds"].items()}
    seeds = _seeds(len(quality["runs"]["sgns"]))
    runs = max(s["runs"] for s in whole["total_seconds"].values())
    once = "one run" if runs == 1 else f"median of {runs} runs"
    lines = [f"| {seeds} | {' | '.join(FIGURES)} | text to saved vectors, {once} |", "|---" * (len(FIGURES) + 2) + "|"]
    asked = [f"{mean['gensim'][name] - 0.01:.4f}" for name in FIGURES]
    lines.append(f"| asked | {' | '.join(asked)} | 1/20 |")
    for tool, title in ROWS.items():
        part = f", 1/{seconds['gensim'] / seconds[tool]:.1f}" if tool != "gensim" else ""
        figures = [f"{mean[tool][name]:.4f}" for name in FIGURES]
        lines.append(f"| {title} | {' | '.join(figures)} | {seconds[tool]:.1f} s{part} |")
    return [*lines, "", f"As it comes:{note}"] if (note := _then(whole)) else lines


def _then(whole: dict[str, Any]) -> str:
    """Says of what defaults time and speed are, if they were measured before these changed."""
    return f" Time and speed are those of {whole['defaults_then']}." if "defaults_then" in whole else ""


def _seeds(n: int) -> str:
    return f"mean of {n} seeds" if n > 1 else "one seed"


def _millions(value: dict[str, Any]) -> str:
    return measured(value, lambda x: f"{x / 1e6:.2f}", "M")


def _times(value: dict[str, Any], digits: int = 1) -> str:
    return measured(value, lambda x: f"{x:.{digits}f}", "x")


def _seconds(value: dict[str, Any]) -> str:
    return measured(value, lambda x: f"{x:.2f}", " s")


def measured(value: dict[str, Any], form: Callable[[float], str], unit: str) -> str:
    """A median with the least, the most and the number of runs; what was measured once has no spread."""
    if value["runs"] == 1:
        return f"{form(value['median'])}{unit} (one run)"
    return f"{form(value['median'])}{unit} ({form(value['least'])} to {form(value['most'])}, {value['runs']} runs)"
