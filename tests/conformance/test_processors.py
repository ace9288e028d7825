"""The kernels for processors with narrower vectors: AVX2 (8 floats, 16 registers) and SSE (4 floats).

AArch64 has no processor here. Its machine code is made and looked at, and the same code with 4 floats runs as SSE;
docs/install.md says what was run under an emulator.
"""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from llvmlite import binding

HERE = Path(__file__).parent
AVX2 = ["sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "avx", "avx2", "fma", "bmi", "bmi2", "f16c"]
AVX512 = ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"]
PROCESSORS = {
    "AVX2": ({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ",".join(f"+{name}" for name in AVX2)}, 8, AVX2),
    "AVX-512": (  # without bfloat16
        {"NUMBA_CPU_NAME": "skylake-avx512", "NUMBA_CPU_FEATURES": ",".join(f"+{name}" for name in AVX2 + AVX512)},
        16,
        AVX512,
    ),
    "SSE": ({"NUMBA_CPU_NAME": "generic"}, 4, []),
}
pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names of x86 processors")


def conform(folder, name, least, *arguments):
    """Runs tests as on a processor; at least `least` of them must have run."""
    environment, lanes, needed = PROCESSORS[name]
    present = binding.get_host_cpu_features()
    if not all(present.get(feature) for feature in needed):
        pytest.skip(f"this machine has no {name}")

    def python(*command):
        return subprocess.run(
            [sys.executable, *command], env=os.environ | environment, cwd=HERE, capture_output=True, text=True
        )

    found = python("-c", "from sgns.training.engines.cpu.llvm import LANES; print(LANES)")
    assert found.stdout.strip() == str(lanes), found.stderr
    report = folder / "report.xml"
    done = python("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junit-xml={report}", *arguments)
    assert done.returncode == 0, done.stdout[-3_000:]
    suite = ElementTree.parse(report).getroot()[0]
    assert int(suite.get("tests")) - int(suite.get("skipped")) >= least, done.stdout[-3_000:]


@pytest.mark.parametrize("sharing", ["tile", pytest.param("window", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["AVX2", *(pytest.param(name, marks=pytest.mark.slow) for name in ("AVX-512", "SSE"))])
def test_blocks_of_the_usual_shape(tmp_path, name, sharing):
    conform(tmp_path, name, 1, "test_blocks.py", "-k", f"many_sentences and {sharing}-20-5-5")


STEP = r"""
import re
import numba
from llvmlite import binding
from sgns.training.engines.cpu.dense import dense_gradient, dense_scores
from sgns.training.engines.cpu.dense_columns import dense_update

@numba.njit("float32(int64, int64, int64, int64, int64, int64, int64, float32)")
def step(X, E, C, Y, G, labels, weights, lr):
    dense_scores(8, 16, 100, 16, X, Y, G)
    loss = dense_gradient(128, G, labels, weights, lr)
    dense_update(8, 16, 100, 16, X, E, C, G)
    return loss

(code,) = step.inspect_llvm().values()
code = re.sub(r"^target .*$", "", code, flags=re.M)
code = re.sub(r'"target-(cpu|features)"="[^"]*"', "", code)
binding.initialize_all_targets()
binding.initialize_all_asmprinters()
module = binding.parse_assembly(code)
module.triple = "aarch64-unknown-linux-gnu"
target = binding.Target.from_triple(module.triple)
print(target.create_target_machine(cpu="cortex-a72", opt=3).emit_assembly(module))
"""


def test_the_step_becomes_vector_instructions_of_aarch64():
    environment, _, _ = PROCESSORS["SSE"]  # 4 floats, as NEON has
    done = subprocess.run([sys.executable, "-c", STEP], env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3_000:]
    fused = re.findall(r"\bfmla\s+v\d+\.4s", done.stdout)
    assert len(fused) > 100, "products of 4 floats are not fused"
    assert len(re.findall(r"\bldr\s+q\d+|\bldp\s+q\d+", done.stdout)) > 100, "rows are not loaded 4 floats at a time"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PROCESSORS)
def test_everything(tmp_path, name):
    conform(tmp_path, name, 250, "test_blocks.py", "test_gradients.py", "test_language.py", "-k", "not reference")
