"""What a process may still take, from files as Linux writes them: memory, swap, control groups of both versions."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sgns.base.memory import Available, available_memory, largest_that_fits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and control groups")
GB = 2**30


def machine(folder: Path, cgroup: str = "", available: int = 8 * GB, swap: int = 0) -> Path:
    """/proc of a machine, in `folder`."""
    (folder / "proc" / "self").mkdir(parents=True)
    memory = (
        f"MemTotal: 99999999 kB\nMemFree: 1 kB\nMemAvailable: {available // 1024} kB\nSwapFree: {swap // 1024} kB\n"
    )
    (folder / "proc" / "meminfo").write_text(memory)
    (folder / "proc" / "self" / "statm").write_text("1000 500 100 1 0 300 0\n")
    (folder / "proc" / "self" / "cgroup").write_text(cgroup)
    return folder / "proc"


def group(folder: Path, **files: object) -> None:
    """A control group: the content of its files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_free_memory_and_swap(tmp_path: Path) -> None:
    assert available_memory(machine(tmp_path, swap=GB), tmp_path) == Available(9 * GB, "the memory that is free")


@pytest.mark.parametrize("path", ["/user/job", "/"])
def test_version_2(tmp_path: Path, path: str) -> None:
    """The group's own limit, that of one above it; cached pages of files count as free."""
    proc, root = machine(tmp_path, f"0::{path}\n"), tmp_path / "cg"
    group(root / path[1:], memory__max="max", memory__current=GB, memory__stat="inactive_file 0")
    assert available_memory(proc, root) == Available(8 * GB, "the memory that is free")
    group(root / path[1:], memory__max=3 * GB, memory__current=2 * GB, memory__stat=f"anon 5\ninactive_file {GB // 2}")
    found = available_memory(proc, root)
    assert found == Available(GB + GB // 2, "the memory limit of the control group")
    if path != "/":
        group(root / "user", memory__max=2 * GB, memory__current=2 * GB, memory__stat="inactive_file 7")
        assert available_memory(proc, root).bytes == 7


def test_version_2_beside_version_1(tmp_path: Path) -> None:
    proc, root = machine(tmp_path, "4:memory:/box\n1:name=systemd:/\n0::/box\n"), tmp_path / "cg"
    group(root / "unified" / "box", memory__max=GB, memory__current=0, memory__stat="")
    assert available_memory(proc, root).bytes == GB


@pytest.mark.parametrize("path", ["/", "/docker/0123", "/../outside"])
def test_version_1_in_a_container(tmp_path: Path, path: str) -> None:
    """A container sees its own group as the root, whatever its path is outside."""
    proc, root = machine(tmp_path, f"9:cpu,cpuacct:{path}\n5:memory:{path}\n"), tmp_path / "cg"
    group(
        root / "memory", memory__limit_in_bytes=2 * GB, memory__usage_in_bytes=GB, memory__stat="total_inactive_file 5"
    )
    assert available_memory(proc, root) == Available(GB + 5, "the memory limit of the control group")
    group(root / "memory", memory__limit_in_bytes=9223372036854771712, memory__usage_in_bytes=GB, memory__stat="x 5")
    assert available_memory(proc, root).bound == "the memory that is free"


def test_a_group_that_is_over_its_limit_leaves_nothing(tmp_path: Path) -> None:
    group(tmp_path / "cg", memory__max=GB, memory__current=2 * GB, memory__stat="")
    assert available_memory(machine(tmp_path, "0::/\n"), tmp_path / "cg").bytes == 0


def test_a_system_that_says_nothing(tmp_path: Path) -> None:
    assert available_memory(tmp_path / "none", tmp_path / "none") is None
    (machine(tmp_path) / "meminfo").write_text("odd\n\n:::\n")
    assert available_memory(tmp_path / "proc", tmp_path) is None


def test_this_machine_has_some() -> None:
    found = available_memory()
    assert found is not None
    assert 0 < found.bytes < 2**50


@pytest.mark.parametrize(("flag", "limit"), [("-v", resource.RLIMIT_AS), ("-d", resource.RLIMIT_DATA)])
def test_resource_limits(flag: str, limit: int) -> None:
    code = "from sgns.base.memory import available_memory; a = available_memory(); print(a.bytes, a.bound, sep=chr(44))"
    done = subprocess.run(
        ["bash", "-c", f"ulimit {flag} 400000; exec '{sys.executable}' -c '{code}'"],
        capture_output=True, text=True, timeout=250, env=os.environ,
    )  # fmt: skip
    left, bound = done.stdout.strip().split(",")
    assert bound == f"ulimit {flag}"
    assert 200_000_000 < int(left) < 400_000 * 1024


def test_largest_that_fits() -> None:
    assert largest_that_fits(lambda n: 10 * n, 99, 100) == 9
    assert largest_that_fits(lambda n: 10 * n, 9, 100) == 0
    assert largest_that_fits(lambda n: 10 * n, 10**6, 100) == 99


@pytest.mark.parametrize("tightest", [0, 1, 2, 3])
def test_the_tightest_of_nested_groups_counts(tmp_path: Path, tightest: int) -> None:
    """In both versions the limit of each group holds for those below it, the root of the tree among them."""
    for version in (1, 2):
        folder = tmp_path / str(version)
        line = "5:cpu,memory:/a/b/c\n" if version == 1 else "0::/a/b/c\n"
        proc, root = machine(folder, line), folder / "cg"
        for depth, path in enumerate(("", "a", "a/b", "a/b/c")):
            most = GB if depth == tightest else 4 * GB
            if version == 1:
                group(root / "memory" / path, memory__limit_in_bytes=most, memory__usage_in_bytes=GB // 4,
                      memory__stat="total_inactive_file 3")  # fmt: skip
            else:
                group(root / path, memory__max=most, memory__current=GB // 4, memory__stat="inactive_file 3")
        expected = Available(GB - GB // 4 + 3, "the memory limit of the control group")
        assert available_memory(proc, root) == expected


def test_a_group_without_a_limit_leaves_that_of_the_one_above(tmp_path: Path) -> None:
    proc, root = machine(tmp_path, "0::/a/b\n"), tmp_path / "cg"
    group(root / "a", memory__max=GB, memory__current=0, memory__stat="inactive_file 0")
    group(root / "a" / "b", memory__max="max", memory__current=0, memory__stat="inactive_file 0")
    assert available_memory(proc, root) == Available(GB, "the memory limit of the control group")
