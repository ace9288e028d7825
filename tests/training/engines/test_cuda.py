"""Choosing the GPU engine, what it refuses, what it estimates; files, held-out text and resuming as on the CPU."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.config import Config
from sgns.errors import ConfigError, MissingExtra
from sgns.text.vocabulary import Vocabulary
from sgns.training.engines import build, choice
from sgns.training.engines.cuda.memory import bytes_needed, check_fits, device_stride
from sgns.training.plan import Plan

pytest.importorskip("triton")  # imported here, before a test changes what the environment says of its interpreter

ASKED = Config(engine="cuda")


@pytest.fixture
def card(monkeypatch):
    """As if there were one."""
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(choice, "cuda_cards", lambda: 1)


def test_without_a_card_one_line_says_so_and_auto_takes_the_cpu(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(choice, "cuda_cards", lambda: 0)
    with pytest.raises(MissingExtra, match=r"needs an NVIDIA card .* --engine cpu$"):
        choice.choose(ASKED)
    assert choice.choose(Config()) == "cpu"


@pytest.mark.parametrize(("absent", "name"), [("torch", "PyTorch"), ("triton", "Triton")])
def test_without_a_library_one_line_says_how_to_install_it(monkeypatch, card, absent, name):
    found = choice.find_spec
    monkeypatch.setattr(choice, "find_spec", lambda module: None if module == absent else found(module))
    with pytest.raises(MissingExtra, match=rf"needs {name}; .* pip install 'sgns\[gpu\]'$"):
        choice.choose(ASKED)
    assert choice.choose(Config()) == "cpu"


def test_with_a_card_but_a_torch_without_cuda(monkeypatch, card):
    torch = pytest.importorskip("torch")
    pytest.importorskip("triton")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(MissingExtra, match="PyTorch that knows CUDA"):
        choice.choose(ASKED)
    assert choice.choose(Config()) == "cpu"


@pytest.mark.parametrize(
    ("name", "stand_in", "said"),
    [
        ("version", lambda _: "3.4.0", "needs Triton 3.5, this is 3.4.0; install it with: pip install"),
        ("which", lambda _: None, "needs a C compiler for Triton, .* apt-get install gcc"),
        (
            "get_paths",
            lambda scheme: {"include": "/nowhere"},
            "needs Python.h for Triton, .* apt-get install python3-dev",
        ),
    ],
)
def test_what_triton_needs_of_the_machine_is_said_before_training(monkeypatch, card, name, stand_in, said):
    torch = pytest.importorskip("torch")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(choice, name, stand_in)
    with pytest.raises(MissingExtra, match=said):
        choice.choose(ASKED)
    assert choice.choose(Config()) == "cpu"


def start_of(error, monkeypatch, engine="cuda"):
    """Starts an engine whose construction raises an error."""

    def fails(*_):
        raise error

    plan = dataclasses.replace(Plan.of(Vocabulary(["a"], [5]), Config(engine="cpu")), engine=engine)
    monkeypatch.setattr(build, "build", fails)
    build.start(plan, None, None, lambda: None)


def triton_error():
    from triton.runtime.errors import OutOfResources

    return OutOfResources(300_000, 232_448, "shared memory")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            RuntimeError("CUDA error: no kernel image is available\nfor execution on the device"),
            "RuntimeError: CUDA error: no kernel image is available",
        ),
        (
            OSError("libcuda.so.1: cannot open shared object file"),
            "OSError: libcuda.so.1: cannot open shared object file",
        ),
        (ImportError("DLL load failed"), "ImportError: DLL load failed"),
        (subprocess.CalledProcessError(1, "gcc"), "CalledProcessError: Command 'gcc' returned non-zero exit status 1."),
        (triton_error(), f"OutOfResources: {triton_error()}"),
    ],
)
def test_a_card_that_refuses_to_start_is_reported_in_one_line(monkeypatch, error, reason):
    with pytest.raises(MissingExtra) as caught:
        start_of(error, monkeypatch)
    assert str(caught.value) == f"the cuda engine does not start on this card ({reason}); take --engine cpu"
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("kind", [TypeError, IndexError, AssertionError, ValueError, RecursionError, ConfigError])
def test_a_mistake_of_ours_is_not_reported_as_a_missing_library(monkeypatch, kind):
    with pytest.raises(kind, match=r"^ours$"):
        start_of(kind("ours"), monkeypatch)


def test_another_engine_reports_its_errors_as_they_are(monkeypatch):
    with pytest.raises(RuntimeError, match=r"^no memory$"):
        start_of(RuntimeError("no memory"), monkeypatch, engine="cpu")


def test_auto_takes_the_card_unless_an_option_needs_the_cpu(monkeypatch, card):
    torch = pytest.importorskip("torch")
    pytest.importorskip("triton")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choice.choose(Config()) == "cuda"
    for option in ({"sharing": "pair"}, {"window": 25}, {"deterministic": True}):
        assert choice.choose(Config(**option)) == "cpu"
    with pytest.raises(ConfigError, match="in tiles, not by pair; take --engine cpu"):
        choice.choose(Config(engine="cuda", sharing="pair"))
    with pytest.raises(ConfigError, match="windows of 24 at most, and window is 25; take --engine cpu"):
        choice.choose(Config(engine="cuda", window=25))


def test_auto_never_takes_the_interpreter(monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert choice.choose(Config()) == "cpu"


@given(st.integers(1, 3_000_000), st.integers(1, 1_000), st.integers(0, 10**9), st.integers(0, 2 * 10**11))
def test_what_does_not_fit_is_refused_with_the_largest_that_does(V, dim, tokens, free):
    if bytes_needed(V, dim, tokens) <= free:
        check_fits(V, dim, tokens, free)
        return
    with pytest.raises(ConfigError, match="GiB on the card") as refused:
        check_fits(V, dim, tokens, free)
    remedies = dict(zip(*[iter(str(refused.value).replace(" or", "").split("take ")[1].split())] * 2, strict=False))
    if "--dim" in remedies:
        best = int(remedies["--dim"])
        assert bytes_needed(V, best, tokens) <= free < bytes_needed(V, best + 1, tokens)
    else:
        assert dim == 1 or bytes_needed(V, 1, tokens) > free
    if "--max-vocabulary" in remedies:
        best = int(remedies["--max-vocabulary"])
        assert bytes_needed(best, dim, tokens) <= free < bytes_needed(best + 1, dim, tokens)


def test_the_estimate_counts_what_the_engine_allocates():
    pytest.importorskip("triton")
    from sgns.training.engines.cuda.engine import CudaEngine
    from sgns.training.engines.cuda.memory import SPARE

    V, n, dim = 5_000, 70_000, 50
    ids = np.arange(n, dtype=np.int32) % V
    engine = CudaEngine(ids, np.array([n]), np.ones(V), np.full(V, 1 / V), Config(dim=dim), counts=np.full(V, n // V))
    big = (
        engine._ids,
        engine._keep_thresholds,
        engine._noise_table,
        engine._tables,
        engine._gradients,
        engine._curvatures,
    )
    allocated = sum(tensor.nbytes for tensor in (*big, engine._claims))
    assert abs(bytes_needed(V, dim, n) - SPARE - allocated) < 100
    assert engine.stride == device_stride(dim) == 56


def test_rows_beyond_two_billion_numbers():
    """2^27 rows of 16 floats: the last one lies 2^31 floats on. Only touched pages take memory."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("triton")
    from sgns.training.engines.cuda.hessian import DIRECTIONS
    from sgns.training.engines.cuda.step import step
    from sgns.training.engines.cuda.tile import sum_gradients

    device = "cuda" if torch.cuda.is_available() else "cpu"
    V, stride = 2**27 + 8, 16

    def zeros(
        *shape, kind=np.float32
    ):  # the system gives pages of zeros when they are touched; torch.zeros writes them
        return torch.from_numpy(np.zeros(shape, kind)).to(device)

    try:
        tables, gradients = zeros(V, stride), zeros(V, stride)
        curvatures, claims, noise_table = zeros(V), zeros(V, kind=np.int32), zeros(V, kind=np.int64)
    except (MemoryError, RuntimeError):
        pytest.skip("no memory for 19 GB of untouched memory")
    words = torch.tensor([V - 1, V - 3, V - 2], dtype=torch.int32, device=device)
    ones = torch.ones(3, dtype=torch.int32, device=device)
    tables[V - 3 :] = torch.tensor([[0.1], [0.2], [0.3]])
    out = [torch.zeros(32, dtype=kind, device=device) for kind in (torch.int32, torch.float64, torch.int32)]
    sum_gradients[(1,)](
        words, ones, ones, 3, 0, 3, 0, tables, tables, gradients, gradients, curvatures, curvatures,
        noise_table, V, 2**62 + 5, torch.zeros(4, device=device), *out, 0.0,
        WINDOW=1, ROWS=32, NOISE=32, STRIDE=stride, COLUMNS=16, PRECISION="tf32x3", num_warps=4,
    )  # fmt: skip
    assert gradients[V - 3 :].abs().min() > 0
    before = tables[V - 3 :].clone()
    step[(1,)](
        words, 3, 1, 1, out[0], 0, 0, tables, gradients, curvatures, claims, 1,
        torch.zeros(2, stride, DIRECTIONS, device=device), torch.ones(2, DIRECTIONS, device=device), V, 1.0, 0.0,
        WINDOW=2, ROWS=16, STRIDE=stride, COLUMNS=16, DIRECTIONS=DIRECTIONS, PRECISION="tf32x3", num_warps=4,
    )  # fmt: skip
    assert (tables[V - 3 :] - before).abs().min() > 0
    assert not gradients[V - 3 :].any()


