"""Addresses and networks in expressions: from text, and tests on vectors."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.query.vectors import Flags, Kind, Vector

HALF = (1 << 64) - 1
AnyAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
AnyNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAC = re.compile(r"[0-9a-fA-F]{2}([:-]?)[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}")


def parse_address(text: str) -> AnyAddress | None:
    """Return the address that a text is, or None."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if "%" in text else address


def parse_network(text: str) -> AnyNetwork | None:
    """Return the network or single address that a text is, or None; bits behind the prefix may be set."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def parse_mac(text: str) -> int | None:
    """Return the number of a MAC address with ``:``, ``-`` or nothing between its bytes, or None."""
    return int(re.sub("[:-]", "", text), 16) if _MAC.fullmatch(text) else None


def halves(address: AnyAddress) -> tuple[int, int, int]:
    """Return family, upper and lower half."""
    return address.version, int(address) >> 64, int(address) & HALF


def address_vector(addresses: Sequence[AnyAddress | None], **more: Any) -> Vector:
    """Return addresses as a vector; None: a cell that shows ``-``."""
    parts = [(0, 0, 0) if address is None else halves(address) for address in addresses]
    family, upper, lower = zip(*parts, strict=True) if parts else ((), (), ())
    return Vector(
        Kind.ADDRESS,
        np.array(upper, np.uint64),
        lower=np.array(lower, np.uint64),
        family=np.array(family, np.uint8),
        **more,
    )


def arrays(vector: Vector) -> tuple[NDArray[np.uint8], NDArray[np.uint64], NDArray[np.uint64]]:
    """Return families, upper and lower halves."""
    assert vector.family is not None and vector.lower is not None
    return vector.family, vector.values, vector.lower


def equal(a: Vector, b: Vector) -> Flags:
    """Compare addresses: same family, same number; those that are none equal each other."""
    (family, upper, lower), (family_b, upper_b, lower_b) = arrays(a), arrays(b)
    result: Flags = (lower == lower_b) & (upper == upper_b) & (family == family_b)
    return result


def less(a: Vector, b: Vector) -> Flags:
    """Compare addresses by number, IPv4 before IPv6; false where one is none."""
    (family, upper, lower), (family_b, upper_b, lower_b) = arrays(a), arrays(b)
    result: Flags = (family < family_b) | (
        (family == family_b) & ((upper < upper_b) | ((upper == upper_b) & (lower < lower_b)))
    )
    result &= (family != 0) & (family_b != 0)
    return result


def between(vector: Vector, first: AnyAddress, last: AnyAddress) -> Flags:
    """Return which addresses lie in a range of one family."""
    family, upper, lower = arrays(vector)
    version, first_upper, first_lower = halves(first)
    _, last_upper, last_lower = halves(last)
    if version == 4 or first_upper == last_upper:
        inside = lower >= np.uint64(first_lower)
        inside &= lower <= np.uint64(last_lower)
        if version == 6:
            inside &= upper == np.uint64(first_upper)
    else:
        low, high = np.uint64(first_upper), np.uint64(last_upper)
        inside = (upper > low) | ((upper == low) & (lower >= np.uint64(first_lower)))
        inside &= (upper < high) | ((upper == high) & (lower <= np.uint64(last_lower)))
    inside &= family == version
    if vector.empty is not None:
        inside &= ~vector.empty
    return inside


def inside(vector: Vector, network: AnyNetwork) -> Flags:
    """Return which addresses belong to a network."""
    return between(vector, network.network_address, network.broadcast_address)
