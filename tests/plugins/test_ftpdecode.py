"""ftpDecode: the sample's dialogue, real captures beside a plain model, made dialogues and transfers."""

import random
import socket
from collections import defaultdict
from pathlib import Path
from typing import Any

import dpkt
import numpy as np
import pytest

from t2tui.core.bits import table as bit_table
from t2tui.core.text.rows import Code, RowWriter
from t2tui.plugins.ftpdecode_lists import NumberLists, TextLists
from tests.golden.runs import GOLDEN, needs_golden
from tests.plugins.frames import SYN, ethernet, save
from tests.plugins.ftp_model import COMMANDS, Lines, assembled
from tests.plugins.ftpdialogues import (
    ACTIVE,
    APRNT,
    CLIENT,
    CONTROL,
    NDFLW,
    OVFL,
    PASSIVE,
    PASSIVE_REPLY,
    PPRNT,
    PPWF,
    SERVER,
    Dialogue,
    analyse,
    back,
    flow,
    ftp,
    status,
)
from tests.plugins.runs import SAMPLE, Row, frames_of, run

EMPTY = Lines().columns()


# ------------------------------------------------------------------ the sample


def test_the_sample_shows_its_dialogue(tmp_path: Path) -> None:
    written = analyse(SAMPLE, tmp_path, FTP_BTFLD=1)
    names = ("USER", "PASS", "TYPE", "PASV", "SIZE", "RETR")
    assert ftp(flow(written, 35, "A")) == {
        **EMPTY,
        "ftpStat": "0x01",
        "ftpCDFindex": "36",
        "ftpCBF": f"0x{sum(1 << COMMANDS.index(name) for name in names):016x}",
        "ftpCC": ";".join(names),
        "ftpNumUser": "1",
        "ftpUser": '"anonymous"',
        "ftpNumPass": "1",
        "ftpPass": '"IEUser@"',
        "ftpNumCP": "2",
        "ftpCP": '"I";"/video/R79733.EXE"',
    }
    assert ftp(flow(written, 35, "B"), "ftpCBF") == {
        **EMPTY,
        "ftpStat": "0x09",
        "ftpCDFindex": "36",
        "ftpRC": "220;331;230;200;227;213;125;226",
        "ftpPLen": "4255056",
    }
    for direction in "AB":
        assert ftp(flow(written, 36, direction), "ftpCBF") == {
            **EMPTY,
            "ftpStat": "0x02",
            "ftpCDFindex": "35",
            "ftpNumCP": "1",
            "ftpCP": '"/video/R79733.EXE"',
        }
    assert all(
        ftp(row, "ftpCBF") == {**EMPTY, "ftpStat": "0x00", "ftpCDFindex": ""}
        for row in written.flows
        if row["flowInd"] not in ("35", "36")
    )
    report = [line.partition(": ")[2] for line in written.report if line.startswith("ftpDecode: ")]
    assert report == [
        "Aggregated ftpStat=0x0b",
        "Number of FTP control packets: 22 [0.37%]",
        "Number of FTP-DATA packets: 4615 (4.62 K) [78.19%]",
        "Number of FTP-DATA bytes: 4268858 (4.27 M) [85.49%]",
    ]


def test_packets_of_the_sample_show_the_status_of_their_flow_so_far(tmp_path: Path) -> None:
    written = analyse(SAMPLE, tmp_path)
    rows = {index: [row for row in written.packets if row["flowInd"] == index] for index in ("35", "36")}
    seen = [row["ftpStat"] for row in rows["35"]]
    of_server = [row["srcPort"] == "21" for row in rows["35"]]
    announced = next(k for k, row in enumerate(rows["35"]) if row["l7Content"].startswith("227"))
    expected = ["0x09" if k >= announced and is_server else "0x01" for k, is_server in enumerate(of_server)]
    assert seen == expected
    linked = next(int(row["pktNo"]) for row in rows["35"] if row["l7Content"].startswith("125"))
    assert [row["ftpStat"] for row in rows["36"]] == [
        "0x02" if int(row["pktNo"]) > linked else "0x00" for row in rows["36"]
    ]


