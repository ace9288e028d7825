"""LLVM instructions for which Numba has no name: comparisons of 64 bytes, bit counts, prefetching."""

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
def blanks_at(context, address):
    """A mask: bit i says whether byte i of the 64 at `address` is white space or a control character (<= 32).

    The bytes of UTF-8 beyond ASCII are never below 128.
    """

    def code(context, builder, signature, arguments):
        return compare(builder, "<=", block_at(builder, arguments[0]), 32)

    return types.uint64(types.uint64), code


@intrinsic
def line_feeds_at(context, address):
    r"""A mask: bit i says whether byte i of the 64 at `address` is \n."""

    def code(context, builder, signature, arguments):
        return compare(builder, "==", block_at(builder, arguments[0]), 10)

    return types.uint64(types.uint64), code


@intrinsic
def returns_at(context, address):
    r"""A mask: bit i says whether byte i of the 64 at `address` is \r."""

    def code(context, builder, signature, arguments):
        return compare(builder, "==", block_at(builder, arguments[0]), 13)

    return types.uint64(types.uint64), code


@intrinsic
def word_at(context, address):
    """The eight bytes at `address` as one number, the first byte lowest."""

    def code(context, builder, signature, arguments):
        loaded = builder.load(builder.inttoptr(arguments[0], i64.as_pointer()))
        loaded.align = 1
        return loaded

    return types.uint64(types.uint64), code


@intrinsic
def lowest_bit(context, mask):
    """The index of the lowest bit that is set; `mask` is not 0."""

    def code(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), code


@intrinsic
def bits_in(context, mask):
    """The number of bits that are set."""

    def code(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), code


@intrinsic
def prefetch(context, address):
    """Asks for the cache line at `address`."""

    def code(context, builder, signature, arguments):
        i32 = ir.IntType(32)
        pointer = builder.inttoptr(arguments[0], i8.as_pointer())
        shape = ir.FunctionType(ir.VoidType(), [i8.as_pointer(), i32, i32, i32])
        function = builder.module.globals.get("llvm.prefetch.p0i8") or ir.Function(
            builder.module, shape, "llvm.prefetch.p0i8"
        )
        builder.call(function, [pointer, ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)])
        return context.get_dummy_value()

    return types.void(types.uint64), code
