"""basicFlow: lists of a flow, against a model in plain Python, and the texts of all its columns."""

import ipaddress
import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from t2tui.core.flowstat import HDOVRN, L2_IPV4, L2_NO_ETH, L2_VLAN
from t2tui.core.labels import Labels
from t2tui.core.layout import (
    FLOW,
    KIND_IPV4,
    KIND_IPV6,
    KIND_LAYER2,
    PACKET,
    SHOW_ADDRESS,
    SHOW_L3,
    SHOW_MAC,
    SHOW_PORTS,
    SHOW_VLAN,
)
from t2tui.core.text.rows import Words
from t2tui.plugins.base import Run
from t2tui.plugins.basicflow import BasicFlow

SLOTS = 3
NO_BYTES = np.zeros(0, np.uint8)


def settings(**changed: int) -> SimpleNamespace:
    return SimpleNamespace(**{flag.name: flag.default for flag in BasicFlow.flags} | changed)


def begin(plugin: BasicFlow) -> NDArray[Any]:
    records = np.zeros(SLOTS, FLOW)
    labels = SimpleNamespace(codes=[b"-"], texts=[b"-"])
    plugin.start(
        Run(
            SimpleNamespace(records=records),
            SimpleNamespace(pin=lambda numbers: None),
            labels,
            None,
            SLOTS,
            64,
        )
    )
    return records


@st.composite
def packets_of_flows(draw: st.DrawFn) -> NDArray[Any]:
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(-1, SLOTS - 1),
                st.integers(0, 5),  # description
                st.integers(0, 65535),  # headers
                st.integers(0, 4),  # source MAC
                st.integers(0, 4),
                st.integers(0, 9),  # 0: the flow begins again
            ),
            min_size=1,
            max_size=50,
        )
    )
    packets = np.zeros(len(rows), PACKET)
    for name, values in zip(
        ("flow", "hdrDesc", "numHdrs", "srcMac", "dstMac"), zip(*rows, strict=True), strict=False
    ):
        packets[name] = values
    seen: set[int] = set()
    for packet, (slot, *_, again) in zip(packets, rows, strict=True):
        packet["isNew"] = slot >= 0 and (slot not in seen or again == 0)
        seen.add(slot)
    packets["vlanPos"] = -1
    return packets


@given(packets_of_flows(), st.integers(0, 50), st.sampled_from([(4, 3), (1, 5)]), st.integers(0, 4))
def test_lists_of_a_flow(packets: NDArray[Any], cut: int, limits: tuple[int, int], no_ethernet: int) -> None:
    most_texts, most_macs = limits
    packets["flowStat"] = np.where(packets["flow"] == no_ethernet, L2_NO_ETH, L2_IPV4)
    plugin = BasicFlow(settings(BFO_MAX_HDRDESC=most_texts, BFO_MAX_MAC=most_macs))
    records = begin(plugin)

    lists: dict[int, tuple[dict[int, int], list[int], list[int]]] = {}
    overrun: set[int] = set()
    statuses = []
    for packet in packets:
        slot = int(packet["flow"])
        statuses.append(int(packet["flowStat"]))
        if slot < 0:
            continue
        if packet["isNew"]:
            lists[slot] = {}, [], []
            overrun.discard(slot)
        texts, sources, destinations = lists[slot]
        if len(texts) == most_texts:
            overrun.add(slot)
        else:
            texts[int(packet["hdrDesc"])] = int(packet["numHdrs"])
        if slot in overrun:
            statuses[-1] |= HDOVRN
        for macs, mac in ((sources, int(packet["srcMac"])), (destinations, int(packet["dstMac"]))):
            if slot != no_ethernet and mac not in macs and len(macs) < most_macs:
                macs.append(mac)

    for part in (packets[:cut], packets[cut:]):
        plugin.on_packets(part, NO_BYTES)
    for slot, (texts, sources, destinations) in lists.items():
        mine = plugin.records[slot]
        assert mine["hdrDesc"][: mine["hdrDescs"]].tolist() == list(texts)
        assert mine["numHdrs"][: mine["hdrDescs"]].tolist() == list(texts.values())
        assert mine["srcMac"][: mine["srcMacs"]].tolist() == sources
        assert mine["dstMac"][: mine["dstMacs"]].tolist() == destinations
        if slot in overrun:
            assert records[slot]["flowStat"] == HDOVRN
    assert packets["flowStat"].tolist() == statuses
    assert plugin.status == 0  # the aggregated status does not have the bit


