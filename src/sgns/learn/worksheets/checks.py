"""Computes the value and the derivatives of a formula by several methods, which must agree before a key shows them.

The methods: the computation graph (both passes), SymPy with 30 digits, central differences at each node, and PyTorch's
autograd at each node where PyTorch is installed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgns.errors import SgnsError
from sgns.learn.formulas.algebra import number, sympy
from sgns.learn.formulas.operations import NUMERIC, OPERATIONS, function_arities
from sgns.learn.formulas.parser import Apply, Name, Number, Tree, parse_program
from sgns.learn.graphs.graph import Edge, Node, Passes, graph
from sgns.learn.graphs.symbolic import Formulas

Values = Mapping[str, float | list[float]]
Derivatives = dict[str, np.ndarray]
EXACT, DIFFERENCES = 1e-9, 1e-5  # largest relative difference between methods; central differences are less exact


class WrongKey(SgnsError, ArithmeticError):
    """Two methods that compute an answer of a key disagree."""


@dataclass(frozen=True)
class Checked:
    """A formula with values and derivatives on which all methods agree.

    Attributes:
        passes: Its computation graph.
        by: The methods that agree with the graph.
    """

    passes: Passes
    by: tuple[str, ...]

    @cached_property
    def formulas(self) -> Formulas:
        """The formulas of all nodes and edges; both passes with symbols run once."""
        return Formulas(self.passes)

    @property
    def value(self) -> float:
        """The value of the formula."""
        return float(self.passes.output.value)


def agree(what: str, a: Any, b: Any, within: float = EXACT) -> None:
    """Compares the results of two methods.

    Raises:
        WrongKey: They differ by more than `within`, relative to the larger of 1 and their largest element.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or not np.abs(a - b).max() <= within * max(1.0, np.abs(a).max()):
        raise WrongKey(f"{what}: one method gives {a.tolist()}, another {b.tolist()}; please report this formula")


def checked(expression: str, values: Values) -> Checked:
    """Computes a formula and its derivatives by each method and compares them.

    Args:
        expression: A formula in the grammar of `sgns graph`; parts may be named.
        values: The number or vector of each variable.

    Returns:
        The graph, and the methods that agree with it.

    Raises:
        WrongKey: Two methods disagree.
        ExpressionError: The formula does not follow the grammar, or has no finite value.
    """
    passes = graph(expression, values)
    by = ["graph"]
    value, derivatives = _by_sympy(expression, values)
    agree(f"{expression} by SymPy", passes.output.value, value)
    for variable, derivative in derivatives.items():
        agree(f"d/d{variable} of {expression} by SymPy", passes.derivative(variable), derivative)
    by.append("SymPy")
    for name, found, within in (
        ("central differences", _by_differences(passes), DIFFERENCES),
        ("PyTorch's autograd", _by_torch(passes), EXACT),
    ):
        if found is None:
            continue
        for node, derivative in zip(passes.nodes, found):
            agree(f"df/d{passes.name(node)} of {expression} by {name}", passes.derivative(node), derivative, within)
        by.append(name)
    return Checked(passes, tuple(by))


def _symbolic(m: "_Symbols", tree: Tree, known: dict[str, Any]) -> Any:
    """Converts a formula to SymPy, with what its names stand for."""
    match tree:
        case Number(value):
            return number(value)
        case Name(name):
            return known[name]
        case Apply(operation, operands):
            return OPERATIONS[operation].value(m, *[_symbolic(m, operand, known) for operand in operands])
    raise TypeError(f"not a formula of a worksheet: {tree!r}")


