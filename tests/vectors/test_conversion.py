"""Conversion of vector files: the order of the changes, and what a format leaves out."""

import numpy as np
import pytest

import sgns
from sgns.errors import FormatError
from sgns.vectors import Vectors
from sgns.vectors.conversion import convert
from sgns.vectors.description import description_as_dict, description_as_text


@pytest.fixture
def source(tmp_path):
    E = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    path = tmp_path / "v.safetensors"
    Vectors(list("abcdef"), E, 2 * E, np.arange(60, 0, -10), {"words": 123_456, "losses": [3.5, 2.25]}).save(path)
    return path


def test_all_changes_in_their_order(source, tmp_path):
    target = tmp_path / "w.npz"
    written, left_out = convert(source, target, restrict=4, space="E+C", all_but_the_top=1, normalize=True)
    expected = sgns.load(source).restrict(4).space("E+C").all_but_the_top(1).normalized()
    np.testing.assert_array_equal(sgns.load(target).E, expected.E)
    assert written.words == list("abcd")
    assert left_out == []


def test_what_a_format_cannot_hold_is_named(source, tmp_path):
    assert convert(source, tmp_path / "v.bin")[1] == ["C", "counts", "metadata"]
    assert convert(source, tmp_path / "v.tsv")[1] == ["C", "metadata"]
    assert convert(source, tmp_path / "w.safetensors")[1] == []


def test_a_row_that_is_not_finite_stops_before_anything_is_written(tmp_path):
    Vectors(["a", "b"], np.array([[1, 2], [np.nan, 1]], np.float32)).save(tmp_path / "v.safetensors")
    with pytest.raises(FormatError, match="row 1 is not finite"):
        convert(tmp_path / "v.safetensors", tmp_path / "v.bin")
    assert not (tmp_path / "v.bin").exists()
    warnings = []
    written, _ = convert(tmp_path / "v.safetensors", tmp_path / "v.bin", repair=True, on_warning=warnings.append)
    assert written.words == ["a"]
    assert len(warnings) == 1


def test_a_description_names_arrays_and_metadata(source):
    vectors = sgns.load(source)
    about = description_as_dict(vectors, source)
    assert (about["words"], about["dim"], about["C"], about["counts"]) == (6, 3, True, True)
    assert about["bytes"] == source.stat().st_size
    text = description_as_text(vectors, source)
    for part in ("E, C, counts", "a b c d e f", "60 to 10, 210 tokens", "words trained on", "123,456", "3.5, 2.25"):
        assert part in text
