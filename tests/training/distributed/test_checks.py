"""Ranks that differ are refused at the start, and the field is named on all of them."""

import pytest
from threaded import run_on_ranks

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.sources import find
from sgns.training.distributed.checks import check_options, check_text
from sgns.training.distributed.comm import all_gather_objects, all_to_all_bytes, is_raised_on_all_ranks, on_all_ranks
from sgns.training.options import DistributedOptions

VERSIONS = {"sgns": "1", "numba": "0.60"}


@pytest.mark.parametrize(
    ("config", "sharing", "more", "versions", "line"),
    [
        ({"window": 7}, DistributedOptions(), {}, {}, "--window is 7 on rank 2 and 5 on rank 0"),
        ({"max_vocabulary": 9}, DistributedOptions(), {}, {}, "--max-vocabulary is 9 on rank 2 and None on rank 0"),
        ({}, DistributedOptions(communication_dtype="bfloat16"), {}, {}, "--communication-dtype is bfloat16 on rank 2"),
        ({}, DistributedOptions(), {"engine": "cuda"}, {}, "--engine is cuda on rank 2 and cpu on rank 0"),
        ({}, DistributedOptions(), {}, {"numba": "0.61"}, "numba version is 0.61 on rank 2 and 0.60 on rank 0"),
        ({}, DistributedOptions(), {}, {"triton": "3"}, "triton version is 3 on rank 2 and None on rank 0"),
    ],
)
def test_options_and_versions(config, sharing, more, versions, line):
    def work(comm):
        mine = comm.rank == 2
        with pytest.raises(ConfigError, match=line) as raised:
            check_options(
                comm,
                Config(**(config if mine else {})),
                sharing if mine else DistributedOptions(),
                {"engine": "cpu"} | (more if mine else {}),
                VERSIONS | (versions if mine else {}),
            )
        return is_raised_on_all_ranks(raised.value)

    assert run_on_ranks(3, work) == [True] * 3


def test_threads_may_differ():
    run_on_ranks(2, lambda comm: check_options(comm, Config(threads=1 + comm.rank), DistributedOptions(), {}, VERSIONS))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("b.txt", "some text\n", "the text is b.txt of 10 bytes on rank 1 where rank 0 has a.txt of 10 bytes"),
        ("a.txt", "longer text\n", "the text is a.txt of 12 bytes on rank 1 where rank 0 has a.txt of 10 bytes"),
        ("a.txt", "other tex\n", "a.txt begins with other text on rank 1"),
        ("a.txt", None, "the text is 2 files on rank 1 and 1 on rank 0"),
    ],
)
def test_texts(tmp_path, name, content, line):
    for folder in ("zero", "one"):
        (tmp_path / folder).mkdir()
    (tmp_path / "zero/a.txt").write_text("some text\n")
    (tmp_path / "one" / name).write_text(content or "some text\n")
    if content is None:
        (tmp_path / "one/more.txt").write_text("more\n")

    def work(comm):
        with pytest.raises(InputError, match=line):
            check_text(comm, find(tmp_path / ("one" if comm.rank else "zero")))

    run_on_ranks(2, work)


def test_the_same_text_elsewhere_is_the_same(tmp_path):
    for folder in ("zero", "one"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("some text\n")
    run_on_ranks(2, lambda comm: check_text(comm, find(tmp_path / ("one" if comm.rank else "zero"))))


def test_one_error_ends_all():
    def work(comm):
        def failing():
            if comm.rank == 1:
                raise InputError("no such file; check the path")

        with pytest.raises(InputError, match=r"^rank 1: no such file; check the path$"):
            on_all_ranks(comm, failing)

    run_on_ranks(3, work)


def test_bytes_and_things_arrive():
    def work(comm):
        parts = all_to_all_bytes(comm, [b"%d to %d" % (comm.rank, other) * other for other in range(3)])
        return parts, all_gather_objects(comm, {"rank": comm.rank, "none": None})

    for rank, (parts, things) in enumerate(run_on_ranks(3, work)):
        assert parts == [b"%d to %d" % (other, rank) * rank for other in range(3)]
        assert things == [{"rank": other, "none": None} for other in range(3)]
