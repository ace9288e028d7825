"""Building blocks of LLVM code for Numba: vectors of floats, loads, stores, loops, sums and the sigmoid.

The functions of `dense.py`, `dense_columns.py` and `band.py` are written with these. LLVM lowers a vector of `LANES`
floats to one register of AVX-512, AVX2 or NEON, so `LANES` depends on the processor that Numba compiles for.
"""

import platform
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from llvmlite import binding, ir
from numba.core import config as numba_config


def _features() -> set[str]:
    """Names of the vector extensions that Numba compiles for: NUMBA_CPU_FEATURES, or else this processor's."""
    if numba_config.CPU_FEATURES is not None:
        return {name[1:] for name in numba_config.CPU_FEATURES.split(",") if name.startswith("+")}
    if numba_config.CPU_NAME == "generic":
        return set()
    return {name for name, present in binding.get_host_cpu_features().items() if present}


def _zen() -> bool:
    """Whether Numba compiles for a Zen processor; a virtual machine may hide its name, but not its vendor."""
    name = numba_config.CPU_NAME or binding.get_host_cpu_name()
    if numba_config.CPU_NAME or name.startswith("znver"):
        return bool(name.startswith("znver"))
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            return "AuthenticAMD" in file.read(4_096)
    except OSError:
        return "AuthenticAMD" in platform.processor()


def _lanes() -> int:
    features = _features()
    if "avx512f" in features:
        return 16
    return 8 if "avx" in features else 4


LANES = _lanes()  # floats in a vector register
REGISTERS = 32 if LANES == 16 or "neon" in _features() else 16
ZEN = _zen()
PAIR_PRODUCTS = LANES == 16 and "avx512bf16" in _features()  # VDPBF16PS: two products a lane
BFLOAT16 = PAIR_PRODUCTS and ZEN  # on Zen it costs as much as an FMA; Intel's processors start half as many

f32, i32, i64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
vector = ir.VectorType(f32, LANES)
int_vector = ir.VectorType(i32, LANES)
ROW_ALIGNMENT = min(64, LANES * 4)  # bytes; rows start at multiples of 64
# Sums may be reordered and fused; nnan and ninf are not promised, because a diverged run must show its NaN.
FAST = ("reassoc", "nsz", "contract", "arcp")
Value: TypeAlias = Any  # an ir.Value; llvmlite has no type hints
Builder: TypeAlias = Any  # an ir.IRBuilder


def whole(n: int) -> Value:
    """The constant n as an i64."""
    return ir.Constant(i64, n)


def constant(x: float) -> Value:
    """A vector with x in every lane."""
    return ir.Constant(vector, [float(np.float32(x))] * LANES)


def int_constant(n: int) -> Value:
    """An integer vector with n in every lane."""
    return ir.Constant(int_vector, [n] * LANES)


ZERO = constant(0.0)


def floats_at(b: Builder, address: Value) -> Value:
    """The address as a pointer to floats."""
    return b.inttoptr(address, f32.as_pointer())


def ints_at(b: Builder, address: Value) -> Value:
    """The address as a pointer to int32."""
    return b.inttoptr(address, i32.as_pointer())


def offset(b: Builder, pointer: Value, index: Value | int) -> Value:
    """The pointer `index` elements further."""
    return b.gep(pointer, [whole(index) if isinstance(index, int) else index])


def load(b: Builder, pointer: Value, align: int = ROW_ALIGNMENT) -> Value:
    """A vector from memory."""
    value = b.load(b.bitcast(pointer, vector.as_pointer()))
    value.align = align
    return value


def store(b: Builder, value: Value, pointer: Value, align: int = ROW_ALIGNMENT) -> None:
    """A vector to memory."""
    b.store(value, b.bitcast(pointer, vector.as_pointer())).align = align


def splat(b: Builder, scalar: Value) -> Value:
    """A vector with the scalar (f32 or i32) in every lane."""
    kind = ir.VectorType(scalar.type, LANES)
    one = b.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(i32, 0))
    return b.shuffle_vector(one, ir.Constant(kind, ir.Undefined), ir.Constant(int_vector, [0] * LANES))


