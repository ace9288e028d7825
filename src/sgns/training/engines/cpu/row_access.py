"""Rows of E and C inside Numba kernels: where they are, copies of them, and asking for them early.

Rows are addressed, not sliced: a row is base + id * stride, or the pointer in a table of addresses, so the hot loop
builds no array views. What is made of them is in `tile` and `pairs`. All these functions stand at module level because
Numba keys its disk cache on what a kernel closes over: plain numbers keep, functions do not.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sgns.training.engines.cpu.llvm import (
    LANES,
    Builder,
    Value,
    floats_at,
    i32,
    i64,
    ints_at,
    load,
    loop,
    offset,
    store,
    whole,
)

Address = types.int64
Codegen = Callable[[Any, Builder, Any, tuple[Value, ...]], Value]


def constants(*arguments: types.Type) -> list[int] | None:
    """The values of arguments that must be constants; None asks Numba to come again with the constants."""
    if all(isinstance(a, types.IntegerLiteral) for a in arguments):
        return [a.literal_value for a in arguments]
    return None


def row_at(b: Builder, base: Value, ids: Value, index: Value | int, stride: int) -> Value:
    """Pointer to row ids[index] of the matrix at address `base`."""
    number = b.zext(b.load(offset(b, ids, index)), i64)
    return floats_at(b, b.add(base, b.mul(number, whole(stride * 4))))


@intrinsic(prefer_literal=True)
def gather(ctx, stride, destination, base, ids, n):  # type: ignore[no-untyped-def]
    """Copy rows: destination[i] = base[ids[i]] for i < n, n > 0; rows of `stride` floats, ids int32."""
    numbers = constants(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        _, destination, base, ids, n = args
        to, number = floats_at(b, destination), ints_at(b, ids)

        def copy(i: Value, _: Any) -> list[Value]:
            source, target = row_at(b, base, number, i, S), offset(b, to, b.mul(i, whole(S)))
            for at in range(0, S, LANES):
                store(b, load(b, offset(b, source, at)), offset(b, target, at))
            return []

        loop(b, n, 1, copy)
        return context.get_dummy_value()

    return types.void(stride, *[Address] * 4), codegen


@intrinsic(prefer_literal=True)
def prefetch(ctx, stride, address):  # type: ignore[no-untyped-def]
    """Ask for the cache lines of the row at `address`, into the second-level cache, to be written soon.

    A line that is asked for to be read has to be asked for again when it is written, if the other thread has it too.
    """
    numbers = constants(stride)
    if numbers is None:
        return None
    (S,) = numbers

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        byte, name = ir.IntType(8).as_pointer(), "llvm.prefetch.p0"
        function = b.module.globals.get(name) or ir.Function(
            b.module, ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32]), name
        )
        for line in range(0, S * 4, 64):
            where = b.inttoptr(b.add(args[1], whole(line)), byte)
            b.call(function, [where, *(ir.Constant(i32, k) for k in (1, 2, 1))])  # write, level 2, data
        return context.get_dummy_value()

    return types.void(stride, Address), codegen
