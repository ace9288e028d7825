"""`gensim.models`: Word2Vec, FastText, Doc2Vec, KeyedVectors, Phrases."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgns.gensim.missing import missing

_WHERE = {
    "Word2Vec": "word2vec",
    "FastText": "fasttext",
    "Doc2Vec": "doc2vec",
    "KeyedVectors": "keyedvectors",
    "Phrases": "phrases",
    "FAST_VERSION": "word2vec",
}
_MODULES = ("callbacks", "doc2vec", "fasttext", "keyedvectors", "phrases", "word2vec", "_fasttext_bin")
__all__ = [*_WHERE, *_MODULES]

if TYPE_CHECKING:
    from sgns.gensim.models.keyedvectors import KeyedVectors as KeyedVectors
    from sgns.gensim.models.phrases import Phrases as Phrases
    from sgns.gensim.models.word2vec import Word2Vec as Word2Vec


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"sgns.gensim.models.{_WHERE[name]}"), name)
    if name in _MODULES:
        return import_module(f"sgns.gensim.models.{name}")
    raise missing("gensim.models", name)


def __dir__() -> list[str]:
    return sorted(__all__)
