"""Packets and payload of chosen flows out of a capture (docs/extract.md)."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from t2tui.core.batch import BATCH_PACKETS
from t2tui.core.capture import Originals
from t2tui.core.extract import SEVERAL_LINK_TYPES
from t2tui.core.outputs import OutputError
from t2tui.core.packetindex import PacketIndex, chosen_rows, keys_of
from t2tui.core.payload.folder import Folder
from t2tui.core.reread import new_flows, reread
from t2tui.core.savefile import SECOND, RecordMaker, file_header, record_headers
from t2tui.core.settings import SettingsError, Value
from t2tui.core.store import ColumnStore
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.payloaddumper import PayloadDumper

Direction = Literal["both", "A", "B"]

INVERTED = np.uint64(1)
"""Bit of a key (see keys_of): the reply side."""


def wanted_keys(
    store: ColumnStore, flows: Iterable[int], direction: Direction = "both"
) -> NDArray[np.uint64]:
    """Return the keys of packets (see keys_of) that belong to flows.

    A flow that has no reverse is A, as its row says, also where it is the reply side.

    Args:
        store: rows of all flows, with ``dir`` and ``flowInd``.
        flows: their indices.
        direction: of the packets.

    Returns:
        Ascending, each once.
    """
    chosen = np.unique(np.fromiter(flows, np.uint64))
    first = chosen << np.uint64(1)
    if direction == "both":
        return np.sort(np.concatenate([first, first | INVERTED]))
    replies = np.unique(store["flowInd"][store["dir"] == "B"])
    has_reply = np.isin(chosen, replies)
    if direction == "B":
        return first[has_reply] | INVERTED
    return np.sort(np.concatenate([first, first[~has_reply] | INVERTED]))


MOST_BYTES = 400_000_000
"""Memory for the places of packets; a capture that needs more is read twice."""


class Placer(Plugin):
    """Keeps the places of packets.

    Attributes:
        index: the packets so far; None where they need too much memory.
    """

    name = "placer"
    number = 997
    summary = "keeps where the packets of flows are"
    vital = True

    def __init__(self, most: int = MOST_BYTES) -> None:
        """Begin without packets.

        Args:
            most: bytes that places may take.
        """
        super().__init__()
        self._most = most
        self.index: PacketIndex | None = PacketIndex()

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Keep the places of a batch."""
        if self.index is not None:
            self.index.append(packets, data, self.run.units)
            if self.index.nbytes > self._most:
                self.index = None


class Cutter(Plugin):
    """Writes the packets of chosen flows as a capture.

    Attributes:
        count: packets written.
    """

    name = "cutter"
    number = 998
    summary = "packets of chosen flows as a capture"
    vital = True

    def __init__(self, wanted: NDArray[np.uint64], written: BinaryIO) -> None:
        """Choose packets.

        Args:
            wanted: their keys, see wanted_keys.
            written: takes the capture.
        """
        super().__init__()
        self._wanted = wanted
        self._written = written
        self.count = 0

    def start(self, run: Run) -> None:
        """Write the header."""
        super().start(run)
        self._maker = RecordMaker()
        self._link_type = run.link_type
        self._written.write(file_header(run.link_type, run.snap_length))

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Write the packets of a batch.

        Raises:
            OutputError: they are of another link type than the first capture's.
        """
        rows = chosen_rows(keys_of(packets), self._wanted)
        if not len(rows):
            return
        if self.run.link_type != self._link_type:
            raise OutputError("the packets", SEVERAL_LINK_TYPES)
        chosen = packets[rows]
        frac = chosen["frac"].astype(np.int64) * (SECOND // self.run.units)
        headers = record_headers(chosen["sec"].astype(np.int64), frac, chosen["caplen"], chosen["len"])
        self._written.write(self._maker.make(headers, data, chosen["base"]).bytes.data)
        self.count += len(rows)


class SideDumper(PayloadDumper):
    """Dumps chosen directions of flows."""

    vital = True

    def __init__(self, settings: Any, wanted: NDArray[np.uint64]) -> None:
        """Prepare a dump.

        Args:
            settings: values of the flags.
            wanted: keys of packets, see wanted_keys.
        """
        super().__init__(settings, np.unique(wanted >> np.uint64(1)).tolist())
        self._wanted = wanted

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Dump the payload of a batch."""
        super().on_packets(packets[chosen_rows(keys_of(packets), self._wanted)], data)