VLAN_TYPE = st.sampled_from([0x8100, 0x88A8, 0x9100, 0x9200])


@given(
    st.lists(st.tuples(st.integers(0, 65535), VLAN_TYPE), min_size=1, max_size=6),
    st.sampled_from([0x0800, 0x86DD, 0x8101, 0, 0xFFFF]),
    st.sampled_from([3, 1]),
    st.integers(0, 30),
)
def test_tags_are_read_up_to_the_next_type_the_limit_and_the_end_of_the_data(
    tags: list[tuple[int, int]], following: int, most: int, clipped: int
) -> None:
    types = [*(vlan_type for _, vlan_type in tags[1:]), following]
    run = b"".join(struct.pack(">HH", tci, kind) for (tci, _), kind in zip(tags, types, strict=True))
    data = np.frombuffer((bytes(20) + run)[: 20 + max(0, len(run) - clipped)], np.uint8)
    packets = np.zeros(2, PACKET)
    packets["isNew"], packets["status"], packets["base"], packets["vlanPos"] = [1, 0], L2_VLAN, 6, 14
    plugin = BasicFlow(settings(BFO_MAX_VLAN=most))
    begin(plugin)
    plugin.on_packets(packets, data)
    plugin.on_packets(packets[1:], NO_BYTES)  # only the first packet of a flow counts
    mine = plugin.records[0]
    whole = (len(data) - 20) // 4
    assert mine["vlanID"][: mine["vlanIDs"]].tolist() == [tci for tci, _ in tags[: min(most, whole)]]


@pytest.mark.parametrize(("position", "status"), [(-1, L2_VLAN), (0, 0)])
def test_a_flow_without_tags_has_no_tags(position: int, status: int) -> None:
    packets = np.zeros(1, PACKET)
    packets["isNew"], packets["vlanPos"], packets["status"] = 1, position, status
    plugin = BasicFlow()
    begin(plugin)
    plugin.on_packets(packets, np.full(64, 7, np.uint8))
    assert plugin.records[0]["vlanIDs"] == 0


def v4(text: str) -> int:
    return int(ipaddress.IPv4Address(text))


def v6(text: str) -> tuple[int, int]:
    return divmod(int(ipaddress.IPv6Address(text)), 1 << 64)


