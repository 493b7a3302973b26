"""The user's own labels: a text file, one range per line (docs/labels.md)."""

import re
from pathlib import Path

from t2tui.core.labels.ranges import NO_LABEL, LabelError, Range, parse_range

BLANKS = re.compile(r"[ \t]+")
ADDRESSES = re.compile(r"([0-9A-Fa-f.:]+)[ \t]*-[ \t]*([0-9A-Fa-f.:]*[.:][0-9A-Fa-f.:]*)(?=[ \t]|$)")
"""A range at the begin of a line; blanks may stand around its dash."""

FORMAT = "expected a network or range, a code and a text"


def read_labels(path: Path) -> list[tuple[Range, str, str]]:
    """Return the ranges of a file with code and text, in its order.

    Raises:
        LabelError: the file cannot be read, or a line is none of the format; with file and line.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise LabelError(f"label file '{path}': cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise LabelError(f"label file '{path}', line {number}: not UTF-8 text ({error.reason})") from error
    labels = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] == "#":
            continue
        try:
            labels.append(_parse(stripped))
        except LabelError as error:
            raise LabelError(f"label file '{path}', line {number}: {error}") from error.__cause__
    return labels


def _parse(line: str) -> tuple[Range, str, str]:
    line = ADDRESSES.sub(r"\1-\2", line, count=1) if ADDRESSES.match(line) else line
    fields = [field.strip() for field in (line.split("\t") if "\t" in line else BLANKS.split(line, 2))]
    if not 2 <= len(fields) <= 3:
        raise LabelError(f"{FORMAT}, separated by tabs or blanks; found {len(fields)} fields")
    place, code = fields[:2]
    text = fields[2] if len(fields) == 3 else ""
    for field in (code, text):
        if not field.isprintable():
            wrong = next(character for character in field if not character.isprintable())
            raise LabelError(f"the character U+{ord(wrong):04X} cannot be shown")
    if BLANKS.search(code):
        raise LabelError(f"the code {code!r} has a blank in it; {FORMAT}")
    return parse_range(place), code or NO_LABEL, text or NO_LABEL
