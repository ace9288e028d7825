"""int8 and float16 with a scale for each row: bounds of the error, the own format, and the neighbours that stay."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import sgns
from sgns.errors import ConfigError, FormatError
from sgns.vectors import Vectors
from sgns.vectors.files.quantized import Quantized

floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
matrices = arrays.arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=floats)


def some(V: int = 400, d: int = 60) -> Vectors:
    generator = np.random.default_rng(3)
    E, C = generator.normal(size=(2, V, d)).astype(np.float32)
    return Vectors([f"w{i}" for i in range(V)], E, C, np.arange(V, 0, -1), {"config": {"dim": d}})


@settings(max_examples=300, deadline=None)
@given(matrix=matrices)
def test_a_number_is_off_by_half_a_step_at_most(matrix: np.ndarray) -> None:
    largest = np.abs(matrix.astype(np.float64)).max(axis=1, keepdims=True)
    int8 = Quantized.of(matrix, "int8").float32().astype(np.float64)
    assert np.isfinite(int8).all()
    assert (np.abs(int8 - matrix) <= largest / 254 * 1.0001 + 1e-43).all()
    half = Quantized.of(matrix, "float16").float32().astype(np.float64)
    assert np.isfinite(half).all()
    assert (
        np.abs(half - matrix) <= np.maximum(np.abs(matrix.astype(np.float64)) * 2**-10.99, largest * 2**-24) + 1e-43
    ).all()


@settings(max_examples=100, deadline=None)
@given(matrix=matrices, precision=st.sampled_from(["int8", "float16"]))
def test_quantizing_again_changes_nothing(matrix: np.ndarray, precision) -> None:
    once = Quantized.of(matrix, precision).float32()
    assert np.allclose(Quantized.of(once, precision).float32(), once, rtol=1e-6, atol=1e-43)


@pytest.mark.parametrize("ending", [".safetensors", ".safetensors.gz"])
@pytest.mark.parametrize(("precision", "bytes_each"), [("int8", 1), ("float16", 2)])
def test_the_own_format_keeps_codes_and_scales(tmp_path: Path, precision, bytes_each: int, ending: str) -> None:
    v = some()
    q = v.quantize(precision)
    assert q is not v
    assert v.precision == "float32"
    assert "quantized" not in v.metadata
    q.save(tmp_path / f"q{ending}")
    if ending == ".safetensors":
        assert (tmp_path / "q.safetensors").stat().st_size < 2 * 400 * (60 * bytes_each + 4) + 400 * 16 + 2000
    w = sgns.load(tmp_path / f"q{ending}")
    assert (w.precision, w.words, w.metadata) == (precision, q.words, q.metadata)
    assert w.E.dtype == np.float32
    for name in ("E", "C", "counts"):
        assert np.array_equal(getattr(w, name), getattr(q, name))
    assert w.most_similar("w3") == q.most_similar("w3")
    part = sgns.load(tmp_path / f"q{ending}", limit=20, only=["w7", "w19", "w20"], on_warning=lambda _: None)
    assert (part.words, part.precision) == (["w7", "w19"], precision)
    assert np.array_equal(part.E, q[["w7", "w19"]])


def test_other_formats_are_written_in_float32(tmp_path: Path) -> None:
    q = some().quantize("int8")
    for ending in (".npz", ".txt", ".bin", ".tsv"):
        q.save(tmp_path / f"q{ending}")
        w = sgns.load(tmp_path / f"q{ending}")
        assert w.E.tobytes() == q.E.tobytes()
        assert "quantized" not in w.metadata


def test_subsets_stay_quantized_and_new_rows_are_float32() -> None:
    q = some().quantize("int8")
    for subset in (q.restrict(10), q.select(["w5", "w1"]), q.drop("w0"), q.take(np.array([3, 4]))):
        assert subset.precision == "int8"
        assert subset.E.tobytes() == q[subset.words].tobytes()
    for new in (q.normalized(), q.with_rows("w1", np.ones(60)), q.add("x", np.ones(60)), q.space("E+C"),
                q.merge(some().select(["w1"]), "second")):  # fmt: skip
        assert new.precision == "float32"
        assert "quantized" not in new.metadata


def test_the_share_of_neighbours_that_stay_is_measured() -> None:
    note = some().quantize("int8").metadata["quantized"]
    assert note["precision"] == "int8"
    assert (note["of_nearest"], note["of_words"]) == (10, 300)
    assert 0.9 < note["neighbours_kept"] < 1
    assert some().quantize("float16").metadata["quantized"]["neighbours_kept"] > note["neighbours_kept"]
    exact = Vectors(["a", "b", "c"], np.float32([[127, 0], [0, 127], [64, 127]]))
    assert exact.quantize("int8").metadata["quantized"] == {
        "precision": "int8", "neighbours_kept": 1, "of_nearest": 2, "of_words": 3,
    }  # fmt: skip
    assert exact.quantize("int8").E.tobytes() == exact.E.tobytes()
    assert exact.quantize("int8", sample=0).metadata["quantized"] == {"precision": "int8"}


def test_the_share_is_what_a_plain_count_gives() -> None:
    v = some(80, 6)
    q = v.quantize("int8")
    kept = [len({w for w, _ in v.most_similar(x)} & {w for w, _ in q.most_similar(x)}) for x in v.words]
    assert q.metadata["quantized"]["neighbours_kept"] == round(sum(kept) / (10 * len(kept)), 4)


def test_a_zero_row_and_a_single_word() -> None:
    v = Vectors(["a", "b"], np.float32([[0, 0], [1, 2]]))
    assert v.quantize("int8").E[0].tolist() == [0, 0]
    assert v.quantize("float16").E.tolist() == [[0, 0], [1, 2]]
    assert Vectors(["a"], np.ones((1, 2), np.float32)).quantize("int8").metadata["quantized"] == {"precision": "int8"}


def test_bad_options(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="precision is 'int4'; choose float16 or int8"):
        some().quantize("int4")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="sample is -1"):
        some().quantize("int8", sample=-1)
    with pytest.raises(FormatError, match="not finite"):
        Vectors(["a", "b"], np.float32([[np.nan, 1], [1, 2]])).quantize("int8")


def test_codes_without_a_scale_are_refused(tmp_path: Path) -> None:
    some().quantize("int8").save(tmp_path / "q.safetensors")
    data = (tmp_path / "q.safetensors").read_bytes()
    (tmp_path / "q.safetensors").write_bytes(data.replace(b'"E_scale"', b'"X_scale"'))
    with pytest.raises(FormatError, match="E is I8 without E_scale"):
        sgns.load(tmp_path / "q.safetensors")