def test_the_sample_is_saved(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    written = analyse(SAMPLE, tmp_path, FTP_SAVE=1, FTP_F_PATH=folder)
    assert "ftpDecode: Number of files extracted: 1" in written.report
    saved = {path.name: path.read_bytes() for path in folder.iterdir() if path.name[0] != "."}
    names = ["_video_R79733.EXE_36_B", "ftp_flow_35_A.txt", "ftp_flow_35_B.txt"]
    assert sorted(saved) == names
    assert saved[names[1]] == (
        b"USER anonymous\r\nPASS IEUser@\r\nTYPE I\r\nPASV\r\n"
        b"SIZE /video/R79733.EXE\r\nRETR /video/R79733.EXE\r\n"
    )
    assert len(saved[names[0]]) == 4255056
    assert not status(flow(written, 36, "B")) & PPWF


# ------------------------------------------------------------------ real captures


def real_captures() -> list[Path]:
    return sorted((GOLDEN / "captures").glob("ftp__*.pcap"))


def segments(capture: Path) -> dict[tuple[str, int, str, int], list[dpkt.tcp.TCP]]:
    """TCP segments by source, port, target, port."""
    found: dict[tuple[str, int, str, int], list[Any]] = defaultdict(list)
    for frame in frames_of(capture):
        packet: Any = dpkt.ethernet.Ethernet(frame).data
        family = socket.AF_INET if isinstance(packet, dpkt.ip.IP) else socket.AF_INET6
        if isinstance(getattr(packet, "data", None), dpkt.tcp.TCP):
            ends = (socket.inet_ntop(family, host) for host in (packet.src, packet.dst))
            source, target = ends
            found[source, packet.data.sport, target, packet.data.dport].append(packet.data)
    return found


@needs_golden
def test_real_dialogues_have_the_lists_of_the_model(tmp_path: Path) -> None:
    seen = 0
    for capture in real_captures():
        written = analyse(capture, tmp_path)
        rows: dict[tuple[str, int, str, int], list[Row]] = defaultdict(list)
        for row in written.flows:
            if "21" in (row["srcPort"], row["dstPort"]):
                rows[row["srcIP"], int(row["srcPort"]), row["dstIP"], int(row["dstPort"])].append(row)
        dialogues = segments(capture)
        for ends, (first, *others) in rows.items():
            if others:  # the connection was opened again
                continue
            lines = Lines()
            for segment in dialogues[ends]:
                text = segment.data.decode("latin-1")
                if text and int(first["flowStat"], 16) & 1:
                    lines.of_server(text)
                elif text:
                    lines.of_client(text)
            assert ftp(first, "ftpStat", "ftpCDFindex") == lines.columns(), f"{capture.name} {ends}"
            assert status(first) & CONTROL
            seen += 1
    assert seen > 50


@needs_golden
def test_real_transfers_are_saved_as_dpkt_puts_them_together(tmp_path: Path) -> None:
    seen = 0
    for number, capture in enumerate(real_captures()):
        if capture.name == "ftp__bigtransfer.pcap":  # gigabytes are missing in its middle
            continue
        folder = tmp_path / f"files{number}"
        written = analyse(capture, tmp_path, FTP_SAVE=1, FTP_F_PATH=folder)
        streams = segments(capture)
        for path in folder.iterdir():
            if path.name.startswith("."):
                continue
            index, letter = path.name.removesuffix(".txt").split("_")[-2:]
            side = [
                row
                for row in written.flows
                if row["flowInd"] == index and int(row["flowStat"], 16) & 1 == (letter == "B")
            ]
            ends = side[0]["srcIP"], int(side[0]["srcPort"]), side[0]["dstIP"], int(side[0]["dstPort"])
            if [row for row in written.flows if row["srcPort"] == str(ends[1]) and row["flowInd"] != index]:
                continue  # the connection was opened again
            parts = streams[ends]
            begin = [part.seq + 1 for part in parts if part.flags & SYN]
            payload = [(part.seq, bytes(part.data)) for part in parts if part.data]
            expected = assembled(payload, begin[0] if begin else payload[0][0])
            assert path.read_bytes() == expected, f"{capture.name} {path.name}"
            seen += 1
    assert seen > 40


@needs_golden
@pytest.mark.parametrize(
    ("capture", "links"),
    [
        ("ftp__ipv4.pcap", {"1": "2;3;4;5", "2": "1", "3": "1", "4": "1", "5": "1"}),  # PASV and PORT
        (
            "ftp__ipv6.pcap",
            {"1": "2;3;4;5;6", "2": "1", "3": "1", "4": "1", "5": "1", "6": "1"},
        ),  # EPSV, EPRT
        ("ftp__retr.pcap", {"1": "2", "2": "1"}),
    ],
)
def test_real_data_connections_are_linked_in_all_modes(
    tmp_path: Path, capture: str, links: dict[str, str]
) -> None:
    written = analyse(GOLDEN / "captures" / capture, tmp_path)
    assert {(row["flowInd"], row["ftpCDFindex"]) for row in written.flows} == set(links.items())


# ------------------------------------------------------------------ made dialogues


@pytest.mark.parametrize("batch_packets", [8192, 1])
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("commands", "replies", "ends"),
    [
        (("PASV",), (PASSIVE_REPLY,), PASSIVE),
        (("EPSV",), ("229 Entering Extended Passive Mode (|||5000|)",), PASSIVE),
        (("PORT 10,0,0,1,19,136",), ("200 ok",), ACTIVE),
        (("EPRT |1|10.0.0.1|5000|",), ("200 ok",), ACTIVE),
        (("PASV",), ("227 behind a translator (192,168,0,9,19,136)",), PASSIVE),
    ],
)
def test_data_connections_are_linked(
    tmp_path: Path,
    commands: tuple[str, ...],
    replies: tuple[str, ...],
    ends: tuple[str, int, str, int],
    is_late: bool,
    batch_packets: int,
) -> None:
    dialogue = Dialogue()
    dialogue.ask(*commands)
    dialogue.answer(*replies)
    dialogue.ask("RETR a.txt")
    if not is_late:
        dialogue.connect(ends)
    dialogue.answer("150 here it comes")
    if is_late:
        dialogue.connect(ends)
    dialogue.send(back(ends) if ends is PASSIVE else ends, b"data")
    dialogue.answer("226 done")
    dialogue.connect(("10.0.0.9", 4002, SERVER, 5000))  # somebody else
    capture = save(tmp_path / "made.pcap", dialogue.frames)
    settings: dict[str, Any] = {}
    written = run(
        capture, tmp_path / "out", ("tcpStates", "ftpDecode"), settings, batch_packets=batch_packets
    )
    links = {(row["flowInd"], row["dir"]): row["ftpCDFindex"] for row in written.flows}
    assert links == {
        **{("1", direction): "2" for direction in "AB"},
        **{("2", direction): "1" for direction in "AB"},
        **{("3", direction): "" for direction in "AB"},
    }
    announcing = "A" if "PORT" in commands[0] or "EPRT" in commands[0] else "B"
    for direction in "AB":
        assert bool(status(flow(written, 1, direction)) & APRNT) == (direction == announcing)
        assert (status(flow(written, 2, direction)), flow(written, 2, direction)["ftpCP"]) == (
            PPRNT,
            '"a.txt"',
        )
    assert bool(status(flow(written, 1, "B")) & NDFLW) == is_late
    assert "ftpDecode: Number of FTP-DATA packets: 3 [" in "\n".join(written.report)


