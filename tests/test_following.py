"""Streams of flows through the Python API: the same whether payload is read in place or kept aside."""

import gzip
import socket
import struct
from pathlib import Path

import dpkt
import numpy as np
import pytest

import t2tui
from t2tui import following
from t2tui.api import Analysis
from t2tui.core.capture import CaptureError
from t2tui.core.streams import Stream, delivery
from t2tui.following import UnknownFlowError
from tests.core.captures import EXERCISE, pool
from tests.core.streams.making import original
from tests.saved import Packet, pcap


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "exercise.pcap"
    path.write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    return path


@pytest.fixture(scope="module")
def indexed(plain: Path) -> Analysis:
    return t2tui.analyze(plain, index=True)


Ends = tuple[str, int | None, str, int | None, int]


def sent(path: Path) -> dict[Ends, bytes]:
    """What each end sent to another one, by dpkt: TCP by its numbers, which do not wrap here."""
    found: dict[Ends, dict[int, bytes]] = {}
    with path.open("rb") as file:
        for number, (_, frame) in enumerate(dpkt.pcap.Reader(file)):
            ip = dpkt.ethernet.Ethernet(frame).data
            ends = socket.inet_ntoa(ip.src), ip.data.sport, socket.inet_ntoa(ip.dst), ip.data.dport, ip.p
            place = ip.data.seq if ip.p == dpkt.ip.IP_PROTO_TCP else number
            if ip.data.data:
                parts = found.setdefault(ends, {})
                parts[place] = max(parts.get(place, b""), bytes(ip.data.data), key=len)
    return {ends: joined(parts, ends[-1] == dpkt.ip.IP_PROTO_TCP) for ends, parts in found.items()}


def joined(parts: dict[int, bytes], overlap: bool) -> bytes:
    """Payloads in order of their places; of probes of a closed window the byte comes twice."""
    content, first = bytearray(), min(parts)
    for place in sorted(parts):
        content += parts[place][len(content) - (place - first) if overlap else 0 :]
    return bytes(content)


def test_every_stream_of_the_exercise_holds_what_was_sent(plain: Path, indexed: Analysis) -> None:
    expected = sent(plain)
    flows = set(indexed.flows["flowInd"].tolist())
    assert len(flows) == 36
    for flow in flows:
        stream = indexed.follow(flow)
        assert stream.missing() == 0
        of = stream.conversation
        assert of is not None
        for direction, seen in (("A", of), ("B", of.reversed())):
            ends = (seen.source, seen.source_port, seen.destination, seen.destination_port, of.protocol)
            assert stream.bytes(direction) == expected.pop(ends, b"")  # type: ignore[arg-type]
    assert expected == {}


@pytest.mark.parametrize("flow", [1, 35, 36])
def test_an_index_is_a_shortcut_only(plain: Path, indexed: Analysis, flow: int) -> None:
    def content(stream: Stream) -> object:
        with stream:
            return stream.conversation, list(stream.parts())

    expected = content(indexed.follow(flow))
    assert content(t2tui.analyze(plain).follow(flow)) == expected
    assert content(t2tui.analyze(EXERCISE).follow(flow)) == expected
    assert content(t2tui.analyze(EXERCISE, index=True).follow(flow)) == expected


def test_the_flow_file_names_the_ends_of_odd_flows_as_the_packets_do(tmp_path: Path) -> None:
    """Layer-2 flows, tunnels, VLAN tags, cut packets."""
    frames = [raw for raw in pool() if raw.link == 1][:900:3]
    path = tmp_path / "odd.pcap"
    path.write_bytes(pcap([Packet(10**18 + n, raw.length, raw.data) for n, raw in enumerate(frames)]))
    analysis, plain = t2tui.analyze(path, index=True), t2tui.analyze(path)
    flows = plain.flows
    vlans = np.array(flows.text("vlanID"), object) != ""
    kinds = zip(flows["l4Proto"].tolist(), vlans.tolist(), flows["flowInd"].tolist(), strict=True)
    chosen = {(protocol, has_vlan): flow for protocol, has_vlan, flow in kinds}
    assert {(0, False), (0, True), (17, False), (17, True)} <= set(chosen)
    for flow in list(chosen.values())[:12]:
        shortcut, again = analysis.follow(flow), plain.follow(flow)
        assert shortcut.conversation == again.conversation
        assert list(shortcut.parts()) == list(again.parts())


def test_flows_run_on_through_a_list(plain: Path, tmp_path: Path, indexed: Analysis) -> None:
    content = plain.read_bytes()
    with plain.open("rb") as file:
        frames = list(dpkt.pcap.Reader(file))
    middle = 24 + sum(16 + len(frame) for _, frame in frames[:3000])
    first, second = tmp_path / "first.pcap", tmp_path / "second.pcap.gz"
    first.write_bytes(content[:middle])
    second.write_bytes(gzip.compress(content[:24] + content[middle:]))
    with t2tui.analyze([first, second], index=True).follow(36) as stream:
        assert stream.bytes() == indexed.follow(36).bytes()


