"""socketSink sends what txtSink and jsonSink write."""

import gzip
import socket

import pytest

from t2tui.plugins.jsonsink import JsonSink
from t2tui.plugins.socketsink import JSON, TEXT, SocketSink
from t2tui.plugins.txtsink import TxtSink
from tests.plugins.sinking import Kinds, settings, write

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
