"""Word analogies: a : b = c : ? by 3CosAdd or 3CosMul (Levy & Goldberg 2014); accuracy with its interval.

The questions of a set share few distinct words. The cosines of these with the vocabulary are one matrix product, and
the scores of a question are sums (or products) of three rows of it: cos(x, b − a + c) is proportional to
cos(x, b) − cos(x, a) + cos(x, c).
"""

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from sgns.errors import ConfigError, FormatError
from sgns.evaluation.sets import Lookup, Unknown, read_lines, unit_rows
from sgns.evaluation.statistics import Interval, proportion
from sgns.vectors.search import inverse as inverse_lengths
from sgns.vectors.vectors import Method, Vectors

COLUMNS, QUESTIONS = 2048, 64  # scored at once: a tile that fits in the cache
EPSILON = np.float32(1e-6)  # of 3CosMul, as in gensim


@dataclass(frozen=True)
class Section:
    """The score of one section of a set, or of several together."""

    name: str
    right: int
    asked: int
    """Questions in the set."""
    answered: int
    """Questions whose four words are all known (and within `restrict`)."""

    @property
    def accuracy(self) -> float:
        """Share of the answered questions that were answered correctly; NaN if there are none."""
        return self.right / self.answered if self.answered else float("nan")

    @property
    def interval(self) -> Interval | None:
        """95 % bootstrap interval of `accuracy`."""
        return proportion(self.right, self.answered)

    @property
    def coverage(self) -> float:
        """Share of the questions that were answered."""
        return self.answered / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class Analogies:
    """The score on one analogy set."""

    name: str
    method: Method
    restrict: int | None
    """How many words could ask and answer, the most frequent ones; None for all."""
    total: Section
    semantic: Section
    """Sections whose name does not begin with `gram`."""
    syntactic: Section
    sections: tuple[Section, ...]
    composed: int
    """Answered questions with a word that is not in the vocabulary, whose vector was composed of its n-grams."""
    unknown: tuple[str, ...]
    """Words that are not among these and were not composed, in the order of the set."""
    duplicates: int
    """Questions that repeat an earlier one; they count again, as in published figures."""
    folded: int
    """Words found only in another case."""
    correct: np.ndarray = field(repr=False)
    """(answered,) bool: which answers were correct."""
    items: np.ndarray = field(repr=False)
    """(answered,) int64: the numbers of these questions in the set, which pair two models."""

    @property
    def accuracy(self) -> float:
        """Share of all answered questions that were answered correctly."""
        return self.total.accuracy

    @property
    def interval(self) -> Interval | None:
        """95 % bootstrap interval of `accuracy`."""
        return self.total.interval

    @property
    def asked(self) -> int:
        """Questions in the set."""
        return self.total.asked

    @property
    def answered(self) -> int:
        """Questions whose four words are all known (and within `restrict`)."""
        return self.total.answered

    @property
    def coverage(self) -> float:
        """Share of the questions that were answered."""
        return self.total.coverage


def read_questions(path: str | PathLike[str]) -> list[tuple[str, tuple[str, str, str, str]]]:
    """Reads an analogy set in Google's form: four words on a line; a line `: name` begins a section.

    Returns:
        (section, (a, b, c, expected)) of each question.

    Raises:
        InputError: the file cannot be read.
        FormatError: a line does not have four words (the message has its number), or there is no question.
    """
    questions: list[tuple[str, tuple[str, str, str, str]]] = []
    section = Path(path).stem
    for number, line in read_lines(path):
        if line.startswith(":"):
            section = line[1:].strip() or f"line {number}"
        elif not line.startswith("#"):
            words = line.split("\t") if "\t" in line else line.split()
            if len(words) != 4:
                raise FormatError(f"{path}: line {number} has {len(words)} words; a question is four: a b c expected")
            a, b, c, expected = (word.strip() for word in words)
            questions.append((section, (a, b, c, expected)))
    if not questions:
        raise FormatError(f"{path}: no questions in it; a question is a line of four words: a b c expected")
    return questions


