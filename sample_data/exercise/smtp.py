"""Conversations 12 to 32: mail clients and the server "domex" on port 25.

Printed: the first nine packets of conversation 12 with their text, the end points, first and last times of
conversations 12, 13 and 14, and the server's side of 32. All others are made up in the same manner: the
server acknowledges each command at once and answers it a moment later.
"""

from __future__ import annotations

from base64 import encodebytes
from dataclasses import dataclass
from email.utils import formatdate
from random import Random

from .connection import CLIENT, SERVER, Connection
from .content import opaque, picture
from .hosts import ALEX, MAIL_NAMES, MAIL_SERVER, PAT
from .mails import MAILS, Mail
from .tls import flights
from .wire import Endpoint, Host, Segment, microseconds

SEGMENT_SIZE = 1460
GREETING = "220 domex ESMTP Postfix\n"
FEATURES = (
    "250-domex\n250-PIPELINING\n250-SIZE 10485760\n250-VRFY\n250-ETRN\n"
    "250-AUTH LOGIN PLAIN CRAM-MD5 GSSAPI\n250-STARTTLS\n250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250 DSN\n"
)


@dataclass(frozen=True)
class Session:
    """One connection to the mail server.

    Attributes:
        number: of the conversation in the capture; a session without a mail of this number is encrypted.
        client: host of the mail client.
        port: client's port.
        start: time of the SYN, seconds.
        last: time of the client's FIN, seconds; None: when it comes.
        synack, confirm, banner: microseconds from SYN to SYN-ACK, on to the client's ACK, on to the banner.
        last_ack: microseconds from the client's FIN to the server's last acknowledgement.
    """

    number: int
    client: Host
    port: int
    start: str
    last: str | None = None
    synack: int = 42
    confirm: int = 310
    banner: int = 1_480
    last_ack: int = 33


SESSIONS = [
    Session(12, PAT, 1397, "1258563573.941668", "1258563576.594009", 41, 452, 375_192, 36),
    Session(13, PAT, 1749, "1258565030.304653", "1258565030.420837", 43, last_ack=40),
    Session(14, PAT, 1755, "1258565174.919134", "1258565175.037809", 45, last_ack=19),
    Session(15, ALEX, 1203, "1258566021.370215"),
    Session(16, PAT, 1802, "1258566980.114902"),
    Session(17, PAT, 1811, "1258567344.600377"),
    Session(18, ALEX, 1266, "1258567350.482113"),
    Session(19, PAT, 1844, "1258568790.027751"),
    Session(20, ALEX, 1301, "1258570112.905040"),
    Session(21, PAT, 1902, "1258571503.331908"),
    Session(22, ALEX, 1377, "1258571588.210644"),
    Session(23, ALEX, 1402, "1258573046.779160"),
    Session(24, PAT, 2011, "1258574499.018827"),
    Session(25, ALEX, 1459, "1258575831.653390"),
    Session(26, ALEX, 1463, "1258575990.124478"),
    Session(27, PAT, 2104, "1258577702.460031"),
    Session(28, ALEX, 1588, "1258578915.887264"),
    Session(29, PAT, 2188, "1258580061.195573"),
    Session(30, ALEX, 1702, "1258580209.540812"),
    Session(31, PAT, 2203, "1258581777.736159"),
    Session(32, ALEX, 1911, "1258583614.298118", "1258583615.323180", 43, banner=901_200, last_ack=38),
]


