"""What a printer writes: the formats of docs/follow.md, and nothing that steers a terminal."""

import base64
import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.streams.show import Form, Layout, Payload, Printer, hex_dump, unescaped
from t2tui.core.streams.stream import Conversation
from t2tui.core.text.escape import escape_content

ENDS = Conversation(7, 6, "10.0.0.1", "10.0.0.2", 1234, 80, None)


def payload(data: bytes, direction: str = "A", **more: Any) -> Payload:
    ends = more.pop("ends", ENDS if direction == "A" else ENDS.reversed())
    return Payload(direction, more.pop("packet", 3), "1.500000000", ends, data, **{"offset": 0, **more})


def printed(layout: Layout, form: Form, *payloads: Payload, **more: Any) -> str:
    written: list[bytes] = []
    printer = Printer(written.append, layout, form, **more)
    for each in payloads:
        printer.payload(each)
    printer.end()
    return b"".join(written).decode()


def test_text_breaks_lines_and_ends_with_one() -> None:
    parts = payload(b"GET /\r\nHost: \x1b[2J"), payload(b"200\n\xc3", "B"), payload(b"\xa4\n", "B")
    assert printed("payload", "text", *parts) == "GET /\nHost: \u241b[2J200\n\u00e4\n"
    assert printed("payload", "text") == ""


def test_colours() -> None:
    shown = printed("payload", "text", payload(b"a\n"), payload(b"b\n", "B"), colour=True)
    assert shown == "\x1b[0;31ma\n\x1b[0m\x1b[0;34mb\n\x1b[0m"


def test_hex_dump_of_both_directions_indents_the_answer() -> None:
    data = bytes(range(0x30, 0x44))
    assert printed("payload", "hexdump", payload(data[:9]), payload(data, "B", offset=32)) == (
        "00000000  30 31 32 33 34 35 36 37  38                        01234567 8\n"
        "    00000020  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f   01234567 89:;<=>?\n"
        "    00000030  40 41 42 43                                        @ABC\n"
    )
    one_side = printed("payload", "hexdump", payload(b"x", "B"), direction="B")
    assert one_side == printed("info", "hexdump", payload(b"x", "B")).splitlines(True)[5]


@given(st.binary(max_size=100), st.integers(0, 1 << 33))
def test_a_hex_dump_can_be_read_back(data: bytes, offset: int) -> None:
    lines = hex_dump(data, offset).splitlines()
    assert b"".join(bytes.fromhex(line.split(" ", 1)[1][:50]) for line in lines) == data
    assert [int(line.split(" ")[0], 16) for line in lines] == list(range(offset, offset + len(data), 16))


def test_blocks_with_a_head() -> None:
    vlan = Conversation(7, 17, "fe80::1", "fe80::2", 53, 9, 4)
    parts = (
        payload(b"ab", seq=9),
        payload(b"c\n", "A", packet=4, ends=vlan, length=2),
        payload(b"d", "B", packet=5, ends=Conversation(7, 1, "1.2.3.4", "5.6.7.8")),
        payload(b"e"),
    )
    rule = "=" * 80
    assert printed("info", "text", *parts) == (
        f"\n{rule}\nPacket 3 (2 bytes): flow 7 A 10.0.0.1:1234 -> 10.0.0.2:80 TCP seq: 9\n{rule}\n\nab\n"
        f"\n{rule}\nPacket 4 (2 bytes): flow 7 A fe80::1:53 -> fe80::2:9 UDP VLAN 4\n{rule}\n\nc\n"
        f"\n{rule}\nPacket 5 (1 bytes): flow 7 B 1.2.3.4 -> 5.6.7.8 ICMP\n{rule}\n\nd\n"
        f"\n{rule}\nPacket 3 (1 bytes): flow 7 A 10.0.0.1:1234 -> 10.0.0.2:80 TCP\n{rule}\n\ne\n"
        f"\n{rule}\n3 client packets, 1 server packets, 2 turns.\n"
    )


