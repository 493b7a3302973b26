"""The least that a Python program with dpkt does for flows: packets and bytes per five-tuple and direction.

python dpkt_loop.py CAPTURE FLOWS
"""

import sys
from pathlib import Path

import dpkt


def main(capture: Path, flows: Path) -> None:
    """Read a capture, write one row per flow: first and last time, packets, bytes."""
    table: dict[tuple[bytes, bytes, int, int, int], list[float]] = {}
    with capture.open("rb") as file:
        for time, data in dpkt.pcap.Reader(file):
            packet = dpkt.ethernet.Ethernet(data).data
            if not isinstance(packet, (dpkt.ip.IP, dpkt.ip6.IP6)):
                continue
            segment = packet.data
            ports = (segment.sport, segment.dport) if hasattr(segment, "sport") else (0, 0)
            flow = table.setdefault((packet.src, packet.dst, packet.p, *ports), [time, time, 0, 0])
            flow[1] = time
            flow[2] += 1
            flow[3] += len(data)
    with flows.open("w") as file:
        for (source, destination, *numbers), flow in table.items():
            print(source.hex(), destination.hex(), *numbers, *flow, sep="\t", file=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
