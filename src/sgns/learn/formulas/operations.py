"""The operations of formulas and computation graphs, one row each: its value and its local derivatives.

Each row serves for numbers and for symbols. `m` is the module that supplies the functions: NumPy with σ and relu added
(`NUMERIC`), or SymPy (`sgns.learn.formulas.algebra`). `y` is the result. A new operation is a new row:

    "sin": Operation(1, lambda m, x: m.sin(x), (lambda m, y, x: m.cos(x),)),
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SIGNS = ("+", "-", "*", "/", "**", "neg")  # the operations that formulas write as signs


@dataclass(frozen=True)
class Operation:
    """One operation and its derivatives.

    Attributes:
        arity: Number of operands.
        value: Function (m, *operands) -> y, the result.
        local: For each operand, a function (m, y, *operands) -> ∂y/∂operand, element by element.
    """

    arity: int
    value: Callable[..., Any]
    local: tuple[Callable[..., Any], ...]


OPERATIONS = {
    "+": Operation(2, lambda m, a, b: a + b, (lambda m, y, a, b: 1, lambda m, y, a, b: 1)),
    "-": Operation(2, lambda m, a, b: a - b, (lambda m, y, a, b: 1, lambda m, y, a, b: -1)),
    "*": Operation(2, lambda m, a, b: a * b, (lambda m, y, a, b: b, lambda m, y, a, b: a)),
    "/": Operation(2, lambda m, a, b: a / b, (lambda m, y, a, b: 1 / b, lambda m, y, a, b: -a / b**2)),
    "**": Operation(2, lambda m, a, b: a**b, (lambda m, y, a, b: b * a ** (b - 1), lambda m, y, a, b: y * m.log(a))),
    "neg": Operation(1, lambda m, a: -a, (lambda m, y, a: -1,)),
    "dot": Operation(2, lambda m, a, b: m.dot(a, b), (lambda m, y, a, b: b, lambda m, y, a, b: a)),
    "sum": Operation(1, lambda m, a: m.sum(a), (lambda m, y, a: 1,)),
    "exp": Operation(1, lambda m, a: m.exp(a), (lambda m, y, a: y,)),
    "log": Operation(1, lambda m, a: m.log(a), (lambda m, y, a: 1 / a,)),
    "sigmoid": Operation(1, lambda m, a: m.sigmoid(a), (lambda m, y, a: y * (1 - y),)),
    "relu": Operation(1, lambda m, a: m.relu(a), (lambda m, y, a: m.step_function(a),)),
    "tanh": Operation(1, lambda m, a: m.tanh(a), (lambda m, y, a: 1 - y**2,)),
}


def function_arities() -> dict[str, int]:
    """Returns the number of arguments of each operation that formulas write as a function, by name."""
    return {name: operation.arity for name, operation in OPERATIONS.items() if name not in SIGNS}


class NumericFunctions:
    """NumPy as the `m` of an operation, with the functions that NumPy lacks."""

    @staticmethod
    def sigmoid(a: np.ndarray) -> np.ndarray:
        """Returns σ(a) = 1 / (1 + e^−a), element by element, without overflow: the exponent is never positive."""
        small = np.exp(-np.abs(a))
        return np.where(a >= 0, 1, small) / (1 + small)

    @staticmethod
    def relu(a: np.ndarray) -> np.ndarray:
        """Returns max(a, 0), element by element."""
        return np.maximum(a, 0)

    @staticmethod
    def step_function(a: np.ndarray) -> np.ndarray:
        """Returns 1 where a > 0, else 0: the derivative of relu. At 0 relu has none; 0 is PyTorch's choice."""
        return np.where(a > 0, 1.0, 0.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


NUMERIC = NumericFunctions()
