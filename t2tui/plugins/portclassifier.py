"""portClassifier: the service that the destination port of a flow stands for (docs/portclassifier.md)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import KIND_LAYER2
from t2tui.core.services import builtin_services, read_services
from t2tui.core.settings import Flag, of_setting
from t2tui.core.text.escape import escape_string
from t2tui.core.text.rows import Code, Field, Words
from t2tui.plugins.base import Plugin, Run

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

LIKE_TCP = (6, 132)
"""TCP and SCTP: protocols whose ports have the names of TCP."""
LIKE_UDP = (17, 136)
"""UDP and UDP-Lite."""

OTHERS, OF_TCP, OF_UDP = range(3)
"""Rows of the table of names."""


class PortClassifier(Plugin):
    """Name of the service at the port of the answering side.

    Attributes:
        ports: port by slot.
        names: number of its name by slot; 0: unknown.
    """

    name = "portClassifier"
    number = 111
    summary = "name of the service that the destination port stands for"
    flags = (
        Flag("PBC_NUM", 1, help="column dstPortClassN", choices=(0, 1)),
        Flag("PBC_STR", 1, help="column dstPortClass", choices=(0, 1)),
        Flag("PBC_UNKNOWN", "unknown", help="name of ports without one", runtime=True),
        Flag(
            "PBC_CLASSFILE",
            "",
            help="file of names, lines of port, tcp or udp, and name, separated by tabs; empty: built-in",
            runtime=True,
        ),
    )

    def start(self, run: Run) -> None:
        """Read the names, allocate the records.

        Raises:
            SettingsError: the file of names cannot be read.
        """
        super().start(run)
        path = self.settings.PBC_CLASSFILE
        with of_setting("PBC_CLASSFILE"):
            services = read_services(Path(path)) if path else builtin_services()
        texts = [self.settings.PBC_UNKNOWN.encode()]
        self._numbers = np.zeros((3, 1 << 16), np.uint32)
        for row, known in ((OF_TCP, services.tcp), (OF_UDP, services.udp)):
            for port, name in known.items():
                self._numbers[row, port] = len(texts)
                texts.append(name)
        self._words = Words.from_texts(map(escape_string, texts))
        self._rows = np.zeros(256, np.uint8)
        self._rows[list(LIKE_TCP)] = OF_TCP
        self._rows[list(LIKE_UDP)] = OF_UDP
        self.ports = np.zeros(run.slots, np.uint16)
        self.names = np.zeros(run.slots, np.uint32)
        self._is_ip = np.zeros(run.slots, np.uint8)

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Look up the ports of new flows."""
        slots = packets["flow"][packets["isNew"] == 1]
        if len(slots) == 0:
            return
        flows = self.run.flows.records
        is_reply = flows["flowStat"][slots] & np.uint64(L3FLOWINVERT) != 0
        ports = np.where(is_reply, flows["srcPort"][slots], flows["dstPort"][slots])
        is_ip = flows["kind"][slots] != KIND_LAYER2
        rows = np.where(is_ip, self._rows[flows["l4Proto"][slots]], OTHERS)
        self.ports[slots] = ports
        self.names[slots] = self._numbers[rows, ports]
        self._is_ip[slots] = is_ip

    def _fields(self, number: Field) -> "dict[str, Field]":
        name = Field(Code.WORD, self.names, by="slot", words=self._words)
        columns = {
            "dstPortClassN": (number, self.settings.PBC_NUM),
            "dstPortClass": (name, self.settings.PBC_STR),
        }
        return {column: value for column, (value, wanted) in columns.items() if wanted}

    def flow_fields(self) -> "Columns":
        """Return port and name."""
        return self.paired("flows", self._fields(Field(Code.UINT, self.ports, by="slot")))

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return port and name; layer-2 packets have no port."""
        when = (self._is_ip, 1)
        return self.paired(
            "packets", self._fields(Field(Code.UINT, self.ports, by="slot", when=when, when_by="slot"))
        )