def test_an_announcement_counts_once_and_until_the_next(tmp_path: Path) -> None:
    dialogue = Dialogue()
    dialogue.ask("PASV")
    dialogue.answer("227 (10,0,0,2,19,137)")  # port 5001, never used
    dialogue.ask("PASV")
    dialogue.answer(PASSIVE_REPLY)
    dialogue.connect(PASSIVE)
    dialogue.answer("150 first")
    dialogue.connect((CLIENT, 4002, SERVER, 5001))
    dialogue.connect((CLIENT, 4003, SERVER, 5000))
    dialogue.answer("150 second")
    written = analyse(save(tmp_path / "made.pcap", dialogue.frames), tmp_path)
    assert {row["flowInd"]: row["ftpCDFindex"] for row in written.flows} == {
        "1": "2",
        "2": "1",
        "3": "",
        "4": "",
    }


def test_lists_are_cut_at_their_limits(tmp_path: Path) -> None:
    dialogue = Dialogue()
    dialogue.ask(*(f"USER u{number}" for number in range(7)), "PASS 1234567890123456", "PASS x")
    dialogue.ask(*(f"CWD d{number}" for number in range(25)), "RETR " + "n" * 60)
    dialogue.answer(*(f"{code} ok" for code in range(200, 225) if code not in (213, 215)))
    capture = save(tmp_path / "made.pcap", dialogue.frames)
    written = analyse(capture, tmp_path)
    client, server = flow(written, 1, "A"), flow(written, 1, "B")
    assert client["ftpUser"] == ";".join(f'"u{number}"' for number in range(5))
    assert (client["ftpNumUser"], client["ftpPass"]) == ("5", '"123456789012345";"x"')
    assert client["ftpCP"] == ";".join(f'"d{number}"' for number in range(20))
    assert len(server["ftpRC"].split(";")) == 20
    assert (status(client), status(server)) == (CONTROL | OVFL, CONTROL | OVFL)
    limits = {"FTP_MAXUNM": 255, "FTP_MAXPNM": 255, "FTP_MAXCNM": 255, "FTP_UXNMLN": 1, "FTP_PXNMLN": 99}
    written = analyse(capture, tmp_path, **limits, FTP_MXNMLN=60)
    client, server = flow(written, 1, "A"), flow(written, 1, "B")
    assert client["ftpUser"] == ";".join(['"u"'] * 7)
    assert client["ftpPass"] == '"1234567890123456";"x"'
    assert client["ftpCP"] == ";".join([*(f'"d{number}"' for number in range(25)), f'"{"n" * 60}"'])
    assert (status(client), status(server)) == (CONTROL | OVFL, CONTROL)


