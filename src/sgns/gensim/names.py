"""The classes and functions that a file may name: classes of this package that can be saved, and scorers of phrases."""

import sys
from importlib import import_module
from types import FunctionType
from typing import Any

PACKAGE = "sgns.gensim"


def class_named(module: str, name: str, base: type) -> Any:
    """A class of this package that derives from `base`. Raises ValueError for anything else."""
    if not module.startswith(f"{PACKAGE}.") or not all(part.isidentifier() for part in [*module.split("."), name]):
        raise ValueError(f"the class {module}.{name}")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        raise ValueError(f"the class {module}.{name}") from None
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ValueError(f"the class {module}.{name}")
    return found


SCORER = ("worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count")
"""The parameters of a scorer of phrases, the only functions of a program that a file may name."""


def function_named(module: str, name: str) -> Any:
    """The scorer of phrases that a file names, if the program has imported its module itself; else None.

    Any other function is None: one that is called with what a file holds (`os.system` as a hash) could do harm.
    """
    if module in ("builtins", "__builtin__") and name == "hash":
        return hash
    if module.split(".")[0] == "gensim" and not module.startswith("gensim.test."):
        module = f"{PACKAGE}{module.removeprefix('gensim')}"
    found: Any = sys.modules.get(module)
    if found is None and module == f"{PACKAGE}.models.phrases":
        found = import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    scores = isinstance(found, FunctionType) and set(SCORER) <= set(
        found.__code__.co_varnames[: found.__code__.co_argcount]
    )
    return found if scores else None
