"""Products of bfloat16 in the kernels: how numbers are rounded, and the update that is made of them.

Both exist twice: as instructions of processors that have them, and written out, which runs everywhere.
"""

from io import StringIO

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu import llvm
from sgns.training.engines.cpu.dense import number_index, row_pointers
from sgns.training.engines.cpu.dense_columns import dense_update, update_columns_by_pairs
from sgns.training.engines.cpu.llvm import LANES, PAIR_PRODUCTS, ZERO, floats_at, i64, load, offset, store, whole
from sgns.training.engines.matrices import aligned_zeros

WAYS = [
    "written out",
    pytest.param("instruction", marks=pytest.mark.skipif(not PAIR_PRODUCTS, reason="no AVX512-BF16")),
]
INPUTS, OUTPUTS, STRIDE = 8, 16, 48


def on_vectors(way, make):
    """A function that reads vectors x, y, t from an array and puts make(b, x, y, t, native), a vector, behind them."""
    native = way == "instruction"

    @intrinsic
    def code(ctx, address):
        def codegen(context, b, sig, args):
            numbers = floats_at(b, args[0])
            x, y, t = (load(b, offset(b, numbers, k * LANES), align=4) for k in range(3))
            store(b, make(b, x, y, t, native), offset(b, numbers, 3 * LANES), align=4)
            return context.get_dummy_value()

        return types.void(types.int64), codegen

    @numba.njit
    def run(numbers):
        code(numbers.ctypes.data)

    def function(*arrays):
        numbers = np.zeros((4, LANES), np.float32)
        numbers[: len(arrays)] = arrays
        run(numbers)
        return numbers[3]

    return function


def as_bfloat16(x):
    torch = pytest.importorskip("torch")
    return torch.from_numpy(np.asarray(x, np.float32)).bfloat16().float().numpy()


