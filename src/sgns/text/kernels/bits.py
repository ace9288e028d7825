"""Bytes, 64 at a time: the few LLVM instructions for which Numba has no name."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

i8, i64 = ir.IntType(8), ir.IntType(64)
BLOCK = 64  # bytes compared together


def block_at(builder: Any, address: Any) -> Any:
    """The 64 bytes at `address` as one vector."""
    vector = ir.VectorType(i8, BLOCK)
    loaded = builder.load(builder.inttoptr(address, vector.as_pointer()))
    loaded.align = 1
    return loaded


def compare(builder: Any, how: str, vector: Any, value: int) -> Any:
    """A 64-bit mask: bit i says how byte i compares with `value`."""
    constant = ir.Constant(vector.type, [ir.Constant(i8, value)] * BLOCK)
    return builder.bitcast(builder.icmp_unsigned(how, vector, constant), i64)


@intrinsic
def blanks_at(context, address):  # type: ignore[no-untyped-def]
    """Bit i: byte i of the 64 at `address` is white space or control (<= 32). UTF-8 beyond ASCII is never below 128."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return compare(builder, "<=", block_at(builder, arguments[0]), 32)

    return types.uint64(types.uint64), code


@intrinsic
def line_feeds_at(context, address):  # type: ignore[no-untyped-def]
    r"""Bit i: byte i of the 64 at `address` is \n."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return compare(builder, "==", block_at(builder, arguments[0]), 10)

    return types.uint64(types.uint64), code


@intrinsic
def returns_at(context, address):  # type: ignore[no-untyped-def]
    r"""Bit i: byte i of the 64 at `address` is \r."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return compare(builder, "==", block_at(builder, arguments[0]), 13)

    return types.uint64(types.uint64), code


@intrinsic
def word_at(context, address):  # type: ignore[no-untyped-def]
    """The eight bytes at `address`, the first one lowest."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = builder.load(builder.inttoptr(arguments[0], i64.as_pointer()))
        loaded.align = 1
        return loaded

    return types.uint64(types.uint64), code


@intrinsic
def lowest_bit(context, mask):  # type: ignore[no-untyped-def]
    """The place of the lowest bit that is set; `mask` is not 0."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), code


@intrinsic
def bits_in(context, mask):  # type: ignore[no-untyped-def]
    """How many bits are set."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), code


@intrinsic
def prefetch(context, address):  # type: ignore[no-untyped-def]
    """Ask for the cache line at `address`."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        i32 = ir.IntType(32)
        pointer = builder.inttoptr(arguments[0], i8.as_pointer())
        shape = ir.FunctionType(ir.VoidType(), [i8.as_pointer(), i32, i32, i32])
        function = builder.module.globals.get("llvm.prefetch.p0i8") or ir.Function(
            builder.module, shape, "llvm.prefetch.p0i8"
        )
        builder.call(function, [pointer, ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)])
        return context.get_dummy_value()

    return types.void(types.uint64), code
