"""Conversations 1 to 11, 33 and 34: web downloads from port 80, made up.

Printed about them: 1 starts the capture, 1 to 11 end before packet 247, at most nine conversations
are alive at a time, and with the mails they bring packets and bytes of both directions to the printed sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import NamedTuple

from .connection import CLIENT, SERVER, Connection
from .content import opaque, page, picture
from .hosts import ADVERTS, ALEX, FTP_CLIENT, IMAGES, MAPS, NEWS, PAT, SEARCH, SITES
from .wire import ACK, FIN, SECOND, Endpoint, Host, Segment, microseconds

AGENT = "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.9.1) Gecko/20090624 Firefox/3.5"


class Close(Enum):
    """How a connection ends."""

    SERVER = "the server closes, the client follows"
    REPEATED = "as before, but the server repeats its FIN after the end"
    RESET = "the client answers the server's FIN with a reset"


class Item(NamedTuple):
    """A request: path, size of the document in bytes, seconds until the client asks for it."""

    path: str
    size: int
    after: float = 0.02


@dataclass(frozen=True)
class Visit:
    """One connection to a web server; ``idle`` is how long the server keeps it open, in seconds."""

    number: int
    client: Host
    port: int
    server: Host
    start: str
    idle: float
    items: list[Item]
    close: Close = Close.SERVER


class Path(NamedTuple):
    """Way to a server.

    Attributes:
        round_trip: microseconds.
        segment_size: largest number of bytes in a segment.
        spacing: microseconds between segments.
        per_ack: segments that the client acknowledges at once.
    """

    round_trip: int
    segment_size: int
    spacing: int
    per_ack: int


PATHS = {
    NEWS.ip: Path(34_200, 1460, 1_180, 2),
    IMAGES.ip: Path(28_900, 1380, 1_120, 2),
    ADVERTS.ip: Path(91_400, 536, 900, 3),
    SEARCH.ip: Path(22_700, 1430, 1_160, 2),
    MAPS.ip: Path(118_342, 820, 1_640, 3),
}

VISITS = [
    Visit(
        1, FTP_CLIENT, 49177, NEWS, "1258544215.037210", 15.0, [Item("/", 14_210), Item("/style.css", 2_904)]
    ),
    Visit(
        2,
        FTP_CLIENT,
        49178,
        IMAGES,
        "1258544215.318842",
        20.0,
        [Item("/logo.gif", 4_318), Item("/map.gif", 9_022), Item("/dot.gif", 43)],
    ),
    Visit(
        3,
        FTP_CLIENT,
        49179,
        IMAGES,
        "1258544215.319377",
        20.0,
        [Item("/1.gif", 6_871), Item("/5.gif", 2_110)],
    ),
    Visit(
        4,
        FTP_CLIENT,
        49180,
        IMAGES,
        "1258544215.320105",
        20.0,
        [Item("/2.gif", 5_940), Item("/6.gif", 1_204)],
    ),
    Visit(5, FTP_CLIENT, 49181, IMAGES, "1258544215.320668", 20.0, [Item("/3.gif", 7_233)], Close.RESET),
    Visit(
        6,
        FTP_CLIENT,
        49182,
        ADVERTS,
        "1258544215.402219",
        5.0,
        [Item("/banner/468x60.gif", 5_104), Item("/dot.gif", 43)],
    ),
    Visit(7, FTP_CLIENT, 49183, ADVERTS, "1258544215.402760", 5.0, [Item("/banner/120x600.gif", 8_990)]),
    Visit(
        8,
        FTP_CLIENT,
        49184,
        NEWS,
        "1258544216.110934",
        15.0,
        [Item("/weather", 3_377), Item("/stocks", 1_020)],
    ),
    Visit(9, FTP_CLIENT, 49185, IMAGES, "1258544216.482050", 20.0, [Item("/4.gif", 3_680)], Close.REPEATED),
    Visit(10, ALEX, 1088, SEARCH, "1258551602.730418", 8.0, [Item("/search?q=music+box+comb", 11_020)]),
    Visit(11, PAT, 1290, SEARCH, "1258557318.245901", 8.0, [Item("/search?q=folding+wing", 7_705)]),
    Visit(
        33,
        PAT,
        2260,
        NEWS,
        "1258588240.611375",
        15.0,
        [Item("/", 13_109), Item("/science", 22_406, 9.1), Item("/science/patents", 29_372, 22.7)],
    ),
    Visit(
        34,
        ALEX,
        2031,
        MAPS,
        "1258591377.092846",
        10.0,
        [
            Item("/route?from=office&to=museum", 6_900),
            *(Item(f"/tile/{n}.gif", 8_342, 0.1) for n in range(1, 15)),
        ],
        Close.RESET,
    ),
]


class Download:
    """A visit while it is played."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.path = PATHS[visit.server.ip]
        client, server = Endpoint(visit.client, visit.port), Endpoint(visit.server, 80)
        self.connection = Connection(client, server, microseconds(visit.start))
        self.random = Random(visit.number)

    def about(self, microseconds: int) -> int:
        """Return a duration within a tenth of the given one."""
        return int(microseconds * (0.9 + 0.2 * self.random.random()))

    def play(self) -> list[Segment]:
        """Return the segments of the visit."""
        self.connection.open(self.about(self.path.round_trip), self.about(180))
        for item in self.visit.items:
            self.fetch(item)
        self.close()
        return self.connection.segments

    def fetch(self, item: Item) -> None:
        """Ask for a document (RFC 2616) and take it; the last segment is always acknowledged."""
        connection, size = self.connection, self.path.segment_size
        connection.wait(self.about(int(item.after * SECOND))).send(CLIENT, request(self.visit, item))
        connection.wait(self.about(self.path.round_trip)).acknowledge(SERVER)
        connection.wait(self.about(4_000))
        answer = response(item)
        pieces = [answer[i : i + size] for i in range(0, len(answer), size)]
        for number, piece in enumerate(pieces, 1):
            connection.wait(self.about(self.path.spacing))
            last = number == len(pieces)
            if last:
                connection.send(SERVER, piece)
            else:
                connection.emit(SERVER, ACK, piece)
            if last or number % self.path.per_ack == 0:
                connection.wait(self.about(150)).acknowledge(CLIENT)

    def close(self) -> None:
        """End the connection after the server's patience."""
        connection, way = self.connection, self.visit.close
        fin = connection.next_seq[SERVER]
        connection.wait(int(self.visit.idle * SECOND)).finish(SERVER)
        connection.wait(self.about(210))
        if way is Close.RESET:
            connection.reset(CLIENT)
            return
        connection.finish(CLIENT)
        connection.wait(self.about(self.path.round_trip)).acknowledge(SERVER)
        if way is Close.REPEATED:
            connection.wait(self.about(430_000)).emit(SERVER, FIN | ACK, seq=fin)
            connection.wait(self.about(160)).acknowledge(CLIENT)


def request(visit: Visit, item: Item) -> bytes:
    """Return a request."""
    lines = [
        f"GET {item.path} HTTP/1.1",
        f"Host: {SITES[visit.server.ip]}",
        f"User-Agent: {AGENT}",
        "Accept: text/html,image/gif,*/*;q=0.8",
        "Accept-Language: en-us,en;q=0.5",
        "Keep-Alive: 300",
        "Connection: keep-alive",
        f"Cookie: id={opaque(f'{visit.client.ip} {visit.server.ip}', 29).hex()}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def response(item: Item) -> bytes:
    """Return the answer with its document."""
    image = item.path.endswith(".gif")
    body = picture(item.path, item.size) if image else page(item.path, item.size)
    lines = [
        "HTTP/1.1 200 OK",
        "Server: Apache",
        f"Content-Length: {len(body)}",
        "Keep-Alive: timeout=15, max=100",
        "Connection: Keep-Alive",
        f"Content-Type: {'image/gif' if image else 'text/html'}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def downloads() -> list[Segment]:
    """Return the segments of all visits."""
    return [segment for visit in VISITS for segment in Download(visit).play()]
