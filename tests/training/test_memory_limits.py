"""A run whose E and C cannot fit is refused before it begins, with values that fit."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sgns
from sgns.base.memory import ADDRESS_SPACE, Available, check_libraries
from sgns.config import Config
from sgns.errors import OutOfMemory
from sgns.text.corpus import Corpus
from sgns.text.vocabulary import Vocabulary
from sgns.training import memory
from sgns.training.engines import matrices
from sgns.training.engines.build import build
from sgns.training.engines.sampling import FIRST_VECTORS, stream_key
from sgns.training.estimate import estimate
from sgns.training.memory import bytes_needed, check_memory
from sgns.training.plan import Plan, Resources

MB = 2**20


def plan_of(V: int, **options: object) -> Plan:
    counts = (10**7 // np.arange(1, V + 1)).astype(np.int64)
    vocabulary = Vocabulary([f"w{i}" for i in range(V)], counts)
    return Plan.of(vocabulary, Config(**options), Resources("cpu", 2))


@pytest.mark.parametrize("deterministic", [False, True])
def test_the_need_is_that_of_the_engine(deterministic: bool) -> None:
    ids = np.arange(4_000, dtype=np.int32) % 500
    corpus = Corpus(ids, np.arange(10, 4_001, 10), Vocabulary([f"w{i}" for i in range(500)], [8] * 500), "", 4_000)
    config = Config(min_count=1, dim=70, deterministic=deterministic)
    engine = build(Plan.of(corpus.vocabulary, config, Resources("cpu", 1)), corpus)
    rows = engine.E.base if engine.E.base is not None and engine.E.base.dtype == np.float32 else engine.E
    assert bytes_needed(500, config) >= engine.E.nbytes + engine.C.nbytes
    assert bytes_needed(500, config) == pytest.approx(2 * engine._rows[0].nbytes, rel=0.001), rows.shape


@pytest.mark.parametrize("bound", [ADDRESS_SPACE, "the memory that is free"])
@pytest.mark.parametrize("options", [{"dim": 10_000}, {"dim": 100}, {"dim": 300, "deterministic": True}])
def test_what_the_error_names_fits(bound: str, options: dict) -> None:
    V, tried = 1_000_000, 0
    plan = plan_of(V, **options)
    check_memory(plan, Available(2**50, bound))
    for available in (Available(size * MB, bound) for size in (100, 300, 600, 900, 2_000, 5_000, 12_000)):
        if bytes_needed(V, plan.config) < available.bytes - 1_000 * MB:
            check_memory(plan, available)
            continue
        if bytes_needed(V, plan.config) > available.bytes:
            with pytest.raises(OutOfMemory) as raised:
                check_memory(plan, available)
            message = str(raised.value)
            assert "\n" not in message
            assert bound in message
            assert "GiB more" in message
            dim, words, least = (
                re.search(rf"--{name} (\d+)", message) for name in ("dim", "max-vocabulary", "min-count")
            )
            if dim:
                check_memory(replace(plan, config=replace(plan.config, dim=int(dim[1]))), available)
            for fewer in [int(words[1])] if words else []:
                check_memory(replace(plan, counts=plan.counts[:fewer]), available)
            for count in [int(least[1])] if least else []:
                check_memory(replace(plan, counts=plan.counts[plan.counts >= count]), available)
            tried += bool(dim) + bool(words) + bool(least)
    assert tried >= 2


def test_python_raises_a_memory_error_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: Available(350 * MB, "the memory that is free"))
    sentences = [[f"w{i}" for i in range(start, start + 10)] for start in range(0, 5_000, 10)]
    with pytest.raises(MemoryError, match=r"5,000 words, dim 10,000, take .* --dim \d+"):
        sgns.train(sentences, dim=10_000, min_count=1, engine="cpu", quiet=True)
    config = Config(dim=10_000, min_count=1, engine="cpu")
    with pytest.raises(OutOfMemory, match="GiB"):
        estimate(Corpus.from_sentences(sentences, config), config)
    assert sgns.train(sentences, dim=16, min_count=1, engine="cpu", sharing="pair", epochs=1, quiet=True).dim == 16


def test_memory_that_the_system_refuses_is_our_error() -> None:
    with pytest.raises(OutOfMemory, match="GiB"):
        matrices.zero_rows(2**45, 2**12)


@pytest.mark.parametrize("dim", [1, 3, 100, 333])
def test_the_first_vectors_do_not_depend_on_the_memory_for_drawing_them(
    dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(int(stream_key(3, FIRST_VECTORS)))
    whole = (rng.random((5_000, dim), dtype=np.float32) - np.float32(0.5)) / np.float32(dim)
    for block in (77, 1_001, 2**22):
        monkeypatch.setattr(matrices, "FIRST_BLOCK", block)
        E = np.zeros((5_000, dim), np.float32)
        matrices.first_vectors(E, dim, 3)
        assert np.array_equal(E, whole)


# --- under a real limit

needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v")


@pytest.fixture(scope="module")
def many_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 words, each at least once."""
    path = tmp_path_factory.mktemp("words") / "text.txt"
    rng = np.random.default_rng(0)
    ids = np.concatenate([np.arange(20_000), np.minimum(rng.zipf(1.15, 100_000), 2**40) % 20_000])
    path.write_text("\n".join(" ".join(f"w{n}" for n in ids[i : i + 20]) for i in range(0, len(ids), 20)))
    return path


