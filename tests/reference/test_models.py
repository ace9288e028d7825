"""CBOW, subwords, hierarchical softmax and documents: samples by hand and by laws, and what the models learn."""

import functools
import math
from collections import Counter

import numpy as np
import pytest
from grammar import classes_recovered, sentences
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sgns.base.subwords import Subwords  # noqa: E402
from sgns.reference.cbow import CBOW, train  # noqa: E402
from sgns.reference.data import get_positive_samples, get_windows  # noqa: E402
from sgns.reference.documents import document_rows, infer, one_each  # noqa: E402
from sgns.reference.hierarchical import HierarchicalSoftmax, huffman_tree  # noqa: E402
from sgns.reference.subwords import SubwordEmbedding, ngram_hash, ngram_rows, ngrams  # noqa: E402
from sgns.reference.windows import Documents, rows_and_centres, window_batches  # noqa: E402
from sgns.reference.word2vec import SGNS  # noqa: E402
from sgns.reference.word2vec import train as train_skipgram  # noqa: E402

texts = st.lists(st.sampled_from("abcde"), max_size=12)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


@given(texts, st.integers(1, 5))
def test_a_window_holds_the_pairs_of_its_centre(text, window):
    windows = get_windows(text, window, list("abcde"))
    pairs = Counter((w, centre) for inputs, centre in windows for w in inputs)
    assert pairs == Counter(get_positive_samples(text, window, list("abcde")))
    assert [centre for _, centre in windows] == (text if len(text) > 1 else [])


def samples_of(model, text, window, documents=None, start=0, stop=None):
    """Counts samples (rows in order, c+) that `rows_and_centres` makes of one sentence with whole windows."""
    kept = torch.tensor([ord(x) for x in text], dtype=torch.int64)
    rows, sample, c = rows_and_centres(
        model,
        kept,
        torch.zeros(len(text), dtype=torch.int64),
        torch.full((len(text),), window),
        window,
        start,
        len(text) if stop is None else stop,
        documents,
        1000,
    )
    return Counter((tuple(sorted(rows[sample == i].tolist())), chr(c[i])) for i in range(len(c)))


@given(texts, st.integers(1, 5), st.integers(0, 12))
def test_tensors_hold_the_same_windows_as_words(text, window, cut):
    expected = Counter((tuple(sorted(map(ord, inputs))), c) for inputs, c in get_windows(text, window, list("abcde")))
    cut = min(cut, len(text))
    assert samples_of("cbow", text, window) == expected
    assert samples_of("cbow", text, window, stop=cut) + samples_of("cbow", text, window, start=cut) == expected
    pairs = Counter(((ord(w),), c) for w, c in get_positive_samples(text, window, list("abcde")))
    assert samples_of("skipgram", text, window) == pairs


@given(texts, st.integers(1, 5), st.integers(1, 3))
def test_documents_are_inputs_alone_or_beside_the_window(text, window, tags):
    documents = Documents(torch.tensor([0, tags]), torch.arange(tags))
    rows = tuple(range(1000, 1000 + tags))
    assert samples_of("dbow", text, window, documents) == Counter(((row,), c) for row in rows for c in text)
    around = {i: text[max(0, i - window) : i] + text[i + 1 : i + 1 + window] for i in range(len(text))}
    assert samples_of("dm", text, window, documents) == Counter(
        (tuple(sorted([*map(ord, around[i]), *rows])), c) for i, c in enumerate(text)
    )


def test_a_sentence_has_its_own_documents():
    documents = Documents(torch.tensor([0, 2, 2, 3]), torch.tensor([7, 8, 9]))
    which, document = documents.of(torch.tensor([2, 1, 0, 2]))
    assert list(zip(which.tolist(), document.tolist())) == [(0, 9), (2, 7), (2, 8), (3, 9)]


@pytest.mark.parametrize("model", ["skipgram", "cbow", "dbow", "dm"])
def test_an_epoch_has_every_sample_once(model):
    _, ids, ends, counts = language(300)
    options = {"window": 3, "shrink_windows": False, "negatives": 4, "subsample": 0.0, "noise_power": 0.75}
    documents = one_each(len(ends)) if model[0] == "d" else None
    got, before = Counter(), 0
    for batch in window_batches(
        ids,
        ends,
        torch.from_numpy(counts),
        model=model,
        batch_size=50,
        rng=torch.Generator().manual_seed(1),
        documents=documents,
        block=170,
        **options,
    ):
        n = len(batch.c_positive)
        assert n <= 50
        assert batch.c_negative.shape == (n, 4)
        assert (batch.sample.diff() >= 0).all()
        assert set(batch.sample.tolist()) == set(range(n))
        assert before <= batch.words < len(ids)
        before = batch.words
        got.update((tuple(sorted(batch.rows[batch.sample == i].tolist())), int(batch.c_positive[i])) for i in range(n))
    expected = Counter()
    for number, sentence in enumerate(np.split(ids, ends[:-1])):
        for i, c in enumerate(sentence.tolist()):
            inputs = [*sentence[max(0, i - 3) : i].tolist(), *sentence[i + 1 : i + 4].tolist()]
            row = len(counts) + number
            rows = {"skipgram": [[w] for w in inputs], "cbow": [inputs], "dbow": [[row]], "dm": [[*inputs, row]]}[model]
            expected.update((tuple(sorted(some)), c) for some in rows if some)
    assert got == expected


