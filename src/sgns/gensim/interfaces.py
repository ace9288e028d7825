"""The base classes that gensim's models derive from."""

from collections.abc import Iterable, Iterator
from typing import Any

from sgns.gensim.store import SaveLoad


class TransformedCorpus:
    """A corpus that is transformed document by document, each time it is gone through."""

    def __init__(self, obj: Any, corpus: Iterable[Any]) -> None:
        self.obj, self.corpus = obj, corpus

    def __len__(self) -> int:
        return len(self.corpus)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        for document in self.corpus:
            yield self.obj[document]


class TransformationABC(SaveLoad):
    """A model that transforms a document, or each one of a corpus."""

    def __getitem__(self, document: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} transforms nothing")

    def _apply(self, corpus: Iterable[Any], chunksize: int | None = None, **kwargs: Any) -> TransformedCorpus:
        return TransformedCorpus(self, corpus)
