"""Ids that are integers: trained on as they are, and given back as they were."""

import random

import numpy as np
import pytest

import sgns
from sgns.cli import make_app, run
from sgns.errors import InputError, UnknownWord

OPTIONS = {"dim": 8, "epochs": 2, "min_count": 1, "threads": 1, "quiet": True, "engine": "cpu", "subsample": 0}
DRAWN = random.Random(0)
IDS = [[DRAWN.randrange(20) * DRAWN.choice([1, 1, -1]) for _ in range(12)] for _ in range(200)]
KINDS = {
    "int": IDS,
    "numpy rows": np.array(IDS),
    "numpy integers": [list(np.array(row, dtype=np.int32)) for row in IDS],
    "arrays": [np.array(row, dtype=np.int64) for row in IDS],
    "tuples": (tuple(row) for row in IDS),
}


@pytest.fixture(scope="module")
def vectors():
    return sgns.train(IDS, **OPTIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_integer_trains_as_its_text_does(kind):
    trained = sgns.train(KINDS[kind], **OPTIONS)
    texts = sgns.train([[str(word) for word in row] for row in IDS], **OPTIONS)
    assert [type(word) for word in trained.words] == [int] * len(trained)
    assert [str(word) for word in trained.words] == texts.words
    assert np.array_equal(trained.E, texts.E)
    assert type(texts.words[0]) is str


def test_ids_come_back_as_they_went_in(vectors):
    assert set(vectors.words) == {word for row in IDS for word in row}
    for word in (1, np.int64(1), "1"):
        assert word in vectors
        answers = vectors.most_similar(word, n=5)
        assert len(answers) == 5
        assert all(type(answer) is int for answer, _ in answers)
        assert 1 not in dict(answers)
        assert vectors.id(word) == vectors.words.index(1)
        assert np.array_equal(vectors[word], vectors.E[vectors.id(word)])
    assert np.array_equal(vectors[[1, 2]], vectors.E[vectors.ids([1, 2])])
    assert vectors.most_similar([1, 2], [3], n=3) == vectors.analogy(3, 1, 2, n=3)
    assert [type(word) for word, _ in vectors.analogy(3, 1, 2, method="mul")] == [int] * 10
    assert {word for word, _ in vectors.doesnt_match([1, 2, 3])} == {1, 2, 3}
    assert vectors.similarity(1, 2) == pytest.approx(vectors.similarity("1", "2"))
    assert [[type(word) for word, _ in row] for row in vectors.most_similar_each([1, 2], 2)] == [[int, int]] * 2
    assert vectors.rank_of(1, vectors.most_similar(1)[0][0]) == 1
    assert list(vectors) == vectors.words
    assert vectors.index[1] == vectors.id(1)
    with pytest.raises(UnknownWord, match="'99' is not among"):
        vectors.most_similar(99)
    assert True not in vectors


def test_vectors_from_vectors_keep_them(vectors):
    assert vectors.select([1, 2]).words == [1, 2]
    assert vectors.restrict(3).words == vectors.words[:3]
    assert 1 not in vectors.drop(1).words
    assert vectors.add(1000, np.ones(8)).words[-1] == 1000
    assert vectors.with_rows([1], np.ones((1, 8)))[1].tolist() == [1] * 8
    assert vectors.normalized().words == vectors.words
    merged = vectors.drop([1, 2]).merge(vectors.select([1, 2]))
    assert set(merged.words) == set(vectors.words)
    assert vectors.with_text_words().words == [str(word) for word in vectors.words]
    assert vectors.centroid([1, 2]) == pytest.approx((vectors[1] + vectors[2]) / 2)


@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".bin", ".txt", ".vec", ".glove", ".tsv"])
def test_files_of_ours_keep_integers_and_the_others_hold_text(vectors, tmp_path, ending):
    path = tmp_path / f"v{ending}"
    vectors.save(path)
    loaded = sgns.load(path)
    kept = ending in (".safetensors", ".npz")
    assert loaded.words == (vectors.words if kept else [str(word) for word in vectors.words])
    assert np.allclose(loaded["1"], vectors[1], atol=1e-6)


def test_mixed_ids():
    rows = [[1, "apple", 2], ["apple", 1, "user-7"], [2, "007", 1]] * 100
    vectors = sgns.train(rows, **OPTIONS)
    assert set(vectors.words) == {1, 2, "apple", "user-7", "007"}
    assert {word for word, _ in vectors.most_similar("apple", n=4)} == {1, 2, "user-7", "007"}


@pytest.mark.parametrize("rows", [[[1, "1"]], [["1", 2]], [[2], ["1"]], [["a", "-5"], [3]]])
def test_a_number_and_a_string_that_would_be_the_same_word(rows):
    with pytest.raises(InputError, match="would be the same word"):
        sgns.train(rows * 20, **OPTIONS)
    made = [[str(word) for word in words] for words in rows * 20]
    assert sgns.Corpus.from_sentences(made, sgns.Config(min_count=1)).tokens  # the remedy


@pytest.mark.parametrize("token", [1.5, True, np.float64(2), np.bool_(True)])
def test_other_numbers_are_no_ids(token):
    with pytest.raises(InputError, match=r"no string.*str\(word\)"):
        sgns.train([[1, token, 3]] * 20, **OPTIONS)


def test_the_command_reads_them(vectors, tmp_path, capsys):
    vectors.save(tmp_path / "v.safetensors")
    for arguments in (
        ["similar", "v", "1", "--json"],
        ["info", "v"],
        ["odd", "v", "1", "2", "3"],
        ["ask", "v", "1 + 2"],
    ):
        where = [str(tmp_path / "v.safetensors") if word == "v" else word for word in arguments]
        assert run(make_app(), where) == 0
    assert capsys.readouterr().err == ""


def test_early_stopping_sees_them():
    seen = []

    def see(epoch, loss, validation_loss, vectors):
        seen.append(vectors.most_similar(1)[0][0])

    sgns.train(IDS, **OPTIONS, on_epoch=see)
    assert [type(word) for word in seen] == [int, int]


def test_tables_hold_them(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(f'{{"ids": {row}}}\n' for row in IDS))
    assert type(sgns.train(tmp_path / "a.jsonl", column="ids", **OPTIONS).words[0]) is int


def test_what_measures_and_draws_vectors_takes_them(vectors, tmp_path):
    from sgns import evaluation, figures

    (tmp_path / "pairs.txt").write_text("".join(f"{i} {i + 1} {i % 7}\n" for i in range(12)))
    assert evaluation.evaluate_similarity(vectors, tmp_path / "pairs.txt") is not None
    assert figures.draw_picture(vectors, tmp_path / "p.png").path.exists()
    assert figures.make_map([vectors], tmp_path / "m.html").path.exists()
    assert figures.analyse(vectors, None, tmp_path / "a.tsv").text()