def test_ngrams_by_hand():
    assert ngrams("where", 3, 3) == ["<wh", "whe", "her", "ere", "re>"]
    assert ngrams("aa", 1, 2) == ["<a", "a", "aa", "a", "a>"]
    assert ngrams("日本", 2, 4) == ["<日", "<日本", "<日本>", "日本", "日本>", "本>"]
    assert ngrams("a", 5, 6) == []


def test_the_hash_is_that_of_gensim():
    hashes = pytest.importorskip("gensim.models.fasttext_inner")
    for word in ("where", "größer", "日本語", "a", "😀"):
        assert hashes.compute_ngrams_bytes(word, 2, 4) == [ngram.encode() for ngram in ngrams(word, 2, 4)]
        for ngram in ngrams(word, 2, 4):
            assert hashes.ft_hash_bytes(ngram.encode()) == ngram_hash(ngram)


@given(words, st.integers(1, 4), st.integers(0, 3))
def test_the_rows_are_those_of_training(word, shortest, more):
    expected = Subwords(shortest, shortest + more, 1000).rows_of(word)
    assert ngram_rows(word, shortest, shortest + more, 1000) == expected.tolist()


def test_a_word_is_the_mean_of_its_rows():
    embedding = SubwordEmbedding([[0, 2, 2], [], [1]], 3, 4)
    E = embedding.weight.detach()
    got = embedding(torch.tensor([2, 0, 1, 0])).detach()
    by_hand = [(E[2] + E[4]) / 2, (E[0] + E[3] + 2 * E[5]) / 4, E[1], (E[0] + E[3] + 2 * E[5]) / 4]
    torch.testing.assert_close(got, torch.stack(by_hand))
    torch.testing.assert_close(embedding.compose([0, 2]).detach(), (E[3] + E[5]) / 2)
    assert embedding.compose([]).tolist() == [0] * 4


def test_the_last_two_rarest_words_share_the_longest_path():
    paths, codes = huffman_tree([4, 2, 1])
    assert (paths, codes) == ([[0], [0, 1], [0, 1]], [[1], [0, 1], [0, 0]])
    assert huffman_tree([3]) == ([[]], [[]])


def test_probabilities_add_up_to_1_and_begin_at_their_path():
    counts = np.array([9, 7, 4, 4, 2, 1])
    model = HierarchicalSoftmax(counts, 8)
    rows, c = torch.tensor([3] * 6), torch.arange(6)
    lengths = torch.tensor([float(len(path)) for path in huffman_tree(counts.tolist())[0]])
    torch.testing.assert_close(-model.log_probability(rows, c, c) / math.log(2), lengths)
    model.C.weight.data.normal_()
    assert float(model.log_probability(rows, c, c).exp().sum().detach()) == pytest.approx(1, abs=1e-6)


OPTIONS = {"window": 3, "epochs": 2, "subsample": 0.0}


@functools.cache
def language(n=3_000):
    """Words, ids, sentence ends and counts of the grammar's sentences; the most frequent word is 0."""
    text = sentences(n, seed=1)
    counts = Counter(word for sentence in text for word in sentence)
    found = [word for word, _ in counts.most_common()]
    number = {word: i for i, word in enumerate(found)}
    ids = np.array([number[word] for sentence in text for word in sentence], np.int32)
    return found, ids, np.cumsum([*map(len, text)]), np.array([counts[word] for word in found])


@pytest.mark.slow  # test_train.py asks it of skip-gram, gradients of the rest are held to closed forms
@pytest.mark.parametrize(
    ("samples", "tree"),
    [
        ("cbow", True),
        ("skipgram", False),  # by its own loop: test_train.py
        ("cbow", False),
        ("skipgram", True),
    ],
)
def test_the_classes_of_a_language_are_found(samples, tree):
    found, ids, ends, counts = language()
    model = HierarchicalSoftmax(counts, 16) if tree else CBOW(len(counts), 16)
    losses = train(model, ids, ends, counts, samples=samples, lr=0.1 if samples == "cbow" else 0.05, **OPTIONS)
    assert losses[-1] < losses[0]
    assert classes_recovered(found, model.E.weight.detach().numpy()) >= 0.95


