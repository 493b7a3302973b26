"""Names of payload files: numbers alone, nothing in a capture can choose one (docs/payloaddumper.md)."""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

from numpy.typing import NDArray

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import KIND_IPV6, KIND_LAYER2


class Naming(IntEnum):
    """Values of PLDUMP_NAMES."""

    INDEX = 0
    """``FLOW_A`` or ``FLOW_B``."""
    ADDRESSES = 1
    """Addresses and ports with leading zeros."""
    TIME = 2
    """As ADDRESSES, behind the time of the flow's first packet."""


STREAM = "_65535"
"""What is put behind the names of SCTP streams, at most."""

LONGEST = {
    Naming.INDEX: len("18446744073709551615_A" + STREAM),
    Naming.ADDRESSES: len("0000:0000:0000:0000:0000:0000:0000:0000.00000-" * 2 + "255" + STREAM),
}
LONGEST[Naming.TIME] = LONGEST[Naming.ADDRESSES] + len("-9223372036854775808.-9223372036854775808T")
"""Most characters of a name."""


def file_names(naming: Naming, packets: NDArray[Any], flows: NDArray[Any]) -> list[str]:
    """Return the names of the files that packets begin.

    Args:
        naming: how.
        packets: PACKET records.
        flows: FLOW records by slot.
    """
    names: Callable[[NDArray[Any]], Iterator[str]] = _indices if naming == Naming.INDEX else _addresses
    made = list(names(packets))
    if naming == Naming.TIME:
        slots = packets["flow"]
        times = zip(flows["firstSec"][slots].tolist(), flows["firstFrac"][slots].tolist(), made, strict=True)
        made = [f"{seconds}.{fraction:06d}T{name}" for seconds, fraction, name in times]
    return made


def _indices(packets: NDArray[Any]) -> Iterator[str]:
    for index, status in zip(packets["flowInd"].tolist(), packets["flowStat"].tolist(), strict=True):
        yield f"{index}_{'B' if status & L3FLOWINVERT else 'A'}"


def _addresses(packets: NDArray[Any]) -> Iterator[str]:
    for packet in packets:
        kind = int(packet["kind"])
        source = _address(kind, int(packet["srcHi"]), int(packet["srcLo"]))
        destination = _address(kind, int(packet["dstHi"]), int(packet["dstLo"]))
        if kind == KIND_LAYER2:
            yield f"{source}-{destination}-0x{packet['ethType']:04x}"
        else:
            source_port, destination_port = int(packet["srcPort"]), int(packet["dstPort"])
            yield f"{source}.{source_port:05d}-{destination}.{destination_port:05d}-{packet['l4Proto']}"


def _address(kind: int, high: int, low: int) -> str:
    if kind == KIND_LAYER2:
        return low.to_bytes(6, "big").hex(":")
    if kind == KIND_IPV6:
        return (high << 64 | low).to_bytes(16, "big").hex(":", 2)
    return ".".join(f"{part:03d}" for part in low.to_bytes(4, "big"))
