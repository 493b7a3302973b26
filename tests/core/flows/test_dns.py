"""The first message between equal DNS ports says which side its flow is; then everything follows from it."""

import numpy as np
import pytest

from t2tui.core.flows import FlowCounter, FlowTable
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import KIND_IPV4, PACKET

TCP, UDP = 6, 17
QUERY, RESPONSE = 0x01, 0x81


def packets(*kinds, sport=5353, dport=5353, proto=UDP, captured=20):
    """Packets between two hosts; the second one answers where ``kinds`` has a pair."""
    made = np.zeros(len(kinds), PACKET)
    data = np.zeros(1000, np.uint8)
    for i, (packet, kind) in enumerate(zip(made, kinds, strict=True)):
        back = isinstance(kind, tuple)
        packet["kind"], packet["caplen"], packet["l4Proto"] = KIND_IPV4, 60, proto
        packet["srcLo"], packet["dstLo"] = (2, 1) if back else (1, 2)
        packet["srcPort"], packet["dstPort"] = (dport, sport) if back else (sport, dport)
        packet["base"], packet["l7"], packet["snapL7Len"] = 100 * i, 40, captured
        data[100 * i + 42] = kind[0] if back else kind
    return made, data


def table(**more):
    return FlowTable(tcp_states=True, packet_times=False, **{"dns_roles": True, **more})


def is_b(flows, slot):
    return bool(int(flows.records[slot]["flowStat"]) & L3FLOWINVERT)


@pytest.mark.parametrize(
    ("kinds", "more", "wanted"),
    [
        ([QUERY], {}, False),
        ([RESPONSE], {}, True),
        ([RESPONSE], {"sport": 53, "dport": 53}, True),
        ([RESPONSE], {"sport": 137, "dport": 137}, True),
        ([RESPONSE], {"sport": 123, "dport": 123}, False),  # no DNS
        ([RESPONSE], {"proto": TCP}, False),
        ([RESPONSE], {"captured": 2}, False),  # the bit was not captured
        ([RESPONSE], {"captured": 1}, False),
        ([QUERY], {"sport": 53, "dport": 4000}, True),  # the ports say it
        ([RESPONSE, QUERY], {}, True),  # only the first message decides
    ],
)
def test_role_of_a_flow(kinds, more, wanted):
    flows = table()
    made, data = packets(*kinds, **more)
    flows.assign(made, 0, data)
    assert is_b(flows, made["flow"][0]) == wanted


def test_without_dns_nothing_looks_at_the_payload():
    flows = table(dns_roles=False)
    made, data = packets(RESPONSE)
    flows.assign(made, 0, data)
    assert not is_b(flows, made["flow"][0])


def test_opposite_flow_counters_and_order_of_output_follow():
    flows = table()
    made, data = packets(RESPONSE, (RESPONSE,), RESPONSE)
    flows.assign(made, 0, data)
    assert [is_b(flows, slot) for slot in made["flow"]] == [True, False, True]
    counters = flows.counters
    assert (counters[FlowCounter.A_PACKETS], counters[FlowCounter.B_PACKETS]) == (1, 2)
    released = flows.flush()
    assert released["slot"].tolist() == [made["flow"][1], made["flow"][0]]
    assert flows.records["dir"][released["slot"]].tolist() == [0, 1]
