"""dnsDecode: queries and records of DNS and NetBIOS name service messages (docs/dnsdecode.md)."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.figures import amount, share
from t2tui.core.flowstat import FL_ALARM
from t2tui.core.settings import Flag
from t2tui.core.text.escape import quote_string
from t2tui.core.text.memory import SLACK_BYTES
from t2tui.core.text.rows import Code, Field, Words
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.dnsdecode_layout import (
    ALARM_FLOWS,
    ALARMS,
    CODES,
    FLAGS,
    HAS_IP4,
    HAS_IP6,
    LINE,
    OPCODES,
    PACKETS,
    QUERY_PACKETS,
    REQUESTS,
    RESPONSE_PACKETS,
    STATE,
    STATUS,
    TEXT_USED,
    TOTALS,
    Domains,
    Work,
)
from t2tui.plugins.dnsdecode_memory import FIRST_UNITS, UNIT, enlarged, new_pool
from t2tui.plugins.dnsdecode_messages import conclude, decode
from t2tui.plugins.dnsdecode_names import HEADER, LONGEST_DECODED, LONGEST_NAME

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

NEVER, AT_END, IN_PACKET = range(3)
"""Values of DNS_MAL_TEST."""

TEXT_OF_ADDRESS = 46
"""Longest text of an address and its semicolon."""

SHORTEST_RECORD = 13
"""Bytes that a header must leave for each record that it announces."""

FIRST_TEXT_BYTES = 1 << 16


def read_domains(path: Path) -> list[tuple[bytes, int, bytes]]:
    """Read a list of malicious domains.

    Args:
        path: lines of domain, number and kind, separated by tabs; empty ones and those that begin with ``#``
            are passed over.

    Returns:
        Domain, number and kind, sorted by domain; the first of equal ones counts.

    Raises:
        OSError: the file cannot be read, or has a line of another form.
    """
    lines = path.read_bytes().splitlines()
    domains: dict[bytes, tuple[bytes, int, bytes]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        name, _, rest = line.partition(b"\t")
        code, _, kind = rest.partition(b"\t")
        if not name or not code.strip().isdigit() or int(code) > 0xFFFFFFFF:
            reason = f"line {number}: expected a domain, a tab, a number, a tab and a kind (DNS_MAL_FILE)"
            raise OSError(errno.EINVAL, reason, str(path))
        domains.setdefault(name, (name, int(code), kind.strip()))
    return sorted(domains.values())


class DnsDecode(Plugin):
    """What was asked and answered in flows of the ports of DNS, multicast DNS, LLMNR and NetBIOS names.

    Attributes:
        stats: dnsStat by slot.
        states: STATE by slot.
    """

    name = "dnsDecode"
    number = 251
    summary = "queries and records of DNS and NetBIOS name service messages"
    flags = (
        Flag(
            "DNS_MODE",
            4,
            help="what is decoded: 0 headers, 1 also queries, 2 also answers, 3 also authority records, "
            "4 also additional records",
            choices=(0, 1, 2, 3, 4),
        ),
        Flag("DNS_QRECMAX", 15, help="queries kept per flow", minimum=2, maximum=255),
        Flag("DNS_ARECMAX", 20, help="records kept per flow", minimum=2, maximum=255),
        Flag(
            "DNS_MAL_TEST",
            NEVER,
            help="look query names up in a list of malicious domains: 0 no, 1 when the flow ends, "
            "2 with the packet",
            choices=(NEVER, AT_END, IN_PACKET),
        ),
        Flag("DNS_MAL_TYPE", 1, help="with DNS_MAL_TEST: column of numbers (0) or kinds (1)", choices=(0, 1)),
        Flag("DNS_MAL_FILE", "maldm.txt", help="list of malicious domains", runtime=True),
    )

    def start(self, run: Run) -> None:
        """Allocate the records, read the list of domains.

        Raises:
            OSError: the list cannot be read.
        """
        super().start(run)
        s = self.settings
        self._domains = read_domains(Path(s.DNS_MAL_FILE)) if s.DNS_MAL_TEST != NEVER else []
        names = Words.from_texts(name for name, _, _ in self._domains)
        self.stats = np.zeros(run.slots, np.uint16)
        self.states = np.zeros(run.slots, STATE)
        self._totals = np.zeros(TOTALS, np.int64)
        self._scratch = np.zeros(LONGEST_NAME + LONGEST_DECODED, np.uint8)
        self._work = Work(
            pool=new_pool(FIRST_UNITS),
            status=self.stats,
            states=self.states,
            lines=np.zeros(run.batch_packets if run.packet_mode else 0, LINE),
            texts=np.zeros(FIRST_TEXT_BYTES if run.packet_mode else 0, np.uint8),
            domains=Domains(names.data, names.start, names.length),
            name=self._scratch.ctypes.data,
            decoded=self._scratch.ctypes.data + LONGEST_NAME,
            totals=self._totals,
            requests=np.zeros(run.batch_packets, np.int32),
            mode=s.DNS_MODE,
            queries=s.DNS_QRECMAX,
            records=s.DNS_ARECMAX,
            alarms_in_packet=s.DNS_MAL_TEST == IN_PACKET,
        )

    # ------------------------------------------------------------------ packets and flows

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Decode messages."""
        run = self.run
        if run.row == 0:
            self._totals[TEXT_USED] = 0
        self._totals[REQUESTS] = 0
        captured = int(packets["snapL7Len"].max(initial=0))
        units = self._units_per_packet(captured)
        text = TEXT_OF_ADDRESS * ((captured + HEADER + 4) // SHORTEST_RECORD + 1) if run.packet_mode else 0
        begin = 0
        while begin < len(packets):
            begin = decode(
                packets,
                data.ctypes.data,
                len(data),
                run.flows.records,
                self._work,
                begin,
                run.row,
                units,
                text,
            )
            if begin < len(packets):
                self._enlarge(units, text)
        requests = int(self._totals[REQUESTS])
        if requests:
            run.request_removal(self._work.requests[:requests])

    def _units_per_packet(self, captured: int) -> int:
        """Return what one message can take from the pool at most.

        A name takes a block of up to 256 bytes, and leaves smaller ones when it replaces a shorter name; a
        text record takes up to twice its length.
        """
        names = 8 * self.settings.DNS_QRECMAX + 16 * self.settings.DNS_ARECMAX
        texts = 4 * (self.settings.DNS_ARECMAX + 1) * (captured // UNIT + 1)
        lists = 4 * (self.settings.DNS_QRECMAX + self.settings.DNS_ARECMAX)
        return int(names + texts + lists)

    def _enlarge(self, units: int, text: int) -> None:
        """Make room for one more packet."""
        work = self._work
        pool, texts = work.pool, work.texts
        if (int(pool.used[0]) + units) * UNIT > len(pool.octets):
            pool = enlarged(pool, int(pool.used[0]) + units)
        if int(self._totals[TEXT_USED]) + text + SLACK_BYTES > len(texts):
            texts = np.zeros(2 * (len(texts) + text + SLACK_BYTES), np.uint8)
            texts[: len(work.texts)] = work.texts
        self._work = work._replace(pool=pool, texts=texts)
        self.run.columns_changed += 1

    def on_released(self, slots: NDArray[Any]) -> None:
        """Compute what is written; report alarms."""
        numbers = np.zeros(len(slots), np.int64)
        conclude(slots, self._work, numbers)
        alarmed = np.flatnonzero(numbers)
        if len(alarmed):
            self.status |= FL_ALARM
            self.run.report_alarms(alarmed, numbers[alarmed])

    # ------------------------------------------------------------------ columns

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""
        pool, states = self._work.pool, self.states

        def flow(code: Code, values: NDArray[Any], **more: Any) -> Field:
            return Field(code, values, by="slot", **more)

        def query(code: Code, values: NDArray[Any], **more: Any) -> Field:
            count = states["shownQueries"]
            return Field(code, values, by="slot", first=states["queries"]["first"], count=count, **more)

        def record(code: Code, values: NDArray[Any], **more: Any) -> Field:
            count = states["shownRecords"]
            return Field(code, values, by="slot", first=states["records"]["first"], count=count, **more)

        def text(lists: Any, texts: NDArray[Any]) -> Field:
            field: Field = lists(Code.STRING, texts["start"], second=texts["length"], pool=pool.octets)
            return field

        queries, records = pool.queries, pool.records
        codes = tuple(flow(Code.HEX, states[name]) for name in ("opcodes", "codes"))
        counts = [flow(Code.UINT, states["totals"][:, k]) for k in range(4)]
        ip4, ip6 = ({"when": (states["shows"], shows), "when_by": "slot"} for shows in (HAS_IP4, HAS_IP6))
        fields = {
            "dnsStat": flow(Code.HEX, self.stats),
            "dnsHdrOPField": flow(Code.HEX, states["header"]),
            "dnsHFlg_OpC_RetC": flow(Code.HEX, states["flags"], rest=codes),
            "dnsCntQu_Asw_Aux_Add": flow(Code.UINT, states["totals"][:, 0], rest=tuple(counts[1:])),
            "dnsAAAqF": flow(Code.FLOAT, states["ratio"]),
            "dnsQname": text(query, queries["name"]),
            "dnsAname": text(record, records["name"]),
            "dnsAPname": text(record, records["pointed"]),
            "dns4Aaddress": record(Code.IP4, records["ip4"], **ip4),
            "dns6Aaddress": record(Code.IP6, records["ip6Hi"], second=records["ip6Lo"], **ip6),
            "dnsQType": query(Code.UINT, queries["type"]),
            "dnsQClass": query(Code.UINT, queries["class"]),
            "dnsAType": record(Code.UINT, records["type"]),
            "dnsAClass": record(Code.UINT, records["class"]),
            "dnsATTL": record(Code.UINT, records["ttl"]),
            "dnsMXpref": record(Code.UINT, records["preference"]),
            "dnsSRVprio": record(Code.UINT, records["priority"]),
            "dnsSRVwgt": record(Code.UINT, records["weight"]),
            "dnsSRVprt": record(Code.UINT, records["port"]),
            "dnsOptStat": record(Code.HEX, records["option"]),
        }
        columns = self.paired("flows", fields)
        if self.settings.DNS_MAL_TEST != NEVER:
            behind = 1 + next(k for k, (column, _) in enumerate(columns) if column.name == "dnsQname")
            columns[behind:behind] = self._malicious(flow(Code.UINT, states["hits"]), query)
        return columns

    def _malicious(self, hits: Field, query: Any) -> "Columns":
        """Return the columns about malicious domains: how many, and of what kind each query is."""
        domain = self._work.pool.queries["domain"]
        if self.settings.DNS_MAL_TYPE:
            words = [quote_string(kind) for _, _, kind in self._domains]
            last = _column("dnsMalType", "S:R", "DNS malicious domain kinds", "kind of each query's domain")
            none = quote_string(b"")
        else:
            words = [b"%d" % code for _, code, _ in self._domains]
            last = _column(
                "dnsMalCode", "U32:R", "DNS malicious domain codes", "number of each query's domain"
            )
            none = b"0"
        count = _column(
            "dnsMalCnt", "U32", "DNS number of malicious domains", "queries for malicious domains"
        )
        return [(count, hits), (last, query(Code.WORD, domain, words=Words.from_texts([none, *words])))]

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return the columns of the packet file."""
        lines = self._work.lines
        is_dns = (lines["show"], 1)
        counts = [Field(Code.UINT, lines["counts"][:, k]) for k in range(4)]
        fields = {
            "dnsIPs": Field(Code.BARE, lines["start"], second=lines["length"], pool=self._work.texts),
            "dnsStat": Field(Code.HEX, lines["status"]),
            "dnsHdr": Field(Code.HEX, lines["header"], when=is_dns),
            "dnsCntQu_Asw_Aux_Add": Field(Code.UINT, lines["counts"][:, 0], rest=tuple(counts[1:])),
        }
        return self.paired("packets", fields)

    # ------------------------------------------------------------------ report

    def report(self) -> Iterator[str]:
        """Yield status, header fields and codes of all flows, numbers of packets, alarms."""
        totals = [int(total) for total in self._totals]
        if not totals[STATUS]:
            return
        yield f"Aggregated dnsStat=0x{totals[STATUS]:04x}"
        for name, position, digits in (("dnsHFlg", FLAGS, 2), ("dnsOpC", OPCODES, 4), ("dnsRetC", CODES, 4)):
            if totals[position]:
                yield f"Aggregated {name}=0x{totals[position]:0{digits}x}"
        packets = totals[PACKETS]
        yield f"Number of DNS packets: {share(packets, self.run.packets)}"
        for kind, position in (("Q", QUERY_PACKETS), ("R", RESPONSE_PACKETS)):
            if totals[position]:
                yield f"Number of DNS {kind} packets: {share(totals[position], packets)}"
        if totals[ALARMS]:
            percent = 100 * (totals[ALARM_FLOWS] // max(self.run.flow_count, 1))
            yield f"{amount(totals[ALARMS])} alarms in {amount(totals[ALARM_FLOWS])} flows [{percent:.2f}%]"


def _column(name: str, type_: str, header: str, description: str) -> Column:
    return Column(name, type_, header, "", description, plugin="dnsDecode", order=251)
