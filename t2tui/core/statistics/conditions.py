"""Conditions of the filter language (docs/filter.md) that select the flows behind a figure."""

from t2tui.core.query.vectors import NANOSECONDS

NO_ADDRESS = "-"
"""What stands in place of the address of a flow without one."""


def host(address: str) -> str:
    """Return the condition that an address is one of the two of a flow."""
    if address == NO_ADDRESS:
        return f'$srcIP == "{NO_ADDRESS}" || $dstIP == "{NO_ADDRESS}"'
    return f'host("{address}")'


def between(one: str, other: str) -> str:
    """Return the condition that a flow runs between two addresses, either way."""
    if one == other:
        return f'$srcIP == "{one}" && $dstIP == "{one}"'
    if NO_ADDRESS in (one, other):
        return " && ".join(f"({host(address)})" for address in (one, other))
    return f"{host(one)} && {host(other)}"


def time_text(nanoseconds: int) -> str:
    """Return a time as the filter language writes it: seconds since 1970 with nine decimals."""
    seconds, fraction = divmod(abs(nanoseconds), NANOSECONDS)
    return f"{'-' if nanoseconds < 0 else ''}{seconds}.{fraction:09d}"


def during(begin: int, end: int) -> str:
    """Return the condition that a flow lasted into a span of time.

    Args:
        begin: of the span, ns since 1970.
        end: behind the span.
    """
    return f"$timeFirst < {time_text(end)} && $timeLast >= {time_text(begin)}"
