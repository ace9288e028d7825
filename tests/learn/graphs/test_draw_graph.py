"""The picture: nothing overlaps, everything is on the page, the same graph gives the same file."""

import pytest

pytest.importorskip("sympy")

from sgns.errors import ExpressionError
from sgns.learn.graphs.draw import draw_graph
from sgns.learn.graphs.export import graph_as_json
from sgns.learn.graphs.graph import backward, evaluate, variable

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


SLOW = (4, 7)  # others have as many nodes, and labels as long


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param(*row, id=row[0][:30], marks=pytest.mark.slow if number in SLOW else ())
        for number, row in enumerate(EXAMPLES)
    ],
)
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


@pytest.mark.parametrize(
    "ending", ["svg", *(pytest.param(ending, marks=pytest.mark.slow) for ending in ("png", "pdf"))]
)
def test_the_same_graph_gives_the_same_file(tmp_path, ending):
    passes = backward(evaluate(*EXAMPLES[0]))
    a, b = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    draw_graph(passes, a)
    draw_graph(passes, b)
    assert a.read_bytes() == b.read_bytes()
    assert len(a.read_bytes()) > 5_000


def test_too_many_nodes_for_a_picture():
    x = variable("x", 1.0)
    f = x
    for _ in range(200):
        f = f * x
    passes = backward(f)
    with pytest.raises(ExpressionError, match=r"201 nodes.*\.txt"):
        draw_graph(passes)
    assert graph_as_json(passes)["counts"]["nodes"] == 201
