"""How much more memory this process may take: what is free on the machine, and what its limits leave."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sgns.errors import OutOfMemory

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


ADDRESS_SPACE = "ulimit -v"
LIBRARIES = 400 * 2**20  # bytes of addresses that NumPy, Numba and LLVM take before anything is trained


@dataclass(frozen=True)
class Available:
    """Bytes that a process may still take, and what bounds them.

    Attributes:
        bytes: Zero or more.
        bound: What bounds them, in words: `ADDRESS_SPACE` or "the memory that is free", for example.
    """

    bytes: int
    bound: str


def available_memory(proc: Path = PROC, cgroups: Path = CGROUPS) -> Available | None:
    """The smallest of what is free, what the resource limits leave, and what the control group leaves.

    Args:
        proc: Where the system describes processes and memory.
        cgroups: Where it describes control groups, versions 1 and 2.

    Returns:
        None where the system says none of it.
    """
    free = meminfo(proc)
    swap = free.get("SwapFree", 0)
    found = [*resource_limits(proc), *cgroup_limits(proc, cgroups, swap)]
    if "MemAvailable" in free:
        found.append(Available(free["MemAvailable"] + swap, "the memory that is free"))
    return min(found, key=lambda available: available.bytes, default=None)


def meminfo(proc: Path) -> dict[str, int]:
    """The lines of /proc/meminfo, in bytes."""
    sizes = {}
    with suppress(OSError, ValueError, IndexError):
        for line in (proc / "meminfo").read_text().splitlines():
            name, _, value = line.partition(":")
            sizes[name] = int(value.split()[0]) * 1024
    return sizes


def resource_limits(proc: Path = PROC) -> Iterator[Available]:
    """What `ulimit -v` and `ulimit -d` leave."""
    try:
        import resource

        pages = [int(field) for field in (proc / "self" / "statm").read_text().split()]
    except (ImportError, OSError, ValueError):
        return
    size = os.sysconf("SC_PAGE_SIZE")
    for limit, used, bound in (
        (resource.RLIMIT_AS, pages[0], ADDRESS_SPACE),
        (resource.RLIMIT_DATA, pages[5], "ulimit -d"),
    ):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            yield Available(max(0, most - used * size), bound)


def cgroup_limits(proc: Path, cgroups: Path, swap: int) -> Iterator[Available]:
    """What the memory limits of this process's control group, and of those above it, leave.

    Pages of files that were not used lately count as used there, but the system takes them back.
    """
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        roots: tuple[Path, ...]
        if controllers == "":  # version 2
            roots, names = (cgroups, cgroups / "unified"), ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            roots = (cgroups / "memory",)
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        for root in roots:
            group = root / path.lstrip("/")
            for folder in (group, *group.parents[: len(group.parts) - len(root.parts)]):
                with suppress(OSError, ValueError):  # no such group here, or no limit: "max"
                    most, used = (int((folder / name).read_text()) for name in names[:2])
                    stat = (folder / "memory.stat").read_text().split()
                    idle = int(stat[stat.index(names[2]) + 1]) if names[2] in stat else 0
                    left = most - used + idle + (swap if controllers == "" else 0)
                    yield Available(max(0, left), "the memory limit of the control group")


def largest_that_fits(cost: Callable[[int], int], free: int, beyond: int) -> int:
    """The largest whole number below `beyond` whose cost is at most `free`; 0 if there is none."""
    low, high = 0, beyond
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if cost(middle) <= free else (low, middle)
    return low


def check_libraries() -> None:
    """Refuses a process that may not even load the libraries: OpenBLAS and LLVM end it without an exception.

    Raises:
        OutOfMemory: it names the limit.
    """
    left = next((limit for limit in resource_limits() if limit.bound == ADDRESS_SPACE), None)
    if left is not None and left.bytes < LIBRARIES:
        raise OutOfMemory(
            f"{gibibytes(left.bytes)} of addresses may be used ({ADDRESS_SPACE}), and the libraries of training take "
            f"{gibibytes(LIBRARIES)}; allow more, for example: ulimit -v 1000000"
        )


def gibibytes(size: int) -> str:
    """A size in GiB."""
    return f"{size / 2**30:.2f} GiB"
