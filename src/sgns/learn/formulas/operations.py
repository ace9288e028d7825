"""The operations of a computation graph, a row each: how it is computed and what its local derivatives are.

A row works on numbers and on symbols alike: `m` is NumPy (with σ and relu added) for the one and SymPy for the other,
`y` is the result. A new operation is a new row:

    "sin": Rule(1, lambda m, x: m.sin(x), (lambda m, y, x: m.cos(x),)),
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SIGNS = ("+", "-", "*", "/", "**", "neg")


@dataclass(frozen=True)
class Rule:
    """One operation.

    Attributes:
        arity: Number of operands.
        value: (m, *operands) -> the result y.
        local: For each operand, (m, y, *operands) -> ∂y/∂operand, element by element.
    """

    arity: int
    value: Callable[..., Any]
    local: tuple[Callable[..., Any], ...]


RULES = {
    "+": Rule(2, lambda m, a, b: a + b, (lambda m, y, a, b: 1, lambda m, y, a, b: 1)),
    "-": Rule(2, lambda m, a, b: a - b, (lambda m, y, a, b: 1, lambda m, y, a, b: -1)),
    "*": Rule(2, lambda m, a, b: a * b, (lambda m, y, a, b: b, lambda m, y, a, b: a)),
    "/": Rule(2, lambda m, a, b: a / b, (lambda m, y, a, b: 1 / b, lambda m, y, a, b: -a / b**2)),
    "**": Rule(2, lambda m, a, b: a**b, (lambda m, y, a, b: b * a ** (b - 1), lambda m, y, a, b: y * m.log(a))),
    "neg": Rule(1, lambda m, a: -a, (lambda m, y, a: -1,)),
    "dot": Rule(2, lambda m, a, b: m.dot(a, b), (lambda m, y, a, b: b, lambda m, y, a, b: a)),
    "sum": Rule(1, lambda m, a: m.sum(a), (lambda m, y, a: 1,)),
    "exp": Rule(1, lambda m, a: m.exp(a), (lambda m, y, a: y,)),
    "log": Rule(1, lambda m, a: m.log(a), (lambda m, y, a: 1 / a,)),
    "sigmoid": Rule(1, lambda m, a: m.sigmoid(a), (lambda m, y, a: y * (1 - y),)),
    "relu": Rule(1, lambda m, a: m.relu(a), (lambda m, y, a: m.step(a),)),
    "tanh": Rule(1, lambda m, a: m.tanh(a), (lambda m, y, a: 1 - y**2,)),
}


def functions() -> dict[str, int]:
    """Name -> number of arguments of the rules that are written as functions."""
    return {name: rule.arity for name, rule in RULES.items() if name not in SIGNS}


class Numbers:
    """NumPy as the `m` of a rule, with the functions that it lacks."""

    @staticmethod
    def sigmoid(a: np.ndarray) -> np.ndarray:
        """σ(a) = e^a / (e^a + 1), without overflow: the exponent is never positive."""
        small = np.exp(-np.abs(a))
        return np.where(a >= 0, 1, small) / (1 + small)

    @staticmethod
    def relu(a: np.ndarray) -> np.ndarray:
        """max(a, 0)."""
        return np.maximum(a, 0)

    @staticmethod
    def step(a: np.ndarray) -> np.ndarray:
        """1 where a > 0, else 0. At 0 itself relu has no derivative; 0 is what PyTorch takes."""
        return np.where(a > 0, 1.0, 0.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


NUMBERS = Numbers()
