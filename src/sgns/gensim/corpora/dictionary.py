"""`Dictionary`: words and their numbers, as much of it as texts need that become bags of words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sgns.gensim.store import SaveLoad


class Dictionary(SaveLoad, Mapping[int, str]):
    """Words with numbers; word by number.

    Attributes:
        token2id: The number of each word.
        cfs: How often each number occurs.
        dfs: In how many documents each number occurs.
        num_docs: Documents.
        num_pos: Words of all documents.
        num_nnz: Different words, summed over documents.
    """

    def __init__(self, documents: Iterable[Iterable[str]] | None = None, prune_at: int = 2_000_000) -> None:
        self.token2id: dict[str, int] = {}
        self.cfs: dict[int, int] = {}
        self.dfs: dict[int, int] = {}
        self.num_docs = self.num_pos = self.num_nnz = 0
        if documents is not None:
            self.add_documents(documents)

    def add_documents(self, documents: Iterable[Iterable[str]], prune_at: int = 2_000_000) -> None:
        """Numbers the words of documents."""
        for document in documents:
            self.doc2bow(document, allow_update=True)

    def doc2bow(self, document: Iterable[str], allow_update: bool = False, return_missing: bool = False) -> Any:
        """The numbers of a document's words with how often each occurs, in ascending order."""
        if isinstance(document, str):
            raise TypeError("doc2bow expects an array of unicode tokens on input, not a single string")
        counts = Counter(document)
        missing = {word: count for word, count in sorted(counts.items()) if word not in self.token2id}
        if allow_update:
            for word in missing:
                self.token2id[word] = len(self.token2id)
        found = {self.token2id[word]: count for word, count in counts.items() if word in self.token2id}
        if allow_update:
            self.num_docs += 1
            self.num_pos += sum(counts.values())
            self.num_nnz += len(found)
            for number, count in found.items():
                self.cfs[number] = self.cfs.get(number, 0) + count
                self.dfs[number] = self.dfs.get(number, 0) + 1
        bag = sorted(found.items())
        return (bag, missing) if return_missing else bag

    def doc2idx(self, document: Iterable[str], unknown_word_index: int = -1) -> list[int]:
        """The number of each word of a document."""
        if isinstance(document, str):
            raise TypeError("doc2idx expects an array of unicode tokens on input, not a single string")
        return [self.token2id.get(word, unknown_word_index) for word in document]

    def __getitem__(self, number: int) -> str:
        for word, known in self.token2id.items():
            if known == number:
                return word
        raise KeyError(number)

    def __iter__(self) -> Iterator[int]:
        return iter(self.token2id.values())

    def __len__(self) -> int:
        return len(self.token2id)
