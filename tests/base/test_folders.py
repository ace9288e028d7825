"""Where the cache and the state lie: `$SGNS_CACHE`, or the folders of the platform."""

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from sgns.base.folders import cache_folder, state_folder

FOLDERS = [cache_folder, state_folder]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ("SGNS_CACHE", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("folder", FOLDERS)
def test_sgns_cache_is_honoured_and_nothing_is_created(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "chosen"))
    assert folder() == tmp_path / "chosen"
    assert not folder().exists()


@pytest.mark.parametrize("folder", FOLDERS)
def test_sgns_cache_may_begin_with_a_tilde(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SGNS_CACHE", "~/here")
    assert folder() == tmp_path / "here"


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_empty_sgns_cache_counts_as_none(folder, monkeypatch):
    expected = folder()
    monkeypatch.setenv("SGNS_CACHE", "")
    assert folder() == expected
    assert expected.is_absolute()


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG folders of Linux")
def test_on_linux_xdg_decides(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "sgns"
    assert state_folder() == tmp_path / ".local" / "state" / "sgns"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    assert cache_folder() == tmp_path / "c" / "sgns"
    assert state_folder() == tmp_path / "s" / "sgns"


@pytest.mark.parametrize(
    ("platform", "name", "cache", "state"),
    [
        ("macos", "MacOS", "Library/Caches/sgns", "Library/Application Support/sgns"),
        ("windows", "Windows", "local/sgns/Cache", "local/sgns"),
    ],
)
def test_the_folders_of_other_platforms(platform, name, cache, state, monkeypatch, tmp_path):
    module = pytest.importorskip(f"platformdirs.{platform}")
    monkeypatch.setenv("HOME", str(tmp_path))
    if platform == "windows":
        monkeypatch.setattr(module, "get_win_folder", lambda _: str(tmp_path / "local"))
    monkeypatch.setattr(platformdirs, "PlatformDirs", getattr(module, name))
    assert Path(str(cache_folder()).replace("\\", "/")) == tmp_path / cache
    assert Path(str(state_folder()).replace("\\", "/")) == tmp_path / state


DRAW = "from sgns.figures.style import new_figure; new_figure(1, 1); import os; print(os.environ.get('MPLCONFIGDIR'))"


def drawn(tmp_path, **environment):
    """What a process prints that draws with a home in which nothing can be written: a file stands in its place."""
    (tmp_path / "home").write_text("")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MPL", "SGNS_"))}
    done = subprocess.run(
        [sys.executable, "-c", DRAW], capture_output=True, text=True, timeout=200,
        env=plain | {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)} | environment,
    )  # fmt: skip
    assert done.returncode == 0
    return done.stdout.strip(), done.stderr


@pytest.mark.slow  # three processes that draw
@pytest.mark.skipif(sys.platform == "win32", reason="HOME")
def test_matplotlib_is_quiet_where_the_home_cannot_be_written(tmp_path):
    folder, said = drawn(tmp_path)
    assert said == ""
    assert Path(folder).parent == tmp_path
    assert not Path(folder).exists()  # a temporary one goes with the process
    assert drawn(tmp_path, SGNS_CACHE=str(tmp_path / "cache")) == (str(tmp_path / "cache" / "matplotlib"), "")
    (tmp_path / "own").mkdir()
    assert drawn(tmp_path, MPLCONFIGDIR=str(tmp_path / "own")) == (str(tmp_path / "own"), "")
