"""Whether the card computes what is meant: one batch against NumPy in float64, and the same bits twice."""

from dataclasses import replace
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.training.engines.cuda.engine import CudaEngine, Tuning

V, N, WINDOW, K = 300, 700, 5, 5


def engine_with(dim: int, tuning: Tuning) -> CudaEngine:
    """An engine on random tokens, with E and C as in the middle of training."""
    rng = np.random.default_rng(dim)
    ids = (rng.random(N) ** 2 * V).astype(np.int32)
    counts = np.bincount(ids, minlength=V) + 1
    noise = counts**0.75 / (counts**0.75).sum()
    ends = np.append(np.arange(13, N, 13), N)
    config = Config(dim=dim, window=WINDOW, negatives=K, engine="cuda")
    engine = CudaEngine(ids, ends, np.full(V, 0.8), noise, config, counts=counts, tuning=tuning)
    for table in (engine.E, engine.C):
        table[:, :dim] = rng.normal(0, 1 / np.sqrt(dim), (V, dim))
    return engine


def expected(engine: CudaEngine, seen: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, float]:
    """∂loss/∂E, ∂loss/∂C and the loss of a batch's samples, pair by pair in float64."""
    kept, noise = seen["kept"], seen["noise"].reshape(-1, engine._noise_count)
    words, sentences, reaches = (t.cpu().numpy() for t in (kept.words, kept.sentences, kept.reaches))
    E, C = engine.E.astype(float), engine.C.astype(float)
    dE, dC, total = np.zeros_like(E), np.zeros_like(C), 0.0
    for c in range(kept.first, kept.last):
        z = noise[(c - kept.first) // engine._centres]
        z = z[z != words[c]]
        others = np.append(words[c], z)
        label = np.arange(len(others)) == 0
        weight = np.where(label, 1.0, K / engine._noise_count)
        for i in range(max(0, c - reaches[c]), min(kept.n, c + reaches[c] + 1)):
            if i != c and sentences[i] == sentences[c]:
                score = C[others] @ E[words[i]]
                error = weight * (1 / (1 + np.exp(-score)) - label)
                total += float(np.sum(weight * np.logaddexp(0, np.where(label, -score, score))))
                dE[words[i]] += error @ C[others]
                np.add.at(dC, others, error[:, None] * E[words[i]])
    return dE, dC, total


def check(tuning: Tuning, dims: tuple[int, ...]) -> dict[str, Any]:
    """Relative errors of the gradient and the loss at several dims, and whether two runs give the same bits."""
    found: dict[str, Any] = {}
    for dim in dims:
        engine = engine_with(dim, replace(tuning, damping=0.0, batch=100_000))
        seen: dict[str, Any] = {}
        train_batch = engine._train_batch

        def watch(kept: Any, *rest: Any, train_batch: Any = train_batch, seen: dict[str, Any] = seen) -> None:
            train_batch(kept, *rest)
            seen.update(kept=kept, noise=rest[6].cpu().numpy())

        engine._train_batch = watch  # type: ignore[method-assign]
        before = engine.E.copy(), engine.C.copy()
        sums = engine.train_block(0, 9, 0, N, 1.0)
        engine.sync()
        after = engine.E.copy(), engine.C.copy()
        engine.E[:], engine.C[:] = before
        *gradients, loss = expected(engine, seen)
        for name, old, new, g in zip("EC", before, after, gradients, strict=True):
            found[f"error of {name}, d={dim}"] = float(np.linalg.norm(new - old + g) / np.linalg.norm(g))
        found[f"error of the loss, d={dim}"] = abs(sums.loss - loss) / loss
    bits = []
    for _ in range(2):
        engine = engine_with(dims[0], replace(tuning, batch=250))
        for block in range(2):
            engine.train_block(0, block, block * 350, block * 350 + 350, 0.1)
        engine.sync()
        bits.append(engine.E.tobytes() + engine.C.tobytes())
    found["same bits twice"] = bits[0] == bits[1]
    errors = [figure for name, figure in found.items() if name.startswith("error")]
    found["passed"] = bool(all(error < 2e-3 for error in errors) and found["same bits twice"])
    return found
