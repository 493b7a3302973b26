"""basicFlow: who talked to whom, when, over which headers (docs/plugins.md, "basicFlow")."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.flowstat import HDOVRN, L2_NO_ETH, L2_VLAN
from t2tui.core.jit import inlined, kernel
from t2tui.core.layout import SHOW_ADDRESS, SHOW_L3, SHOW_MAC, SHOW_PORTS, SHOW_VLAN
from t2tui.core.memory import be16, prefetch
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

VLAN_TYPES = (0x8100, 0x88A8, 0x9100, 0x9200)
"""EtherTypes of VLAN tags: IEEE 802.1Q, 802.1ad and two of the time before it."""

AHEAD = 8
"""So many packets before its turn the record of a flow is fetched from memory."""

SENSOR = Column(
    "sensorID", "U32", "Sensor ID", description="number of the sensor", plugin="basicFlow", order=100
)


def record(descriptions: int, macs: int, vlans: int) -> np.dtype[np.void]:
    """Return the layout of the plugin's record of a flow for the given lengths of its lists."""
    return np.dtype(
        [
            ("srcMac", "u8", (macs,)),
            ("dstMac", "u8", (macs,)),
            ("hdrDesc", "u4", (descriptions,)),  # ids of header descriptions
            ("numHdrs", "u2", (descriptions,)),
            ("vlanID", "u2", (vlans,)),  # whole TCIs of the first packet
            ("hdrDescs", "u1"),  # how many of each are there
            ("srcMacs", "u1"),
            ("dstMacs", "u1"),
            ("vlanIDs", "u1"),
            ("overrun", "u1"),  # a packet came when the list of descriptions was full
        ],
        align=True,
    )


@inlined
def _add(values, count, value, capacity):  # type: ignore[no-untyped-def]
    """Append a value that is not there yet while there is room; returns the new count."""
    for at in range(count):
        if values[at] == value:
            return count
    if count == capacity:
        return count
    values[count] = value
    return count + 1


@inlined
def _tags(packet, data, mine, capacity):  # type: ignore[no-untyped-def]
    """Store the TCIs of a run of VLAN tags; returns their number."""
    if packet.vlanPos < 0 or not packet.status & np.uint64(L2_VLAN):
        return 0
    at = np.int64(packet.base) + np.int64(packet.vlanPos)
    count = 0
    while count < capacity and at >= 0 and at + 4 <= len(data):
        mine.vlanID[count] = be16(data, at)
        count += 1
        following = be16(data, at + 2)
        if following not in VLAN_TYPES:
            break
        at += 4
    return count


@kernel
def _gather(packets, data, flows, records, descriptions, macs, vlans):  # type: ignore[no-untyped-def]
    """Fill the lists of every flow in packet order."""
    for row in range(len(packets)):
        prefetch(records, np.int64(packets[min(row + AHEAD, len(packets) - 1)].flow))
        packet = packets[row]
        slot = np.int64(packet.flow)
        if slot < 0:
            continue
        mine = records[slot]
        if packet.isNew:
            mine.hdrDescs = 0
            mine.srcMacs = 0
            mine.dstMacs = 0
            mine.overrun = 0
            mine.vlanIDs = _tags(packet, data, mine, vlans)

        count = np.int64(mine.hdrDescs)
        if count == descriptions:
            mine.overrun = 1
            flows[slot].flowStat |= np.uint64(HDOVRN)
        else:
            at = 0
            while at < count and mine.hdrDesc[at] != packet.hdrDesc:
                at += 1
            mine.hdrDesc[at] = packet.hdrDesc
            mine.numHdrs[at] = packet.numHdrs
            if at == count:
                mine.hdrDescs = count + 1
        if mine.overrun:
            packets[row].flowStat |= np.uint64(HDOVRN)

        if packet.flowStat & np.uint64(L2_NO_ETH):
            mine.srcMacs = 0
            mine.dstMacs = 0
        else:
            mine.srcMacs = _add(mine.srcMac, np.int64(mine.srcMacs), packet.srcMac, macs)
            mine.dstMacs = _add(mine.dstMac, np.int64(mine.dstMacs), packet.dstMac, macs)


