"""ftpDecode: dialogues of FTP, and the data connections that belong to them (docs/ftpdecode.md)."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.figures import amount, share
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import FRAG_LATER, KIND_LAYER2
from t2tui.core.outputs import OutputError
from t2tui.core.payload.folder import Folder
from t2tui.core.report import wrn
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.ftpdecode_files import Saver, safe_name
from t2tui.plugins.ftpdecode_lists import NumberLists, TextLists
from t2tui.plugins.ftpdecode_messages import (
    LARGEST,
    LONGEST,
    TRANSFERS,
    Address,
    Command,
    Place,
    Reply,
    parse_command,
    parse_reply,
)
from t2tui.plugins.ftpdecode_state import (
    CONTROL_PORT,
    DATA_PORT,
    Announcements,
    Control,
    Data,
    Limits,
    Linked,
    Side,
    Stat,
    Transfer,
)

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

TCP, SCTP = 6, 132
SYN = 0x02

NOTHING, CONTROL, DATA = range(3)
"""What a flow is to this plugin."""

REGISTERED = 1024
"""Data connections have a port above, or DATA_PORT."""

LONGEST_SUFFIX = len("_18446744073709551615_A")


def _ends(flow: np.void) -> tuple[Address, Address]:
    """Return source and destination of a flow."""
    kind = int(flow["kind"])
    return (kind, int(flow["srcHi"]), int(flow["srcLo"])), (kind, int(flow["dstHi"]), int(flow["dstLo"]))


def _limit(name: str, default: int, help_: str, maximum: int = 255) -> Flag:
    return Flag(name, default, help=help_, minimum=1, maximum=maximum)


class FtpDecode(Plugin):
    """Commands, users, passwords and parameters of FTP, replies, and links to data connections.

    Attributes:
        stats: ftpStat by slot.
    """

    name = "ftpDecode"
    number = 301
    summary = "dialogues of FTP: commands, users, passwords, files, replies, links to data connections"
    flags = (
        Flag("FTP_SAVE", 0, help="save control and data connections as files", choices=(0, 1)),
        Flag("FTP_CMD_AGGR", 1, help="list each command and reply code once", choices=(0, 1)),
        Flag("FTP_BTFLD", 0, help="column ftpCBF: commands as bits", choices=(0, 1)),
        _limit("FTP_UXNMLN", 10, "characters kept of a user's name", LONGEST),
        _limit("FTP_PXNMLN", 15, "characters kept of a password", LONGEST),
        _limit("FTP_MXNMLN", 50, "characters kept of a parameter and of a file's name", 200),
        _limit("FTP_MAXCPFI", 10, "linked flows that are listed"),
        _limit("FTP_MAXUNM", 5, "users that are listed"),
        _limit("FTP_MAXPNM", 5, "passwords that are listed"),
        _limit("FTP_MAXCNM", 20, "commands, reply codes and parameters that are listed"),
        Flag(
            "FTP_RMDIR",
            1,
            help="remove what earlier runs wrote into the folder",
            choices=(0, 1),
            runtime=True,
        ),
        Flag("FTP_F_PATH", "/tmp/FTPFILES/", help="folder of the files", runtime=True),
        Flag(
            "FTP_FOREIGN",
            0,
            help="use a folder that holds files of others, which stay as they are",
            choices=(0, 1),
            runtime=True,
        ),
        Flag(
            "FTP_NONAME",
            "nudel",
            help="name of data without file name",
            runtime=True,
            pattern=r"[A-Za-z0-9_+=@-][A-Za-z0-9._+=@-]{0,199}",
            meaning="at most 200 letters, digits and ._+=@-, no point or dash first",
        ),
    )

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        self._held = ExitStack()
        self._saver: Saver | None = None

    def start(self, run: Run) -> None:
        """Allocate the records; take the folder over where files are saved.

        Raises:
            OutputError: the folder cannot be used.
        """
        super().start(run)
        s, slots = self.settings, run.slots
        self._limits = Limits(
            s.FTP_UXNMLN, s.FTP_PXNMLN, s.FTP_MXNMLN, s.FTP_MAXCPFI, s.FTP_MAXUNM, s.FTP_MAXPNM, s.FTP_MAXCNM,
            aggregates=bool(s.FTP_CMD_AGGR),
        )  # fmt: skip
        self.stats = np.zeros(slots, np.uint8)
        self._roles = np.zeros(slots, np.uint8)
        self._bits = np.zeros(slots, np.uint64)
        self._announced_length = np.zeros(slots, np.uint32)
        self._data_packets = np.zeros(slots, np.int64)
        self._data_bytes = np.zeros(slots, np.int64)
        self._rows = np.zeros(run.batch_packets if run.packet_mode else 0, np.uint8)
        self._links, self._codes = NumberLists(slots, np.uint64), NumberLists(slots, np.uint16)
        self._commands, self._users, self._passwords, self._parameters = (TextLists(slots) for _ in range(4))
        self._lists = (
            self._links,
            self._codes,
            self._commands,
            self._users,
            self._passwords,
            self._parameters,
        )
        self._grown = 0
        self._sides: dict[int, Side] = {}  # control flows by slot
        self._data: dict[int, Data] = {}  # data flows by slot
        self._announcements = Announcements(slots)
        self._changes: list[tuple[int, int, int]] = []  # row, slot, bits that were set there
        self._aggregate = self._control_packets = self._total_packets = self._total_bytes = 0
        if s.FTP_SAVE:
            self._claim(run)

    def _claim(self, run: Run) -> None:
        s = self.settings
        if not s.FTP_F_PATH:
            raise OutputError("FTP files", "FTP_F_PATH is empty; name a folder")
        empty, shared = bool(s.FTP_RMDIR), bool(s.FTP_FOREIGN)
        folder = Folder.claim(Path(s.FTP_F_PATH), Path(run.outputs.prefix).name, empty=empty, shared=shared)
        self._held.callback(folder.close)
        longest = max(s.FTP_MXNMLN, len(os.fsencode(s.FTP_NONAME))) + LONGEST_SUFFIX
        if longest > folder.longest_name():
            room = folder.longest_name() - LONGEST_SUFFIX
            raise OutputError(f"to '{folder.path}'", f"names may have {room} bytes there; lower FTP_MXNMLN")
        self._saver = Saver(folder)
        self._held.callback(self._saver.abandon)

    # ------------------------------------------------------------------ packets

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Read dialogues, link data connections, save both."""
        new = np.flatnonzero(packets["isNew"])
        if len(new):
            self._clear(packets["flow"][new])
        is_living = bool(self._sides or self._data)
        if is_living or self._has_control_port(packets, new).any():
            self._follow(packets, data, new)
        elif self.run.packet_mode:
            self._rows[self.run.row : self.run.row + len(packets)] = 0

    def _clear(self, slots: NDArray[np.int32]) -> None:
        for by_slot in (self.stats, self._roles, self._bits, self._announced_length):
            by_slot[slots] = 0
        self._data_packets[slots] = self._data_bytes[slots] = 0

    def _has_control_port(self, packets: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        kind, proto = packets["kind"][rows], packets["l4Proto"][rows]
        of_port = (packets["srcPort"][rows] == CONTROL_PORT) | (packets["dstPort"][rows] == CONTROL_PORT)
        has_ports = (kind != KIND_LAYER2) & ((proto == TCP) | (proto == SCTP))
        both: NDArray[np.bool_] = of_port & has_ports
        return both

    def _follow(self, packets: NDArray[Any], data: NDArray[Any], new: NDArray[np.int64]) -> None:
        """Look at control connections, data connections, and new flows that may be one."""
        flow = packets["flow"]
        is_control = self._has_control_port(packets, new)
        for row in new[is_control].tolist():
            self._begin_control(int(flow[row]))
        before = np.where(flow >= 0, self.stats[flow], 0)
        rows = np.flatnonzero((flow >= 0) & (self._roles[flow] == CONTROL))
        self._control_packets += len(rows)
        has_text = (packets["snapL7Len"][rows] > 0) & (packets["frag"][rows] & FRAG_LATER == 0)
        messages = self._read(packets, data, rows[has_text])
        candidates = self._candidates(packets, new[~is_control])
        self._changes.clear()
        for row in sorted([*messages, *candidates]):
            if row in messages:
                self._take(row, int(flow[row]), messages[row])
            else:
                self._begin_data(row, int(flow[row]))
        of_data = np.flatnonzero((flow >= 0) & (self._roles[flow] == DATA))
        np.add.at(self._data_packets, flow[of_data], 1)
        np.add.at(self._data_bytes, flow[of_data], packets["l7Len"][of_data].astype(np.int64))
        if self._saver is not None:
            self._save(self._saver, packets, data, np.sort(np.concatenate((rows, of_data))))
        if self.run.packet_mode:
            self._show(flow, before)

    def _read(
        self, packets: NDArray[Any], data: NDArray[Any], rows: NDArray[np.int64]
    ) -> dict[int, Command | Reply]:
        """Parse the payload of control packets; the ports that they announce are looked out for."""
        starts = packets["base"][rows] + packets["l7"][rows]
        lengths = np.minimum(packets["snapL7Len"][rows].astype(np.int64), LONGEST)
        is_reply = packets["flowStat"][rows] & np.uint64(L3FLOWINVERT) != 0
        messages: dict[int, Command | Reply] = {}
        columns = (rows.tolist(), starts.tolist(), lengths.tolist(), is_reply.tolist())
        for row, start, length, of_server in zip(*columns, strict=True):
            payload = data[max(start, 0) : start + length].tobytes()
            message: Command | Reply | None = parse_reply(payload) if of_server else parse_command(payload)
            if message is None:
                continue
            if message.place is not None:
                self._announcements.expect(message.place.port)
            messages[row] = message
        return messages

    def _candidates(self, packets: NDArray[Any], new: NDArray[np.int64]) -> list[int]:
        """Return the packets whose new flow may be a data connection: by its port or its other side."""
        proto, kind = packets["l4Proto"][new], packets["kind"][new]
        source, target = packets["srcPort"][new], packets["dstPort"][new]
        wide = (source > REGISTERED) | (target > REGISTERED) | (source == DATA_PORT) | (target == DATA_PORT)
        expected = self._announcements.expected
        is_expected = expected[source] | expected[target]
        opposite = self.run.flows.records["opposite"][packets["flow"][new]]
        is_mate = (opposite >= 0) & (self._roles[opposite] == DATA)
        wanted = (kind != KIND_LAYER2) & (proto == TCP) & wide & (is_expected | is_mate)
        rows: list[int] = new[wanted].tolist()
        return rows

    # ------------------------------------------------------------------ control connections

    def _begin_control(self, slot: int) -> None:
        flow = self.run.flows.records[slot]
        opposite = int(flow["opposite"])
        mate = self._sides.get(opposite)
        control = Control(int(flow["flowInd"])) if mate is None else mate.control
        is_server = bool(int(flow["flowStat"]) & L3FLOWINVERT)
        self._sides[slot] = Side(slot, control, is_server)
        control.slots.append(slot)
        self._roles[slot] = CONTROL
        self.stats[slot] = Stat.INIT

    def _mark(self, row: int, slot: int, bits: int) -> None:
        """Set bits of the status of a flow, from a packet on."""
        if bits & ~int(self.stats[slot]):
            self.stats[slot] |= np.uint8(bits)
            self._changes.append((row, slot, bits))

    def _take(self, row: int, slot: int, message: Command | Reply) -> None:
        """Keep what a message says."""
        side = self._sides[slot]
        if isinstance(message, Command):
            is_full = side.command(message, self._limits)
        else:
            is_full = side.reply(message, self._limits)
        if is_full:
            self._mark(row, slot, Stat.OVFL)
        if message.place is not None:
            self._announce(row, side, message.place)
        if isinstance(message, Reply) and message.code in TRANSFERS:
            self._begin_transfer(row, side)

    def _announce(self, row: int, side: Side, place: Place) -> None:
        """Look out for a data connection from the other host, to what this one announced or to itself."""
        sender, receiver = _ends(self.run.flows.records[side.slot])
        places = {(receiver, sender, place.port), (receiver, place.address or sender, place.port)}
        is_kept = self._announcements.add(Transfer(side.control, frozenset(places)))
        self._mark(row, side.slot, Stat.APRNT if is_kept else Stat.HSHMFLL)

    def _begin_transfer(self, row: int, side: Side) -> None:
        """Link the data connection that was announced last."""
        transfer = side.control.transfer
        if transfer is None:
            return
        transfer.has_begun = True
        transfer.length, side.transfer_length = side.transfer_length, None
        if transfer.data is None:
            self._mark(row, side.slot, Stat.NDFLW)
        else:
            self._link(row, transfer, transfer.data)

    def _link(self, row: int, transfer: Transfer, data: Data) -> None:
        """Tell both connections of each other."""
        control = transfer.control
        data.name, data.length = control.file_name, transfer.length
        is_full = control.link(data.index, self._limits)
        data.link(control.index, self._limits)
        is_long = len(data.name) > self._limits.parameter
        for slot in data.slots:
            self._mark(row, slot, Stat.PPRNT | (Stat.OVFL if is_long else 0))
        for slot in control.slots if is_full else ():
            self._mark(row, slot, Stat.OVFL)
        self._announcements.drop(transfer)

    # ------------------------------------------------------------------ data connections

    def _begin_data(self, row: int, slot: int) -> None:
        """Remember a new flow if it is the data connection of an announcement, or its other side."""
        flow = self.run.flows.records[slot]
        mate = self._data.get(int(flow["opposite"]))
        if mate is not None:
            self._data[slot] = mate
            mate.slots.append(slot)
            self._roles[slot] = DATA
            if mate.links:
                is_long = len(mate.name) > self._limits.parameter
                self._mark(row, slot, Stat.PPRNT | (Stat.OVFL if is_long else 0))
            return
        source, target = _ends(flow)
        transfer = self._announcements.find(
            (source, target, int(flow["dstPort"])), (target, source, int(flow["srcPort"]))
        )
        if transfer is None or transfer.data is not None:
            return
        data = transfer.data = Data(int(flow["flowInd"]), [slot], control=transfer.control)
        self._data[slot] = data
        self._roles[slot] = DATA
        if transfer.has_begun:
            self._link(row, transfer, data)

    # ------------------------------------------------------------------ files

    def _save(self, saver: Saver, packets: NDArray[Any], data: NDArray[Any], rows: NDArray[np.int64]) -> None:
        """Write the payload of connections, each direction into its own file."""
        rows = rows[(packets["l4Proto"][rows] == TCP) & (packets["frag"][rows] & FRAG_LATER == 0)]
        starts = packets["base"][rows] + packets["l7"][rows]
        names = ("flow", "seq", "tcpFlags", "flowInd", "flowStat", "snapL7Len")
        columns = (packets[name][rows].tolist() for name in names)
        for row, start, slot, sequence, flags, index, status, length in zip(
            rows.tolist(), starts.tolist(), *columns, strict=True
        ):
            if flags & SYN:
                sequence = (sequence + 1) & 0xFFFFFFFF  # a SYN has a sequence number of its own
                linked = self._data.get(slot) or self._sides[slot].control
                linked.first_sequences.setdefault(slot, sequence)
            if length == 0 or start < 0 or start + length > len(data):
                continue
            if slot not in saver.streams:
                self._open(saver, row, slot, sequence, f"{index}_{'B' if status & L3FLOWINVERT else 'A'}")
            saver.add(slot, sequence, start, length)
            transferred = self._data.get(slot)
            if (
                transferred is not None
                and transferred.length
                and saver.streams[slot].end > transferred.length
            ):
                self._mark(row, slot, Stat.PPWF)
        saver.write(data)

    def _open(self, saver: Saver, row: int, slot: int, sequence: int, flow: str) -> None:
        """Make the file of a flow."""
        data = self._data.get(slot)
        linked: Linked
        if data is None:
            linked = self._sides[slot].control
            name = f"ftp_flow_{flow}.txt"
        else:
            linked = data
            parameter = data.name if data.links else data.control.file_name
            if len(parameter) > self._limits.parameter:
                self._mark(row, slot, Stat.OVFL)
            name = f"{safe_name(parameter, self._limits.parameter) or self.settings.FTP_NONAME}_{flow}"
        begin = linked.first_sequences.get(slot, sequence)
        if not saver.open(slot, name, begin, is_data=data is not None):
            self._mark(row, slot, Stat.PPWFERR)

    # ------------------------------------------------------------------ columns and report

    def _show(self, flow: NDArray[np.int32], before: NDArray[np.uint8]) -> None:
        """Note the status of the flows after each packet of the batch."""
        shown = before
        for row, slot, bits in self._changes:
            shown[row:][flow[row:] == slot] |= np.uint8(bits)
        self._rows[self.run.row : self.run.row + len(shown)] = shown

    def on_released(self, slots: NDArray[Any]) -> None:
        """Write the lists of flows that ended."""
        roles = self._roles[slots]
        self._aggregate |= int(np.bitwise_or.reduce(self.stats[slots], initial=0))
        for lists in self._lists:
            lists.clear(slots)
        for slot in slots[roles == CONTROL].tolist():
            side = self._sides.pop(slot)
            self._bits[slot] = side.bits
            self._announced_length[slot] = min(side.length or 0, LARGEST)
            self._links.put(slot, side.control.links)
            self._codes.put(slot, side.codes)
            self._commands.put(slot, side.commands)
            self._users.put(slot, side.users)
            self._passwords.put(slot, side.passwords)
            self._parameters.put(slot, side.parameters)
            if side.control.transfer is not None:
                self._announcements.drop(side.control.transfer)
        for slot in slots[roles == DATA].tolist():
            data = self._data.pop(slot)
            if data.links:
                self._links.put(slot, data.links)
                self._parameters.put(slot, [data.name[: self._limits.parameter]] if data.name else [])
                self._total_packets += int(self._data_packets[slot])
                self._total_bytes += int(self._data_bytes[slot])
            transfer = data.control.transfer
            if transfer is not None and transfer.data is data:
                self._announcements.drop(transfer)
        if self._saver is not None:
            for slot in slots[roles != NOTHING].tolist():
                self._saver.end(slot)
        grown = sum(lists.grown for lists in self._lists)
        if grown != self._grown:
            self._grown = grown
            self.run.columns_changed += 1

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""

        def number(values: NDArray[Any]) -> Field:
            return Field(Code.UINT, values, by="slot")

        fields = {
            "ftpStat": Field(Code.HEX, self.stats, by="slot"),
            "ftpCDFindex": self._links.field(),
            "ftpCBF": Field(Code.HEX, self._bits, by="slot"),
            "ftpCC": self._commands.field(Code.BARE),
            "ftpRC": self._codes.field(),
            "ftpNumUser": number(self._users.count),
            "ftpUser": self._users.field(Code.STRING),
            "ftpNumPass": number(self._passwords.count),
            "ftpPass": self._passwords.field(Code.STRING),
            "ftpNumCP": number(self._parameters.count),
            "ftpCP": self._parameters.field(Code.STRING),
            "ftpPLen": number(self._announced_length),
        }
        if not self.settings.FTP_BTFLD:
            del fields["ftpCBF"]
        return self.paired("flows", fields)

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return the status of the flow after the packet."""
        return self.paired("packets", {"ftpStat": Field(Code.HEX, self._rows)})

    def report(self) -> Iterator[str]:
        """Yield status, packets and bytes of control and data connections, number of files."""
        run = self.run
        if self._aggregate:
            yield f"Aggregated ftpStat=0x{self._aggregate:02x}"
        for name, value, total in (
            ("FTP control packets", self._control_packets, run.packets),
            ("FTP-DATA packets", self._total_packets, run.packets),
            ("FTP-DATA bytes", self._total_bytes, run.bytes),
        ):
            if value:
                yield f"Number of {name}: {share(value, total)}"
        if self._saver is not None:
            if self._saver.data_files:
                yield f"Number of files extracted: {amount(self._saver.data_files)}"
            if self._saver.refusal:
                yield wrn(self._saver.refusal)

    def finish(self) -> None:
        """Close all files."""
        if self._saver is not None:
            self._saver.close()
        self._held.close()

    def abandon(self) -> None:
        """Close all files."""
        self._held.close()