def fragments(seq: int, payload: bytes, size: int, identification: int, flags: int = 0x10) -> list[bytes]:
    """Ethernet frames with a TCP segment in IPv4 fragments."""
    segment = bytes(dpkt.tcp.TCP(sport=1000, dport=80, seq=seq % 2**32, flags=flags, data=payload))
    frames = []
    for begin in range(0, len(segment), size):
        part = segment[begin : begin + size]
        more = 0x2000 if begin + size < len(segment) else 0
        header = struct.pack(
            ">BBHHHBBH", 0x45, 0, 20 + len(part), identification, more | begin // 8, 64, 6, 0
        )
        frames.append(bytes(12) + b"\x08\0" + header + b"\x0a\0\0\1\x0a\0\0\2" + part)
    return frames


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("begin", [5, 2**32 - 30])
def test_segments_in_fragments_are_put_together(tmp_path: Path, begin: int, packed: bool) -> None:
    first, second = bytes(range(100)), bytes(range(100, 200))
    frames = fragments(begin - 1, b"", 64, 1, flags=2)
    one, two = fragments(begin, first, 24, 7), fragments(begin + 100, second, 32, 8)
    for first_part, *middle, last in (two, one):  # the flow table waits for one datagram, to its last part
        frames += [first_part, *middle[::-1], last]
    content = pcap([Packet(10**18 + n, len(frame), frame) for n, frame in enumerate(frames)])
    path = tmp_path / "fragments.pcap"
    path.write_bytes(gzip.compress(content) if packed else content)
    for index in (False, True):
        with t2tui.analyze(path, index=index).follow(1) as stream:
            assert stream.bytes() == first + second
            assert stream.missing() == 0


def test_a_flow_that_does_not_exist(plain: Path, indexed: Analysis) -> None:
    for analysis in (indexed, t2tui.analyze(plain)):
        for flow in (0, 37):
            with pytest.raises(UnknownFlowError, match="flows 1 to 36"):
                analysis.follow(flow)


def test_a_capture_that_changed_is_told(plain: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pcap"
    copy.write_bytes(plain.read_bytes())
    stream = t2tui.analyze(copy, index=True).follow(36)
    copy.write_bytes(plain.read_bytes()[:1000])
    with pytest.raises(CaptureError, match="analysed"):
        stream.bytes()


def test_a_capture_that_grows_is_read(plain: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pcap"
    copy.write_bytes(plain.read_bytes())
    stream = t2tui.analyze(copy, index=True).follow(35)
    with copy.open("ab") as file:
        file.write(bytes(16))
    assert stream.bytes().startswith(b"220 Microsoft FTP Service\r\nUSER anonymous\r\n")


def test_a_stream_that_was_read_from_a_pipe_cannot_be_read_again(plain: Path) -> None:
    (part, *_) = t2tui.stream(plain)
    with pytest.raises(ValueError, match="once more"):
        part.follow(1)


def test_places_beyond_the_file_are_no_bytes(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"0123456789")
    source = original(path)
    ok = source.read(np.array([2, 5, 1]), np.array([3, 2, 1]))
    assert list(ok) == [b"234", b"56", b"1"]
    with pytest.raises(CaptureError, match="offset 8"):
        list(source.read(np.array([8]), np.array([3])))


def test_with_an_index_compressed_captures_and_lists_are_read_at_places_too(
    plain: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    halves = [tmp_path / "one.pcap.gz", tmp_path / "two.pcap"]
    data = plain.read_bytes()
    cut = 24
    while cut < len(data) // 4:
        cut += 16 + struct.unpack_from("<I", data, cut + 8)[0]
    halves[0].write_bytes(gzip.compress(data[:cut]))
    halves[1].write_bytes(data[:24] + data[cut:])
    expected = {flow: t2tui.analyze(plain).follow(flow).bytes() for flow in (35, 36)}
    assert len(expected[36]) > 4_000_000
    for source in (packed, halves):
        result = t2tui.analyze(source, index=True)
        for flow, data in expected.items():
            assert result.follow(flow).bytes() == data


def test_the_replies_alone_are_handed_out_before_the_capture_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = []
    for number in range(40):
        payload = bytes([number]) * 9 if number else b""
        flags = dpkt.tcp.TH_ACK | (0 if number else dpkt.tcp.TH_SYN)
        seq = 100 + max(0, 1 + (number - 1) * 9)
        segment = dpkt.tcp.TCP(sport=80, dport=4000, seq=seq, ack=5, flags=flags, data=payload)
        ip = dpkt.ip.IP(src=b"\x0a\0\0\2", dst=b"\x0a\0\0\1", p=dpkt.ip.IP_PROTO_TCP, data=segment)
        frame = bytes(dpkt.ethernet.Ethernet(data=ip))
        frames.append(Packet(number * 10**6, len(frame), frame))
    path = tmp_path / "replies.pcap"
    path.write_bytes(pcap(frames))
    analysis = t2tui.analyze(path, batch_packets=5)
    whole = analysis.follow(1)
    assert whole.size("A") == 39 * 9
    assert whole.conversation is not None and whole.conversation.source == "10.0.0.2"
    origin = analysis.origin
    assert origin is not None
    monkeypatch.setattr(delivery, "HORIZON", 4)
    monkeypatch.setattr(following, "ALONE", 6)
    found = list(following.deliver_flow(origin.source, 1, origin.engine))
    assert {conversation for _, conversation, _ in found} == {whole.conversation}
    assert b"".join(part.data for part, _, _ in found if part.direction == "A") == whole.bytes("A")
