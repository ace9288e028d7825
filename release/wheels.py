"""Are there wheels of all dependencies for each platform and Python that the project names?

    python -m release.wheels            all of them
    python -m release.wheels 3.13       one Python

pip resolves the dependencies for each platform from wheels alone, and installs nothing (`pip install --dry-run
--only-binary=:all: --platform …`, which asks for the same files as `pip download` and reads little of them). Conditions
in requirements are those of the system that asks. The exit code is 1 if a wheel is missing, 3 if the index could not be
asked; then nothing is known.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {
    "Linux x86-64": [f"manylinux_2_{glibc}_x86_64" for glibc in (28, 27, 17)] + ["manylinux2014_x86_64"],
    "Linux arm64": [f"manylinux_2_{glibc}_aarch64" for glibc in (28, 27, 17)] + ["manylinux2014_aarch64"],
    "macOS arm64": [f"macosx_{version}_0_arm64" for version in (14, 13, 12, 11)],
    "Windows x86-64": ["win_amd64"],
}
UNREACHABLE = ("connection", "timed out", "temporary failure in name", "ssl error", "proxyerror", "could not fetch url")


def dependencies() -> list[str]:
    """The requirements of the project without extras."""
    return tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]


def command(python: str, platforms: list[str], folder: str) -> list[str]:
    """The call of pip that resolves the dependencies for one platform and Python, and installs nothing."""
    asked = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    asked += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--target", folder]
    for platform in [*platforms, "any"]:
        asked += ["--platform", platform]
    return [*asked, *dependencies()]


def outcome(code: int, output: str) -> str:
    """What pip's answer means: "yes", the packages without a wheel, or that the index could not be asked."""
    if code == 0:
        return "yes"
    missing = [line.split("for ", 1)[1] for line in output.splitlines() if "No matching distribution found for" in line]
    if any(word in output.lower() for word in UNREACHABLE):  # pip says then, too, that there is no distribution
        return "not known: the index could not be asked"
    return "no wheel: " + (", ".join(missing) or (output.strip().splitlines() or ["pip gave no reason"])[-1])


def main(pythons: list[str]) -> int:
    """Prints a table of platforms and Pythons; returns the exit code."""
    worst = 0
    print("| | " + " | ".join(f"CPython {python}" for python in pythons) + " |")
    print("|---" * (len(pythons) + 1) + "|")
    for name, platforms in PLATFORMS.items():
        cells = []
        for python in pythons:
            with tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(command(python, platforms, folder), capture_output=True, text=True)
            cells.append(outcome(done.returncode, done.stderr))
            worst = max(worst, {"yes": 0, "no ": 1, "not": 3}[cells[-1][:3]])
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PYTHONS)))