@pytest.fixture
def shown(make_run: Callable[..., Run]) -> tuple[BasicFlow, Run, NDArray[Any]]:
    """An IPv4 flow with one packet, an IPv6 flow with tags, a layer-2 flow, and their packets."""
    plugin = BasicFlow()
    run = make_run(plugin)
    flows = run.flows.records
    flows["kind"][:3] = KIND_IPV4, KIND_IPV6, KIND_LAYER2
    flows["flowStat"][:3] = 0x0400000000004000, 0x0800000000008001, L2_NO_ETH | 4
    flows["srcLo"][0], flows["dstLo"][0] = v4("192.168.1.2"), v4("8.8.8.8")
    flows["srcHi"][1], flows["srcLo"][1] = v6("2001:db8::1")
    flows["dstHi"][1], flows["dstLo"][1] = v6("ff02::1:3")
    flows["srcLabel"][0] = run.labels.row4(v4("192.168.1.2"))
    flows["ethType"][:3] = 0x0800, 0x86DD, 0x4242
    flows["srcPort"][0], flows["dstPort"][0], flows["l4Proto"][0] = 53, 65535, 17
    flows["firstSec"][0], flows["firstFrac"][0] = 2**32 + 5, 7
    flows["lastSec"][0], flows["lastFrac"][0] = 6, 123456789
    flows["durSec"][0], flows["durFrac"][0] = 1, 999
    packets = np.zeros(3, PACKET)
    packets["flow"], packets["isNew"], packets["hdrDesc"], packets["numHdrs"] = (
        [0, 1, 2],
        1,
        [2, 1, 0],
        [3, 4, 1],
    )
    packets["flowStat"] = flows["flowStat"][:3]
    packets["srcMac"], packets["dstMac"] = [0x010203040506, 1, 2], 0xFFFFFFFFFFFF
    packets["status"], packets["vlanPos"] = [0, L2_VLAN, 0], [-1, 0, -1]
    packets["show"] = [
        SHOW_MAC | SHOW_L3 | SHOW_ADDRESS | SHOW_PORTS,
        SHOW_L3 | SHOW_ADDRESS | SHOW_VLAN,
        SHOW_L3,
    ]
    packets["srcPort"], packets["dstPort"], packets["l4Proto"] = [53, 1, 1], [65535, 1, 1], [17, 58, 0]
    packets["ethType"] = flows["ethType"][:3]
    packets["sec"], packets["frac"] = [2**32 + 5, 6, -1], [-7, 123456789, 0]
    run.flows.times["iat"][:3], run.flows.times["trip"][:3] = [0, 1.5, -1e-9], 2
    plugin.on_packets(packets, np.frombuffer(b"\xe0\x00\x81\x00\x00\x05\x86\xdd", np.uint8))
    return plugin, run, packets


def test_columns_of_the_flow_file(
    shown: tuple[BasicFlow, Run, NDArray[Any]], lines_of: Callable[..., list[dict[str, str]]]
) -> None:
    plugin, _, _ = shown
    ipv4, ipv6, layer2 = lines_of(plugin.flow_fields(), [0, 1, 2])
    assert ipv4 == {
        "flowStat": "0x0400000000004000",
        "timeFirst": "5.000000007",
        "timeLast": "6.123456789",
        "duration": "1.000000999",
        "numHdrDesc": "1",
        "numHdrs": "3",
        "hdrDesc": "eth:ipv4:udp",
        "srcMac": "01:02:03:04:05:06",
        "dstMac": "ff:ff:ff:ff:ff:ff",
        "ethType": "0x0800",
        "vlanID": "",
        "srcIP": "192.168.1.2",
        "srcIPCC": "07",
        "srcIPOrg": '"Private network"',
        "srcPort": "53",
        "dstIP": "8.8.8.8",
        "dstIPCC": "-",
        "dstIPOrg": '"-"',
        "dstPort": "65535",
        "l4Proto": "17",
    }
    assert (ipv6["srcIP"], ipv6["dstIP"], ipv6["vlanID"]) == ("2001:db8::1", "ff02::1:3", "57344;5")
    assert (layer2["srcIP"], layer2["srcMac"], layer2["dstMac"], layer2["ethType"]) == ("-", "", "", "0x4242")


