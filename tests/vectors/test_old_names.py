"""Names of gensim, of fastText and of version 0.1.0 are answered with ours, and ours are there."""

import copy
import pickle
import re

import numpy as np
import pytest

import sgns.evaluation
from sgns.base.subwords import Subwords
from sgns.vectors import Vectors
from sgns.vectors.old_names import GENSIM_NAMES
from sgns.vectors.subwords import SubwordTable


@pytest.fixture
def v() -> Vectors:
    E = np.float32([[1, 0], [0.6, 0.8], [0, 1]])
    subwords = SubwordTable(Subwords(3, 6, 5), E, np.ones((5, 2), np.float32))
    documents = Vectors(["d0", "d1"], E[:2])
    return Vectors(["a", "b", "c"], E, np.ones((3, 2)), np.array([9, 8, 7]), subwords=subwords, documents=documents)


@pytest.mark.parametrize("name", GENSIM_NAMES)
def test_an_old_name_is_answered_with_ours(v: Vectors, name: str) -> None:
    with pytest.raises(AttributeError, match=f"'Vectors' object has no attribute '{name}'; here it is ") as caught:
        getattr(v, name)
    assert not hasattr(v, name)
    for ours in re.findall(r"\bv\.(\w+)", GENSIM_NAMES[name]):
        assert hasattr(v, ours)
    for ours in re.findall(r"sgns\.evaluation\.(\w+)", GENSIM_NAMES[name]):
        assert hasattr(sgns.evaluation, ours)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["wv", "vectors", "vocab", "key_to_index", "index_to_key", "index2word", "syn0",
                                  "get_vector", "most_similar_cosmul", "word_vec"])  # fmt: skip
def test_the_names_that_users_ask_for_are_in_the_table(name: str) -> None:
    assert name in GENSIM_NAMES


def test_other_names_are_plain_errors_and_copies_work(v: Vectors) -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'foo'$"):
        v.foo  # noqa: B018
    assert not hasattr(v, "__array_interface__")
    for made in (copy.copy(v), copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        assert made.most_similar("a") == v.most_similar("a")
    assert not hasattr(Vectors.__new__(Vectors), "wv")


def test_expressions_of_the_table_run(v: Vectors) -> None:
    names = {"v": v, "sgns": sgns, "word": "a", "words": ["a", "b", "c"], "a": "a", "b": "b", "c": "c", "text": "a b",
             "vector": v["a"]}  # fmt: skip
    for expression in GENSIM_NAMES.values():
        whole = re.fullmatch(r"(1 - )?v(\.\w+(\([^…]*\))?|\[\w+\])+(\[.*\])?", expression)
        if whole and not re.search(r"terms|on_warning|\brows?\)|path", expression):
            assert eval(expression, names) is not None
