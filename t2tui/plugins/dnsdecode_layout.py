"""What dnsDecode keeps of flows and packets, bits of dnsStat, types of records (docs/dnsdecode.md)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.plugins.dnsdecode_memory import LIST, Pool

PRTDT = 0x0001
NBIOS = 0x0002
FRAGA = 0x0004
FRAGS = 0x0008
ANY = 0x0020
IZTRANS = 0x0040
ZTRANS = 0x0080
WRNULN = 0x0100
WRNIGN = 0x0200
WRNDEX = 0x0400
WRNAEX = 0x0800
ERRLEN = 0x1000
ERRPTR = 0x2000
WRNMLN = 0x4000
ERRCRPT = 0x8000
"""Bits of dnsStat; what they say stands in core/bits.tsv."""

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, NB, SRV, OPT, RRSIG = 1, 2, 5, 6, 12, 15, 16, 28, 32, 33, 41, 46
IXFR, AXFR, ANY_TYPE = 251, 252, 255
"""Types of records and queries (IANA, Domain Name System Parameters)."""

NOWHERE = -1
"""Position after an error."""

SHORTEST = 17
"""Bytes of the shortest message with a query: header, root, type, class."""

LONGEST_UDP = 548
"""More than RFC 1035 allows over UDP (512), header and padding included, as the reference counts."""

FIN_SYN_RST, SYN = 0x07, 0x02
RESPONSE = 0x8000
CLASS = 0x7FFF
"""Class without the top bit, which is a flag in multicast DNS (RFC 6762, sections 5.4 and 10.2)."""

HAS_IP4, HAS_IP6 = 1, 2
"""STATE.shows: which lists of addresses are written."""

STATE = np.dtype(
    [
        ("queries", LIST),
        ("records", LIST),
        ("types", "u8"),  # bit n: a query or record of type n was seen
        ("answerBytes", "i8"),  # of all responses
        ("queryBytes", "i8"),  # of the header and queries of all responses
        ("nextSeq", "u4"),  # TCP: where the next segment begins
        ("ratio", "f4"),  # dnsAAAqF
        ("hits", "u4"),  # queries for malicious domains
        ("totals", "u2", (4,)),  # of the four counts of the headers
        ("counts", "u2", (4,)),  # of the latest header
        ("remaining", "u2"),  # TCP: bytes that the message still has
        ("header", "u2"),  # second word of the latest header
        ("opcodes", "u2"),  # bit n: operation code n was seen
        ("codes", "u2"),  # bit n: response code n was seen
        ("flags", "u1"),  # bits of all headers
        ("numQueries", "u1"),
        ("numRecords", "u1"),
        ("shownQueries", "u1"),
        ("shownRecords", "u1"),
        ("shows", "u1"),  # HAS_*
    ]
)
"""What is known of a flow with a DNS port."""

LINE = np.dtype(
    [
        ("start", "i8"),  # its addresses as text in the lines' pool
        ("length", "i4"),
        ("status", "u2"),
        ("header", "u2"),
        ("counts", "u2", (4,)),
        ("show", "u1"),  # 1: flow with a DNS port
    ],
    align=True,
)
"""Columns of a packet."""

(
    PACKETS,
    QUERY_PACKETS,
    RESPONSE_PACKETS,
    STATUS,
    FLAGS,
    OPCODES,
    CODES,
    ALARMS,
    ALARM_FLOWS,
    REQUESTS,
    TEXT_USED,
) = range(11)
"""Positions in the vector of totals."""
TOTALS = 11


class Domains(NamedTuple):
    """The list of malicious domains, sorted by bytes; kernels get it as one argument."""

    octets: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int32]


class Work(NamedTuple):
    """Arrays and limits of the plugin; kernels get them as one argument."""

    pool: Pool
    status: NDArray[np.uint16]  # dnsStat by slot
    states: NDArray[np.void]  # STATE by slot; valid where the status is not 0
    lines: NDArray[np.void]  # LINE by row; empty without packet mode
    texts: NDArray[np.uint8]  # pool of the lines
    domains: Domains
    name: int  # address of LONGEST_NAME bytes
    decoded: int  # address of LONGEST_DECODED bytes
    totals: NDArray[np.int64]
    requests: NDArray[np.int32]  # flows that are full
    mode: int  # DNS_MODE
    queries: int  # DNS_QRECMAX
    records: int  # DNS_ARECMAX
    alarms_in_packet: bool
