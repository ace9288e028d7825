"""Training beyond what fits: tokens behind 2^31, one endless sentence, texts larger than memory."""

import json
import subprocess
import sys

import numpy as np
import pytest

import sgns
from sgns import Config, Corpus
from sgns.errors import InputError
from sgns.training.engines.cpu.deterministic import DeterministicEngine
from sgns.training.engines.cpu.engine import CpuEngine


@pytest.mark.parametrize("kind", [CpuEngine, DeterministicEngine])
@pytest.mark.parametrize("sharing", ["tile", "window", "pair"])
def test_tokens_behind_two_to_the_31(tmp_path, kind, sharing):
    """A file of 8.6 GB that is almost all hole: the last block is trained on, with the words that are there."""
    n, tail = 2**31 + 100_000, 4_000
    ids = np.memmap(tmp_path / "ids", np.int32, "w+", shape=(n,))
    ids[-tail:] = 1 + np.arange(tail) % 3
    more = {"counts": np.array([n - tail, 1334, 1333, 1333])} if kind is DeterministicEngine else {}
    ends = np.array([n - tail, n])
    engine = kind(ids, ends, np.ones(4), np.full(4, 0.25), Config(dim=8, sharing=sharing), **more)
    before = engine.E.copy()
    sums = engine.train_block(0, 53_690, n - tail, n, 0.05)
    assert sums.centres == tail
    assert 5 * tail < sums.pairs < 7 * tail
    assert (engine.E[1:] != before[1:]).any(axis=1).all()
    assert (engine.E[0] == before[0]).all()


@pytest.mark.slow  # tables of 6 GB
def test_rows_behind_two_to_the_31_bytes():
    """E of 3 GB: the last rows move, the first do not. Pages that nobody touches are not there."""
    V = 3 * 2**30 // (528 * 4)
    ids = (V - 1 - np.arange(2_000) % 5).astype(np.int32)
    keep, noise = np.ones(V), np.zeros(V)
    noise[-5:] = 0.2
    from sgns.training.engines.cpu import engine as cpu

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "first_vectors", lambda E, dim, seed: E[-5:, :dim].fill(0.1))
        engine = CpuEngine(ids, np.array([2_000]), keep, noise, Config(dim=500, window=2))
    engine.train_block(0, 0, 0, 2_000, 0.05)
    assert (engine.C[-5:, :500] != 0).all()
    assert (engine.E[-5:, :500] != np.float32(0.1)).all()
    assert (engine.C[:1000] == 0).all()


@pytest.mark.slow
def test_one_sentence_of_ten_million_tokens_is_trained_whole():
    words = [f"w{i}" for i in range(50)]
    corpus = Corpus.from_sentences([words * 200_000], Config())
    assert corpus.sentences == 1
    # Eight centres share a reach: the pairs of an epoch have a standard deviation of 3.7e-4, those of 64 of 4.6e-5.
    meta = sgns.train(corpus, epochs=64, dim=16, subsample=0.0, window=3, quiet=True).metadata
    # reach is 1, 2 or 3 on both sides, 2 on average; only the two ends of the sentence have fewer
    assert meta["words"] == 64 * 10_000_000
    assert meta["pairs"] == pytest.approx(64 * 2 * 2 * 10_000_000, rel=2e-4)


@pytest.mark.slow
def test_ten_million_sentences_of_one_word_are_refused_in_a_line(tmp_path):
    path = tmp_path / "short.txt"
    path.write_bytes(b"one\ntwo\nthree\nfour\nfive\n" * 2_000_000)
    with pytest.raises(InputError, match="all 10000000 sentences have a single word"):
        sgns.train(path, quiet=True)


CAPPED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
import sgns
meta = sgns.train({path!r}, epochs=1, dim=50, quiet=True, max_vocabulary=100_000).metadata
print(json.dumps({{"words": meta["words"], "losses": meta["losses"]}}))
"""


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mappings on Linux only")
def test_two_gigabytes_are_trained_in_one(tmp_path):
    rng = np.random.default_rng(1)
    block = " ".join(f"w{n}" for n in rng.zipf(1.2, 4_000_000) % 1_000_000).encode()
    path = tmp_path / "large.txt"
    copies = 2_000_000_000 // len(block) + 1
    with path.open("wb") as file:
        for _ in range(copies):
            file.write(block + b"\n")
    code = CAPPED.format(path=str(path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=3_500)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["words"] > 3_000_000 * copies
    assert np.isfinite(report["losses"]).all()
