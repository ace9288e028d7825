"""The file of the map, without a browser; test_map_in_browser.py opens it."""

import base64
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sgns.base.geometry import unit
from sgns.errors import ConfigError, InputError, OutputError
from sgns.figures.colouring import NO_COLOUR
from sgns.figures.map import make_map, quantise
from sgns.vectors.vectors import Vectors


def data_of(path):
    text = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.S
    )
    return json.loads(text[1])


def vectors_of(path, number=0):
    """What the page carries for neighbours: high, low and scales, as arrays."""
    html = path.read_text(encoding="utf-8")
    kinds = {"high": "<i2", "low": np.uint8, "scales": "<f4"}
    found = {name: re.search(rf'id="{name}-{number}">(.*?)</script>', html) for name in kinds}
    return [np.frombuffer(base64.b64decode(found[name][1]), kind) for name, kind in kinds.items()]


@settings(deadline=None)
@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.floats(-1, 1)))
def test_quantised_rows_are_as_good_as_float32(X):
    high, low, scales = quantise(X)
    back = (256 * high.astype(np.int64) + low) * scales[:, None].astype(np.float64)
    assert (np.abs(back - X) <= np.abs(X).max(axis=1, keepdims=True) * 2.0**-22 + 1e-37).all()


def test_neighbours_of_carried_vectors_are_exact(make_vectors, tmp_path):
    vectors = make_vectors(filler=2000, dim=50)
    make_map([vectors], tmp_path / "m.html")
    model = data_of(tmp_path / "m.html")["models"][0]
    high, low, scales = vectors_of(tmp_path / "m.html")
    high, low = high.reshape(-1, 50), low.reshape(-1, 50)
    X = unit((256 * high.astype(np.int64) + low) * scales[:, None].astype(np.float64), np.float64)
    for i in range(0, len(vectors), 50):
        scores = X @ X[i]
        scores[i] = -2
        best = np.argsort(-scores, kind="stable")[:10]
        expected = vectors.most_similar(model["words"][i], n=10)
        assert [model["words"][j] for j in best] == [word for word, _ in expected]
        np.testing.assert_allclose(scores[best], [cosine for _, cosine in expected], atol=1e-6)


def test_the_file_asks_for_nothing(vectors, tmp_path):
    make_map([vectors], tmp_path / "m.html")
    html = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", html)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\s*\(", html)
    assert "default-src 'none'" in html


def test_words_cannot_break_out_of_the_page(tmp_path):
    words = ["</script><script>alert(1)</script>", "<!--", "{{SCRIPT}}", '"', "\\", "\u2028", "words"]
    make_map([Vectors(words, np.eye(7))], tmp_path / "m.html")
    html = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert data_of(tmp_path / "m.html")["models"][0]["words"] == words
    assert "alert(1)</script>" not in html


def test_the_most_frequent_words(vectors, tmp_path):
    made = make_map([vectors], tmp_path / "m.html", words=10)
    assert made.words == [10]
    assert data_of(tmp_path / "m.html")["models"][0]["words"] == vectors.words[:10]
    assert made.bytes == (tmp_path / "m.html").stat().st_size


def test_two_models_share_colours_and_lie_alike(vectors, tmp_path):
    order = np.random.default_rng(0).permutation(len(vectors))
    other = Vectors([vectors.words[i] for i in order], -vectors.E[order])
    make_map([vectors, other], tmp_path / "m.html", names=["one", "two"])
    a, b = data_of(tmp_path / "m.html")["models"]
    assert (a["name"], b["name"]) == ("one", "two")
    xy = [np.frombuffer(base64.b64decode(m["xy"]), "<f4").reshape(-1, 2) for m in (a, b)]
    of = [base64.b64decode(m["colourings"][0]["of"]) for m in (a, b)]
    for i, word in enumerate(a["words"]):
        j = b["words"].index(word)
        np.testing.assert_allclose(xy[0][i], xy[1][j], atol=0.05)
        assert of[0][i] == of[1][j]


def test_colours_of_a_file(vectors, groups, tmp_path):
    (tmp_path / "groups.txt").write_text("fruit: apple pear nosuch\ncolour: red\n")
    make_map([vectors], tmp_path / "m.html", colour=str(tmp_path / "groups.txt"))
    data = data_of(tmp_path / "m.html")
    first = data["models"][0]["colourings"][0]
    assert data["colour"] == "file"
    assert first["names"] == ["fruit", "colour"]
    of = base64.b64decode(first["of"])
    assert [of[vectors.id(w)] for w in ("apple", "pear", "red", "dog")] == [0, 0, 1, NO_COLOUR]


@pytest.mark.parametrize(
    ("content", "message"), [("apple pear", "0 groups"), ("x: nosuch", "none of its words"), (None, "No such file")]
)
def test_files_without_use(vectors, tmp_path, content, message):
    if content is not None:
        (tmp_path / "g.txt").write_text(content)
    with pytest.raises(InputError, match=message):
        make_map([vectors], tmp_path / "m.html", colour=str(tmp_path / "g.txt"))
    assert not (tmp_path / "m.html").exists()


def test_errors(vectors, tmp_path):
    with pytest.raises(OutputError, match=r"use \.html"):
        make_map([vectors], tmp_path / "m.txt")
    with pytest.raises(ConfigError, match="words is 1"):
        make_map([vectors], tmp_path / "m.html", words=1)
    with pytest.raises(ConfigError, match="3 models"):
        make_map([vectors] * 3, tmp_path / "m.html")
    with pytest.raises(ConfigError, match="tsne"):
        make_map([vectors], tmp_path / "m.html", projection="tsne")
