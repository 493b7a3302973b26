"""Compare what a run wrote with the reference's files: which row and which column differs first."""

import re
from collections.abc import Iterable
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

BLANKED = (
    (re.compile(r"PID: \d+, Prio: -?\d+"), "PID: _, Prio: _"),
    (re.compile(r"^Date: .*"), "Date: _"),
    (re.compile(r"^(Finished processing\. Elapsed time: ).*"), r"\1_ sec"),
    (re.compile(r"^(Finished unloading flow memory\. Time: ).*"), r"\1_ sec"),
    (re.compile(r"^(Memory usage: ).*"), r"\1_"),
    (re.compile(r"^(Processing file: )(?:.*(?:/|__))?"), r"\1"),
)
"""What differs from run to run, or with the place of the capture, and its replacement."""

BANNER_LINES = 3


def report_lines(text: str) -> list[str]:
    """Lines of a report that every run must print alike."""
    lines = []
    for line in text.splitlines()[BANNER_LINES:]:
        for pattern, replacement in BLANKED:
            line = pattern.sub(replacement, line)
        if not line.startswith("[ERR] "):
            lines.append(line)
    return lines


def error_lines(text: str) -> list[str]:
    """Lines of errors, which the reference's reports hold and a run prints on standard error."""
    return [line.removeprefix("[ERR] ") for line in text.splitlines() if line.startswith("[ERR] ")]


def first_different_line(got: Iterable[str], wanted: Iterable[str]) -> str | None:
    """Describe the first line that differs; None when all are equal."""
    for number, (mine, expected) in enumerate(zip_longest(got, wanted), 1):
        if mine != expected:
            return f"line {number}: {mine!r}, expected {expected!r}"
    return None


def first_different_value(got: bytes, wanted: bytes) -> str | None:
    """Describe the first value that differs in two tab-separated tables; None when all are equal."""
    if got == wanted:
        return None
    header: list[bytes] = []
    for number, (mine, expected) in enumerate(zip_longest(got.split(b"\n"), wanted.split(b"\n"))):
        if mine is None or expected is None:
            return f"row {number}: {'missing' if mine is None else 'too many'}"
        if number == 0:
            header = expected.split(b"\t")
        if mine != expected:
            difference = _difference(header, mine.split(b"\t"), expected.split(b"\t"))
            return f"row {number} {difference}"
    raise AssertionError("tables that differ have a row that differs")


def payload_lines(folder: Path) -> list[str]:
    """Name, size and SHA-256 of the files in a folder, as the reference's payload is listed."""
    contents = {path.name: path.read_bytes() for path in folder.glob("[!.]*")}
    return sorted(f"{name}\t{len(text)}\t{sha256(text).hexdigest()}" for name, text in contents.items())


def _difference(header: list[bytes], fields: list[bytes], expected: list[bytes]) -> str:
    if len(fields) != len(expected):
        return f"has {len(fields)} columns, expected {len(expected)}"
    column = next(n for n, (mine, value) in enumerate(zip(fields, expected, strict=True)) if mine != value)
    name = header[column].decode() if column < len(header) else f"column {column}"
    return f"{name}: {fields[column][:80]!r}, expected {expected[column][:80]!r}"
