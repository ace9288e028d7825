"""Files of gensim's `save`, versions 0.12 to 4.4: the same words and rows, and no way to run code."""

import contextlib
import gzip
import os
import pickle
import pickletools
import shutil
import subprocess
import sys
import tracemalloc
import warnings
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sgns.errors import FormatError, SgnsError
from sgns.vectors import Vectors
from sgns.vectors.files.pickle_data import KNOWN, Name, PickleError, Record, read_pickle

gensim = pytest.importorskip("gensim")
from gensim.models import Doc2Vec, FastText, KeyedVectors, Word2Vec  # noqa: E402
from gensim.models.doc2vec import TaggedDocument  # noqa: E402

SENTENCES = [["the", "cat", "sat"], ["the", "dog", "sat", "ärger"], ["dog", "and", "cat"]] * 4
DATA = Path(gensim.__file__).parent / "test" / "test_data"


def checked(path: Path, theirs: "KeyedVectors") -> Vectors:
    ours = Vectors.load(path)
    assert ours.words == theirs.index_to_key
    np.testing.assert_array_equal(ours.E, theirs.vectors)
    if "count" in theirs.expandos:
        assert ours.counts.tolist() == [theirs.get_vecattr(key, "count") for key in theirs.index_to_key]
    return ours


@pytest.mark.parametrize("separate", [False, True])
def test_a_model_and_its_vectors(tmp_path: Path, separate: bool) -> None:
    limit = {"sep_limit": 0} if separate else {}
    model = Word2Vec(SENTENCES, vector_size=6, min_count=1, workers=1, hs=1)
    model.save(str(tmp_path / "m.model"), **limit)
    model.wv.save(str(tmp_path / "m.kv"), **limit)
    assert bool(list(tmp_path.glob("*.npy"))) == separate
    np.testing.assert_array_equal(checked(tmp_path / "m.model", model.wv).C, model.syn1neg)
    assert checked(tmp_path / "m.kv", model.wv).C is None


def test_subwords_are_composed(tmp_path: Path) -> None:
    model = FastText(SENTENCES, vector_size=6, min_count=1, workers=1, bucket=50)
    model.save(str(tmp_path / "m.model"))
    ours = Vectors.load(tmp_path / "m.model")
    assert ours.words == model.wv.index_to_key
    np.testing.assert_allclose(ours.E, model.wv.vectors, rtol=1e-5, atol=1e-7)
    FastText(SENTENCES, vector_size=6, min_count=1, workers=1, max_n=0).save(str(tmp_path / "plain.model"))
    assert Vectors.load(tmp_path / "plain.model").E.shape == model.wv.vectors.shape


