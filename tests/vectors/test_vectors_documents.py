"""Vectors of documents: questions about them, what keeps and what drops them, and the files that hold them."""

import warnings

import numpy as np
import pytest

import sgns
from sgns import Vectors
from sgns.errors import ConfigError, FormatError, ReadOnlyError, UnknownWord
from sgns.vectors.files.selection import Selection

WORDS, TAGS = ["a", "b", "c"], ["0", "x y", "7", "a"]


@pytest.fixture
def vectors():
    draw = np.random.default_rng(0)
    documents = Vectors(TAGS, draw.normal(size=(4, 5)))
    return Vectors(
        WORDS, draw.normal(size=(3, 5)), draw.normal(size=(3, 5)), [3, 2, 1], {"about": "x"}, documents=documents
    )


def same(one, other):
    assert other.documents.words == one.documents.words
    assert np.array_equal(other.documents.E, one.documents.E)


def test_documents_answer_as_words_do(vectors):
    documents = vectors.documents
    unit = documents.E / np.linalg.norm(documents.E, axis=1, keepdims=True)
    [(tag, cosine)] = documents.most_similar("7", n=1)
    cosines = unit @ unit[2]
    cosines[2] = -2
    assert tag == TAGS[int(np.argmax(cosines))]
    assert cosine == pytest.approx(cosines.max(), abs=1e-6)
    assert documents is vectors.documents, "lengths of rows are computed once"


def test_words_near_a_document_and_documents_near_a_word(vectors):
    E, D = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True) for matrix in (vectors.E, vectors.documents.E))
    assert vectors.most_similar(vectors.documents["x y"], n=1)[0][0] == WORDS[int(np.argmax(E @ D[1]))]
    assert vectors.documents.most_similar(vectors["b"], n=1)[0][0] == TAGS[int(np.argmax(D @ E[1]))]


def test_a_number_finds_the_tag_of_its_digits(vectors):
    documents = vectors.documents
    assert np.array_equal(documents[7], documents["7"])
    assert 0 in documents
    assert [tag for tag, _ in documents.most_similar(7, n=3)] == [tag for tag, _ in documents.most_similar("7", n=3)]
    assert all(isinstance(tag, str) for tag in documents.words)
    with pytest.raises(UnknownWord):
        documents["8"]


def test_a_tag_may_be_a_word(vectors):
    assert not np.array_equal(vectors["a"], vectors.documents["a"])
    assert "x y" not in vectors


def test_vectors_without_documents_have_none(vectors):
    assert Vectors(WORDS, vectors.E).documents is None
    assert "4 documents" in repr(vectors)
    with pytest.raises(ReadOnlyError):
        vectors.documents = None


def test_documents_of_another_dimension_are_refused(vectors):
    with pytest.raises(FormatError, match="documents have 2 columns, E 5"):
        Vectors(WORDS, vectors.E, documents=Vectors(["x"], np.ones((1, 2))))


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.take(slice(0, 1)), lambda v: v.restrict(2), lambda v: v.select(["b"]), lambda v: v.drop("a"),
        lambda v: v.with_rows("a", np.ones(5)), lambda v: v.add("d", np.ones(5)), lambda v: v.with_text_words(),
        lambda v: v.merge(Vectors(["d"], np.ones((1, 5)))), lambda v: v.merge(v, "mean"), lambda v: v.space("C"),
        lambda v: v.space("E+C"), lambda v: v.quantize("int8"), lambda v: v.quantize("float16").restrict(1),
        lambda v: v.without_nonfinite(print), lambda v: Vectors.from_parts(v.parts),
    ],
)  # fmt: skip
def test_changes_of_words_keep_documents(vectors, change):
    same(vectors, change(vectors))


def test_normalized_scales_documents_and_all_but_the_top_drops_them(vectors):
    assert vectors.normalized().documents.norms == pytest.approx(1)
    assert vectors.all_but_the_top(1).documents is None


@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".safetensors.gz", ".npz.gz"])
def test_own_files_keep_documents(vectors, ending, tmp_path):
    path = tmp_path / f"v{ending}"
    vectors.save(path)
    same(vectors, sgns.load(path))
    assert sgns.load(path).metadata == vectors.metadata
    for part in (sgns.load(path, limit=1), sgns.load(path, only=["b"])):
        assert len(part) == 1
        same(vectors, part)


@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_quantized_files_keep_documents(vectors, precision, tmp_path):
    path = tmp_path / "v.safetensors"
    vectors.quantize(precision).save(path)
    same(vectors, sgns.load(path))


def test_the_official_library_reads_documents(vectors, tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    vectors.save(tmp_path / "v.safetensors")
    tensors = library.load_file(tmp_path / "v.safetensors")
    assert np.array_equal(tensors["documents"], vectors.documents.E)
    assert tensors["tags"].tobytes().decode().split("\n") == TAGS


@pytest.mark.parametrize("ending", [".bin", ".txt", ".vec", ".glove", ".tsv"])
def test_other_formats_leave_documents_out_and_say_so(vectors, ending, tmp_path):
    found = []
    vectors.save(tmp_path / f"v{ending}", on_warning=found.append)
    assert any("4 vectors of documents are left out" in message for message in found)
    assert sgns.load(tmp_path / f"v{ending}").documents is None


@pytest.mark.parametrize("ending", [".safetensors", ".bin", ".txt", ".npz"])
def test_documents_alone_go_into_any_format(vectors, ending, tmp_path):
    documents = Vectors(["0", "x_y", "7", "a"], vectors.documents.E)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        documents.save(tmp_path / f"d{ending}")
    loaded = sgns.load(tmp_path / f"d{ending}")
    assert loaded.words == documents.words
    assert np.allclose(loaded.E, documents.E, atol=1e-6)


def test_a_selection_of_documents(vectors, tmp_path):
    path = tmp_path / "v.safetensors"
    vectors.save(path)
    chosen = Vectors.load_selection(path, Selection(words={"7": None, "x y": None}, documents=True), on_warning=print)
    assert chosen.words == ["x y", "7"]
    Vectors(WORDS, vectors.E).save(path)
    with pytest.raises(ConfigError, match="holds no vectors of documents; train with model dbow or dm"):
        Vectors.load_selection(path, Selection(documents=True), on_warning=print)


def test_a_file_without_the_tags_of_its_documents_is_damaged(vectors, tmp_path):
    path = tmp_path / "v.safetensors"
    vectors.save(path)
    path.write_bytes(path.read_bytes().replace(b'"tags"', b'"tagz"'))
    with pytest.raises(FormatError, match="there are vectors of documents, but no tensor tags"):
        sgns.load(path)
