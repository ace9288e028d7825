"""The doors of figures and evaluation: every name is there, and nothing heavy is imported (learn has its own test)."""

import subprocess
import sys

import pytest

import sgns.evaluation
import sgns.figures


@pytest.mark.parametrize("door", [sgns.figures, sgns.evaluation])
def test_every_name_is_there(door):
    for name in door.__all__:
        assert getattr(door, name).__name__ == name
    assert dir(door) == sorted(door.__all__)
    with pytest.raises(AttributeError, match="nosuch"):
        door.nosuch  # noqa: B018


@pytest.mark.parametrize("door", ["figures", "evaluation"])
def test_a_door_imports_nothing_that_is_heavy(door):
    code = f"import sys, sgns.{door}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "matplotlib", "textalloc", "scipy", "sympy"} & set(loaded)


def test_no_figure_needs_matplotlib_before_it_is_drawn():
    code = "import sys; from sgns.figures import *; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded
    assert "matplotlib" not in loaded
