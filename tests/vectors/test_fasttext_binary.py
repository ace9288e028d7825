"""fastText's own `.bin`: files that fastText 0.9.2 wrote, and gensim in both directions, are the judges.

The `fasttext` package wrote `data/fasttext_*.bin` and the vectors in `data/fasttext_vectors.json`, of words and of
unknown words. Where it is installed, it also reads what is written here.
"""

import json
import struct
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.base.subwords import Subwords, exact
from sgns.errors import FormatError, UnknownWord
from sgns.training.engines.cpu.huffman import HuffmanTree
from sgns.vectors import Vectors
from sgns.vectors.files import formats
from sgns.vectors.files.fasttext_binary import MAGIC
from sgns.vectors.subwords import SubwordTable

DATA = Path(__file__).parent / "data"
FASTTEXT = json.loads((DATA / "fasttext_vectors.json").read_text(encoding="utf-8"))
UNKNOWN = ["riverbank", "naïveté", "日本", "xyz", "a"]
WORDS = ["river", "rivers", "naïve", "日本語", "new york", "bank", "a"]


def quiet(_: str) -> None:
    """What is left out is not what these tests are about."""


def made(minimum: int = 3, maximum: int = 6, buckets: int = 60, metadata: dict | None = None) -> Vectors:
    r = np.random.default_rng(1)
    options = Subwords(minimum, maximum, buckets)
    table = SubwordTable.of(options, r.normal(size=(len(WORDS), 5)), r.normal(size=(buckets, 5)))
    C = r.normal(size=(len(WORDS), 5))
    return Vectors(WORDS, table.composed(WORDS), C, np.array([9, 8, 8, 8, 7, 3, 1]), metadata, table)


def largest_difference(a: np.ndarray, b: object) -> float:
    return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max())


@pytest.mark.parametrize("name", ["skipgram", "cbow_hs", "classifier"])
def test_vectors_are_those_of_fasttext(name):
    v = Vectors.load(DATA / f"fasttext_{name}.bin", on_warning=quiet)
    for word, vector in FASTTEXT[name].items():
        if any(vector):
            assert largest_difference(v[word], vector) < 1e-6
        else:  # fastText has a zero vector for a word without n-grams
            with pytest.raises(UnknownWord, match="not among"):
                v[word]
    assert [word for word in UNKNOWN if word in v] == []
    assert all(len(v.most_similar(word, n=3)) == 3 for word in UNKNOWN if any(FASTTEXT[name][word]))
    assert [word for word in FASTTEXT[name] if word in v and word != "</s>"] == [w for w in v.words if w != "</s>"]


def test_options_are_read_under_the_names_here():
    v = Vectors.load(DATA / "fasttext_skipgram.bin")
    config = v.metadata["config"]
    assert v.metadata["made_by"] == "fastText"
    wanted = {"dim": 4, "window": 5, "epochs": 2, "min_count": 5, "negatives": 5, "subsample": 1e-4}
    assert config == wanted | {"model": "skipgram", "loss": "negatives", "ngrams": "2-4", "buckets": 50}
    assert v.C.shape == v.E.shape
    assert v.counts.sum() > 4800
    other = Vectors.load(DATA / "fasttext_cbow_hs.bin")
    assert (other.metadata["config"]["model"], other.metadata["config"]["loss"]) == ("cbow", "hierarchical")
    assert other.C is None  # the output matrix holds the nodes of a tree
    assert len(other.parts.nodes) == len(other) - 1