def test_more_links_than_are_listed_set_a_bit(tmp_path: Path) -> None:
    dialogue = Dialogue()
    for number in range(4):
        dialogue.answer(f"227 (10,0,0,2,19,{136 + number})")
        dialogue.connect((CLIENT, 4001 + number, SERVER, 5000 + number))
        dialogue.answer("150 go")
    written = analyse(save(tmp_path / "made.pcap", dialogue.frames), tmp_path, FTP_MAXCPFI=3)
    for direction in "AB":
        assert flow(written, 1, direction)["ftpCDFindex"] == "2;3;4"
        assert status(flow(written, 1, direction)) & OVFL
    assert status(flow(written, 5, "A")) == PPRNT


def test_commands_can_be_listed_each_time(tmp_path: Path) -> None:
    dialogue = Dialogue()
    dialogue.ask("NOOP", "noop", "nOOP", "Noop", "XYZZ", "NOOPE", "RETR b.txt", "RETR b", "RETR c")
    dialogue.answer("200 a", "200 b", "no code", "20", "2x0", "220-d")
    capture = save(tmp_path / "made.pcap", dialogue.frames)
    written = analyse(capture, tmp_path, FTP_CMD_AGGR=0)
    assert flow(written, 1, "A")["ftpCC"] == "NOOP;NOOP;RETR;RETR;RETR"
    assert flow(written, 1, "A")["ftpCP"] == '"b.txt";"c"'
    assert flow(written, 1, "B")["ftpRC"] == "200;200;220"
    written = analyse(capture, tmp_path)
    assert (flow(written, 1, "A")["ftpCC"], flow(written, 1, "B")["ftpRC"]) == ("NOOP;RETR", "200;220")


@pytest.mark.parametrize(
    ("reply", "length", "parameters"),
    [
        ("213 17", 17, ""),
        ("213 99999999999", 4294967295, ""),
        ("213 20091118133655", 0, ""),
        ("213-Status", 0, ""),
        ("215 UNIX Type: L8", 0, '"UNIX Type: L8"'),
        ("150 Opening BINARY mode data connection for a b.txt (1234 bytes).", 1234, '"a b.txt"'),
        ("125 for x", 0, '"x"'),
        ("150 (" + "9" * 40, 4294967295, ""),
        ("150 Here comes the directory listing.", 0, ""),
    ],
)
def test_replies_announce_lengths_and_names(tmp_path: Path, reply: str, length: int, parameters: str) -> None:
    dialogue = Dialogue()
    dialogue.answer(reply)
    row = flow(analyse(save(tmp_path / "made.pcap", dialogue.frames), tmp_path), 1, "B")
    assert (row["ftpPLen"], row["ftpCP"]) == (str(length), parameters)


# ------------------------------------------------------------------ hostile payload


def test_texts_are_escaped_and_end_at_line_ends_and_nul(tmp_path: Path) -> None:
    dialogue = Dialogue()
    dialogue.ask(b'USER a"\\\t\x1b;\xff', b"PASS p\0q", b"RETR \xc3\xa9\nX", b"CWD \xe2\x82")
    client = flow(analyse(save(tmp_path / "made.pcap", dialogue.frames), tmp_path), 1, "A")
    assert client["ftpUser"] == '"a\\"\\\\\\t\\u001B;."'
    assert client["ftpPass"] == '"p"'
    assert client["ftpCP"] == '"é";"."'


