"""The files of the models of a comparison, and their names."""

import pytest

from sgns.errors import InputError
from sgns.evaluation.models import files_of_models


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    for name in ("s0.bin", "s1.bin", "t.bin", "one/t.bin", "a,b.bin"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)


def as_text(found):
    return {name: [str(path) for path in paths] for name, paths in found.items()}


def test_a_file_a_pattern_and_a_list(here):
    assert as_text(files_of_models(["t.bin", "s*.bin", "s1.bin,s0.bin"])) == {
        "t.bin": ["t.bin"],
        "s*.bin": ["s0.bin", "s1.bin"],
        "s1.bin …": ["s1.bin", "s0.bin"],
    }


def test_models_of_one_name_get_letters(here):
    assert as_text(files_of_models(["t.bin", "one/t.bin"])) == {"A (t.bin)": ["t.bin"], "B (t.bin)": ["one/t.bin"]}


def test_a_file_with_a_comma_in_its_name_is_one_file(here):
    assert list(files_of_models(["a,b.bin", "t.bin"]).values())[0][0].name == "a,b.bin"  # noqa: RUF015


def test_a_pattern_without_a_file_is_an_error(here):
    with pytest.raises(InputError, match=r"nowhere\*: there is no such file"):
        files_of_models(["t.bin", "nowhere*"])