def paths_of_fasttext(counts: list[int]) -> list[list[tuple[int, float]]]:
    """The nodes on the path of each word, with their labels: `HierarchicalSoftmaxLoss::buildTree` of fastText 0.9."""
    V = len(counts)
    count = [*counts, *[10**15] * (V - 1)]
    parent, binary = [-1] * (2 * V - 1), [False] * (2 * V - 1)
    leaf, node = V - 1, V
    for i in range(V, 2 * V - 1):
        smallest = [0, 0]
        for j in range(2):
            if leaf >= 0 and count[leaf] < count[node]:
                smallest[j], leaf = leaf, leaf - 1
            else:
                smallest[j], node = node, node + 1
        count[i] = count[smallest[0]] + count[smallest[1]]
        parent[smallest[0]] = parent[smallest[1]] = i
        binary[smallest[1]] = True
    paths = []
    for at in range(V):
        path = []
        while parent[at] != -1:
            path.append((parent[at] - V, 1.0 if binary[at] else -1.0))
            at = parent[at]
        paths.append(path)
    return paths


def test_nodes_of_a_tree_give_the_probabilities_of_fasttext():
    v = Vectors.load(DATA / "fasttext_cbow_hs.bin")
    content = (DATA / "fasttext_cbow_hs.bin").read_bytes()
    theirs = np.frombuffer(content[-4 * len(v) * v.dim :], "<f4").reshape(len(v), v.dim)
    h = np.random.default_rng(0).normal(size=v.dim)
    tree = HuffmanTree.of(v.counts)
    for w, path in enumerate(paths_of_fasttext(v.counts.tolist())):
        steps = slice(tree.starts[w], tree.starts[w + 1])
        signs = 2 * tree.labels[steps] - 1
        ours = np.log1p(np.exp(-signs * (v.parts.nodes[tree.nodes[steps]] @ h))).sum()
        assert ours == pytest.approx(sum(np.log1p(np.exp(-sign * (theirs[node] @ h))) for node, sign in path), rel=1e-6)


def test_a_tree_is_written_as_it_was_read(tmp_path):
    v = Vectors.load(DATA / "fasttext_cbow_hs.bin")
    v.save(tmp_path / "v.fasttext.bin")
    assert (tmp_path / "v.fasttext.bin").read_bytes() == (DATA / "fasttext_cbow_hs.bin").read_bytes()


def test_a_classifier_is_read_without_its_labels():
    told = []
    v = Vectors.load(DATA / "fasttext_classifier.bin", on_warning=told.append)
    assert v.C is None
    assert [message.split(": ", 1)[1] for message in told] == ["a classifier; its 2 labels are left out"]
    assert not [word for word in v.words if word.startswith("__label__")]


def test_written_files_are_those_of_fasttext(tmp_path):
    """What fastText wrote, read and written again, has the same bytes."""
    path = DATA / "fasttext_skipgram.bin"
    Vectors.load(path).save(tmp_path / "v.fasttext.bin")
    assert (tmp_path / "v.fasttext.bin").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("minimum", "maximum"), [(3, 6), (1, 4), (2, 2)])
def test_gensim_reads_what_is_written(tmp_path, minimum, maximum):
    fasttext = pytest.importorskip("gensim.models.fasttext")
    v = made(
        minimum, maximum, metadata={"config": {"model": "skipgram", "loss": "negatives", "window": 7, "epochs": 3}}
    )
    v.save(tmp_path / "v.fasttext.bin")
    theirs = fasttext.load_facebook_vectors(str(tmp_path / "v.fasttext.bin"))
    assert theirs.index_to_key == WORDS
    for word in [*WORDS, *UNKNOWN]:
        assert largest_difference(v[word], theirs[word]) < 1e-6
    model = fasttext.load_facebook_model(str(tmp_path / "v.fasttext.bin"))
    assert (model.sg, model.hs, model.window, model.epochs, model.wv.bucket) == (1, 0, 7, 3, 60)
    assert np.array_equal(model.syn1neg, v.C)
    assert [model.wv.get_vecattr(word, "count") for word in WORDS] == v.counts.tolist()