def test_columns_of_the_packet_file(
    shown: tuple[BasicFlow, Run, NDArray[Any]], lines_of: Callable[..., list[dict[str, str]]]
) -> None:
    plugin, _, packets = shown
    ipv4, ipv6, layer2 = lines_of(plugin.packet_fields(packets), [0, 1, 2], [0, 1, 2])
    assert ipv4 == {
        "flowStat": "0x0400000000004000",
        "time": "5.-00000007",
        "pktIAT": "0.000000000",
        "pktTrip": "2.000000000",
        "flowDuration": "0.000000000",
        "numHdrs": "3",
        "hdrDesc": "eth:ipv4:udp",
        "vlanID": "",
        "srcMac": "01:02:03:04:05:06",
        "dstMac": "ff:ff:ff:ff:ff:ff",
        "ethType": "0x0800",
        "srcIP": "192.168.1.2",
        "srcIPCC": "07",
        "srcIPOrg": "Private network",
        "srcPort": "53",
        "dstIP": "8.8.8.8",
        "dstIPCC": "-",
        "dstIPOrg": "-",
        "dstPort": "65535",
        "l4Proto": "17",
    }
    assert (ipv6["vlanID"], ipv6["srcMac"], ipv6["srcPort"], ipv6["l4Proto"]) == ("57344;5", "", "", "58")
    assert (layer2["srcIP"], layer2["srcIPCC"], layer2["srcIPOrg"], layer2["l4Proto"]) == ("", "-", "-", "0")
    assert (layer2["time"], layer2["pktIAT"]) == ("4294967295.000000000", "-0.000000001")


def test_a_packet_without_ip_header_has_no_address_columns(
    shown: tuple[BasicFlow, Run, NDArray[Any]], lines_of: Callable[..., list[dict[str, str]]]
) -> None:
    plugin, _, packets = shown
    packets["show"] = 0
    (line,) = lines_of(plugin.packet_fields(packets), [0], [0])
    block = list(line.values())[list(line).index("srcIP") :]
    assert block == [""] * 9


LABELS = ["srcIPCC", "srcIPOrg", "dstIPCC", "dstIPOrg"]


@pytest.mark.parametrize(
    ("flags", "without"),
    [
        ({"BFO_MAC": 0}, ["srcMac", "dstMac"]),
        ({"BFO_ETHERTYPE": 0}, ["ethType"]),
        ({"BFO_VLAN": 0}, ["vlanID"]),
        ({"BFO_SUBNET_TEST": 0}, LABELS),
        ({"BFO_SUBNET_ORG": 0}, LABELS[1::2]),
    ],
)
def test_flags_leave_columns_out(
    make_run: Callable[..., Run], flags: dict[str, int], without: list[str]
) -> None:
    every, plugin = BasicFlow(), BasicFlow(settings(**flags))
    packets = np.zeros(1, PACKET)
    make_run(every), make_run(plugin)
    for wanted, got in (
        (every.flow_fields(), plugin.flow_fields()),
        (every.packet_fields(packets), plugin.packet_fields(packets)),
    ):
        names = [column.name for column, _ in wanted]
        assert [column.name for column, _ in got] == [name for name in names if name not in without]


def test_the_sensor_stands_before_the_status(
    make_run: Callable[..., Run], lines_of: Callable[..., list[dict[str, str]]]
) -> None:
    plugin = BasicFlow(settings(BFO_SENSORID=1))
    make_run(plugin, sensor=2**32 - 1)
    (line,) = lines_of(plugin.flow_fields(), [5])
    assert list(line)[:2] == ["sensorID", "flowStat"]
    assert line["sensorID"] == "4294967295"


def test_hostile_label_texts_are_escaped_in_the_flow_file(
    make_run: Callable[..., Run], lines_of: Callable[..., list[dict[str, str]]]
) -> None:
    plugin = BasicFlow()
    run = make_run()
    run.labels = Labels([("10.0.0.0/8", "-", 'a\t"\x1b[31m\n')])
    run.flows.records["srcLabel"] = 1
    plugin.start(run)
    (line,) = lines_of(plugin.flow_fields(), [0])
    assert line["srcIPOrg"] == '"a\\t\\"\\u001B[31m\\n"'


def test_descriptions_that_were_added_later_have_their_texts(make_run: Callable[..., Run]) -> None:
    plugin = BasicFlow()
    run = make_run(plugin)
    run.descriptions.words = Words.from_texts([b"a", b"b"])
    fields = {column.name: field for column, field in plugin.flow_fields()}
    assert fields["hdrDesc"].words is run.descriptions.words
