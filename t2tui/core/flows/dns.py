"""Which side of a DNS dialogue a flow is: the message says so (docs/dnsdecode.md, "Direction").

dnsDecode asks for this. It has to be known when the flow is made, because the role of the opposite flow and
the counters of both directions follow from it.
"""

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.jit import Integer, Record, inlined

UDP = 17
DNS, NETBIOS, MDNS, LLMNR = 53, 137, 5353, 5355
"""Ports of RFC 1035, RFC 1002, RFC 6762 and RFC 4795."""

RESPONSE = 0x80
"""QR bit in the third byte of a message (RFC 1035, section 4.1.1)."""


@inlined
def is_dns_port(port: Integer) -> bool:
    """Return whether messages from or to a port are decoded."""
    return port in (DNS, NETBIOS, MDNS, LLMNR)


@inlined
def dns_role(data: NDArray[np.uint8], packet: Record, status: Integer) -> Integer:
    """Return the status of a new flow without opposite, its direction bit as the first message says.

    Where both ports are equal nothing else tells the sides apart.

    Args:
        data: the batch's bytes.
        packet: PACKET record of the flow's first packet.
        status: of the flow.
    """
    port = np.int64(packet.srcPort)
    if packet.l4Proto != UDP or packet.dstPort != port or packet.snapL7Len < 2 or not is_dns_port(port):
        return status
    place = np.int64(packet.base) + packet.l7 + 2
    if packet.snapL7Len > 2 and 0 <= place < len(data) and data[place] & RESPONSE:
        return status | L3FLOWINVERT
    return status & ~L3FLOWINVERT