def widened(b, x, y, t, native):
    """The low halves of `halves(x, y)` in even lanes, the high ones in odd lanes."""
    both = llvm.halves(b, x, y, native)
    low = b.bitcast(b.shl(both, llvm.int_constant(16)), llvm.vector)
    high = b.bitcast(b.and_(both, llvm.int_constant(-0x10000)), llvm.vector)
    order = ir.Constant(llvm.int_vector, [lane // 2 * 2 + (LANES if lane % 2 else 0) for lane in range(LANES)])
    return b.shuffle_vector(low, high, order)


FLOATS = st.lists(
    st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False).filter(lambda x: abs(x) < 3e38),
    min_size=LANES,
    max_size=LANES,
)


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_rounded_to_the_nearest(way):
    function = on_vectors(way, widened)

    @given(FLOATS)
    def check(numbers):
        x = np.array(numbers, np.float32)
        pairs = x[: LANES // 2 * 2].reshape(-1, 2)
        low, high = np.repeat(pairs[:, 0], 2), np.repeat(pairs[:, 1], 2)
        assert np.array_equal(function(low, high), as_bfloat16(x))

    check()
    halfway = np.float32(1) + (np.repeat(np.arange(LANES // 2), 2) * 2 + 1).astype(np.float32) / 256
    assert np.array_equal(function(halfway, halfway), as_bfloat16(halfway))  # each lies between two numbers


@pytest.mark.parametrize("way", WAYS)
def test_products_of_pairs(way):
    rng = np.random.default_rng(0)

    def make(b, x, y, t, native):
        return llvm.pair_products(b, t, llvm.halves(b, x, y, native), llvm.halves(b, y, t, native), native)

    x, y, t = rng.normal(size=(3, LANES)).astype(np.float32)
    bx, by, bt = (as_bfloat16(v).astype(float) for v in (x, y, t))
    np.testing.assert_allclose(on_vectors(way, make)(x, y, t), t + bx * by + by * bt, rtol=1e-5, atol=1e-6)


def update_by_pairs(way):
    """An intrinsic like `dense_update`, of products of pairs."""
    native = way == "instruction"

    @intrinsic
    def code(ctx, X, E, C, G):
        def codegen(context, b, sig, args):
            X, E, C, G = args
            es = row_pointers(b, E, INPUTS)

            def finish(at, old, steps):
                for row, step in zip(es, steps, strict=True):
                    store(b, b.fadd(load(b, offset(b, row, at)), step), offset(b, row, at))

            update_columns_by_pairs(
                b, [INPUTS, OUTPUTS, STRIDE], whole(OUTPUTS), row_pointers(b, X, INPUTS),
                b.inttoptr(C, i64.as_pointer()), floats_at(b, G), lambda at: [ZERO] * INPUTS, finish, native,
            )  # fmt: skip
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4), codegen

    @numba.njit
    def run(X, E, C, G):
        code(X.ctypes.data, E.ctypes.data, C.ctypes.data, G.ctypes.data)

    return run


@numba.njit
def exact_update(X, E, C, G):
    dense_update(INPUTS, OUTPUTS, STRIDE, OUTPUTS, X.ctypes.data, E.ctypes.data, C.ctypes.data, G.ctypes.data)


@pytest.mark.skipif(LANES != 16, reason="blocks are square with 16 floats only")
@pytest.mark.parametrize("way", WAYS)
def test_the_update_is_that_of_the_rounded_factors(way):
    """Equal to NumPy with factors rounded by PyTorch; and within 2^-7 of each product of the exact update."""
    results = {}
    for name, update in (("exact", exact_update), ("narrow", update_by_pairs(way))):
        rng = np.random.default_rng(1)
        memory = aligned_zeros((INPUTS + OUTPUTS) * STRIDE)
        rows = memory.reshape(-1, STRIDE)
        rows[:] = rng.normal(size=rows.shape)
        g = rng.normal(size=(INPUTS, OUTPUTS)).astype(np.float32)
        G = aligned_zeros(INPUTS * OUTPUTS)
        for i in range(INPUTS):
            for o in range(OUTPUTS):
                G[number_index(i, o, INPUTS, OUTPUTS)] = g[i, o]
        before = rows.copy()
        old = aligned_zeros(INPUTS * STRIDE)
        old[:] = rows[:INPUTS].ravel()
        addresses = memory.ctypes.data + np.arange(len(rows)) * STRIDE * 4
        update(old.ctypes.data + np.arange(INPUTS) * STRIDE * 4, addresses[:INPUTS], addresses[INPUTS:].copy(), G)
        results[name] = rows.copy()
    E, C = before[:INPUTS].astype(float), before[INPUTS:].astype(float)
    e, c, b = (as_bfloat16(x).astype(float) for x in (E, C, g))
    np.testing.assert_allclose(results["narrow"], np.concatenate([E + b @ c, C + b.T @ e]), rtol=1e-5, atol=1e-5)
    bound = np.concatenate([abs(g) @ abs(C), abs(g).T @ abs(E)]) * 2**-7 * 1.01
    difference = np.abs(results["narrow"] - results["exact"])
    assert (difference <= bound).all()
    assert difference.max() > 1e-4  # or nothing was rounded


@pytest.mark.parametrize(("name", "zen"), [("znver4", True), ("znver5", True), ("sapphirerapids", False)])
def test_it_is_used_on_zen_alone(monkeypatch, name, zen):
    """Intel's processors have the products, but not faster: with them the engine lost a tenth of its speed."""
    monkeypatch.setattr(llvm.numba_config, "CPU_NAME", name)
    assert llvm._zen() == zen


@pytest.mark.parametrize(("vendor", "zen"), [("AuthenticAMD", True), ("GenuineIntel", False)])
def test_a_hidden_name_leaves_the_vendor(monkeypatch, vendor, zen):
    monkeypatch.setattr(llvm.numba_config, "CPU_NAME", None)
    monkeypatch.setattr(llvm.binding, "get_host_cpu_name", lambda: "generic")
    monkeypatch.setattr("builtins.open", lambda *_, **__: StringIO(f"processor\t: 0\nvendor_id\t: {vendor}\n"))
    assert llvm._zen() == zen