def replay(
    originals: Originals,
    index: PacketIndex,
    wanted: NDArray[np.uint64],
    dumper: PayloadDumper,
    tell: Callable[[int], None] = lambda done: None,
) -> None:
    """Show packets of known places to payloadDumper, without analysing the capture once more.

    The files are those of a run, but for bytes that headers announce and the capture does not have: there
    both write what they find behind the packet (docs/dissection.md).

    Args:
        originals: where the packets are.
        index: of the packets.
        wanted: keys of packets, see wanted_keys.
        dumper: gets them as in a run.
        tell: called on the way with the number of packets so far; what it raises ends the replay.

    Raises:
        CaptureError: the capture has changed.
        OutputError: a file cannot be written.
    """
    flows = new_flows(wanted)
    unused: Any = None
    run = Run(
        flows=SimpleNamespace(records=flows),
        descriptions=unused,
        labels=unused,
        outputs=SimpleNamespace(prefix=""),
        slots=len(flows),
        batch_packets=BATCH_PACKETS,
    )
    try:
        done = 0
        dumper.start(run)
        for part in reread(originals, index.positions(wanted), wanted, flows):
            run.row = part.row
            dumper.on_packets(part.packets, part.data)
            done += len(part.packets)
            tell(done)
        dumper.on_released(np.arange(len(flows), dtype=np.int32))
        dumper.finish()
    except BaseException:
        dumper.abandon()
        raise


DUMPED = {"PLDUMP_L2": 1, "PLDUMP_SCTP": 1}
"""Flags of payloadDumper: who chooses flows wants all kinds of payload."""

OF_FOLDER = ("PLDUMP_FOLDER", "PLDUMP_RMDIR", "PLDUMP_FOREIGN")
"""Flags of payloadDumper that have no meaning for a dump, which makes its own folder."""


def dumper_settings(folder: Path, flags: Mapping[str, Value]) -> SimpleNamespace:
    """Return the flags of payloadDumper for chosen flows.

    Args:
        folder: where the files go.
        flags: values that differ from the defaults.

    Raises:
        SettingsError: a flag is unknown, is none of a dump, or has a value that is not allowed.
    """
    known = {flag.name: flag for flag in PayloadDumper.flags}
    for name in flags:
        if name not in known:
            raise SettingsError(f"unknown flag of payloadDumper: {name}")
        if name in OF_FOLDER:
            raise SettingsError(f"payloadDumper.{name} has no meaning here: a dump makes its own folder")
    values = {**DUMPED, **flags, "PLDUMP_FOLDER": str(folder)}
    return SimpleNamespace(
        **{name: flag.check(values.get(name, flag.default)) for name, flag in known.items()}
    )


def _check_own(folder: Path, where: str) -> None:
    """Refuse to replace what no dump has written."""
    try:
        Folder.claim(folder, "", empty=False, shared=False).close()
    except OutputError as error:
        reason = "it holds other files than those of an earlier dump, or is in use; choose another folder"
        raise OutputError(where, reason) from error


class NewFolder:
    """A folder that appears as a whole, or not at all. As a context manager it publishes on success.

    Attributes:
        path: where it is made.
        is_wanted: set to False, nothing appears.
    """

    def __init__(self, target: Path, *, replace: bool = False) -> None:
        """Check the place.

        Args:
            target: the folder; missing parents are made.
            replace: take the place of a folder that holds payload files, and nothing else.

        Raises:
            OutputError: something stands there that must not be replaced, or no folder can be made.
        """
        self._target = Path(os.path.realpath(target))
        self.is_wanted = True
        where = f"'{target}'"
        try:
            if self._target.exists() and not self._target.is_dir():
                raise OutputError(where, "it is no folder; choose another place with -w")
            is_used = self._target.is_dir() and any(self._target.iterdir())
            if is_used and not replace:
                raise OutputError(where, "the folder holds files; choose another one, or replace=True")
            if is_used:
                _check_own(self._target, where)
            self._target.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(self._target.parent, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise OutputError.of(where, error) from error
        self.path = self._beside("part")

    def _beside(self, ending: str) -> Path:
        return self._target.with_name(f".{self._target.name[:200]}.{os.getpid()}.{ending}")

    def __enter__(self) -> "NewFolder":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self.is_wanted:
                self._publish()
        finally:
            if self.path.exists():
                shutil.rmtree(self.path)

    def _publish(self) -> None:
        old = self._beside("old")
        try:
            if self._target.exists():
                self._target.rename(old)
            self.path.rename(self._target)
        except OSError as error:
            with suppress(OSError):  # the first error tells
                old.rename(self._target)
            raise OutputError.of(f"'{self._target}'", error) from error
        if old.exists():
            shutil.rmtree(old)


def dump_payloads(
    run: Callable[[PayloadDumper], None],
    wanted: NDArray[np.uint64],
    target: Path,
    flags: Mapping[str, Value],
    *,
    replace: bool = False,
) -> int:
    """Write the payload of chosen flows into a folder, one file per direction.

    Args:
        run: analyses the capture with this plugin behind others; or replay().
        wanted: keys of packets, see wanted_keys.
        target: the folder; it appears as a whole or not at all, and not if there is no payload.
        flags: of payloadDumper.
        replace: see NewFolder.

    Returns:
        Number of files.

    Raises:
        CaptureError: the capture cannot be read.
        OutputError: the folder cannot be made, or a file cannot be written.
        SettingsError: a flag is wrong.
    """
    with NewFolder(target, replace=replace) as folder:
        dumper = SideDumper(dumper_settings(folder.path, flags), wanted)
        run(dumper)
        folder.is_wanted = dumper.file_count > 0
    return dumper.file_count