class Dialogue:
    """A session while it is played."""

    def __init__(self, session: Session) -> None:
        self.session = session
        start = microseconds(session.start)
        self.connection = Connection(Endpoint(session.client, session.port), Endpoint(MAIL_SERVER, 25), start)
        self.random = Random(session.number)

    def about(self, microseconds: int) -> int:
        """Return a duration within a third of the given one."""
        return int(microseconds * (0.67 + 0.66 * self.random.random()))

    def play(self) -> list[Segment]:
        """Return the segments of the session."""
        session, connection = self.session, self.connection
        connection.open(session.synack, session.confirm)
        connection.wait(session.banner).send(SERVER, wire_text(GREETING))
        name = MAIL_NAMES[session.client.ip]
        if session.number == 12:
            self.command(f"EHLO {name}\n", FEATURES, think=1_829, acknowledged=29, answer=169)
            self.command("STARTTLS\n", "220 2.0.0 Ready to start TLS\n", think=548, acknowledged=22)
        else:
            self.command(f"EHLO {name}\n", FEATURES)
        mail = MAILS.get(session.number)
        if mail is None:
            if session.number != 12:
                self.command("STARTTLS\n", "220 2.0.0 Ready to start TLS\n")
            self.encrypted()
        else:
            self.deliver(mail)
        self.close()
        return connection.segments

    def command(
        self, text: str, answer_text: str, *, think: int = 0, acknowledged: int = 0, answer: int = 0
    ) -> None:
        """Send a command, its acknowledgement and its answer; durations of 0 are chosen here."""
        connection = self.connection
        connection.wait(think or self.about(900)).send(CLIENT, wire_text(text))
        connection.wait(acknowledged or self.about(24)).acknowledge(SERVER)
        connection.wait(answer or self.about(400)).send(SERVER, wire_text(answer_text))

    def deliver(self, mail: Mail) -> None:
        """Hand over a mail in the clear (RFC 5321)."""
        user = "pat" if self.session.client is PAT else "alex"
        self.command(f"MAIL FROM:<{user}@domex.example>\n", "250 2.1.0 Ok\n")
        self.command(f"RCPT TO:<{mail.recipient}>\n", "250 2.1.5 Ok\n")
        self.command("DATA\n", "354 End data with <CR><LF>.<CR><LF>\n")
        content = wire_text(message(mail, user, self.session)) + b".\r\n"
        self.upload(content)
        queue_id = opaque(f"queue {self.session.number}", 5).hex().upper()
        self.connection.wait(self.about(21_000)).send(
            SERVER, wire_text(f"250 2.0.0 Ok: queued as {queue_id}\n")
        )
        self.command("QUIT\n", "221 2.0.0 Bye\n")

    def upload(self, content: bytes) -> None:
        """Send data of any length; the server acknowledges each segment."""
        pieces = [content[i : i + SEGMENT_SIZE] for i in range(0, len(content), SEGMENT_SIZE)]
        for number, piece in enumerate(pieces, 1):
            self.connection.wait(self.about(1_100 if number == 1 else 140)).send(CLIENT, piece)
            self.connection.wait(self.about(30)).acknowledge(SERVER)

    def encrypted(self) -> None:
        """Exchange the TLS records; each flight is one segment."""
        for side, records in flights(f"session {self.session.number}"):
            self.connection.wait(self.about(1_700 if side == CLIENT else 2_400)).send(side, records)
            if side == CLIENT:
                self.connection.wait(self.about(26)).acknowledge(SERVER)

    def close(self) -> None:
        """The server closes first."""
        connection, last = self.connection, self.session.last
        connection.wait(self.about(90)).finish(SERVER)
        connection.at(microseconds(last) if last else connection.now + self.about(480)).finish(CLIENT)
        connection.wait(self.session.last_ack).acknowledge(SERVER)


def wire_text(text: str) -> bytes:
    """Return text with the line ends of the wire."""
    return text.replace("\n", "\r\n").encode()


def message(mail: Mail, user: str, session: Session) -> str:
    """Return the headers and the body of a mail, a MIME message if it has an attachment (RFC 2045)."""
    name, number = user.capitalize(), session.number
    date = formatdate(int(float(session.start)))
    headers = (
        f"From: {name} <{user}@domex.example>\nTo: <{mail.recipient}>\nSubject: {mail.subject}\n"
        f"Date: {date}\nMessage-ID: <2009{number:04d}@domex.example>\nX-Mailer: Letterbox 2.1\n"
        "MIME-Version: 1.0\n"
    )
    if not mail.attachment:
        return f'{headers}Content-Type: text/plain; charset="us-ascii"\n\n{mail.text}\n'
    border = f"----=_Part_{number:03d}"
    file = encodebytes(picture(mail.subject, mail.attachment)).decode()
    return (
        f'{headers}Content-Type: multipart/mixed; boundary="{border}"\n\n'
        f'--{border}\nContent-Type: text/plain; charset="us-ascii"\n\n{mail.text}\n'
        f'--{border}\nContent-Type: image/gif; name="image{number}.gif"\n'
        f"Content-Transfer-Encoding: base64\n\n{file}--{border}--\n"
    )


def mails() -> list[Segment]:
    """Return the segments of all sessions."""
    return [segment for session in SESSIONS for segment in Dialogue(session).play()]