@pytest.mark.parametrize(
    ("protocol", "ether_type", "name"),
    [(6, None, "TCP"), (0, None, "HOPOPT"), (0, 0x0806, "ARP"), (253, None, "253"), (0, 0x1234, "0x1234")],
)
def test_names_of_protocols(protocol: int, ether_type: int | None, name: str) -> None:
    ends = Conversation(7, protocol, "a", "b", ether_type=ether_type)
    assert f'"proto":"{name}"' in printed("json", "text", payload(b"x", ends=ends))
    assert f"a -> b {name}\n" in printed("info", "text", payload(b"x", ends=ends))


def test_json_has_one_object_per_payload() -> None:
    vlan = Conversation(7, 6, "10.0.0.1", "10.0.0.2", 1234, 80, 12)
    assert printed("json", "text", payload(b'a"\r\n', ends=vlan, seq=9, length=4)) == (
        '{"flow":7,"packet":3,"timestamp":1.500000000,"vlan":"12","srcIP":"10.0.0.1","srcPort":1234,'
        '"dstIP":"10.0.0.2","dstPort":80,"proto":"TCP","length":4,"seq":9,"payload":"a\\"\\r\\n"}\n'
    )


@given(st.lists(st.tuples(st.sampled_from("AB"), st.binary(min_size=1, max_size=40)), max_size=6))
def test_scripts_get_every_byte_back(parts: list[tuple[str, bytes]]) -> None:
    shown = [payload(data, direction) for direction, data in parts]
    contents = [data for _, data in parts]
    lines = printed("payload", "hex", *shown).splitlines()
    assert [bytes.fromhex(line) for line in lines] == contents
    lines = printed("payload", "base64", *shown).splitlines()
    assert [base64.b64decode(line, validate=True) for line in lines] == contents
    objects = [json.loads(line) for line in printed("json", "hex", *shown).splitlines()]
    assert [bytes.fromhex(each["payload"]) for each in objects] == contents
    assert bytes.fromhex(printed("reconstruct", "text", *shown)) == b"".join(contents)


@pytest.mark.parametrize("layout", ["payload", "info", "json"])
@pytest.mark.parametrize("form", ["text", "hexdump", "hex", "base64"])
@given(st.lists(st.tuples(st.sampled_from("AB"), st.binary(max_size=40), st.booleans()), max_size=5))
def test_nothing_steers_a_terminal(layout: Layout, form: Form, parts: list[tuple[str, bytes, bool]]) -> None:
    shown = [
        payload(data, direction, text=data.decode("latin-1") if from_file else None)
        for direction, data, from_file in parts
    ]
    text = printed(layout, form, *shown)
    assert {c for c in text if unicodedata.category(c).startswith("C")} <= {"\n", "\t"}
    assert not re.search("[\u2028\u2029]", text)


@given(st.binary())
def test_the_content_of_packet_files_is_undone(data: bytes) -> None:
    text = unescaped(escape_content(data).decode())
    for byte, character in zip(data, text, strict=True):
        known = 0x20 <= byte < 0x7F or 8 <= byte <= 13
        assert character == (chr(byte) if known else ".")


def test_gaps_and_notes() -> None:
    written: list[bytes] = []
    printer = Printer(written.append, "payload", "text")
    printer.payload(payload(b"ab"))
    printer.gap("A", 3, "missing", marked=False)
    printer.gap("A", 3, "missing", marked=True)
    printer.note("packet 4, A: retransmission")
    printer.end()
    assert b"".join(written) == b"ab\n[A: 3 bytes missing]\n[packet 4, A: retransmission]\n"
    written.clear()
    printer = Printer(written.append, "reconstruct", "text", "A")
    printer.payload(payload(b"ab"))
    printer.gap("A", 70_000, "missing", marked=False)
    printer.end()
    assert bytes.fromhex(b"".join(written).decode()) == b"ab" + bytes(70_000)
