"""Dialogues of FTP for the tests of ftpDecode, and what comes of them."""

from pathlib import Path

from tests.plugins.frames import ACK, SYN, tcp
from tests.plugins.runs import Row, Written, run

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CONTROL, PPRNT, PPWF, APRNT, PPWFERR, NDFLW, OVFL = 0x01, 0x02, 0x04, 0x08, 0x20, 0x40, 0x80


def analyse(capture: Path, folder: Path, **flags: object) -> Written:
    settings = {f"ftpDecode.{name}": value for name, value in flags.items()}
    return run(capture, folder / "out", ("tcpStates", "ftpDecode"), settings)


def flow(written: Written, index: int, direction: str) -> Row:
    (row,) = [row for row in written.flows if (row["flowInd"], row["dir"]) == (str(index), direction)]
    return row


def ftp(row: Row, *without: str) -> dict[str, str]:
    return {name: row[name] for name in row if name.startswith("ftp") and name not in without}


def status(row: Row) -> int:
    return int(row["ftpStat"], 16)


class Dialogue:
    """Frames of a control connection and its data connections."""

    def __init__(self, client: str = CLIENT, server: str = SERVER, port: int = 4000) -> None:
        self.client = client, port, server, 21
        self.server = server, 21, client, port
        self.frames = [tcp(self.client, SYN, seq=99), tcp(self.server, SYN | ACK, seq=499)]
        self.next = {True: 100, False: 500}

    def say(self, text: str | bytes, by_client: bool) -> None:
        payload = (text.encode() if isinstance(text, str) else text) + b"\r\n"
        ends = self.client if by_client else self.server
        self.frames.append(tcp(ends, ACK, seq=self.next[by_client], payload=payload))
        self.next[by_client] += len(payload)

    def ask(self, *lines: str | bytes) -> None:
        for line in lines:
            self.say(line, True)

    def answer(self, *lines: str | bytes) -> None:
        for line in lines:
            self.say(line, False)

    def connect(self, ends: tuple[str, int, str, int], seq: int = 1000) -> None:
        back = ends[2], ends[3], ends[0], ends[1]
        self.frames += [tcp(ends, SYN, seq=seq - 1), tcp(back, SYN | ACK, seq=seq - 1)]

    def send(self, ends: tuple[str, int, str, int], payload: bytes, seq: int = 1000) -> None:
        self.frames.append(tcp(ends, ACK, seq=seq, payload=payload))


PASSIVE = CLIENT, 4001, SERVER, 5000
ACTIVE = SERVER, 20, CLIENT, 5000
PASSIVE_REPLY = "227 Entering Passive Mode (10,0,0,2,19,136)"


def back(ends: tuple[str, int, str, int]) -> tuple[str, int, str, int]:
    return ends[2], ends[3], ends[0], ends[1]
