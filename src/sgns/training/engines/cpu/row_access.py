"""Rows of E and C inside Numba kernels: their addresses, copies of rows, and prefetching.

Rows are addressed, not sliced: a row is base + id * stride, or a pointer from an array of addresses, so the hot loop
builds no array views. `dense` and `pairs` compute with them. All these functions are defined at module level, because
Numba's cache on disk is keyed by what a kernel closes over: plain numbers are equal in the next process, functions are
not.
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
    int_vector,
    ints_at,
    load,
    loop,
    offset,
    splat,
    store,
    whole,
)

HINT = (0, 2)
"""Writing or not, and how near a prefetched line should come: 3 is the first-level cache, 2 the second.

The rows of a tile nearly fill the first level, and a prefetch for writing goes there on x86 (benchmarks/LOG.md).
"""
DATA = 1
Address = types.int64
Codegen = Callable[[Any, Builder, Any, tuple[Value, ...]], Value]


def constants(*arguments: types.Type) -> list[int] | None:
    """The values of arguments that must be constants; on None, Numba calls again with literal types."""
    if all(isinstance(a, types.IntegerLiteral) for a in arguments):
        return [a.literal_value for a in arguments]
    return None


def row_at(b: Builder, base: Value, ids: Value, index: Value | int, stride: int) -> Value:
    """Pointer to row ids[index] of the matrix at address `base`."""
    number = b.zext(b.load(offset(b, ids, index)), i64)
    return floats_at(b, b.add(base, b.mul(number, whole(stride * 4))))


@intrinsic(prefer_literal=True)
def gather(ctx, stride, destination, base, ids, n):
    """Copies rows: destination[i] = base[ids[i]] for i < n, n > 0; rows of `stride` floats, ids int32."""
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
def prefetch(ctx, stride, address):
    """Prefetches the cache lines of the row at `address`, as `HINT` says."""
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
            b.call(function, [where, *(ir.Constant(i32, k) for k in (*HINT, DATA))])
        return context.get_dummy_value()

    return types.void(stride, Address), codegen


@intrinsic
def places(ctx, numbers, number):
    """Which of LANES int32 at the address `numbers` equal an int32: bit k of the int64 stands for the k-th."""

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        some = b.load(b.bitcast(ints_at(b, args[0]), int_vector.as_pointer()))
        some.align = 4
        equal = b.icmp_signed("==", some, splat(b, args[1]))
        return b.zext(b.bitcast(equal, ir.IntType(LANES)), i64)

    return types.int64(Address, types.int32), codegen


@intrinsic
def lowest(ctx, bits):
    """The number of the lowest bit of an int64 that is not 0."""

    def codegen(context: Any, b: Builder, sig: Any, args: tuple[Value, ...]) -> Value:
        return b.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), codegen
