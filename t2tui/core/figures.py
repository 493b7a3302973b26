"""Numbers as the end report writes them."""

UNITS = "KMGTPEZY"
"""Powers of 1000; chosen by powers of 1024, as the reference does (1000000 is ``1000.00 K``)."""


def humanise(number: float, suffix: str = "") -> str:
    """Return `` (1.02 K)`` for 1024; nothing below that.

    Args:
        number: not negative; its fraction is cut off.
        suffix: put behind the unit, for example ``b/s``.
    """
    whole = int(number)
    if whole < 1024:
        return ""
    power = min((whole.bit_length() - 1) // 10, len(UNITS))
    return f" ({whole / 1000**power:.2f} {UNITS[power - 1]}{suffix})"


def percent(part: float, total: float) -> str:
    """Return ``50.00%``; 0.00% of nothing."""
    return f"{100 * part / total if total else 0.0:.2f}%"
