"""The readable model trains for real: it is held to a sequential SGD that takes one pair after the other."""

import math
from bisect import bisect_right

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sgns.reference.word2vec import SGNS, train  # noqa: E402

CLASSES, WORDS = 6, 8  # a sentence of class a is followed, word by word, by the classes a+1, a+2, …


def language(sentences: int, seed: int):
    """Ids, sentence ends and counts of a language whose words fall into CLASSES classes that follow one another."""
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, WORDS + 1)
    frequency /= frequency.sum()
    lengths = rng.integers(1, 14, sentences)
    ids = np.concatenate(
        [(rng.integers(CLASSES) + np.arange(n)) % CLASSES * WORDS + rng.choice(WORDS, n, p=frequency) for n in lengths]
    ).astype(np.int32)
    return ids, np.cumsum(lengths), np.bincount(ids, minlength=CLASSES * WORDS)


def sequential(ids, ends, keep, noise, E, C, window, negatives, epochs, lr, min_lr, rng):
    """word2vec.c, plainly: pair after pair, each with its own negatives. Trains E, C; returns mean losses."""
    losses, seen = np.zeros(epochs), 0
    for epoch in range(epochs):
        loss, pairs, start = 0.0, 0, 0
        for end in ends:
            kept = [i for i in ids[start:end].tolist() if rng.random() < keep[i]]
            rate = lr - (lr - min_lr) * seen / (epochs * len(ids))
            seen += end - start
            start = end
            for at, centre in enumerate(kept):
                reach = rng.integers(1, window + 1)
                for other in range(max(0, at - reach), min(len(kept), at + reach + 1)):
                    if other == at:
                        continue
                    w, step = kept[other], np.zeros(E.shape[1])
                    for j in range(1 + negatives):
                        c = centre if j == 0 else bisect_right(noise, rng.random())
                        if j > 0 and c == centre:
                            continue
                        x, label = float(E[w] @ C[c]), 1.0 if j == 0 else 0.0
                        loss += math.log1p(math.exp(-x if j == 0 else x))
                        error = 1 / (1 + math.exp(-x)) - label
                        step += error * C[c]
                        C[c] -= rate * error * E[w]
                    E[w] -= rate * step
                    pairs += 1
        losses[epoch] = loss / pairs
    return losses


def classes_recovered(E: np.ndarray) -> float:
    """The share of words whose nearest neighbour (cosine) is of their own class."""
    unit = E / np.linalg.norm(E, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -2)
    return float(np.mean(cosine.argmax(1) // WORDS == np.arange(len(E)) // WORDS))


@pytest.mark.slow  # its gradients are held to closed forms in tests/conformance
@pytest.mark.parametrize(("lr", "subsample"), [(0.025, 0.0), (0.1, 2e-3)])
def test_losses_agree_with_sequential_sgd_within_2_percent(lr, subsample):
    ids, ends, counts = language(700, seed=5)
    options = {"window": 2, "negatives": 5, "epochs": 4, "lr": lr, "min_lr": 0.0001}
    ratio = subsample * counts.sum() / counts
    keep = np.minimum(1, np.sqrt(ratio) + ratio) if subsample else np.ones(len(counts))
    noise = np.cumsum(counts**0.75 / np.sum(counts**0.75))
    E, C = np.random.default_rng(3).uniform(-0.5 / 16, 0.5 / 16, (len(counts), 16)), np.zeros((len(counts), 16))
    expected = sequential(ids, ends, keep, noise.tolist(), E, C, *options.values(), np.random.default_rng(3))
    model = SGNS(len(counts), 16, seed=4)
    losses = train(model, ids, ends, counts, seed=9, subsample=subsample, **options)
    np.testing.assert_allclose(losses, expected, rtol=0.02)


def test_recovers_the_classes_of_a_generated_language():
    ids, ends, counts = language(2_000, seed=1)
    model = SGNS(len(counts), 24)
    losses = train(model, ids, ends, counts, window=2, epochs=4, lr=0.05, subsample=0)
    assert losses[-1] < losses[0] < 6 * math.log(2)
    assert classes_recovered(model.E.weight.detach().numpy()) == 1


def test_same_seed_same_vectors_and_another_seed_others():
    ids, ends, counts = language(200, seed=2)
    runs = []
    for seed in (1, 1, 2):
        model = SGNS(len(counts), 8, seed=seed)
        train(model, ids, ends, counts, epochs=1, seed=seed)
        runs.append(model.E.weight.detach().numpy())
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_sparse_and_dense_gradients_learn_the_same():
    ids, ends, counts = language(200, seed=2)
    learnt = []
    for sparse in (True, False):
        model = SGNS(len(counts), 8, sparse=sparse)
        train(model, ids, ends, counts, epochs=2)
        learnt.append(model.E.weight.detach().numpy())
    np.testing.assert_allclose(learnt[0], learnt[1], atol=1e-6)


def test_an_interrupt_keeps_what_was_learnt():
    ids, ends, counts = language(200, seed=2)
    model = SGNS(len(counts), 8)

    def stop(epoch, words, pairs, loss, lr):
        assert 0 <= words < len(ids)
        assert loss == pytest.approx(6 * math.log(2), rel=0.2)
        if words > len(ids) // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(model, ids, ends, counts, on_progress=stop)
    assert model.C.weight.abs().max() > 0


def test_lr_falls_linearly_to_min_lr():
    ids, ends, counts = language(300, seed=2)
    seen = []
    train(SGNS(len(counts), 4), ids, ends, counts, epochs=3, lr=0.1, min_lr=0.01, on_progress=lambda *a: seen.append(a))
    words, rates = np.array([a[1] for a in seen]), np.array([a[4] for a in seen])
    np.testing.assert_allclose(rates, 0.1 - 0.09 * words / (3 * len(ids)))
    assert words[0] == 0 or rates[0] < 0.1
    assert rates[-1] < 0.013


def test_a_corpus_without_pairs_has_no_loss():
    model = SGNS(3, 4)
    losses = train(model, np.array([0, 1, 2], np.int32), np.array([1, 2, 3]), np.array([1, 1, 1]), epochs=2)
    assert np.isnan(losses).all()
    assert model.C.weight.abs().max() == 0


def test_parameter_count_and_first_loss():
    model = SGNS(1000, 50)
    assert model.parameter_count == 2 * 1000 * 50
    assert model.E.weight.abs().max() <= 0.5 / 50
    w, c = torch.arange(1000), torch.arange(1000).flip(0)
    assert torch.equal(model(w, c), torch.zeros(1000))
    model.C.weight.data.normal_()
    expected = np.einsum("nd,nd->n", model.E.weight.detach().numpy(), model.C.weight.detach().numpy()[::-1])
    np.testing.assert_allclose(model(w, c).detach().numpy(), expected, atol=1e-6)
