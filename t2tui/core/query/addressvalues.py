"""Functions of addresses, protocols and bits that give values."""

import ipaddress
from collections.abc import Callable
from functools import cache, partial

import numpy as np

from t2tui.core.enumerations import enumeration
from t2tui.core.labels import Labels
from t2tui.core.query import numbers
from t2tui.core.query.addresses import AnyAddress, parse_address
from t2tui.core.query.codes import Code
from t2tui.core.query.functions import Arguments, define
from t2tui.core.query.textvalues import changed
from t2tui.core.query.vectors import Kind, Vector, as_text, integers

ADDRESSES = "addresses"
NUMBERS = "numbers"
COST = 30


def _of_address(change: Callable[[AnyAddress], str]) -> Callable[[str], str]:
    """Return a change of texts that leaves nothing of what is no address."""

    def apply(text: str) -> str:
        address = address_of(text)
        return "" if address is None else change(address)

    return apply


def address_of(text: str) -> AnyAddress | None:
    """Return the address that a text is: as usual, or hexadecimal with 8 or 32 digits, or a number."""
    if text[:2] in ("0x", "0X") and len(text) in (10, 34):
        try:
            number = int(text, 16)
        except ValueError:
            return None
        return ipaddress.IPv4Address(number) if len(text) == 10 else ipaddress.IPv6Address(number)
    if text.isascii() and text.isdigit() and len(text) < 40:
        number = int(text)
        if number < 1 << 32:
            return ipaddress.IPv4Address(number)
        return ipaddress.IPv6Address(number) if number < 1 << 128 else None
    return parse_address(text)


def _prefix_length(address: AnyAddress) -> str:
    """Return the number of leading ones of a mask, nothing for an address that is none."""
    bits = f"{int(address):0{address.max_prefixlen}b}"
    return "" if "01" in bits else str(bits.count("1"))


def _number(text: str) -> int | None:
    address = address_of(text)
    return None if address is None else int(address)


@define(ADDRESSES, "ip2num", "ip", "the number of an address")
def _ip2num(arguments: Arguments) -> Code:
    def evaluate(vector: Vector) -> Vector:
        shown = as_text(vector)
        found = [_number(word) for word in shown.words]
        values = integers([number or 0 for number in found])[shown.values]
        empty = np.array([number is None for number in found], bool)[shown.values]
        return Vector(Kind.INT, values, empty=empty, counts=shown.counts, is_constant=shown.is_constant)

    return arguments.make(Kind.INT, evaluate, [arguments.codes[0]], COST)


TEXTS: dict[str, tuple[Callable[[AnyAddress], str], str]] = {
    "ip2hex": (lambda a: f"0x{int(a):0{a.max_prefixlen // 4}x}", "an address in hexadecimal"),
    "ip2str": (str, "the address that a number or hexadecimal text is"),
    "ip62str": (lambda a: str(ipaddress.IPv6Address(int(a))), "the IPv6 address that a number or text is"),
    "ip6expand": (lambda a: a.exploded, "an address with all its digits"),
    "ip6compress": (lambda a: a.compressed, "an address as short as it can be written"),
    "ip2mask": (_prefix_length, "the prefix length of a network mask: 24 of 255.255.255.0"),
}
"""Function -> text made of an address, and its description."""

for _name, (_change, _what) in TEXTS.items():
    define(ADDRESSES, _name, "ip", _what)(partial(changed, change=_of_address(_change)))


def _mask(width: int, is_text: bool) -> Callable[[str], str]:
    def apply(text: str) -> str:
        if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= width):
            return ""
        number = (1 << width) - (1 << (width - int(text)))
        address = ipaddress.IPv4Address(number) if width == 32 else ipaddress.IPv6Address(number)
        return str(address) if is_text else f"0x{number:0{width // 4}x}"

    return apply


for _name, _width, _is_text in (
    ("mask2ip", 32, False),
    ("mask2ipstr", 32, True),
    ("mask2ip6", 128, False),
    ("mask2ip6str", 128, True),
):
    _kind = "IPv4" if _width == 32 else "IPv6"
    _form = "as an address" if _is_text else "in hexadecimal"
    define(ADDRESSES, _name, "n", f"the {_kind} mask of prefix length n, {_form}")(
        partial(changed, change=_mask(_width, _is_text))
    )


@cache
def _labels() -> Labels:
    return Labels.builtin()


@define(ADDRESSES, "t2whois", "ip[, what]", "label of an address: its text, with what = 'cc' its code")
def _t2whois(arguments: Arguments) -> Code:
    what = arguments.constant_text(1, "org")
    if what not in ("cc", "org"):
        raise arguments.wrong(1, f"there is no '{what}'", "'cc'", "'org'")
    return changed(arguments, _of_address(lambda address: _labels().lookup(str(address))[what == "org"]))


# ------------------------------------------------------------------ protocols and bits


@define(ADDRESSES, "proto2str", "p", "name of IP protocol p: TCP, UDP; the number where it has none")
def _proto2str(arguments: Arguments) -> Code:
    arguments.integer(0)
    names = enumeration("l4Proto")
    return changed(arguments, lambda text: (text.isdigit() and names.name(int(text))) or text)


@define(NUMBERS, "tobits", "n", "n in binary digits")
def _tobits(arguments: Arguments) -> Code:
    def evaluate(vector: Vector) -> Vector:
        values, codes = np.unique(numbers.bits(vector), return_inverse=True)
        width = 4 * vector.digits or 1
        words = [f"{value:0{width}b}" for value in values.tolist()]
        return Vector(Kind.TEXT, codes, words=words, counts=vector.counts, is_constant=vector.is_constant)

    return arguments.make(Kind.TEXT, evaluate, [arguments.integer(0)], COST)


@define(NUMBERS, "bitshift", "n, by", "64 bits of n moved to the left, by < 0: to the right")
def _bitshift(arguments: Arguments) -> Code:
    def evaluate(value: Vector, by: Vector) -> Vector:
        places = numbers.as_integers(by)
        left = numbers.shifted(value, by, True)
        backwards = Vector(Kind.INT, numbers.subtracted(integers([0]), places))
        bits = np.where(places >= 0, left, numbers.shifted(value, backwards, False))
        counts = value.counts if value.counts is not None else by.counts
        return Vector(Kind.INT, bits, counts=counts, is_constant=value.is_constant and by.is_constant)

    return arguments.make(Kind.INT, evaluate, [arguments.integer(0), arguments.integer(1)])


@define(NUMBERS, "nibble_swap", "n", "n with the halves of each byte swapped: 0x4f becomes 0xf4")
def _nibble_swap(arguments: Arguments) -> Code:
    def evaluate(vector: Vector) -> Vector:
        low = np.uint64(0x0F0F0F0F0F0F0F0F)
        bits = numbers.bits(vector)
        swapped = (bits & low) << np.uint64(4) | (bits >> np.uint64(4)) & low
        return Vector(
            Kind.INT, swapped, counts=vector.counts, digits=vector.digits, is_constant=vector.is_constant
        )

    return arguments.make(Kind.INT, evaluate, [arguments.integer(0)])
