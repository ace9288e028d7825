"""Errors of the system, in any verb: one line with a remedy, exit code 2. A mistake of ours keeps its traceback."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sgns.cli import make_app, run, vectors
from sgns.cli.system_errors import system_error_text
from sgns.vectors.vectors import Vectors

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "v.bin"), "v.bin: No space left on device; free space"),
        (PermissionError(errno.EACCES, "Permission denied", "v.bin"), "v.bin: Permission denied; check the rights"),
        (
            OSError(errno.EROFS, "Read-only file system", "a", None, "b"),
            "a -> b: Read-only file system; choose a folder",
        ),
        (OSError(errno.EMFILE, "Too many open files", "x"), "ulimit -n 4096"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error; check the disk"),
        (OSError("a plain sentence"), "a plain sentence; check the path"),
        (OSError(), "OSError; check the path"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory; allow"),
        (MemoryError(), "out of memory; allow"),
        (MemoryError("Unable to allocate 7.45 GiB"), "out of memory (Unable to allocate 7.45 GiB); allow"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "set TMPDIR"),
        (RuntimeError("can't start new thread"), "fewer --threads"),
    ],
)
def test_one_line_with_a_remedy(
    error: Exception, text: str, royal: Path, sgns: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(vectors.Vectors, "load_selection", fail)
    code, out, err = sgns("similar", royal, "king")
    assert (code, out) == (2, "")
    assert text in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "error", [RuntimeError("ours"), KeyError("ours"), RecursionError("too deep"), AssertionError()]
)
def test_a_mistake_of_ours_keeps_its_traceback(error: Exception, royal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(vectors.Vectors, "load_selection", fail)
    with pytest.raises(type(error)):
        run(make_app(), ["similar", str(royal), "king"])
    assert system_error_text(RuntimeError("ours")) is None


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="ulimit, /dev/full")


def shell(line: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of bash in which `sgns` is the command."""
    return subprocess.run(
        ["bash", "-c", line.replace("sgns", f"{sys.executable} -m sgns")],
        capture_output=True, text=True, cwd=folder, timeout=200, env=os.environ | variables,
    )  # fmt: skip


TRAIN = "sgns train text.txt --epochs 1 --min-count 1 --engine cpu --sharing pair --quiet"


@pytest.fixture
def folder(tmp_path: Path, royal: Path) -> Path:
    (tmp_path / "text.txt").write_text("the cat sat on the mat\n" * 300)
    (tmp_path / "sets.tsv").write_text("king\tqueen\t3\nking\tman\t2\nking\tapple\t1\n")
    (tmp_path / "file").write_text("no folder")
    return tmp_path


@needs_linux
@pytest.mark.parametrize(
    ("line", "names"),
    [
        (f"{TRAIN} -o /dev/full", "/dev/full"),  # no ending, so refused by its name
        ("sgns convert v.safetensors /dev/full --format glove --restrict 3", "No space left"),
        (f"{TRAIN} -o /proc/v.txt", "/proc/v.txt cannot be written"),
        ("sgns convert v.safetensors /proc/v.bin", "/proc/v.bin cannot be written"),
        (f"{TRAIN} -o file/v.txt", "is a file, not a folder"),
        ("sgns plot v.safetensors -o /proc/p.svg", "/proc/p.svg cannot be written"),
        ("sgns map v.safetensors -o file/m.html", "is a file, not a folder"),
        ("sgns export v.safetensors -o /proc/e.csv", "/proc/e.csv cannot be written"),
        ("sgns export v.safetensors -o file --to tensorboard", "file"),
        ("sgns derive loss -o /proc/d.md", "/proc/d.md cannot be written"),
        ("sgns graph x*x --at x=2 -o file/g.svg", "is a file, not a folder"),
        ("sgns report v.safetensors -o /proc/r.md", "/proc/r.md cannot be written"),
        ("sgns explain -o file/x.md", "is a file, not a folder"),
        ("sgns similar . king", "is a folder"),
        ("sgns similar file/v king", "file/v"),
        ("sgns evaluate v.safetensors --similarity .", "is a folder"),
        ("sgns similar /proc/self/mem king", "/proc/self/mem"),
        (f"sgns similar {'n' * 300} king", "File name too long"),
        (f"{TRAIN} -o {'n' * 300}.txt", "File name too long"),
        ("ulimit -f 1; sgns convert v.safetensors big.txt; exit $?", ""),
        ("ulimit -n 8; sgns similar v.safetensors king", ""),
        ("ulimit -n 6; sgns evaluate v.safetensors --similarity sets.tsv", ""),
    ],
)
def test_every_verb(folder: Path, line: str, names: str, sgns: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    if line.startswith("sgns "):  # this process meets the same errors, and in it an exception is one of the test
        monkeypatch.chdir(folder)
        code, _, err = sgns(*line.split()[1:])
    else:
        done = shell(line, folder)
        code, err = done.returncode, done.stderr
    assert "Traceback" not in err, err
    if names:
        assert code == 2, err
        assert names in err
        # on a busy machine a line says how long drawing took
        assert len([part for part in err.splitlines() if ": took " not in part]) == 1, err
    else:
        assert code in (0, 2), err


@pytest.mark.slow  # without a cache a run compiles all it needs
@needs_linux
@pytest.mark.parametrize("cache", ["file", "/proc/nowhere", "file/below"])
def test_a_cache_that_cannot_be_used_is_only_a_warning(folder: Path, cache: str) -> None:
    done = shell(f"{TRAIN.replace('--quiet', '')} -o v.txt", folder, SGNS_CACHE=cache)
    assert done.returncode == 0, done.stderr
    assert "warning: " in done.stderr
    assert len(Vectors.load(folder / "v.txt")) == 5


NO_TEMPORARY = """
import sys, tempfile
tempfile._candidate_tempdir_list = lambda: ["/proc/nowhere"]
from sgns.cli import main
main()
"""


TEMPORARY = [  # each verb and each kind of cache
    pytest.param(cache, verb, marks=() if (cache == "cache") == (verb[0] == "t") else pytest.mark.slow)
    for cache in ("cache", "file")
    for verb in ("train text.txt -o t.txt --engine cpu --sharing pair", "similar v.npz king", "explain")
]


@needs_linux
@pytest.mark.parametrize(("cache", "verb"), TEMPORARY)
def test_no_folder_for_temporary_files(folder: Path, verb: str, cache: str) -> None:
    Vectors.load(folder / "v.safetensors").save(folder / "v.npz")
    done = subprocess.run(
        [sys.executable, "-c", NO_TEMPORARY, *verb.split()],
        capture_output=True, text=True, cwd=folder, timeout=200, env=os.environ | {"SGNS_CACHE": cache},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    if done.returncode:
        assert done.returncode == 2
        assert "TMPDIR" in done.stderr.splitlines()[-1]