def test_random_payload_does_no_harm(tmp_path: Path) -> None:
    r = random.Random(7)
    parts = [
        b"USER ",
        b"PORT ",
        b"EPRT |",
        b"227 (",
        b"229 (|||",
        b"150 for ",
        b"213 ",
        b"1,2,3,4,5,6",
        b"9" * 9,
        b"|",
    ]
    for number in range(20):
        dialogue = Dialogue()
        for _ in range(100):
            noise = r.choice([b"", r.randbytes(r.randint(0, 30)), b"A" * 2000])
            dialogue.say(b"".join(r.choices(parts, k=r.randint(0, 6))) + noise, r.random() < 0.5)
        folder = tmp_path / f"files{number}"
        written = analyse(
            save(tmp_path / "made.pcap", dialogue.frames), tmp_path, FTP_SAVE=1, FTP_F_PATH=folder
        )
        for row in written.flows:
            assert all(len(text) <= 10 * 6 + 2 for text in row["ftpUser"].split('";"'))
            assert row["ftpNumCP"] == "0" or int(row["ftpNumCP"]) <= 20
        for letter, text in (("A", True), ("B", False)):
            size = (folder / f"ftp_flow_1_{letter}.txt").stat().st_size
            assert size == dialogue.next[text] - (100 if text else 500)


def test_lists_belong_to_their_flows_when_slots_are_used_again(tmp_path: Path) -> None:
    frames: list[tuple[float, bytes]] = []
    for number in range(6):
        dialogue = Dialogue(port=4000 + number)
        dialogue.ask(f"USER u{number}")
        frames += [(1000.0 + 1000 * number + k / 1000, frame) for k, frame in enumerate(dialogue.frames)]
        frames.append((1000.5 + 1000 * number, ethernet(bytes(46), 0x88B5)))
    capture = save(tmp_path / "made.pcap", frames)
    written = run(capture, tmp_path / "out", ("ftpDecode",), batch_packets=2)
    users = {row["srcPort"]: row["ftpUser"] for row in written.flows if row["dstPort"] == "21"}
    assert users == {str(4000 + number): f'"u{number}"' for number in range(6)}
    assert {row["ftpStat"] for row in written.flows if row["srcIP"] == "-"} == {"0x00"}


def test_many_dialogues_that_end_together_are_all_written(tmp_path: Path) -> None:
    frames = []
    for number in range(700):
        dialogue = Dialogue(client=f"10.1.{number // 250}.{number % 250}")
        dialogue.ask(f"USER user{number}", f"RETR {'x' * 40}{number}")
        frames += dialogue.frames
    written = analyse(save(tmp_path / "made.pcap", frames), tmp_path)
    clients = [row for row in written.flows if row["dstPort"] == "21"]
    for row in clients:
        second, third = map(int, row["srcIP"].split(".")[2:])
        number = 250 * second + third
        assert (row["ftpUser"], row["ftpCP"]) == (f'"user{number}"', f'"{"x" * 40}{number}"')
    assert len(clients) == 700


def test_lists_are_read_back_as_they_were_put() -> None:
    r = random.Random(3)
    numbers, texts = NumberLists(50, np.uint16), TextLists(50)
    for _ in range(20):
        slots = np.array(r.sample(range(50), 10), np.int32)
        expected = []
        for lists in (numbers, texts):
            lists.clear(slots)
        for slot in slots.tolist():
            values = [r.randrange(65536) for _ in range(r.choice([0, 1, 5, 255]))]
            words = [b"w" * r.randrange(60) for _ in range(r.choice([0, 1, 3, 255]))]
            numbers.put(slot, values)
            texts.put(slot, words)
            expected.append(f"{';'.join(map(str, values))}\t{';'.join(word.decode() for word in words)}")
        writer = RowWriter([numbers.field(), texts.field(Code.BARE)])
        assert writer.write((0, len(slots)), slots).decode().split("\n")[:-1] == expected


def test_bits_of_commands_are_in_the_order_of_the_table() -> None:
    assert [bit.name for bit in bit_table("ftpCBF").bits] == COMMANDS
