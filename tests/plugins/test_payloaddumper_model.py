"""payloadDumper against a model that looks at one packet at a time."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.dumping import ACK, FIN, RST, SYN, TCP, UDP, Dumped, Packet, Sparse, sparse_contents

pytestmark = pytest.mark.usefixtures("first_run")


@dataclass
class Model:
    """One flow direction, packet by packet, as docs/payloaddumper.md says."""

    max_bytes: int = 0
    start_off: int = 0
    max_hole: int = 0
    stat: int = 1
    is_open: bool = False
    seq_init: int = 0
    seq_next: int = 0
    last_off: int = 0
    size: int = 0
    beyond: int = 0
    written: dict[int, int] = field(default_factory=dict)

    def packet(self, packet: Packet) -> int:
        value = self._value(packet)
        if packet.proto == TCP:
            self.seq_next = (packet.seq + packet.header_length) % 2**32
        self.stat |= value
        return value

    def _value(self, packet: Packet) -> int:
        payload, length = packet.payload, packet.header_length
        if packet.is_later_fragment:
            return 1
        if self.start_off and packet.proto != TCP:
            if len(payload) <= self.start_off or length <= self.start_off:
                return 1
            payload, length = payload[self.start_off :], length - self.start_off
        if not payload:
            return 1
        if not self.is_open:
            self.is_open = True
            self.seq_init = self.seq_next = packet.seq
        if packet.proto == TCP:
            if packet.seq < self.seq_init:
                return 0x13
            keeps_alive = packet.seq == (self.seq_next - 1) % 2**32
            if keeps_alive and length <= 1 and not packet.flags & (SYN | FIN | RST):
                return 0x13
            offset = packet.seq - self.seq_init
        else:
            offset = self.last_off
            self.last_off += length
        if self.max_bytes:
            if offset >= self.max_bytes:
                return 3
            payload = payload[: self.max_bytes - offset]
        if self.max_hole and packet.proto == TCP and offset - self.size > self.max_hole:
            self.beyond += 1
            return 0x13
        self.size = max(self.size, offset + len(payload))
        self.written.update(enumerate(payload, offset))
        return 3

    def content(self) -> Sparse:
        return self.size, {offset: byte for offset, byte in self.written.items() if byte}


BASES = (0, 77, 2**31, 2**32 - 60)

tcp_packets = st.builds(
    lambda slot, step, payload, more, flags, later: Packet(
        slot,
        payload,
        (BASES[slot] + step) % 2**32,
        flags,
        len(payload) + more,
        later,
    ),
    st.integers(0, len(BASES) - 1),
    st.one_of(st.integers(-5, 150), st.sampled_from([400, 401, 5000, -70])),
    st.one_of(st.binary(max_size=40), st.binary(max_size=1)),
    st.sampled_from([0, 0, 0, 1, 9, -1]),
    st.sampled_from([ACK, ACK, ACK, ACK | FIN, SYN, RST]),
    st.sampled_from([False] * 9 + [True]),
)
udp_packets = st.builds(
    lambda slot, payload, more, later: Packet(
        slot, payload, 0x00500035, 0, max(0, len(payload) + more), later, UDP
    ),
    st.integers(len(BASES), len(BASES) + 1),
    st.binary(max_size=30),
    st.sampled_from([0, 0, 5, 100, -2]),
    st.sampled_from([False] * 9 + [True]),
)
parts = st.lists(
    st.tuples(
        st.lists(st.one_of(tcp_packets, udp_packets), min_size=1, max_size=12),
        st.sets(st.integers(0, len(BASES) + 1), max_size=2),
    ),
    max_size=8,
)


@given(
    parts,
    st.sampled_from([0, 0, 1, 60, 300]),
    st.sampled_from([0, 0, 1, 3]),
    st.sampled_from([0, 1, 100, 1 << 30]),
    st.sampled_from([0, 1, 2]),
    st.integers(0, 20),
)
def test_payload_goes_where_the_model_puts_it(
    parts: list[tuple[list[Packet], set[int]]],
    max_bytes: int,
    start_off: int,
    max_hole: int,
    max_files: int,
    row: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        flags = {
            "PLDUMP_MAX_BYTES": max_bytes,
            "PLDUMP_START_OFF": start_off,
            "PLDUMP_MAX_HOLE": max_hole,
            "PLDUMP_MAX_FILES": max_files,
        }
        dumped = Dumped(Path(folder) / "p", flags)
        models: dict[int, Model] = {}
        expected: dict[str, Sparse] = {}
        count = 0
        names: dict[int, str] = {}
        aggregate = beyond = 0

        def end(slots: list[int]) -> None:
            nonlocal aggregate, beyond
            assert dumped.release(*slots) == [models[slot].stat for slot in slots]
            for slot in slots:
                model = models.pop(slot)
                aggregate |= model.stat
                beyond += model.beyond
                if model.is_open:
                    expected[names[slot]] = model.content()

        for packets, released in parts:
            values = []
            for packet in packets:
                if packet.slot not in models:
                    models[packet.slot] = Model(max_bytes, start_off, max_hole)
                    count += 1
                    names[packet.slot] = f"{count}_A"
                values.append(models[packet.slot].packet(packet))
            assert dumped.feed(*packets, row=row) == values
            end(sorted(released & models.keys()))
        end(list(models))
        dumped.end(read=False)
        assert sparse_contents(dumped.folder) == expected
        lines = [f"Aggregated pldStat=0x{aggregate:02x}"] if aggregate else []
        if expected:
            share = f"{len(expected)} [{100 * len(expected) / count:.2f}%]"
            lines.append(f"Number of non zero content dumped flows: {share}")
        if beyond:
            lines.append(
                f"[WRN] {beyond} TCP payloads left out, more than {max_hole} bytes behind the end "
                "of their file (PLDUMP_MAX_HOLE)"
            )
        assert dumped.report == lines
