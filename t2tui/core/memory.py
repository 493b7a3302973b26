"""Memory for kernels, one machine instruction each: unaligned loads, big- or little-endian; prefetching.

There is no bounds check here. Whoever calls proves that the position is inside the array.
"""

from collections.abc import Callable
from typing import Any

from t2tui.core.jit import cgutils, intrinsic, ir, types


def _load(bits: int, swap: bool, result: str = "int64") -> Callable[..., Any]:
    def load(typing_context: Any, base: Any, position: Any) -> Any:
        is_address = isinstance(base, types.Integer)
        signature = getattr(types, result)(types.int64 if is_address else base, types.int64)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            integer = ir.IntType(bits)
            if is_address:
                pointer = builder.inttoptr(builder.add(args[0], args[1]), integer.as_pointer())
            else:
                data = context.make_array(sig.args[0])(context, builder, args[0]).data
                pointer = builder.bitcast(builder.gep(data, [args[1]]), integer.as_pointer())
            value = builder.load(pointer)
            value.align = 1
            if swap:
                value = builder.call(builder.module.declare_intrinsic("llvm.bswap", [integer]), [value])
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return signature, codegen

    load.__name__ = f"{'be' if swap else 'le'}{bits}"
    made: Callable[..., Any] = intrinsic(load)
    return made


# Loads from a position of a uint8 array, or from an address (int64) and a distance.
byte = _load(8, False)
"""Byte, as int64."""
be16 = _load(16, True)
"""Big-endian 16 bits, as int64."""
be32 = _load(32, True)
"""Big-endian 32 bits, as int64."""
be64 = _load(64, True, "uint64")
"""Big-endian 64 bits, as uint64."""
le16 = _load(16, False)
"""Little-endian 16 bits, as int64."""
le32 = _load(32, False)
"""Little-endian 32 bits, as int64."""
le64 = _load(64, False)
"""Little-endian 64 bits, as int64."""


def _prefetch(typing_context: Any, records: Any, index: Any) -> Any:
    signature = types.void(records, types.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(sig.args[0])(context, builder, args[0])
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        hint = builder.module.declare_intrinsic(
            "llvm.prefetch", [pointer], ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        )
        offset = builder.mul(args[1], ir.Constant(ir.IntType(64), sig.args[0].dtype.size))
        start = builder.gep(builder.bitcast(array.data, pointer), [offset])
        for line in (0, 64):
            place = builder.gep(start, [ir.Constant(number, line)])
            builder.call(
                hint, [place, *(ir.Constant(number, flag) for flag in (1, 3, 1))]
            )  # write, keep, data
        return context.get_dummy_value()

    return signature, codegen


prefetch: Callable[..., Any] = intrinsic(_prefetch)
"""Ask the processor for a record of up to 128 bytes that will be written soon; any index is allowed."""


def _copy_bytes(
    typing_context: Any, target: Any, target_position: Any, source: Any, source_position: Any, count: Any
) -> Any:
    signature = types.void(target, types.int64, source, types.int64, types.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        to = context.make_array(sig.args[0])(context, builder, args[0]).data
        of = context.make_array(sig.args[2])(context, builder, args[2]).data
        memory_copy: Callable[..., Any] = cgutils.raw_memcpy
        item = ir.Constant(ir.IntType(64), 1)
        memory_copy(builder, builder.gep(to, [args[1]]), builder.gep(of, [args[3]]), args[4], item)
        return context.get_dummy_value()

    return signature, codegen


copy_bytes: Callable[..., Any] = intrinsic(_copy_bytes)
"""Copy bytes between two uint8 arrays that do not overlap."""


def _prefetch_line(typing_context: Any, array: Any, index: Any, offset: Any) -> Any:
    signature = types.void(array, types.int64, types.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        byte, word = ir.IntType(8), ir.IntType(32)
        element = builder.bitcast(builder.gep(data, [args[1]]), byte.as_pointer())
        address = builder.gep(element, [args[2]])
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), word, word, word])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte.as_pointer()], kind)
        builder.call(call, [address, word(0), word(3), word(1)])  # for reading, keep in all caches, data
        return context.get_dummy_value()

    return signature, codegen


prefetch_line: Callable[..., Any] = intrinsic(_prefetch_line)
"""Ask the processor for the cache line at a byte offset in an array's element; any index is allowed."""
