"""On the same samples, the plain definitions of `models`, central differences and the readable models agree.

Central differences know nothing of gradients, and PyTorch's autograd nothing of the formulas. Kernels are held to the
same definitions beside their own tests.
"""

import math
from itertools import pairwise

import models
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import Sample, Tree

V, EXTRA, DIM = 12, 9, 5
COUNTS = [40, 31, 30, 17, 9, 9, 8, 5, 2, 2, 2, 1]
TREE = models.huffman(COUNTS)
NGRAMS = [[V + (3 * w + i * i) % EXTRA for i in range(w % 4)] for w in range(V - 1)] + [[V + 2, V + 2, V + 5]]
SAMPLES = {
    "plain": [Sample([1, 2, 3], 5, [6, 7, 8])],
    "one input": [Sample([1], 5, [6, 7])],
    "the window has words twice": [Sample([1, 2, 1, 1, 2, 11], 5, [6, 7])],
    "the centre is in its window": [Sample([5, 1], 5, [5, 1, 6])],
    "negatives: c+, and one twice": [Sample([1, 2], 5, [5, 6, 6, 5, 7])],
    "all negatives are c+": [Sample([1, 2], 5, [5, 5])],
    "samples share rows": [Sample([1, 2], 5, [6, 1]), Sample([2, 5], 1, [6, 5]), Sample([1], 2, [])],
    "weighted negatives": [Sample([1, 2, 3], 5, [6, 7, 7, 8], 0.625)],
    "a sample without inputs": [Sample([], 5, [6]), Sample([0], 11, [0])],
}
MODELS = {  # name -> loss and gradients of E, C and samples
    "skip-gram": models.skipgram,
    "cbow, mean": models.cbow,
    "cbow, sum": lambda E, C, s: models.cbow(E, C, s, "sum"),
    "subwords skip-gram": lambda E, C, s: models.subword_skipgram(E, C, s, NGRAMS),
    "subwords cbow, mean": lambda E, C, s: models.subword_cbow(E, C, s, NGRAMS),
    "subwords cbow, sum": lambda E, C, s: models.subword_cbow(E, C, s, NGRAMS, "sum"),
    "hierarchical skip-gram": lambda E, C, s: models.hierarchical_skipgram(E, C, s, TREE),
    "hierarchical cbow, mean": lambda E, C, s: models.hierarchical_cbow(E, C, s, TREE),
    "hierarchical cbow, sum": lambda E, C, s: models.hierarchical_cbow(E, C, s, TREE, "sum"),
    "hierarchical subwords": lambda E, C, s: models.hierarchical_subword_skipgram(E, C, s, NGRAMS, TREE),
    "dbow": lambda E, C, s: models.dbow(E, C, of_documents(s, window=False)),
    "dm, mean": lambda E, C, s: models.dm(E, C, of_documents(s)),
    "dm, sum": lambda E, C, s: models.dm(E, C, of_documents(s), "sum"),
}


def of_documents(samples, window=True):
    """The same samples with documents as inputs, one of them of two."""
    return [
        Sample(
            [*(s.inputs if window else ()), *range(V + i, V + i + 1 + i % 2)], s.centre, s.negatives, s.negative_weight
        )
        for i, s in enumerate(samples)
    ]


def vectors(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(V + EXTRA, DIM)), rng.normal(size=(V, DIM))


@pytest.mark.parametrize("case", SAMPLES)
@pytest.mark.parametrize("model", MODELS)
def test_closed_form_equals_central_differences(model, case):
    loss_and_gradients, samples = MODELS[model], SAMPLES[case]
    E, C = vectors()
    _, *gradients = loss_and_gradients(E, C, samples)
    h = 1e-3
    for matrix, gradient in zip((E, C), gradients, strict=True):
        differences = np.empty_like(matrix)
        for index in np.ndindex(matrix.shape):
            before, loss = matrix[index], {}
            for step in (-2, -1, 1, 2):
                matrix[index] = before + step * h
                loss[step] = loss_and_gradients(E, C, samples)[0]
            matrix[index] = before
            differences[index] = (8 * (loss[1] - loss[-1]) - (loss[2] - loss[-2])) / (12 * h)  # error of order h⁴
        np.testing.assert_allclose(gradient, differences, atol=1e-9)


