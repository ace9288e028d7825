"""How a run went stands beside its vectors."""

import json
from pathlib import Path

from sgns.training.report import Facts, Figures, Report, machine, read_report, report_path, write_report

REPORT = {"losses": [2.5, 2.25], "seconds": {"train": 1.5, "total": 2.0}}


def test_written_and_read_again(tmp_path):
    vectors = tmp_path / "v.safetensors"
    vectors.write_bytes(b"vectors")
    write_report(vectors, REPORT)
    assert report_path(vectors) == tmp_path / "v.safetensors.run.json"
    assert read_report(vectors, [2.5, 2.25]) == REPORT | {"machine": machine()}
    assert " cores, " in machine()


def test_the_report_of_another_run_is_not_taken(tmp_path):
    vectors = tmp_path / "v.safetensors"
    vectors.write_bytes(b"vectors")
    assert read_report(vectors, [2.5, 2.25]) == {}
    write_report(vectors, REPORT)
    assert read_report(vectors, [2.5, 2.0]) == {}
    assert read_report(vectors, None) == {}
    report_path(vectors).write_text('["torn')
    assert read_report(vectors, [2.5, 2.25]) == {}


def test_a_device_has_no_report(tmp_path):
    write_report(Path("/dev/null"), REPORT)
    assert not Path("/dev/null.run.json").exists()


FACTS = Facts(
    tokens=9, raw_tokens=10, sentences=2, vocabulary=4, parameters=24, words=18, pairs=30, losses=[2.5, 0.0],
    validation_losses=None, engine="cpu", ranks=None, interrupted=False, stopped_early=True,
)  # fmt: skip


def test_facts_and_figures_are_plain_json_without_what_is_unknown():
    report = Report(FACTS, Figures(threads=2, scan=0.5, compile=0.0, train=2.0, total=3.0, words=18)).to_dict()
    assert report == json.loads(json.dumps(report))
    assert report["losses"] == [2.5, 0.0]
    assert report["seconds"] == {"scan": 0.5, "compile": 0.0, "train": 2.0, "total": 3.0}
    assert report["words_per_second"] == 9.0
    assert (report["stopped_early"], report["interrupted"]) == (True, False)
    assert not {"validation_losses", "ranks", "traffic", "round_words"} & report.keys()


def test_a_run_without_training_has_no_speed():
    report = Report(FACTS, Figures(threads=2, scan=0.5, compile=0.0, train=0.0, total=3.0, words=0)).to_dict()
    assert report["words_per_second"] == 0.0
