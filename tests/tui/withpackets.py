"""A still session whose packets can be read."""

import gzip
from functools import partial
from pathlib import Path

from t2tui.api import analyze
from t2tui.core.extract import originals_of
from t2tui.core.labels import Labels
from t2tui.core.reread import read_window
from t2tui.tui.packetlist import PacketReader
from t2tui.tui.session import Snapshot
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.still import Still


class WithPackets(Still):
    """Shows one moment, and its packets."""

    def __init__(self, moment: Snapshot, reader: PacketReader | None, why: str = "") -> None:
        super().__init__(opening_of(EXERCISE), moment)
        self.reader, self.why = reader, why

    def packets_obstacle(self) -> str:
        """Return what the test says."""
        return self.why

    def packet_reader(self) -> PacketReader | None:
        """Return what the test says."""
        return self.reader


def reader_of_exercise(folder: Path) -> PacketReader:
    """Unpack the exercise capture and return what reads its packets."""
    path = folder / "exercise.pcap"
    path.write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    index = analyze(path, index=True).index
    assert index is not None
    return PacketReader(index, partial(read_window, originals_of(path)), Labels.builtin().lookup)