TRAIN = ("--engine", "cuda", "--dim", "8", "--epochs", "1", "--window", "2", "--quiet", "--json")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    rng = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("small") / "small.txt"
    path.write_text("".join(" ".join(f"w{n}" for n in rng.integers(0, 30, 8)) + "\n" for _ in range(250)))
    return path


def run(*arguments, interpret=True):
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    if interpret:
        environment["TRITON_INTERPRET"] = "1"
    command = [sys.executable, "-m", "sgns", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)


@pytest.mark.skipif(choice.cuda_cards() > 0, reason="there is a card")
def test_the_command_says_what_is_missing_in_one_line(small, tmp_path):
    done = run("train", small, *TRAIN, "-o", tmp_path / "v.safetensors", interpret=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "NVIDIA card" in done.stderr


def test_dry_run_counts_the_card_and_refuses_what_does_not_fit(small, monkeypatch):
    from sgns.text.corpus import Corpus
    from sgns.training.engines.cuda import memory as cuda_memory
    from sgns.training.estimate import estimate

    config = Config(engine="cuda", dim=8, window=2)
    corpus = Corpus.from_files([small], config)
    report = estimate(corpus, config)
    assert report["engine"] == "cuda"
    assert report["memory_bytes"] == bytes_needed(30, 8, corpus.tokens) < report["card_free_bytes"]
    assert report["expected_minutes"] > 0
    monkeypatch.setattr(cuda_memory, "card_memory", lambda: bytes_needed(30, 100, corpus.tokens))
    with pytest.raises(ConfigError, match=r"take --dim 10\d or --max-vocabulary 1\d or --engine cpu$"):
        estimate(corpus, Config(engine="cuda", dim=200))


@(pytest.mark.usefixtures() if choice.cuda_cards() else pytest.mark.slow)  # interpreted it takes long
def test_a_resumed_run_gives_the_bits_of_one_that_never_stopped(small, tmp_path):
    pytest.importorskip("triton")
    import sgns
    from sgns.training.engines.cuda.engine import CudaEngine

    class Stopped(Exception):
        pass

    options = {"engine": "cuda", "dim": 8, "epochs": 1, "window": 2, "validation": 0.1, "quiet": True}
    whole = sgns.train(small, checkpoint=tmp_path / "one.safetensors", **options)
    trained = []
    train_block = CudaEngine.train_block

    def stop_at_the_second(self, epoch, block, *rest):
        if block == 1:
            raise Stopped
        trained.append(block)
        return train_block(self, epoch, block, *rest)

    place = {"checkpoint": tmp_path / "two.safetensors"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CudaEngine, "train_block", stop_at_the_second)
        with pytest.raises(Stopped):
            sgns.train(small, **place, checkpoint_every="1block", **options)
    resumed = sgns.train(small, **place, resume=True, **options)
    assert trained == [0]
    assert np.array_equal(resumed.E, whole.E)
    assert np.array_equal(resumed.C, whole.C)
    assert resumed.metadata["losses"] == whole.metadata["losses"]
    assert resumed.metadata["validation_losses"] == whole.metadata["validation_losses"]
