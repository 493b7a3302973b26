"""The exercise capture's texts: the printed packet listings and files."""

from pathlib import Path

import numpy as np
import pytest
from exercise.content import program
from exercise_reader import Packet

LISTING = Path(__file__).with_name("flow35.tsv")
CLIENT, SERVER = ("192.168.1.105", 49329), ("143.166.11.10", 21)

MAIL_LISTING = [
    (247, "A", 573_941668, ""),
    (248, "B", 573_941709, ""),
    (249, "A", 573_942161, ""),
    (250, "B", 574_317353, "220 domex ESMTP Postfix\r\n"),
    (251, "A", 574_319182, "EHLO m57pat\r\n"),
    (252, "B", 574_319211, ""),
    (
        253,
        "B",
        574_319380,
        "250-domex\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-VRFY\r\n250-ETRN\r\n"
        "250-AUTH LOGIN PLAIN CRAM-MD5 GSSAPI\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n"
        "250-8BITMIME\r\n250 DSN\r\n",
    ),
    (254, "A", 574_319928, "STARTTLS\r\n"),
    (255, "B", 574_319950, ""),
]


def stream(packets: list[Packet], source: tuple[str, int], target: tuple[str, int]) -> bytes:
    """Return the bytes one side sent, by sequence number; later copies overwrite earlier ones."""
    sent = [
        packet for packet in packets if (packet.source, packet.target) == (source, target) and packet.payload
    ]
    start = sent[0].seq
    data = bytearray(max(packet.seq + len(packet.payload) for packet in sent) - start)
    for packet in sent:
        data[packet.seq - start : packet.seq - start + len(packet.payload)] = packet.payload
    return bytes(data)


def content(payload: bytes) -> str:
    """Return payload as a packet listing shows it."""
    return payload.decode("ascii").replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")


def test_control_connection_as_printed(packets: list[Packet]) -> None:
    """The versions that printed the listing computed the pauses in single precision."""
    last = {"A": 0, "B": 0}
    first: dict[str, int] = {}
    lines = [line.split("\t") for line in LISTING.read_text("ascii").splitlines()[1:]]
    for number, letter, time, pause, trip, duration, window, text in lines:
        packet = packets[int(number) - 1]
        other = "B" if letter == "A" else "A"
        assert (packet.source, packet.target) == ((CLIENT, SERVER) if letter == "A" else (SERVER, CLIENT))
        seconds, nanoseconds = time.split(".")
        assert packet.time == int(seconds) * 1_000_000 + int(nanoseconds) // 1000
        assert packet.window == int(window)
        assert content(packet.payload) == text
        first.setdefault(letter, packet.time)
        printed = [
            f"{np.float32((packet.time - since) / 1e6):.6f}" if since else "0.000000"
            for since in (last[letter], last[other], first[letter])
        ]
        assert printed == [pause, trip, duration], number
        last[letter] = packet.time


def test_control_connection_has_no_other_packets(packets: list[Packet]) -> None:
    listed = {int(line.split("\t")[0]) for line in LISTING.read_text("ascii").splitlines()[1:]}
    numbers = {packet.number for packet in packets if {packet.source, packet.target} == {CLIENT, SERVER}}
    assert numbers == listed | {5902}


def test_file_35_a(packets: list[Packet]) -> None:
    assert stream(packets, CLIENT, SERVER).decode().splitlines() == [
        "USER anonymous",
        "PASS IEUser@",
        "TYPE I",
        "PASV",
        "SIZE /video/R79733.EXE",
        "RETR /video/R79733.EXE",
    ]


def test_transferred_file_has_the_size_that_the_server_names(packets: list[Packet]) -> None:
    file = stream(packets, ("143.166.11.10", 251 * 256 + 78), ("192.168.1.105", 49330))
    assert len(file) == 4_255_056
    assert file[:2] == b"MZ"
    assert file == program(4_255_056)


@pytest.mark.parametrize(("number", "letter", "time", "text"), MAIL_LISTING)
def test_first_mail_session_as_printed(
    packets: list[Packet], number: int, letter: str, time: int, text: str
) -> None:
    packet = packets[number - 1]
    assert packet.source == (("192.168.1.103", 1397) if letter == "A" else ("192.168.1.1", 25))
    assert packet.time == 1258563_000_000000 + time
    assert packet.payload.decode() == text


def test_mail_of_the_homework_is_readable(packets: list[Packet]) -> None:
    mail = stream(packets, ("192.168.1.102", 1588), ("192.168.1.1", 25))
    assert b"\r\nSubject: " in mail
    assert mail.endswith(b"\r\n.\r\nQUIT\r\n")
