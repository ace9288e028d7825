"""The page of a training in Chromium: its rows are those of `sgns.reference`; keys, buttons, playing, words."""

import numpy as np
import pytest

from sgns.learn import small_training, write_training
from sgns.learn.pages.training_page import train_rows

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def training():
    return small_training(epochs=5)


@pytest.fixture
def page(open_page, training, tmp_path):
    return open_page(write_training(training, tmp_path / "step.html"))


def rows(page):
    shown = page.evaluate("trainingPage.rows()")
    return np.array(shown["E"]), np.array(shown["C"])


def reference_rows(training, steps):
    """E and C after some steps of the readable implementation: its model, loss and optimizer, in float64."""
    torch = pytest.importorskip("torch")
    from sgns.reference.word2vec import SGNS

    model = SGNS(len(training.words), training.E.shape[1]).double()
    with torch.no_grad():
        model.E.weight.copy_(torch.from_numpy(training.E))
        model.C.weight.copy_(torch.from_numpy(training.C))
    loss_function = torch.nn.BCEWithLogitsLoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=training.lr)
    losses = []
    for w, *outputs in training.samples[:steps]:
        batch_y = torch.zeros(len(outputs), dtype=torch.float64)
        batch_y[0] = 1
        optimizer.zero_grad()
        loss = loss_function(model(torch.full((len(outputs),), w), torch.tensor(outputs)), batch_y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model.E.weight.detach().numpy(), model.C.weight.detach().numpy(), losses


@pytest.mark.parametrize("steps", [1, pytest.param(7, marks=pytest.mark.slow), 360])
def test_rows_as_in_the_reference(page, training, steps):
    page.evaluate(f"trainingPage.go({steps})")
    E, C, losses = reference_rows(training, steps)
    for shown, wanted in zip(rows(page), (E, C)):
        np.testing.assert_allclose(shown, wanted, rtol=0, atol=1e-6)
    for shown, wanted in zip(rows(page), train_rows(training, steps)):
        np.testing.assert_allclose(shown, wanted, rtol=0, atol=1e-9)
    page.evaluate(f"trainingPage.go({steps - 1}, 3)")  # back: computed again from the start
    assert page.evaluate("trainingPage.seen().loss") == pytest.approx(losses[-1], abs=1e-6)
    for shown, wanted in zip(rows(page), train_rows(training, steps - 1)):
        np.testing.assert_allclose(shown, wanted, rtol=0, atol=1e-9)


def test_one_step_in_its_parts(page, training):
    w, *outputs = (training.words[i] for i in training.samples[0])
    assert f"the pair w = {w}, c+ = {outputs[0]}: label 1" in page.inner_text("#said")
    table = lambda: [row.inner_text().split("\t") for row in page.query_selector_all("#pairs tbody tr")]  # noqa: E731
    assert [row[:2] for row in table()] == [[c, "1" if i == 0 else "0"] for i, c in enumerate(outputs)]
    assert all(cell == "" for row in table() for cell in row[2:])
    page.keyboard.press("ArrowRight")
    assert [row[3] for row in table()] == ["0.5"] * len(outputs)  # C is 0
    page.keyboard.press("ArrowRight")
    assert [row[4] for row in table()] == ["0.5"] + ["−0.5"] * (len(outputs) - 1)
    assert page.locator("#phases [aria-current=step]").inner_text() == "3 errors"
    before = rows(page)
    page.keyboard.press("ArrowRight")
    assert "falls from" in page.inner_text("#said")
    for shown, wanted in zip(rows(page), train_rows(training, 1)):
        np.testing.assert_allclose(shown, wanted, rtol=0, atol=1e-12)
    page.keyboard.press("ArrowLeft")
    for shown, wanted in zip(rows(page), before):
        np.testing.assert_array_equal(shown, wanted)
    page.click("#next")
    page.click("#next")
    assert page.inner_text("#count").startswith("step 2 of 360")
    page.click("#pair")
    page.keyboard.press("n")
    assert page.inner_text("#count").startswith("step 4 of 360")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#count").startswith("step 3 of 360")


def test_play_and_the_ends(page, training):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.select_option("#speed", label="10 pairs")
    page.keyboard.press("p")
    page.clock.run_for(250 * 3 + 20)
    assert page.inner_text("#count").startswith("step 31 of 360")
    page.keyboard.press("p")
    page.clock.run_for(1000)
    assert page.inner_text("#count").startswith("step 31 of 360")
    page.keyboard.press("End")
    assert page.is_disabled("#next")
    assert "ended after 360 steps" in page.inner_text("#said")
    page.keyboard.press("Home")
    assert page.is_disabled("#back")
    page.select_option("#speed", label="an epoch")
    page.click("#play")
    page.clock.run_for(270)
    assert page.inner_text("#count").startswith("step 73 of 360")
    page.evaluate("document.getElementById('scrub').value = 200; document.getElementById('scrub').oninput()")
    assert page.get_attribute("#play", "aria-pressed") == "false"
    assert page.inner_text("#count").startswith("step 201 of 360")


def test_a_reader_of_the_screen_hears_it(page):
    page.evaluate("trainingPage.go(359)")
    assert page.get_attribute("#said", "aria-live") == "polite"
    assert page.get_by_role("toolbar", name="Steps").count() == 1
    assert page.get_by_role("slider", name="steps done").count() == 1
    assert "milk: nearest" in page.get_attribute("#map", "aria-label")
    assert "mean loss of each epoch: 3." in page.get_attribute("#loss", "aria-label")
    assert "rows of E and C as bars" in page.get_attribute("#matrices", "aria-label")


def test_prints_without_controls_and_narrow_pages_scroll_the_matrices_alone(page, open_page, tmp_path):
    page.emulate_media(media="print")
    assert not page.is_visible("#next")
    assert page.is_visible("#matrices")
    narrow = open_page(tmp_path / "step.html", width=390)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390