@pytest.mark.parametrize("case", SAMPLES)
@pytest.mark.parametrize("model", MODELS)
def test_closed_form_equals_autograd_of_the_readable_model(model, case):
    torch = pytest.importorskip("torch")
    E, C = vectors()
    samples = of_documents(SAMPLES[case], model != "dbow") if model.startswith("d") else SAMPLES[case]
    if any(s.negative_weight != 1 for s in samples) and "hierarchical" not in model:
        pytest.skip("the readable models have k negatives of weight 1")
    readable = readable_model(model).double()
    with torch.no_grad():
        readable.E.weight[:], readable.C.weight[:] = torch.from_numpy(E), torch.from_numpy(C)
    loss = sum(readable.loss(batch) for batch in batches(samples, one_by_one="cbow" not in model and model[:2] != "dm"))
    loss.backward()
    expected, dE, dC = MODELS[model](E, C, SAMPLES[case])
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(readable.E.weight.grad, dE, atol=1e-13)
    np.testing.assert_allclose(readable.C.weight.grad, dC, atol=1e-13)


def readable_model(name):
    from sgns.reference.cbow import CBOW
    from sgns.reference.hierarchical import HierarchicalSoftmax
    from sgns.reference.subwords import SubwordEmbedding

    combine = "sum" if "sum" in name else "mean"
    options = {"documents": EXTRA, "combine": combine, "sparse": False}
    made = HierarchicalSoftmax(COUNTS, DIM, **options) if "hierarchical" in name else CBOW(V, DIM, **options)
    if "subwords" in name:
        made.E = SubwordEmbedding([[row - V for row in rows] for rows in NGRAMS], EXTRA, DIM, sparse=False)
        made.E.weight.grad = None
    return made


def batches(samples, one_by_one):
    """Each sample as a batch of the readable models; with `one_by_one`, each of its inputs is a sample of its own."""
    import torch

    from sgns.reference.windows import Samples

    for s in samples:
        if not s.inputs:
            continue
        n = len(s.inputs) if one_by_one else 1
        number = range(n) if one_by_one else [0] * len(s.inputs)
        yield Samples(
            torch.tensor(s.inputs),
            torch.tensor(number),
            torch.full((n,), s.centre),
            torch.tensor([s.negatives] * n, dtype=torch.int64).reshape(n, -1),
            0,
        )


@pytest.mark.parametrize("case", ["plain", "negatives: c+, and one twice", "samples share rows"])
def test_the_skipgram_of_the_lesson_is_the_same(case):
    """`SGNS`, on pairs and labels, with n-grams and without."""
    torch = pytest.importorskip("torch")
    from sgns.reference.subwords import SubwordEmbedding
    from sgns.reference.word2vec import SGNS

    E, C = vectors()
    pairs = [
        (w, c, label)
        for s in SAMPLES[case]
        for w in s.inputs
        for c, label in [(s.centre, 1.0), *((c, 0.0) for c in s.negatives if c != s.centre)]
    ]
    w, c, label = (torch.tensor(column) for column in zip(*pairs, strict=True))
    for subwords in (False, True):
        model = SGNS(V, DIM, sparse=False)
        if subwords:
            model.E = SubwordEmbedding([[row - V for row in rows] for rows in NGRAMS], EXTRA, DIM, sparse=False)
        model = model.double()
        with torch.no_grad():
            model.E.weight[:], model.C.weight[:] = torch.from_numpy(E[: len(model.E.weight)]), torch.from_numpy(C)
        loss = torch.nn.BCEWithLogitsLoss(reduction="sum")(model(w, c), label.double())
        loss.backward()
        expected, dE, dC = MODELS["subwords skip-gram" if subwords else "skip-gram"](E, C, SAMPLES[case])
        assert loss.item() == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(model.E.weight.grad, dE[: len(model.E.weight)], atol=1e-13)
        np.testing.assert_allclose(model.C.weight.grad, dC, atol=1e-13)


