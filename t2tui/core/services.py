"""Names of services by port: the built-in table (``services.tsv``) and files of the user's."""

import errno
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

BUILTIN = Path(__file__).with_name("services.tsv")
"""Facts from IANA's registry of service names and Debian's /etc/services."""

LONGEST_NAME = 63
"""Bytes of a name that are kept."""


@dataclass(frozen=True, slots=True)
class Services:
    """Names by port number.

    Attributes:
        tcp: names of TCP ports.
        udp: names of UDP ports.
    """

    tcp: dict[int, bytes] = field(default_factory=dict)
    udp: dict[int, bytes] = field(default_factory=dict)


@cache
def builtin_services() -> Services:
    """Return the built-in table."""
    return read_services(BUILTIN)


def read_services(path: Path) -> Services:
    """Read a file of port names.

    Lines are ``PORT<TAB>tcp|udp<TAB>NAME...``; the name ends at white space and is cut at LONGEST_NAME
    bytes, the first line of a port and protocol counts. Empty lines, those that begin with ``#`` and those
    of other protocols are passed over.

    Raises:
        OSError: the file cannot be read, or has a line of another form.
    """
    try:
        return _parsed(path.read_bytes().splitlines())
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error), str(path)) from error


def _parsed(lines: Iterable[bytes]) -> Services:
    services = Services()
    names_of = {b"tcp": services.tcp, b"udp": services.udp}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        port, _, rest = line.partition(b"\t")
        protocol, _, text = rest.partition(b"\t")
        name = text.split()
        if not port.isdigit() or len(port) > 5 or int(port) > 0xFFFF or not protocol or not name:
            raise ValueError(f"line {number}: expected a port, a tab, tcp or udp, a tab and a name")
        names = names_of.get(protocol.strip().lower())
        if names is not None:
            names.setdefault(int(port), name[0][:LONGEST_NAME])
    return services
