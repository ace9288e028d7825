"""How `--help` groups the verbs, and the options of `sgns train`: by what they are for."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from cyclopts import Group
from cyclopts.help import DefaultFormatter, HelpPanel

VERBS_BY_PURPOSE = {
    "Train": ("train", "vocabulary", "phrases", "compile"),
    "Ask": ("similar", "analogy", "odd", "ask", "predict", "encode", "infer"),
    "Evaluate": ("evaluate", "compare"),
    "Look": ("plot", "map", "graph", "step"),
    "Learn": ("derive", "explain", "report", "worksheet", "check"),
    "Files": ("info", "convert", "merge", "export"),
}
"""Verbs under their headings; one that does not exist is passed over, one that is not listed stands under Commands."""

OPTIONS_BY_PURPOSE = {
    "Text": (
        *("sentences", "column", "tags", "tag_column", "lowercase", "punctuation", "min_count", "max_vocabulary"),
        *("phrases", "phrase_threshold", "phrase_min_count", "phrase_score", "connector_words"),
        *("vocabulary_file", "keep_words", "drop_words"),
    ),
    "Model": ("dim", "model", "combine", "loss", "ngrams", "buckets", "window", "shrink_windows"),
    "Training": (
        *("epochs", "lr", "min_lr", "negatives", "noise_power", "subsample", "sharing", "validation"),
        *("seed", "deterministic", "engine", "threads"),
    ),
    "Going on with a model": ("start", "start_limit", "start_weight", "vocabulary", "freeze"),
    "Run": ("output", "checkpoint_every", "resume", "dry_run", "live", "quiet", "json"),
    "Many machines": ("shards", "communication_dtype"),
}
"""Options of train under their headings; one that is not listed stands in a panel of its own, after these."""


@cache
def heading(title: str, number: int) -> Group:
    """The group of a title, one and the same at each call, as cyclopts asks for."""
    return Group(title, sort_key=number)


def group_of(verb: str) -> Group:
    """The heading of a verb in `sgns --help`."""
    for number, (title, verbs) in enumerate(VERBS_BY_PURPOSE.items()):
        if verb in verbs:
            return heading(title, number)
    return heading("Commands", len(VERBS_BY_PURPOSE))


def place_of(verb: str) -> int:
    """The place of a verb under its heading: the one that is used first stands first."""
    for verbs in VERBS_BY_PURPOSE.values():
        if verb in verbs:
            return verbs.index(verb)
    return 0


class GroupedFormatter:
    """Writes the panels of a help text as cyclopts does, the one of train's options as several.

    Args:
        titles: For each heading, the names of options as in `Config`.
    """

    def __init__(self, titles: dict[str, tuple[str, ...]]) -> None:
        self.titles, self.plain = titles, DefaultFormatter()

    def __call__(self, console: Any, options: Any, panel: HelpPanel) -> None:
        """Writes a panel."""
        for part in self.parts(panel):
            self.plain(console, options, part)

    def parts(self, panel: HelpPanel) -> Iterable[HelpPanel]:
        """The panels that stand for `panel`, none of them empty."""
        if panel.format != "parameter" or not any(names_of(entry) & {"epochs"} for entry in panel.entries):
            return [panel]
        rest, parts = list(panel.entries), list[HelpPanel]()
        for title, names in self.titles.items():
            entries = sorted(
                (entry for entry in rest if names_of(entry) & set(names)),
                key=lambda entry: min(names.index(name) for name in names_of(entry) & set(names)),
            )
            rest = [entry for entry in rest if entry not in entries]
            parts.append(panel.copy(title=title, entries=entries))
        return [part for part in [*parts, panel.copy(entries=rest)] if part.entries]

    def __getattr__(self, name: str) -> Any:  # render_usage, render_description, …
        return getattr(self.plain, name)


def names_of(entry: Any) -> set[str]:
    """The names of an option, written as in `Config`: --min-count is min_count."""
    return {name.lstrip("-").replace("-", "_") for name in (*entry.names, *entry.shorts)}
