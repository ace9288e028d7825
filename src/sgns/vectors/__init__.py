"""Word vectors: questions asked of them, the files that hold them, the alignment of two spaces.

    from sgns.vectors import Vectors, load
    vectors = load("vectors.safetensors")
    vectors.most_similar("paris")

The names below are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_WHERE = {
    "Answers": "sgns.vectors.shown",
    "Conflict": "sgns.vectors.sets",
    "FORMATS": "sgns.vectors.files.formats",
    "Format": "sgns.vectors.files.formats",
    "Method": "sgns.vectors.vectors",
    "RepairWarning": "sgns.vectors.files.formats",
    "Scale": "sgns.vectors.prediction",
    "Space": "sgns.vectors.vectors",
    "TextEncoder": "sgns.vectors.texts",
    "Vectors": "sgns.vectors.vectors",
    "Weights": "sgns.vectors.texts",
    "Word": "sgns.vectors.vectors",
    "aligned_cosines": "sgns.vectors.alignment",
    "ask": "sgns.vectors.query",
    "convert": "sgns.vectors.conversion",
    "description_as_dict": "sgns.vectors.description",
    "description_as_text": "sgns.vectors.description",
    "export": "sgns.vectors.exports.export",
    "load": "sgns.vectors.vectors",
    "procrustes": "sgns.vectors.alignment",
    "save": "sgns.vectors.vectors",
    "shared_words": "sgns.vectors.alignment",
}
__all__ = list(_WHERE)

if TYPE_CHECKING:
    from sgns.vectors.alignment import aligned_cosines as aligned_cosines
    from sgns.vectors.alignment import procrustes as procrustes
    from sgns.vectors.alignment import shared_words as shared_words
    from sgns.vectors.conversion import convert as convert
    from sgns.vectors.description import description_as_dict as description_as_dict
    from sgns.vectors.description import description_as_text as description_as_text
    from sgns.vectors.exports.export import export as export
    from sgns.vectors.files.formats import FORMATS as FORMATS
    from sgns.vectors.files.formats import Format as Format
    from sgns.vectors.files.formats import RepairWarning as RepairWarning
    from sgns.vectors.prediction import Scale as Scale
    from sgns.vectors.query import ask as ask
    from sgns.vectors.sets import Conflict as Conflict
    from sgns.vectors.shown import Answers as Answers
    from sgns.vectors.texts import TextEncoder as TextEncoder
    from sgns.vectors.texts import Weights as Weights
    from sgns.vectors.vectors import Method as Method
    from sgns.vectors.vectors import Space as Space
    from sgns.vectors.vectors import Vectors as Vectors
    from sgns.vectors.vectors import Word as Word
    from sgns.vectors.vectors import load as load
    from sgns.vectors.vectors import save as save


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'sgns.vectors' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
