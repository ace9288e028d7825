"""The page of a graph in Chromium: its numbers are those of `graph`; keys, buttons, dragging, choosing, printing."""

import numpy as np
import pytest

from sgns.learn import graph, write_graph

pytestmark = pytest.mark.browser

CASES = [
    ("x**2 * (c*x)", {"x": 2.0, "c": 3.0}, {"x": -1.25, "c": 0.5}),
    (
        "-log(sigmoid(dot(w, c))) - log(sigmoid(-dot(w, n)))",
        {"w": [1.0, 2.0], "c": [0.5, -1.0], "n": [0.1, 0.3]},
        {"w": [-0.7, 0.2], "c": [3.0, 1.0], "n": [0.0, -2.0]},
    ),
    ("a = x / y - y; tanh(a) * relu(x) + exp(-a) - x**y", {"x": 2.0, "y": 3.0}, {"x": 1.5, "y": -0.5}),
    (
        "sum(x * v + [1, 2, 3] / v) + log(x) * 2**x - sum(v**2)",
        {"x": 2.0, "v": [1.0, -2.0, 4.0]},
        {"x": 0.3, "v": [2.0, 5.0, -1.0]},
    ),
]


@pytest.fixture
def page(open_page, tmp_path):
    return open_page(write_graph(graph("x**2 * (c*x)", {"x": 2, "c": 3}), tmp_path / "graph.html"))


def check(page, passes):
    """All numbers of the page are those of the graph to 1e-6."""
    shown = page.evaluate("graphPage.passes()")
    assert shown["undefinedAt"] is None
    assert len(shown["edges"]) == len(passes.edges)
    for value, derivative, node in zip(shown["value"], shown["derivative"], passes.nodes):
        np.testing.assert_allclose(value, node.value, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(derivative, passes.derivative(node), rtol=1e-6, atol=1e-9)
    for numbers, edge in zip(shown["edges"], passes.edges):
        for name in ("upstream", "local", "downstream"):
            np.testing.assert_allclose(numbers[name], getattr(edge, name), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("expression", "values", "others"),
    [pytest.param(*case, marks=() if number % 2 else pytest.mark.slow) for number, case in enumerate(CASES)],
)  # of the others one is drawn below, and the functions of the other are those of graphs in Python
def test_numbers_as_in_python(open_page, tmp_path, expression, values, others):
    passes = graph(expression, values)
    page = open_page(write_graph(passes, tmp_path / "graph.html"))
    written = (tmp_path / "graph.html").read_text()
    check(page, passes)
    for text in page.query_selector_all("svg [data-shows]"):  # JavaScript writes the numbers as Python does
        assert f">{text.text_content()}</text>" in written
    boxes = iter(page.query_selector_all("#inputs input[type=number]"))
    for node in passes.nodes:  # by typing, as a reader would
        if node.operation is None:
            for number in np.ravel(others[node.name]):
                next(boxes).fill(str(number))
    check(page, graph(expression, others))
    page.click("#reset")
    check(page, passes)


def visible(page):
    """The numbers of steps that are shown."""
    marks = page.query_selector_all("svg .mark")
    return sorted(int(mark.text_content()) for mark in marks if mark.is_visible())


def test_steps_by_keys_and_buttons(page):
    assert visible(page) == list(range(1, 10))
    page.keyboard.press("Home")
    assert visible(page) == []
    said = []
    for step in range(1, 10):
        page.keyboard.press("ArrowRight")
        assert visible(page) == list(range(1, step + 1))
        said.append(page.inner_text("#said"))
    assert said[0] == "Forward: a = x² = 4"
    assert said[3] == "The backward pass begins: ∂f/∂f = 1"
    assert said[6] == "Backward, from b to c: upstream 4 × local 2 = downstream 8. Now ∂f/∂c = 8"
    assert said[8].endswith("Now ∂f/∂x = 12 + 24 = 36")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#count") == "step 8 of 9"
    assert page.locator("svg .edge.current").count() == 1
    page.click("#first")
    assert page.is_disabled("#back")
    page.click("#next")
    assert visible(page) == [1]
    page.click("#last")
    page.click("#next")  # again
    assert visible(page) == []


def test_play(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.keyboard.press("p")
    assert page.get_attribute("#play", "aria-pressed") == "true"
    page.clock.run_for(1400 * 3 + 50)
    assert visible(page) == [1, 2, 3]
    page.keyboard.press("ArrowRight")  # whoever steps by hand stops it
    page.clock.run_for(5000)
    assert visible(page) == [1, 2, 3, 4]


def test_drag_a_leaf_and_a_slider(page):
    box = page.locator("svg .node").first.bounding_box()
    x, y = box["x"] + 20, box["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=5)
    page.mouse.up()
    dragged = page.evaluate("graphPage.state.values[0]")
    assert dragged == pytest.approx(3, abs=0.2)
    assert page.evaluate("graphPage.state.chosen") is None
    check(page, graph("x**2 * (c*x)", {"x": dragged, "c": 3}))
    page.focus("#inputs input[type=range]")
    page.keyboard.press("ArrowRight")  # moves the slider, not the step
    assert page.evaluate("graphPage.state.values[0]") == pytest.approx(dragged + 0.1)
    assert page.inner_text("#count") == "step 9 of 9"


def test_choose_a_node(page):
    page.locator("svg .node").first.click()
    rows = [row.inner_text().split("\t") for row in page.query_selector_all("#product tbody tr")]
    assert rows == [["x → b", "4", "× 3", "= 12"], ["x → a", "6", "× 4", "= 24"]]
    assert "∂f/∂x = 12 + 24 = 36" in page.inner_text("#product")
    assert page.locator("svg .line.chosen").count() == 2
    page.locator("svg .node").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("svg .node").nth(1).get_attribute("aria-pressed") == "true"


def test_a_reader_of_the_screen_hears_it(page):
    assert page.get_attribute("#said", "aria-live") == "polite"
    assert page.get_by_role("toolbar", name="Steps").count() == 1
    node = page.get_by_role("button", name="variable x, value 2, ∂f/∂x = 12 + 24 = 36")
    assert node.count() == 1
    assert page.get_by_role("img", name="edge from c to b: upstream 4 × local 2 = downstream 8").count() == 1
    assert page.get_by_role("slider", name="c, slider").count() == 1
    page.keyboard.press("Home")
    assert page.get_by_role("button", name="a = x²", exact=True).count() == 1  # nothing that is not yet known


def test_values_without_a_logarithm_are_said(open_page, tmp_path):
    page = open_page(write_graph(graph("log(x)", {"x": 2}), tmp_path / "log.html"))
    page.fill("#inputs input[type=number]", "-1")
    assert "log(x) or its derivative is not a finite number" in page.inner_text("#said")
    assert "—" in page.locator("svg .node").nth(1).text_content()
    page.fill("#inputs input[type=number]", "4")
    check(page, graph("log(x)", {"x": 4}))


def test_prints_without_controls_and_narrow_pages_scroll_the_picture_alone(page, open_page, tmp_path):
    page.emulate_media(media="print")
    assert not page.is_visible("#next")
    assert page.is_visible("svg .node >> nth=0")
    narrow = open_page(tmp_path / "graph.html", width=390)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390
    narrow.keyboard.press("Home")
    narrow.keyboard.press("ArrowRight")
    box = narrow.locator("svg .current").bounding_box()
    assert 0 <= box["x"] < 390
