"""Figures of a model: plots, a map for the browser, exports to other viewers.

    from sgns.figures import plot_words, make_map
    plot_words(vectors, ["king", "queen", "paris", "rome"], "words.png")
    make_map([vectors], "map.html")

The names below are imported when they are first used, and matplotlib when the first picture is drawn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_WHERE = {
    "all_scripts": "sgns.figures.style",
    "analyse": "sgns.figures.analysis",
    "choose_groups": "sgns.figures.words",
    "draw_picture": "sgns.figures.picture",
    "export_vectors": "sgns.figures.export",
    "find_trends": "sgns.figures.trends",
    "group_words": "sgns.figures.grouping",
    "make_map": "sgns.figures.map",
    "plot_heatmap": "sgns.figures.heatmap",
    "plot_loss": "sgns.figures.losses",
    "plot_movement": "sgns.figures.movement",
    "plot_words": "sgns.figures.plot",
    "words_to_show": "sgns.figures.words",
}
__all__ = sorted(_WHERE)

if TYPE_CHECKING:
    from sgns.figures.analysis import analyse as analyse
    from sgns.figures.export import export_vectors as export_vectors
    from sgns.figures.grouping import group_words as group_words
    from sgns.figures.heatmap import plot_heatmap as plot_heatmap
    from sgns.figures.losses import plot_loss as plot_loss
    from sgns.figures.map import make_map as make_map
    from sgns.figures.movement import plot_movement as plot_movement
    from sgns.figures.picture import draw_picture as draw_picture
    from sgns.figures.plot import plot_words as plot_words
    from sgns.figures.style import all_scripts as all_scripts
    from sgns.figures.trends import find_trends as find_trends
    from sgns.figures.words import choose_groups as choose_groups
    from sgns.figures.words import words_to_show as words_to_show


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'sgns.figures' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
