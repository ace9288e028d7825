"""What other systems lack or refuse, simulated here; docs/install.md says what is not."""

import mmap
import os
import sys
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest

from sgns.base.files import replacing
from sgns.errors import InputError, OutputError
from sgns.figures.words import words_to_show
from sgns.text.sources import find
from sgns.training.engines.matrices import map_memory
from sgns.training.estimate import resident_bytes
from sgns.vectors.vectors import Vectors


def test_without_huge_pages_memory_is_mapped_all_the_same(monkeypatch):
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    monkeypatch.delattr(mmap, "MAP_PRIVATE", raising=False)  # as on Windows
    memory = map_memory(4096)
    assert memory[:] == bytes(4096)
    np.frombuffer(memory, np.float32)[:] = 1
    assert memory[:4] == np.float32(1).tobytes()


def test_without_proc_and_the_module_resource_an_estimate_is_made(monkeypatch):
    monkeypatch.setattr("builtins.open", refuse_proc(open))
    monkeypatch.setitem(sys.modules, "resource", None)
    assert resident_bytes() == 0


def refuse_proc(real):
    def opened(path, *arguments, **options):
        if str(path).startswith("/proc"):
            raise FileNotFoundError(path)
        return real(path, *arguments, **options)

    return opened


def test_a_file_that_another_program_holds_open_stays_whole(tmp_path, monkeypatch):
    target = tmp_path / "vectors.bin"
    target.write_bytes(b"old")

    def held(self, other):
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(Path, "replace", held)
    with (
        pytest.raises(OutputError, match=r"cannot be written.*being used by another process"),
        replacing(target) as (file,),
    ):
        file.write(b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_in_the_package_forks_or_needs_a_module_of_unix_at_import():
    source = Path(__file__).parents[2] / "src" / "sgns"
    for file in source.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "os.fork" not in text, file
        for module in ("fcntl", "termios", "resource", "pwd", "grp", "tty", "pty"):
            assert f"\nimport {module}\n" not in text, (
                f"{file} imports {module}, which Windows does not have, at import"
            )


def test_no_path_is_cut_at_a_slash():
    source = Path(__file__).parents[2] / "src" / "sgns"
    found = [
        f"{file.name}: {line.strip()}"
        for file in source.rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if any(f"path{call}" in line for call in (".split('/')", '.split("/")', '.rpartition("/")', '.partition("/")'))
    ]
    assert found == []
    assert PureWindowsPath(r"C:\texts\a.txt").with_suffix(".safetensors").name == "a.safetensors"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has none to take away")
def test_without_affinity_all_cores_are_counted(monkeypatch):
    from sgns.base import parallel

    monkeypatch.delattr(os, "sched_getaffinity")
    assert parallel.usable_cores() >= 1


def test_a_path_with_backslashes_is_taken_for_one():
    with pytest.raises(InputError, match="does not exist"):
        list(find(r"C:\my texts\all of it"))  # four words, but no text
    vectors = Vectors(["a", "b"], np.eye(2, 4, dtype=np.float32))
    with pytest.raises(InputError, match="cannot be read"):
        words_to_show(vectors, [r"lists\fruit"])
