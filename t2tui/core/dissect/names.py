"""Header names, as they appear in hdrDesc, and their tokens for the kernels.

A token is a 32-bit number: the kind in the upper eight bits, a value in the lower 24. A header
description is a chain of tokens; descriptions.py turns chains into text.
"""

import numpy as np
from numpy.typing import NDArray

NAME, UNKNOWN_DECIMAL, UNKNOWN_HEX4, UNKNOWN_HEX2, REPEAT = range(5)
"""Kinds of tokens: index of NAMES, ``:UNK(n)``, ``:UNK(0xhhhh)``, ``:UNK(0xhh)``, ``{n}``."""

IP_PROTOCOLS = {
    0: ":ipv6.hopopts", 1: ":icmp", 2: ":igmp", 4: ":ipv4", 6: ":tcp", 8: ":egp", 9: ":igp", 17: ":udp",
    33: ":dccp", 36: ":xtp", 37: ":ddp", 41: ":ipv6", 43: ":ipv6.routing", 44: ":ipv6.fraghdr", 45: ":idrp",
    46: ":rsvp", 47: ":gre", 48: ":dsr", 50: ":esp", 51: ":ah", 53: ":swipe", 54: ":nhrp", 58: ":icmpv6",
    59: "", 60: ":ipv6.dstopts", 80: ":osi", 83: ":vines", 88: ":eigrp", 89: ":ospf", 93: ":ax25",
    97: ":etherip", 103: ":pim", 108: ":ipcomp", 112: ":vrrp", 113: ":pgm", 115: ":l2tp", 132: ":sctp",
    134: ":rsvp-e2ei", 135: ":mipv6", 136: ":udplite", 137: ":mpls", 139: ":hip", 140: ":shim6",
}  # fmt: skip

ETHER_TYPES = {
    0x0000: ":wlccp", 0x00BB: ":edp", 0x0104: ":pagp", 0x010B: ":stp", 0x0111: ":udld", 0x01A1: ":ndp",
    0x01A2: ":ndp", 0x0600: ":idp", 0x0800: ":ipv4", 0x0806: ":arp", 0x0BAD: ":vines_ip", 0x2000: ":cdp",
    0x2001: ":cgmp", 0x2003: ":vtp", 0x2004: ":dtp", 0x6002: ":dec_mop", 0x6003: ":dec_dna", 0x6004: ":lat",
    0x6558: ":eth", 0x8021: ":ipcp", 0x8035: ":rarp", 0x8038: ":dec_stp", 0x809B: ":ddp", 0x80F3: ":aarp",
    0x80FD: ":ccp", 0x8100: ":vlan", 0x8137: ":ipx", 0x86DD: ":ipv6", 0x872D: ":wlccp", 0x8809: ":slow",
    0x880B: ":ppp", 0x883E: ":wccp", 0x8847: ":mpls", 0x8848: ":mpls", 0x8863: ":pppoed", 0x8864: ":pppoes",
    0x886F: ":msnlb", 0x8870: ":llc", 0x888E: ":eapol", 0x8899: ":realtek", 0x88A2: ":aoe", 0x88A8: ":vlan",
    0x88BB: ":lwapp", 0x88BE: ":erspan", 0x88CC: ":lldp", 0x88F7: ":ptp", 0x8902: ":cfm", 0x8906: ":fcoe",
    0x890D: ":wlan", 0x9000: ":loop", 0x9100: ":vlan", 0x9200: ":vlan", 0xC021: ":lcp", 0xC029: ":cbcp",
    0xC223: ":chap",
}  # fmt: skip

LLC_DSAPS = {
    0x00: "", 0x01: "", 0x02: "", 0x06: "", 0xAA: "", 0xFF: "", 0x04: ":sna", 0x08: ":sna", 0x0C: ":sna",
    0x40: ":sna", 0xC8: ":sna", 0x10: ":ipx", 0xE0: ":ipx", 0x14: ":osi", 0x20: ":osi", 0x34: ":osi",
    0x54: ":osi", 0xFE: ":osi", 0x42: ":stp", 0x7E: ":x25", 0x80: ":3comxns", 0x82: ":bacnet",
    0xBC: ":vines_llc", 0xF0: ":netbios", 0xF8: ":hpext", 0xFC: ":rpl",
}  # fmt: skip

PPP_PROTOCOLS = {
    0x0021: ":ipv4", 0x0023: ":osi", 0x003D: ":ppp", 0x0057: ":ipv6", 0x00FD: ":comp_data", 0x0207: ":cdp",
    0x0281: ":mpls", 0x0283: ":mpls", 0x8021: ":ipcp", 0x80FD: ":ccp", 0xC021: ":lcp", 0xC023: ":pap",
    0xC223: ":chap",
}  # fmt: skip

_OTHERS = (
    "eth", "isl:", "null", "ppp", "raw", "symantec", "chdlc", "fr", "wlan", "prism", "radiotap", "sll",
    "juniper", "ppi:", "fpp:", ":chdlc", ":ppp", ":ipvx", ":pwethcw", ":lacp", ":marker", ":oampdu", ":ossp",
    ":fc", ":mp", ":ayiya", ":gtp", ":vxlan", ":vxlan_gpe", ":nsh", ":geneve", ":capwap", ":capwap.data",
    ":dtls", ":teredo", ":ssdp", ":dtls1.0", ":dtls1.2", ":udpencap", ":isakmp", ":dvmrp", ":rgmp",
    ":comp_data",
)  # fmt: skip

NAMES: tuple[str, ...] = tuple(
    dict.fromkeys(
        name
        for names in (
            _OTHERS,
            IP_PROTOCOLS.values(),
            ETHER_TYPES.values(),
            LLC_DSAPS.values(),
            PPP_PROTOCOLS.values(),
        )
        for name in names
        if name
    )
)


def token(name: str) -> int:
    """Return the token of a header name."""
    return (NAME << 24) | NAMES.index(name)


NO_TOKEN = -1
"""Entry of the token table for a number whose header has no name."""

UNNAMED = -2
"""Entry of the token table for an unknown number."""

ETHER_TOKENS, PPP_TOKENS, IP_TOKENS, LLC_TOKENS = 0, 1 << 16, 2 << 16, (2 << 16) + 256
"""Where the four tables begin in the token table."""


def token_table() -> NDArray[np.int32]:
    """Return the tokens of all EtherTypes, PPP protocols, IP protocols and LLC DSAPs, in this order."""
    table = np.full((2 << 16) + 512, UNNAMED, np.int32)
    numbers = {name: token(name) for name in NAMES} | {"": NO_TOKEN}
    for start, names in (
        (ETHER_TOKENS, ETHER_TYPES),
        (PPP_TOKENS, PPP_PROTOCOLS),
        (IP_TOKENS, IP_PROTOCOLS),
        (LLC_TOKENS, LLC_DSAPS),
    ):
        for value, name in names.items():
            table[start + value] = numbers[name]
    return table
