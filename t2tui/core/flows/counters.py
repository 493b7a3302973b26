"""Names of the numbers that the flow kernels keep in int64 vectors."""

from enum import IntEnum


class FlowCounter(IntEnum):
    """Positions in ``FlowTable.counters``: what the end report needs from the flow table.

    Packets count when they have a flow. A and B go by bit 0 of the flow at the time of the packet;
    ``FLOWS_A`` and ``FLOWS_B`` by the role at creation. Bytes are captured bytes.
    """

    A_PACKETS = 0
    B_PACKETS = 1
    A_BYTES = 2
    B_BYTES = 3
    L2_PACKETS = 4
    IPV4_PACKETS = 5
    IPV6_PACKETS = 6
    PAD_BYTES = 7
    FLOWS_A = 8
    FLOWS_B = 9
    FLOWS_L2 = 10
    FLOWS_IPV4 = 11
    FLOWS_IPV6 = 12
    CORRECTED_REPLIES = 13  # lone flows released with bit 0
    ACTIVE = 14  # directions held now
    MAX_ACTIVE = 15
    AUTOPILOT = 16  # pairs released because the table was full
    NEXT_INDEX = 17  # flow indices given so far
    V4_FRAGMENTS = 18
    V6_FRAGMENTS = 19  # the flow table's share; dissection counts the fragment headers


class State(IntEnum):
    """Positions in the kernels' own state vector."""

    STATUS = 0  # global status word
    TCP_AGGREGATE = 1  # OR of the anomalies of released TCP flows
    USED = 2  # slots that were ever taken
    FREE = 3  # first free slot of the chain through FLOW.older, lru.NO_SLOT without
    PAIRS = 4  # entries in the table of pairs
    FRAGMENTS = 5  # entries in the table of fragments
    RELEASED = 6  # entries in the released vector since the last reclaim
    NEXT_DUE = 7  # ns; no time-out can pass before
    STIRRED = 8  # 1: time ran backwards, the due times are not valid
    AUTOPILOT_AT = 9  # number of the packet at which the table was full first, 0: never
    TCP_STATES = 10  # 1: the TCP state machine runs