def evaluate_analogies(
    vectors: Vectors,
    path: str | PathLike[str],
    *,
    restrict: int | None = 30_000,
    method: Method = "add",
    ignore_case: bool = True,
    unknown: Unknown = "skip",
) -> Analogies:
    """Computes the share of analogies whose best answer is the expected word.

    Args:
        vectors: the model; E is used.
        path: the set; see `read_questions`.
        restrict: how many words may ask and answer, the most frequent ones, as in word2vec and by default in gensim.
            Questions with a rarer word are left out and counted. None takes the whole vocabulary, which is harder and
            slower; its accuracy is not comparable with that of restricted runs.
        method: add for 3CosAdd, mul for 3CosMul.
        ignore_case: whether words that differ in case alone count as one: as a question's word, as an excluded word
            and as the expected word.
        unknown: skip leaves questions with an unknown word out; compose makes vectors of the unknown words that ask of
            their n-grams. The expected word must be in the vocabulary, since only its words answer.

    Raises:
        InputError: the set cannot be read.
        FormatError: a line of the set is wrong.
        ConfigError: the method is another, restrict is below 1, or unknown is compose and there are no subwords.
    """
    if method not in ("add", "mul"):
        raise ConfigError(f"method is {method!r}; choose add (3CosAdd) or mul (3CosMul)")
    questions = read_questions(path)
    whole = vectors.with_text_words()
    if restrict is not None and restrict < len(vectors):
        vectors = vectors.restrict(restrict)
    vectors = vectors.with_text_words()
    lookup = Lookup(vectors, ignore_case, unknown, whole if len(whole) > len(vectors) else None)
    rows = np.array(
        [[*map(lookup.row_or_composed, words[:3]), lookup.row(words[3])] for _, words in questions], np.int64
    )
    items = np.flatnonzero((rows >= 0).all(axis=1))
    if ignore_case:  # the first of the case variants of a word represents all
        same = np.array([lookup.by_fold[word.casefold()] for word in vectors.words], np.int64)
    else:
        same = np.arange(len(vectors))
    answers = best_answers(vectors, rows[items, :3], same, method, lookup)
    correct = same[answers] == same[rows[items, 3]]

    names = np.array([section for section, _ in questions])
    hits = np.zeros(len(questions), bool)
    hits[items[correct]] = True
    known = np.zeros(len(questions), bool)
    known[items] = True

    def section(name: str, chosen: np.ndarray) -> Section:
        return Section(name, int(hits[chosen].sum()), int(chosen.sum()), int(known[chosen].sum()))

    syntactic = np.array([name.startswith("gram") for name in names])
    absent = [word for (_, words), row in zip(questions, rows) for word, at in zip(words, row) if at < 0]
    return Analogies(
        name=Path(path).name,
        method=method,
        restrict=restrict,
        total=section("total", np.ones(len(questions), bool)),
        semantic=section("semantic", ~syntactic),
        syntactic=section("syntactic", syntactic),
        sections=tuple(section(name, names == name) for name in dict.fromkeys(names.tolist())),
        composed=int((rows[items] >= len(vectors)).any(axis=1).sum()),
        unknown=tuple(dict.fromkeys(absent)),
        duplicates=len(questions) - len({words for _, words in questions}),
        folded=len(lookup.folded),
        correct=correct,
        items=items,
    )


def best_answers(
    vectors: Vectors, questions: np.ndarray, same: np.ndarray, method: Method, lookup: Lookup | None = None
) -> np.ndarray:
    """Finds the best answer to each question.

    Args:
        vectors: the words that may answer.
        questions: (q, 3) int64, rows of a, b, c.
        same: (V,) int64, the same number for all case variants of a word.
        method: add or mul.
        lookup: has the vectors of rows behind those of the vocabulary, where there are such.

    Returns:
        (q,) int64, the rows of the answers; never a, b, c or a case variant of these.
    """
    words, at = np.unique(questions, return_inverse=True)
    a, b, c = at.reshape(questions.shape).T
    directions = unit_rows(vectors, words) if lookup is None else lookup.unit_rows(words)
    inverse = inverse_lengths(vectors.norms)
    own_numbers = np.where(words < len(vectors), same[np.minimum(words, len(vectors) - 1)], -1)  # of composed words −1
    best = np.full(len(questions), -np.inf, np.float32)
    answers = np.zeros(len(questions), np.int64)
    slices = [slice(i, i + QUESTIONS) for i in range(0, len(questions), QUESTIONS)]
    for start in range(0, len(vectors), COLUMNS):
        cosines = directions @ vectors.E[start : start + COLUMNS].T  # (words, columns)
        cosines *= inverse[start : start + COLUMNS]
        if method == "mul":
            cosines += 1
            cosines /= 2
        columns = same[start : start + COLUMNS]
        banned = [np.flatnonzero(columns == word) for word in own_numbers]
        for part in slices:
            if method == "add":
                scores = cosines[b[part]]
                scores -= cosines[a[part]]
                scores += cosines[c[part]]
            else:
                scores = cosines[b[part]]
                scores *= cosines[c[part]]
                scores /= cosines[a[part]] + EPSILON
            for own in (a, b, c):
                for i, word in enumerate(own[part]):
                    scores[i, banned[word]] = -np.inf
            column = scores.argmax(axis=1)
            score = scores[np.arange(len(column)), column]
            better = np.flatnonzero(score > best[part])
            best[part][better] = score[better]
            answers[part][better] = column[better] + start
    return answers
