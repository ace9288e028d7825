"""Vectors of texts: the formula of SIF, the common component, honest coverage."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns import Vectors
from sgns.base.subwords import exact
from sgns.errors import ConfigError, FormatError, InputError, TextWarning, UnknownWord
from sgns.vectors import texts, tokens
from sgns.vectors.subwords import SubwordTable

WORDS = [f"w{i}" for i in range(30)]
TEXTS = st.lists(st.lists(st.integers(0, 40).map(lambda i: f"w{i}"), max_size=9), min_size=1, max_size=20)


def random_vectors(seed: int = 0, d: int = 6) -> Vectors:
    generator = np.random.default_rng(seed)
    counts = generator.integers(1, 1000, 30)
    return Vectors(WORDS, generator.normal(1, 1, (30, d)), counts=counts, metadata={"config": {"lowercase": True}})


def by_definition(v: Vectors, words: list[str], a: float | None) -> np.ndarray:
    """The weighted mean of one text, in float64; a is None for the plain mean."""
    known = [word for word in words if word in v]
    total = np.zeros(v.dim)
    for word in known:
        p = v.counts[v.id(word)] / v.counts.sum()
        total += (1 if a is None else a / (a + p)) * v[word].astype(float)
    return total / max(1, len(known))


@given(
    words=TEXTS, a=st.sampled_from([1e-4, 1e-3, 0.1]), step=st.sampled_from([1, 20, 10_000]), at_once=st.integers(1, 5)
)
def test_sif_is_its_formula(words: list[list[str]], a: float, step: int, at_once: int) -> None:
    v = random_vectors()
    with pytest.MonkeyPatch.context() as patch:  # texts that are cut into steps and blocks are added up
        patch.setattr(texts, "IN_CACHE", step)
        patch.setattr(texts, "TEXTS_AT_ONCE", at_once)
        as_strings = [" ".join(text).upper() for text in words]
        for given_texts in (words, as_strings, iter(words)):
            found = v.text_encoder(a=a, components=0).encode(given_texts)
            np.testing.assert_allclose(found.rows, [by_definition(v, text, a) for text in words], atol=2e-6)
            assert found.known.tolist() == [sum(word in v for word in text) for text in words]
            assert found.words.tolist() == [len(text) for text in words]
        plain = v.text_encoder("mean", components=0).encode(words)
        np.testing.assert_allclose(plain.rows, [by_definition(v, text, None) for text in words], atol=2e-6)
    assert found.rows.dtype == np.float32


@pytest.mark.parametrize("components", [1, 3])
def test_the_common_component_is_that_of_a_singular_value_decomposition(components: int) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    v, generator = random_vectors(), np.random.default_rng(1)
    some = [" ".join(generator.choice(WORDS, 5)) for _ in range(200)]
    others = [" ".join(generator.choice(WORDS, 5)) for _ in range(40)]
    plain, other = v.encode(some), v.encode(others)
    judge = decomposition.TruncatedSVD(components, algorithm="arpack").fit(plain.astype(float)).components_
    encoder = v.text_encoder(components=components).fit(some)
    np.testing.assert_allclose(encoder.transform(some), plain - plain @ judge.T @ judge, atol=1e-5)
    np.testing.assert_allclose(encoder.transform(others), other - other @ judge.T @ judge, atol=1e-5)
    np.testing.assert_array_equal(v.encode(some, components=components), encoder.transform(some))
    assert np.abs(v.encode(others, components=components) - encoder.transform(others)).max() > 1e-3
    again = pickle.loads(pickle.dumps(encoder))  # a pipeline may be stored
    np.testing.assert_array_equal(again.transform(others), encoder.transform(others))


def with_ngrams(dim: int = 5, lowercase: bool = True) -> Vectors:
    """Words with n-grams; those of "xyz" have no row, since n-grams are exact."""
    r, words = np.random.default_rng(3), ["river", "bank", "money"]
    options = exact([*words, "rivers"], np.ones(4), 3, 4, 1)
    table = SubwordTable.of(options, r.normal(size=(3, dim)), r.normal(size=(options.rows, dim)))
    metadata = {"config": {"lowercase": lowercase}}
    return Vectors(words, table.composed(words), counts=np.array([7, 2, 1]), metadata=metadata, subwords=table)


@pytest.mark.parametrize("at_once", [1, 2, 9])
def test_unknown_words_are_composed_of_their_ngrams(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(texts, "TEXTS_AT_ONCE", at_once)
    v, given_texts = with_ngrams(), ["the River rivers", "rivers", "xyz", ["bank", "Rivers", "xyz"], ""]
    rivers = v["rivers"].astype(float)
    river, bank = (v[word] * 1e-3 / (1e-3 + p) for word, p in (("river", 0.7), ("bank", 0.2)))
    zero = np.zeros(5)
    wanted = [(river + rivers) / 2, rivers, zero, (bank + rivers) / 2, zero]
    encoder = v.text_encoder(components=0, unknown="compose")
    for _ in range(2):  # the second time from what is remembered
        found = encoder.encode(given_texts)
        np.testing.assert_allclose(found.rows, wanted, atol=1e-6)
        assert found.words.tolist() == [3, 1, 1, 3, 0]
        assert found.known.tolist() == [2, 1, 0, 2, 0]
        assert found.composed.tolist() == [1, 1, 0, 1, 0]
        assert found.empty.tolist() == [2, 4]
    again = pickle.loads(pickle.dumps(encoder)).encode(given_texts)
    np.testing.assert_array_equal(again.rows, found.rows)
    skipped = v.text_encoder(components=0).encode(given_texts)
    np.testing.assert_allclose(skipped.rows, [river, zero, zero, bank, zero], atol=1e-6)
    assert skipped.composed.tolist() == [0] * 5
    np.testing.assert_allclose(v.encode(["rivers"], unknown="compose", weights="mean")[0], rivers, atol=1e-6)
    np.testing.assert_allclose(v.centroid("River, rivers", unknown="compose"), (v["river"] + rivers) / 2, atol=1e-6)
    assert v.similarity(v.centroid("rivers", unknown="compose"), "rivers") == pytest.approx(1)
    with pytest.raises(UnknownWord, match="none of the 1 words"):
        v.centroid("rivers")
    with pytest.raises(UnknownWord, match="none of the 2 words"):
        v.centroid("xyz zyx", unknown="compose")


def test_composed_vectors_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_COMPOSED", 0)
    monkeypatch.setattr(texts, "TEXTS_AT_ONCE", 1)
    v = with_ngrams()
    found = v.encode(["rivers bank", "bank", "bank rivers"], unknown="compose")
    np.testing.assert_allclose(found[0], found[2], atol=1e-7)


def test_words_are_composed_in_the_case_of_training() -> None:
    upper, lower = with_ngrams(lowercase=False), with_ngrams()
    assert upper.encode(["RIVERS", ["RIVERS"]], unknown="compose", on_warning=lambda _: None).any() == False  # noqa: E712
    assert lower.encode(["RIVERS", ["RIVERS"]], unknown="compose").any(axis=1).all()


def test_nothing_to_compose_of() -> None:
    with pytest.raises(ConfigError, match=r"no subwords; train with ngrams 3-6, or take unknown skip"):
        random_vectors().encode(["w1"], unknown="compose")
    with pytest.raises(ConfigError, match="normalized leaves them out"):
        with_ngrams().normalized().centroid("rivers", unknown="compose")
    with pytest.raises(ConfigError, match="choose one of skip, compose"):
        with_ngrams().text_encoder(unknown="zero")  # type: ignore[arg-type]


def test_one_text_gives_the_same_row_alone_and_among_others() -> None:
    v = random_vectors()
    encoder = v.text_encoder().fit(["w1 w2", "w3 w4 w5", "w6"])
    rows = encoder.transform(["w7 w8", "w9 w9 w1", "w2"])
    for i, text in enumerate(["w7 w8", "w9 w9 w1", "w2"]):
        np.testing.assert_array_equal(encoder.transform([text])[0], rows[i])


def test_in_a_pipeline_of_scikit_learn() -> None:
    pipeline = pytest.importorskip("sklearn.pipeline")
    linear = pytest.importorskip("sklearn.linear_model")
    v = random_vectors()
    labels = [i % 2 for i in range(30)]
    made = pipeline.make_pipeline(v.text_encoder(), linear.LogisticRegression(C=1e6, max_iter=10_000))
    assert made.fit(WORDS, labels).score(WORDS, labels) > 0.6


@pytest.mark.parametrize("components", [0, 1])
def test_a_text_without_known_words_is_a_zero_row_and_said(components: int) -> None:
    v = random_vectors()
    with pytest.warns(
        TextWarning, match=r"2 of 3 texts have no known word \(first: text 2\); their rows are zero"
    ) as said:
        rows = v.encode(["w1 w2", "nothing", ""], components=components)
    assert said[0].filename == __file__
    assert rows[1:].any() == False  # noqa: E712
    assert np.isfinite(rows).all()
    heard: list[str] = []
    v.encode(["none"], on_warning=heard.append)
    assert heard == ["1 of 1 texts have no known word (first: text 1); their rows are zero"]
    found = v.text_encoder(components=0).encode(["w1 none", "no"])
    assert (found.coverage, found.empty.tolist()) == (1 / 3, [1])


def test_no_texts_at_all() -> None:
    v = random_vectors()
    assert v.encode([]).shape == (0, 6)
    found = v.text_encoder(components=0).encode([])
    assert (found.coverage, len(found.empty)) == (0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "tfidf"}, "weights is 'tfidf'; choose one of sif, mean"),
        ({"a": 0.0}, "a is 0.0, not a number from 1e-12 to 1e12; 0.001 is usual"),
        ({"a": float("nan")}, "a is nan"),
        ({"a": 1e-300}, "a is 1e-300"),
        ({"a": "1"}, "a is '1', not a number"),
        ({"a": None}, "a is None"),
        ({"a": 10**400}, "a is 1000"),
        ({"components": 1.5}, "components is 1.5, outside 0 to 6"),
        ({"components": "1"}, "components is '1', outside"),
        ({"components": None}, "components is None, outside"),
        ({"components": 7}, "components is 7, outside 0 to 6; 1 is usual"),
        ({"components": -1}, "components is -1, outside"),
    ],
)
def test_options_out_of_range(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        random_vectors().encode(["w1"], **options)


def test_what_is_missing_is_named_and_the_remedy_works() -> None:
    v = random_vectors()
    bare = Vectors(v.words, v.E)
    with pytest.raises(ConfigError, match="needs the counts of words, and these vectors have none; take mean"):
        bare.encode(["w1"])
    np.testing.assert_allclose(bare.encode(["w1 w2"], weights="mean")[0], v.centroid("w1 w2"), rtol=1e-6)
    with pytest.raises(ConfigError, match=r"call fit\(texts\), or take components=0"):
        v.text_encoder().transform(["w1"])
    with pytest.raises(InputError, match="none of the 2 texts has a known word"):
        v.text_encoder().fit(["x", "y"])
    for one in ("w1 w2", b"w1", 7):
        with pytest.raises(InputError, match="give a list of texts"):
            v.encode(one)  # type: ignore[arg-type]
    assert v.encode(["w1 w2"]).shape == (1, 6)


def test_a_row_that_is_not_finite_is_an_error_only_where_it_is_used() -> None:
    v = random_vectors()
    E = v.E.copy()
    E[3, 2] = np.nan
    broken = Vectors(v.words, E, counts=v.counts)
    assert np.isfinite(broken.encode(["w1 w2"])).all()
    with pytest.raises(FormatError, match="not finite"):
        broken.encode(["w1", "w3"])


@pytest.mark.parametrize("size", [1e25, 3e38])
@pytest.mark.parametrize("components", [0, 1])
def test_rows_too_large_for_components_are_an_error(size: float, components: int) -> None:
    """They were NumPy's LinAlgError, also where no components were looked for."""
    v = random_vectors()
    large = Vectors(v.words, np.full(v.E.shape, size), counts=v.counts)
    if components or size == 3e38:
        with pytest.raises(FormatError, match="not finite"):
            large.encode(["w1 w2 w3", "w4"], components=components, weights="mean")
    else:
        assert np.isfinite(large.encode(["w1 w2 w3", "w4"], weights="mean")).all()
