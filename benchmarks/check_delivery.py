"""Compare streams that are handed out while they come with those of all packets at once.

python benchmarks/check_delivery.py FOLDER_OR_CAPTURE ... [--horizon N ...]

Every flow of every capture goes through both. The fewer packets wait (the horizon), the harder it is.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from t2tui.core.capture import CaptureError  # noqa: E402
from t2tui.core.engine import Engine, RunOptions  # noqa: E402
from t2tui.core.streams import Part, SpillBytes, Stream  # noqa: E402
from t2tui.core.streams import delivery as module  # noqa: E402
from t2tui.core.streams.delivery import Delivery  # noqa: E402
from t2tui.following import Follower  # noqa: E402

FLOWS = 1 << 16
"""Flows of a capture that are compared."""

STEP = 7
"""Packets that come at a time."""


def streams(capture: Path) -> Iterator[tuple[int, Stream, SpillBytes]]:
    """Yield the whole streams of all flows."""
    spill = SpillBytes()
    follower = Follower(range(1, FLOWS), spill)
    engine = Engine(str(capture), RunOptions(), None, [follower])
    try:
        engine.run()
    finally:
        engine.close()
    for flow in range(1, min(follower.flows + 1, FLOWS)):
        yield flow, follower.stream(flow, spill), spill
    spill.close()


def delivered(stream: Stream, spill: SpillBytes, horizon: int) -> tuple[list[Part], Delivery]:
    """Hand the packets of a stream over, few at a time."""
    segments, made = stream.index.segments, Delivery(spill)
    parts: list[Part] = []
    with mock.patch.object(module, "HORIZON", horizon):
        made._limit = horizon
        for first in range(0, len(segments), STEP):
            parts += made.add(segments[first : first + STEP])
        parts += made.finish()
    return parts, made


def shown(parts: Sequence[Part]) -> list[tuple[object, ...]]:
    """Return what ``t2tui follow`` shows of parts."""
    return [(part.direction, part.kind, part.offset, part.length, part.data, part.packet) for part in parts]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print what differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("captures", nargs="+", type=Path)
    parser.add_argument("--horizon", type=int, nargs="+", default=[64, 1024, 65536], help="packets that wait")
    options = parser.parse_args(arguments)
    files = [
        file for path in options.captures for file in (sorted(path.iterdir()) if path.is_dir() else [path])
    ]
    compared = handed = 0
    differing: dict[int, list[str]] = {horizon: [] for horizon in options.horizon}
    for file in files:
        try:
            for flow, stream, spill in streams(file):
                whole = shown(list(stream.parts()))
                compared += 1
                for number, horizon in enumerate(options.horizon):
                    if number and len(stream.index.segments) <= min(options.horizon):
                        continue  # all wait, as before
                    parts, made = delivered(stream, spill, horizon)
                    handed += 1
                    if shown(parts) != whole or made.size != stream.size():
                        differing[horizon].append(f"{file.name} flow {flow}")
        except CaptureError as wrong:
            print(f"{file.name}: {wrong}", file=sys.stderr)
    print(f"{compared:,} flows of {len(files)} captures compared, {handed:,} times")
    for horizon, names in differing.items():
        print(f"{horizon} packets wait: {len(names)} differ {', '.join(names[:20])}")
    return 1 if any(differing.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
