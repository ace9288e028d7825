"""The GPU's kernels compile for a Hopper card, whether one is here or not, and spill few registers."""

import os
import re
import subprocess
import sys

import pytest

pytest.importorskip("triton")

# In a process of its own: here kernels may be interpreted.
SCRIPT = """
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from sgns.training.engines import cuda, cuda_draw, cuda_step, cuda_tile

I, F, L = "*i32", "*fp32", "*i64"
knobs = cuda.Knobs()
both = {"WINDOW": 5, "STRIDE": 104, "COLUMNS": knobs.columns, "PRECISION": knobs.precision}
KERNELS = {
    cuda_draw.draw_tokens: (dict(ids=I, start="i64", n="i32", keep=L, key="i64", window="i32", marks=L, reaches=I),
        {"CHUNK": cuda_draw.CHUNK}),
    cuda_draw.pack_tokens: (dict(ids=I, start="i64", n="i32", sums=L, all_reaches=I, words=I, sentences=I, reaches=I),
        {"CHUNK": cuda_draw.CHUNK}),
    cuda_tile.flight: (dict(kept_words=I, kept_sentences=I, kept_reaches=I, n="i32", begin="i32", end="i32",
        first_tile="i32", E=F, C=F, grad_E=F, grad_C=F, curve_E=F, curve_C=F, cells=L, V="i32", key="i64", grains=F,
        noise_words=I, losses="*fp64", pairs=I, negatives="fp32"), both | {"ROWS": 32, "NOISE": 32}),
    cuda_step.step: (dict(kept_words=I, n="i32", begin="i32", end="i32", noise_words=I, first_noise="i32", noise="i32",
        tables=F, gradients=F, curvatures=F, claims=I, number="i32", directions=F, shares=F, V="i32", lr="fp32",
        damping="fp32"), both | {"ROWS": knobs.step_rows, "DIRECTIONS": 16}),
}
for kernel, (types, constants) in KERNELS.items():
    names = [parameter.name for parameter in kernel.params]
    signature = {name: types.get(name, "constexpr") for name in names}
    aligned = {(names.index(name),): [["tt.divisibility", 16]] for name, kind in types.items() if kind[0] == "*"}
    made = triton.compile(ASTSource(kernel, signature, constexprs=constants, attrs=aligned),
        target=GPUTarget("cuda", 90, 32), options={"num_warps": knobs.warps, "num_stages": 1})
    with TemporaryDirectory() as folder:
        binary = Path(folder) / "kernel.cubin"
        binary.write_bytes(made.asm["cubin"])
        tool = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
        usage = subprocess.run([tool, "-res-usage", binary], capture_output=True, text=True).stdout.split("REG")[-1]
    text = made.asm["ptx"]
    usage = "REG" + usage.split(" SHARED")[0]
    print(kernel.__name__, usage, "vectors", text.count("add.v4.f32"), "mma", text.count("mma.sync"))
"""


def test_the_kernels_compile_for_hopper(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert set(lines) == {"draw_tokens", "pack_tokens", "flight", "step"}
    for name, line in lines.items():
        found = re.findall(r"(?:REG:|STACK:|vectors |mma )(\d+)", line)
        registers, stack, vectors, products = map(int, found)
        assert stack <= 128, line  # bytes a thread; thousands are the sign of a tile that does not fit
        assert registers <= 255
        if name == "flight":
            assert vectors > 0, line  # four numbers an atomic addition
            assert products > 0, line  # on tensor cores