@pytest.mark.parametrize(("sg", "hs"), [(1, 0), (0, 0), (1, 1)])
def test_what_gensim_writes_is_read(tmp_path, sg, hs):
    fasttext = pytest.importorskip("gensim.models.fasttext")
    texts = [["river", "bank", "naïve", "日本語", "rivers"]] * 20
    options = {"vector_size": 6, "min_count": 1, "bucket": 40, "min_n": 2, "max_n": 4, "epochs": 2, "seed": 1}
    model = fasttext.FastText(texts, sg=sg, hs=hs, negative=0 if hs else 5, workers=1, **options)
    fasttext.save_facebook_model(model, str(tmp_path / "v.bin"))
    v = Vectors.load(tmp_path / "v.bin")
    assert v.words == model.wv.index_to_key
    for word in [*v.words, *UNKNOWN]:
        assert largest_difference(v[word], model.wv[word]) < 1e-6
    assert v.metadata["config"]["model"] == ("skipgram" if sg else "cbow")
    assert v.metadata["config"]["loss"] == ("hierarchical" if hs else "negatives")


def test_the_fasttext_package_reads_what_is_written(tmp_path):
    fasttext = pytest.importorskip("fasttext", reason="the fasttext package is not installed")
    v = made()
    v.save(tmp_path / "v.fasttext.bin")
    theirs = fasttext.load_model(str(tmp_path / "v.fasttext.bin"))
    for word in [*WORDS, *UNKNOWN]:
        assert largest_difference(v[word], theirs.get_word_vector(word)) < 1e-6


def test_the_ending_or_the_format_chooses(tmp_path):
    v = made()
    v.save(tmp_path / "v.fasttext.bin")
    v.save(tmp_path / "other", "fasttext-binary")
    v.save(tmp_path / "v.fasttext.bin.gz")
    with pytest.warns(formats.RepairWarning, match="subwords are left out: format word2vec-binary"):
        v.save(tmp_path / "v.bin")
    assert (tmp_path / "v.fasttext.bin").read_bytes() == (tmp_path / "other").read_bytes()
    for name in ("v.fasttext.bin", "other", "v.fasttext.bin.gz"):
        w = Vectors.load(tmp_path / name)
        assert w.E.tobytes() == v.E.tobytes()
        assert w.subwords.options == v.subwords.options
    assert Vectors.load(tmp_path / "v.bin").subwords is None


def test_vectors_without_subwords_become_a_model_of_words_alone(tmp_path):
    fasttext = pytest.importorskip("gensim.models.fasttext")
    v = Vectors(["b", "a"], np.eye(2), None, [5, 2])
    with pytest.warns(formats.RepairWarning, match="no C"):
        v.save(tmp_path / "v.fasttext.bin")
    theirs = fasttext.load_facebook_vectors(str(tmp_path / "v.fasttext.bin"))
    assert np.array_equal(theirs.vectors, v.E)
    w = Vectors.load(tmp_path / "v.fasttext.bin")
    assert (w.subwords, w.C, w.words, w.counts.tolist()) == (None, None, ["b", "a"], [5, 2])
    with pytest.raises(UnknownWord):
        w["c"]


def test_some_words_alone_are_read(tmp_path):
    v = made()
    v.save(tmp_path / "v.fasttext.bin")
    for w in (
        Vectors.load(tmp_path / "v.fasttext.bin", limit=3),
        Vectors.load(tmp_path / "v.fasttext.bin", only=WORDS[:3]),
    ):
        assert w.words == WORDS[:3]
        assert np.array_equal(w.E, v.E[:3])
        assert np.array_equal(w["riverbank"], v["riverbank"])