def under(limit: int, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command with at most `limit` KiB of addresses."""
    words = [sys.executable, "-m", "sgns", *map(str, arguments)]
    return subprocess.run(
        ["bash", "-c", f'ulimit -v {limit}; exec "$@"', "bash", *words],
        capture_output=True, text=True, timeout=200, cwd=cwd,
        env=os.environ | {"SGNS_CACHE": str(cwd / "cache"), "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip


FEW = ("--epochs", 1, "--engine", "cpu", "--sharing", "pair", "--threads", 2, "--quiet", "-o", "v.safetensors")


def refused_under_a_limit(text: Path, folder: Path) -> list[tuple[str, str]]:
    """The remedies that the command names, and their values."""
    for more in ((), ("--dry-run",)):
        done = under(1_300_000, "train", text, *FEW, "--dim", 10_000, "--min-count", 1, *more, cwd=folder)
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert "ulimit -v" in done.stderr
    remedies = re.findall(r"--(dim|max-vocabulary|min-count) (\d+)", done.stderr)
    assert [name for name, _ in remedies] == ["dim", "max-vocabulary", "min-count"]
    return remedies


@needs_limits
def test_a_run_too_large_for_a_limit_is_refused_with_remedies(many_words: Path, tmp_path: Path) -> None:
    refused_under_a_limit(many_words, tmp_path)


@needs_limits
@pytest.mark.slow
def test_each_remedy_works_under_the_same_limit(many_words: Path, tmp_path: Path) -> None:
    for name, value in refused_under_a_limit(many_words, tmp_path):
        options = {"dim": 10_000, "min-count": 1} | {name: value}
        given = [part for option, n in options.items() for part in (f"--{option}", n)]
        done = under(1_300_000, "train", many_words, *FEW, *given, "--json", cwd=tmp_path)
        assert done.returncode == 0, (name, value, done.stderr)
        assert json.loads(done.stdout)["vocabulary"] > 1


@needs_limits
@pytest.mark.parametrize("limit", [200_000, 300_000, 400_000, 500_000])
def test_a_limit_too_low_for_the_libraries_is_one_line(many_words: Path, tmp_path: Path, limit: int) -> None:
    done = under(limit, "train", many_words, "-o", "v.txt", "--epochs", 1, "--engine", "cpu", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("sgns: ")
    assert "Traceback" not in done.stderr


def test_libraries_are_not_checked_without_a_limit() -> None:
    check_libraries()
