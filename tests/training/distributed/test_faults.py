"""Ranks that die, stop or hang: the job ends soon and with one line, and goes on from the last common checkpoint."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from sgns.errors import ConfigError
from sgns.training.checkpoint import read
from sgns.training.distributed.comm import raised_on_all_ranks
from sgns.training.distributed.environment import TorchrunEnvironment
from sgns.training.distributed.torchrun import TorchrunJob

OPTIONS = ["--threads", "1", "--min-count", "2", "--dim", "50"]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def checkpoints(output):
    return sorted(output.parent.glob(f"{output.name}.*.checkpoint"))


def lines(outputs):
    return [line for _, err in outputs for line in err.splitlines() if line.startswith("sgns:")]


@pytest.mark.parametrize("error", [None, raised_on_all_ranks(ConfigError("all have found it"))])
def test_a_rank_that_goes_on_leaves_nothing_behind(error):
    """A watching thread in the store while Python goes down ends the process with SIGABRT, now and then."""
    import torch.distributed as dist

    handler = signal.getsignal(signal.SIGTERM)
    with socket.socket() as one:
        one.bind(("localhost", 0))
        port = one.getsockname()[1]
    raised = None
    try:
        with TorchrunJob(TorchrunEnvironment(0, 1, 0, 1, port=port)):
            assert dist.is_initialized()
            if error:
                raise error
    except ConfigError as found:
        raised = found
    assert raised is error
    assert "sgns-watch" not in [thread.name for thread in threading.enumerate()]
    assert not dist.is_initialized()
    assert signal.getsignal(signal.SIGTERM) == handler


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_rank_ends_the_job_with_one_line_and_it_goes_on(ranks, text, tmp_path, victim):
    output = tmp_path / "v.safetensors"
    options = [text, "-o", output, *OPTIONS, "--epochs", 200, "--checkpoint-every", "1s"]
    job = ranks(3, "train", *options)
    until(lambda: checkpoints(output))
    job.processes[victim].send_signal(signal.SIGKILL)
    began = time.monotonic()
    codes, outputs = job.wait()
    assert time.monotonic() - began < 30
    assert [code for rank, code in enumerate(codes) if rank != victim] == [2, 2]
    assert len(lines(outputs)) == 1, outputs
    assert f"rank {victim} is gone" in lines(outputs)[0]
    assert "start all ranks again with --resume" in lines(outputs)[0]
    assert read(checkpoints(output)[-1]).metadata["config"]["ranks"] == 3
    last = checkpoints(output)[-1]
    job = ranks(3, "train", *options, "--resume")
    until(lambda: checkpoints(output)[-1] > last)  # it trains: before, the signal would end it
    job.processes[0].send_signal(signal.SIGTERM)  # one rank is asked, all stop together
    codes, outputs = job.wait()
    assert codes == [143] * 3, (codes, outputs)
    assert "going on after round" in outputs[0][1]
    assert read(checkpoints(output)[-1]).metadata["config"]["ranks"] == 3
    assert output.exists()


@pytest.mark.slow
def test_killed_and_resumed_it_gives_the_file_of_an_undisturbed_run(ranks, text, tmp_path):
    digests = []
    for name in ("whole", "killed"):
        folder = tmp_path / name
        folder.mkdir()
        output = folder / "v.safetensors"
        options = [
            text,
            "-o",
            output,
            *OPTIONS,
            "--epochs",
            40,
            "--checkpoint-every",
            "200blocks",
            "--validation",
            "0.05",
        ]
        job = ranks(2, "train", *options)
        if name == "killed":
            until(lambda: len(checkpoints(tmp_path / "killed/v.safetensors")) == 2)
            job.processes[1].send_signal(signal.SIGKILL)
            job.wait()
            job = ranks(2, "train", *options, "--resume")
        codes, outputs = job.wait()
        assert codes == [0, 0], outputs
        assert not checkpoints(output)
        digests.append(hashlib.sha256(output.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("after", [0.0, 0.5, 2.0, 3.0, 4.0])
def test_a_rank_killed_before_training_ends_the_job(torchrun_job, text, tmp_path, victim, after):
    process = torchrun_job(3, "train", text, "-o", tmp_path / "v.safetensors", *OPTIONS, "--epochs", 200)
    until(lambda: len(children(process.pid)) == 3)
    time.sleep(after)
    os.kill(children(process.pid)[victim], signal.SIGKILL)
    began = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert process.returncode != 0
    lines_of_sgns = [line for line in err.splitlines() if line.startswith("sgns:")]
    assert len(lines_of_sgns) <= 1, err  # before ranks have joined, only torchrun reports which one failed


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 2])
def test_a_rank_killed_before_all_have_come_ends_the_others(ranks, text, tmp_path, victim):
    """Without torchrun: nobody else would end ranks that wait for a fourth one, which never comes."""
    port = free_port()
    job = ranks(3, "train", text, "-o", tmp_path / "v.safetensors", *OPTIONS, WORLD_SIZE=4, MASTER_PORT=port)
    until(lambda: have_come(port, 3))
    job.processes[victim].send_signal(signal.SIGKILL)
    began = time.monotonic()
    codes, outputs = job.wait(60)
    assert time.monotonic() - began < 30
    assert [code for rank, code in enumerate(codes) if rank != victim] == [2, 2]
    assert len(lines(outputs)) == 1, outputs


def free_port():
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


def have_come(port, ranks):
    """Whether this number of ranks have written a heartbeat."""
    from torch.distributed import PrefixStore, TCPStore

    try:
        store = TCPStore("localhost", port, is_master=False, timeout=timedelta(seconds=1), wait_for_workers=False)
    except RuntimeError:
        return False
    return PrefixStore("sgns-0", store).check([f"beat/{rank}" for rank in range(ranks)])


@pytest.mark.slow
def test_a_rank_that_hangs_is_given_up(ranks, text, tmp_path):
    job = ranks(3, "train", text, "-o", tmp_path / "v.safetensors", *OPTIONS, "--epochs", 2000)
    time.sleep(10)
    job.processes[2].send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        for process in job.processes[:2]:
            process.wait(60)
        assert time.monotonic() - began < 30
    finally:
        job.processes[2].send_signal(signal.SIGKILL)
    codes, outputs = job.wait()
    assert codes[:2] == [2, 2]
    assert len(lines(outputs)) == 1, outputs
    assert "no sign of life from rank 2 for 20 s" in lines(outputs)[0]


@pytest.mark.slow
def test_torchrun_resumes_by_itself(torchrun_job, text, tmp_path):
    output = tmp_path / "v.safetensors"
    options = [text, "-o", output, *OPTIONS, "--epochs", 60, "--checkpoint-every", "1s"]
    process = torchrun_job(2, "train", *options, options=["--max-restarts", "2"])
    until(lambda: checkpoints(output))
    os.kill(children(process.pid)[1], signal.SIGKILL)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "rank 1 is gone" in err
    assert "going on after round" in err
    assert output.exists()
    assert not checkpoints(output)
    assert str(output) in out


@pytest.mark.slow
def test_checkpoints_of_an_earlier_run_are_not_taken_for_those_of_this_one(torchrun_job, text, tmp_path):
    output = tmp_path / "v.safetensors"
    old = tmp_path / "v.safetensors.000000100.checkpoint"
    old.write_bytes(b"old")
    process = torchrun_job(2, "train", text, "-o", output, *OPTIONS, options=["--max-restarts", "1"])
    _, err = process.communicate(timeout=200)
    assert process.returncode != 0
    assert "delete them, or give --resume" in err
    assert old.read_bytes() == b"old"


def children(pid):
    """Processes that `pid` has started, the oldest first."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


@pytest.fixture
def torchrun_job(environment):
    started = []

    def start(n, *arguments, options=()):
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", n, *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(
            subprocess.Popen([*map(str, command), "-m", "sgns", *map(str, arguments)], env=environment, **pipes)
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate()