def muladd(b: Builder, x: Value, y: Value, z: Value) -> Value:
    """The sum x * y + z, fused where the machine can."""
    return b.fadd(b.fmul(x, y, flags=FAST), z, flags=FAST)


class BFloat16(ir.types.Type):
    """The type bfloat, which llvmlite does not have."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BFloat16)

    def __hash__(self) -> int:
        return hash(BFloat16)


PAIRS = ir.VectorType(BFloat16(), 2 * LANES)  # two numbers in each lane


def rounded_halves(b: Builder, x: Value, native: bool) -> Value:
    """A vector of floats, rounded to bfloat16 (to the nearest, halfway to even), as LANES integers of 16 bits."""
    if native:
        narrow = b.fptrunc(x, ir.VectorType(BFloat16(), LANES))
        return b.bitcast(narrow, ir.VectorType(ir.IntType(16), LANES))
    bits = b.bitcast(x, int_vector)
    odd = b.and_(b.lshr(bits, int_constant(16)), int_constant(1))
    up = b.lshr(b.add(b.add(bits, odd), int_constant(0x7FFF)), int_constant(16))
    return b.trunc(up, ir.VectorType(ir.IntType(16), LANES))


def halves(b: Builder, low: Value, high: Value, native: bool) -> Value:
    """Two vectors of floats, rounded to bfloat16, in the low and the high halves of the lanes of an int vector."""
    order = ir.Constant(ir.VectorType(i32, 2 * LANES), [k // 2 + LANES * (k % 2) for k in range(2 * LANES)])
    if not native:
        both = [rounded_halves(b, x, native) for x in (low, high)]
        return b.bitcast(b.shuffle_vector(*both, order), int_vector)
    both = b.call(declared(b, "avx512bf16.cvtne2ps2bf16.512", PAIRS, vector, vector), [high, low])
    numbers = b.bitcast(both, ir.VectorType(ir.IntType(16), 2 * LANES))
    return b.bitcast(b.shuffle_vector(numbers, numbers, order), int_vector)


def pair_products(b: Builder, total: Value, x: Value, y: Value, native: bool) -> Value:
    """In each lane, total + the product of the low halves + that of the high halves of the int vectors x and y."""
    if native:
        function = declared(b, "avx512bf16.dpbf16ps.512", vector, vector, PAIRS, PAIRS)
        return b.call(function, [total, b.bitcast(x, PAIRS), b.bitcast(y, PAIRS)])
    (x_high, y_high), (x_low, y_low) = (
        [b.bitcast(part(v), vector) for v in (x, y)]
        for part in (lambda v: b.and_(v, int_constant(-0x10000)), lambda v: b.shl(v, int_constant(16)))
    )
    return muladd(b, x_low, y_low, muladd(b, x_high, y_high, total))


def declared(b: Builder, name: str, result: ir.Type, *arguments: ir.Type) -> Value:
    """An intrinsic of x86."""
    full = f"llvm.x86.{name}"
    return b.module.globals.get(full) or ir.Function(b.module, ir.FunctionType(result, arguments), full)


def loop(
    b: Builder,
    stop: Value | int,
    step: int,
    body: Callable[[Value, Sequence[Value]], Sequence[Value]],
    carried: Sequence[Value] = (),
) -> Sequence[Value]:
    """`for i in range(0, stop, step): carried = body(i, carried)`, for stop > 0; returns the last carried values."""
    before = b.block
    head, end = b.function.append_basic_block("head"), b.function.append_basic_block("end")
    b.branch(head)
    b.position_at_end(head)
    i = b.phi(i64)
    i.add_incoming(whole(0), before)
    phis = [b.phi(value.type) for value in carried]
    for phi, value in zip(phis, carried, strict=True):
        phi.add_incoming(value, before)
    out = body(i, phis)
    following = b.add(i, whole(step))
    i.add_incoming(following, b.block)
    for phi, value in zip(phis, out, strict=True):
        phi.add_incoming(value, b.block)
    b.cbranch(b.icmp_unsigned("<", following, whole(stop) if isinstance(stop, int) else stop), head, end)
    b.position_at_end(end)
    return out


def lane_sums(b: Builder, vectors: list[Value]) -> Value:
    """LANES vectors -> one vector whose lane l is the sum of vectors[l]: a tree of transpose-and-add."""
    step = LANES // 2
    while len(vectors) > 1:
        half, merged = len(vectors) // 2, []
        low = [lane if not lane & step else (lane - step) + LANES for lane in range(LANES)]
        high = [lane + step if not lane & step else lane + LANES for lane in range(LANES)]
        for x, y in zip(vectors[:half], vectors[half:], strict=True):
            picked = [b.shuffle_vector(x, y, ir.Constant(int_vector, mask)) for mask in (low, high)]
            merged.append(b.fadd(*picked, flags=FAST))
        vectors, step = merged, step // 2
    return vectors[0]


def total(b: Builder, x: Value) -> Value:
    """The sum of a vector's lanes, a scalar."""
    step = LANES // 2
    while step:
        mask = [(lane + step) % LANES for lane in range(LANES)]
        x = b.fadd(x, b.shuffle_vector(x, x, ir.Constant(int_vector, mask)), flags=FAST)
        step //= 2
    return b.extract_element(x, ir.Constant(i32, 0))


