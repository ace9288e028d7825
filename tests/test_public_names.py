"""The public names of `sgns`: what they are, and that importing the package costs little."""

import subprocess
import sys

import pytest

import sgns

HEAVY = ["numpy", "numba", "torch", "matplotlib", "rich", "cyclopts"]


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, sgns; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=250)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", sgns.__all__)
def test_each_public_name_is_there_and_named_so(name):
    found = getattr(sgns, name)
    assert found.__name__ == name
    assert found.__doc__
    assert name in dir(sgns)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'similar'"):
        sgns.similar  # noqa: B018
