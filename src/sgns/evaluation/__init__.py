"""The quality of vectors on test sets, with coverage and intervals; and whether models differ.

    from sgns.evaluation import evaluate_similarity, compare_models
    evaluate_similarity(vectors, "men.tsv").spearman
    compare_models({"a": [first], "b": [second]}, similarity=["men.tsv"])

The names below are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_WHERE = {
    "compare_models": "sgns.evaluation.compare",
    "compare_spaces": "sgns.evaluation.agreement",
    "evaluate_analogies": "sgns.evaluation.analogy",
    "evaluate_categories": "sgns.evaluation.categories",
    "evaluate_similarity": "sgns.evaluation.similarity",
    "evaluate_texts": "sgns.evaluation.downstream",
    "read_categories": "sgns.evaluation.categories",
    "read_labelled_texts": "sgns.evaluation.downstream",
    "read_pairs": "sgns.evaluation.similarity",
    "read_questions": "sgns.evaluation.analogy",
}
__all__ = sorted(_WHERE)

if TYPE_CHECKING:
    from sgns.evaluation.agreement import compare_spaces as compare_spaces
    from sgns.evaluation.analogy import evaluate_analogies as evaluate_analogies
    from sgns.evaluation.analogy import read_questions as read_questions
    from sgns.evaluation.categories import evaluate_categories as evaluate_categories
    from sgns.evaluation.categories import read_categories as read_categories
    from sgns.evaluation.compare import compare_models as compare_models
    from sgns.evaluation.downstream import evaluate_texts as evaluate_texts
    from sgns.evaluation.downstream import read_labelled_texts as read_labelled_texts
    from sgns.evaluation.similarity import evaluate_similarity as evaluate_similarity
    from sgns.evaluation.similarity import read_pairs as read_pairs


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'sgns.evaluation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
