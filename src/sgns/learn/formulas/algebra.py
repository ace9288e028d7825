"""Converts formulas to SymPy and back, so that derivatives can be simplified and equations can be proved."""

from typing import Any

from sgns.errors import MissingExtra
from sgns.learn.formulas.parser import Apply, Name, Number, Tree


def sympy() -> Any:
    """Imports SymPy.

    Returns:
        The module.

    Raises:
        MissingExtra: SymPy is not installed.
    """
    try:
        import sympy
    except ImportError:
        raise MissingExtra("formulas need sympy; install it with: pip install 'sgns[learn]'") from None
    return sympy


class SymbolicFunctions:
    """SymPy as the `m` of an operation (`sgns.learn.formulas.operations`).

    Args:
        undefined: Functions that remain undefined functions of SymPy, so that a formula shows them by name.
    """

    def __init__(self, undefined: tuple[str, ...] = ()) -> None:
        self._undefined = undefined

    def __getattr__(self, name: str) -> Any:
        return sympy().Function(name) if name in self._undefined else getattr(sympy(), name)


NAMED = SymbolicFunctions(("sigmoid", "relu", "tanh", "step_function", "dot", "sum"))  # σ stays σ: to be shown
EXPANDED = SymbolicFunctions()  # every function is SymPy's own: to be compared


def number(value: float) -> Any:
    """Converts a number to SymPy. An integral float becomes an integer, so that x**2.0 is x²."""
    return sympy().Integer(int(value)) if float(value).is_integer() else sympy().Float(value, 15)


def from_sympy(expression: Any) -> Tree:
    """Converts a SymPy expression to a tree.

    The factors of a product stand in the usual order: numbers, letters, functions, sums. Factors with a negative power
    stand in the denominator.
    """
    s = sympy()
    if expression.is_Number:
        if expression.is_Rational and not expression.is_Integer:
            return _product([Number(float(expression.p))], [Number(float(expression.q))])
        return Number(float(expression))
    if expression.is_Symbol:
        return Name(expression.name)
    if expression.is_Add:
        terms = sorted(expression.as_ordered_terms(), key=lambda term: term.could_extract_minus_sign())
        tree = from_sympy(terms[0])
        for term in terms[1:]:
            negative = term.could_extract_minus_sign()
            tree = Apply("-" if negative else "+", (tree, from_sympy(-term if negative else term)))
        return tree
    if expression.is_Mul:
        if expression.could_extract_minus_sign():
            return Apply("neg", (from_sympy(-expression),))
        above: list[Tree] = []
        below: list[Tree] = []
        for factor in sorted(expression.as_ordered_factors(), key=_order):
            base, exponent = factor.as_base_exp()
            if factor.is_Rational and not factor.is_Integer:
                above += [Number(float(factor.p))] if factor.p != 1 else []
                below.append(Number(float(factor.q)))
            elif exponent.is_number and exponent.is_negative and base is not s.E:
                below.append(from_sympy(1 / factor))
            else:
                above.append(from_sympy(factor))
        return _product(above, below)
    if expression.is_Pow or isinstance(expression, s.exp):
        base, exponent = expression.as_base_exp()
        if base is s.E:
            return Apply("exp", (from_sympy(exponent),))
        if exponent.is_number and exponent.is_negative:
            return Apply("/", (Number(1), from_sympy(1 / expression)))
        return Apply("**", (from_sympy(base), from_sympy(exponent)))
    return Apply(expression.func.__name__, tuple(from_sympy(argument) for argument in expression.args))


def _order(factor: Any) -> int:
    """The sort key of a factor: 0 for numbers and letters, 1 for functions, 2 for sums: y·x^(y−1), σ(x)·(1 − σ(x))."""
    base, exponent = factor.as_base_exp()
    if base.is_Add:
        return 2
    return 0 if factor.is_number or (base.is_Symbol and exponent.is_number) else 1


def _product(above: list[Tree], below: list[Tree]) -> Tree:
    def chain(factors: list[Tree]) -> Tree:
        tree = factors[0]
        for factor in factors[1:]:
            tree = Apply("*", (tree, factor))
        return tree

    top = chain(above or [Number(1)])
    return Apply("/", (top, chain(below))) if below else top
