"""Conversation 35: the FTP control connection, every packet of it as printed."""

from __future__ import annotations

from .connection import CLIENT, SERVER, Connection
from .hosts import FTP_CLIENT, FTP_SERVER
from .wire import ACK, PSH, RST, SYN, Endpoint, Segment, microseconds

A, B = CLIENT, SERVER
DATA = PSH | ACK

WELCOME = """\
230-Welcome to the Dell FTP site. A service of Dell Inc., Round Rock, Texas.
 For information about DELL, call +1 800 999 3355 All transfers are logged with
 your host name and email address. If you don't like this policy please disconnect now.
 Please be advised that use constitutes consent to monitoring (Elec Comm Priv Act,
 18 USC 2701-2711). Please see the file readme.txt for disclaimers pertaining to this
 service. If your FTP client crashes or hangs shortly after login, try using a dash
 (-) as the first character of your password. This will turn off the informational
 messages which may be confusing your ftp client.
 ********IN CASE OF PROBLEMS*************************
 ** File Content: send EMAIL to dellbbs@dell.com **
 ** FTP Server: send EMAIL to hostmaster@dell.com **
 ** WWW Server: send EMAIL to webmaster@dell.com **
 ****************************************************
"""

# time, side, flags, window, text with LF for the line end on the wire (CR LF, RFC 959)
CONTROL: list[tuple[str, int, int, int, str]] = [
    ("1258594162.928342", A, SYN, 8192, ""),
    ("1258594163.008594", B, SYN | ACK, 4140, ""),
    ("1258594163.009292", A, ACK, 64860, ""),
    ("1258594163.087792", B, DATA, 4140, "220 Microsoft FTP Service\n"),
    ("1258594163.088491", A, DATA, 64833, "USER anonymous\n"),
    (
        "1258594163.166256",
        B,
        DATA,
        4156,
        "331 Anonymous access allowed, send identity (e-mail name) as password.\n",
    ),
    ("1258594163.168693", A, DATA, 64761, "PASS IEUser@\n"),
    ("1258594163.247178", B, DATA, 4170, WELCOME),
    ("1258594163.247187", B, DATA, 4170, "230 User logged in.\n"),
    ("1258594163.247637", A, ACK, 63790, ""),
    ("1258594163.249385", A, DATA, 63790, "TYPE I\n"),
    ("1258594163.327121", B, DATA, 4178, "200 Type set to I.\n"),
    ("1258594163.327845", A, DATA, 63770, "PASV\n"),
    ("1258594163.407582", B, DATA, 4184, "227 Entering Passive Mode (143,166,11,10,251,78)\n"),
    ("1258594163.487490", A, DATA, 63720, "SIZE /video/R79733.EXE\n"),
    ("1258594163.565990", B, DATA, 4208, "213 4255056\n"),
    ("1258594163.566694", A, DATA, 63707, "RETR /video/R79733.EXE\n"),
    ("1258594163.644188", B, DATA, 4232, "125 Data connection already open; Transfer starting.\n"),
    ("1258594163.838277", A, ACK, 63653, ""),
    ("1258594185.427515", B, DATA, 4232, "226 Transfer complete.\n"),
    ("1258594185.618346", A, ACK, 63629, ""),
    # 306 s of silence later the server gives the idle connection up: the last packet of the capture
    ("1258594491.683288", B, RST | ACK, 4232, ""),
]


def control() -> list[Segment]:
    """Return the segments of the control connection."""
    connection = Connection(
        Endpoint(FTP_CLIENT, 49329), Endpoint(FTP_SERVER, 21), microseconds(CONTROL[0][0])
    )
    for time, side, flags, window, text in CONTROL:
        connection.at(microseconds(time))
        connection.emit(side, flags, text.replace("\n", "\r\n").encode(), window=window)
    return connection.segments
