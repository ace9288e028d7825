"""Ctrl-C, SIGTERM and kill -9 from outside: what is on disk afterwards, and what the user reads."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

PATIENCE = 250.0  # seconds for anything that ends: the tests hold on a machine that does much else
OPTIONS = ("--threads", 1, "--dim", 20, "--epochs", 400, "--min-count", 1)


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def start(sgns, text, output, *more):
    """A run that is past its first checkpoint."""
    child = sgns("train", text, "-o", output, *OPTIONS, "--checkpoint-every", "20blocks", *more)
    wait_for(lambda: child.poll() is not None or list(output.parent.glob("*.checkpoint")))
    assert child.poll() is None, child.communicate(timeout=PATIENCE)
    return child


@pytest.fixture(scope="module")
def undisturbed(sgns, text, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "v.safetensors"
    child = sgns("train", text, "-o", output, *OPTIONS, "--quiet")
    assert child.wait(PATIENCE) == 0
    return output.read_bytes()


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow), (signal.SIGTERM, 143)]
)  # Ctrl-C has a quick test below
def test_the_first_signal_saves_and_says_how_to_go_on(sgns, text, tmp_path, undisturbed, number, code):
    output = tmp_path / "v.safetensors"
    child = start(sgns, text, output, "--json")
    child.send_signal(number)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == code
    report = json.loads(out)  # one object, and nothing else
    assert report["interrupted"]
    assert 0 < report["words"] < 400 * 40_000
    last = err.strip().splitlines()[-1]
    assert last.startswith(f"sgns: stopped early; the work so far is in {output}; go on with: ")
    assert last.endswith("--resume")
    info = sgns("info", output, "--json")
    assert json.loads(info.communicate(timeout=PATIENCE)[0])
    newest = max(tmp_path.glob("*.checkpoint"))
    assert int(newest.name.split(".")[-2]) * 40_000 == report["words"]

    resumed = sgns("train", text, "-o", output, *OPTIONS, "--resume")
    out, err = resumed.communicate(timeout=PATIENCE)
    assert resumed.returncode == 0
    assert "going on after block" in err
    assert output.read_bytes() == undisturbed
    assert {path.name for path in tmp_path.iterdir()} <= {
        "v.safetensors",
        "v.safetensors.run.json",
    }  # nothing lies about


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_ctrl_c_saves_without_being_asked_to_keep_checkpoints(sgns, text, tmp_path, request, whole):
    """And the run goes on from there; to its end above, from a file that is as good."""
    output = tmp_path / "v.safetensors"
    # Minutes of training where its end is not waited for: it is not over before the signal comes.
    options = OPTIONS if whole else tuple(40_000 if option == 400 else option for option in OPTIONS)
    child = sgns("train", text, "-o", output, *options)
    first = ""
    while ("train" if whole else "words/s") not in first:  # progress in a pipe: plain lines
        first = child.stderr.readline()
        assert first, child.communicate(timeout=PATIENCE)
    assert "\r" not in first
    assert "\x1b" not in first
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, err
    assert "--resume" in err
    resumed = sgns("train", text, "-o", output, *options, "--resume")
    if whole:
        assert resumed.wait(PATIENCE) == 0
        assert output.read_bytes() == request.getfixturevalue("undisturbed")
        return
    first = ""
    while "going on after block" not in first:
        first = resumed.stderr.readline()
        assert first, resumed.communicate(timeout=PATIENCE)
    resumed.kill()
    resumed.communicate(timeout=PATIENCE)


def test_twice_stops_at_once_and_leaves_the_old_file(sgns, text, tmp_path):
    output = tmp_path / "v.safetensors"
    output.write_bytes(b"what was there")
    # blocks that take seconds: the second Ctrl-C must come in the middle of one, and not wait for it
    slow = (
        "--dim", 2_000, "--window", 100, "--negatives", 100, "--threads", 2, "--epochs", 300, "--min-count", 1,
        "--sharing", "pair",
    )  # fmt: skip
    child = sgns("train", text, "-o", output, *slow)
    first = ""
    while not first.startswith("train"):
        first = child.stderr.readline()
        assert first, child.communicate(timeout=PATIENCE)
    child.send_signal(signal.SIGINT)
    time.sleep(0.2)
    while child.poll() is None:  # two signals are one for a process that was not scheduled between them
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(60)  # not sooner: a third signal would meet a process that is ending already
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130
    assert out == ""
    assert err.strip().splitlines()[-1] == "sgns: stopped"
    assert output.read_bytes() == b"what was there"


@pytest.mark.slow  # a run that goes on from a checkpoint is tested above, and in test_checkpoints.py
@pytest.mark.parametrize("mode", [(), ("--deterministic",)])
def test_killed_and_resumed(sgns, text, tmp_path, undisturbed, mode):
    output = tmp_path / "v.safetensors"
    if mode:
        child = sgns("train", text, "-o", output, *OPTIONS, *mode, "--quiet")
        assert child.wait(PATIENCE) == 0
        undisturbed = output.read_bytes()
        output.unlink()
    for _ in range(3):
        child = start(sgns, text, output, "--resume", *mode)
        time.sleep(0.1)
        child.kill()
        child.communicate(timeout=PATIENCE)
    child = sgns("train", text, "-o", output, *OPTIONS, *mode, "--resume")
    _, err = child.communicate(timeout=PATIENCE)
    assert "going on after block" in err
    assert output.read_bytes() == undisturbed


@pytest.mark.slow
@pytest.mark.timeout(7_200)  # 13 minutes on two cores
@pytest.mark.parametrize("mode", [(), ("--deterministic",)])
def test_two_hundred_kills(mode):
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("torture.py"), "--kills", "200", *mode],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=7_000,
    )
    result = json.loads(done.stdout)
    assert result["files that differ"] == 0
    assert result["kills"] == 200


def test_ctrl_c_in_a_notebook(text, tmp_path, monkeypatch):
    """The kernel's interrupt is one Ctrl-C: the cell ends well and gives what was learnt."""
    manager = pytest.importorskip("jupyter_client.manager")
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    try:
        output = tmp_path / "v.safetensors"
        code = f"""
import sgns
vectors = sgns.train({str(text)!r}, threads=1, dim=20, epochs=100_000, min_count=1,
                     checkpoint={str(output)!r}, checkpoint_every="20blocks")
print("interrupted", vectors.metadata["interrupted"], vectors.metadata["words"] > 0)
"""
        client.execute(code)
        wait_for(lambda: list(tmp_path.glob("*.checkpoint")))
        kernel.interrupt_kernel()
        printed, shown = "", ""
        while True:
            message = client.get_iopub_msg(timeout=PATIENCE)
            content = message["content"]
            printed += content.get("text", "") if message["msg_type"] == "stream" else ""
            shown += str(content.get("data", ""))
            assert message["msg_type"] != "error", content["traceback"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle" and printed:
                break
        assert printed == "interrupted True True\n"
        assert "<progress" in shown
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
