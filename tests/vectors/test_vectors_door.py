"""`sgns.vectors` is a door: each of its names is there, and none is imported before it is used."""

import subprocess
import sys

import numpy as np
import pytest

import sgns
from sgns import vectors


@pytest.mark.parametrize("name", vectors.__all__)
def test_each_name_is_there(name):
    assert name in dir(vectors)
    assert getattr(vectors, name) is not None


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'rows'"):
        vectors.rows  # noqa: B018


def test_the_door_loads_nothing_heavy():
    code = "import sys, sgns.vectors; print([name for name in ('numpy', 'numba') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=250)
    assert done.stdout == "[]\n"


def test_a_name_of_a_file_in_the_folder_never_hides_a_call():
    code = "import sgns.vectors.conversion, sgns.vectors.query, sgns.vectors.files.formats, sgns.vectors.alignment\n"
    code += "import sgns.vectors as v; print(all(callable(getattr(v, n)) for n in v.__all__ if n[0].islower()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=250)
    assert done.stdout == "True\n"


def test_load_and_save_are_those_of_the_class(tmp_path):
    assert sgns.load == vectors.load == sgns.Vectors.load
    made = vectors.Vectors(["a", "b"], np.eye(2))
    vectors.save(made, tmp_path / "v.txt")
    for load in (sgns.load, vectors.load, vectors.Vectors.load):
        assert load(tmp_path / "v.txt").words == ["a", "b"]
