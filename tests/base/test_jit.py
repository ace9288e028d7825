"""Kernels: their machine code is kept under one fingerprint of all sources; where it cannot be kept, they still run."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import sgns
from sgns.base import jit, kernel_cache


def triple(x):
    return 3 * x


@pytest.fixture
def kernels_of_this_file(monkeypatch, tmp_path):
    """This file may hold kernels, and is all of the fingerprint; nothing of this process was used or deleted before."""
    monkeypatch.setattr(kernel_cache, "PACKAGE", Path(__file__).parent.parent)
    monkeypatch.setattr(kernel_cache, "kernel_files", lambda: [Path(__file__)])
    monkeypatch.setattr(kernel_cache, "fingerprint", lambda: "test")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    kernel_cache.mark_used.cache_clear()
    kernel_cache.delete_old_kernels.cache_clear()
    kernel_cache.not_kept.cache_clear()
    yield
    kernel_cache.not_kept.cache_clear()


@pytest.mark.usefixtures("kernels_of_this_file")
class TestOneKernel:
    def test_machine_code_is_kept_and_loaded(self, tmp_path):
        one, two = jit.kernel(triple), jit.kernel(triple)
        assert one(4) == two(4) == 12
        assert list(tmp_path.rglob("*.kernel"))
        assert sum(one.stats.cache_misses.values()) == 1
        assert sum(two.stats.cache_hits.values()) == 1
        assert sum(two.stats.cache_misses.values()) == 0

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "kernels").write_text("in the way")
        assert jit.kernel(triple)(4) == 12

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="no folder is closed to an administrator")
    def test_a_folder_that_cannot_be_written(self, tmp_path):
        (tmp_path / "kernels").mkdir(mode=0o500)
        assert jit.kernel(triple)(4) == 12

    def test_a_full_disk(self, monkeypatch, tmp_path):
        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(jit, "replacing", full)
        assert kernel_cache.not_kept() == []
        assert jit.kernel(triple)(np.int64(5)) == 15
        assert not list(tmp_path.rglob("*.kernel"))
        assert [error.errno for error in kernel_cache.not_kept()] == [errno.ENOSPC]
        kernel_cache.note_compiled("text")  # a note takes no room, but what it says is not so
        assert not kernel_cache.is_compiled("text")
        monkeypatch.undo()

    def test_a_file_that_was_cut(self, tmp_path):
        jit.kernel(triple)(4)
        (file,) = tmp_path.rglob("*.kernel")
        file.write_bytes(file.read_bytes()[:-10])
        assert jit.kernel(triple)(4) == 12
        again = jit.kernel(triple)
        again(4)
        assert sum(again.stats.cache_hits.values()) == 1

    def test_a_file_holds_the_code_of_its_own_signature(self, tmp_path):
        jit.kernel(triple)(4)
        (whole,) = tmp_path.rglob("*.kernel")
        code = whole.read_bytes()
        assert jit.kernel(triple)(0.5) == 1.5
        (real,) = set(tmp_path.rglob("*.kernel")) - {whole}
        real.write_bytes(code)  # as if two processes had given their files one name
        assert jit.kernel(triple)(0.5) == 1.5

    def test_what_is_compiled_is_noted(self):
        assert not kernel_cache.is_compiled("text")
        kernel_cache.note_compiled("text")
        assert kernel_cache.is_compiled("text")

    def test_what_is_compiled_on_another_processor_is_not(self, monkeypatch):
        """As in an image of a container that was made elsewhere, or a home that machines share."""
        kernel_cache.note_compiled("text")
        monkeypatch.setattr(kernel_cache, "target", lambda: "another")
        assert not kernel_cache.is_compiled("text")

    def test_whether_kernels_can_be_kept(self, tmp_path):
        assert kernel_cache.can_be_kept()
        shutil.rmtree(tmp_path / "kernels")
        (tmp_path / "kernels").write_text("in the way")
        assert not kernel_cache.can_be_kept()

    def test_kernels_of_other_sources_are_deleted_once_nobody_has_used_them_for_long(self, tmp_path):
        folder = tmp_path / "kernels/sgns"
        long_ago = time.time() - kernel_cache.UNUSED_SECONDS - 60
        for name, used in (("old", long_ago), ("new", long_ago + 120), ("test", long_ago)):
            (folder / name).mkdir(parents=True)
            os.utime(folder / name, (used, used))
        (tmp_path / "kernels/other").mkdir()
        jit.kernel(triple)(4)
        assert sorted(path.name for path in folder.iterdir()) == ["new", "test"]
        assert (folder / "test").stat().st_mtime > time.time() - 60
        assert (tmp_path / "kernels/other").exists()

    def test_loading_counts_as_use(self, tmp_path):
        jit.kernel(triple)(4)
        os.utime(tmp_path / "kernels/sgns/test", (0, 0))
        kernel_cache.mark_used.cache_clear()
        jit.kernel(triple)(4)
        assert (tmp_path / "kernels/sgns/test").stat().st_mtime > time.time() - 60


@pytest.mark.parametrize("decorator", [jit.kernel, jit.helper, jit.inlined])
def test_a_function_outside_the_fingerprint_is_refused(decorator):
    with pytest.raises(
        ValueError, match=r"test_jit\.py holds triple, but is not one of sgns\.base\.kernel_cache\.KERNEL_SOURCES"
    ):
        decorator(triple)


def test_every_kernel_source_is_there():
    assert all((kernel_cache.PACKAGE / source).exists() for source in kernel_cache.KERNEL_SOURCES)
    assert {path.name for path in kernel_cache.kernel_files()} >= {
        "jit.py",
        "sampling.py",
        "tile_kernel.py",
        "scan.py",
        "decimals.py",
    }


def test_machine_code_is_of_one_processor_and_one_numba(monkeypatch):
    targets = [kernel_cache.target.__wrapped__()]
    assert targets == [kernel_cache.target.__wrapped__()]  # it does not change by itself
    monkeypatch.setattr(kernel_cache, "processor", lambda: "another")
    targets.append(kernel_cache.target.__wrapped__())
    monkeypatch.setattr(kernel_cache, "version", lambda name: "0.1")
    targets.append(kernel_cache.target.__wrapped__())
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    targets.append(kernel_cache.target.__wrapped__())
    assert len(set(targets)) == 4
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+avx2")  # now the processor that runs is of no account
    everywhere = kernel_cache.target.__wrapped__()
    monkeypatch.setattr(kernel_cache, "processor", lambda: "a third")
    assert kernel_cache.target.__wrapped__() == everywhere


@pytest.mark.parametrize("numba_folder", [None, "numba"])
def test_the_folder_follows_the_environment(monkeypatch, tmp_path, numba_folder):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    if numba_folder:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / numba_folder))
    where = tmp_path / "numba/sgns" if numba_folder else tmp_path / "cache/kernels"
    assert kernel_cache.kernel_folder() == where / kernel_cache.fingerprint()


class Copy:
    """A copy of the package, whose sources may be changed, and a cache of its own."""

    def __init__(self, folder):
        self.package = folder / "sgns"
        shutil.copytree(Path(sgns.__file__).parent, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        self.environment |= {"PYTHONPATH": str(folder), "SGNS_CACHE": str(folder / "cache")}

    def run(self, code):
        """What a process prints as JSON in which `code` has assigned `kernel` and `found`."""
        code += "\nimport json, sgns; s = kernel.stats"
        code += "\nprint(json.dumps([sgns.__file__, sum(s.cache_hits.values()), sum(s.cache_misses.values()), found]))"
        done = subprocess.run([sys.executable, "-c", code], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2_000:]
        file, hits, misses, found = json.loads(done.stdout)
        assert Path(file).parent == self.package
        return (hits, misses), found

    def change(self, file, before, after):
        path = self.package / file
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1
        path.write_text(text.replace(before, after), encoding="utf-8")


KERNELS = {  # kernel: code that runs it; another file with what it calls, and a change there
    "choose_spans": (
        """
