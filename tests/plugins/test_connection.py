"""Connections of sinks: partial writes, servers that are not there, that go away, that read nothing."""

import socket
import struct
import threading

import pytest

from t2tui.plugins import connection
from t2tui.plugins.connection import TCP, UDP, Connection


@pytest.fixture
def told() -> list[str]:
    return []


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_long_message_arrives_whole(listen, told):
    server = listen(socket.SOCK_STREAM)
    message = bytes(range(256)) * 40_000  # more than the buffers of both sides
    client = Connection("aSink", told.append, "127.0.0.1", server.port, TCP)
    client.send(message)
    client.send(b"end")
    client.close()
    assert server.received() == message + b"end"
    assert told == []


def test_every_message_is_a_datagram(listen, told):
    server = listen(socket.SOCK_DGRAM)
    client = Connection("aSink", told.append, "127.0.0.1", server.port, UDP)
    client.send(b"one")
    client.send(memoryview(b"two"))
    assert server.datagrams(2) == [b"one", b"two"]
    client.close()


def test_a_refused_connection_is_told_once(told):
    port = free_port()
    client = Connection("aSink", told.append, "127.0.0.1", port, TCP)
    assert not client.is_open
    client.send(b"nothing")
    client.close()
    assert told == [
        "[ERR] aSink: Could not connect to socket: Connection refused, check whether the server side is "
        f"listening at 127.0.0.1 on port {port}; the run goes on without aSink"
    ]


@pytest.mark.parametrize("name", ["no such name", "." * 3, "a" * 300, ""])
def test_a_name_that_is_none(told, name):
    client = Connection("aSink", told.append, name, free_port(), TCP)
    assert not client.is_open
    assert len(told) == 1
    assert told[0].startswith("[ERR] aSink: Could not connect to socket: ")


def test_a_server_that_goes_away_is_told_once(told):
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Connection("aSink", told.append, "127.0.0.1", server.getsockname()[1], TCP)
        stream, _ = server.accept()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()  # answers with RST
        while client.is_open:
            client.send(b"x" * 65536)
        client.send(b"more")
    (line,) = told
    assert line.startswith(
        "[ERR] aSink: Could not send message to socket: Connection reset by peer (127.0.0.1"
    )
    assert line.endswith("; the run goes on without aSink")


def test_a_reader_that_stops_reading_ends_the_sink(told, monkeypatch):
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Connection("aSink", told.append, "127.0.0.1", server.getsockname()[1], TCP)
        stream, _ = server.accept()
        with stream:
            client.send(bytes(50_000_000))
    assert not client.is_open
    assert "Could not send message to socket: the other side does not answer" in told[0]


def test_a_slow_reader_is_waited_for(told):
    message = bytes(range(256)) * 40_000
    begin = threading.Event()
    parts: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def read() -> None:
            stream, _ = server.accept()
            with stream:
                begin.wait(60)
                while part := stream.recv(1 << 16):
                    parts.append(part)

        reader = threading.Thread(target=read)
        reader.start()
        client = Connection("aSink", told.append, "127.0.0.1", server.getsockname()[1], TCP)
        writer = threading.Thread(target=client.send, args=(message,))
        writer.start()
        writer.join(0.1)
        assert writer.is_alive(), "the buffers took everything: the message is too short for this test"
        begin.set()
        writer.join(60)
        client.close()
        reader.join(60)
    assert b"".join(parts) == message
    assert told == []


def test_a_datagram_that_is_too_long_ends_the_sink(listen, told):
    server = listen(socket.SOCK_DGRAM)
    client = Connection("aSink", told.append, "127.0.0.1", server.port, UDP)
    client.send(bytes(70_000))
    assert not client.is_open
    assert "Could not send message to socket: Message too long" in told[0]
