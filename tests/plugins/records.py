"""A reader of socketSink's binary records, written from docs/sinks.md alone."""

import ipaddress
import json
import struct


def messages(stream):
    """Split a stream into kinds and bodies."""
    found, at = [], 0
    while at < len(stream):
        (length,) = struct.unpack_from("<I", stream, at)
        assert at + 4 + length <= len(stream), "the last message is not complete"
        found.append((stream[at + 4 : at + 5].decode(), stream[at + 5 : at + 4 + length]))
        at += 4 + length
    return found


class Reader:
    """Takes values off the front of a record."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        assert self.at + count <= len(self.data)
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size, signed=False):
        return int.from_bytes(self.take(size), "little", signed=signed)

    def value(self, type_):
        if type_.endswith(":R"):
            return [self.value(type_[:-2]) for _ in range(self.number(4))]
        if "_" in type_:
            return [self.value(part) for part in type_.split("_")]
        if type_ == "U64.U32":
            return self.number(8) * 10**9 + self.number(4, signed=True)
        if type_[0] in "UHI" and type_[1:].isdigit():
            return self.number(int(type_[1:]) // 8, type_[0] == "I")
        if type_ == "F":
            return struct.unpack("<f", self.take(4))[0]
        if type_[0] == "D":
            return struct.unpack("<d", self.take(8))[0]
        if type_ == "MAC":
            return self.take(6).hex(":")
        if type_ == "IP4":
            return str(ipaddress.IPv4Address(self.take(4)))
        if type_ == "IP6":
            return str(ipaddress.IPv6Address(self.take(16)))
        if type_ == "IPX":
            version = self.number(1)
            return self.value(f"IP{version}") if version else "-"
        if type_ == "C":
            return self.take(1).decode()
        return self.take(self.number(4)).decode()


def read(stream):
    """Return what a stream holds: the host or None, columns, rows as dictionaries (None: no value)."""
    kinds = messages(stream)
    host = json.loads(kinds.pop(0)[1]) if kinds[0][0] == "H" else None
    kind, body = kinds.pop(0)
    assert kind == "C"
    header = json.loads(body)
    assert header["version"] == 1
    columns, rows = header["columns"], []
    for kind, body in kinds:
        assert kind == "F"
        reader = Reader(body)
        present = int.from_bytes(reader.take((len(columns) + 7) // 8), "little")
        rows.append(
            {
                column["name"]: reader.value(column["type"]) if present >> place & 1 else None
                for place, column in enumerate(columns)
            }
        )
        assert reader.at == len(body), "something follows the last value"
    return host, columns, rows
