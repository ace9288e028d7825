"""Lays out a graph from left to right in columns, so that no two boxes overlap.

Layered drawing (Sugiyama, Tagawa & Toda 1981). A line that crosses a column gets a lane in it, which takes part in the
layout like a box. Barycentres order the boxes of each column. Their heights solve a least-squares problem under the
constraint that gaps are kept (isotonic regression). All lengths are in points; y points upwards.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

GAP_ACROSS, GAP_DOWN, LANE = 26.0, 16.0, 14.0


@dataclass(frozen=True)
class PlacedBox:
    """The position of a box: the x of its left edge, the y of its middle, its width and its height."""

    left: float
    middle: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """The positions of boxes and lines.

    Attributes:
        boxes: The box of each key.
        lines: The points (x, y) of each line: horizontal from the first to the second, across the gap between two
            columns to the third, horizontal to the fourth, and so on.
        width: Width of the whole.
        height: Height of the whole.
    """

    boxes: dict[Hashable, PlacedBox]
    lines: list[list[tuple[float, float]]]
    width: float
    height: float


def layered(
    sizes: Mapping[Hashable, tuple[float, float]],
    columns: Mapping[Hashable, int],
    lines: Sequence[Sequence[Hashable]],
) -> Layout:
    """Computes a layered layout.

    Args:
        sizes: Width and height of each box.
        columns: Column of each box; a line runs from lower to higher columns.
        lines: The boxes that each line connects, in order.

    Returns:
        The layout; its lower left corner is (0, 0).
    """
    sizes, columns = dict(sizes), dict(columns)
    paths = [_with_lanes(number, line, sizes, columns) for number, line in enumerate(lines)]
    links = [(a, b) for path in paths for a, b in pairwise(path)]
    count = max(columns.values()) + 1
    order = _ordered([[key for key in columns if columns[key] == column] for column in range(count)], links)
    tall = {key: size[1] for key, size in sizes.items()}
    middle = _straightened(_heights(order, links, tall), order, paths, tall)
    widths = [max((sizes[key][0] for key in column), default=0.0) for column in order]
    lefts = np.concatenate([[0.0], np.cumsum(np.array(widths) + GAP_ACROSS)])
    low = min(middle[key] - sizes[key][1] / 2 for key in sizes)
    boxes = {}
    for number, column in enumerate(order):
        for key in column:
            width, height = sizes[key]
            wide = widths[number] if height == LANE and width == 0 else width
            boxes[key] = PlacedBox(lefts[number] + (widths[number] - wide) / 2, middle[key] - low, wide, height)
    edges = {
        key: (lefts[number], lefts[number] + widths[number]) for number, column in enumerate(order) for key in column
    }
    points = [_points(path, boxes, edges) for path in paths]
    top = max(box.middle + box.height / 2 for box in boxes.values())
    return Layout({key: boxes[key] for key in boxes if sizes[key][0]}, points, lefts[-1] - GAP_ACROSS, top)


def _points(
    path: Sequence[Hashable], boxes: Mapping[Hashable, PlacedBox], edges: Mapping[Hashable, tuple[float, float]]
) -> list[tuple[float, float]]:
    """Returns the points of a line, from the right of its first box to the left of its last.

    Inside a column the line is horizontal, so that it does not run behind a box that is wider than its own.
    """
    level = [(x, boxes[key].middle) for key in path for x in edges[key]][1:-1]
    first, last = boxes[path[0]], boxes[path[-1]]
    return [(first.left + first.width, first.middle), *level, (last.left, last.middle)]


def _with_lanes(number: int, line: Sequence[Hashable], sizes: dict, columns: dict) -> list[Hashable]:
    """Adds a lane to `sizes` and `columns` for each column that a line crosses; returns its boxes and lanes."""
    path: list[Hashable] = [line[0]]
    for a, b in pairwise(line):
        for column in range(columns[a] + 1, columns[b]):
            lane = ("lane", number, column)
            sizes[lane], columns[lane] = (0.0, LANE), column
            path.append(lane)
        path.append(b)
    return path


def _ordered(order: list[list[Hashable]], links: list[tuple[Hashable, Hashable]]) -> list[list[Hashable]]:
    """Orders the boxes of each column by the mean position of their neighbours (barycentres).

    Sweeps run in alternating directions; the order with the fewest crossings is returned.
    """
    before: dict[Hashable, list[Hashable]] = {key: [] for column in order for key in column}
    after: dict[Hashable, list[Hashable]] = {key: [] for column in order for key in column}
    for a, b in links:
        after[a].append(b)
        before[b].append(a)
    seen: dict[Hashable, int] = {}
    stack = list(order[-1])
    while stack:  # a depth-first search from the result orders trees without crossings
        key = stack.pop()
        if key not in seen:
            seen[key] = len(seen)
            stack += reversed(before[key])
    order = [sorted(column, key=lambda key: seen.get(key, 0)) for column in order]
    best, fewest = order, _crossings(order, links)
    for sweep in range(12):
        neighbours, path = (after, range(len(order) - 2, -1, -1)) if sweep % 2 else (before, range(1, len(order)))
        order = [list(column) for column in order]
        for number in path:
            at = {key: i / max(1, len(column) - 1) for column in order for i, key in enumerate(column)}
            order[number].sort(key=lambda key: np.mean([at[other] for other in neighbours[key]] or [at[key]]))
        crossings = _crossings(order, links)
        if crossings < fewest:
            best, fewest = order, crossings
    return best


def _crossings(order: list[list[Hashable]], links: list[tuple[Hashable, Hashable]]) -> int:
    """Counts how many pairs of links between neighbouring columns cross."""
    at = {key: (number, i) for number, column in enumerate(order) for i, key in enumerate(column)}
    between: dict[int, list[tuple[int, int]]] = {}
    for a, b in links:
        between.setdefault(at[a][0], []).append((at[a][1], at[b][1]))
    total = 0
    for pairs in between.values():
        ends = np.array(pairs)
        total += int(((ends[:, None, 0] < ends[None, :, 0]) & (ends[:, None, 1] > ends[None, :, 1])).sum())
    return total


def _heights(order: list[list[Hashable]], links: list[tuple[Hashable, Hashable]], height: dict) -> dict:
    """Computes the y of each box's middle: near the mean of its neighbours, with order and gaps of the column kept."""
    neighbours: dict[Hashable, list[Hashable]] = {key: [] for column in order for key in column}
    for a, b in links:
        neighbours[a].append(b)
        neighbours[b].append(a)
    middle = {}
    for column in order:
        at = 0.0
        for key in column:
            middle[key] = at - height[key] / 2
            at -= height[key] + GAP_DOWN
    for sweep in range(60):
        for column in order if sweep % 2 else order[::-1]:
            target = np.array([np.mean([middle[x] for x in neighbours[key]] or [middle[key]]) for key in column])
            middle.update(zip(column, _separated(target, np.array([height[key] for key in column]))))
    return middle


