"""Records and bits of tcpFlags (docs/tcpflags.md)."""

import numpy as np

from t2tui.core.text.memory import SLACK_BYTES

MAX_KINDS = 40
"""Room for option kinds of SYN packets; JA4TOPTMX is no larger."""

FLOW_STATE = np.dtype(
    [
        # every packet
        ("flowInd", "u8"),  # tells whether the record of a slot belongs to this flow
        ("lastSec", "i8"),
        ("lastFrac", "i8"),
        ("opposite", "i4"),  # slot, -1 as long as there is no opposite flow
        ("packets", "f4"),
        ("rttMin", "f4"),  # trip times, s
        ("rttMax", "f4"),
        ("rttAvg", "f4"),
        ("rttJit", "f4"),
        ("trip", "f4"),
        ("l4Sum", "u2"),  # checksum of the datagram at hand, its length and the word in its header
        ("l4Word", "u2"),
        ("l4Len", "u4"),
        ("expected", "u4"),  # position of the next fragment, bytes
        ("ipId", "u2"),
        ("minId", "u2"),
        ("maxId", "u2"),
        ("ipFlags", "u2"),
        ("status", "u2"),  # tcpFStat
        ("lastStatus", "u2"),
        ("rtt", "u1"),  # RTT_*
        ("ttl", "u1"),
        ("minTTL", "u1"),
        ("maxTTL", "u1"),
        ("ttlChanges", "u1"),
        ("tos", "u1"),
        # TCP
        ("scanned", "u1"),  # packets, as far as the detector of scans counts
        ("shift", "u1"),  # window scale
        ("flags", "u2"),
        ("lastFlags", "u2"),
        ("anomaly", "u2"),
        ("lastAnomaly", "u2"),
        ("firstSeq", "u4"),
        ("lastSeq", "u4"),
        ("nextSeq", "u4"),
        ("highSeq", "u4"),  # highest next sequence number
        ("lastAck", "u4"),
        ("inFlight", "u4"),
        ("maxInFlight", "u4"),
        ("window", "u4"),
        ("initWindow", "u4"),
        ("minWindow", "u4"),
        ("maxWindow", "u4"),
        ("avgWindow", "f4"),
        ("tcpPackets", "u4"),
        ("tinyWindows", "u4"),
        ("sentBytes", "u8"),
        ("ackedBytes", "u8"),
        ("messageLen", "u8"),
        ("inOrder", "u2"),  # counts from here on wrap at 16 bits
        ("seqFaults", "u2"),
        ("acks", "u2"),
        ("ackFaults", "u2"),
        ("windowDown", "u2"),
        ("windowUp", "u2"),
        ("windowTurns", "u2"),
        # options
        ("optPackets", "u2"),
        ("optCount", "u2"),
        ("mss", "u2"),
        ("options", "u4"),
        ("stamp", "u4"),  # time stamp option
        ("echo", "u4"),
        ("maxStamp", "u4"),
        ("firstStamp", "u4"),
        ("stampSec", "i8"),
        ("stampFrac", "i8"),
        ("firstStampSec", "i8"),
        ("firstStampFrac", "i8"),
        ("mpTypes", "u2"),
        ("mpFlags", "u1"),
        ("mpAddress", "u1"),
        ("mpSignal", "u1"),
        ("ipOptClasses", "u1"),
        ("ipOptCount", "u2"),
        ("ipOptions", "u4"),
        ("hopCount", "u2"),
        ("dstCount", "u2"),
        ("hopOptions", "u4"),
        ("dstOptions", "u4"),
        ("kindCount", "u1"),
        ("kinds", "u1", (MAX_KINDS,)),  # options of SYN packets
        ("counts", "u2", (16,)),  # packets by flag and combination, as the bits of tcpFlags
    ],
    align=True,
)
"""What a flow keeps from packet to packet."""

PACKET_STATE = np.dtype(
    [
        ("hopStart", "i8"),  # starts of option bytes in the batch's data
        ("dstStart", "i8"),
        ("ipOptStart", "i8"),
        ("tcpOptStart", "i8"),
        ("hopLen", "u2"),
        ("dstLen", "u2"),
        ("ipOptLen", "u1"),
        ("tcpOptBytes", "u1"),
        ("tcpOptLen", "i4"),
        ("ipIdDiff", "i4"),
        ("ipId", "u2"),
        ("ipFrag", "u2"),
        ("ipSum", "u2"),
        ("ipSumHere", "u2"),  # computed
        ("l4Sum", "u2"),
        ("l4SumHere", "u2"),
        ("ipFlags", "u2"),
        ("tos", "u1"),
        ("ttl", "u1"),
        ("show", "u1"),  # SHOW_* of this module
        ("status", "u2"),
        ("flags", "u2"),
        ("anomaly", "u2"),
        ("scale", "u2"),
        ("mss", "u2"),
        ("seq", "u4"),
        ("ack", "u4"),
        ("highSeq", "u4"),
        ("seqDiff", "i4"),
        ("ackDiff", "i4"),
        ("seqLen", "u4"),
        ("ackLen", "u4"),
        ("inFlight", "u4"),
        ("window", "u4"),
        ("stamp", "u4"),
        ("echo", "u4"),
        ("seqFlowLen", "u8"),
        ("ackFlowLen", "u8"),
        ("messageLen", "u8"),
        ("mpType", "u1"),
        ("mpFlags", "u1"),
        ("mpAddress", "u1"),
        ("mpSignal", "u1"),
    ],
    align=True,
)
"""What is written about a packet, by row; one record that all packets share where no packets are written."""

