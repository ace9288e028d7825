"""Where no folder can be written to, a kernel costs its compile every time, and nothing else."""

import subprocess
import sys

import pytest

NOWHERE = """
from numba.core import caching
caching.CacheImpl._locator_classes = []  # as with a read-only home and site-packages
"""


@pytest.mark.parametrize("module", ["training.validation", "training.engines.flights", "vectors.decimals"])
def test_kernels_compile_without_a_cache(module):
    code = f"{NOWHERE}\nimport importlib; importlib.import_module('sgns.{module}')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-500:]
