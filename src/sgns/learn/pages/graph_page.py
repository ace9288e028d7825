"""A computation graph as a page for the browser: the picture of `draw_graph`, to step through and to change.

Python lays the picture out and writes it as SVG with the numbers at the given values. The scripts of the page run both
passes again when an input changes, and replace the numbers; their operations are those of
`sgns.learn.formulas.operations`, and a test compares the two in Chromium. Formulas are outlines, so that they look the
same on every machine.
"""

from base64 import b64encode
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any

from sgns.learn.formulas.markup import INLINE_MATHML, TEXT
from sgns.learn.formulas.notation import show_value, write
from sgns.learn.formulas.parser import Apply, Name
from sgns.learn.graphs.canvas import LEADING, PAD, Line, TextMeasure, curve, label_width
from sgns.learn.graphs.draw import SIZE, SMALL, check_drawable, columns, derivatives_on, latex_number, mathtext
from sgns.learn.graphs.export import counts, steps_in_words, sum_in_numbers
from sgns.learn.graphs.graph import Edge, Node, Passes
from sgns.learn.graphs.layout import PlacedBox, layered
from sgns.learn.graphs.symbolic import LONG, Formulas
from sgns.learn.pages.assemble import assemble

MARGIN = 14.0
RESERVED = "−00.00"  # space is left for numbers of this width, which may appear when an input changes
SPACE = 0.28  # width of the space before a number, in font sizes
PAGE_SCALE = 4 / 3  # pixels of CSS in a point
LETTERS = "0123456789−+=.,[]()e…— upstream local downstream value"  # that the text of the picture consists of


@dataclass(frozen=True)
class LiveLine:
    """One line of text in a box: a fixed formula, then a number that changes with the inputs.

    Attributes:
        label: Words in grey before the text, or "".
        formula: The fixed part, for matplotlib's mathtext, or "".
        shows: The number: "value", "sum", "terms", "total", "upstream", "local", "downstream", or "" for none.
        number: It at the given values.
        numbers: How many numbers the text has room for.
        size: Font size.
        since: The first step at which the line is shown.
    """

    label: str
    formula: str
    shows: str
    number: str
    numbers: int
    size: float
    since: int = 0

    def as_widest(self) -> Line:
        """Returns the line with the widest text that it has room for, to be measured."""
        room = " + ".join([RESERVED] * self.numbers)
        return Line(self.label, self.formula + (max(self.number, room, key=len) if self.shows else ""), self.size)


def graph_page(passes: Passes, step: int | None = None) -> str:
    """Writes a graph as a page that needs no other file.

    Args:
        passes: The graph, from `graph` or `backward`.
        step: The step at which the page opens; None for the last.

    Returns:
        The source of the page.

    Raises:
        ExpressionError: The graph has no such step, or it is too large to draw.
    """
    check_drawable(passes)
    last = passes.last_step(step)
    formulas, output = Formulas(passes), passes.output
    index = {id(node): i for i, node in enumerate(passes.nodes)}
    data = {
        "nodes": [
            {
                "name": passes.name(node),
                "operation": node.operation,
                "formula": write(formulas.node(node), TEXT) if node.operation else "",
                "operands": [index[id(x)] if isinstance(x, Node) else {"literal": x.tolist()} for x in node.operands],
                "value": node.value.tolist(),
                "step": passes.forward_step(node) or 0,
                "known": passes.known_from(node),
            }
            for node in passes.nodes
        ],
        "edges": [
            {"source": index[id(edge.source)], "target": index[id(edge.target)], "position": edge.position}
            for edge in passes.edges
        ],
        "output": index[id(output)],
        "start": passes.start,
        "step": last,
    }
    whole = formulas.in_variables(output, 4 * LONG)
    shown = write(whole if whole is not None else formulas.node(output), INLINE_MATHML)
    f = write(Name(passes.name(output)), INLINE_MATHML)
    title = f"<math><mrow>{f}<mo>=</mo>{shown}</mrow></math>" if output.operation else f"<math>{f}</math>"
    plain = write(whole if whole is not None else formulas.node(output), TEXT)
    picture, width = _picture(passes, formulas)
    parts = {
        "NAME": escape(f"{passes.name(output)} = {plain}"),
        "TITLE": title,
        "FONT": _font(),
        "WIDTH": f"{width * PAGE_SCALE:.0f}",
        "PICTURE": picture,
        "FOOT": escape(f"{counts(passes)}. {steps_in_words(passes)}"),
        "F": escape(passes.name(output)),
    }
    scripts = ("numbers.js", "operations.js", "passes.js", "graph.js")
    return assemble("graph.html", ("common.css", "graph.css"), scripts, data, parts)


