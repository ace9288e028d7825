"""Vectors that gensim 0.12 to 3 saved, brought up to version 4: other names, an object for each word or tag."""

from typing import Any

import numpy as np
from numpy import float32 as REAL

from sgns.errors import FormatError
from sgns.gensim.store import SaveLoad


class OlderVectorsPart(SaveLoad):
    """Brings attributes up when vectors are loaded."""

    index_to_key: list[Any]
    key_to_index: dict[Any, int]
    expandos: dict[str, np.ndarray]

    def _after_load(self) -> None:
        fields = self.__dict__
        if "doctags" in fields:
            self._take_documents()
        for old, new in (("index2word", "index_to_key"), ("index2entity", "index_to_key"), ("syn0", "vectors")):
            if old in fields and fields.get(new) is None:
                fields[new] = fields.pop(old)
            fields.pop(old, None)
        fields.setdefault("norms", None)
        fields.setdefault("expandos", {})
        for name in ("syn0norm", "vectors_norm", "syn0_vocab_norm"):
            fields.pop(name, None)
        if "key_to_index" not in fields:
            self._take_vocab(fields.pop("vocab", {}))
        if fields.get("vectors") is not None:
            fields["vector_size"] = fields["vectors"].shape[1]
        fields.setdefault("next_index", len(self.index_to_key))
        fields.setdefault("mapfile_path", None)
        if "syn0_lockf" in fields:
            fields["vectors_lockf"] = fields.pop("syn0_lockf")

    def _take_vocab(self, vocab: dict[Any, Any]) -> None:
        """Keys and attributes of versions before 4, where each key had an object."""
        self.key_to_index = {key: int(item.fields["index"]) for key, item in vocab.items()}
        if self.__dict__.get("index_to_key") is None:
            self.index_to_key = sorted(self.key_to_index, key=self.key_to_index.__getitem__)
        names = {name for item in vocab.values() for name in item.fields} - {"index"}
        for name in sorted(names):
            values = [item.fields.get(name, 0) for item in vocab.values()]
            kind = {"count": np.int64, "sample_int": np.uint32}.get(name) or (
                object if isinstance(values[0], np.ndarray) else np.asarray(values).dtype
            )
            column = np.zeros(len(self.index_to_key), kind)
            for row, value in zip(self.key_to_index.values(), values):
                column[row] = min(int(value), 2**32 - 1) if name == "sample_int" else value
            self.expandos[name] = column

    def _take_documents(self) -> None:
        """Tags of documents of versions before 4, where integers came first and had no names."""
        fields = self.__dict__
        first = fields.pop("max_rawint", -1) + 1
        names = fields.pop("offset2doctag", [])
        fields["vectors"] = fields.pop("vectors_docs", fields.pop("doctag_syn0", None))
        fields["vectors_lockf"] = fields.pop("doctag_syn0_lockf", np.ones(1, REAL))
        tags = fields.pop("doctags")
        if first + len(names) > len(fields["vectors"]):
            raise FormatError(f"{first + len(names):,} tags for {len(fields['vectors']):,} rows of documents")
        self.index_to_key = [*range(first), *names]
        self.key_to_index, self.expandos = {}, {}
        columns = {name: np.zeros(len(self.index_to_key), np.int64) for name in ("word_count", "doc_count")}
        for tag, item in tags.items():
            values = item.fields or dict(zip(("offset", "word_count", "doc_count"), item.args))
            self.key_to_index[tag] = row = first + int(values["offset"])
            for name, column in columns.items():
                column[row] = int(values.get(name, 0))
        if tags:
            self.expandos = columns
        for name in ("count", "mapfile_path", "vector_size"):
            fields.pop(name, None)
