"""gensim's names over sgns: `import sgns.gensim as gensim`, or `install()` before a package that imports gensim.

    from sgns.gensim.models import Word2Vec
    model = Word2Vec([["the", "cat"], ["the", "dog"]], vector_size=10, min_count=1)
    model.wv.most_similar("cat")

docs/from-gensim.md says what differs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgns.gensim.missing import missing

__version__ = "4.4.0"
"""The version of gensim whose names these are, as programs compare it."""

_MODULES = ("corpora", "interfaces", "matutils", "models", "utils")
__all__ = [*_MODULES, "install"]

if TYPE_CHECKING:
    from sgns.gensim import corpora as corpora
    from sgns.gensim import interfaces as interfaces
    from sgns.gensim import matutils as matutils
    from sgns.gensim import models as models
    from sgns.gensim import utils as utils
    from sgns.gensim.installation import install as install


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"sgns.gensim.{name}")
    if name == "install":
        from sgns.gensim.installation import install

        return install
    raise missing("gensim", name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
