"""The verbs that measure vectors: evaluate (one model) and compare (two or more)."""

from itertools import combinations
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sgns.cli.options import AS_PATH, WHOLE_FILE, AllButTheTop, Files, Flag, Json, PartOption, SpaceHelp, VectorFile
from sgns.cli.output import print_json
from sgns.cli.vectors import opened
from sgns.errors import ConfigError
from sgns.evaluation.sets import Unknown
from sgns.evaluation.similarity import Duplicates
from sgns.vectors.alignment import COMPARED_WORDS
from sgns.vectors.texts import Weights
from sgns.vectors.vectors import Method, Space

SimilaritySets = Annotated[Files, Parameter(help="Sets of word, word, score a line: Spearman's rho and Pearson's r.")]
AnalogySets = Annotated[Files, Parameter(help="Sets of a b c expected a line, sections under : lines: accuracy.")]
CategorySets = Annotated[
    Files, Parameter(help="Sets of word, tab, category a line, or words under : category lines: cluster purity.")
]
TextSets = Annotated[
    Files, Parameter(help="Sets of label, tab, text a line: accuracy of a logistic regression on vectors of the texts.")
]
TestTexts = Annotated[
    Path | None, Parameter(help="Test texts for the one set of --texts; without them, 10 folds of it are classified.")
]
WeightsOfWords = Annotated[Weights, Parameter(help="Weights of the words of a text: mean, or sif, which needs counts.")]
Restrict = Annotated[
    int,
    Parameter(
        validator=Number(gte=0),
        help="Answer analogies with one of the most frequent words, this many of them, as gensim does; 0 takes all.",
    ),
]
MethodHelp = Parameter(help="add for 3CosAdd, mul for 3CosMul.")
AtLeast0 = Annotated[int, Parameter(validator=Number(gte=0))]
AtLeast1 = Annotated[int, Parameter(validator=Number(gte=1))]


def evaluate(
    vectors: VectorFile,
    /,
    *,
    similarity: SimilaritySets = (),
    analogy: AnalogySets = (),
    categories: CategorySets = (),
    texts: TextSets = (),
    test_texts: TestTexts = None,
    weights: WeightsOfWords = "mean",
    restrict: Restrict = 30_000,
    method: Annotated[Method, MethodHelp] = "add",
    duplicates: Duplicates = "keep",
    match_case: Flag = False,
    unknown: Unknown = "skip",
    space: Annotated[Space, SpaceHelp] = "E",
    all_but_the_top: AllButTheTop = None,
    part: PartOption = WHOLE_FILE,
    verbose: Flag = False,
    json: Json = False,
) -> None:
    """How well vectors agree with people: each figure with its coverage and a 95 % bootstrap interval.

    Unknown words are not given a made-up vector: their questions are left out and counted. Vectors with subwords can
    compose one (--unknown compose).

    Args:
        duplicates: A pair that occurs twice counts twice (keep, as in published figures) or once with its mean score.
        match_case: Treat words in another case than the set's as unknown.
        unknown: Leave unknown words, or items with them, out (skip), or compose their vectors of their n-grams.
        verbose: Print the unknown words too.
    """
    from sgns.evaluation import evaluate_analogies, evaluate_categories, evaluate_similarity, evaluate_texts
    from sgns.evaluation.downstream import check_test_texts
    from sgns.evaluation.report import Answer, scores_as_dict, scores_as_text

    if not (similarity or analogy or categories or texts or test_texts):
        raise ConfigError("no test set; name one with --similarity, --analogy, --categories or --texts")
    check_test_texts(texts, test_texts)
    asked, ignore_case = opened(vectors, space, all_but_the_top, part), not match_case
    answers: list[Answer] = [
        *(
            evaluate_similarity(asked, path, ignore_case=ignore_case, duplicates=duplicates, unknown=unknown)
            for path in similarity
        ),
        *(
            evaluate_analogies(
                asked, path, restrict=restrict or None, method=method, ignore_case=ignore_case, unknown=unknown
            )
            for path in analogy
        ),
        *(evaluate_categories(asked, path, ignore_case=ignore_case, unknown=unknown) for path in categories),
        *(evaluate_texts(asked, path, test_texts, weights=weights, unknown=unknown) for path in texts),
    ]
    if json:
        model = {"vectors": str(vectors), "words": len(asked), "dim": asked.dim, "space": space}
        print_json(model | scores_as_dict(answers))
    else:
        print(scores_as_text(answers, duplicates, verbose))


def compare(
    *models: Annotated[str, AS_PATH, Parameter(negative=())],
    similarity: SimilaritySets = (),
    analogy: AnalogySets = (),
    categories: CategorySets = (),
    texts: TextSets = (),
    test_texts: TestTexts = None,
    weights: WeightsOfWords = "mean",
    restrict: Restrict = 30_000,
    method: Annotated[Method, MethodHelp] = "add",
    words: AtLeast0 = COMPARED_WORDS,
    neighbours: AtLeast1 = 10,
    moved: AtLeast0 = 20,
    space: Annotated[Space, SpaceHelp] = "E",
    part: PartOption = WHOLE_FILE,
    json: Json = False,
) -> None:
    """Do models differ, on test sets and in their neighbours? Paired bootstrap, Holm's correction, words that moved.

    Args:
        models: Two models or more. A model is a vector file; or several seeds of it, as a,b,c or as a quoted pattern.
        words: Compare the neighbours of this many shared words, the most frequent ones; 0 leaves the spaces out.
        neighbours: Neighbours of each word.
        moved: Number of words to print, of those that moved most.
    """
    from sgns.evaluation import compare_models, compare_spaces
    from sgns.evaluation.models import files_of_models
    from sgns.evaluation.report import comparison_as_dict, comparison_as_text

    if len(models) < 2:
        raise ConfigError(f"{len(models)} models; name at least two vector files")
    files = files_of_models(models)
    loaded = {name: [opened(path, space, part=part) for path in paths] for name, paths in files.items()}
    sets = compare_models(
        loaded,
        similarity,
        analogy,
        categories,
        texts,
        test_texts=test_texts,
        weights=weights,
        restrict=restrict or None,
        method=method,
    )
    spaces = {
        (a, b): compare_spaces(loaded[a], loaded[b], words=words, neighbours=neighbours, moved=moved)
        for a, b in (combinations(loaded, 2) if words else ())
    }
    if json:
        print_json(comparison_as_dict(files, sets, spaces))
    else:
        print(comparison_as_text(files, loaded, sets, spaces))