def _font() -> str:
    """Returns the letters of STIX that the picture needs as a font in base64, so that no machine must have it."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from matplotlib.font_manager import FontProperties, findfont

    with TTFont(findfont(FontProperties(family="STIXGeneral")), recalcTimestamp=False) as font, BytesIO() as out:
        subsetter = Subsetter(Options(layout_features=[], drop_tables=["FFTM", "GSUB", "GPOS", "GDEF", "DSIG"]))
        subsetter.populate(text=LETTERS)
        subsetter.subset(font)
        font.save(out)
        return b64encode(out.getvalue()).decode("ascii")


def _picture(passes: Passes, formulas: Formulas) -> tuple[str, float]:
    """Writes the picture as SVG. Returns its source and its width in points."""
    contents: dict[Hashable, list[LiveLine]] = {id(node): _node_lines(passes, formulas, node) for node in passes.nodes}
    contents |= {("edge", edge.step): _edge_lines(formulas, edge) for edge in passes.edges}
    measure = TextMeasure()
    sizes = {key: measure.box([line.as_widest() for line in lines]) for key, lines in contents.items()}
    layout = layered(sizes, columns(passes), [(id(e.source), ("edge", e.step), id(e.target)) for e in passes.edges])
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN + 8
    outlines = _Outlines(measure, height - MARGIN - 4)
    drawn: list[str] = []
    for number, points in enumerate(layout.lines):
        path = outlines.path(curve([(MARGIN + x, y) for x, y in points]))
        drawn.append(f'<path class="line" data-line="{number}" marker-end="url(#arrow)" d="{path}"/>')
    for number, edge in enumerate(passes.edges):
        ends = f"edge from {passes.name(edge.source)} to {passes.name(edge.target)}"
        key = ("edge", edge.step)
        inside = outlines.box(layout.boxes[key], contents[key], [edge.step], round=False)
        drawn.append(f'<g class="edge" data-edge="{number}" role="img" aria-label="{escape(ends)}">{inside}</g>')
    for number, node in enumerate(passes.nodes):
        marks = [passes.forward_step(node) or 0] if node.operation else []
        marks += [passes.start] if node is passes.output else []
        inside = outlines.box(layout.boxes[id(node)], contents[id(node)], marks, round=node.operation is not None)
        kind = "operation" if node.operation else "variable scalar" if node.value.ndim == 0 else "variable"
        drawn.append(
            f'<g class="node {kind}" data-node="{number}" role="button" tabindex="0" aria-pressed="false">{inside}</g>'
        )
    arrow = (
        '<marker id="arrow" viewBox="0 0 9 6" refX="8.5" refY="3" markerWidth="9" markerHeight="6" '
        'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.4 9 3 0 5.6Z"/></marker>'
    )
    size = f'viewBox="0 0 {width:.0f} {height:.0f}"'
    source = f'<svg {size} role="group" aria-label="computation graph"><defs>{arrow}{outlines.defined()}</defs>'
    return source + "\n".join(drawn) + "</svg>", width


def _node_lines(passes: Passes, formulas: Formulas, node: Node) -> list[LiveLine]:
    """Returns the text of a node: its formula, value and derivative."""
    name, forward, uses = Name(passes.name(node)), passes.forward_step(node) or 0, len(passes.uses(node))
    title = mathtext(name) if node.operation is None else f"{mathtext(name)} = {mathtext(formulas.node(node))}"
    lines = [LiveLine("", title, "", "", 0, SIZE)]
    if (in_variables := formulas.in_variables(node)) is not None:
        lines.append(LiveLine("", f"= {mathtext(in_variables)}", "", "", 0, SMALL))
    lines.append(LiveLine("value", "", "value", show_value(node.value), _elements(node), SIZE, forward))
    grad = mathtext(Apply("grad", (Name(passes.name(passes.output)), name))) + " = "
    derivative, known = sum_in_numbers(passes, node), passes.known_from(node)
    if uses < 2 or (uses == 2 and node.value.ndim == 0):
        numbers = _elements(node) if uses < 2 else 3
        return [*lines, LiveLine("", grad, "sum", derivative, numbers, SIZE, known)]
    terms, _, total = derivative.rpartition(" = ")
    return [
        *lines,
        LiveLine("", grad, "terms", terms, uses * _elements(node), SIZE, known),
        LiveLine("", "= ", "total", total, _elements(node), SIZE, known),
    ]


def _elements(node: Node) -> int:
    """Returns how many numbers a node's value is written with."""
    return min(int(node.value.size), 4)