def large(path: Path, buckets: int, V: int = 1000, d: int = 300, ngrams: bool = True) -> None:
    """A model of fastText with tables of many rows, zeros that take no place on the disk; words are w0, w1, …."""
    options = struct.pack("<12id", d, 5, 5, 1, 5, 1, 2, 2, buckets, 3 * ngrams, 6 * ngrams, 100, 1e-4)
    entries = b"".join(f"w{i}".encode() + b"\0" + struct.pack("<qb", V - i, 0) for i in range(V))
    start = MAGIC + struct.pack("<i", 12) + options + struct.pack("<3i2q", V, V, 0, V, -1) + entries
    with open(path, "wb") as file:
        file.write(start + struct.pack("<?2q", False, V + buckets, d))
        rows = file.tell()
        for i in range(0, V, 97):
            file.seek(rows + 4 * d * i)
            file.write(np.full(d, i, "<f4"))
        file.seek(rows + 4 * d * (V + buckets))
        file.write(struct.pack("<?2q", False, V, d))
        outputs = file.tell()
        for i in range(0, V, 97):
            file.seek(outputs + 4 * d * i)
            file.write(np.full(d, -i, "<f4"))
        file.truncate(outputs + 4 * d * V)


@pytest.mark.skipif(sys.platform == "win32", reason="files with holes")
@pytest.mark.parametrize(
    ("options", "rows"), [pytest.param({"limit": 98}, 98, marks=pytest.mark.slow), ({"only": ["w97", "w970"]}, 2)]
)
def test_memory_of_a_part_does_not_grow_with_the_tables(tmp_path, options, rows):
    large(tmp_path / "v.bin", 2_000_000)  # a table of 2.4 GB
    tracemalloc.start()
    v = Vectors.load(tmp_path / "v.bin", **options)
    unknown = v["never seen"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6
    assert len(v) == rows
    grams = len(v.subwords.options.rows_of("w97"))
    assert v["w97"] == pytest.approx(97 / (1 + grams))
    assert v.C[v.id("w97")].tolist() == [-97] * 300
    assert v.counts[v.id("w97")] == 903
    assert not unknown.any()


@pytest.mark.skipif(sys.platform == "win32", reason="files with holes")
def test_a_part_of_many_words_reads_no_other_rows(tmp_path):
    large(tmp_path / "v.bin", 0, V=60_000, ngrams=False)  # two matrices of 72 MB
    tracemalloc.start()
    v = Vectors.load(tmp_path / "v.bin", only=["w0", "w97", "w59946"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6
    assert v.E[:, 0].tolist() == [0, 97, 59_946]
    assert v.C[:, 0].tolist() == [0, -97, -59_946]
    assert v.counts.tolist() == [60_000, 59_903, 54]
    assert v.subwords is None


@pytest.mark.parametrize("packing", ["", ".gz"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_part_is_the_whole_with_fewer_rows(tmp_path_factory, packing, data):
    path = tmp_path_factory.getbasetemp() / f"part.fasttext.bin{packing}"
    v = made(buckets=data.draw(st.sampled_from([1, 60])))
    v.save(path)
    whole = Vectors.load(path)
    limit = data.draw(st.none() | st.integers(1, len(WORDS) + 1))
    only = data.draw(st.none() | st.lists(st.sampled_from(WORDS), min_size=1, unique=True))
    kept = [word for word in WORDS[:limit] if only is None or word in only]
    if not kept:
        return
    part, expected = Vectors.load(path, limit=limit, only=only, on_warning=quiet), whole.select(kept)
    assert part.words == kept
    for one, other in ((part.E, expected.E), (part.C, expected.C), (part.counts, expected.counts)):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()
    assert np.array_equal(part.subwords.word_rows, expected.subwords.word_rows)
    assert np.array_equal(part.subwords.ngram_rows, whole.subwords.ngram_rows)
    assert np.array_equal(part["riverbank"], whole["riverbank"])
    part.save(path.with_suffix(".again.fasttext.bin"), on_warning=quiet)
    assert np.array_equal(Vectors.load(path.with_suffix(".again.fasttext.bin"))["riverbank"], whole["riverbank"])


def test_a_part_of_a_classifier_is_counted_without_labels():
    whole = Vectors.load(DATA / "fasttext_classifier.bin", on_warning=quiet)
    part = Vectors.load(DATA / "fasttext_classifier.bin", limit=2, on_warning=quiet)
    assert part.words == whole.words[:2]
    assert np.array_equal(part.E, whole.E[:2])


def test_exact_ngrams_cannot_be_written(tmp_path):
    options = exact(WORDS, np.ones(7), 3, 4, 1)
    table = SubwordTable.of(options, np.ones((7, 2)), np.ones((options.rows, 2)))
    v = Vectors(WORDS, table.composed(WORDS), subwords=table)
    with pytest.raises(FormatError, match=r"buckets=2000000, or save as \.safetensors"):
        v.save(tmp_path / "v.fasttext.bin")
    assert not list(tmp_path.iterdir())


def test_a_word_with_a_nul_cannot_be_written(tmp_path):
    with pytest.raises(FormatError, match="NUL"):
        Vectors(["a\0b"], np.ones((1, 2)), np.ones((1, 2))).save(tmp_path / "v.fasttext.bin")


def test_words_that_are_not_utf8_keep_their_vectors(tmp_path):
    """fastText splits bytes into n-grams, whatever they mean."""
    v = made()
    v.save(tmp_path / "v.fasttext.bin")
    content = (tmp_path / "v.fasttext.bin").read_bytes()
    (tmp_path / "v.fasttext.bin").write_bytes(content.replace("naïve".encode(), b"na\xef\xefve"))
    told = []
    w = Vectors.load(tmp_path / "v.fasttext.bin", on_warning=told.append)
    assert w.words[2] == r"na\xef\xefve"
    assert len(told) == 1
    assert "1 words hold bytes that are no UTF-8" in told[0]
    rows = v.subwords.options.table_of([b"na\xef\xefve"])[1]
    wanted = (v.subwords.word_rows[2] + v.subwords.ngram_rows[rows].sum(axis=0)) / (1 + len(rows))
    assert largest_difference(w.E[2], wanted) < 1e-6


DICTIONARY = 8 + 12 * 4 + 8  # byte at which the dictionary begins


@pytest.mark.parametrize("limit", [None, 2])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c[:4] + struct.pack("<i", 13) + c[8:], "version 13"),
        (lambda c: c[: DICTIONARY + 20] + struct.pack("<q", 3) + c[DICTIONARY + 28 :], r"pruned.*take the \.bin"),
        (lambda c: c.replace(b"\0" + struct.pack("<2q", 67, 5), b"\1" + struct.pack("<2q", 67, 5)), r"\.ftz.*\.bin"),
        (lambda c: c.replace(struct.pack("<2q", 67, 5), struct.pack("<2q", 66, 5)), "the input matrix has shape"),
        (lambda c: c[:-1], "torn at byte"),
        (lambda c: c[: DICTIONARY + 40], "no end of a word|torn"),
        (lambda c: c + b"x", "bytes are left"),
        (lambda c: c[: 8 + 8 * 4] + struct.pack("<3i", 60, 3, 101) + c[8 + 11 * 4 :], "101 characters"),
    ],
)  # fmt: skip
def test_damage_is_named(tmp_path, change, message, limit):
    made().save(tmp_path / "v.fasttext.bin")
    content = (tmp_path / "v.fasttext.bin").read_bytes()
    damaged = change(content)
    assert damaged != content
    (tmp_path / "v.fasttext.bin").write_bytes(damaged)
    with pytest.raises(FormatError, match=message):
        Vectors.load(tmp_path / "v.fasttext.bin", limit=limit)


def test_headers_that_lie_cost_no_memory(tmp_path):
    made().save(tmp_path / "v.fasttext.bin")
    content = (tmp_path / "v.fasttext.bin").read_bytes()
    (tmp_path / "v").write_bytes(content.replace(struct.pack("<2q", 67, 5), struct.pack("<2q", 2**39, 5)))
    tracemalloc.start()
    with pytest.raises(FormatError, match="torn"):
        Vectors.load(tmp_path / "v")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6
