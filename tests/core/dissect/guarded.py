"""Run the engine over hostile captures with pages that nobody may touch around batches and buffer.

``python -m tests.core.dissect.guarded WHAT SEED ROUNDS``; a load or store outside of the arrays ends the
process with SIGSEGV. Prints how much was done.
"""

import ctypes
import mmap
import queue
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import t2tui.core.engine
from t2tui.core.batch import READ_BYTES, SLACK_BYTES, SPILL_BYTES, PacketBatch
from t2tui.core.dissect.context import BUFFER_BYTES
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.feeder import BATCHES
from t2tui.core.layout import PACKET
from t2tui.core.outputs import Outputs
from t2tui.core.settings import load_settings
from t2tui.plugins import STANDARD, available, load
from tests.core.captures import pool
from tests.core.dissect.dissecting import Record, pcap

WIDEST_LOAD = 8
PAGE = mmap.PAGESIZE
_kept: list[Any] = []


def guarded(size: int) -> NDArray[np.uint8]:
    """Bytes that end, to the byte, where a page without access begins; another one is in front of them."""
    room = -(-size // PAGE) * PAGE
    mapping = mmap.mmap(-1, room + 2 * PAGE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for page in (address, address + PAGE + room):
        if protect(page, PAGE, 0):
            raise OSError(ctypes.get_errno(), "mprotect")
    _kept.append(mapping)
    start = PAGE + room - size
    return np.frombuffer(mapping, np.uint8, size, start)


def hostile(random_: random.Random) -> Record:
    """A packet whose lengths and types lie: bytes of a real one replaced by extremes, cut, or prolonged."""
    raw = random_.choice(pool())
    data = bytearray(raw.data)
    for _ in range(random_.randrange(12)):
        at = random_.randrange(len(data)) if data else 0
        extreme = random_.choice(
            (b"\xff", b"\0", b"\xff\xff", b"\0\0", b"\x7f\xff", b"\x80", random_.randbytes(2))
        )
        data[at : at + len(extreme)] = extreme
    if random_.random() < 0.4:
        data = data[: random_.randrange(len(data) + 1)]
    if random_.random() < 0.1:
        data += random_.randbytes(random_.randrange(3000))
    wire = random_.choice((len(data), len(data), raw.length, 0, 20, 64, 65535, 65536, 2**31, 2**32 - 1))
    return Record(bytes(data), wire, random_.randrange(4), random_.randrange(2**20))


def dissection(random_: random.Random, rounds: int) -> int:
    """Dissect packets that end where the data end; so does the buffer at the last byte that may be read."""
    links = sorted({raw.link for raw in pool()})
    buffer = guarded(BUFFER_BYTES + WIDEST_LOAD)
    data = guarded(READ_BYTES + SPILL_BYTES + SLACK_BYTES)
    dissector = Dissector(1)
    dissector._buffer = buffer
    batch = PacketBatch(data, np.zeros(1, PACKET))
    done = 0
    for number in range(rounds):
        record = hostile(random_)
        packet, size = batch.packets[0], len(record.data)
        data[len(data) - size :] = np.frombuffer(record.data, np.uint8)
        packet["base"], packet["caplen"], packet["blockLen"] = len(data) - size, size, size
        packet["len"] = record.wire & 0xFFFFFFFF
        batch.count = 1
        dissector.link_type = links[number % len(links)]
        done += dissector.dissect(batch)
        reach = int(packet["base"]) + int(packet["l7"]) + int(packet["snapL7Len"])
        assert packet["kind"] == 0 or reach <= len(data), packet
    return done


def circles(random_: random.Random, rounds: int) -> int:
    """Dissect packets before leftovers that repeat: headers in them can lead in a circle."""
    dissector = Dissector(1)
    buffer = dissector._buffer
    batch = PacketBatch(packets=np.zeros(1, PACKET))
    links = sorted({raw.link for raw in pool()})
    units = [b"\x04", b"\x88\xbe", b"\x88\x47\x01", b"\x45\x61", b"\x67\x86\xdd\x08\0\x31"]
    # NSH behind VXLAN-GPE, whose next protocol is NSH
    gpe = Record(
        bytes(12)
        + b"\x08\0E\0\x04\0\0\0\0\0@\x11\0\0"
        + bytes(8)
        + b"\x12\xb6\x12\xb6\0\0\0\0\4\0\0\4"
        + bytes(4)
        + b"\4\4\4\4"
    )
    for number in range(rounds):
        if number < len(units):
            unit = units[number]
        else:
            data = random_.choice(pool()).data
            start = random_.randrange(len(data))
            unit = data[start : start + random_.choice((2, 4, 8, 16, 32, 64))] or b"\0"
        fill = (unit * (len(buffer) // len(unit) + 1))[: len(buffer)]
        buffer[:] = np.frombuffer(fill, np.uint8)
        for turn in range(20):
            record = gpe if turn == 0 else hostile(random_)
            packet, size = batch.packets[0], len(record.data)
            batch.data[:size] = np.frombuffer(record.data, np.uint8)
            packet["base"], packet["caplen"], packet["blockLen"] = 0, size, size
            packet["len"] = record.wire & 0xFFFFFFFF
            batch.count = 1
            dissector.link_type = links[(number + turn) % len(links)] if turn else 1
            dissector.dissect(batch)
    return rounds


def engine(random_: random.Random, rounds: int) -> int:
    """Run everything over captures; batches end at a page without access."""

    def batches(packets: int) -> Any:
        made: queue.SimpleQueue[PacketBatch] = queue.SimpleQueue()
        for _ in range(BATCHES):
            made.put(PacketBatch(guarded(READ_BYTES + SPILL_BYTES + SLACK_BYTES), np.zeros(packets, PACKET)))
        return made

    replaced: Any = t2tui.core.engine
    replaced.new_batches = batches
    links = sorted({raw.link for raw in pool()})
    known = {name: plugin.flags for name, plugin in available().items()}
    values = load_settings(known, None, ["basicFlow.BFO_MAX_VLAN=255"], {})
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            path = Path(folder, "hostile.pcap")
            path.write_bytes(pcap([hostile(random_) for _ in range(2000)], links[number % len(links)]))
            with Outputs(f"{folder}/out", [path]) as outputs:
                run = Engine(str(path), RunOptions(packet_mode=True), outputs, load(STANDARD, values))
                run.run()
            done += run.snapshot().packets
    return done


def beyond(random_: random.Random, rounds: int) -> int:
    """Read the byte behind: the guard must end this process."""
    data = guarded(1000)
    return ctypes.string_at(data.ctypes.data + 1000 * (rounds > 0) - (rounds < 0), 1)[0]


WORK = {"dissection": dissection, "circles": circles, "engine": engine, "beyond": beyond}

if __name__ == "__main__":
    what, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.stdout.write(f"{WORK[what](random.Random(seed), count)}\n")
