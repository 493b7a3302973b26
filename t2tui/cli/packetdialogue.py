"""``t2tui follow`` on a packet file."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, cast

from t2tui.cli.exits import DONE, USAGE, Failure
from t2tui.cli.terminal import has_colour, say
from t2tui.core.outputs import Outputs
from t2tui.core.streams.packetfile import STANDARD, Gap, PacketFile, PacketFileError, kept_input
from t2tui.core.streams.show import Payload, Printer

if TYPE_CHECKING:
    from t2tui.cli.dialogue import Wanted

FOR_CAPTURES = {
    "expression": "--filter",
    "marks": "--marks",
    "plugins": "-p",
    "settings": "-D",
    "bpf": "--bpf",
}
"""Options that mean nothing here."""


def follow_packet_file(wanted: "Wanted") -> int:
    """Show or save the streams of a flow of a packet file.

    Returns:
        The exit code.

    Raises:
        Failure: the file has no such flow, lacks a column, or is damaged.
        OutputError: a file cannot be written.
    """
    for name, option in FOR_CAPTURES.items():
        if getattr(wanted, name):
            raise Failure(f"{option} is for captures; '{wanted.source}' is a packet file", USAGE)
    try:
        with ExitStack() as stack:
            is_input = wanted.source == STANDARD
            path = stack.enter_context(kept_input()) if is_input else wanted.source
            file = PacketFile(path, "standard input" if is_input else "")
            missing = _save(wanted, file) if wanted.save is not None else _show(wanted, file)
    except PacketFileError as wrong:
        raise Failure(str(wrong)) from None
    if missing and not wanted.quiet:
        say("WRN", f"{missing:,} bytes are missing")
    return DONE


def _parts(wanted: "Wanted", file: PacketFile, as_hex: bool) -> "Iterator[Payload | Gap]":
    assert wanted.flow is not None
    return file.payloads(wanted.flow, wanted.direction, sequence=not wanted.no_seq, as_hex=as_hex)


def _show(wanted: "Wanted", file: PacketFile) -> int:
    """Print; return the number of missing bytes."""
    out = cast(BinaryIO, sys.stdout.buffer)
    as_hex = wanted.raw or wanted.form != "text" or wanted.layout == "reconstruct"
    form = "raw" if wanted.raw else wanted.form
    printer = Printer(out.write, wanted.layout, form, wanted.direction, has_colour(sys.stdout))
    missing = shown = 0
    for part in _parts(wanted, file, as_hex):
        if isinstance(part, Gap):
            missing += part.length
            printer.gap(part.direction, part.length, "missing", marked=False)
        else:
            shown += 1
            printer.payload(part)
    printer.end()
    out.flush()
    if not shown and not wanted.quiet:
        of = "" if wanted.direction == "both" else f" of {wanted.direction}"
        say("WRN", f"Flow {wanted.flow} has no payload{of} in '{wanted.source}'")
    return missing


def _save(wanted: "Wanted", file: PacketFile) -> int:
    """Write files; return the number of missing bytes."""
    missing = 0
    written: dict[str, int] = {}
    targets = wanted.targets
    with Outputs("", [wanted.source]) as outputs:
        files = {side: outputs.open_path(path) for side, path in targets.items()}
        for part in _parts(wanted, file, as_hex=True):
            if isinstance(part, Gap):
                missing += part.length
            else:
                written[part.direction] = written.get(part.direction, 0) + len(part.data)
                files[part.direction].write(part.data)  # type: ignore[index]
    for side, path in targets.items():
        if not wanted.quiet:
            say("INF", f"'{path}': {written.get(side, 0):,} bytes of {side}")
    return missing
