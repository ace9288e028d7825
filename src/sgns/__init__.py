"""Word vectors: skip-gram with negative sampling (SGNS, word2vec).

    import sgns
    vectors = sgns.train("corpus.txt", dim=100, epochs=5)
    vectors.most_similar("paris", n=10)
    vectors.save("vectors.safetensors")

The public names are imported when they are first used, so that `import sgns` takes a few milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgns.version import __version__ as __version__

__all__ = ["Config", "Corpus", "SgnsError", "Vectors", "Vocabulary", "find_phrases", "infer", "load", "train"]

_MODULES = {
    "Config": "sgns.config",
    "Corpus": "sgns.text.corpus",
    "SgnsError": "sgns.errors",
    "Vectors": "sgns.vectors.vectors",
    "Vocabulary": "sgns.text.vocabulary",
    "find_phrases": "sgns.text.discover",
    "infer": "sgns.training.infer",
    "load": "sgns.vectors.vectors",
    "train": "sgns.training.train",
}

if TYPE_CHECKING:
    from sgns.config import Config as Config
    from sgns.errors import SgnsError as SgnsError
    from sgns.text.corpus import Corpus as Corpus
    from sgns.text.discover import find_phrases as find_phrases
    from sgns.text.vocabulary import Vocabulary as Vocabulary
    from sgns.training.infer import infer as infer
    from sgns.training.train import train as train
    from sgns.vectors.vectors import Vectors as Vectors
    from sgns.vectors.vectors import load as load


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'sgns' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
