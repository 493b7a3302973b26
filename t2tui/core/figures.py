"""How reports write numbers, rates, times and durations (docs/report.md).

Percentages, means and rates are computed in double precision and rounded as C's printf does.
"""

import math
import socket
import time

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNITS = "KMGTPEZY"


def humanise(value: float, suffix: str = "") -> str:
    """Return a number in short form, `` (1.02 K)``; empty below 1024.

    The unit follows the power of 1024, the number that of 1000, as in the reference: a million is
    ``1000.00 K``.

    Args:
        value: truncated to an integer of 64 bits.
        suffix: put behind the unit, for example ``b/s``.
    """
    number = int(value) & 0xFFFF_FFFF_FFFF_FFFF
    if number < 1024:
        return ""
    power = min(int(math.log2(float(number))) // 10, len(UNITS))
    return f" ({number / 1000.0**power:.2f} {UNITS[power - 1]}{suffix})"


def amount(value: int) -> str:
    """Return a number and its short form: ``5902 (5.90 K)``."""
    return f"{value}{humanise(value)}"


def percent(value: float, base: float) -> str:
    """Return ``50.00%``; zero percent of nothing."""
    return f"{100.0 * value / base if base else 0.0:.2f}%"


def share(value: int, base: int) -> str:
    """Return a number, its short form and its percentage of a base: ``5902 (5.90 K) [100.00%]``."""
    return f"{amount(value)} [{percent(value, base)}]"


def mean(value: float) -> str:
    """Return a number with two decimals and its short form: ``1221.68 (1.22 K)``."""
    return f"{value:.2f}{humanise(value)}"


def speed(bytes_per_second: float) -> str:
    """Return a rate in bits: ``240740 b/s (240.74 Kb/s)``."""
    bits_per_second = bytes_per_second * 8
    return f"{bits_per_second:.0f} b/s{humanise(bits_per_second, 'b/s')}"


def address_with_country(high: int, low: int, code: bytes, *, is_ipv6: bool) -> str:
    """Return an address and its country: ``192.0.2.1 (CH)``; without country where its code names none.

    Args:
        high: upper half of an IPv6 address.
        low: lower half of it, or an IPv4 address.
        code: of its label.
        is_ipv6: which of the two it is.
    """
    if is_ipv6:
        address = socket.inet_ntop(socket.AF_INET6, (high << 64 | low).to_bytes(16, "big"))
    else:
        address = socket.inet_ntop(socket.AF_INET, low.to_bytes(4, "big"))
    has_country = code[:1] not in b"-0123456789"
    return f"{address} ({code[:2].decode(errors='replace').upper()})" if has_country else address


def date(seconds: int, fraction: int, *, local: bool = False) -> str:
    """Return ``1320279554.123456789 sec (Thu 03 Nov 2011 00:19:14 GMT)``.

    Args:
        seconds: since 1970; printed modulo 2^32. Times beyond the calendar show the date of that remainder.
        fraction: printed with at least nine digits.
        local: local time and its zone's name instead of UTC.
    """
    convert = time.localtime if local else time.gmtime
    try:
        when = convert(seconds)
    except (OverflowError, OSError, ValueError):
        when = convert(seconds % 2**32)
    zone = when.tm_zone if local else "GMT"
    day = f"{WEEKDAYS[when.tm_wday]} {when.tm_mday:02} {MONTHS[when.tm_mon - 1]} {when.tm_year}"
    clock = f"{when.tm_hour:02}:{when.tm_min:02}:{when.tm_sec:02}"
    return f"{seconds % 2**32}.{fraction:09d} sec ({day} {clock} {zone})"


def span(seconds: int, fraction: int) -> str:
    """Return a duration: ``128.000000000 sec (2m 8s)``; no parentheses below one minute.

    Args:
        seconds: taken modulo 2^32, so a negative duration is a very long one.
        fraction: nanoseconds.
    """
    seconds %= 2**32
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    years, days = divmod(days, 365)
    parts = [f"{n}{unit}" for n, unit in zip((years, days, hours, minutes), "ydhm", strict=True) if n]
    if parts and rest:
        parts.append(f"{rest}s")
    return f"{seconds}.{fraction:09d} sec" + (f" ({' '.join(parts)})" if parts else "")