class _Symbols:
    """SymPy as the `m` of an operation; vectors are columns of symbols."""

    @staticmethod
    def sigmoid(x: Any) -> Any:
        return 1 / (1 + sympy().exp(-x))

    @staticmethod
    def dot(a: Any, b: Any) -> Any:
        return (a.T * b)[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(sympy(), name)


def _by_sympy(expression: str, values: Values) -> tuple[float, Derivatives]:
    """Differentiates symbolically and evaluates with 30 digits."""
    s = sympy()
    known: dict[str, Any] = {}
    at: dict[Any, Any] = {}
    symbols: dict[str, list[Any]] = {}
    for name, value in values.items():
        parts = np.atleast_1d(np.asarray(value, float))
        symbols[name] = [s.Symbol(f"{name}_{i}", real=True) for i in range(len(parts))]
        known[name] = s.Matrix(symbols[name]) if np.ndim(value) else symbols[name][0]
        at |= {symbol: s.Rational(float(part)) for symbol, part in zip(symbols[name], parts)}
    for part, tree in parse_program(expression, function_arities()):
        f = _symbolic(_Symbols(), tree, known)
        if part is not None:
            known[part] = f

    def exact(formula: Any) -> float:
        return float(formula.evalf(30, subs=at))

    derivatives = {}
    for name, value in values.items():
        parts_ = [exact(s.diff(f, symbol)) for symbol in symbols[name]]
        derivatives[name] = np.array(parts_ if np.ndim(value) else parts_[0])
    return exact(f), derivatives


def _forward(passes: Passes, m: Any, given: dict[int, Any], number: Callable[[Any], Any]) -> dict[int, Any]:
    """Computes the values of all nodes again, with the functions of `m`.

    Args:
        passes: The graph.
        m: The module that supplies the functions of the operations.
        given: The values of the variables, and of nodes that are not to be computed, by the id of the node.
        number: Converts a literal.

    Returns:
        The value of each node, by its id.
    """
    known = dict(given)
    for node in passes.nodes:
        if id(node) not in known:
            operands = [known[id(x)] if isinstance(x, Node) else number(x) for x in node.operands]
            known[id(node)] = OPERATIONS[node.operation or ""].value(m, *operands)
    return known


def _by_differences(passes: Passes, h: float = 1e-5) -> list[np.ndarray]:
    """(f(n + h) − f(n − h)) / 2h for each component of each node n, from which the forward pass goes on."""
    variables = {id(node): node.value for node in passes.nodes if node.operation is None}

    def f(node: Node, moved: np.ndarray) -> float:
        return float(_forward(passes, NUMERIC, variables | {id(node): moved}, np.asarray)[id(passes.output)])

    made = []
    for node in passes.nodes:
        slope = np.empty_like(node.value)
        for place in np.ndindex(node.value.shape):
            step = np.zeros_like(node.value)
            step[place] = h
            slope[place] = (f(node, node.value + step) - f(node, node.value - step)) / (2 * h)
        made.append(slope)
    return made


def _by_torch(passes: Passes) -> list[np.ndarray] | None:
    """Differentiates by each node with autograd, in float64; None if PyTorch is not installed."""
    try:
        import torch
    except ImportError:
        return None
    variables = {
        id(node): torch.tensor(node.value, dtype=torch.float64, requires_grad=True)
        for node in passes.nodes
        if node.operation is None
    }
    known = _forward(passes, torch, variables, torch.from_numpy)
    tensors = [known[id(node)] for node in passes.nodes]
    return [gradient.numpy() for gradient in torch.autograd.grad(known[id(passes.output)], tensors)]


def local_by_differences(edge: Edge, h: float = 1e-5) -> np.ndarray:
    """∂target/∂source of an edge whose local derivative has the shape of its source, by central differences."""
    source = edge.source.value
    slope = np.empty_like(source)

    def target(moved: np.ndarray) -> np.ndarray:
        operands = [x.value if isinstance(x, Node) else x for x in edge.target.operands]
        operands[edge.position] = moved
        return np.asarray(OPERATIONS[edge.target.operation or ""].value(NUMERIC, *operands))

    for place in np.ndindex(source.shape):
        step = np.zeros_like(source)
        step[place] = h
        change = (target(source + step) - target(source - step)) / (2 * h)
        slope[place] = change[place] if change.ndim else change
    return slope
