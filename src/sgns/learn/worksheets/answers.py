"""The answers of a worksheet: what the key shows, and how the answer of a student is compared with it.

`mark` returns a `Verdict`: right, wrong with a hint, or for the teacher. A hint names the step that went wrong; it is
found by comparing the answer with what a known mistake gives; no hint shows the answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sgns.errors import ExpressionError
from sgns.learn.chapters.proof import Meaning, equal
from sgns.learn.formulas.notation import show_value
from sgns.learn.formulas.parser import Tree
from sgns.learn.worksheets.expressions import evaluate_tree, fits_sympy, names_in, read_formula, typed

RELATIVE = 0.005  # largest relative error of a number: a student works with four significant digits
POINTS, FEWEST_POINTS, SAME = 16, 6, 1e-7  # points at which two formulas are compared, and their relative difference


@dataclass(frozen=True)
class Verdict:
    """The mark of one answer.

    Attributes:
        right: None if the teacher marks the answer.
        hint: What to look at again, or "".
        by: What compared a formula: "SymPy", or the number of points at which it has the right value.
    """

    right: bool | None
    hint: str = ""
    by: str = ""


RIGHT, FOR_THE_TEACHER = Verdict(True), Verdict(None)


@dataclass(frozen=True, kw_only=True)
class Answer(ABC):
    """One answer of a question.

    Attributes:
        name: Its key in the form, unique in the question.
        prompt: The task, as running text.
        points: Its points.
        how: How the key comes to it, as running text, or "".
        checked: The methods that agree on it, or ().
        lines: Lines to leave free on the sheet.
    """

    name: str
    prompt: str
    points: int
    how: str = ""
    checked: tuple[str, ...] = ()
    lines: int = 1

    @abstractmethod
    def key(self) -> str:
        """Returns the right answer as running text."""

    @abstractmethod
    def mark(self, given: Any) -> Verdict:
        """Compares an answer from the form: a number, a text or a list."""

    @abstractmethod
    def right_answer(self) -> Any:
        """Returns the right answer as a value of the form, which `mark` finds right."""


Mistakes = Sequence[tuple[Any, str]]  # (what a mistake gives, its hint)


@dataclass(frozen=True, kw_only=True)
class Formula(Answer):
    """A formula; every formula that is equal to it is right.

    Attributes:
        tree: The right formula.
        scalars: The names of numbers that an answer may contain.
        vectors: The names of vectors.
        negatives: k, for `total`.
        mistakes: Formulas that known mistakes give, as text.
        hint: The hint if no known mistake fits.
    """

    tree: Tree
    hint: str
    scalars: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    negatives: int = 0
    mistakes: Mistakes = ()

    def key(self) -> str:
        return f"${typed(self.tree)}$"

    def right_answer(self) -> str:
        return typed(self.tree)

    def mark(self, given: Any) -> Verdict:
        text = repr(given) if isinstance(given, int | float) and not isinstance(given, bool) else given
        if not isinstance(text, str):
            return Verdict(False, 'the answer is a formula between quotes, such as "2*x"')
        try:
            tree = read_formula(text, self.negatives)
            if unknown := sorted(names_in(tree) - {*self.scalars, *self.vectors}):
                allowed = ", ".join((*self.scalars, *self.vectors))
                return Verdict(False, f"{unknown[0]!r} is no name of this question; its names are {allowed}")
            if by := self._equal(tree):
                return Verdict(True, by=by)
            for mistake, hint in self.mistakes:
                if self._same_numbers(tree, read_formula(mistake, self.negatives)):
                    return Verdict(False, hint)
            found, expected = (evaluate_tree(x, next(self._points())) for x in (tree, self.tree))
        except ExpressionError as error:
            return Verdict(False, str(error))
        if found.ndim != expected.ndim:
            return Verdict(False, f"the answer is {_kind(expected)}, not {_kind(found)}")
        return Verdict(False, self.hint)

    def _equal(self, tree: Tree) -> str:
        """Compares a formula with the right one: in numbers, then by SymPy if it is small.

        Where SymPy cannot show that the difference is 0, more points decide.

        Returns:
            What found them equal, or "" if they are not.
        """
        if not self._same_numbers(tree, self.tree):
            return ""
        with suppress(ArithmeticError, AttributeError, NotImplementedError, RecursionError):
            if fits_sympy(tree) and equal(tree, self.tree, Meaning(vectors=self.vectors)):
                return "SymPy"
        return f"{10 * POINTS} points" if self._same_numbers(tree, self.tree, 10 * POINTS) else ""

    def _points(self, count: int = POINTS) -> Iterator[dict[str, Any]]:
        """Yields values of the variables; the numbers of the first half are positive, for logarithms."""
        rng = np.random.default_rng(22)
        for i in range(count):
            sign = (lambda: 1.0) if i < count // 2 else (lambda: rng.choice((-1.0, 1.0)))
            scalars = {name: sign() * rng.uniform(0.3, 2.5) for name in self.scalars}
            yield scalars | {name: rng.normal(size=3) for name in self.vectors}

    def _same_numbers(self, a: Tree, b: Tree, count: int = POINTS) -> bool:
        compared = 0
        for values in self._points(count):
            x, y = evaluate_tree(a, values), evaluate_tree(b, values)
            if x.ndim != y.ndim:
                return False
            if not np.isfinite(x).all() or not np.isfinite(y).all():
                continue  # outside the domain of one of them
            if np.abs(x - y).max() > SAME * max(1.0, float(np.abs(y).max())):
                return False
            compared += 1
        return compared >= min(FEWEST_POINTS, count)


@dataclass(frozen=True, kw_only=True)
class Numeric(Answer):
    """A number or a vector.

    Attributes:
        value: The right value, () or (d,).
        whole: Whether it must be exact, as a count.
        scale: The largest number that was added to make the value: rounding it may change the value by as much.
        mistakes: Values that known mistakes give.
        hint: The hint if no known mistake fits.
        formula: The same answer as a formula in the names of the question, or None; an answer with names is compared
            with it.
    """

    value: np.ndarray
    hint: str
    whole: bool = False
    scale: float = 0.0
    mistakes: Mistakes = ()
    formula: Formula | None = None

    def key(self) -> str:
        return f"{int(self.value):,}" if self.whole else show_value(self.value)

    def right_answer(self) -> Any:
        return int(self.value) if self.whole else self.value.tolist()

    def mark(self, given: Any) -> Verdict:
        try:
            if self.formula is not None and isinstance(given, str) and names_in(read_formula(given)):
                return self.formula.mark(given)
            number = _number(given)
        except ExpressionError as error:
            return Verdict(False, str(error))
        if number.shape != self.value.shape:
            return Verdict(False, f"the answer is {_kind(self.value)}, not {_kind(number)}")
        if not np.isfinite(number).all():
            return Verdict(False, "the answer is not a finite number")
        if self._same(number, self.value):
            return RIGHT
        for value, hint in self.mistakes:
            value = np.asarray(value, np.float64)
            if value.shape == number.shape and self._same(number, value):
                return Verdict(False, hint)
        if number.ndim:
            right = [self._near(a, b) for a, b in zip(number, self.value)]
            if any(right):
                return Verdict(False, f"component {right.index(False) + 1} is wrong: {self.hint}")
        return Verdict(False, self.hint)

    def _near(self, number: float, value: float) -> bool:
        largest = max(float(np.abs(self.value).max()), self.scale)
        return abs(number - value) <= (0 if self.whole else max(RELATIVE * abs(value), RELATIVE / 5 * largest, 1e-9))

    def _same(self, a: np.ndarray, b: np.ndarray) -> bool:
        return all(self._near(float(x), float(y)) for x, y in zip(np.atleast_1d(a), np.atleast_1d(b)))


@dataclass(frozen=True, kw_only=True)
class Choice(Answer):
    """One of several lettered options.

    Attributes:
        value: The right letter.
        options: All letters.
        hint: The hint for another letter.
    """

    value: str
    options: str
    hint: str

    def key(self) -> str:
        return self.value

    def right_answer(self) -> str:
        return self.value

    def mark(self, given: Any) -> Verdict:
        letter = given.strip().upper() if isinstance(given, str) else ""
        if len(letter) != 1 or letter not in self.options:
            return Verdict(False, f"the answer is one letter from {self.options[0]} to {self.options[-1]}")
        return RIGHT if letter == self.value else Verdict(False, self.hint)


@dataclass(frozen=True, kw_only=True)
class Reported(Answer):
    """A figure of the student's own run. There is no single right value; a law decides whether it can be right.

    Attributes:
        law: The law, as running text for the key.
        check: Function (given, the other answers of the question) -> "" or a hint.
        example: An answer that obeys the law.
        others: The other answers of the question as they were given.
    """

    law: str
    check: Callable[[Any, Mapping[str, Any]], str]
    example: Any
    others: Mapping[str, Any] = field(default_factory=dict)

    def key(self) -> str:
        return self.law

    def right_answer(self) -> Any:
        return self.example

    def mark(self, given: Any) -> Verdict:
        hint = self.check(given, self.others)
        return Verdict(not hint, hint)


@dataclass(frozen=True, kw_only=True)
class Written(Answer):
    """A description in the student's own words; the teacher marks it.

    Attributes:
        expected: What a good description contains, for the key.
    """

    expected: str

    def key(self) -> str:
        return self.expected

    def right_answer(self) -> str:
        return self.expected

    def mark(self, given: Any) -> Verdict:
        if not isinstance(given, str):
            return Verdict(False, "the answer is a text between quotes")
        return FOR_THE_TEACHER


def is_given(answer: Any) -> bool:
    """Whether a value of the form is an answer: "" and [] are fields that were left empty."""
    return answer is not None and answer not in ("", [])


def _kind(value: np.ndarray) -> str:
    return f"a vector of {len(value)} numbers" if value.ndim else "a number"


def _number(given: Any) -> np.ndarray:
    """Reads a number: 24, 0.5, "3/4", "log(7)", [1, 2], "[1, 2]" or ["1/2", 2].

    Raises:
        ExpressionError: It is none.
    """
    if isinstance(given, list):
        if not 1 <= len(given) <= 100 or any(isinstance(item, list) for item in given):
            raise ExpressionError("the answer is a number or a list of numbers, such as [1, -0.5]")
        return np.array([float(_number(item)) if np.ndim(_number(item)) == 0 else np.nan for item in given])
    if isinstance(given, str):
        tree = read_formula(given)
        if names := sorted(names_in(tree)):
            raise ExpressionError(f"the answer is a number, but contains the name {names[0]!r}; put in its value")
        return evaluate_tree(tree, {})
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ExpressionError(f"the answer is a number, not {type(given).__name__}")
    try:
        return np.asarray(float(given))
    except OverflowError:
        raise ExpressionError("the answer is too large a number") from None
