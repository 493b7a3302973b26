"""When tcpWinSink sends, and what: a model that sees the flows one by one is the judge."""

import random
import socket
import time
from types import SimpleNamespace

import numpy as np
import pytest

from t2tui.core.alarms import OR, Alarms
from t2tui.core.layout import KIND_IPV6
from t2tui.plugins.tcpwin import TcpWin
from t2tui.plugins.tcpwinsink import TcpWinSink

HEAD = "# IP\tpktTcpCnt\twinRelThCnt"


def defaults(plugin, **flags):
    return SimpleNamespace(**{flag.name: flag.default for flag in plugin.flags} | flags)


@pytest.fixture
def start(make_run, listen):
    def make(kind=socket.SOCK_STREAM, more=None, **flags):
        """A run of tcpWin and the sink, connected to a server."""
        server = listen(kind)
        protocol = int(kind == socket.SOCK_STREAM)
        sink = TcpWinSink(defaults(TcpWinSink, TWS_DPORT=server.port, TWS_SOCKTYPE=protocol, **flags))
        run = make_run(TcpWin(defaults(TcpWin, TCPWIN_MINPKTS=0, TCPWIN_MAXWSCNT=8)), sink, **more or {})
        return run, server

    return make


def release(run, flows, written=None):
    """End flows together: (seconds, source, packets, packets below), each in a slot of its own."""
    slots = np.arange(len(flows), dtype=np.int32)[::-1].copy()
    records = run.plugins["tcpWin"].records
    for slot, (_, source, packets, below) in zip(slots, flows, strict=True):
        run.flows.records["srcLo"][slot] = source
        records["packets"][slot], records["below"][slot] = packets, below
    run.ended = np.array([flow[0] for flow in flows], np.int64)
    run.alarms.begin(len(flows))
    for plugin in run.plugins.values():
        plugin.on_released(slots)
    chosen = run.alarms.written()
    rows = slots if chosen is None else slots[chosen]
    if len(rows):
        for plugin in run.plugins.values():
            plugin.on_rows(rows)


def finish(run):
    for plugin in run.plugins.values():
        plugin.finish()


def block(seconds, *lines):
    date = time.strftime("%a %d %b %Y %X", time.localtime(seconds))
    return "\n".join([f"# {date}", HEAD, *lines, "", "\0"]).encode()


def blocks(flows, interval, only_alarms=False):
    """The blocks for flows that end one after another, each seen by tcpWin and then by the sink."""
    table, mark, sent = {}, 0, []
    for seconds, source, packets, below in flows:
        ratio = np.float32(below) / np.float32(packets)
        if below and (len(table) < 8 if source not in table else ratio > table[source][1]):
            table[source] = packets, ratio
        if only_alarms and not below:
            continue
        if seconds - mark >= interval and table:
            mark = seconds
            lines = (
                f"{socket.inet_ntoa(host.to_bytes(4, 'big'))}\t{n}\t{part:f}"
                for host, (n, part) in table.items()
            )
            sent.append(block(mark, *lines))
    return b"".join(sent)


@pytest.mark.parametrize("seed", range(12))
def test_blocks_do_not_depend_on_batches(start, seed):
    chance = random.Random(seed)
    interval = chance.choice((0, 1, 5))
    alarm = bool(seed % 2)
    now, flows = 1_022_171_700, []
    for _ in range(120):
        now += chance.choice((0, 0, 0, 1, 2, -1, 7))
        packets = chance.randint(1, 300)
        below = chance.choice((0, 0, 0, chance.randint(1, packets)))
        flows.append((now, chance.randint(1, 12) << 24 | 5, packets, below))
    run, server = start(TWS_TMINTVL=interval, more={"alarms": Alarms(OR if alarm else None)})
    begin = 0
    while begin < len(flows):
        count = chance.randint(1, 40)
        release(run, flows[begin : begin + count])
        begin += count
    finish(run)
    assert server.received() == blocks(flows, interval, only_alarms=alarm)


def test_the_first_block_waits_for_the_first_host(start):
    run, server = start()
    release(run, [(1000, 1, 10, 0), (1003, 0x01020304, 105, 2), (1007, 1, 10, 0), (1008, 1, 10, 0)])
    release(run, [(1012, 7, 10, 0), (1013, 7, 10, 0)])
    finish(run)
    line = "1.2.3.4\t105\t0.019048"
    assert server.received() == block(1003, line) + block(1008, line) + block(1013, line)


def test_nothing_is_sent_at_the_end(start):
    run, server = start()
    release(run, [(1000, 1, 10, 1), (1001, 2, 10, 1)])
    finish(run)
    assert server.received().count(b"\0") == 1


def test_datagrams(start):
    run, server = start(socket.SOCK_DGRAM)
    release(run, [(1000, 1, 10, 1), (1006, 2, 10, 5)])
    first, second = "0.0.0.1\t10\t0.100000", "0.0.0.2\t10\t0.500000"
    assert server.datagrams(2) == [block(1000, first), block(1006, first, second)]
    finish(run)


def test_a_block_has_the_hosts_for_which_there_is_room(start):
    run, server = start(TWS_MAXSBUF=128)
    release(run, [(1000, n << 24, 10, 1) for n in range(1, 9)] + [(1006, 1, 1, 0)])
    finish(run)
    *_, last, rest = server.received().split(b"\0")
    assert rest == b""
    assert last.endswith(b"\n\n")
    host = len("1.0.0.0\t10\t0.100000\n")
    assert 128 - host < len(last) + 1 <= 128


def test_ipv6_flows_start_no_block(start):
    run, server = start()
    run.flows.records["kind"] = KIND_IPV6
    release(run, [(1000, 1, 10, 1)])
    finish(run)
    assert server.received() == b""


def test_times_beyond_the_calendar(start):
    run, server = start()
    release(run, [(2**62, 1, 10, 1)])
    finish(run)
    assert server.received() == block(0, "0.0.0.1\t10\t0.100000")


def test_a_run_that_fails_closes_the_connection(start):
    run, server = start()
    run.plugins["tcpWinSink"].abandon()
    assert server.received() == b""


def test_a_sink_that_never_started_can_be_abandoned():
    TcpWinSink().abandon()
