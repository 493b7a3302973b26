"""txtSink: the flow file and the header file that describes its columns (docs/files.md)."""

import gzip
import os
import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

import t2tui
from t2tui.core.figures import date
from t2tui.core.lines import Lines
from t2tui.core.report import MIRRORED, core_modes
from t2tui.core.settings import Flag
from t2tui.core.text.escape import escape_string
from t2tui.plugins.base import Plugin, Run, Split

if TYPE_CHECKING:
    from t2tui.core.outputs import Outputs

LINE_FEED = 0x0A

NO_PAYLOAD = np.zeros(0, np.uint8)
"""Flow columns show no bytes of the capture."""


class TxtSink(Plugin):
    """One line of text per flow."""

    name = "txtSink"
    number = 901
    summary = "flow file PREFIX_flows.txt and its description PREFIX_headers.txt"
    flags = (
        Flag("TFS_SPLIT", 1, help="honour option -W", choices=(0, 1)),
        Flag("TFS_PRI_HDR", 1, help="column names in the first line of the flow file", choices=(0, 1)),
        Flag("TFS_HDR_FILE", 1, help="write the header file", choices=(0, 1)),
        Flag("TFS_PRI_HDR_FW", 0, help="column names in every file of -W", choices=(0, 1)),
        Flag("TFS_GZ_COMPRESS", 0, help="compress the flow file", choices=(0, 1)),
        Flag("TFS_FLOWS_TXT_SUFFIX", "_flows.txt", help="suffix of the flow file", runtime=True),
        Flag("TFS_HEADER_SUFFIX", "_headers.txt", help="suffix of the header file", runtime=True),
    )

    def start(self, run: Run) -> None:
        """Open the files; the columns are asked for when every plugin has started."""
        super().start(run)
        settings = self.settings
        self._lines: Lines | None = None
        self._flows = FlowFile(
            run.outputs,
            settings.TFS_FLOWS_TXT_SUFFIX,
            run.split if settings.TFS_SPLIT else None,
            compress=bool(settings.TFS_GZ_COMPRESS),
        )
        if settings.TFS_HDR_FILE:
            self._description = run.outputs.open(settings.TFS_HEADER_SUFFIX)

    def _begin(self) -> Lines:
        """Write what stands before the first flow."""
        run, settings = self.run, self.settings
        columns = run.flow_columns()
        if settings.TFS_PRI_HDR:
            names = "\t".join(run.names(column) for column, _ in columns)
            self._flows.begin(f"%{names}\n".encode(), every=bool(settings.TFS_PRI_HDR_FW))
        if settings.TFS_HDR_FILE:
            lines = [*_banner(run)]
            lines += (
                f"{number}\t{column.type}\t{run.names(column)}\t{column.header}"
                for number, (column, _) in enumerate(columns, 1)
            )
            with self._description as file:
                file.write("".join(f"{line}\n" for line in lines).encode())
        return Lines(run, lambda: [field for _, field in run.flow_columns()])

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Write the flows."""
        if self._lines is None:
            self._lines = self._begin()
        for text in self._lines.writer().chunks((0, len(slots)), slots, NO_PAYLOAD):
            self._flows.write(text)

    def finish(self) -> None:
        """Close the flow file; a run without flows has files, too."""
        if self._lines is None:
            self._lines = self._begin()
        self._flows.close()


def _banner(run: Run) -> Iterator[str]:
    """Yield the comment lines in front of the column descriptions."""
    seconds, rest = divmod(run.started, 10**9)
    system = platform.uname()
    hardware = ";".join((system.node, system.system, system.release, system.version, system.machine))
    yield f"# Date: {date(seconds, rest // 1000, local=True)}"  # microseconds with nine digits, as in T2
    yield f"# t2tui {t2tui.__version__}, after {MIRRORED}"
    yield f"# Core configuration: L2, IPv4, IPv6{core_modes(run.alarm_mode, run.force_mode)}"
    yield f"# SensorID: {run.sensor}"
    yield f"# PID: {os.getpid()}"
    yield f"# Priority: {os.getpriority(os.PRIO_PROCESS, 0)}"
    yield f"# Command line: {escape_string(os.fsencode(' '.join(run.command))).decode()}"
    yield f"# HW info: {hardware}"
    yield f"# SW info: Python {platform.python_version()}, numpy {np.__version__}"
    yield "#"
    yield "# Plugins loaded:"
    for number, plugin in enumerate(run.plugins.values(), 1):
        yield f"#   {number:02d}: {plugin.name}, version {plugin.version}"
    yield "#"
    yield "# Col No.\tType\tName\tDescription"


class FlowFile:
    """The flow file, or the row of numbered files that option ``-W`` makes of it.

    The size is looked at after every line; a file that has reached it is closed and the next one
    opened at once, so the last one may be empty. Sizes count before compression.
    """

    def __init__(self, outputs: "Outputs | Any", suffix: str, split: Split | None, compress: bool) -> None:
        """Open the first file.

        Args:
            outputs: opens files by suffix, and gives finished parts their names.
            suffix: of the file; ``-W`` appends a number, compression ``.gz``.
            split: when to go on in a next file.
            compress: write gzip.
        """
        self._outputs = outputs
        self._suffix = suffix
        self._split = split
        self._compress = compress
        self._number = split.first if split else 0
        self._header = b""
        self._open()

    def _name(self) -> str:
        return f"{self._suffix}{'.gz' if self._compress else ''}{self._number if self._split else ''}"

    def _open(self) -> None:
        self._target: BinaryIO = self._outputs.open_flows(self._name())
        self._file = (
            gzip.GzipFile(filename="", mode="wb", fileobj=self._target, mtime=0)
            if self._compress
            else self._target
        )
        self._bytes = self._flows = 0

    def begin(self, header: bytes, every: bool) -> None:
        """Write the line of column names; ``every``: into each of the files."""
        self._header = header if every else b""
        self._put(header)

    def _put(self, text: bytes | memoryview) -> None:
        self._file.write(text)
        self._bytes += len(text)

    def write(self, text: memoryview) -> None:
        """Write whole lines."""
        if self._split is None:
            self._put(text)
            return
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == LINE_FEED) + 1
        begin = line = 0
        while line < len(ends):
            if self._split.by_flows:
                full = line + max(self._split.size - self._flows, 1) - 1
            else:
                full = int(np.searchsorted(ends, begin + self._split.size - self._bytes))
                full = max(full, line)
            last = min(full, len(ends) - 1)
            self._put(text[begin : ends[last]])
            self._flows += last - line + 1
            begin, line = int(ends[last]), last + 1
            if last == full:
                self._next()

    def _next(self) -> None:
        self.close()
        self._outputs.commit_file(self._name())
        self._number += 1
        self._open()
        if self._header:
            self._put(self._header)

    def close(self) -> None:
        """Close the file that is being written."""
        if self._compress:
            self._file.close()
        self._target.close()