def call(b: Builder, name: str, x: Value) -> Value:
    """An LLVM intrinsic of one vector, such as "fabs"."""
    full = f"llvm.{name}.v{LANES}f32"
    function = b.module.globals.get(full) or ir.Function(b.module, ir.FunctionType(vector, [vector]), full)
    return b.call(function, [x])


def _fitted(function: Callable[[np.ndarray], np.ndarray], low: float, high: float, degree: int) -> list[float]:
    """Coefficients, lowest first, of the polynomial through the Chebyshev nodes of [low, high]."""
    x = np.cos((np.arange(degree + 1) + 0.5) / (degree + 1) * np.pi) * (high - low) / 2 + (high + low) / 2
    fit = np.polynomial.Chebyshev.fit(x, function(x), degree, domain=[low, high])
    return [float(c) for c in fit.convert(kind=np.polynomial.Polynomial).coef]


_EXP2 = _fitted(lambda f: np.exp2(f), -0.5, 0.5, 6)  # relative error 2e-9
_LOG1P = _fitted(lambda z: np.log1p(z) / z, 1e-9, 1.0, 8)  # error of log1p below 2e-7


def _polynomial(b: Builder, coefficients: list[float], x: Value) -> Value:
    value = constant(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        value = muladd(b, value, x, constant(c))
    return value


def sigmoid_and_softplus(b: Builder, x: Value) -> tuple[Value, Value]:
    """σ(x) and −log σ(−x) = log(1 + eˣ), lane by lane, to float32 accuracy for every x; NaN stays NaN.

    With z = e^−|x| in (0, 1], both are free of overflow: σ(|x|) = 1 / (1 + z), σ(−|x|) = z / (1 + z) and
    log(1 + eˣ) = max(x, 0) + log(1 + z).
    """
    size = call(b, "fabs", x)
    capped = b.select(
        b.fcmp_ordered(">", size, constant(87.0)), constant(87.0), size
    )  # 2^-126 is the last normal float
    power = b.fmul(capped, constant(-1.4426950408889634))
    exponent = call(b, "rint", power)
    mantissa = _polynomial(b, _EXP2, b.fsub(power, exponent))
    bits = b.shl(b.add(b.fptosi(exponent, int_vector), int_constant(127)), int_constant(23))
    z = b.fmul(mantissa, b.bitcast(bits, vector))
    r = b.fdiv(constant(1.0), b.fadd(z, constant(1.0)))
    sigmoid = b.select(b.fcmp_ordered("<", x, ZERO), b.fmul(z, r), r)
    positive = b.select(b.fcmp_ordered(">", x, ZERO), x, ZERO)
    softplus = muladd(b, _polynomial(b, _LOG1P, z), z, positive)
    return sigmoid, softplus
