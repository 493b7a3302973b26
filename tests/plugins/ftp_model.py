"""ftpDecode written down plainly for one control connection: lists of what its lines say, and files."""

from dataclasses import dataclass, field

_COMMANDS = """
    ABOR ACCT ADAT ALLO APPE AUTH CCC CDUP CONF CWD DELE ENC EPRT EPSV FEAT HELP LANG LIST LPRT LPSV MDTM
    MIC MKD MLSD MLST MODE NLST NOOP OPTS PASS PASV PBSZ PORT PROT PWD QUIT REIN REST RETR RMD RNFR RNTO
    SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER XCUP XMKD XPWD XRCP XRMD XRSQ XSEM XSEN CLNT
"""
COMMANDS = _COMMANDS.split()
NAMED = """
    APPE CWD DELE EPRT FEAT LIST MDTM MKD MLSD MLST NLST PORT RETR RMD RNFR RNTO SIZE SMNT STOR STOU TYPE
    XMKD XRMD
"""


@dataclass
class Lines:
    """What the payloads of one direction say."""

    commands: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    length: int = 0

    def parameter(self, text: str) -> None:
        text = text.strip()[:50]
        if text and not [earlier for earlier in self.parameters if earlier[: len(text)] == text]:
            self.parameters.append(text)

    def of_client(self, payload: str) -> None:
        line = payload.splitlines()[0] if payload else ""
        words = line.split(" ")
        name, value = words[0][:1].upper() + words[0][1:], " ".join(words[1:]).strip()
        if name not in COMMANDS:
            return
        if name not in self.commands:
            self.commands.append(name)
        if name == "USER":
            self.users.append(value[:10])
        elif name == "PASS":
            self.passwords.append(value[:15])
        elif name in NAMED.split():
            self.parameter(value)

    def of_server(self, payload: str) -> None:
        line = payload.splitlines()[0] if payload else ""
        code, text = line[:3], line[4:].strip()
        if not (len(code) == 3 and code.isdecimal()):
            return
        if code not in self.codes:
            self.codes.append(code)
        if code == "213" and text.isdecimal() and len(text) < 14:
            self.length = int(text)
        if code == "215":
            self.parameter(text)
        if code in ("125", "150"):
            if "for " in text:
                self.parameter(text[text.index("for ") + 4 :].split("(")[0])
            digits = "".join(text.split("(")[1:2]).split(" ")[0]
            if digits.isdecimal():
                self.length = int(digits)

    def columns(self) -> dict[str, str]:
        """The flow columns, with lists cut as the flags say by default."""

        def quoted(texts: list[str], most: int) -> str:
            escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts[:most])
            return ";".join(f'"{text}"' for text in escaped)

        return {
            "ftpCC": ";".join(self.commands[:20]),
            "ftpRC": ";".join(self.codes[:20]),
            "ftpNumUser": str(min(len(self.users), 5)),
            "ftpUser": quoted(self.users, 5),
            "ftpNumPass": str(min(len(self.passwords), 5)),
            "ftpPass": quoted(self.passwords, 5),
            "ftpNumCP": str(min(len(self.parameters), 20)),
            "ftpCP": quoted(self.parameters, 20),
            "ftpPLen": str(min(self.length, 2**32 - 1)),
        }


def assembled(segments: list[tuple[int, bytes]], first: int) -> bytes:
    """Bytes by their sequence numbers, later segments over earlier ones, holes as zeros."""
    stream = bytearray()
    for sequence, payload in segments:
        offset = (sequence - first) % 2**32
        stream[len(stream) :] = bytes(max(offset - len(stream), 0))
        stream[offset : offset + len(payload)] = payload
    return bytes(stream)
