"""Stores of text and loads from addresses for kernels, one machine instruction each.

A place to store at is a position in a uint8 array or, with the same result, relative to its address
(int64): an array that is handed to an inlined function costs two atomic counts of its users.

There is no bounds check here. Whoever calls proves that the place is inside the array; stores of
several bytes are also used to write fewer (the rest is overwritten by what follows), so a buffer of
text needs SLACK_BYTES behind the longest text.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from t2tui.core.jit import cgutils, inlined, intrinsic, ir, types

SLACK_BYTES = 16
"""Bytes that a kernel of this package may touch behind the text that it writes."""


def _store(bits: int) -> Callable[..., Any]:
    def store(typing_context: Any, out: Any, position: Any, value: Any) -> Any:
        signature = types.void(out, types.int64, types.uint64)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            integer = ir.IntType(bits)
            if isinstance(out, types.Integer):
                pointer = builder.inttoptr(builder.add(args[0], args[1]), integer.as_pointer())
            else:
                data = context.make_array(out)(context, builder, args[0]).data
                pointer = builder.bitcast(builder.gep(data, [args[1]]), integer.as_pointer())
            value = args[2] if bits == 64 else builder.trunc(args[2], integer)
            builder.store(value, pointer).align = 1
            return context.get_dummy_value()

        return signature, codegen

    store.__name__ = f"store{bits}"
    return intrinsic(store)


store8 = _store(8)
"""Store the lowest byte of an integer at a position of an array or behind an address."""
store16 = _store(16)
"""Store the lowest 16 bits, lowest byte first."""
store32 = _store(32)
"""Store the lowest 32 bits, lowest byte first."""
store64 = _store(64)
"""Store 64 bits, lowest byte first."""


def _at(bits: int, signed: bool) -> Callable[..., Any]:
    def at(typing_context: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            integer = ir.IntType(bits)
            value = builder.load(builder.inttoptr(args[0], integer.as_pointer()))
            value.align = 1
            if bits == 64:
                return value
            return (builder.sext if signed else builder.zext)(value, ir.IntType(64))

        return types.uint64(types.int64), codegen

    at.__name__ = f"{'signed' if signed else 'unsigned'}{bits}"
    return intrinsic(at)


at8, at16, at32, at64 = (_at(bits, signed=False) for bits in (8, 16, 32, 64))
at8s, at16s, at32s = (_at(bits, signed=True) for bits in (8, 16, 32))


@inlined
def load(address: Any, kind: Any) -> Any:
    """Load an integer (or the bits of a float) from an address.

    Args:
        address: int64.
        kind: index into LOADS.

    Returns:
        uint64; signed numbers are sign-extended, shorter unsigned ones zero-extended.
    """
    if kind == 0:
        return at8(address)
    if kind == 1:
        return at16(address)
    if kind == 2:
        return at32(address)
    if kind == 3:
        return at64(address)
    if kind == 4:
        return at8s(address)
    if kind == 5:
        return at16s(address)
    return at32s(address)


KINDS = (("?", "u1"), ("u2",), ("u4", "f4"), ("u8", "i8", "f8"), ("i1",), ("i2",), ("i4",))
LOADS = {np.dtype(code): kind for kind, codes in enumerate(KINDS) for code in codes}
"""The kind of load for every dtype that a column can have."""
UNSIGNED = 3
"""``kind & UNSIGNED`` loads the same bytes without extending their sign."""


@intrinsic
def float_bits(typing_context: Any, value: Any) -> Any:
    """The 64 bits of a double as int64 (negative: the sign is set, also that of zero and nan)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


@intrinsic
def double(typing_context: Any, bits: Any) -> Any:
    """The double with these 64 bits."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.uint64), codegen


@intrinsic
def single(typing_context: Any, bits: Any) -> Any:
    """The single with these lowest 32 bits, promoted to double."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        low = builder.trunc(args[0], ir.IntType(32))
        return builder.fpext(builder.bitcast(low, ir.FloatType()), ir.DoubleType())

    return types.float64(types.uint64), codegen


@intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c``, rounded once."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), codegen


def _zeros(name: str) -> Callable[..., Any]:
    def zeros(typing_context: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            integer = ir.IntType(64)
            function = builder.module.declare_intrinsic(
                f"llvm.{name}", [integer], ir.FunctionType(integer, [integer, ir.IntType(1)])
            )
            return builder.call(function, [args[0], ir.Constant(ir.IntType(1), 0)])

        return types.int64(types.uint64), codegen

    zeros.__name__ = name
    return intrinsic(zeros)


trailing_zeros = _zeros("cttz")
"""Number of zero bits below the lowest set bit of a uint64 (64 for zero)."""
leading_zeros = _zeros("ctlz")
"""Number of zero bits above the highest set bit of a uint64 (64 for zero)."""


SCRATCH_WORDS = 40


@intrinsic
def scratch(typing_context: Any) -> Any:
    """Address of SCRATCH_WORDS * 8 bytes that live as long as the function that asks for them."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(64), SCRATCH_WORDS))
        return builder.ptrtoint(words, ir.IntType(64))

    return types.int64(), codegen
