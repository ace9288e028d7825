import pytest

from sgns.errors import ConfigError
from sgns.figures.losses import loss_title
from sgns.figures.plot import plot_loss


def test_titles_state_what_is_seen():
    assert loss_title([3.0, 2.5]) == "The loss falls from 3.000 to 2.500"
    assert loss_title([3.0, 2.4, 2.5]) == "The loss falls from 3.000 to 2.400 at epoch 2, then rises to 2.500"
    assert loss_title([2.0, 2.5]) == "The loss rises from 2.000 to 2.500"
    assert loss_title([3.0, 2.5, 2.4], [3.1, 2.6, 2.7]).endswith("held-out text is best at epoch 2")
    assert loss_title([3.0, 2.5], [3.1, 2.6]).endswith("on held-out text to 2.600")
    assert loss_title([3.0]) == "The loss after one epoch is 3.000"


@pytest.mark.parametrize("losses", [[3.0], [3.0, 3.0], [3.0, 2.0, 1.0], list(range(100, 0, -1))])
def test_any_number_of_epochs(losses, tmp_path):
    assert plot_loss(losses, tmp_path / "l.png", [v + 0.1 for v in losses]).stat().st_size > 1000


def test_points_of_their_own(tmp_path):
    plot_loss([3.0, 2.0], tmp_path / "l.svg", x=[1000, 2000], unit="words")


def test_lengths_must_fit(tmp_path):
    with pytest.raises(ConfigError, match="2 losses held out for 1 points"):
        plot_loss([3.0], tmp_path / "l.png", [3.0, 2.0])
    with pytest.raises(ConfigError, match="0 losses"):
        plot_loss([], tmp_path / "l.png")
