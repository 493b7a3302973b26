"""payloadDumper: the payload of flows, one file per direction (docs/payloaddumper.md)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.engine import Engine, RunOptions
from t2tui.core.figures import share
from t2tui.core.outputs import OutputError, Outputs, output_prefix
from t2tui.core.payload.files import PayloadFiles
from t2tui.core.payload.folder import Folder
from t2tui.core.payload.names import LONGEST, Naming, file_names
from t2tui.core.payload.placement import Limits, Placement, wanted_flows, wanted_ports
from t2tui.core.payload.sctp import SctpPlacement
from t2tui.core.report import wrn
from t2tui.core.settings import Flag, SettingsError, Value
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.tcpstates import TcpStates

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

LARGEST_HOLE = 1 << 30
"""Nobody may send further ahead than the largest TCP window (RFC 7323, section 2.3), so a larger jump is no
gap of a capture, but forged, or data from before the first byte whose sequence number wrapped."""

PART_OF_NAME = r"(?!.*\.\.)[^/\x00-\x1f\x7f]*"


def _switch(name: str, default: int, help_: str, *, runtime: bool = False) -> Flag:
    return Flag(name, default, help=help_, choices=(0, 1), runtime=runtime)


def _numbers(name: str, help_: str) -> Flag:
    return Flag(name, (), help=help_, minimum=0, maximum=0xFFFF)


def _part_of_name(name: str, help_: str) -> Flag:
    return Flag(
        name,
        "",
        help=help_,
        runtime=True,
        pattern=PART_OF_NAME,
        meaning="a text without '/', '..' and control characters",
    )


class PayloadDumper(Plugin):
    """Payload of TCP connections, UDP and layer-2 flows, and SCTP streams as files."""

    name = "payloadDumper"
    number = 862
    summary = "payload of flows as files, TCP in the order of its sequence numbers"
    flags = (
        _switch("PLDUMP_L2", 0, "dump layer-2 flows"),
        _switch("PLDUMP_TCP", 1, "dump TCP flows"),
        _switch("PLDUMP_UDP", 1, "dump UDP flows"),
        _switch("PLDUMP_SCTP", 0, "dump streams of SCTP associations"),
        _numbers("PLDUMP_ETHERTYPES", "layer-2 flows of these ethertypes only; empty: all"),
        _numbers("PLDUMP_TCP_PORTS", "TCP flows from or to these ports only; empty: all"),
        _numbers("PLDUMP_UDP_PORTS", "UDP flows from or to these ports only; empty: all"),
        _numbers("PLDUMP_SCTP_PORTS", "SCTP flows from or to these ports only; empty: all"),
        Flag("PLDUMP_MAX_BYTES", 0, help="most bytes of each direction of a flow; 0: all", minimum=0),
        Flag(
            "PLDUMP_START_OFF",
            0,
            help="bytes left out at the start of each layer-2 or UDP payload",
            minimum=0,
        ),
        Flag(
            "PLDUMP_NAMES",
            0,
            help="names: 0 flow index and direction, 1 addresses and ports, 2 the same behind the time",
            choices=(0, 1, 2),
        ),
        _switch("PLDUMP_RMDIR", 1, "remove what earlier runs wrote into the folder", runtime=True),
        Flag("PLDUMP_FOLDER", "/tmp/payloadDumper", help="folder of the files", runtime=True),
        _part_of_name("PLDUMP_PREFIX", "put in front of the names of files"),
        _part_of_name("PLDUMP_SUFFIX", "put behind the names of files"),
        _switch(
            "PLDUMP_FOREIGN",
            0,
            "use a folder that holds files of others, which stay as they are",
            runtime=True,
        ),
        Flag(
            "PLDUMP_MAX_HOLE",
            LARGEST_HOLE,
            help="largest hole that TCP data may leave behind the end of its file, bytes; 0: any, as in T2",
            minimum=0,
        ),
        Flag(
            "PLDUMP_MAX_FILES",
            0,
            help="most files open at a time; 0: as many as the system allows",
            minimum=0,
        ),
    )

    def __init__(self, settings: Any = None, only: Iterable[int] = ()) -> None:
        """Prepare a dump.

        Args:
            settings: values of the flags; defaults without.
            only: indices of the flows to dump, both directions; all without.
        """
        super().__init__(settings)
        self._only = np.array(sorted(only), np.uint64)
        self._held = ExitStack()
        self._aggregate = 0

    def start(self, run: Run) -> None:
        """Take the folder over, allocate the records.

        Raises:
            OutputError: the folder cannot be used, or names would be too long for it.
        """
        super().start(run)
        s = self.settings
        self._naming = Naming(s.PLDUMP_NAMES)
        self._placement = Placement(
            wanted_flows(
                s.PLDUMP_ETHERTYPES if s.PLDUMP_L2 else None,
                s.PLDUMP_TCP_PORTS if s.PLDUMP_TCP else None,
                s.PLDUMP_UDP_PORTS if s.PLDUMP_UDP else None,
            ),
            self._only,
            Limits(bytes=s.PLDUMP_MAX_BYTES, skip=s.PLDUMP_START_OFF, hole=s.PLDUMP_MAX_HOLE),
            run.slots,
            run.batch_packets,
        )
        self._sctp: SctpPlacement | None = None
        if s.PLDUMP_SCTP:
            ports = wanted_ports(s.PLDUMP_SCTP_PORTS)
            self._sctp = SctpPlacement(ports, self._only, s.PLDUMP_MAX_BYTES)
        if not s.PLDUMP_FOLDER:
            raise OutputError("payloads", "PLDUMP_FOLDER is empty; name a folder")
        folder = Folder.claim(
            Path(s.PLDUMP_FOLDER),
            Path(run.outputs.prefix).name,
            empty=bool(s.PLDUMP_RMDIR),
            shared=bool(s.PLDUMP_FOREIGN),
        )
        self._held.callback(folder.close)
        self._folder = folder
        longest = len(os.fsencode(s.PLDUMP_PREFIX + s.PLDUMP_SUFFIX)) + LONGEST[self._naming]
        if longest > folder.longest_name():
            raise OutputError(
                f"payloads to '{folder.path}'",
                f"names may have {folder.longest_name()} bytes there, not {longest}; "
                "shorten PLDUMP_PREFIX and PLDUMP_SUFFIX",
            )
        self._files = PayloadFiles(folder, s.PLDUMP_MAX_FILES)
        self._held.callback(self._files.abandon)

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Make the files that packets begin, and write the payload of all."""
        placement, row = self._placement, self.run.row
        behind = 0
        while behind < len(packets):
            behind = placement.place(packets, behind, row, data)
            opened, first = placement.opened, placement.first_opened
            if len(opened):
                for number in self._files.open(first, self._names(packets[opened])):
                    placement.refuse(packets, int(opened[number - first]), behind, row)
            self._files.write(placement.runs, placement.staged)
        if self._sctp is not None:
            self._dump_sctp(self._sctp, packets, data)

    def _dump_sctp(self, sctp: SctpPlacement, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Make the files of streams that begin, and write their payload."""
        placement = self._placement
        flow_stats, stats = placement.payloads["stat"], placement.stats[self.run.row :]
        first = placement.next_file
        placement.next_file = sctp.place(packets, data, flow_stats, stats, first)
        begun = sctp.begun
        if begun:
            names = file_names(self._naming, packets[[each.packet for each in begun]], self.run.flows.records)
            names = [f"{name}_{each.stream}" for name, each in zip(names, begun, strict=True)]
            for number in self._files.open(first, self._dressed(names)):
                sctp.refuse(packets, begun[number - first], flow_stats, stats)
        self._files.write(sctp.runs, data)

    def _names(self, begun: NDArray[Any]) -> list[str]:
        """Return the names of the files that packets begin."""
        return self._dressed(file_names(self._naming, begun, self.run.flows.records))

    def _dressed(self, names: list[str]) -> list[str]:
        """Put the prefix in front of names and the suffix behind them."""
        prefix, suffix = self.settings.PLDUMP_PREFIX, self.settings.PLDUMP_SUFFIX
        return [f"{prefix}{name}{suffix}" for name in names] if prefix or suffix else names

    def on_released(self, slots: NDArray[Any]) -> None:
        """Close the files of flows that ended."""
        payloads = self._placement.payloads
        self._aggregate |= int(np.bitwise_or.reduce(payloads["stat"][slots]))
        files = payloads["file"][slots]
        self._files.end(files[files > 0].tolist())
        if self._sctp is not None:
            self._files.end(self._sctp.end(slots))

    def flow_fields(self) -> "Columns":
        """Return ``pldStat`` of the flow."""
        return self.paired("flows", {"pldStat": Field(Code.HEX, self._placement.payloads["stat"], by="slot")})

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return ``pldStat`` of the packet."""
        return self.paired("packets", {"pldStat": Field(Code.HEX, self._placement.stats)})

    def report(self) -> Iterator[str]:
        """Yield the status of all flows, the number of files, and what was left out."""
        files, beyond = self._files, self._placement.beyond
        if not self._aggregate:
            return
        yield f"Aggregated pldStat=0x{self._aggregate:02x}"
        if files.opened:
            yield f"Number of non zero content dumped flows: {share(files.opened, self.run.flow_count)}"
        if self._folder.is_nested:
            yield f"Files of this run: '{self._folder.path}'"
        if beyond:
            yield wrn(
                f"{beyond} TCP payloads left out, more than {self.settings.PLDUMP_MAX_HOLE} bytes behind the "
                "end of their file (PLDUMP_MAX_HOLE)"
            )
        if files.refused:
            yield wrn(f"{files.refused} attempts to open a file failed, first {files.first_refused}")

    def monitor(self) -> Iterator[str]:
        """Yield nothing, as the reference."""
        return iter(())

    def finish(self) -> None:
        """Close all files."""
        self._files.close()
        self._held.close()

    def abandon(self) -> None:
        """Close all files."""
        self._held.close()

    @property
    def file_count(self) -> int:
        """Number of files that were made."""
        return self._files.opened


def dump(
    source: str | Sequence[str],
    flows: Iterable[int],
    folder: Path,
    *,
    tcp_states: bool = True,
    hash_factor: int = 1,
    bpf: str | None = None,
    **flags: Value,
) -> int:
    """Dump the payload of chosen flows of a capture.

    A flow has the index that it had in another run if that one had the same captures, ``tcp_states``
    (plugin tcpStates, which ends flows), hash factor and filter.

    Args:
        source: a capture, or the captures of a list.
        flows: their indices; none: all flows.
        folder: where the files go.
        tcp_states: whether flows end by the state of their connection.
        hash_factor: factor of the flow table's size.
        bpf: filter expression.
        flags: flags of payloadDumper. Layer-2 flows are dumped, too, unless PLDUMP_L2 is 0.

    Returns:
        Number of files.

    Raises:
        CaptureError: the capture cannot be read.
        OutputError: the folder cannot be used, or a file cannot be written.
        SettingsError: a flag is unknown or has a value that is not allowed.
    """
    values = {"PLDUMP_L2": 1, **flags, "PLDUMP_FOLDER": str(folder)}
    known = {flag.name: flag for flag in PayloadDumper.flags}
    if unknown := values.keys() - known.keys():
        raise SettingsError(f"unknown flag of payloadDumper: {', '.join(sorted(unknown))}")
    checked = {name: flag.check(values.get(name, flag.default)) for name, flag in known.items()}
    dumper = PayloadDumper(SimpleNamespace(**checked), flows)
    plugins = [TcpStates(), dumper] if tcp_states else [dumper]
    options = RunOptions(hash_factor=hash_factor, bpf=bpf)
    outputs = Outputs(output_prefix(source if isinstance(source, str) else source[0]))
    Engine(source, options, outputs, plugins).run()
    return dumper.file_count