@pytest.mark.slow  # that both have the same gradients is a quick test, in tests/conformance/test_models.py
def test_samples_of_one_row_are_skipgram():
    """`cbow.train` on pairs and `word2vec.train` draw their samples otherwise and learn the same."""
    _, ids, ends, counts = language()
    options = OPTIONS | {"lr": 0.05}
    here = train(CBOW(len(counts), 16), ids, ends, counts, samples="skipgram", **options)
    there = train_skipgram(SGNS(len(counts), 16), ids, ends, counts, **options)
    np.testing.assert_allclose(here, there, rtol=0.02)


@pytest.mark.slow
def test_the_hierarchical_loss_is_the_mean_of_minus_log_p():
    _, ids, ends, counts = language(600)
    model = HierarchicalSoftmax(counts, 16)
    options = OPTIONS | {"epochs": 5, "shrink_windows": False}
    losses = train(model, ids, ends, counts, samples="skipgram", lr=0.05, **options)
    pairs = Counter()
    for sentence in np.split(ids, ends[:-1]):
        pairs.update(get_positive_samples(sentence.tolist(), 3, list(range(len(counts)))))
    w, c = (torch.tensor(column) for column in zip(*pairs, strict=True))
    log_p = model.log_probability(w, torch.arange(len(w)), c).detach()
    mean = -float((log_p * torch.tensor(list(pairs.values()))).sum()) / pairs.total()
    assert losses[-1] == pytest.approx(mean, rel=0.02)
    assert losses[-1] < -np.sum(counts / len(ids) * np.log(counts / len(ids)))  # it knows more than the counts


def test_an_unseen_form_is_composed_beside_its_stem():
    """Four stems, each with four endings and words that go with it; the fifth ending is in no word of the text."""
    rng = np.random.default_rng(1)
    stems, endings = ["mondrel", "takkosh", "virpuna", "sebgohi"], ["", "en", "ast", "ing"]
    forms = [stem + ending for stem in stems for ending in endings]
    others = [f"{stem[0]}{i}" for stem in stems for i in range(4)]
    stem = rng.integers(4, size=1_000)
    form, before, after = (4 * stem + rng.integers(4, size=1_000) for _ in range(3))
    ids = np.column_stack([16 + before, form, 16 + after]).ravel().astype(np.int32)
    model = SGNS(32, 16, seed=2)
    model.E = SubwordEmbedding([ngram_rows(word, 3, 6, 500) for word in forms + others], 500, 16)
    train_skipgram(model, ids, np.arange(3, 3_001, 3), np.bincount(ids), window=2, lr=0.05, subsample=0.0, epochs=3)
    known = model.E(torch.arange(16)).detach()
    for number, word in enumerate(stems):
        unseen = model.E.compose(ngram_rows(word + "ur", 3, 6, 500)).detach()
        assert int(torch.cosine_similarity(known, unseen[None]).argmax()) // 4 == number


@pytest.mark.slow  # so do those of the fast engine, in tests/training/test_infer.py
@pytest.mark.parametrize("samples", ["dbow", "dm"])
def test_documents_of_a_topic_are_neighbours_and_a_new_text_joins_them(samples):
    rng = np.random.default_rng(3)
    topics = np.repeat([0, 1, 2], 6)

    def text(topic):  # between two words of a topic stands one that all topics have
        return np.column_stack([10 * topic + rng.integers(10, size=30), rng.integers(30, 40, 30)]).ravel().astype("i")

    texts = [text(topic) for topic in topics]
    ids, ends = np.concatenate(texts), np.cumsum([len(text) for text in texts])
    counts = np.bincount(ids, minlength=40)
    model = CBOW(40, 8, documents=len(texts))
    train(
        model,
        ids,
        ends,
        counts,
        samples=samples,
        documents=one_each(len(texts)),
        window=1,
        epochs=40,
        lr=0.1,
        subsample=0.0,
    )
    D = document_rows(model, 40).numpy()
    unit = D / np.linalg.norm(D, axis=1, keepdims=True)
    cosines = unit @ unit.T - 2 * np.eye(len(D))
    assert np.mean(topics[cosines.argmax(1)] == topics) >= 0.9
    before = model.E.weight.detach().clone()
    unseen, options = text(1), {"samples": samples, "epochs": 40, "lr": 0.1, "window": 1}
    new = infer(model, unseen, counts, **options)
    assert torch.equal(new, infer(model, unseen, counts, **options))
    assert torch.equal(model.E.weight, before)
    assert topics[np.argmax(unit @ new.numpy())] == 1


def test_nothing_to_learn_from_has_no_loss():
    ids, ends, counts = np.array([0, 1, 2], np.int32), np.array([1, 2, 3]), np.array([1, 1, 1])
    model = CBOW(3, 4)
    assert np.isnan(train(model, ids, ends, counts, epochs=2)).all()
    assert model.C.weight.abs().max() == 0


def test_one_word_has_an_empty_tree():
    model = HierarchicalSoftmax(np.array([5]), 4)
    assert train(model, np.zeros(5, np.int32), np.array([5]), np.array([5]), epochs=1, subsample=0.0) == [0.0]
