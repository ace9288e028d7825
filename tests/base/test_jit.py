"""Kernels where their machine code cannot be kept: they compile in each process, and nothing else is different."""

import errno
import os
from pathlib import Path

import numba.core.caching as caching
import numpy as np
import pytest

from sgns.base import jit


@pytest.fixture(autouse=True)
def kernels_of_this_file(monkeypatch, tmp_path):
    monkeypatch.setattr(jit, "PACKAGE", Path(__file__).parent.parent)
    monkeypatch.setattr(jit, "kernel_files", lambda: [Path(__file__)])
    monkeypatch.setattr(jit, "fingerprint", lambda: "test")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))


def triple(x):
    return 3 * x


def test_machine_code_is_kept(tmp_path):
    assert jit.kernel(triple)(4) == 12
    assert list(tmp_path.rglob("*.nbc"))


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "kernels").write_text("in the way")
    assert jit.kernel(triple)(4) == 12


def test_a_full_disk(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", full)
    assert jit.kernel(triple)(np.int64(5)) == 15
    assert not list(tmp_path.rglob("*.nbc"))


def test_a_kernel_outside_the_fingerprint_is_refused(monkeypatch):
    monkeypatch.setattr(jit, "kernel_files", list)
    with pytest.raises(ValueError, match="KERNEL_SOURCES"):
        jit.kernel(triple)
