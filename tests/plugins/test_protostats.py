"""protoStats beside counts made with dpkt; the layout of its file; descriptions of the user's."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import dpkt
import pytest

from t2tui.core.settings import SettingsError
from tests.golden.runs import needs_golden
from tests.plugins.frames import (
    ACK,
    SCTP,
    SYN,
    UDP,
    UDP_LITE,
    datagram,
    ethernet,
    ip,
    save,
    tcp,
)
from tests.plugins.runs import SAMPLE, Written, frames_of, plain_captures, run

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
Sizes = Counter[int]
Table = dict[int, tuple[int, int]]


def protocols(prefix: Path) -> str:
    return Path(f"{prefix}_protocols.txt").read_text("utf-8")


def tables(text: str) -> dict[str, Table]:
    """Packets and bytes by number, of each table."""
    found: dict[str, Table] = {}
    current: Table = {}
    for line in text.splitlines():
        if match := re.match(r"# (.*?)\t *Packets\t *Bytes\tDescription$", line):
            current = found.setdefault(match[1], {})
        elif line and not line.startswith("#"):
            number, *cells = line.split("\t")
            packets, octets = (int(cell.split()[0]) for cell in cells[:2])
            current[int(number, 16 if "x" in number else 10)] = packets, octets
    return found


def counted(numbers: Sequence[tuple[int, int]]) -> Table:
    """Packets and bytes by number of pairs of number and size."""
    packets, octets = Counter[int](), Counter[int]()
    for number, size in numbers:
        packets[number] += 1
        octets[number] += size
    return {number: (packets[number], octets[number]) for number in packets}


def model(frames: Sequence[bytes], replies: Sequence[bool]) -> dict[str, Table] | None:
    """The tables as dpkt sees plain frames, None for fragments and cut headers.

    ``replies``: the packet belongs to an answering flow."""
    eth, protos, ports = [], [], {6: [], 17: []}  # type: ignore[var-annotated]
    for frame, is_reply in zip(frames, replies, strict=True):
        packet: Any = dpkt.ethernet.Ethernet(frame)
        eth.append((packet.type, len(frame)))
        if not isinstance(packet.data, dpkt.ip.IP | dpkt.ip6.IP6):
            continue
        proto = packet.data.p
        protos.append((proto, len(frame)))
        if proto in ports:
            head = packet.data.data
            if isinstance(head, bytes):
                return None
            ports[proto].append((head.sport if is_reply else head.dport, len(frame)))
    found = {"L2/3 Protocol": counted(eth), "L4 Protocol": counted(protos)}
    for name, proto in (("TCP Port", 6), ("UDP Port", 17)):
        if ports[proto]:
            found[name] = counted(ports[proto])
    return found


def replies_of(written: Written) -> list[bool]:
    return [int(packet["flowStat"], 16) & 1 == 1 for packet in written.packets]


@needs_golden
def test_real_captures_have_the_counts_of_dpkt(tmp_path: Path) -> None:
    prefix = tmp_path / "out"
    captures = plain_captures(lambda path: run(path, prefix, ["protoStats"]), most_bytes=12_000)
    seen = 0
    for capture, written in islice(captures, 60):
        expected = model(frames_of(capture), replies_of(written))
        if expected is not None:
            assert tables(protocols(prefix)) == expected, capture.name
            seen += 1
    assert seen > 40


def test_the_sample_has_the_printed_totals(tmp_path: Path) -> None:
    prefix = tmp_path / "out"
    written = run(SAMPLE, prefix, ["protoStats"])
    text = protocols(prefix)
    head = "\t" + "Packets".rjust(30) + "\t" + "Bytes".rjust(30) + "\tDescription\n"
    all_packets = f"\t{5902:20} [100.00%]\t{4993414:20} [100.00%]\t"
    assert text.startswith(
        "# Total packets: 5902 (5.90 K)\n# Total bytes: 4993414 (4.99 M)\n"
        f"# L2/3 Protocol{head}0x0800{all_packets}Internet Protocol version 4\n\n\n"
        "# Total IPv4 packets: 5902 (5.90 K) [100.00%]\n# Total IPv6 packets: 0 [0.00%]\n"
        f"# L4 Protocol{head}  6{all_packets}Transmission Control Protocol\n\n\n"
        "# Total TCP packets: 5902 (5.90 K) [100.00%]\n# Total TCP bytes: 4993414 (4.99 M) [100.00%]\n"
        f"# TCP Port{head}   21\t"
    )
    assert text.endswith("\n\n\n# Total UDP packets: 0 [0.00%]\n# Total UDP bytes: 0 [0.00%]\n")
    ports = Counter(
        int(packet["srcPort" if is_reply else "dstPort"])
        for packet, is_reply in zip(written.packets, replies_of(written), strict=True)
    )
    assert {port: packets for port, (packets, _) in tables(text)["TCP Port"].items()} == ports
    names = dict(line.split("\t")[::3] for line in text.splitlines() if re.match(" *[0-9]+\t +[0-9]", line))
    assert (names["   25"], names["   80"], names["64334"]) == ("smtp", "http", "")


def test_lines_of_every_table(tmp_path: Path) -> None:
    frames = [
        tcp((CLIENT, 4660, SERVER, 80), SYN),
        tcp((SERVER, 80, CLIENT, 4660), SYN | ACK),
        tcp((CLIENT, 4660, SERVER, 9), SYN),
        datagram((CLIENT, 4660, SERVER, 53), b"abc"),
        datagram((CLIENT, 4660, SERVER, 53), b"abc", UDP_LITE),
        ip("fd00::1", "fd00::2", SCTP, bytes([0x12, 0x34, 0, 21]) + bytes(28)),
        ethernet(bytes(46), 0x88B5),
    ]
    sizes = [len(frame) for frame in frames]
    settings = {"protoStats.PST_UDPLITE_STAT": 1, "protoStats.PST_SCTP_STAT": 1}
    prefix = tmp_path / "out"
    run(save(tmp_path / "made.pcap", frames), prefix, ["protoStats"], settings)

    def line(number: str, packets: int, octets: int, base: tuple[int, int], text: str) -> str:
        shares = 100 * packets / base[0], 100 * octets / base[1]
        return f"{number}\t%20u [%6.02f%%]\t%20u [%6.02f%%]\t{text}" % (packets, shares[0], octets, shares[1])

    whole = 7, sum(sizes)
    of_tcp = 3, sum(sizes[:3])
    lines = protocols(prefix).splitlines()
    for expected in (
        line("0x0800", 5, sum(sizes[:5]), whole, "Internet Protocol version 4"),
        line("0x86dd", 1, sizes[5], whole, "Internet Protocol version 6"),
        line("0x88b5", 1, sizes[6], whole, "IEEE 802 local experimental 1"),
        line("  6", *of_tcp, whole, "Transmission Control Protocol"),
        line("132", 1, sizes[5], whole, "Stream Control Transmission Protocol"),
        line("   80", 2, sum(sizes[:2]), of_tcp, "http"),
        line("    9", 1, sizes[2], of_tcp, "discard"),
        line("   53", 1, sizes[3], (1, sizes[3]), "domain"),
        line("   53", 1, sizes[4], (1, sizes[4]), "domain"),
        line("   21", 1, sizes[5], (1, sizes[5]), "ftp"),
        "# Total IPv4 packets: 5 [71.43%]",
        "# Total IPv6 packets: 1 [14.29%]",
        "# Total UDP-Lite packets: 1 [14.29%]",
        f"# Total SCTP bytes: {sizes[5]} [{100 * sizes[5] / whole[1]:.2f}%]",
    ):
        assert expected in lines
    titles = [text.split("\t")[0] for text in lines if "Description" in text]
    transports = ["TCP", "UDP", "UDP-Lite", "SCTP"]
    assert titles == ["# L2/3 Protocol", "# L4 Protocol", *(f"# {name} Port" for name in transports)]
    run(tmp_path / "made.pcap", prefix, ["protoStats"], {"protoStats.PST_ETH_STAT": 0})
    assert list(tables(protocols(prefix))) == ["L4 Protocol", "TCP Port", "UDP Port"]


def test_later_fragments_count_for_the_port_of_their_flow(tmp_path: Path) -> None:
    whole = datagram((CLIENT, 4660, SERVER, 53), bytes(64))

    def fragment(first: int, behind: int, more: bool) -> bytes:
        packet: Any = dpkt.ip.IP(whole[14:])
        body = whole[34:][first:behind]
        made: Any = dpkt.ip.IP(src=packet.src, dst=packet.dst, p=UDP, id=77, ttl=64, data=body)
        made.mf, made.offset, made.len = more, first, 20 + len(body)
        return ethernet(bytes(made), 0x0800)

    frames = [fragment(0, 32, True), fragment(32, 72, False)]
    prefix = tmp_path / "out"
    run(save(tmp_path / "made.pcap", frames), prefix, ["protoStats"])
    assert tables(protocols(prefix))["UDP Port"] == {53: (2, sum(map(len, frames)))}


def test_descriptions_of_the_user_and_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "eth").write_bytes(b'# x\n0x0800 The "old"\tInternet \n0x0800 other\n')
    (tmp_path / "proto").write_text("6\tstreams\n")
    capture = save(tmp_path / "made.pcap", [tcp((CLIENT, 4660, SERVER, 80), SYN)])
    settings = {
        "protoStats.PST_L2ETHFILE": tmp_path / "eth",
        "protoStats.PST_PROTOFILE": tmp_path / "proto",
        "protoStats.PST_PORTFILE": tmp_path / "missing",
    }
    written = run(capture, tmp_path / "out", ["protoStats"], settings)
    rows = [
        line.split("\t", 3) for line in protocols(tmp_path / "out").splitlines() if line[:1] not in ("#", "")
    ]
    assert [(row[0], row[3]) for row in rows] == [
        ("0x0800", 'The \\"old\\"\\tInternet'),
        ("  6", "streams"),
        ("   80", ""),
    ]
    assert any("missing is not there" in line for line in written.report)


@pytest.mark.parametrize("line", ["256 x", "x y", "6", "-1 a", "1_0 a", "0x a"])
def test_a_description_of_another_form_is_an_error_that_names_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "proto").write_text(f"6 streams\n{line}\n")
    capture = save(tmp_path / "made.pcap", [tcp((CLIENT, 4660, SERVER, 80), SYN)])
    with pytest.raises(SettingsError, match=r"line 2: expected a number below 256.*PST_PROTOFILE") as caught:
        run(capture, tmp_path / "out", ["protoStats"], {"protoStats.PST_PROTOFILE": tmp_path / "proto"})
    assert str(tmp_path / "proto") in str(caught.value)


def test_a_capture_without_packets_has_a_file(tmp_path: Path) -> None:
    run(save(tmp_path / "made.pcap", []), tmp_path / "out", ["protoStats"])
    assert tables(protocols(tmp_path / "out")) == {"L2/3 Protocol": {}, "L4 Protocol": {}}
