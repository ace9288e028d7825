"""The gate itself: it lets noise pass and holds a loss."""

import numpy as np
import pytest
from test_wiki100m import TOLERANCE, difference_interval


@pytest.mark.parametrize(("loss", "passes"), [(0.0, True), (0.005, True), (0.03, False)])
def test_a_loss_beyond_the_tolerance_fails(loss, passes):
    theirs = np.array([0.28, 0.275, 0.285, 0.278, 0.282])
    _, high = difference_interval(theirs[::-1] - loss, theirs)
    assert (high >= -TOLERANCE) == passes
