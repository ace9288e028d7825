"""LLVM instructions that kernels use where Numba's own functions would cost compile time.

Numba compiles `min` and `max` as functions of their own for each combination of types, .03 to .05 s each.
"""

from typing import Any

from numba import types
from numba.extending import intrinsic

WHOLE = types.int64(types.int64, types.int64)


@intrinsic
def smaller(context: Any, a: Any, b: Any) -> Any:
    """The smaller one of two whole numbers."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b = arguments
        return builder.select(builder.icmp_signed("<", a, b), a, b)

    return WHOLE, code


@intrinsic
def larger(context: Any, a: Any, b: Any) -> Any:
    """The larger one of two whole numbers."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b = arguments
        return builder.select(builder.icmp_signed(">", a, b), a, b)

    return WHOLE, code
