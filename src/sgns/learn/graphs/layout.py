"""Places for the boxes of a graph drawn from left to right, so that nothing overlaps.

Layered drawing after Sugiyama, Tagawa & Toda 1981: boxes get a column each, lines that pass a column get a place in it
like a box, the order within columns is improved by barycentres, and heights are the least-squares solution that keeps
the gaps (isotonic regression).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

GAP_ACROSS, GAP_DOWN, LANE = 26.0, 16.0, 14.0


@dataclass(frozen=True)
class Box:
    """A placed box: its left edge, the height of its middle (upwards), its width and height."""

    left: float
    middle: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Boxes by key, and for each line the points (x, y) it runs through: level from the first to the second, across a
    gap to the third, level again, and so on."""

    boxes: dict[Hashable, Box]
    lines: list[list[tuple[float, float]]]
    width: float
    height: float


def layered(
    sizes: Mapping[Hashable, tuple[float, float]],
    columns: Mapping[Hashable, int],
    lines: Sequence[Sequence[Hashable]],
) -> Layout:
    """Place boxes in columns.

    Args:
        sizes: Width and height of each box.
        columns: Column of each box; a line runs from lower to higher columns.
        lines: The boxes each line runs through.

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
            boxes[key] = Box(lefts[number] + (widths[number] - wide) / 2, middle[key] - low, wide, height)
    edges = {
        key: (lefts[number], lefts[number] + widths[number]) for number, column in enumerate(order) for key in column
    }
    points = [_points(path, boxes, edges) for path in paths]
    top = max(box.middle + box.height / 2 for box in boxes.values())
    return Layout({key: boxes[key] for key in boxes if sizes[key][0]}, points, lefts[-1] - GAP_ACROSS, top)


def _points(
    path: Sequence[Hashable], boxes: Mapping[Hashable, Box], edges: Mapping[Hashable, tuple[float, float]]
) -> list[tuple[float, float]]:
    """From the right of the first box to the left of the last: level inside a column, so that no line runs behind a box
    wider than its own."""
    level = [(x, boxes[key].middle) for key in path for x in edges[key]][1:-1]
    first, last = boxes[path[0]], boxes[path[-1]]
    return [(first.left + first.width, first.middle), *level, (last.left, last.middle)]


def _with_lanes(number: int, line: Sequence[Hashable], sizes: dict, columns: dict) -> list[Hashable]:
    """The line's boxes and, in every column it passes between them, a lane of its own."""
    path: list[Hashable] = [line[0]]
    for a, b in pairwise(line):
        for column in range(columns[a] + 1, columns[b]):
            lane = ("lane", number, column)
            sizes[lane], columns[lane] = (0.0, LANE), column
            path.append(lane)
        path.append(b)
    return path


def _ordered(order: list[list[Hashable]], links: list[tuple[Hashable, Hashable]]) -> list[list[Hashable]]:
    """Columns sorted by the mean place of their neighbours, sweeping to and fro; the sweep with the fewest crossings
    wins."""
    before: dict[Hashable, list[Hashable]] = {key: [] for column in order for key in column}
    after: dict[Hashable, list[Hashable]] = {key: [] for column in order for key in column}
    for a, b in links:
        after[a].append(b)
        before[b].append(a)
    seen: dict[Hashable, int] = {}
    stack = list(order[-1])
    while stack:  # walking back from the result is already right for trees
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
            place = {key: i / max(1, len(column) - 1) for column in order for i, key in enumerate(column)}
            order[number].sort(key=lambda key: np.mean([place[other] for other in neighbours[key]] or [place[key]]))
        crossings = _crossings(order, links)
        if crossings < fewest:
            best, fewest = order, crossings
    return best


def _crossings(order: list[list[Hashable]], links: list[tuple[Hashable, Hashable]]) -> int:
    place = {key: (number, i) for number, column in enumerate(order) for i, key in enumerate(column)}
    between: dict[int, list[tuple[int, int]]] = {}
    for a, b in links:
        between.setdefault(place[a][0], []).append((place[a][1], place[b][1]))
    total = 0
    for pairs in between.values():
        ends = np.array(pairs)
        total += int(((ends[:, None, 0] < ends[None, :, 0]) & (ends[:, None, 1] > ends[None, :, 1])).sum())
    return total


def _heights(order: list[list[Hashable]], links: list[tuple[Hashable, Hashable]], height: dict) -> dict:
    """The middle of each box: near the mean of its neighbours, in the order of its column, gaps kept."""
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
            wish = np.array([np.mean([middle[x] for x in neighbours[key]] or [middle[key]]) for key in column])
            middle.update(zip(column, _apart(wish, np.array([height[key] for key in column]))))
    return middle


def _straightened(middle: dict, order: list[list[Hashable]], paths: list[list[Hashable]], height: dict) -> dict:
    """Every line that passes several columns runs level through them, where the boxes above and below leave room."""
    above = {low: high for column in order for high, low in pairwise(column)}
    below = {high: low for column in order for high, low in pairwise(column)}

    def room(lane: Hashable) -> tuple[float, float]:
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
        rooms = [room(lane) for lane in lanes]
        least, most = max(low for low, _ in rooms), min(high for _, high in rooms)
        if least <= most:
            level = min(max(float(np.mean([middle[lane] for lane in lanes])), least), most)
            middle.update(dict.fromkeys(lanes, level))
    return middle


def _apart(wish: np.ndarray, height: np.ndarray) -> np.ndarray:
    """The places nearest to `wish`, from the top down, that keep boxes of these heights apart.

    With the needed distances taken off, the order is all that is left to keep: pool adjacent violators.
    """
    need = np.concatenate([[0.0], np.cumsum((height[:-1] + height[1:]) / 2 + GAP_DOWN)])
    pools: list[list[float]] = []  # [mean, how many]
    for value in -wish - need:
        pools.append([value, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    level = np.concatenate([np.full(int(n), mean) for mean, n in pools])
    return -(level + need)
