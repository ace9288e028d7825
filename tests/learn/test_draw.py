"""The picture: nothing overlaps, everything is on the page, every formula has its number's value; tables, Graphviz."""

import json
from itertools import pairwise

import pytest

pytest.importorskip("sympy")

from sgns.cli import make_app, run
from sgns.errors import ExpressionError
from sgns.learn.graphs.draw import draw_graph
from sgns.learn.graphs.export import edge_rows, graph_as_dot, graph_as_json, graph_as_text, node_rows, steps_in_words
from sgns.learn.graphs.graph import backward, evaluate, variable
from sgns.learn.graphs.layout import layered
from sgns.learn.graphs.symbolic import Formulas

EXAMPLES = [
    ("x**2 * (c*x)", {"x": 2, "c": 3}),
    ("x*x", {"x": 3}),
    ("x", {"x": 3}),
    ("-log(sigmoid(dot(w,p))) - log(sigmoid(-dot(w,n)))", {"w": [1, 2], "p": [0.5, 1], "n": [0.2, -1]}),
    ("s = sigmoid(x*w + y*w); s*(1-s) + tanh(x/y)**2 + 3*x", {"x": 1, "w": 0.3, "y": 2}),
    ("sum(a*v + [1,2,3,4,5])/2 - relu(b)", {"a": 2, "v": [0.12345, -2.5, 3, 4, 5], "b": 1}),
    ("dot(u,v)*sum(u)/relu(b) + exp(-b)", {"u": [1, 2, 3, 4, 5, 6], "v": [1, 0, 2, 0, 1, 1], "b": 2}),
    ("a*b + b*c + c*d + d*a*x_1 + a_2*beta**2", {"a": 1, "b": 2, "c": 3, "d": 4, "x_1": 5e-7, "a_2": 3, "beta": 2}),
    (" + ".join(f"x{i}*w{i % 3}" for i in range(8)), {f"x{i}": i for i in range(8)} | {f"w{i}": i for i in range(3)}),
]


@pytest.mark.parametrize(("text", "values"), EXAMPLES, ids=[row[0][:30] for row in EXAMPLES])
def test_nothing_overlaps_or_is_cut(text, values):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = draw_graph(backward(evaluate(text, values)))
    renderer = FigureCanvasAgg(figure).get_renderer()
    axes = figure.axes[0]
    boxes = [p.get_window_extent(renderer) for p in axes.patches if type(p).__name__ == "FancyBboxPatch"]
    texts = [t.get_window_extent(renderer) for t in axes.texts if t.get_bbox_patch() is None]
    page = figure.bbox
    for box in (*boxes, *texts):
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1
    for i, a in enumerate(boxes):
        assert not any(a.overlaps(b) for b in boxes[i + 1 :])
    for i, a in enumerate(texts):
        assert not any(a.shrunk(0.98, 0.7).overlaps(b.shrunk(0.98, 0.7)) for b in texts[i + 1 :])
        inside = [box for box in boxes if box.overlaps(a)]
        for box in inside:  # a text that begins in a box ends in it
            assert box.x0 <= a.x0
            assert a.x1 <= box.x1 + 1


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_the_same_graph_gives_the_same_file(tmp_path, ending):
    passes = backward(evaluate(*EXAMPLES[0]))
    a, b = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    draw_graph(passes, a)
    draw_graph(passes, b)
    assert a.read_bytes() == b.read_bytes()
    assert len(a.read_bytes()) > 5_000


def test_formulas_of_the_example():
    passes = backward(evaluate("x**2 * (c*x)", {"x": 2, "c": 3}))
    formulas = Formulas(passes)
    assert node_rows(passes, formulas) == [
        ("", "x", "variable", "2", "3c·x²", "12 + 24 = 36"),
        ("1", "a", "x²", "4", "c·x", "6"),
        ("", "c", "variable", "3", "x³", "8"),
        ("2", "b", "c·x", "6", "x²", "4"),
        ("3", "f", "a·b = x²·(c·x)", "24", "1", "1"),
    ]
    assert edge_rows(passes, formulas)[-1] == ("9", "x → a", "c·x = 6", "2x = 4", "2c·x² = 24")