SHOW_IP, SHOW_TCP = 1, 2

TEXT_BYTES = 10 + 1 + 4 * MAX_KINDS + 5 + 1 + 3 + SLACK_BYTES
"""Room for the longest tcpJA4T: window, kinds, segment size, shift."""

SUMMARY = np.dtype(
    [
        ("bootSec", "i8"),
        ("bootFrac", "i8"),
        ("upTime", "f8"),
        ("counter", "f4"),  # tcpEcI
        ("tinyRatio", "f4"),
        ("rttJitter", "f4"),
        ("roundTrip", "f4"),
        ("roundTripJitter", "f4"),
        ("ipFlags", "u2"),
        ("anomaly", "u2"),
        ("scale", "u2"),
        ("textLen", "u1"),
        ("text", "u1", (TEXT_BYTES,)),  # tcpJA4T
    ],
    align=True,
)
"""What is computed when a flow ends."""

TOTALS = np.dtype(
    [
        ("tcpPackets", "u8"),
        ("tinyWindows", "u8"),
        ("scans", "u8"),
        ("answeredScans", "u8"),
        ("synRetries", "u8"),
        ("seqRetries", "u8"),
        ("mpPackets", "u8"),
        ("flowStat", "u8"),
        ("ipFlags", "u2"),
        ("status", "u2"),
        ("flags", "u2"),
        ("anomaly", "u2"),
        ("mpTypes", "u2"),
        ("tos", "u1"),
        ("mpFlags", "u1"),
    ],
    align=True,
)
"""Counts and aggregates of the whole run."""

RTT_NONE, RTT_SYN, RTT_SYN_ACK, RTT_ACK, RTT_STOP = 0, 1, 2, 4, 0x80
"""States of a flow's trip time measurement."""

NO_TRIP = np.float32(65535.0)
"""Shortest trip time of a flow that has none, s."""

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
FIN_ACK, SYN_ACK, RST_ACK, NULL = 0x0100, 0x0200, 0x0400, 0x0800
SYN_FIN, SYN_FIN_RST, RST_FIN, XMAS = 0x1000, 0x2000, 0x4000, 0x8000
SCAN_FLAGS = XMAS | RST_FIN | SYN_FIN_RST | SYN_FIN | NULL | SYN | FIN
"""A flow with any of these may be a scan."""

# tcpFStat
DISTANCES = 0x0001
STAMP_INIT = 0x0002
STAMP_DOWN = 0x0004
OPTIONS_BROKEN = 0x0008
WINDOW_INIT = 0x0010
WINDOW_UPDATE = 0x0020
ZERO_PROBE = 0x0040
ZERO_PROBE_ACK = 0x0080
ZERO_WINDOW = 0x0100
SCALED = 0x0200
WINDOW_FULL = 0x0400
WINDOW_UP = 0x0800
SUM_PENDING = 0x1000
SACK = 0x4000
MULTIPATH = 0x8000
KEPT = MULTIPATH | WINDOW_UP | SCALED | WINDOW_INIT | STAMP_INIT | DISTANCES
"""Bits of the flow with which a packet begins."""

# ipFlags
IP_OPTIONS_BROKEN = 0x0001
IP_ID_ROLLED = 0x0004
FRAGMENT_SMALL = 0x0008
FRAGMENT_BEYOND = 0x0010
FRAGMENT_BITS = 0x00E0
FRAGMENT_MISPLACED = 0x0100
FRAGMENTS_WRONG = 0x0200
IP_SUM_WRONG = 0x0400
L4_SUM_WRONG = 0x0800
SNAPPED = 0x1000
LENGTH_WRONG = 0x2000
SAME_TIME = 0x4000
BACK_IN_TIME = 0x8000

# tcpAnomaly
SYN_RETRY = 0x0001
SEQ_RETRY = 0x0002
SEQ_FAST_RETRY = 0x0004
DUPLICATE_ACK = 0x0008
KEEP_ALIVE = 0x0010
KEEP_ALIVE_ACK = 0x0020
OUT_OF_ORDER = 0x0040
SPURIOUS = 0x0080
ACK_UNSEEN = 0x0100
NOT_CAPTURED = 0x0200
SCAN = 0x1000
SCAN_ANSWERED = 0x2000
SYN_PAYLOAD = 0x4000
NOT_IN_SCANS = 0xFFFF ^ 0x003F
"""Mask: what is left of a packet's anomalies in a scan."""
