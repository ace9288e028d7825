"""The GPU's kernels compile for a Hopper card, whether one is here or not; what the interpreter cannot show of them."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("triton")
pytestmark = pytest.mark.slow  # compiled for another machine; tests/conformance/test_cuda_kernels.py interprets them

# In a process of its own: here kernels may be interpreted.
SCRIPT = """
import json, subprocess, sys
from pathlib import Path
from tempfile import TemporaryDirectory
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from sgns.training.engines.cuda.draw import PROGRAM_TOKENS, draw_tokens, pack_tokens
from sgns.training.engines.cuda.engine import Tuning
from sgns.training.engines.cuda.memory import device_stride
from sgns.training.engines.cuda.step import step
from sgns.training.engines.cuda.tile import sum_gradients

I, F, L = "*i32", "*fp32", "*i64"
TYPES = {
    draw_tokens: dict(ids=I, start="i64", n="i32", keep_thresholds=L, key="i64", window="i32", marks=L, reaches=I),
    pack_tokens: dict(ids=I, start="i64", n="i32", sums=L, all_reaches=I, words=I, sentences=I, reaches=I),
    sum_gradients: dict(kept_words=I, kept_sentences=I, kept_reaches=I, n="i32", begin="i32", end="i32",
        first_tile="i32", E=F, C=F, grad_E=F, grad_C=F, curve_E=F, curve_C=F, noise_table=L, V="i32", key="i64",
        grains=F, noise_words=I, losses="*fp64", pairs=I, negatives="fp32"),
    step: dict(kept_words=I, n="i32", begin="i32", end="i32", noise_words=I, first_noise="i32", noise="i32",
        tables=F, gradients=F, curvatures=F, claims=I, number="i32", directions=F, shares=F, V="i32", lr="fp32",
        damping="fp32"),
}
window, dim, ones = map(int, sys.argv[1:])
tuning, stride = Tuning(), device_stride(dim)
rows = tuning.tile_rows(window)
shape = dict(WINDOW=window, STRIDE=stride, COLUMNS=min(tuning.columns, triton.next_power_of_2(stride)),
    PRECISION=tuning.precision, NOISE=rows, DIRECTIONS=16, TOKENS=PROGRAM_TOKENS)
found = {}
for kernel, types in TYPES.items():
    names = [parameter.name for parameter in kernel.params]
    constants = shape | {"ROWS": rows if kernel is sum_gradients else tuning.step_rows}
    constants = {name: value for name, value in constants.items() if name in names}
    if ones:  # Triton makes a constant of each whole number that is 1, without do_not_specialize
        free = [p.name for p in kernel.params if not p.do_not_specialize]
        constants |= {name: 1 for name in free if types.get(name) in ("i32", "i64")}
    signature = {name: "constexpr" if name in constants else types[name] for name in names}
    aligned = {(names.index(name),): [["tt.divisibility", 16]] for name, kind in types.items() if kind[0] == "*"}
    warps = tuning.tile_warps(window) if kernel is sum_gradients else 4
    made = triton.compile(ASTSource(kernel, signature, constexprs=constants, attrs=aligned),
        target=GPUTarget("cuda", 90, 32), options={"num_warps": warps, "num_stages": 1})
    with TemporaryDirectory() as folder:
        binary = Path(folder) / "kernel.cubin"
        binary.write_bytes(made.asm["cubin"])
        tool = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
        usage = subprocess.run([tool, "-res-usage", binary], capture_output=True, text=True).stdout.split("REG:")[-1]
    registers, stack = usage.split()[0], usage.split("STACK:")[1].split()[0]
    found[kernel.__name__] = dict(ptx=made.asm["ptx"], registers=int(registers), stack=int(stack),
        shared=made.metadata.shared)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Each kernel's code and what it needs: compiled(window, dim, ones)."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path_factory.mktemp("cache")), "PYTHONWARNINGS": "ignore"}
    known = {}

    def get(*shape):
        if shape not in known:
            command = [sys.executable, "-c", SCRIPT, *(str(int(number)) for number in shape)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)
            assert done.returncode == 0, done.stderr
            known[shape] = json.loads(done.stdout)
        return known[shape]

    return get


@pytest.mark.parametrize(
    "shape",
    [(5, 100, False), (1, 1, True), (10, 300, False)],
)
def test_the_kernels_compile_and_fit_a_multiprocessor(compiled, shape):
    """Whatever window and dim are, also where numbers are 1."""
    kernels = compiled(*shape)
    assert set(kernels) == {"draw_tokens", "pack_tokens", "sum_gradients", "step"}
    for name, needs in kernels.items():
        assert needs["stack"] <= 128, name  # bytes a thread; thousands are the sign of a tile that does not fit
        assert needs["registers"] <= 255
        assert needs["shared"] <= 227 * 1024


def test_gradients_are_added_four_at_a_time_by_tensor_cores(compiled):
    code = compiled(5, 100, False)["sum_gradients"]["ptx"]
    assert "add.v4.f32" in code
    assert "mma.sync" in code


@pytest.mark.parametrize("shape", [(5, 100, False), (1, 1, True)])
def test_no_warp_clears_what_another_has_yet_to_read(compiled, shape):
    """Tiles narrower than a program are held in copies: every warp reads them, the first one writes."""
    code = compiled(*shape)["step"]["ptx"]
    claim = code.index("atom.global")
    curvature = code.index("ld.global", claim)
    assert "st.shared" in code[claim:curvature]  # all threads get who was first (Triton before 3.5 forgot to)
    assert "bar.sync" in code[curvature : code.index("st.global", curvature)]
    last_read = code.rindex("ld.global")
    assert "bar.sync" in code[last_read : code.index("st.global", last_read)]
