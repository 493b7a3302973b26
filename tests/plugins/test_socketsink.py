"""socketSink sends what txtSink and jsonSink write."""

import gzip
import os
import socket

import pytest

from t2tui.plugins.jsonsink import JsonSink
from t2tui.plugins.socketsink import BINARY, JSON, TEXT, SocketSink
from t2tui.plugins.txtsink import TxtSink
from tests.plugins import records
from tests.plugins.sinking import NAMED_AGAIN, Again, Kinds, expected, settings, write

FLOWS = [[5, 0, 3], [63, 62, *range(6, 30)]]


@pytest.fixture
def sent(make_run, listen):
    def make(kind, content, **flags):
        server = listen(kind)
        protocol = int(kind == socket.SOCK_STREAM)
        flags |= {"SKS_DPORT": server.port, "SKS_SOCKTYPE": protocol, "SKS_CONTENT_TYPE": content}
        sink = SocketSink(settings(SocketSink, **flags))
        run = make_run(Kinds(), TxtSink(), JsonSink(), sink)
        write(run, *FLOWS)
        return run.outputs.closed["_flows.json" if content == JSON else "_flows.txt"], server

    return make


@pytest.mark.parametrize("content", [TEXT, JSON])
@pytest.mark.parametrize("compress", [0, 1])
def test_stream(sent, content, compress):
    written, server = sent(socket.SOCK_STREAM, content, SKS_GZ_COMPRESS=compress)
    data = server.received()
    assert (gzip.decompress(data) if compress else data) == written


@pytest.mark.parametrize("content", [TEXT, JSON])
def test_every_line_is_a_datagram(sent, content):
    written, server = sent(socket.SOCK_DGRAM, content)
    lines = written.splitlines(keepends=True)
    assert server.datagrams(len(lines)) == lines


@pytest.fixture
def send_records(make_run, listen):
    def make(kind, *more, **flags):
        """The values of the flows, and the server."""
        server = listen(kind)
        flags |= {"SKS_DPORT": server.port, "SKS_SOCKTYPE": int(kind == socket.SOCK_STREAM)}
        sink = SocketSink(settings(SocketSink, SKS_CONTENT_TYPE=BINARY, **flags))
        run = make_run(Kinds(), *more, sink, sensor=7)
        write(run, *FLOWS)
        rows = []
        for slot in (slot for batch in FLOWS for slot in batch):
            row = {"dir": "A", "flowInd": slot + 1, **expected(run.plugins["kinds"], slot)}
            row["hex"] = int(row["hex"], 16)
            row["pair"] = [int(row["pair"][0], 16), row["pair"][1]]
            fraction = row["integer"] % 2**32 - 2**32  # above 2^31, a negative number
            row["time"] = row["integer"] % 2**32 * 10**9 + fraction
            rows.append(row)
        return rows, server

    return make


def same(found, wanted):
    """Equality for which NaN is NaN."""
    return repr(found) == repr(wanted)


@pytest.mark.parametrize("compress", [0, 1])
@pytest.mark.parametrize("with_host", [0, 1])
def test_binary_stream(send_records, compress, with_host):
    wanted, server = send_records(socket.SOCK_STREAM, SKS_GZ_COMPRESS=compress, SKS_HOST_INFO=with_host)
    data = server.received()
    host, columns, rows = records.read(gzip.decompress(data) if compress else data)
    assert same(rows, wanted)
    assert [column["name"] for column in columns] == list(wanted[0])
    assert {column["name"]: column["type"] for column in columns}["pair"] == "H8_U64"
    assert (host is not None) == with_host
    if host:
        assert (host["sensor"], host["pid"], host["node"]) == (7, os.getpid(), os.uname().nodename)


def test_every_binary_message_is_a_datagram(send_records):
    wanted, server = send_records(socket.SOCK_DGRAM, SKS_HOST_INFO=1)
    parts = server.datagrams(2 + len(wanted))
    assert all(len(records.messages(part)) == 1 for part in parts)
    host, _, rows = records.read(b"".join(parts))
    assert host
    assert same(rows, wanted)


def test_no_binary_column_has_the_name_of_another(send_records):
    _, server = send_records(socket.SOCK_STREAM, Again())
    _, columns, rows = records.read(server.received())
    assert len({column["name"].lower() for column in columns}) == len(columns)
    assert [rows[0][name] for name in NAMED_AGAIN] == [1005] * 3


def test_without_server_the_run_goes_on(make_run):
    told = []
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        flags = {"SKS_DPORT": unused.getsockname()[1]}
        run = make_run(Kinds(), TxtSink(), SocketSink(settings(SocketSink, **flags)), tell=told.append)
        write(run, *FLOWS)
    assert len(run.outputs.lines("_flows.txt")) == 1 + sum(map(len, FLOWS))
    (line,) = told
    assert line.startswith("[ERR] socketSink: Could not connect to socket: Connection refused")
