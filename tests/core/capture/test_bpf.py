"""Filters: libpcap's own interpreter is the oracle."""

import ctypes
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.capture import CaptureError, open_capture
from t2tui.core.capture.bpf import MEMORY_WORDS, accepts, compile_filter
from t2tui.core.capture.libpcap import Instruction, Program, load
from tests.core.capture.files import pcap_files, pcapng_files
from tests.core.capture.reading import Reading, assert_same

EXPRESSIONS = [
    "tcp",
    "not udp",
    "tcp port 80 or udp port 53",
    "src net 10.0.0.0/8 and dst host 192.0.2.1",
    "ip6 host 2001:db8::1 or ether host 00:11:22:33:44:55",
    "vlan 5 and ip",
    "mpls and ip6",
    "less 60",
    "len > 100",
    "ip[6:2] & 0x1fff = 0",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0",
    "ip[0] * 4 + tcp[12] / 16 % 7 = 3",
    "ip[8] ^ 0xff > 3 and -ip[2:2] > 5",
    "tcp[0:2] >> ip[1] = 0 or udp[0:4] << ip[1] > 7",
    "ether[0] & 1 = 0 and ip[16] >= 224",
    "ip6 protochain 6",
    "ip protochain 17",
    "portrange 1000-2000",
    "icmp or icmp6 or arp or igmp",
    "pppoes and ip",
]
WORD = st.one_of(st.integers(0, 255), st.integers(0, 0xFFFFFFFF))


class Header(ctypes.Structure):
    _fields_ = (("time", ctypes.c_long * 2), ("caplen", ctypes.c_uint32), ("len", ctypes.c_uint32))


def run_libpcap(instructions: list[tuple[int, int, int, int]], packet: bytes, length: int) -> bool:
    array = (Instruction * len(instructions))(*instructions)
    program = Program(len(instructions), array)
    header = Header(caplen=len(packet), len=length)
    return bool(load().pcap_offline_filter(ctypes.byref(program), ctypes.byref(header), packet))


def run_kernel(instructions: list[tuple[int, int, int, int]], packet: bytes, length: int) -> bool:
    data = np.frombuffer(b"\xee" * 7 + packet + b"\xee" * 64, np.uint8).copy()
    memory = np.zeros(MEMORY_WORDS, np.int64)
    return bool(accepts(np.array(instructions, np.int64), memory, data, 7, len(packet), length))


@st.composite
def packets(draw):
    """Bytes that look like Ethernet with IP, so that filters look deep into them."""
    body = draw(st.binary(max_size=90))
    if draw(st.booleans()):
        body = bytes([0x45]) + body
    link = draw(st.sampled_from([b"", b"\x81\x00\x00\x05", b"\x88\x64\x11\x00\x00\x01\x00\x20\x00\x21"]))
    kind = draw(st.sampled_from([b"\x08\x00", b"\x86\xdd", b"\x08\x06", b"\x88\x47"]))
    packet = draw(st.binary(min_size=12, max_size=12)) + link + kind + body
    return bytearray(packet)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(packets(), st.sampled_from([6, 17, 1, 58, 0, 51]), st.integers(0, 100))
def test_expression(expression: str, packet: bytearray, protocol: int, more: int) -> None:
    for position in (20, 23):
        if len(packet) > position:
            packet[position] = protocol
    instructions = [tuple(row) for row in compile_filter(expression, 1, 262144).tolist()]
    length = len(packet) + more
    assert run_kernel(instructions, bytes(packet), length) == run_libpcap(instructions, bytes(packet), length)


@st.composite
def programs(draw):
    """Any instructions that libpcap's interpreter takes unchecked: shifts below 32, no division by 0."""
    size = draw(st.integers(1, 20))
    program = []
    for at in range(size):
        left = size - at  # up to the last instruction, which returns A
        kind = draw(st.sampled_from(["load", "loadx", "store", "alu", "jump", "misc"]))
        k, jumps = draw(WORD), (draw(st.integers(0, left - 1)), draw(st.integers(0, left - 1)))
        if kind == "load":
            mode = draw(st.sampled_from([0x00, 0x20, 0x40, 0x60, 0x80]))
            width = draw(st.sampled_from([0x00, 0x08, 0x10])) if mode in (0x20, 0x40) else 0
            program.append((mode | width, 0, 0, k % 16 if mode == 0x60 else k))
        elif kind == "loadx":
            mode = draw(st.sampled_from([0x00, 0x60, 0x80, 0xB0]))
            program.append((1 | mode, 0, 0, k % 16 if mode == 0x60 else k))
        elif kind == "store":
            program.append((draw(st.sampled_from([2, 3])), 0, 0, k % 16))
        elif kind == "alu":
            operation = draw(st.integers(0, 10)) << 4
            by_x = 0 if operation == 0x80 else draw(st.sampled_from([0, 8]))
            if not by_x and operation in (0x30, 0x90):
                k = k or 1
            if not by_x and operation in (0x60, 0x70):
                k %= 32
            program.append((4 | operation | by_x, 0, 0, k))
        elif kind == "jump":
            test, by_x = draw(st.sampled_from([0x00, 0x10, 0x20, 0x30, 0x40])), draw(st.sampled_from([0, 8]))
            program.append((5, 0, 0, jumps[0]) if test == 0 else (5 | test | by_x, *jumps, k))
        else:
            program.append((draw(st.sampled_from([0x07, 0x87])), 0, 0, 0))
    # libpcap's scratch memory is not cleared: store before anything is loaded
    first = [(2, 0, 0, word) for word in range(16)]
    return [*first, *program, (0x16, 0, 0, 0)]


@given(programs(), st.binary(max_size=60), st.integers(0, 100))
def test_every_instruction(program: list[tuple[int, int, int, int]], packet: bytes, more: int) -> None:
    assert run_kernel(program, packet, len(packet) + more) == run_libpcap(program, packet, len(packet) + more)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures") / "a.pcap"


@given(
    st.one_of(pcap_files(), pcapng_files(order="<")), st.sampled_from(["greater 40", "less 40", "len = 3"])
)
def test_refused_packets_pass_through_the_buffer(path: Path, content: bytes, bpf: str) -> None:
    path.write_bytes(content)
    assert_same(path, bpf=bpf)


def test_a_filter_that_refuses_more_than_a_batch_holds(path: Path) -> None:
    sizes = [100 + (i * 7919) % 1200 for i in range(9000)]
    records = [
        struct.pack("<IIII", i, 0, size, size) + bytes([i % 251]) * size for i, size in enumerate(sizes)
    ]
    last = struct.pack("<IIII", 1, 2, 5, 99999) + b"wanna"
    path.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records) + last)
    reading = assert_same(path, bpf="len > 50000")
    assert isinstance(reading, Reading)
    assert len(reading.packets) == 1
    assert len(reading.packets[0].behind) == max(sizes) - 5


@pytest.mark.parametrize(
    ("expression", "reason"),
    [("tcp prot 80", "syntax error"), ("ip broadcast", "netmask not known"), ("a\0b", "NUL")],
)
def test_wrong_expression(path: Path, expression: str, reason: str) -> None:
    path.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    with pytest.raises(CaptureError, match=reason) as caught:
        open_capture(path, bpf=expression)
    assert caught.value.hint
