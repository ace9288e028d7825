"""Vectors with subwords: what they are composed of, questions about unknown words, changes, files."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.base.subwords import Subwords, exact
from sgns.errors import FormatError, ReadOnlyError, UnknownWord
from sgns.vectors import Vectors, convert
from sgns.vectors import subwords as module
from sgns.vectors.subwords import SubwordTable

WORDS = ["river", "rivers", "bank", "日本", "banks", "</s>"]


def made(buckets: int | str = 50, words: list[str] = WORDS, d: int = 4, seed: int = 0) -> Vectors:
    r = np.random.default_rng(seed)
    options = exact(words, np.ones(len(words)), 3, 4, 1) if buckets == "exact" else Subwords(3, 4, buckets)
    table = SubwordTable.of(options, r.normal(size=(len(words), d)), r.normal(size=(options.rows, d)))
    C = r.normal(size=(len(words), d))
    return Vectors(words, table.composed(words), C, np.arange(len(words), 0, -1), {"a": 1}, table)


def defined(v: Vectors, word: str) -> np.ndarray:
    """The vector of a word by its definition, in float64."""
    table = v.subwords
    rows = [table.ngram_rows[row] for row in table.options.rows_of(word)]
    own = [table.word_rows[v.words.index(word)]] if word in v else []
    return np.mean(np.float64([*own, *rows]), axis=0)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("buckets", [50, "exact"])
def test_a_vector_is_the_mean_of_its_own_row_and_its_ngrams(buckets):
    v = made(buckets)
    for word in [*WORDS, "riverbank", "riversbanks"]:
        np.testing.assert_allclose(v[word], defined(v, word), atol=1e-6)
    assert v["</s>"].tolist() == v.subwords.word_rows[5].tolist()


@given(st.lists(st.text(max_size=6), unique=True, max_size=8), st.integers(1, 40))
def test_blocks_change_nothing(words, in_cache):
    words = words or ["a"]
    table = made(words=words).subwords
    whole = table.composed(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "IN_CACHE", in_cache)
        assert np.array_equal(table.composed(words), whole)
        patch.setattr(module, "WORTH_THREADS", 0)
        assert np.array_equal(table.composed(words), whole)


def test_an_unknown_word_is_composed_but_is_not_in_the_vocabulary():
    v = made()
    assert "riverbank" not in v
    assert "riverbank" not in v.index
    assert v.composable(["river", "riverbank", "riverbank", ("a",)]) == ["riverbank"]
    assert v[["river", "riverbank"]].tolist() == [v["river"].tolist(), v["riverbank"].tolist()]
    with pytest.raises(UnknownWord):
        v.id("riverbank")
    assert repr(v) == "<Vectors: 6 words, d = 4, with C and counts and subwords>"
    with pytest.raises(ReadOnlyError):
        v.subwords = None


def test_a_word_of_which_no_ngram_is_known_is_unknown():
    v = made("exact")
    assert v.composable(["xyz", "banx"]) == ["banx"]
    with pytest.raises(UnknownWord, match="not among"):
        v["xyz"]
    with pytest.raises(UnknownWord, match="none of its n-grams"):
        v.subwords.compose("xyz")
    with pytest.raises(UnknownWord, match="did you mean river"):
        Vectors(WORDS, v.E)["riverr"]


def test_every_question_takes_unknown_words():
    v = made()
    u = v["riverbank"]
    nearest = v.most_similar("riverbank", n=6)
    assert nearest == v.most_similar(u, n=6)
    assert [word for word, _ in nearest] == sorted(WORDS, key=lambda word: -cosine(u, v[word]))
    each = v.most_similar_each(["riverbank", "river"], 3)[0]
    assert [word for word, _ in each] == [word for word, _ in nearest[:3]]
    assert dict(each) == pytest.approx(dict(nearest[:3]))
    assert [word for word, _ in v.most_similar_each(["riverbank", "river"], 5)[1]].count("river") == 0
    assert v.similarity("riverbank", "river") == pytest.approx(cosine(u, v["river"]), abs=1e-6)
    assert v.similarity("riverbank", "riverbank") == pytest.approx(1)
    assert v.most_similar(["riverbank", "river"], ["bank"], 3) == v.most_similar([u, "river"], ["bank"], 3)
    added = v.analogy("river", "riverbank", "bank", 6)
    assert {word for word, _ in added} == set(WORDS) - {"river", "bank"}
    scores = dict(v.analogy("river", "riverbank", "bank", 6, method="mul"))
    assert set(scores) == set(WORDS) - {"river", "bank"}
    positive = {word: (1 + cosine(v[word], w)) / 2 for word in ("banks",) for w in [u]}
    x = v["banks"]
    wanted = positive["banks"] * (1 + cosine(x, v["bank"])) / 2 / ((1 + cosine(x, v["river"])) / 2 + 1e-6)
    assert scores["banks"] == pytest.approx(wanted, rel=1e-5)
    rank = 1 + sum(cosine(u, v[word]) > cosine(u, v["bank"]) for word in WORDS)
    assert v.rank_of("riverbank", "bank") == rank
    closer = [word for word, _ in v.closer_than("bank", "riverbank")]
    assert set(closer) == {w for w in WORDS if w != "bank" and cosine(v["bank"], v[w]) > cosine(v["bank"], u)}
    assert {word for word, _ in v.doesnt_match(["river", "riverbank", "bank"])} == {"river", "riverbank", "bank"}


def test_changes_keep_subwords_and_what_words_are_composed_to():
    v = made()
    changed = v.with_rows("river", np.ones(4)).add(["riverbed", "</t>"], np.arange(8).reshape(2, 4))
    changed = changed.merge(Vectors(["bank", "zoo"], np.eye(4)[:2]), "mean").drop("rivers")
    assert changed["river"].tolist() == [1, 1, 1, 1]
    assert changed["zoo"].tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(changed.subwords.composed(changed.words), changed.E, atol=1e-6)
    assert np.array_equal(changed["riverbank"], v["riverbank"])


def test_parts_of_the_words_keep_subwords():
    v = made()
    for part in (v.take(slice(1, 3)), v.select(["rivers", "bank"]), v.restrict(2)):
        np.testing.assert_allclose(part.subwords.composed(part.words), part.E, atol=1e-6)
        assert np.array_equal(part["riverbank"], v["riverbank"])
        assert np.shares_memory(part.subwords.ngram_rows, v.subwords.ngram_rows)


@pytest.mark.parametrize(
    ("change", "call"),
    [
        (lambda v: v.normalized(), "normalized"),
        (lambda v: v.all_but_the_top(1), "all_but_the_top"),
        (lambda v: v.space("C"), "space"),
        (lambda v: v.space("E+C"), "space"),
    ],
)
def test_other_matrices_have_no_subwords_and_say_so(change, call):
    changed = change(made())
    assert changed.subwords is None
    with pytest.raises(UnknownWord, match=f"ask before {call}"):
        changed["riverbank"]
    assert made().space("E").subwords is not None


@pytest.mark.parametrize("buckets", [50, "exact"])
@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".safetensors.gz"])
def test_files_keep_subwords(tmp_path: Path, buckets, ending):
    v = made(buckets)
    v.save(tmp_path / f"v{ending}")
    for w, words in (
        (Vectors.load(tmp_path / f"v{ending}"), WORDS),
        (Vectors.load(tmp_path / f"v{ending}", limit=2), WORDS[:2]),
        (Vectors.load(tmp_path / f"v{ending}", only=["bank", "river"]), ["river", "bank"]),
    ):
        assert w.words == words
        assert w.subwords.options == v.subwords.options
        assert w.subwords.word_rows.tobytes() == v.subwords.take(v.ids(words)).word_rows.tobytes()
        assert w.subwords.ngram_rows.tobytes() == v.subwords.ngram_rows.tobytes()
        assert w["riverbank"].tobytes() == v["riverbank"].tobytes()
        assert w["river"].tobytes() == v["river"].tobytes()


def test_the_own_file_is_mapped(tmp_path: Path):
    words = [f"w{i}" for i in range(2000)]
    made(20_000, words, 100).save(tmp_path / "v.safetensors")
    tracemalloc.start()
    v = Vectors.load(tmp_path / "v.safetensors")
    vector = v["unseen"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6  # the table has 8 MB
    assert not v.subwords.ngram_rows.flags.owndata
    assert vector.shape == (100,)


def test_a_view_of_wider_rows_is_written_as_it_is_seen(tmp_path: Path):
    wide = np.random.default_rng(0).normal(size=(56, 16)).astype(np.float32)
    table = SubwordTable.of(Subwords(3, 4, 50), wide[:6, :4], wide[6:, :4])
    v = Vectors(WORDS, table.composed(WORDS), subwords=table)
    for ending in (".safetensors", ".npz", ".fasttext.bin"):
        v.save(tmp_path / f"v{ending}", on_warning=lambda _: None)
        assert np.array_equal(Vectors.load(tmp_path / f"v{ending}").subwords.ngram_rows, wide[6:, :4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minimum": 0}, "subwords .* are none"),
        ({"buckets": 49}, "n-grams have rows of shape"),
        ({"buckets": "exact"}, "n-grams have rows of shape"),
    ],
)
def test_damaged_headers_are_refused(tmp_path: Path, change, message):
    made().save(tmp_path / "v.safetensors")
    content = (tmp_path / "v.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["subwords"] = json.dumps(json.loads(header["__metadata__"]["subwords"]) | change)
    text = json.dumps(header).encode()
    (tmp_path / "v.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(FormatError, match=message):
        Vectors.load(tmp_path / "v.safetensors")


def test_shapes_that_do_not_agree_are_refused():
    table = made().subwords
    with pytest.raises(FormatError, match="own rows have shape"):
        Vectors(WORDS[:5], np.ones((5, 4)), subwords=table)
    with pytest.raises(FormatError, match="need"):
        SubwordTable.of(Subwords(3, 4, 50), np.ones((6, 4)), np.ones((49, 4)))


@pytest.mark.parametrize("ending", [".bin", ".txt", ".vec", ".glove", ".tsv"])
def test_formats_of_words_alone_drop_subwords_and_say_so(tmp_path: Path, ending):
    made().save(tmp_path / "v.safetensors")
    told = []
    _, left_out = convert(tmp_path / "v.safetensors", tmp_path / f"w{ending}", on_warning=told.append)
    assert "subwords" in left_out
    assert sum("subwords are left out" in message and ".fasttext.bin keep" in message for message in told) == 1
    w = Vectors.load(tmp_path / f"w{ending}")
    assert w.subwords is None
    assert np.array_equal(w.E, made().E)


def test_converting_with_changes_says_that_subwords_are_dropped(tmp_path: Path):
    made().save(tmp_path / "v.safetensors")
    told = []
    _, left_out = convert(tmp_path / "v.safetensors", tmp_path / "w.npz", normalize=True, on_warning=told.append)
    assert left_out == ["subwords"]
    assert any("subwords are left out" in message for message in told)
    told.clear()
    _, left_out = convert(tmp_path / "v.safetensors", tmp_path / "w.npz", restrict=3, on_warning=told.append)
    assert (left_out, told) == ([], [])
