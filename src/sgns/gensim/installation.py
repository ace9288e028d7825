"""`install`: `import gensim` and `from gensim.models import …` find sgns, in this process."""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

PACKAGE = "sgns.gensim"
MODULES = (
    "corpora", "corpora.dictionary", "interfaces", "matutils", "models", "models._fasttext_bin", "models.callbacks",
    "models.doc2vec", "models.fasttext", "models.fasttext_inner", "models.keyedvectors", "models.phrases",
    "models.word2vec", "models.word2vec_corpusfile", "utils",
)  # fmt: skip
"""The modules of gensim that are here."""
FROM_GENSIM = "gensim.test"
"""What an installed gensim still gives: its tests and their data."""


class AliasLoader(Loader):
    """Gives a module of sgns under gensim's name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module of sgns; its own `__spec__` comes back in `exec_module`."""
        module = import_module(self.name)
        self.spec, self.attributes = module.__spec__, {name: getattr(module, name, None) for name in KEPT}
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Does nothing but to give the module its own names back."""
        module.__spec__ = self.spec
        for name, value in self.attributes.items():
            setattr(module, name, value)


KEPT = ("__loader__", "__package__", "__name__", "__path__", "__file__", "__cached__")


class Finder(MetaPathFinder):
    """Finds gensim's modules in sgns, and gensim's tests where gensim is installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The module of sgns for one of gensim's; None for another package.

        Raises:
            ModuleNotFoundError: gensim has the module, sgns has not.
        """
        if name == "gensim" or name.removeprefix("gensim.") in MODULES:
            return spec_from_loader(name, AliasLoader(f"{PACKAGE}{name.removeprefix('gensim')}"))
        if name == FROM_GENSIM:
            found = PathFinder.find_spec("gensim")
            places = list(found.submodule_search_locations or []) if found is not None else []
            return PathFinder.find_spec(name, places)
        if name.startswith("gensim.") and not name.startswith(f"{FROM_GENSIM}."):
            raise ModuleNotFoundError(
                f"No module named {name!r}: sgns takes the place of gensim here, and has Word2Vec, FastText, Doc2Vec, "
                "KeyedVectors and Phrases; docs/from-gensim.md lists what is not here",
                name=name,
            )
        return None


def install() -> None:
    """From now on, `import gensim` finds `sgns.gensim`; call it before a package that imports gensim.

    gensim need not be installed. If it is, its `gensim.test` is found all the same, with the data of its tests.

    Raises:
        ImportError: gensim itself was imported before.
    """
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    loaded = sys.modules.get("gensim")
    if loaded is not None and loaded.__name__ != PACKAGE:
        raise ImportError("gensim was imported before; call sgns.gensim.install() first, before what imports gensim")
    sys.meta_path.insert(0, Finder())
