import pytest

from sgns.errors import ConfigError
from sgns.figures import losses
from sgns.figures.losses import loss_title, plot_loss


def test_titles_state_what_is_seen():
    assert loss_title([3.0, 2.5]) == "The loss falls from 3.000 to 2.500"
    assert loss_title([3.0, 2.4, 2.5]) == "The loss falls from 3.000 to 2.400 at epoch 2, then rises to 2.500"
    assert loss_title([2.0, 2.5]) == "The loss rises from 2.000 to 2.500"
    assert loss_title([3.0, 2.5, 2.4], [3.1, 2.6, 2.7]).endswith("held-out text is best at epoch 2")
    assert loss_title([3.0, 2.5], [3.1, 2.6]).endswith("on held-out text to 2.600")
    assert loss_title([3.0]) == "The loss after one epoch is 3.000"


@pytest.mark.parametrize("curve", [[3.0], [3.0, 3.0], [3.0, 2.0, 1.0], list(range(100, 0, -1))])
def test_any_number_of_epochs(curve, tmp_path):
    assert plot_loss(curve, tmp_path / "l.png", [v + 0.1 for v in curve]).stat().st_size > 1000


def test_curves_are_drawn_where_the_losses_were_measured(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(losses, "save", lambda figure, path: drawn.append(figure))
    plot_loss([3.0, 2.0, 2.5], tmp_path / "l.svg", [3.2, 2.4, 2.6], x=[1000, 2000, 4000], unit="words")
    (axes,) = drawn[0].axes
    curves = [line.get_xydata().tolist() for line in axes.lines]
    assert curves == [[[1000, 3.0], [2000, 2.0], [4000, 2.5]], [[1000, 3.2], [2000, 2.4], [4000, 2.6]]]
    assert axes.get_xlabel() == "words"
    assert axes.get_title(loc="left").startswith("The loss falls from 3.000 to 2.000 at words 2000, then rises")
    assert [text.get_text() for text in axes.texts] == ["training 2.500", "held out 2.600"]


def test_lengths_must_fit(tmp_path):
    with pytest.raises(ConfigError, match="2 losses held out for 1 points"):
        plot_loss([3.0], tmp_path / "l.png", [3.0, 2.0])
    with pytest.raises(ConfigError, match="0 losses"):
        plot_loss([], tmp_path / "l.png")