@pytest.mark.parametrize(
    ("text", "values", "derivative"),
    [
        ("sigmoid(x)", {"x": 1}, "σ(x)·(1 − σ(x))"),
        ("x**y", {"x": 2, "y": 3}, "y·x^(y − 1)"),
        ("3 * x**2 * sigmoid(2)", {"x": 1}, "6x·σ(2)"),
        ("x**2 * (c*x)", {"x": 2, "c": 3}, "3c·x²"),
    ],
)
def test_factors_stand_as_people_write_them(text, values, derivative):
    passes = backward(evaluate(text, values))
    assert node_rows(passes, Formulas(passes))[0][4] == derivative


def test_long_formulas_use_the_names_of_nodes():
    passes = backward(evaluate("tanh(x)/(exp(x)+x**-2)", {"x": 1}))
    row = edge_rows(passes, Formulas(passes))[-1]
    assert row[2:] == ("∂f/∂a = 0.2689", "1 − a² = 0.42", "∂f/∂a·(1 − a²) = 0.1129")


@pytest.mark.parametrize(("text", "values"), EXAMPLES, ids=[row[0][:30] for row in EXAMPLES])
def test_symbolic_derivatives_have_the_numbers_value(text, values):
    """Every formula shown is evaluated again, from the text shown, and must give the number beside it."""
    import numpy as np

    passes = backward(evaluate(text, values))
    formulas = Formulas(passes)
    known = {name: node.value for name, node in zip(passes.names, passes.nodes)}
    functions = {
        "σ": lambda z: 1 / (1 + np.exp(-z)), "log": np.log, "sum": np.sum, "tanh": np.tanh, "relu": lambda z: max(z, 0),
    }  # fmt: skip

    def value(tree):
        from sgns.learn.formulas.parser import Apply, Name, Number, Vector

        match tree:
            case Number(v):
                return v
            case Vector(vs):
                return np.array(vs)
            case Name(n):
                return known[n]
            case Apply("neg", (a,)):
                return -value(a)
            case Apply("grad", (_, Name(n))):
                return passes.derivative(passes.nodes[passes.names.index(n)])
            case Apply("dot", (a, b)):
                return value(a) @ value(b)
            case Apply("step_function", (a,)):
                return np.where(value(a) > 0, 1, 0)
            case Apply(op, (a, b)):
                a, b = value(a), value(b)
                return {
                    "+": lambda: a + b,
                    "-": lambda: a - b,
                    "*": lambda: a * b,
                    "/": lambda: a / b,
                    "**": lambda: a**b,
                }[op]()
            case Apply(name, (a,)):
                return (functions | {"sigmoid": functions["σ"], "exp": np.exp})[name](value(a))

    for edge in passes.edges:
        shown = formulas.edge(edge)
        for name in ("upstream", "local", "downstream"):
            number = getattr(edge, name)
            np.testing.assert_allclose(value(getattr(shown, name)) * np.ones_like(number), number, rtol=1e-9)
    for node in passes.nodes:
        if (tree := formulas.derivative(node)) is not None:
            number = passes.derivative(node)
            np.testing.assert_allclose(value(tree) * np.ones_like(number), number, rtol=1e-9)


def test_step_hides_what_comes_after():
    passes = backward(evaluate("x**2 * (c*x)", {"x": 2, "c": 3}))
    at_0, at_2, at_8 = graph_as_text(passes, 0), graph_as_text(passes, 2), graph_as_text(passes, 8)
    assert "24" not in at_0
    assert "b     c·x             6" in at_2
    assert "24" not in at_2
    assert "x → b" in at_8
    assert "36" not in at_8
    assert "12 + 24 = 36" in graph_as_text(passes, 9)
    values = [[(n["value"], n["derivative"]) for n in graph_as_json(passes, step)["nodes"]] for step in (0, 5, 9)]
    assert values[0] == [(2, None), (None, None), (3, None), (None, None), (None, None)]
    assert values[1] == [(2, None), (4, 6), (3, None), (6, None), (24, 1)]
    assert values[2] == [(2, 36), (4, 6), (3, 8), (6, 4), (24, 1)]


def test_graphviz_escapes_and_lists_all_edges():
    dot = graph_as_dot(backward(variable("x", 3.0) * variable('y"', 2.0)))
    assert dot.count("->") == 2
    assert r"y\"" in dot


def test_too_many_nodes_for_a_picture():
    x = variable("x", 1.0)
    f = x
    for _ in range(200):
        f = f * x
    passes = backward(f)
    with pytest.raises(ExpressionError, match=r"201 nodes.*\.txt"):
        draw_graph(passes)
    assert graph_as_json(passes)["counts"]["nodes"] == 201


