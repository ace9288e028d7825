"""Part of a file that gensim saved: rows that are not wanted are left out before anything is made of them.

gensim keeps arrays of more than 10 MB in files of their own, which are mapped: of these no other rows are read. The
words stand in the pickle, which is read whole.
"""

from typing import Any

import numpy as np

from sgns.vectors.files.pickle_data import Record, as_text
from sgns.vectors.files.selection import Selection

ROWS_OF_WORDS = ("vectors", "syn0", "vectors_vocab")
ROWS_OF_CONTEXTS = ("syn1neg",)


def narrowed(root: Record, keys: list[Any], counts: np.ndarray | None, selection: Selection) -> Record:
    """The object with the rows of some words alone; the object itself where rows and words do not agree.

    Args:
        root: A model or vectors; not changed.
        keys: Its V words.
        counts: Their counts (V,), or None.
        selection: Which words are kept.
    """
    rows = selection.rows([str(key) if type(key) is int else as_text(key) for key in keys])
    kept = keys[rows] if isinstance(rows, slice) else [keys[row] for row in rows]
    vectors, trainables = root.fields.get("wv", root), root.fields.get("trainables")
    if any(len(matrix) != len(keys) for matrix in matrices(vectors, ROWS_OF_WORDS).values()):
        return root
    count = None if counts is None else {"count": counts[rows]}
    words: dict[str, Any] = {"index_to_key": kept, "vocab": None, "expandos": count}
    words |= {name: np.array(matrix[rows]) for name, matrix in matrices(vectors, ROWS_OF_WORDS).items()}
    contexts: dict[str, Any] = {
        name: np.array(matrix[rows])
        for name, matrix in matrices(trainables if type(trainables) is Record else root, ROWS_OF_CONTEXTS).items()
        if len(matrix) == len(keys)
    }
    if vectors is root:
        return with_fields(root, words)
    if type(trainables) is Record:
        contexts = {"trainables": with_fields(trainables, contexts)}
    return with_fields(root, contexts | {"wv": with_fields(vectors, words)})


def matrices(record: Record, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Those attributes of these names that are matrices."""
    found = {name: record.fields.get(name) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray) and value.ndim == 2}


def with_fields(record: Record, fields: dict[str, Any]) -> Record:
    """A record like another one, but for some fields."""
    made = Record(record.kind, record.args)
    made.fields = record.fields | fields
    return made
