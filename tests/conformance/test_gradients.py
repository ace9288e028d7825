"""On the same samples with lr = 1, five ways to the gradient of L agree.

They are the closed form, central differences, autograd of the readable model, the plain kernel and the fast kernels.
"""

import numpy as np
import pytest
from mirror import Samples, descend, gradient, loss, window_steps

from sgns.training.engines.cpu.plain import plain_update
from sgns.training.engines.cpu.window_kernel import STEP_INPUTS, STEP_OUTPUTS, one_window

V = 40
CASES = {  # inputs w, c+, negatives
    "plain": ([1, 2, 3, 4], 5, [6, 7, 8, 9, 10]),
    "one input": ([3], 5, [6, 7]),
    "one negative": ([1, 2], 5, [6]),
    "word beside itself": ([5, 5, 1], 5, [6, 7, 8]),
    "duplicates in the window": ([1, 2, 1, 1, 2], 5, [6, 7, 8, 9, 10]),
    "negative is the positive": ([1, 2, 3], 5, [6, 5, 7, 5, 8]),
    "all negatives are the positive": ([1, 2, 3], 5, [5, 5]),
    "negative drawn twice": ([1, 2, 3], 5, [6, 7, 6, 6, 7]),
    "negative is an input": ([1, 2, 3], 5, [1, 2, 9]),
    "everything at once": ([1, 5, 1, 2, 2, 5], 5, [1, 5, 6, 6, 2, 7, 5]),
    "a full step": (list(range(8)), 8, list(range(9, 24))),
    "more inputs than a step takes": ([*range(19), 3, 3], 20, [21, 22, 21, 23, 20]),
    "more negatives than a step takes": ([1, 2, 3], 4, list(range(5, 38))),
}
DIMS = [1, 7, 16, 100, *(pytest.param(dim, marks=pytest.mark.slow) for dim in (50, 128, 300, 700))]


def vectors(dim, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1 / np.sqrt(dim), (V, dim)), rng.normal(0, 1 / np.sqrt(dim), (V, dim))


def whole(case):
    """The samples of a case as one step."""
    inputs, centre, negatives = CASES[case]
    rows = [(w, centre, 1, 1.0) for w in inputs]
    rows += [(w, negative, 0, 1.0) for w in inputs for negative in negatives if negative != centre]
    return Samples.of(rows)


def agree(x, y, tolerance):
    assert np.abs(x - y).max() <= tolerance * np.abs(y).max()


@pytest.mark.parametrize("dim", [1, 7, 50])
@pytest.mark.parametrize("case", CASES)
def test_closed_form_equals_central_differences(case, dim):
    E, C = vectors(dim)
    samples = whole(case)
    closed = np.stack(gradient(E, C, samples))
    theta = np.stack([E, C])
    h = 1e-3
    used = np.argwhere(closed)
    for index in map(tuple, np.random.default_rng(1).permutation(used)[:150]):

        def at(step, index=index):
            moved = theta.copy()
            moved[index] += step * h
            return loss(moved[0], moved[1], samples)

        difference = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)  # its error is of order h⁴
        assert abs(difference - closed[index]) <= 1e-7 * np.abs(closed).max()


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("case", CASES)
def test_closed_form_equals_autograd_of_the_readable_model(case, dim):
    torch = pytest.importorskip("torch")
    from sgns.reference.word2vec import SGNS

    E, C = vectors(dim)
    samples = whole(case)
    model = SGNS(V, dim, sparse=False).double()
    model.E.weight.data[:], model.C.weight.data[:] = torch.from_numpy(E), torch.from_numpy(C)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    value = torch.nn.BCEWithLogitsLoss(reduction="sum")(
        model(torch.from_numpy(samples.w), torch.from_numpy(samples.c)), torch.from_numpy(samples.label)
    )
    value.backward()
    optimizer.step()
    dE, dC = gradient(E, C, samples)
    agree(value.item(), np.array(loss(E, C, samples)), 1e-12)
    agree(model.E.weight.grad.numpy(), dE, 1e-7)
    agree(model.C.weight.grad.numpy(), dC, 1e-7)
    agree(E - model.E.weight.detach().numpy(), dE, 1e-7)
    agree(C - model.C.weight.detach().numpy(), dC, 1e-7)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("case", CASES)