def test_layout_keeps_the_gaps_and_the_columns():
    sizes = {"a": (30, 20), "b": (40, 50), "c": (10, 10), "d": (60, 30)}
    made = layered(sizes, {"a": 0, "b": 0, "c": 1, "d": 3}, [("a", "c"), ("b", "c"), ("c", "d"), ("a", "d")])
    assert made.boxes["a"].left < made.boxes["c"].left < made.boxes["d"].left
    gap = abs(made.boxes["a"].middle - made.boxes["b"].middle)
    assert gap >= (20 + 50) / 2 + 16 - 1e-9
    for line in made.lines:
        assert len(line) % 2 == 0


def test_a_line_past_several_columns_runs_level():
    columns = {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "x": 0}
    lines = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("x", "f")]
    made = layered(dict.fromkeys(columns, (30, 20)), columns, lines)
    heights = {round(y, 6) for _, y in made.lines[-1][2:-2]}
    assert len(heights) == 1
    level = heights.pop()
    for key in "bcde":
        assert abs(made.boxes[key].middle - level) >= 20 / 2 + 14 / 2 + 16 - 1e-6


def test_lines_bend_only_between_columns():
    """Inside a column a line is level, so it does not run behind a box that is wider than the one it goes to."""
    sizes = {"u": (30, 20), "wide": (90, 20), "narrow": (10, 20), "t": (30, 20)}
    columns = {"u": 0, "wide": 1, "narrow": 1, "t": 2}
    made = layered(sizes, columns, [("u", "wide", "t"), ("u", "narrow", "t")])
    wide = made.boxes["wide"]
    for line in made.lines:
        for (x0, y0), (x1, y1) in pairwise(line):
            inside = max(x0, x1) > wide.left + 1e-9 and min(x0, x1) < wide.left + wide.width - 1e-9
            assert not inside or y0 == y1


def test_steps_in_words():
    assert "Steps: 1–3 forward, 4 sets ∂f/∂f = 1, 5–9 backward." in graph_as_text(backward(evaluate(*EXAMPLES[0])))
    assert steps_in_words(backward(evaluate("exp(x)", {"x": 1}))) == "Steps: 1 forward, 2 sets ∂f/∂f = 1, 3 backward."
    assert steps_in_words(backward(evaluate("x", {"x": 1}))) == "Steps: 1 sets ∂x/∂x = 1."


def test_the_loss_begins_with_a_minus(capsys):
    """A formula may begin with a minus, as the loss of SGNS does; it is no option."""
    arguments = ["graph", "-log(sigmoid(dot(w, c)))", "--at", "w=[1,2]", "c=[-1,0.5]"]
    assert run(make_app(), arguments) == 0
    assert "f     −c" not in capsys.readouterr().out
    assert run(make_app(), ["graph", "--at", "x=-2", "--json", "-x"]) == 0
    assert json.loads(capsys.readouterr().out)["nodes"][-1]["value"] == 2


def test_command_line(tmp_path, capsys):
    svg = tmp_path / "graph.svg"
    assert run(make_app(), ["graph", "x**2 * (c*x)", "--at", "x=2", "c=3", "-o", str(svg), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["counts"] == {"nodes": 5, "variables": 2, "operations": 3, "edges": 5, "steps": 9}
    assert svg.read_text().startswith("<?xml")
    for ending in ("txt", "dot"):
        path = tmp_path / f"graph.{ending}"
        assert run(make_app(), ["graph", "dot(v,v)", "--at", "v=[1,2]", "-o", str(path)]) == 0
        assert path.stat().st_size > 100
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["graph", "x*"], "expected a number"),
        (["graph", "x*y", "--at", "x=1"], "no value for y"),
        (["graph", "x", "--at", "x=one"], "give a number"),
        (["graph", "x", "--at", "x"], "gives no value"),
        (["graph", "x", "--at", "x=1", "x=2"], "given twice"),
        (["graph", "x", "--at", "x=1", "--step", "9"], "steps 0 to 1"),
        (["graph", "x", "--at", "x=1", "-o", "a.jpg"], ".svg"),
        (["graph", "x", "--at", "x=1", "-o", "no/such/a.svg"], "does not exist"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, says, capsys):
    assert run(make_app(), arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1
