"""`sgns compile`: what it compiles ahead, where it says so, and that nothing is left to compile."""

import errno
import json
import os

import numpy as np
import pytest

from sgns.base import kernel_cache
from sgns.base.kernel_cache import is_compiled, kernel_folder
from sgns.config import Config
from sgns.errors import OutputError
from sgns.training import precompile
from sgns.training.precompile import compile_for_later, kernels_of

FULL = os.strerror(errno.ENOSPC)


def test_kernels_of_all_dims_are_compiled_with_any_threads_and_validation(sgns):
    code, out, _ = sgns("compile", "--dim", "12,20", "--sharing", "tile", "--json", "--quiet")  # which others need too
    made = json.loads(out)
    assert code == 0
    assert made["folder"] == str(kernel_folder())
    assert made["dims"] == [12, 20]
    assert [part["kernels"] for part in made["compiled"]] == [
        "text", "phrases", "vector files", "training, dim 12", "training, dim 20",
    ]  # fmt: skip
    assert made["seconds"] >= sum(part["seconds"] for part in made["compiled"]) > 0
    assert is_compiled("text")
    assert is_compiled("phrases")
    for dim in (12, 20):
        for validation in (0.0, 0.01):
            for threads in (1, 2, 64):
                config = Config(dim=dim, sharing="tile", validation=validation)
                assert is_compiled(kernels_of(config, threads))


def test_the_answer_is_a_table_and_the_folder(sgns):
    code, out, err = sgns("compile", "--dim", 12)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["kernels", "seconds"]
    assert lines[-1] == f"kept in {kernel_folder()}"
    assert "warning" not in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dim", "100,x"], "dim is 100,x; give whole numbers with commas between them, such as 100,300"),
        (["--dim", "100,0"], "dim is 0, outside 1 to 10000; 100 suits most corpora"),
        (["--window", "-1"], "window is -1, outside 0 to 1000"),
        (["--engine", "cuda"], "--engine"),
    ],
)
def test_wrong_options(sgns, options, message):
    code, out, err = sgns("compile", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_named(sgns, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "file/cache"))
    code, _, err = sgns("compile")
    assert code == 2
    assert err == f"sgns: {kernel_folder()} cannot be written; set SGNS_CACHE to a folder that can\n"


def test_the_remedy_names_the_variable_that_decides(sgns, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))  # which is of no account for kernels then
    code, _, err = sgns("compile")
    assert code == 2
    assert err == f"sgns: {kernel_folder()} cannot be written; set NUMBA_CACHE_DIR to a folder that can\n"


def test_a_full_disk_is_no_success(sgns, monkeypatch, tmp_path):
    def compile_on_a_full_disk(config, threads):
        file = kernel_folder() / "tile.kernel"  # as base.files.replacing says it
        kernel_cache.not_kept().append(OutputError(f"{file} cannot be written: {FULL}; choose another place"))

    kernel_cache.not_kept.cache_clear()
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(precompile, "compile_training", compile_on_a_full_disk)
    code, out, err = sgns("compile", "--dim", 12, "--quiet")
    kernel_cache.not_kept.cache_clear()
    assert (code, out) == (2, "")
    remedy = "free space, or set SGNS_CACHE to a folder on a larger disk"
    assert err == f"sgns: {kernel_folder() / 'tile.kernel'} cannot be written: {FULL}; {remedy}\n"


def test_the_bar_ends_at_all_parts(monkeypatch):
    monkeypatch.setattr(precompile, "compile_training", lambda config, threads: None)
    shown = []
    compile_for_later(Config(), [100], lambda stage, done, total, unit: shown.append((done, total)))
    assert shown[0] == (0, 4)
    assert shown[-1] == (4, 4)


def test_a_run_on_a_read_only_root_then_compiles_nothing(sgns, monkeypatch, small_text, tmp_path):
    compile_for_later(Config(), [12], lambda *_: None)

    def not_kept(*_):
        raise AssertionError("machine code was compiled")

    def started(*_):
        raise AssertionError("a second process was started")

    from sgns.base.jit import KernelCache

    monkeypatch.setattr(KernelCache, "save_overload", not_kept)
    monkeypatch.setattr(precompile, "start_second_process", started)
    output = tmp_path / "v.txt"
    options = ("--dim", 12, "--epochs", 1, "--validation", 0.1)
    code, _, err = sgns("train", small_text, "-o", output, *options)
    assert code == 0
    assert "compile" not in err
    assert np.loadtxt(output, skiprows=1, usecols=range(1, 13)).shape == (50, 12)
