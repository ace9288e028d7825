"""gensim as the peer: the same answers on the same vectors, and each reads what the other writes."""

from pathlib import Path

import numpy as np
import pytest

from sgns.vectors import Vectors

gensim = pytest.importorskip("gensim")
from gensim.models import KeyedVectors  # noqa: E402

V, D = 2000, 25


@pytest.fixture(scope="module")
def pair() -> tuple[Vectors, "KeyedVectors"]:
    generator = np.random.default_rng(7)
    E = (generator.normal(size=(V, 8)) @ generator.normal(size=(8, D)) + 0.3 * generator.normal(size=(V, D))).astype(
        "f4"
    )
    words = [f"w{i}" for i in range(V - 3)] + ["naïve", "東京", "don't"]
    peer = KeyedVectors(D)
    peer.add_vectors(words, E)
    return Vectors(words, E), peer


def same(ours: list[tuple[str, float]], theirs: list[tuple[str, float]]) -> None:
    np.testing.assert_allclose([s for _, s in ours], [s for _, s in theirs], rtol=2e-5, atol=2e-6)
    swaps = [(a, b) for (a, _), (b, _) in zip(ours, theirs) if a != b]
    assert len(swaps) in (0, 2), swaps  # at most two neighbours whose scores are level to rounding


def test_500_questions_by_3cosadd_and_3cosmul(pair: tuple[Vectors, "KeyedVectors"]) -> None:
    v, peer = pair
    generator = np.random.default_rng(0)
    for _ in range(500):
        a, b, c = (v.words[i] for i in generator.choice(V, 3, replace=False))
        same(v.analogy(a, b, c, n=5), peer.most_similar(positive=[b, c], negative=[a], topn=5))
        same(v.analogy(a, b, c, n=5, method="mul"), peer.most_similar_cosmul(positive=[b, c], negative=[a], topn=5))


def test_similar_odd_rank_and_closer(pair: tuple[Vectors, "KeyedVectors"]) -> None:
    v, peer = pair
    generator = np.random.default_rng(1)
    for _ in range(50):
        chosen = [v.words[i] for i in generator.choice(V, 4, replace=False)]
        same(v.most_similar(chosen[0], n=10), peer.most_similar(chosen[0], topn=10))
        same(v.most_similar(chosen[:2], chosen[2:], n=10), peer.most_similar(chosen[:2], chosen[2:], topn=10))
        assert v.doesnt_match(chosen)[0][0] == peer.doesnt_match(chosen)
        assert v.rank_of(chosen[0], chosen[1]) == peer.rank(chosen[0], chosen[1])
        assert {w for w, _ in v.closer_than(*chosen[:2])} == set(peer.closer_than(*chosen[:2]))
        assert v.similarity(*chosen[:2]) == pytest.approx(float(peer.similarity(*chosen[:2])), abs=1e-6)


@pytest.mark.parametrize("ending", [".bin", ".txt", ".bin.gz", ".txt.gz", "headless.txt"])
def test_what_gensim_writes_we_read_to_the_same_numbers(
    pair: tuple[Vectors, "KeyedVectors"], tmp_path: Path, ending: str
) -> None:
    _, peer = pair
    path = str(tmp_path / f"v{ending}")
    peer.save_word2vec_format(path, binary=".bin" in ending, write_header="headless" not in ending)
    ours = Vectors.load(path)
    assert ours.words == peer.index_to_key
    assert np.array_equal(ours.E, peer.vectors)
    assert np.array_equal(ours.E, KeyedVectors.load_word2vec_format(
        path, binary=".bin" in ending, no_header="headless" in ending).vectors)  # fmt: skip


@pytest.mark.parametrize("ending", [".bin", ".txt", ".vec", ".glove", ".bin.gz", ".txt.gz"])
def test_what_we_write_gensim_reads_to_the_same_numbers(
    pair: tuple[Vectors, "KeyedVectors"], tmp_path: Path, ending: str
) -> None:
    v, _ = pair
    path = tmp_path / f"v{ending}"
    v.save(path)
    theirs = KeyedVectors.load_word2vec_format(str(path), binary=".bin" in ending, no_header=ending == ".glove")
    assert theirs.index_to_key == v.words
    assert np.array_equal(theirs.vectors, v.E)


def test_gensims_tensorboard_files_are_read(pair: tuple[Vectors, "KeyedVectors"], tmp_path: Path) -> None:
    from gensim.scripts.word2vec2tensor import word2vec2tensor

    v, peer = pair
    peer.save_word2vec_format(str(tmp_path / "v.txt"))
    word2vec2tensor(str(tmp_path / "v.txt"), str(tmp_path / "board"))
    ours = Vectors.load(tmp_path / "board_tensor.tsv")
    assert ours.words == v.words
    np.testing.assert_allclose(ours.E, v.E, rtol=1e-6)