def test_each_row_of_a_window_gets_its_part_of_the_gradient():
    """Not the whole of it, as in word2vec.c: one row m times has the gradient of one input with that row."""
    E, C = vectors()
    once, dE, dC = models.cbow(E, C, [Sample([3], 5, [6, 7])])
    many, dE_many, dC_many = models.cbow(E, C, [Sample([3] * 4, 5, [6, 7])])
    assert many == pytest.approx(once)
    np.testing.assert_allclose(dE_many, dE)
    np.testing.assert_allclose(dC_many, dC)
    _, dE_two, _ = models.cbow(E, C, [Sample([3, 4], 5, [6, 7])])
    np.testing.assert_allclose(dE_two[3], dE_two[4])
    _, dE_sum, _ = models.cbow(np.vstack([E[:3], E[3:5] / 2, E[5:]]), C, [Sample([3, 4], 5, [6, 7])], "sum")
    np.testing.assert_allclose(dE_sum[3], 2 * dE_two[3])  # the same h, but each row is in it with weight 1


def test_the_definitions_by_hand():
    E, C = np.array([[1.0], [3.0], [0.0]]), np.array([[2.0], [-1.0], [0.0]])
    loss, dE, dC = models.cbow(E, C, [Sample([0, 1], 0, [1, 0])])  # h = 2, scores 4 and −2; the other is c+
    assert loss == pytest.approx(math.log(1 + math.exp(-4)) + math.log(1 + math.exp(-2)))
    p, n = 1 / (1 + math.exp(-4)), 1 / (1 + math.exp(2))
    np.testing.assert_allclose(dC.ravel(), [2 * (p - 1), 2 * n, 0])
    np.testing.assert_allclose(dE.ravel(), [(2 * (p - 1) - n) / 2] * 2 + [0])
    tree = Tree([[0], [0, 1], [0, 1]], [[1], [0, 0], [0, 1]])
    loss, dE, dC = models.hierarchical_skipgram(E, C, [Sample([0], 1)], tree)  # scores 2 and −1, both with code 0
    assert loss == pytest.approx(math.log(1 + math.exp(-2)) + math.log(1 + math.exp(1)))


falling = st.lists(st.integers(1, 30), min_size=1, max_size=40).map(lambda counts: sorted(counts, reverse=True))


@given(falling)
def test_the_tree_is_huffmans(counts):
    """Its codes are distinct, no word's is the beginning of another's, and no tree has a shorter mean path."""
    import heapq

    tree = models.huffman(counts)
    codes = ["".join(map(str, code)) for code in tree.codes]
    for a, b in pairwise(sorted(codes)):
        assert not b.startswith(a) or len(counts) == 1
    assert [len(path) for path in tree.paths] == [len(code) for code in tree.codes]
    assert sorted({node for path in tree.paths for node in path}) == list(range(len(counts) - 1))
    heap, cost = list(counts), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        cost += joined
        heapq.heappush(heap, joined)
    assert sum(n * len(code) for n, code in zip(counts, codes)) == cost


@given(falling)
def test_the_readable_tree_is_the_plain_one(counts):
    pytest.importorskip("torch")
    from sgns.reference.hierarchical import huffman_tree

    tree = models.huffman(counts)
    assert huffman_tree(counts) == (tree.paths, tree.codes)


@given(falling, st.integers(0, 99))
def test_probabilities_of_all_words_add_up_to_1(counts, seed):
    rng = np.random.default_rng(seed)
    E, C = rng.normal(size=(1, 3)), rng.normal(size=(len(counts), 3))
    tree = models.huffman(counts)
    losses = [models.hierarchical_skipgram(E, C, [Sample([0], c)], tree)[0] for c in range(len(counts))]
    assert np.exp(-np.array(losses)).sum() == pytest.approx(1)
