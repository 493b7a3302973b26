"""Bytes in hex and as characters: where each stands on screen."""

PRINTABLE = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in range(256))
"""What a byte looks like beside the hex digits; no byte of a capture reaches the screen otherwise."""

OFFSET_WIDTH = 6
"""Four hex digits and two blanks."""
BYTES_PER_LINE = (16, 8, 4)


def bytes_per_line(width: int) -> int:
    """Return how many bytes a line of the screen has room for."""
    return next((count for count in BYTES_PER_LINE if line_width(count) <= width), BYTES_PER_LINE[-1])


def line_width(count: int) -> int:
    """Return the width of a line of so many bytes."""
    return text_column(count, count)


def hex_column(number: int) -> int:
    """Return where the hex digits of a byte of a line begin; a gap stands behind each eighth."""
    return OFFSET_WIDTH + 3 * number + number // 8


def text_column(number: int, count: int) -> int:
    """Return where the character of a byte stands.

    Args:
        number: of the byte in its line.
        count: bytes of a line.
    """
    return OFFSET_WIDTH + 3 * count + max(count // 8, 1) + number


def byte_at(x: int, count: int) -> int | None:
    """Return the number of the byte of a line that is shown at a column, None beside them."""
    for number in range(count):
        start = hex_column(number)
        if start <= x < start + 3 or x == text_column(number, count):
            return number
    return None


def runs(line: int, count: int, size: int, start: int, length: int) -> tuple[int, int]:
    """Return which bytes of a line are lit, as first and behind the last; equal where none is.

    Args:
        line: number of the line.
        count: bytes of a line.
        size: bytes of the packet.
        start: first byte of what is lit.
        length: its bytes.
    """
    first = line * count
    behind = min(first + count, size)
    low, high = max(start, first), min(start + length, behind)
    return (low - first, high - first) if low < high else (0, 0)
