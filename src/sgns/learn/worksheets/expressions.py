"""Formulas that a student wrote: parsed by the grammar of `sgns graph` within limits, and evaluated, never as Python.

Beside the operations of the graphs the grammar has `total(f)`, the sum of f over the negatives, in which Cn stands for
C1, C2 … Ck.
"""

from collections.abc import Mapping

import numpy as np

from sgns.errors import ExpressionError
from sgns.learn.formulas.operations import NUMERIC, OPERATIONS, function_arities
from sgns.learn.formulas.parser import Apply, Name, Number, Tree, Vector, parse

MAX_CHARACTERS, MAX_DEPTH, MAX_SUM_TERMS = 400, 20, 9
SYMBOLIC_DEGREE, SYMBOLIC_NODES = 12, 80  # SymPy compares formulas up to this size; larger ones are compared in numbers
Numbers = Mapping[str, float | np.ndarray]


def read_formula(text: str, negatives: int = 0) -> Tree:
    """Parses a formula.

    Args:
        text: The formula, with at most 400 characters and 20 brackets in each other.
        negatives: k, the number of terms of `total`; with 0 the grammar has no `total`.

    Returns:
        Its tree, in which each `total` is written out.

    Raises:
        ExpressionError: The text does not follow the grammar or exceeds a limit.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"the formula has {len(text)} characters, more than {MAX_CHARACTERS}; shorten it")
    depth = most = 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        most = max(most, depth)
    if most > MAX_DEPTH:
        raise ExpressionError(f"the formula has {most} brackets in each other, more than {MAX_DEPTH}; shorten it")
    functions = function_arities() | ({"total": 1} if negatives else {})
    return _written_out(parse(text, functions), negatives)


def _written_out(tree: Tree, negatives: int, which: int = 0) -> Tree:
    """Replaces total(f) by f with C1 + f with C2 + …; `which` is the negative that Cn stands for, or 0 outside."""
    match tree:
        case Name("Cn") if which:
            return Name(f"C{which}")
        case Apply("total", (term,)):
            if which:
                raise ExpressionError("total inside of total; one sum over the negatives is enough")
            terms = [_written_out(term, negatives, i) for i in range(1, negatives + 1)]
            made = terms[0]
            for other in terms[1:]:
                made = Apply("+", (made, other))
            return made
        case Apply(operation, operands):
            return Apply(operation, tuple(_written_out(operand, negatives, which) for operand in operands))
    return tree


def names_in(tree: Tree) -> set[str]:
    """Returns the names of the variables of a formula."""
    match tree:
        case Name(name):
            return {name}
        case Apply(_, operands):
            return set().union(*map(names_in, operands))
    return set()


def evaluate_tree(tree: Tree, values: Numbers) -> np.ndarray:
    """Computes the value of a formula in float64.

    Args:
        tree: The formula.
        values: The number or vector (d,) of each of its variables.

    Returns:
        A number () or a vector (d,); NaN or infinite where the formula has no value.

    Raises:
        ExpressionError: Vectors of different length meet, or `dot` and `sum` meet a number.
    """
    match tree:
        case Number(value):
            return np.asarray(value, np.float64)
        case Vector(numbers):
            return np.asarray(numbers, np.float64)
        case Name(name):
            return np.asarray(values[name], np.float64)
        case Apply(operation, operands):
            parts = [evaluate_tree(operand, values) for operand in operands]
            if len({part.shape for part in parts if part.ndim}) > 1:
                raise ExpressionError(f"{operation} of vectors of different length; check what is a vector")
            if operation in ("dot", "sum") and not all(part.ndim for part in parts):
                raise ExpressionError(f"{operation} of a number; it takes vectors")
            with np.errstate(all="ignore"):
                return np.asarray(OPERATIONS[operation].value(NUMERIC, *parts), np.float64)
    raise TypeError(f"not a formula: {tree!r}")


SIGNS = {"+": 0, "-": 0, "*": 1, "/": 1, "neg": 1, "**": 2}  # sign: how strongly it binds


def typed(tree: Tree) -> str:
    """Writes a formula as it is typed, in the grammar of `read_formula`."""

    def part(operand: Tree, least: int) -> str:
        negative = isinstance(operand, Number) and operand.value < 0
        weak = isinstance(operand, Apply) and SIGNS.get(operand.operation, 3) < least
        return f"({typed(operand)})" if weak or (negative and least) else typed(operand)

    match tree:
        case Number(value):
            return f"{value:.15g}"
        case Vector(values):
            return f"[{', '.join(f'{value:.15g}' for value in values)}]"
        case Name(name):
            return name
        case Apply("neg", (a,)):
            return f"-{part(a, 2)}"
        case Apply("**", (a, b)):
            return f"{part(a, 3)}**{part(b, 3)}"
        case Apply(sign, (a, b)) if sign in SIGNS:
            between = f" {sign} " if SIGNS[sign] == 0 else sign
            return f"{part(a, SIGNS[sign])}{between}{part(b, SIGNS[sign] + 1)}"
        case Apply(function, operands):
            return f"{function}({', '.join(map(typed, operands))})"
    raise TypeError(f"not a formula: {tree!r}")


def fits_sympy(tree: Tree) -> bool:
    """Whether a formula is small enough for SymPy to simplify it at once: few operations and low powers."""
    return _nodes(tree) <= SYMBOLIC_NODES and _degree(tree) <= SYMBOLIC_DEGREE


def _nodes(tree: Tree) -> int:
    return 1 + sum(map(_nodes, tree.operands)) if isinstance(tree, Apply) else 1


def _degree(tree: Tree) -> float:
    """Bounds the degree of a formula as a polynomial; infinite for a power whose exponent is no small number."""
    match tree:
        case Apply("**", (base, Number(exponent))) if float(exponent).is_integer():
            return max(1, _degree(base)) * max(1, abs(exponent))
        case Apply("**", _):
            return float("inf")
        case Apply("*" | "/" | "dot", (a, b)):
            return _degree(a) + _degree(b)
        case Apply("exp" | "log" | "sigmoid", (a,)):
            return _degree(a) + 1
        case Apply("relu" | "tanh", _):
            return float("inf")
        case Apply(_, operands):
            return max(map(_degree, operands))
        case Number(_) | Vector(_):
            return 0
    return 1
