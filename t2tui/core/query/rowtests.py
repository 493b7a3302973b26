"""Functions that select rows by flow, port, protocol, address, MAC address and bits."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from t2tui.core.bits import table
from t2tui.core.query import addresses, numbers
from t2tui.core.query.codes import MATCHING, Code, constant_code, logical, negated
from t2tui.core.query.functions import Arguments, define
from t2tui.core.query.operators import compared, in_networks
from t2tui.core.query.patterns import PatternError, compile_pattern
from t2tui.core.query.vectors import Flags, Kind, Vector, as_text, by_word, constant, truths

ROWS = "rows"

PROTOCOLS = {
    "icmp": 1,
    "igmp": 2,
    "tcp": 6,
    "udp": 17,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmp6": 58,
    "sctp": 132,
}
"""Function -> number of the protocol."""

IP_BITS = {"ip": ("L2_IPV4", "L2_IPV6"), "ipv4": ("L2_IPV4",), "ipv6": ("L2_IPV6",)}
"""Function -> bits of flowStat, any of which is set."""

STATUS = {"dns": ("dnsStat", "NBIOS"), "http": ("httpStat", ""), "dhcp": ("dhcpStat", "")}
"""Function -> status column, and its bit that does not count."""

LETTERS = {"F": 0, "S": 1, "R": 2, "P": 3, "A": 4, "U": 5, "E": 6, "W": 7}
"""Letter of tcpflags() -> bit of column tcpFlags (RFC 9293, RFC 3168)."""
SHOWN_LETTERS = "WEUAPRSF"


@define(ROWS, "hdr", "", "the row is the header: never true, headers are kept anyway")
def _hdr(arguments: Arguments) -> Code:
    return constant_code(arguments.node, constant(False))


@define(ROWS, "not", "q", "q is false")
def _not(arguments: Arguments) -> Code:
    return negated(arguments.node, arguments.codes[0])


def _numbers(arguments: Arguments, names: Sequence[str]) -> Code:
    """Return whether one of the columns is in the list of the only argument."""
    columns = [arguments.column(name) for name in names]
    if len(arguments) == 0:
        return columns[0] if len(columns) == 1 else _both(arguments, columns)
    wanted = arguments.numbers(0)
    tests = []
    for column in columns:
        if wanted is None:
            tests.append(compared(arguments.node, "==", column, arguments.codes[0]))
        else:
            contains = wanted.contains
            tests.append(arguments.make(Kind.BOOL, lambda v, test=contains: truths(test(v), v), [column]))
    return tests[0] if len(tests) == 1 else logical(arguments.node, tests, True)


def _both(arguments: Arguments, columns: Sequence[Code]) -> Code:
    """Return the values of two columns as a list."""

    def evaluate(a: Vector, b: Vector) -> Vector:
        values = np.stack([numbers.as_integers(a), numbers.as_integers(b)], axis=1).ravel()
        counts = np.full(len(a.values), 2, np.int64)
        empty = None
        if a.empty is not None and b.empty is not None:
            empty = np.stack([a.empty, b.empty], axis=1).ravel()
        return Vector(Kind.INT, values, counts=counts, empty=empty)

    code = arguments.make(Kind.INT, evaluate, columns)
    return replace(code, is_list=True, shape="ports")


for _name, _columns, _what in (
    ("flow", ["flowInd"], "flowInd"),
    ("packet", ["pktNo"], "pktNo"),
    ("port", ["srcPort", "dstPort"], "source or destination port"),
    ("sport", ["srcPort"], "source port"),
    ("dport", ["dstPort"], "destination port"),
    ("proto", ["l4Proto"], "l4Proto"),
):
    define(ROWS, _name, "[p]", f"{_what} is in the list p, such as '53;80;6000-6008'; without p: the value")(
        partial(_numbers, names=_columns)
    )


def _protocol(arguments: Arguments, number: int) -> Code:
    value = constant_code(arguments.node, constant(number))
    return compared(arguments.node, "==", arguments.column("l4Proto"), value)


for _name, _number in PROTOCOLS.items():
    define(ROWS, _name, "", f"l4Proto is {_number}")(partial(_protocol, number=_number))


def _hosts(arguments: Arguments, names: Sequence[str]) -> Code:
    columns = [arguments.column(name) for name in names]
    wanted = arguments.codes[0]
    tests = []
    for column in columns:
        if column.kind is Kind.ADDRESS and wanted.text:
            tests.append(in_networks(arguments.node, column, wanted))
        else:
            tests.append(compared(arguments.node, "==", column, wanted))
    return tests[0] if len(tests) == 1 else logical(arguments.node, tests, True)


for _suffix in ("host", "net"):
    for _side, _columns in (("", ["srcIP", "dstIP"]), ("s", ["srcIP"]), ("d", ["dstIP"])):
        _what = {"": "source or destination", "s": "source", "d": "destination"}[_side]
        define(
            ROWS,
            _side + _suffix,
            "ip",
            f"{_what} address is ip, or lies in the network ip = a.b.c.d/n or x:y::/n",
        )(partial(_hosts, names=_columns))


def _macs(arguments: Arguments, names: Sequence[str]) -> Code:
    pattern = arguments.constant_text(0)
    try:
        search = compile_pattern(pattern, True)
    except PatternError as wrong:
        raise arguments.wrong(0, f"the pattern is not valid: {wrong}") from None

    def evaluate(vector: Vector) -> Vector:
        shown = as_text(vector)
        try:
            return truths(by_word(shown, lambda word: word != "" and search(word) is not None), shown)
        except PatternError as wrong:
            raise arguments.wrong(0, f"the pattern {wrong}") from None

    tests = [arguments.make(Kind.BOOL, evaluate, [arguments.column(name)], MATCHING) for name in names]
    return tests[0] if len(tests) == 1 else logical(arguments.node, tests, True)


for _suffix in ("mac", "ether"):
    for _side, _columns in (("", ["srcMac", "dstMac"]), ("s", ["srcMac"]), ("d", ["dstMac"])):
        _what = {"": "a", "s": "a source", "d": "a destination"}[_side]
        define(ROWS, _side + _suffix, "m", f"{_what} MAC address matches the regular expression m")(
            partial(_macs, names=_columns)
        )


def _any_bit(arguments: Arguments, column: str, mask: int) -> Code:
    return arguments.make(
        Kind.BOOL,
        lambda v: truths(numbers.bits(v) & np.uint64(mask) != 0, v),
        [arguments.column(column)],
    )


def _ip(arguments: Arguments, names: Sequence[str]) -> Code:
    bits = table("flowStat")
    return _any_bit(arguments, "flowStat", sum(bits.bit(name).mask for name in names))


for _name, _names in IP_BITS.items():
    define(ROWS, _name, "", f"flowStat has bit {' or '.join(_names)}")(partial(_ip, names=_names))


def _status(arguments: Arguments, column: str, but: str) -> Code:
    ignored = table(column).bit(but).mask if but else 0
    if not but:
        return _any_bit(arguments, column, (1 << 64) - 1)

    def evaluate(vector: Vector) -> Vector:
        found = numbers.bits(vector)
        return truths((found != 0) & (found & np.uint64(ignored) == 0), vector)

    return arguments.make(Kind.BOOL, evaluate, [arguments.column(column)])


for _name, (_column, _but) in STATUS.items():
    _rest = f" and has not bit {_but}" if _but else ""
    define(ROWS, _name, "", f"{_column} is not 0{_rest}")(partial(_status, column=_column, but=_but))


@define(ROWS, "bitsanyset", "value, mask", "value & mask is not 0")
def _bitsanyset(arguments: Arguments) -> Code:
    return _bits(arguments, lambda value, mask: value & mask != 0)


@define(ROWS, "bitsallset", "value, mask", "value & mask is mask")
def _bitsallset(arguments: Arguments) -> Code:
    return _bits(arguments, lambda value, mask: value & mask == mask)


def _bits(arguments: Arguments, test: Callable[[Any, Any], Any]) -> Code:
    def evaluate(value: Vector, mask: Vector) -> Vector:
        flags = np.asarray(test(numbers.bits(value), numbers.bits(mask)), bool)
        return truths(flags, value if value.counts is not None or not value.is_constant else mask)

    return arguments.make(Kind.BOOL, evaluate, [arguments.integer(0), arguments.integer(1)])


@define(ROWS, "bfeq", "a, b", "a and b are equal as numbers")
def _bfeq(arguments: Arguments) -> Code:
    return compared(arguments.node, "==", arguments.number(0), arguments.number(1))


@define(
    ROWS,
    "tcpflags",
    "[flags]",
    "all letters of flags are set, those behind ! are not: 'S!A'; without: WEUAPRSF",
)
def _tcpflags(arguments: Arguments) -> Code:
    column = arguments.column("tcpFlags")
    if len(arguments) == 0:
        return arguments.make(Kind.TEXT, _letters, [column], 20)
    wanted, _, unwanted = arguments.constant_text(0).upper().partition("!")
    masks = []
    for letters in (wanted, unwanted.replace("!", "")):
        unknown = set(letters) - set(LETTERS)
        if unknown:
            raise arguments.wrong(
                0, f"no flag has the letter '{min(unknown)}'", "letters of FSRPAUEW, and '!'"
            )
        masks.append(np.uint64(sum(1 << LETTERS[letter] for letter in set(letters))))

    def evaluate(vector: Vector) -> Vector:
        bits = numbers.bits(vector)
        flags: Flags = (bits & masks[0] == masks[0]) & (bits & masks[1] == 0)
        return truths(flags, vector)

    return arguments.make(Kind.BOOL, evaluate, [column])


def _letters(vector: Vector) -> Vector:
    values, codes = np.unique(numbers.bits(vector) & np.uint64(0xFF), return_inverse=True)
    words = [
        "".join(c if value >> LETTERS[c] & 1 else "." for c in SHOWN_LETTERS) for value in values.tolist()
    ]
    return Vector(Kind.TEXT, codes, words=words, counts=vector.counts)


# ------------------------------------------------------------------ addresses


@define(ROWS, "ipinnet", "ip, net[, mask]", "address ip lies in net/n, or in the network net with mask")
def _ipinnet(arguments: Arguments) -> Code:
    network = arguments.constant_text(1)
    if len(arguments) == 3:
        mask = arguments.codes[2]
        if mask.text is not None:
            network += f"/{mask.text}"
        else:
            bits = arguments.constant_int(2)
            network += f"/{bits if bits <= 128 else (bits & 0xFFFFFFFF).bit_count()}"
    return in_networks(
        arguments.node, _address(arguments), constant_code(arguments.codes[1].node, constant(network))
    )


@define(ROWS, "ipinrange", "ip, low, high", "address ip lies between low and high, both included")
def _ipinrange(arguments: Arguments) -> Code:
    low, high = (addresses.parse_address(arguments.constant_text(place)) for place in (1, 2))
    if low is None or high is None or low.version != high.version:
        place = 1 if low is None else 2
        raise arguments.wrong(place, "not an address of one family with the other", "an IP address")
    return arguments.make(
        Kind.BOOL, lambda v: truths(addresses.between(v, low, high), v), [_address(arguments)], 2
    )


def _address(arguments: Arguments, place: int = 0) -> Code:
    """Return an argument that is an address; texts that are none become no address."""
    code = arguments.codes[place]
    if code.kind is Kind.ADDRESS:
        return code
    if code.kind is not Kind.TEXT:
        raise arguments.wrong(place, f"this is {code.kind.value}", "an IP address")
    return arguments.make(Kind.ADDRESS, addresses_of, [code], 20)


def addresses_of(vector: Vector) -> Vector:
    """Return texts as addresses."""
    found = addresses.address_vector([addresses.parse_address(word) for word in vector.words])
    picked = found.pick(vector.values)
    return Vector(
        Kind.ADDRESS,
        picked.values,
        lower=picked.lower,
        family=picked.family,
        counts=vector.counts,
        is_constant=vector.is_constant,
    )


NETWORKS = {
    "privip": (("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"), "is private (RFC 1918)"),
    "mcast": (("224.0.0.0/4", "ff00::/8"), "is a multicast address"),
    "loopback": (("127.0.0.0/8", "::1"), "is a loopback address"),
}
"""Function -> networks and their description."""


def _in(arguments: Arguments, networks: Sequence[str]) -> Code:
    wanted = constant_code(arguments.node, constant(";".join(networks)))
    return in_networks(arguments.node, _address(arguments), wanted)


for _name, (_networks, _what) in NETWORKS.items():
    define(ROWS, _name, "ip", f"address ip {_what}: {', '.join(_networks)}")(partial(_in, networks=_networks))
