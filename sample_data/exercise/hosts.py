"""The stations of the capture. MACs, local addresses and the FTP client's habits are as printed."""

from __future__ import annotations

from .wire import Host

GATEWAY_MAC = "00:19:e3:e7:5d:23"
GATEWAY_SHORTEST = (
    64  # it pads before it takes a VLAN tag off: without this the bandwidth is 793 b/s, not 792
)

MSS_1460 = bytes.fromhex("020405b4")
MSS_1380 = bytes.fromhex("02040564")
SACK = bytes.fromhex("01010402")
SCALE = bytes.fromhex("01030302")

FTP_CLIENT = Host("192.168.1.105", "00:08:74:38:01:b4", 128, 1207, 8192, 64860, MSS_1460 + SCALE + SACK)
FTP_SERVER = Host("143.166.11.10", GATEWAY_MAC, 113, 21520, 4140, 4140, MSS_1380, GATEWAY_SHORTEST)
MAIL_SERVER = Host("192.168.1.1", GATEWAY_MAC, 64, 4811, 5840, 5840, MSS_1460 + SACK, GATEWAY_SHORTEST)
PAT = Host("192.168.1.103", "00:0b:db:63:5b:d4", 128, 310, 65535, 65535, MSS_1460 + SACK)
ALEX = Host("192.168.1.102", "00:0b:db:63:58:a6", 128, 7702, 65535, 65535, MSS_1460 + SACK)

MAIL_NAMES = {PAT.ip: "m57pat", ALEX.ip: "m57alex"}


def web_server(ip: str, first_id: int) -> Host:
    """Return a web server behind the gateway."""
    return Host(ip, GATEWAY_MAC, 52, first_id, 5840, 6432, MSS_1460 + SACK, GATEWAY_SHORTEST)


# documentation addresses (RFC 5737): nobody's machines
NEWS = web_server("192.0.2.80", 40110)
IMAGES = web_server("198.51.100.17", 12050)
ADVERTS = web_server("198.51.100.44", 55021)
SEARCH = web_server("203.0.113.5", 30999)
MAPS = web_server("203.0.113.91", 2600)

SITES = {
    NEWS.ip: "www.news.example",
    IMAGES.ip: "img.news.example",
    ADVERTS.ip: "ads.banner.example",
    SEARCH.ip: "www.search.example",
    MAPS.ip: "maps.travel.example",
}
