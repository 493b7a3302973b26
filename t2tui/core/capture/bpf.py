"""BPF filters: compiled by libpcap, run by a kernel over the packets of a batch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.capture.libpcap import compile_expression
from t2tui.core.jit import kernel
from t2tui.core.memory import be16, be32

MEMORY_WORDS = 16

# classes of instructions, and what the other bits of a code mean in them
LD, LDX, ST, STX, ALU, JMP, RET, MISC = range(8)
W, H, B = 0x00, 0x08, 0x10
IMM, ABS, IND, MEM, LEN, MSH = 0x00, 0x20, 0x40, 0x60, 0x80, 0xA0
ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR = (operation << 4 for operation in range(11))
JA, JEQ, JGT, JGE, JSET = 0x00, 0x10, 0x20, 0x30, 0x40
X_OPERAND = 0x08
A_RETURN = 0x10
TXA = 0x80
WORD = 0xFFFFFFFF

NO_FILTER: NDArray[np.int64] = np.zeros((0, 4), np.int64)
"""The program that lets every packet pass."""


@kernel
def accepts(program: Any, memory: Any, data: Any, base: int, caplen: int, length: int) -> bool:
    """Run a BPF program over one packet.

    Args:
        program: int64 (n, 4), rows (code, jt, jf, k).
        memory: int64 (MEMORY_WORDS,), the program's scratch memory.
        data: uint8.
        base: index of the packet in data.
        caplen: captured bytes; a load beyond them refuses the packet.
        length: bytes on the wire.
    """
    a = np.int64(0)
    x = np.int64(0)
    at = np.int64(0)
    while 0 <= at < program.shape[0]:
        code = program[at, 0]
        k = program[at, 3]
        kind = code & 7
        at += 1
        if kind in (LD, LDX):
            mode = code & 0xE0
            size = code & 0x18
            value = np.int64(0)
            if mode in (ABS, IND):
                position = k + x if mode == IND else k
                width = 4 if size == W else 2 if size == H else 1
                if position + width > caplen:
                    return False
                if size == W:
                    value = be32(data, base + position)
                elif size == H:
                    value = be16(data, base + position)
                else:
                    value = np.int64(data[base + position])
            elif mode == IMM:
                value = k
            elif mode == LEN:
                value = np.int64(length)
            elif mode == MEM:
                value = memory[k & (MEMORY_WORDS - 1)]
            else:
                if k >= caplen:
                    return False
                value = np.int64(data[base + k] & 15) << 2
            if kind == LD:
                a = value
            else:
                x = value
        elif kind == JMP:
            operand = x if code & X_OPERAND else k
            test = code & 0xF0
            if test == JA:
                at += np.int64(np.int32(k))  # protochain jumps back
            elif (
                (test == JEQ and a == operand)
                or (test == JGT and a > operand)
                or (test == JGE and a >= operand)
                or (test == JSET and a & operand)
            ):
                at += program[at - 1, 1]
            else:
                at += program[at - 1, 2]
        elif kind == ALU:
            operand = x if code & X_OPERAND else k
            operation = code & 0xF0
            if operation == ADD:
                a = a + operand
            elif operation == SUB:
                a = a - operand
            elif operation == MUL:
                a = np.int64(np.uint64(a) * np.uint64(operand))
            elif operation in (DIV, MOD):
                if operand == 0:
                    return False
                a = a // operand if operation == DIV else a % operand
            elif operation == AND:
                a = a & operand
            elif operation == OR:
                a = a | operand
            elif operation == XOR:
                a = a ^ operand
            elif operation == LSH:
                a = a << operand if operand < 32 else np.int64(0)
            elif operation == RSH:
                a = a >> operand if operand < 32 else np.int64(0)
            else:
                a = -a
            a &= WORD
        elif kind == RET:
            return bool((a if code & A_RETURN else k) != 0)
        elif kind == ST:
            memory[k & (MEMORY_WORDS - 1)] = a
        elif kind == STX:
            memory[k & (MEMORY_WORDS - 1)] = x
        elif code & TXA:
            a = x
        else:
            x = a
    return False


def compile_filter(expression: str, link_type: int, snap_length: int) -> NDArray[np.int64]:
    """Compile a filter expression for ``accepts``.

    Args:
        expression: pcap-filter(7).
        link_type: DLT number.
        snap_length: bytes, of the capture.

    Returns:
        int64 (n, 4), rows (code, jt, jf, k).

    Raises:
        CaptureError: the expression is wrong, or libpcap cannot be loaded.
    """
    return np.array(compile_expression(expression, link_type, snap_length), np.int64)
