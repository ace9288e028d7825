"""The results as Markdown; a figure that was not measured is not there."""

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
        part = results["whole"]
        add("words/s on all 17M words against gensim, dim 100", "13x", _times(part["speed_ratio"]))
        for name, what, asked in (
            ("large", "with `--lr 0.04 --subsample 1e-4`", "1/20"),
            ("sgns", "at gensim's options", ""),
        ):
            ours, ratio = part["total_seconds"][name]["median"], part["time_ratio"][name]["median"]
            theirs = part["total_seconds"]["gensim"]["median"]
            add(f"text to saved vectors {what}, of gensim's {theirs:.0f} s", asked, f"1/{ratio:.1f} ({ours:.1f} s)")
    if "quality" in results:
        mean, runs = results["quality"]["mean"], results["quality"]["runs"]["sgns"]
        for name in ("WS-353", "SimLex", "MEN", "analogies"):
            ours, usual, theirs = (mean[tool][name] for tool in ("sgns", "large", "gensim"))
            figures = f"{ours:.4f}, with `--lr 0.04 --subsample 1e-4` {usual:.4f} (gensim {theirs:.4f})"
            add(f"{name}, {_seeds(len(runs))}", f"{theirs - 0.01:.4f}", figures)
    if "threads" in results:
        add("two threads against one", "1.85x", _times(results["threads"]["ratio"]))
    if "reading" in results:
        add("100 MB of text to ids and vocabulary", "0.7 s", _seconds(results["reading"]["scan"]))
        add("second run until the first step", "1.0 s", _seconds(results["reading"]["second_run"]))
    if "memory" in results:
        add("peak memory beyond E, C and ids", "150 MB", f"{results['memory']['beyond'] / 1e6:.0f} MB")
    lines = ["| what | asked | measured: median (least to most) |", "|---|---|---|"]
    lines += [f"| {what} | {asked} | {measured} |" for what, asked, measured in rows]
    machines = {f"{p['machine']['processor']}, {p['machine']['cores']} cores" for p in results.values()}
    return "\n".join([*lines, "", f"Machine: {'; '.join(sorted(machines))}."])


def _seeds(n: int) -> str:
    return f"mean of {n} seeds" if n > 1 else "one seed"


def _millions(value: dict[str, Any]) -> str:
    return f"{value['median'] / 1e6:.2f}M ({value['least'] / 1e6:.2f} to {value['most'] / 1e6:.2f})"


def _times(value: dict[str, Any]) -> str:
    return f"{value['median']:.1f}x ({value['least']:.1f} to {value['most']:.1f})"


def _seconds(value: dict[str, Any]) -> str:
    return f"{value['median']:.2f} s ({value['least']:.2f} to {value['most']:.2f})"
