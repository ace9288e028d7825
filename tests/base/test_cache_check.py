"""The warnings for a cache that cannot be written: texts and kernels in one, with a remedy that works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sgns.base.cache_check import cache_warnings
from sgns.base.kernel_cache import kernel_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder that nobody can write to")


@pytest.fixture(autouse=True)
def no_chosen_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """HOME alone decides, as for most users."""
    for name in ("SGNS_CACHE", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "file").touch()


UNUSABLE = [
    {"HOME": "/proc/nowhere"},
    {"HOME": "{}/file"},
    {"XDG_CACHE_HOME": "{}/file"},
    {"XDG_CACHE_HOME": "/proc/nowhere"},
    {"SGNS_CACHE": "{}/file"},
    {"SGNS_CACHE": "{}/file/below/it"},
    {"SGNS_CACHE": "/proc/nowhere"},
    {"SGNS_CACHE": "/dev/null"},
]


@pytest.mark.parametrize("variables", UNUSABLE, ids=str)
def test_texts_and_kernels_in_one_sentence(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    (warning,) = cache_warnings()
    assert "cannot be written (" in warning
    assert "texts are encoded and kernels are compiled anew in each run" in warning
    assert "set SGNS_CACHE" in warning
    if "{}" in str(variables):
        assert f"{tmp_path / 'file'} is a file" in warning
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "sgns-cache"))
    assert cache_warnings() == []


def test_kernels_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    monkeypatch.setenv("SGNS_CACHE", "/proc/nowhere")
    (warning,) = cache_warnings()
    assert "so texts are encoded anew" in warning
    assert "kernels" not in warning
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert ["NUMBA_CACHE_DIR" in one for one in cache_warnings()] == [False, True]
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "good"))
    (warning,) = cache_warnings()
    assert "so kernels are compiled anew" in warning
    assert "set NUMBA_CACHE_DIR" in warning


def test_kernels_that_are_there_are_not_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only image in which the kernels were compiled."""
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "image"))
    kernel_folder().mkdir(parents=True)
    (kernel_folder() / "tile.compiled").touch()
    monkeypatch.setattr("sgns.base.cache_check.why_not_written", lambda folder: "cannot be written (Read-only disk)")
    (warning,) = cache_warnings()
    assert "so texts are encoded anew" in warning


def test_a_home_that_nobody_knows_is_a_name_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SGNS_CACHE", "~no-such-user/cache")
    assert cache_warnings() == []


ARGUMENTS = ["train", "text.txt", "-o", "v.txt", "--engine", "cpu", "--sharing", "pair", "--epochs", "1", "--json"]
BOTH = f"""
import sys, sgns
from sgns.cli import make_app, run
assert run(make_app(), {ARGUMENTS}) == 0
print("-- in Python --", file=sys.stderr, flush=True)
sgns.train([["a", "b", "c"]] * 200, engine="cpu", sharing="pair", epochs=1)
"""


@pytest.mark.slow  # where nothing is kept, each process compiles
def test_one_warning_in_a_run_and_none_after_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the command line and in Python; then what the warning names, and the second run compiles nothing."""
    (tmp_path / "text.txt").write_text("the cat sat on the mat\n" * 300)

    def run(*command: str, **variables: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, cwd=tmp_path, env=os.environ | variables,
            timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    monkeypatch.setenv("HOME", "/proc/nowhere")
    for part in run("-c", BOTH).split("-- in Python --"):  # one process, so that kernels are compiled once
        warnings = [line for line in part.splitlines() if "SGNS_CACHE" in line]
        assert len(warnings) == 1
        assert warnings[0].startswith("warning: the cache folder /proc/nowhere/.cache/sgns cannot be written")
        assert "kernels are compiled anew" in warnings[0]
    remedy = warnings[0].rpartition("for example ")[2].split("=")
    kept = []
    for _ in range(2):
        assert "cannot be written" not in run("-m", "sgns", *ARGUMENTS, **{remedy[0]: remedy[1]})
        files = (tmp_path / "sgns-cache" / "kernels").rglob("*.kernel")
        kept.append({file.name: file.stat().st_ino for file in files})
    assert kept[0] == kept[1] != {}