class BasicFlow(Plugin):
    """Status, times, headers, addresses and labels of every flow."""

    name = "basicFlow"
    number = 100
    summary = "status, times, header descriptions, MACs, VLANs, addresses, labels and ports of a flow"
    flags = (
        Flag("BFO_SENSORID", 0, help="column sensorID before flowStat", choices=(0, 1)),
        Flag("BFO_MAC", 1, help="columns srcMac and dstMac", choices=(0, 1)),
        Flag("BFO_ETHERTYPE", 1, help="column ethType", choices=(0, 1)),
        Flag("BFO_VLAN", 1, help="column vlanID", choices=(0, 1)),
        Flag("BFO_SUBNET_TEST", 1, help="label columns of the addresses", choices=(0, 1)),
        Flag("BFO_SUBNET_ORG", 1, help="label text columns of the addresses", choices=(0, 1)),
        Flag("BFO_MAX_HDRDESC", 4, help="header descriptions kept per flow", minimum=1, maximum=255),
        Flag("BFO_MAX_MAC", 3, help="MACs kept per flow and side", minimum=1, maximum=255),
        Flag("BFO_MAX_VLAN", 3, help="VLAN tags kept per flow", minimum=1, maximum=255),
    )

    def start(self, run: Run) -> None:
        """Allocate one record per slot."""
        super().start(run)
        settings = self.settings
        self._sizes = settings.BFO_MAX_HDRDESC, settings.BFO_MAX_MAC, settings.BFO_MAX_VLAN
        self.records = np.zeros(run.slots, record(*self._sizes))
        run.descriptions.pin(self._shown)

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Fill the lists; sets bit 48 of flowStat where a list of header descriptions runs over.

        The bit is the flow's alone, it does not reach the aggregated status.
        """
        _gather(packets, data, self.run.flows.records, self.records, *self._sizes)

    def _shown(self) -> NDArray[Any]:
        """Return the numbers of the header descriptions in the lists of all living flows."""
        mine = self.records[self.run.flows.records["alive"][: len(self.records)] != 0]
        numbers: NDArray[Any] = mine["hdrDesc"][np.arange(self._sizes[0]) < mine["hdrDescs"][:, np.newaxis]]
        return numbers

    def _left_out(self) -> set[str]:
        settings = self.settings
        without: set[str] = set()
        if not settings.BFO_MAC:
            without |= {"srcMac", "dstMac"}
        if not settings.BFO_ETHERTYPE:
            without |= {"ethType"}
        if not settings.BFO_VLAN:
            without |= {"vlanID"}
        if not settings.BFO_SUBNET_TEST:
            without |= {"srcIPCC", "dstIPCC"}
        if not settings.BFO_SUBNET_TEST or not settings.BFO_SUBNET_ORG:
            without |= {"srcIPOrg", "dstIPOrg"}
        return without

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""
        flows, mine, run = self.run.flows.records, self.records, self.run
        words = run.labels.words

        def slot(code: Code, values: NDArray[Any], **more: Any) -> Field:
            return Field(code, values, by="slot", **more)

        fields = {
            "flowStat": slot(Code.HEX, flows["flowStat"]),
            "timeFirst": slot(Code.TIME, flows["firstSec"], second=flows["firstFrac"]),
            "timeLast": slot(Code.TIME, flows["lastSec"], second=flows["lastFrac"]),
            "duration": slot(Code.TIME, flows["durSec"], second=flows["durFrac"]),
            "numHdrDesc": slot(Code.UINT, mine["hdrDescs"]),
            "numHdrs": slot(Code.UINT, mine["numHdrs"], count=mine["hdrDescs"]),
            "hdrDesc": slot(Code.WORD, mine["hdrDesc"], count=mine["hdrDescs"], words=run.descriptions.words),
            "srcMac": slot(Code.MAC, mine["srcMac"], count=mine["srcMacs"]),
            "dstMac": slot(Code.MAC, mine["dstMac"], count=mine["dstMacs"]),
            "ethType": slot(Code.HEX, flows["ethType"]),
            "vlanID": slot(Code.UINT, mine["vlanID"], count=mine["vlanIDs"]),
            "l4Proto": slot(Code.UINT, flows["l4Proto"]),
        }
        for side in ("src", "dst"):
            label = flows[f"{side}Label"]
            fields |= {
                f"{side}IP": slot(
                    Code.IPX, flows[f"{side}Hi"], second=flows[f"{side}Lo"], kind=flows["kind"]
                ),
                f"{side}IPCC": slot(Code.WORD, label, words=words.codes),
                f"{side}IPOrg": slot(Code.WORD, label, words=words.quoted),
                f"{side}Port": slot(Code.UINT, flows[f"{side}Port"]),
            }
        columns = [pair for pair in self.paired("flows", fields) if pair[0].name not in self._left_out()]
        if self.settings.BFO_SENSORID:
            sensor = np.broadcast_to(np.uint32(run.sensor), run.slots)
            columns.insert(0, (SENSOR, slot(Code.UINT, sensor)))
        return columns

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return the columns of the packet file."""
        flows, mine, run, times = self.run.flows.records, self.records, self.run, self.run.flows.times
        show, words = packets["show"], run.labels.words
        macs, vlans, address = (show, SHOW_MAC), (show, SHOW_VLAN), (show, SHOW_L3)
        fields = {
            "flowStat": Field(Code.HEX, packets["flowStat"]),
            "time": Field(Code.SIGNED_TIME, packets["sec"], second=packets["frac"]),
            "pktIAT": Field(Code.SECONDS, times["iat"]),
            "pktTrip": Field(Code.SECONDS, times["trip"]),
            "flowDuration": Field(Code.SECONDS, times["duration"]),
            "numHdrs": Field(Code.UINT, packets["numHdrs"]),
            "hdrDesc": Field(Code.WORD, packets["hdrDesc"], words=run.descriptions.words),
            "vlanID": Field(Code.UINT, mine["vlanID"], by="slot", count=mine["vlanIDs"], when=vlans),
            "srcMac": Field(Code.MAC, packets["srcMac"], when=macs),
            "dstMac": Field(Code.MAC, packets["dstMac"], when=macs),
            "ethType": Field(Code.HEX, packets["ethType"]),
            "l4Proto": Field(Code.UINT, packets["l4Proto"], when=address),
        }
        for side in ("src", "dst"):
            label = flows[f"{side}Label"]
            fields |= {
                f"{side}IP": Field(
                    Code.IPX,
                    flows[f"{side}Hi"],
                    by="slot",
                    second=flows[f"{side}Lo"],
                    kind=flows["kind"],
                    when=(show, SHOW_ADDRESS),
                ),
                f"{side}IPCC": Field(Code.WORD, label, by="slot", words=words.codes, when=address),
                f"{side}IPOrg": Field(Code.WORD, label, by="slot", words=words.texts, when=address),
                f"{side}Port": Field(Code.UINT, packets[f"{side}Port"], when=(show, SHOW_PORTS)),
            }
        return [pair for pair in self.paired("packets", fields) if pair[0].name not in self._left_out()]