def _straightened(middle: dict, order: list[list[Hashable]], paths: list[list[Hashable]], height: dict) -> dict:
    """Makes each line that crosses several columns horizontal, where the boxes above and below its lanes allow it."""
    above = {low: high for column in order for high, low in pairwise(column)}
    below = {high: low for column in order for high, low in pairwise(column)}

    def free_range(lane: Hashable) -> tuple[float, float]:
        least, most = -np.inf, np.inf
        if lane in above:
            most = middle[above[lane]] - (height[above[lane]] + LANE) / 2 - GAP_DOWN
        if lane in below:
            least = middle[below[lane]] + (height[below[lane]] + LANE) / 2 + GAP_DOWN
        return least, most

    for path in paths:
        lanes = path[1:-1]
        lanes = [key for key in lanes if isinstance(key, tuple) and key[0] == "lane"]
        if len(lanes) < 2:
            continue
        ranges = [free_range(lane) for lane in lanes]
        least, most = max(low for low, _ in ranges), min(high for _, high in ranges)
        if least <= most:
            level = min(max(float(np.mean([middle[lane] for lane in lanes])), least), most)
            middle.update(dict.fromkeys(lanes, level))
    return middle


def _separated(target: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Computes the positions nearest to `target`, in least squares, that keep the order and the gaps of boxes.

    After the necessary distances are subtracted, only the order is left to keep: isotonic regression, by the
    pool-adjacent-violators algorithm.

    Args:
        target: (n,) wanted y of the middles, from the top down.
        height: (n,) heights of the boxes.
    """
    distance = np.concatenate([[0.0], np.cumsum((height[:-1] + height[1:]) / 2 + GAP_DOWN)])
    pools: list[list[float]] = []  # [mean, number of values]
    for value in -target - distance:
        pools.append([value, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    level = np.concatenate([np.full(int(n), mean) for mean, n in pools])
    return -(level + distance)