def test_the_kernel_steps_by_the_gradient(case, dim):
    E, C = (x.astype(np.float32) for x in vectors(dim))
    inputs, centre, negatives = CASES[case]
    steps = window_steps(inputs, centre, negatives)
    E_mirror, C_mirror, expected = descend(E, C, steps, lr=1.0)
    E_kernel, C_kernel = E.copy(), C.copy()
    got = one_window(E_kernel, C_kernel, inputs, centre, negatives, lr=1.0)
    assert got == pytest.approx(expected, rel=1e-6)
    E64, C64 = E.astype(float), C.astype(float)
    agree(E_kernel - E64, E_mirror - E64, 1e-4)
    agree(C_kernel - C64, C_mirror - C64, 1e-4)


def arrays(case):
    """inputs, c+, negatives, as kernels take them."""
    inputs, centre, negatives = CASES[case]
    return np.array(inputs, np.int32), np.int32(centre), np.array(negatives, np.int32)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("case", CASES)
def test_the_plain_update_equals_autograd(case, dim):
    """In float64, on E and C that the update changes in place."""
    torch = pytest.importorskip("torch")
    E, C = vectors(dim)
    inputs, centre, negatives = CASES[case]
    e, c = (torch.from_numpy(A.copy()).requires_grad_() for A in (E, C))
    log_sigmoid = torch.nn.functional.logsigmoid
    loss = sum(
        -log_sigmoid(e[w] @ c[centre]) - sum(log_sigmoid(-e[w] @ c[z]) for z in negatives if z != centre)
        for w in inputs
    )
    loss.backward()
    e_plain, c_plain = E.copy(), C.copy()
    assert plain_update(e_plain, c_plain, *arrays(case), 1.0) == pytest.approx(loss.item(), rel=1e-12)
    agree(E - e_plain, e.grad.numpy(), 1e-12)
    agree(C - c_plain, c.grad.numpy(), 1e-12)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("case", CASES)
def test_the_fast_kernel_equals_the_plain_update(case, dim):
    """Both in float32, the plain one on as many inputs at a time as a step of the fast one has."""
    inputs, centre, negatives = arrays(case)
    if len(negatives) >= STEP_OUTPUTS:
        pytest.skip("more negatives take several steps, and only the first of them has the positive")
    E, C = (A.astype(np.float32) for A in vectors(dim))
    (e, c), (e_plain, c_plain) = (E.copy(), C.copy()), (E.copy(), C.copy())
    got = one_window(e, c, inputs, centre, negatives, lr=1.0)
    expected = sum(
        plain_update(e_plain, c_plain, inputs[first : first + STEP_INPUTS], centre, negatives, np.float32(1))
        for first in range(0, len(inputs), STEP_INPUTS)
    )
    assert got == pytest.approx(expected, rel=1e-5)
    agree(e - E, e_plain - E, 1e-4)
    agree(c - C, c_plain - C, 1e-4)


def test_large_scores_stay_finite_and_right():
    E = np.array([[1.0], [-1.0], [30.0], [-30.0]], np.float32)
    C = np.array([[50.0], [-50.0], [4.0]], np.float32)
    for w in range(4):
        for centre in range(3):
            negatives = [c for c in range(3) if c != centre]
            (step,) = window_steps([w], centre, negatives)
            E_mirror, C_mirror, expected = descend(E, C, [step], lr=1.0)
            e, c = E.copy(), C.copy()
            assert one_window(e, c, [w], centre, negatives, lr=1.0) == pytest.approx(expected, rel=1e-6)
            e_plain, c_plain = E.copy(), C.copy()
            plain = plain_update(e_plain, c_plain, np.array([w]), centre, np.array(negatives), np.float32(1))
            assert plain == pytest.approx(expected, rel=1e-6)
            for got, mirror in ((e, E_mirror), (c, C_mirror), (e_plain, E_mirror), (c_plain, C_mirror)):
                np.testing.assert_allclose(got, mirror, rtol=1e-4, atol=1e-5)


def test_lr_scales_the_step_and_0_leaves_all_in_place():
    E, C = (x.astype(np.float32) for x in vectors(24))
    e, c = E.copy(), C.copy()
    one_window(e, c, [1, 2, 3], 4, [5, 6], lr=0.0)
    assert np.array_equal(e, E)
    assert np.array_equal(c, C)
    one_window(e, c, [1, 2, 3], 4, [5, 6], lr=0.25)
    E_mirror, _, _ = descend(E, C, window_steps([1, 2, 3], 4, [5, 6]), lr=0.25)
    agree(e - E.astype(float), E_mirror - E.astype(float), 1e-4)
