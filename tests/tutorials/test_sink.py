"""Plugin sink: tcpWinSink's reports, received by a server as the tutorial's reader sees them."""

import socket
import time
from itertools import pairwise

import pytest

PLUGINS = ("-p", "basicFlow,basicStats,tcpStates,tcpWin,tcpWinSink,txtSink")
TITLE = "# IP\tpktTcpCnt\twinRelThCnt"


def blocks(data):
    *texts, rest = data.split(b"\0")
    assert rest == b"", "a block ends with a NUL byte"
    for text in texts:
        assert text.endswith(b"\n\n"), "a block ends with an empty line"
        date, title, *hosts = text.decode().splitlines()[:-1]
        assert title == TITLE
        yield time.strptime(date, "# %a %d %b %Y %H:%M:%S"), [host.split("\t") for host in hosts]


def test_the_report_arrives(report, listen, tmp_path):
    server = listen(socket.SOCK_STREAM)
    report(*PLUGINS, "-D", f"tcpWinSink.TWS_DPORT={server.port}", "-D", "tcpWin.TCPWIN_THRES=1")
    sent = [hosts for _, hosts in blocks(server.received())]
    assert sent[0] == [["192.168.1.105", "1514", "0.002642"]]  # the host of flow 36, as in alarm mode
    summary = (tmp_path / "results" / "exercise_tcpwin.txt").read_text().splitlines()
    assert summary == [TITLE, "\t".join(sent[-1][0])]


def test_reports_come_every_interval(report, listen):
    """A threshold above every window: hosts come one after another and keep their lines."""
    server = listen(socket.SOCK_STREAM)
    report(
        *PLUGINS,
        *("-D", f"tcpWinSink.TWS_DPORT={server.port}"),
        *("-D", "tcpWin.TCPWIN_THRES=65536", "-D", "tcpWin.TCPWIN_MINPKTS=1"),
    )
    sent = list(blocks(server.received()))
    assert len(sent) > 2
    times = [time.mktime(when) for when, _ in sent]
    assert all(after - before >= 5 for before, after in pairwise(times))
    tables = [[host for host, _, _ in hosts] for _, hosts in sent]
    assert all(after[: len(before)] == before for before, after in pairwise(tables))
    assert len(tables[-1]) > len(tables[0])


def test_a_datagram_per_report(report, listen):
    server = listen(socket.SOCK_DGRAM)
    report(*PLUGINS, "-D", f"tcpWinSink.TWS_DPORT={server.port}", "-D", "tcpWinSink.TWS_SOCKTYPE=0")
    (datagram,) = server.datagrams(1)
    ((_, hosts),) = blocks(datagram)
    assert hosts == [["192.168.1.105", "1514", "0.002642"]]


@pytest.mark.parametrize("report_to", [(), ("-q",), ("-l",)])
def test_without_listener_the_run_goes_on_but_is_not_a_success(t2tui, exercise, rows, report_to):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = unused.getsockname()[1]
        words = (*PLUGINS, "-D", f"tcpWinSink.TWS_DPORT={port}", *report_to)
        done = t2tui("run", exercise.name, "-w", "results/", *words)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "[ERR] tcpWinSink: Could not connect to socket: Connection refused, check whether the server side is "
        f"listening at 127.0.0.1 on port {port}; the run goes on without tcpWinSink"
    ]
    assert len(rows("flows")) == 72


def test_the_sink_needs_tcpwin(t2tui, exercise):
    done = t2tui("run", exercise.name, "-p", "basicFlow,tcpWinSink,txtSink")
    assert done.returncode == 0
    assert "tcpWinSink: missing dependencies: tcpWin" in done.stderr
