"""Runs with files, and real captures that dpkt reads as well as the program does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dpkt

from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import Outputs
from t2tui.core.settings import load_settings
from t2tui.plugins import find, load
from tests.golden.runs import GOLDEN

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "exercise.pcap.gz"

PLAIN = {"eth:arp"} | {
    f"eth:ipv{version}:{l4}"
    for version, l4s in (("4", ("tcp", "udp", "icmp", "igmp")), ("6", ("tcp", "udp", "icmpv6")))
    for l4 in l4s
}
"""Descriptions of packets without tags, tunnels and extension headers."""

Row = dict[str, str]


class Written(NamedTuple):
    """What a run wrote."""

    report: list[str]
    flows: list[Row]
    packets: list[Row]


def table(path: Path) -> list[Row]:
    """The rows of a flow or packet file by column name."""
    header, *lines = path.read_text("utf-8").split("\n")[:-1]
    names = header.removeprefix("%").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def run(
    capture: Path,
    prefix: Path,
    plugins: Sequence[str],
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> Written:
    """Analyse a capture; the files begin with ``prefix``."""
    chosen = ("basicFlow", *plugins, "txtSink")
    report: list[str] = []
    flags = {name: find(name).flags for name in chosen}
    values = load_settings(flags, None, [f"{flag}={value}" for flag, value in (settings or {}).items()], {})
    with Outputs(str(prefix)) as outputs:
        chosen_options = RunOptions(packet_mode=True, report=report.append, **options)
        engine = Engine(str(capture), chosen_options, outputs, load(chosen, values))
        try:
            engine.run()
        finally:
            engine.close()
    report = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in report]
    return Written(report, table(Path(f"{prefix}_flows.txt")), table(Path(f"{prefix}_packets.txt")))


def frames_of(capture: Path) -> list[bytes]:
    """Captured bytes of the packets of an Ethernet pcap, cut at its snap length as libpcap does."""
    with capture.open("rb") as file:
        reader: Any = dpkt.pcap.Reader(file)
        assert reader.datalink() == dpkt.pcap.DLT_EN10MB
        return [frame[: reader.snaplen] for _, frame in reader]


def plain_captures(analyse: Callable[[Path], Written], most_bytes: int) -> Iterator[tuple[Path, Written]]:
    """Real captures of classic pcap and Ethernet whose packets are all PLAIN and have a flow, analysed."""
    for capture in sorted((GOLDEN / "captures").iterdir()):
        head = capture.read_bytes()[:24]
        if head[:4] not in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4") or capture.stat().st_size > most_bytes:
            continue
        order = "little" if head[0] == 0xD4 else "big"
        if int.from_bytes(head[20:24], order) != dpkt.pcap.DLT_EN10MB:
            continue
        written = analyse(capture)
        is_whole = len(frames_of(capture)) == len(written.packets)
        if is_whole and {packet["hdrDesc"] for packet in written.packets} <= PLAIN:
            yield capture, written
