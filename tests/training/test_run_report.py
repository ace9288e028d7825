"""How a run went stands beside its vectors."""

from pathlib import Path

from sgns.training.report import machine, read_record, record_path, write_record

REPORT = {"losses": [2.5, 2.25], "seconds": {"train": 1.5, "total": 2.0}}


def test_written_and_read_again(tmp_path):
    vectors = tmp_path / "v.safetensors"
    vectors.write_bytes(b"vectors")
    write_record(vectors, REPORT)
    assert record_path(vectors) == tmp_path / "v.safetensors.run.json"
    assert read_record(vectors, [2.5, 2.25]) == REPORT | {"machine": machine()}
    assert " cores, " in machine()


def test_the_record_of_another_run_is_not_taken(tmp_path):
    vectors = tmp_path / "v.safetensors"
    vectors.write_bytes(b"vectors")
    assert read_record(vectors, [2.5, 2.25]) == {}
    write_record(vectors, REPORT)
    assert read_record(vectors, [2.5, 2.0]) == {}
    assert read_record(vectors, None) == {}
    record_path(vectors).write_text('["torn')
    assert read_record(vectors, [2.5, 2.25]) == {}


def test_a_device_has_no_record(tmp_path):
    write_record(Path("/dev/null"), REPORT)
    assert not Path("/dev/null.run.json").exists()