def test_documents_integers_and_packed_files(tmp_path: Path) -> None:
    texts = [TaggedDocument(words, [number]) for number, words in enumerate(SENTENCES)]
    documents = Doc2Vec(texts, vector_size=6, min_count=1, workers=1, epochs=1)
    documents.save(str(tmp_path / "d.model"))
    checked(tmp_path / "d.model", documents.wv)
    theirs = KeyedVectors(4)
    theirs.add_vectors([7, 11], np.float32([[1, 2, 3, 4], [5, 6, 7, 8]]))
    theirs.save(str(tmp_path / "i.kv"))
    ours = checked(tmp_path / "i.kv", theirs)
    assert ours.metadata["integer_words"] is True
    assert ours[11].tolist() == [5, 6, 7, 8]
    packed = tmp_path / "p.kv.gz"
    theirs.save(str(packed), sep_limit=0)
    checked(packed, theirs)
    for name in ("d.model", "i.kv"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        assert Vectors.load(tmp_path / f"{name}.gz").words == Vectors.load(tmp_path / name).words


OLD = sorted([*DATA.glob("old_w2v_models/w2v_*.mdl"), *DATA.glob("old_d2v_models/d2v_*.mdl")])


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_every_version_since_0_12(path: Path) -> None:
    ours = Vectors.load(path)
    assert ours.E.shape == (3, 4)
    assert sorted(ours.counts) == [1, 1, 2]
    assert set(ours.words) in ({"sentence", "first", "second"}, {"document", "first", "second"})


def test_old_versions_in_one_file_and_in_several_hold_the_same() -> None:
    whole, parts = Vectors.load(DATA / "word2vec_old"), Vectors.load(DATA / "word2vec_old_sep")
    assert whole.words == parts.words
    assert whole.counts.tolist() == parts.counts.tolist()
    theirs = KeyedVectors.load(str(DATA / "old_keyedvectors_320.dat"))
    checked(DATA / "old_keyedvectors_320.dat", theirs)


def kinds_of_models() -> dict[str, Any]:
    options: dict[str, Any] = {"vector_size": 6, "min_count": 1, "workers": 1}
    words = Word2Vec(SENTENCES, **options)
    return {"model": words, "vectors": words.wv, "subwords": FastText(SENTENCES, bucket=50, **options)}


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("kind", ["model", "vectors", "subwords"])
def test_a_part_is_the_whole_with_fewer_rows(tmp_path: Path, kind: str, separate: bool) -> None:
    path = tmp_path / "m.model"
    kinds_of_models()[kind].save(str(path), **({"sep_limit": 0} if separate else {}))
    whole = Vectors.load(path)
    for options, kept in (
        ({"limit": 2}, whole.words[:2]),
        ({"limit": 99}, whole.words),
        ({"only": ["ärger", "the"]}, [word for word in whole.words if word in ("the", "ärger")]),
        ({"only": ["ärger", whole.words[0]], "limit": 1}, whole.words[:1]),
    ):
        part, wanted = Vectors.load(path, on_warning=lambda _: None, **options), whole.select(kept)
        assert part.words == kept
        assert part.E.tobytes() == wanted.E.tobytes()
        assert part.counts.tolist() == wanted.counts.tolist()
        assert (part.C is None) == (wanted.C is None)
        assert part.C is None or part.C.tobytes() == wanted.C.tobytes()
        assert part.metadata == whole.metadata
    with pytest.raises(SgnsError, match="none of the 1 words"):
        Vectors.load(path, only=["elsewhere"])


@pytest.mark.parametrize("path", sorted(DATA.glob("*old_*_320.dat")), ids=lambda path: path.name)
def test_a_part_of_files_of_old_versions(path: Path) -> None:
    try:
        whole = Vectors.load(path)
    except FormatError:
        pytest.skip("no vectors of words")
    part, wanted = Vectors.load(path, limit=5), whole.take(slice(0, 5))
    assert part.words == wanted.words
    assert part.E.tobytes() == wanted.E.tobytes()
    assert (part.counts is None) == (wanted.counts is None)
    assert part.counts is None or part.counts.tolist() == wanted.counts.tolist()


@pytest.mark.skipif(sys.platform == "win32", reason="files with holes")
@pytest.mark.parametrize("options", [{"limit": 2}, {"only": ["cat"]}])
def test_memory_of_a_part_does_not_grow_with_the_arrays(tmp_path: Path, options: dict[str, Any]) -> None:
    """The n-grams' array of 1.2 GB beside the model is a file with holes; arrays of rows are mapped too."""
    path = tmp_path / "m.model"
    model = FastText(SENTENCES, vector_size=300, min_count=1, workers=1, bucket=10)
    model.wv.bucket = 1_000_000
    model.save(str(path), sep_limit=0)
    companion = next(tmp_path.glob("*vectors_ngrams.npy"))
    with companion.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (1_000_000, 300)})
        file.truncate(file.tell() + 1_000_000 * 300 * 4)
    tracemalloc.start()
    part = Vectors.load(path, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(part) == len(options.get("only", "12"))
    assert peak < 12e6


def test_rows_that_do_not_fit_the_words_are_refused_in_part_too(tmp_path: Path) -> None:
    fields = {"index_to_key": ["a", "b", "c"], "vectors": np.ones((2, 3), np.float32)}
    (tmp_path / "v").write_bytes(hand_made(fields))
    with pytest.raises(FormatError, match="3 words for 2 rows"):
        Vectors.load(tmp_path / "v", limit=1)


def hand_made(fields: dict[str, Any], kind: str = "gensim.models.keyedvectors KeyedVectors") -> bytes:
    """A pickle of an object of a class that need not exist."""
    head = b"\x80\x02c" + kind.replace(" ", "\n").encode() + b"\n)\x81"
    return head + pickle.dumps(fields, 2)[2:-1] + b"b."


def vocab_item(index: int, count: int) -> bytes:
    """A `Vocab` of gensim 1 to 3, without its frame."""
    state = pickle.dumps({"count": count, "index": index}, 2)[2:-1]
    return b"cgensim.models.word2vec\nVocab\n)\x81" + state + b"b"


def test_names_of_old_versions(tmp_path: Path) -> None:
    """`syn0`, `index2word`, a dict of `Vocab` objects whose order is not that of the rows."""
    E = pickle.dumps(np.float32([[1, 2], [3, 4]]), 2)[2:-1]
    words = b"(X\x01\0\0\0b" + vocab_item(1, 3) + b"X\x01\0\0\0a" + vocab_item(0, 9) + b"u"
    fields = b"}(X\x05\0\0\0vocab}" + words + b"X\x04\0\0\0syn0" + E + b"ub."
    # every part was pickled alone and remembers its values by the same numbers: leave the memo out
    data = b"\x80\x02cgensim.models.keyedvectors\nKeyedVectors\n)\x81" + fields
    optimized = b"\x80\x02" + data[2:]
    (tmp_path / "old").write_bytes(optimized)
    ours = Vectors.load(tmp_path / "old")
    assert ours.words == ["a", "b"]
    assert ours.counts.tolist() == [9, 3]
    assert ours.E.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"index_to_key": ["a"], "vectors": np.ones((2, 3), np.float32)}, "1 words for 2 rows"),
        ({"index_to_key": ["a"]}, "no word vectors"),
        ({"index_to_key": [None], "vectors": np.ones((1, 3), np.float32)}, "do not fit"),
        ({"vocab": {"a": 1}, "vectors": np.ones((1, 3), np.float32)}, "no word vectors"),
        ({"index_to_key": ["a"], "vectors": np.float32([[np.nan, 1]])}, "NaN"),
        ({"index_to_key": ["a"], "__numpys": ["vectors"]}, "vectors stands in .*npy.*copy"),
        ({"index_to_key": ["a"], "__numpys": ["../vectors"]}, "no word vectors"),
    ],
)
def test_objects_that_make_no_sense(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    (tmp_path / "f").write_bytes(hand_made(fields))
    with pytest.raises(FormatError, match=message):
        Vectors.load(tmp_path / "f")


def test_a_damaged_companion(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(hand_made({"index_to_key": ["a"], "__numpys": ["vectors"]}))
    for content in (b"", b"\x93NUMPY", b"PK\x03\x04"):
        (tmp_path / "f.vectors.npy").write_bytes(content)
        with pytest.raises(FormatError, match=r"f\.vectors\.npy is damaged"):
            Vectors.load(tmp_path / "f")
    np.save(tmp_path / "f.vectors.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FormatError, match="damaged"):
        Vectors.load(tmp_path / "f")


# --- nothing runs ---------------------------------------------------------------------------------------------------


class Reduced:
    """Pickled as a call."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def exploits(trace: str) -> dict[str, bytes]:
    """Pickles that would make the folder `trace`, by every road that is known."""
    command = f"mkdir {trace}"
    code = f"__import__('os').mkdir({trace!r})"
    hidden = Reduced(getattr, (Reduced(__import__, ("os",)), "mkdir"))

    chain = (
        b"\x80\x02cbuiltins\ngetattr\n(cbuiltins\n__import__\n(S'os'\ntRS'mkdir'\ntR(S'" + trace.encode() + b"'\ntR."
    )
    arrays = pickle.dumps(np.ones(2))[:-1]
    return {
        "os.system": pickle.dumps(Reduced(os.system, (command,))),
        "posix.system, protocol 0": b"cposix\nsystem\n(S'" + command.encode() + b"'\ntR.",
        "posix.system, protocol 2": b"\x80\x02cposix\nsystem\n(S'" + command.encode() + b"'\ntR.",
        "eval": pickle.dumps(Reduced(eval, (code,)), 2),
        "exec": pickle.dumps(Reduced(exec, (code,)), 4),
        "subprocess": pickle.dumps(Reduced(subprocess.call, (["mkdir", trace],))),
        "getattr": pickle.dumps(Reduced(getattr, (hidden, "mkdir"))),
        "a chain of getattr": chain,
        "a dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0bos.path.os\x93.",
        "a name within gensim": b"\x80\x04\x8c\x0cgensim.utils\x8c\x09os.system\x93\x8c"
        + bytes([len(command)])
        + command.encode()
        + b"\x85R.",
        "numpy.f2py": b"\x80\x02cnumpy.f2py.crackfortran\nmyeval\n(S'" + code.encode() + b"'\ntR.",
        "numpy.testing": b"\x80\x02cnumpy.testing._private.utils\nruntest\n(S'" + code.encode() + b"'\ntR.",
        "numpy.core through gensim": b"\x80\x02cgensim.models.word2vec.np.f2py\nos\n.",
        "copyreg": b"\x80\x02ccopyreg\n_reconstructor\n(cposix\nsystem\nc__builtin__\nobject\nNtR.",
        "copy_reg of an object": b"\x80\x02ccopy_reg\n_reconstructor\n(cgensim.models.word2vec\nVocab\n"
        b"c__builtin__\nobject\nNtR.",
        "an object of os": b"\x80\x02cos\n_wrap_close\n)\x81.",
        "INST": b"\x80\x02(S'" + command.encode() + b"'\niposix\nsystem\n.",
        "OBJ": b"\x80\x02(cposix\nsystem\nS'" + command.encode() + b"'\no.",
        "an extension": b"\x80\x02\x82\x01.",
        "a persistent id": b"\x80\x02Pabc\n.",
        "a buffer from outside": b"\x80\x05\x97.",
        "a state for a type": b"\x80\x02ccollections\nOrderedDict\n}S'__class__'\nNsb.",
        "a state for an array": arrays + b"}(S'__class__'\nNub.",
        "a state with __setstate__": b"\x80\x02cgensim.models.word2vec\nVocab\n)\x81}S'__setstate__'\n"
        b"cposix\nsystem\nsbS'" + command.encode() + b"'\nb.",
        "the class of an array": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cposix\nsystem\n(K\x00tC\x01btR.",
        "a type with objects": b"\x80\x02cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\0\0\0O8K\0K\1tR"
        b"C\x08aaaaaaaatR.",
        "dill": b"\x80\x04\x8c\x0adill._dill\x8c\x0c_create_type\x93.",
        "functools.partial": b"\x80\x02cfunctools\npartial\n(cposix\nsystem\ntR.",
        "an inert name called": b"\x80\x02c__builtin__\nhash\n(K\x01tR.",
    }


INERT = (Record, Name)


@pytest.mark.parametrize("name", exploits("x"))
def test_an_exploit_is_refused_and_leaves_no_trace(tmp_path: Path, name: str) -> None:
    trace = tmp_path / "trace"
    data = exploits(str(trace))[name]
    before = set(sys.modules)
    with contextlib.suppress(PickleError):
        assert type(read_pickle(data)) in INERT
    (tmp_path / "v.model").write_bytes(data)
    with pytest.raises(SgnsError) as caught:
        Vectors.load(tmp_path / "v.model")
    assert "\n" not in str(caught.value)
    assert not trace.exists()
    assert set(sys.modules) - before <= {"sgns.vectors.files.gensim_pickle", "sgns.vectors.files.npz"}


def test_no_known_name_is_a_function_that_could_harm() -> None:
    modules = {name.module for name in KNOWN}
    assert not modules & {"os", "posix", "nt", "sys", "subprocess", "importlib", "types", "operator", "functools"}
    harmful = {"eval", "exec", "compile", "getattr", "setattr", "__import__", "open", "apply", "input", "vars", "map"}
    assert not {name.name for name in KNOWN} & harmful


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=2000),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, memoryview):
        ours = bytes(ours)
    if isinstance(theirs, list | tuple):
        return type(ours) is type(theirs) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(same(ours[name], theirs[name]) for name in theirs)
    if isinstance(theirs, np.ndarray):
        return ours.dtype == theirs.dtype and ours.shape == theirs.shape and bool((ours == theirs).all())
    return ours == theirs and type(ours) is type(theirs)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(value=VALUES, protocol=st.integers(2, 5))
def test_plain_values_are_what_pickle_says(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert same(read_pickle(data), value)
    assert same(read_pickle(pickletools.optimize(data)), value)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_and_containers_are_what_pickle_says(protocol: int) -> None:
    value = {
        "f4": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(3, dtype=">i4"),
        "empty": np.zeros((0, 5), np.float32),
        "text": np.array(["ä", "bc"]),
        "bool": np.array([True, False]),
        "scalar": np.float32(1.5),
        "set": {1, 2},
        "frozen": frozenset({"a"}),
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
        "default": defaultdict(int, {"b": 1}),
        "same": [],
    }
    value["same"] = [value["f4"], value["f4"]]
    ours = read_pickle(pickle.dumps(value, protocol))
    assert all(same(ours[name], dict(v) if isinstance(v, dict) else v) for name, v in value.items() if name != "frozen")
    assert ours["frozen"] == {"a"}
    assert ours["same"][0] is ours["same"][1]
    codes = np.empty(2, object)
    codes[:] = [np.array([1, 0], np.uint8), np.array([1], np.uint8)]
    assert [code.tolist() for code in read_pickle(pickle.dumps(codes, protocol))] == [[1, 0], [1]]


def spoil(content: bytes, draw: Any) -> bytes:
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 5))):
        if not data:  # nothing is left to spoil
            break
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 4)):
            case 0:
                data[at] = draw(st.integers(0, 255))
            case 1:
                del data[at : at + draw(st.integers(1, 8))]
            case 2:
                data[at:at] = draw(st.binary(max_size=8))
            case 3:
                data[at : at + 8] = draw(st.integers(0, 2**64 - 1)).to_bytes(8, "little")
            case _:
                del data[at + 1 :]
    return bytes(data)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_spoiled_files_are_read_or_refused_by_an_error_of_ours(data: st.DataObject) -> None:
    import tempfile

    path = data.draw(st.sampled_from(SPOILED))
    with tempfile.TemporaryDirectory() as folder:
        spoiled = Path(folder) / "v"
        spoiled.write_bytes(spoil(path, data.draw))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                Vectors.load(spoiled)
        except SgnsError as error:
            if not str(error) or "\n" in str(error):
                pytest.fail(f"no message of one line: {error!r}")


SPOILED = [path.read_bytes() for path in [OLD[0], OLD[-1], DATA / "compatible-hash-true.model"]]
SPOILED.append(hand_made({"index_to_key": ["a", "b"], "vectors": np.ones((2, 3), np.float32)}))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_bytes_from_thin_air(data: bytes) -> None:
    with contextlib.suppress(PickleError):
        read_pickle(b"\x80\x04" + data)


def test_deep_nesting_and_large_promises_end_at_once() -> None:
    deep = b"\x80\x02" + b")" + b"\x85" * 300_000 + b"}" + b"N" * 0
    with pytest.raises(PickleError):
        read_pickle(deep + b"(h\x00Nu.")
    with pytest.raises(PickleError, match="key"):
        read_pickle(b"\x80\x02})" + b"\x85" * 300_000 + b"Ns.")
    for promise in (b"\x8e" + b"\xff" * 8, b"B\xff\xff\xff\xff", b"\x8d" + b"\xff" * 8, b"r\xff\xff\xff\xff"):
        with pytest.raises(PickleError):
            read_pickle(b"\x80\x04" + promise + b".")


def test_gensim_is_not_needed(tmp_path: Path) -> None:
    model = Word2Vec(SENTENCES, vector_size=6, min_count=1, workers=1)
    model.save(str(tmp_path / "m.model"), sep_limit=0)
    shutil.copy(OLD[0], tmp_path / "old.model")
    code = (
        "import sys; sys.modules['gensim'] = None; import sgns\n"
        "print(len(sgns.load('m.model').words), len(sgns.load('old.model').words))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["6", "3"]
