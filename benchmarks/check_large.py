"""Compare what t2tui writes for large captures with hashes of the reference's files.

python benchmarks/check_large.py [CAPTURE ...]
"""

import argparse
import csv
import hashlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from captures import CAPTURES, SHARED, WORK, Capture, CaptureError
from measure import CommandError, fresh, run
from ours import Program

WANTED = SHARED / "golden" / "large.tsv"

PLUGINS = "basicFlow,basicStats,tcpStates,txtSink"
"""Plugins of the runs whose hashes are wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row of ``large.tsv``.

    Attributes:
        profile: name of the capture.
        capture: sha256 of the capture itself, it depends on the version of numpy that made it.
        rows: rows of the flow file without its header.
        flows: sha256 of the flow file.
        packets: sha256 of the packet file, None where the reference wrote none.
    """

    profile: str
    capture: str
    rows: int
    flows: str
    packets: str | None


def read_wanted(path: Path) -> dict[str, Wanted]:
    """Read hashes by name of the capture."""
    with path.open(newline="") as file:
        next(file)
        table = csv.reader(file, delimiter="\t")
        return {
            profile: Wanted(profile, capture, int(rows), flows, None if packets == "-" else packets)
            for profile, _, _, capture, rows, flows, packets in table
        }


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(wanted: Wanted, output: Path) -> list[str]:
    """Return what differs between the files in a folder and those wanted; none = all equal."""
    found = []
    for kind, expected in (("flows", wanted.flows), ("packets", wanted.packets)):
        if expected is None:
            continue
        files = list(output.glob(f"*_{kind}.txt"))
        if not files:
            found.append(f"no {kind} file")
        elif sha256(files[0]) != expected:
            with files[0].open("rb") as file:
                rows = sum(not line.startswith(b"%") for line in file)
            text = f"{kind} file differs, it has {rows:,} rows"
            found.append(f"{text}, expected {wanted.rows:,}" if kind == "flows" else text)
    return found


def check(capture: Capture, wanted: Wanted) -> list[str]:
    """Analyse a capture; return what differs from the files wanted. Files stay if any does.

    Raises:
        CaptureError: the capture is missing and cannot be made.
    """
    if sha256(capture.make()) != wanted.capture:
        return ["not compared: this version of numpy made another capture than the reference read"]
    arguments = ["-p", PLUGINS] + (["-s"] if wanted.packets else [])
    program = Program.in_folder().analysis("t2tui", *arguments)
    output = fresh(WORK / f"check-{capture.name}")
    try:
        run(program.command(capture.path, output), program.environment, output)
    except CommandError as error:
        return [str(error)]
    found = differences(wanted, output)
    if not found:
        shutil.rmtree(output)
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Check the captures named, or all; return the exit status: 1 where anything differs."""
    parser = argparse.ArgumentParser(description="Compare large files with the reference's.")
    parser.add_argument(
        "captures", metavar="CAPTURE", nargs="*", help="web, slow, full or syn (default: all)"
    )
    chosen = parser.parse_args(words)
    if not WANTED.exists():
        print(f"{WANTED} is missing: put the folder `shared` beside the checkout", file=sys.stderr)
        return 1
    wanted = read_wanted(WANTED)
    for unknown in set(chosen.captures) - set(wanted):
        parser.error(f"{unknown} is none of {', '.join(wanted)}")
    failed = False
    for name in chosen.captures or wanted:
        try:
            found = check(CAPTURES[name], wanted[name])
        except CaptureError as error:
            found = [str(error)]
        failed |= bool(found)
        print(f"{name}: {'; '.join(found) or 'equal'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
