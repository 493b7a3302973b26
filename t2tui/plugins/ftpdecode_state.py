"""What ftpDecode knows about connections while they live (docs/ftpdecode.md)."""

from collections import Counter
from dataclasses import dataclass, field
from enum import IntFlag
from typing import NamedTuple

import numpy as np

from t2tui.plugins.ftpdecode_messages import BITS, TRANSFERS, WITH_PARAMETER, Address, Command, Reply

CONTROL_PORT, DATA_PORT = 21, 20

PORTS = 1 << 16


class Stat(IntFlag):
    """Bits of ftpStat (bits.tsv)."""

    INIT = 0x01
    PPRNT = 0x02
    PPWF = 0x04
    APRNT = 0x08
    HSHMFLL = 0x10
    PPWFERR = 0x20
    NDFLW = 0x40
    OVFL = 0x80


class Limits(NamedTuple):
    """How much is kept: bytes of texts, and members of lists."""

    user: int
    password: int
    parameter: int
    links: int
    users: int
    passwords: int
    names: int
    aggregates: bool


def _keep(texts: list[bytes], text: bytes, longest: int, most: int) -> bool:
    """Append a text; return whether it was cut or left out."""
    if len(texts) >= most:
        return True
    texts.append(text[:longest])
    return len(text) > longest


@dataclass
class Linked:
    """A connection of two directions, and those that belong to it.

    Attributes:
        index: its flowInd.
        slots: its flows.
        links: flowInd of the connections that belong to it.
        first_sequences: by slot, TCP sequence number of the first byte, where its SYN was seen.
    """

    index: int
    slots: list[int] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    first_sequences: dict[int, int] = field(default_factory=dict)

    def link(self, index: int, limits: Limits) -> bool:
        """Note a connection that belongs to this one; return whether the list is full."""
        if index in self.links:
            return False
        if len(self.links) >= limits.links:
            return True
        self.links.append(index)
        return False


@dataclass
class Control(Linked):
    """A control connection.

    Attributes:
        transfer: the data connection that was announced last.
        last_parameter: of the client's commands.
        announced_name: of the server's last reply 125 or 150.
    """

    transfer: "Transfer | None" = None
    last_parameter: bytes = b""
    announced_name: bytes = b""

    @property
    def file_name(self) -> bytes:
        """What a data connection is named after."""
        return self.last_parameter or self.announced_name


@dataclass
class Data(Linked):
    """A data connection, linked or not yet.

    Attributes:
        control: that announced it.
        name: of the file.
        length: announced.
    """

    control: Control = field(kw_only=True)
    name: bytes = b""
    length: int | None = None


@dataclass
class Side:
    """One direction of a control connection.

    Attributes:
        slot: of the flow.
        control: the connection.
        is_server: it answers.
        commands: names.
        bits: of the commands, as in ftpCBF.
        codes: of replies.
        users: names.
        passwords: as they were sent.
        parameters: of commands and replies.
        length: announced last.
        transfer_length: announced since the last transfer began.
    """

    slot: int
    control: Control
    is_server: bool
    commands: list[bytes] = field(default_factory=list)
    bits: int = 0
    codes: list[int] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)
    parameters: list[bytes] = field(default_factory=list)
    length: int | None = None
    transfer_length: int | None = None

    def command(self, message: Command, limits: Limits) -> bool:
        """Keep a command; return whether something did not fit."""
        self.bits |= 1 << BITS[message.name]
        is_full = False
        if not (limits.aggregates and message.name in self.commands):
            is_full = _keep(self.commands, message.name, len(message.name), limits.names)
        if message.name == b"USER":
            is_full |= _keep(self.users, message.argument, limits.user, limits.users)
        elif message.name == b"PASS":
            is_full |= _keep(self.passwords, message.argument, limits.password, limits.passwords)
        elif message.name in WITH_PARAMETER and message.argument:
            self.control.last_parameter = message.argument
            is_full |= self._parameter(message.argument, limits)
        return is_full

    def reply(self, message: Reply, limits: Limits) -> bool:
        """Keep a reply; return whether something did not fit."""
        is_full = False
        if message.code is not None and not (limits.aggregates and message.code in self.codes):
            is_full = len(self.codes) >= limits.names
            if not is_full:
                self.codes.append(message.code)
        if message.length is not None:
            self.length = self.transfer_length = message.length
        if message.code in TRANSFERS:
            self.control.announced_name = message.parameter
        if message.parameter:
            is_full |= self._parameter(message.parameter, limits)
        return is_full

    def _parameter(self, text: bytes, limits: Limits) -> bool:
        """Keep a parameter, unless an earlier one begins with it."""
        cut = text[: limits.parameter]
        if any(earlier.startswith(cut) for earlier in self.parameters):
            return len(text) > limits.parameter
        return _keep(self.parameters, text, limits.parameter, limits.names)


Place = tuple[Address, Address, int]
"""Who asks whom at which port."""


@dataclass
class Transfer:
    """A data connection that was announced.

    Attributes:
        control: where it was announced.
        places: where it may come.
        data: it, as soon as it has come.
        has_begun: reply 125 or 150 came.
        length: of the file, announced.
    """

    control: Control
    places: frozenset[Place]
    data: Data | None = None
    has_begun: bool = False
    length: int | None = None


class Announcements:
    """Announced data connections by place, the last one of each control connection.

    Attributes:
        expected: bool by port; false: no announcement has it.
    """

    def __init__(self, most: int) -> None:
        """Begin without any.

        Args:
            most: places that are kept.
        """
        self.expected = np.zeros(PORTS, np.bool_)
        self._most = most
        self._transfers: dict[Place, Transfer] = {}
        self._ports: Counter[int] = Counter()

    def expect(self, port: int) -> None:
        """Look out for a port that is about to be announced."""
        self.expected[port] = True

    def add(self, transfer: Transfer) -> bool:
        """Keep an announcement in place of its connection's last one; return whether there was room."""
        control = transfer.control
        if control.transfer is not None:
            self.drop(control.transfer)
        if len(self._transfers) + len(transfer.places) > self._most:
            return False
        control.transfer = transfer
        for place in transfer.places:
            if place not in self._transfers:
                self._ports[place[2]] += 1
            self._transfers[place] = transfer
            self.expected[place[2]] = True
        return True

    def find(self, *places: Place) -> Transfer | None:
        """Return what was announced at one of some places."""
        found = (self._transfers.get(place) for place in places)
        return next((transfer for transfer in found if transfer is not None), None)

    def drop(self, transfer: Transfer) -> None:
        """Forget an announcement."""
        for place in transfer.places:
            if self._transfers.get(place) is transfer:
                del self._transfers[place]
                self._ports[place[2]] -= 1
                if self._ports[place[2]] == 0:
                    del self._ports[place[2]]
                    self.expected[place[2]] = False
        if transfer.control.transfer is transfer:
            transfer.control.transfer = None