def _edge_lines(formulas: Formulas, edge: Edge) -> list[LiveLine]:
    """Returns the text on an edge: its three derivatives."""
    lines = []
    for label, tree, value in derivatives_on(formulas, edge):
        formula, number = mathtext(tree), show_value(value)
        fixed = formula == f"${latex_number(number)}$"  # a number, whatever the inputs are
        elements = 0 if fixed else min(int(value.size), 4)
        lines.append(LiveLine(label, "" if fixed else f"{formula} = ", label, number, elements, SMALL, edge.step))
    return lines


class _Outlines:
    """Writes boxes as SVG, their formulas as outlines that are defined once.

    Args:
        measure: Measures text.
        height: The y of the layout's lower edge in the picture, whose y points downwards.
    """

    def __init__(self, measure: TextMeasure, height: float) -> None:
        self._measure, self._height = measure, height
        self._ids: dict[tuple[str, float], str] = {}
        self._paths: list[str] = []

    def path(self, path: Any, low: float | None = None) -> str:
        """Writes a matplotlib path, whose y points upwards from `low`, as the commands of an SVG path."""
        base = self._height if low is None else low
        made = []
        for points, code in path.iter_segments(simplify=False, curves=True):
            pairs = zip(points[::2], points[1::2])
            made.append({1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}[int(code)])
            if code != 79:
                made.append(" ".join(f"{x:.2f} {base - y:.2f}" for x, y in pairs))
        return "".join(made)

    def formula(self, text: str, size: float) -> str:
        """Returns the id of a formula's outline; its base line begins at (0, 0)."""
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import TextPath

        if (text, size) not in self._ids:
            font = FontProperties(family="STIXGeneral", math_fontfamily="stix")
            self._ids[text, size] = f"f{len(self._paths)}"
            self._paths.append(self.path(TextPath((0, 0), text, size=size, prop=font), 0.0))
        return self._ids[text, size]

    def defined(self) -> str:
        """Returns the definitions of all outlines."""
        return "".join(f'<path id="f{i}" d="{path}"/>' for i, path in enumerate(self._paths))

    def box(self, box: PlacedBox, lines: list[LiveLine], marks: list[int], *, round: bool) -> str:
        """Writes a box with its lines of text and the numbers of its steps."""
        x, y = MARGIN + box.left, self._height - box.middle - box.height / 2
        corners = ' rx="7"' if round else ""
        made = [f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"{corners}/>']
        made += self._lines(x + PAD + 2, y + PAD - 1, x + box.width - PAD, lines)
        for mark, low in zip(marks, (y, y + box.height)):
            made.append(
                f'<g class="mark" data-since="{mark}"><circle cx="{x:.1f}" cy="{low:.1f}" r="7.5"/>'
                f'<text x="{x:.1f}" y="{low + 3:.1f}">{mark}</text></g>'
            )
        return "".join(made)

    def _lines(self, x: float, top: float, right: float, lines: list[LiveLine]) -> Iterator[str]:
        """Writes lines of text under each other."""
        for line in lines:
            top += line.size * LEADING
            at, base, since = x, top - 3, f' data-since="{line.since}"' if line.since else ""
            made = ""
            if line.label:
                made += (
                    f'<text class="label" x="{at:.1f}" y="{base:.1f}" font-size="{line.size - 0.5}">{line.label}</text>'
                )
                at += label_width(Line(line.label, "", line.size))
            if line.formula:
                outline = self.formula(line.formula.rstrip(), line.size)
                made += f'<use href="#{outline}" x="{at:.1f}" y="{base:.1f}"/>'
                at += self._measure.width(Line("", line.formula.rstrip(), line.size)) + SPACE * line.size
            if line.shows:
                made += (
                    f'<text x="{at:.1f}" y="{base:.1f}" font-size="{line.size}" data-shows="{line.shows}" '
                    f'data-room="{right - at:.1f}">{escape(line.number)}</text>'
                )
            yield f"<g{since}>{made}</g>"