import numpy as np
from sgns.training.engines.cpu.validation_kernels import choose_spans as kernel
found = kernel(np.arange(10, 500, 10), np.uint64(1), np.uint64(2**62)).tolist()
""",
        ("training/engines/sampling.py", "    return x ^ (x >> u64(31))\n", "    return x ^ (x >> u64(30))\n"),
    ),
    "draw_windows": (
        """
import numpy as np
from sgns.training.engines.cpu.window_kernel import draw_windows as kernel
from sgns.training.engines.sampling import alias_table, as_thresholds
text = np.arange(40, dtype=np.int32) % 9, np.array([15, 40]), 0, 40
tables = as_thresholds(np.full(9, 0.8)), alias_table(np.full(9, 1 / 9))
found = [part.tolist() for part in kernel(*text, 5, 5, 2, False, *tables, np.uint64(1), np.uint64(2))[:4]]
""",
        ("training/engines/sampling.py", "right[c] = smaller(m, c + reach + 1)", "right[c] = smaller(m, c + 2)"),
    ),
}


@pytest.mark.parametrize("name", ["choose_spans", pytest.param("draw_windows", marks=pytest.mark.slow)])
def test_a_change_in_what_a_kernel_calls_is_seen_by_the_next_process(tmp_path, name):
    copy, (code, change) = Copy(tmp_path), KERNELS[name]
    compiled, first = copy.run(code)
    loaded, again = copy.run(code)
    assert (compiled, loaded) == ((0, 1), (1, 0))
    assert again == first
    copy.change(*change)
    compiled, changed = copy.run(code)
    assert compiled == (0, 1)
    assert changed != first


MODULES = ("training.validation", "training.engines.cpu.deterministic", "vectors.files.decimals", "text.kernels.remap")


def test_modules_can_be_imported_where_there_is_no_cache(tmp_path):
    """As with a home that is read-only, or does not exist."""
    (tmp_path / "file").write_text("in the way")
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment |= {"SGNS_CACHE": str(tmp_path / "file/cache")}
    code = f"import importlib\nfor name in {MODULES}:\n    importlib.import_module(f'sgns.{{name}}')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-500:]


LINEAR_ALGEBRA = """
import sys
import numpy as np
from numba import njit
from sgns.training.engines.sampling import alias_table

alias_table(np.full(9, 1 / 9))  # runs a kernel
assert "scipy.linalg" not in sys.modules, "imported for nothing"
product = njit(lambda a: np.dot(a, a))(np.eye(2) * 2)
assert product.tolist() == [[4, 0], [0, 4]]
assert "scipy.linalg" in sys.modules
"""


def test_kernels_load_no_linear_algebra_and_those_of_others_still_find_it():
    pytest.importorskip("scipy")
    done = subprocess.run([sys.executable, "-c", LINEAR_ALGEBRA], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-500:]
