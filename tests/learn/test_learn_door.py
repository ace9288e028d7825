"""The door of sgns.learn: its names are calls, and it imports nothing heavy before one is made."""

import subprocess
import sys

import pytest

from sgns import learn


def test_every_name_is_a_call_with_a_docstring():
    pytest.importorskip("sympy")
    for name in learn.__all__:
        called = getattr(learn, name)
        assert callable(called), name
        assert called.__doc__, name
        assert called.__name__ == name


def test_a_shelf_does_not_hide_a_call():
    """Importing a submodule sets a name on the package; none may be that of a call."""
    pytest.importorskip("sympy")
    shelves = {"formulas", "graphs", "document", "chapters", "worksheets"}
    for shelf in shelves:
        __import__(f"sgns.learn.{shelf}")
    assert not shelves & set(learn.__all__)
    passes = learn.graph("x**2 * (c*x)", {"x": 2, "c": 3})
    assert passes.derivative("x") == 36
    assert learn.to_text(learn.derive("sigmoid"), 100).startswith("The sigmoid\n")


def test_unknown_names():
    with pytest.raises(AttributeError, match="grph"):
        learn.grph  # noqa: B018


def test_the_door_is_light():
    """Names and completion of them cost no import of SymPy, matplotlib, NumPy's own users or Typst."""
    code = (
        "import sys, sgns.learn; dir(sgns.learn); heavy = {'sympy', 'matplotlib', 'typst', 'numba', 'torch'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=250)
