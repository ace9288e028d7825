"""The kernels for processors with narrower vectors: AVX2 (8 floats, 16 registers) and SSE (4 floats)."""

import os
import platform
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from llvmlite import binding

HERE = Path(__file__).parent
AVX2 = ["sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "avx", "avx2", "fma", "bmi", "bmi2", "f16c"]
PROCESSORS = {
    "AVX2": ({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ",".join(f"+{name}" for name in AVX2)}, 8, AVX2),
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


@pytest.mark.parametrize("name", PROCESSORS)
def test_blocks_of_the_usual_shape(tmp_path, name):
    conform(tmp_path, name, 3, "test_blocks.py", "-k", "many_sentences and 20-5-5")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PROCESSORS)
def test_everything(tmp_path, name):
    conform(tmp_path, name, 250, "test_blocks.py", "test_gradients.py", "test_language.py", "-k", "not reference")
