"""LLVM instructions that kernels use where Numba's own functions would cost compile time.

Numba compiles `min` and `max` as functions of their own for each combination of types, .03 to .05 s each.
"""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

WHOLE = types.int64(types.int64, types.int64)


def chosen(how: str) -> Callable[..., Any]:
    """The code of a function that returns the one of two whole numbers that compares so with the other, `<` or `>`."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b = arguments
        return builder.select(builder.icmp_signed(how, a, b), a, b)

    return code


@intrinsic
def smaller(context: Any, a: Any, b: Any) -> Any:
    """The smaller one of two whole numbers, as int64."""
    return WHOLE, chosen("<")


@intrinsic
def larger(context: Any, a: Any, b: Any) -> Any:
    """The larger one of two whole numbers, as int64."""
    return WHOLE, chosen(">")
