"""tcpWinSink: sends tcpWin's table of hosts to a server while the run goes on (docs/sinks.md)."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.connection import TCP, UDP, Connection
from t2tui.plugins.tcpwin import Host, TcpWin, summary_lines

END = b"\n\0"
"""End of a block: an empty line, and the end of a C string."""

HEAD_BYTES = 128
"""Room for the lines before the hosts."""


class TcpWinSink(Plugin):
    """Sends a block of lines at the first end of a flow after each interval of capture time.

    tcpWin sees all flows of a batch before the sinks do, so the table is kept here once more, as it was when
    each of the flows ended.
    """

    name = "tcpWinSink"
    number = 950
    summary = "sends the hosts of tcpWin to a server, over TCP or UDP"
    requires = ("tcpWin",)
    flags = (
        Flag("TWS_SERVADD", "127.0.0.1", help="address of the server"),
        Flag("TWS_DPORT", 5555, help="port of the server", minimum=1, maximum=65535),
        Flag("TWS_SOCKTYPE", TCP, help="0 UDP, 1 TCP", choices=(UDP, TCP)),
        Flag("TWS_TMINTVL", 5, help="seconds of capture time between two blocks", minimum=0),
        Flag("TWS_MAXSBUF", 4096, help="most bytes of a block", minimum=HEAD_BYTES),
    )

    _server: Connection | None = None

    def start(self, run: Run) -> None:
        """Connect. Without server the run goes on, and nothing is sent."""
        super().start(run)
        s = self.settings
        self._win: TcpWin = run.plugins["tcpWin"]
        self._mark = 0
        self._hosts: dict[int, Host] = {}
        self._changes: list[tuple[int, int, Host]] = []
        self._released: NDArray[Any] = np.zeros(0, np.int32)
        self._server = Connection(self.name, run.tell, s.TWS_SERVADD, s.TWS_DPORT, s.TWS_SOCKTYPE)

    def on_released(self, slots: NDArray[Any]) -> None:
        """Take what these flows change in the table."""
        self._apply(len(self._released))
        self._released, self._changes = slots, list(self._win.changes)

    def on_rows(self, slots: NDArray[Any]) -> None:
        """Send a block at every flow that ended when one was due."""
        if self._server is None or not self._server.is_open:
            return
        places = np.flatnonzero(np.isin(self._released, slots))
        seconds = self.run.ended[places]
        next_ = 0
        while self._server.is_open:
            if not self._hosts:
                if not self._changes:
                    return
                next_ = int(np.searchsorted(places, self._changes[0][0]))
            due = np.flatnonzero(seconds[next_:] - self._mark >= self.settings.TWS_TMINTVL)
            if len(due) == 0:
                return
            next_ += int(due[0])
            self._apply(int(places[next_]) + 1)
            self._mark = int(seconds[next_])
            self._server.send(self._block())
            next_ += 1

    def _apply(self, behind: int) -> None:
        """Bring the table to the state after the flows before a place."""
        while self._changes and self._changes[0][0] < behind:
            _, source, host = self._changes.pop(0)
            self._hosts[source] = host

    def _block(self) -> bytes:
        """Return the lines of a block; hosts for which there is no room are left out."""
        block = f"# {date(self._mark)}\n".encode()
        for line in summary_lines(self._hosts):
            text = f"{line}\n".encode()
            if len(block) + len(text) + len(END) > self.settings.TWS_MAXSBUF:
                break
            block += text
        return block + END

    def finish(self) -> None:
        """Close the connection."""
        self.abandon()

    def abandon(self) -> None:
        """Close the connection."""
        if self._server is not None:
            self._server.close()


def date(seconds: int) -> str:
    """Return local date and time; beyond the calendar those of the seconds modulo 2^32."""
    try:
        when = time.localtime(seconds)
    except (OverflowError, OSError, ValueError):
        when = time.localtime(seconds % 2**32)
    return time.strftime("%a %d %b %Y %X", when)
