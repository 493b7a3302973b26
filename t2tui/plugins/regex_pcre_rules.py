"""Rules of regex_pcre: the file, and what each rule asks of a packet (docs/regex_pcre.md)."""

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.plugins.regex_pcre_syntax import DOTALL, Buffer, PatternError, matcher

ALL, ANY, NONE = 1, 2, 3
"""Predecessor operations (AND, OR, XOR)."""
OPERATION = 0x03
LEAF, ALARM, RESET = 0x04, 0x10, 0x40
"""Bits of a rule's flags."""

BY_DST_PORT, BY_SRC_PORT, BY_PROTO, BY_STATUS = 0x1, 0x2, 0x4, 0x8
OWN_MODE = 1 << 27
LAYERS = {1 << 28: "l2", 1 << 29: "l3", 1 << 30: "l4", 1 << 31: "l7"}
"""Bits of a rule's selection: where the search begins."""

FIELDS = (
    *("ID", "predecessors", "flags", "class", "severity", "selection", "regexmode", "flowStat", "proto"),
    *("srcPort", "dstPort", "offset", "regex"),
)
WIDTHS = {
    "ID": 16,
    "flags": 8,
    "class": 8,
    "severity": 8,
    "selection": 32,
    "regexmode": 32,
    "flowStat": 32,
    "proto": 8,
    "srcPort": 16,
    "dstPort": 16,
    "offset": 16,
}
"""Bits of the numbers of a rule."""

ADVICE = (
    "regex_pcre reads its rules from this file: write it (docs/regex_pcre.md tells how), "
    "or name yours with -D regex_pcre.RGX_POSIX_FILE=FILE"
)
"""What to do when the file of rules cannot be read."""

LONGEST_REGEX = 499
MOST_PREDECESSORS = 4


class RuleError(ValueError):
    """A line of the rule file cannot be understood."""


@dataclass
class Rule:
    """One rule.

    Attributes:
        number: its place in the file among the rules, from 0.
        line: its line in the file, from 1.
        id: number that is printed.
        predecessors: places of other rules in the file.
        flags: bits, see above.
        kind: class that is printed.
        severity: severity that is printed.
        selection: bits, see above.
        status: bits of flowStat.
        proto: protocol of layer 4.
        src_port: source port.
        dst_port: destination port.
        offset: bytes between the begin of the header and that of the search.
        layer: header where the search begins; None: the rule is never looked at.
        match: searches bytes.
        has_matched: mark for the rules that name this one as predecessor.
    """

    number: int
    line: int
    id: int
    predecessors: tuple[int, ...]
    flags: int
    kind: int
    severity: int
    selection: int
    status: int
    proto: int
    src_port: int
    dst_port: int
    offset: int
    layer: str | None
    match: Callable[[Buffer], Any]
    has_matched: bool = False

    def selected(self, packets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which packets have the header fields that the rule asks for.

        Args:
            packets: PACKET records.
        """
        wanted = np.ones(len(packets), bool)
        for bit, name, value in (
            (BY_DST_PORT, "dstPort", self.dst_port),
            (BY_SRC_PORT, "srcPort", self.src_port),
            (BY_PROTO, "l4Proto", self.proto),
        ):
            if self.selection & bit:
                wanted &= packets[name] == value
        if self.selection & BY_STATUS:
            mask = np.uint64(self.status)
            wanted &= packets["flowStat"] & mask == mask
        return wanted

    def region(self, packets: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in the batch's bytes the search begins and ends for each packet.

        Args:
            packets: PACKET records.
        """
        assert self.layer is not None
        begin = packets["base"] + packets[self.layer] + self.offset
        if self.layer == "l2":
            end = packets["base"] + packets["caplen"]
        else:
            captured = packets[f"snap{self.layer.upper()}Len"]
            end = packets["base"] + packets[self.layer] + captured
        return begin, end


class Rules:
    """All rules of a file.

    Attributes:
        rules: in the order of the file.
        problems: lines about rules whose expression cannot be used.
    """

    def __init__(self, path: Path, default_mode: int = DOTALL) -> None:
        """Read a file.

        Args:
            path: see docs/regex_pcre.md for its form.
            default_mode: option bits of PCRE for rules that do not bring their own.

        Raises:
            OSError: the file cannot be read, or a rule cannot be used; the message names line and rule.
        """
        self.rules: list[Rule] = []
        self.problems: list[str] = []
        self._faults: list[str] = []
        self._path = path
        try:
            content = path.read_bytes()
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror}; {ADVICE}", str(path)) from error
        for line, text in enumerate(content.split(b"\n"), 1):
            if text.startswith((b"#", b" ")) or not text.strip():
                continue
            self._add(line, text.removesuffix(b"\r"), default_mode)

    def check(self) -> None:
        """Refuse a file with rules that cannot be used.

        Raises:
            OSError: names line and rule of the first fault, and how many there are.
        """
        for rule in self.rules:
            for predecessor in rule.predecessors:
                if predecessor >= len(self.rules):
                    what = f"there is no rule {predecessor + 1}, which it names as predecessor"
                    self._faults.append(f"line {rule.line}: ID {rule.id}: {what}")
        if self._faults:
            more = f" ({len(self._faults)} faults in all)" if len(self._faults) > 1 else ""
            raise OSError(errno.EINVAL, f"{self._faults[0]}{more} (RGX_POSIX_FILE)", str(self._path))

    def _add(self, line: int, text: bytes, default_mode: int) -> None:
        try:
            values, regex = _fields(text)
        except RuleError as error:
            self._faults.append(f"line {line}: {error}")
            return
        selection = values["selection"]
        mode = values["regexmode"] if selection & OWN_MODE else default_mode
        number = len(self.rules)
        match: Callable[[Buffer], Any] = bool  # never called: a rule that does not compile ends the run
        try:
            match = matcher(regex, mode)
        except PatternError as error:
            name = f"# {number + 1}, ID {values['ID']}"
            self.problems.append(f"PCRE ignored - {name}, @ {error.position}: {error.reason}")
            self._faults.append(f"line {line}: ID {values['ID']}: {error}")
        rule = Rule(
            number=number,
            line=line,
            id=values["ID"],
            predecessors=_predecessors(text.split(b"\t")[1], line, self._faults),
            flags=values["flags"],
            kind=values["class"],
            severity=values["severity"],
            selection=selection,
            status=values["flowStat"],
            proto=values["proto"],
            src_port=values["srcPort"],
            dst_port=values["dstPort"],
            offset=values["offset"],
            layer=next((layer for bit, layer in LAYERS.items() if selection & bit), None),
            match=match,
        )
        self.rules.append(rule)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        """Return the number of rules."""
        return len(self.rules)

    def accepts(self, rule: Rule) -> bool:
        """Tell whether the predecessors of a rule allow its match."""
        operation = rule.flags & OPERATION
        if not operation or not rule.predecessors:
            return True
        marks = [self.rules[number].has_matched for number in rule.predecessors]
        if operation == ALL:
            return all(marks)
        return any(marks) if operation == ANY else not any(marks)

    def mark(self, rule: Rule) -> None:
        """Remember a match; a leaf that resets clears the marks of its tree instead."""
        if rule.flags & LEAF and rule.flags & RESET:
            self._clear(rule, set())
        else:
            rule.has_matched = True

    def _clear(self, rule: Rule, done: set[int]) -> None:
        rule.has_matched = False
        done.add(rule.number)
        for number in rule.predecessors:
            if number not in done:
                self._clear(self.rules[number], done)


def _fields(text: bytes) -> tuple[dict[str, int], bytes]:
    """Return the numbers of a rule and its expression."""
    parts = text.split(b"\t")
    if len(parts) < len(FIELDS) or not parts[len(FIELDS) - 1]:
        raise RuleError(f"expected {len(FIELDS)} fields separated by tabs: {', '.join(FIELDS)}")
    values = {}
    for name, part in zip(FIELDS, parts, strict=False):
        if name in WIDTHS:
            values[name] = _number(part, name, WIDTHS[name])
    regex = parts[len(FIELDS) - 1]
    if len(regex) > LONGEST_REGEX:
        raise RuleError(f"regex has {len(regex)} bytes, {LONGEST_REGEX} are allowed")
    return values, regex


def _number(text: bytes, name: str, bits: int) -> int:
    digits = text.strip().decode("latin-1")
    try:
        value = int(digits, 16 if digits.lower().startswith("0x") else 10)
    except ValueError:
        raise RuleError(f"{name} must be a number, not {digits!r}") from None
    if not 0 <= value < 1 << bits:
        raise RuleError(f"{name} must be from 0 to {(1 << bits) - 1}, not {digits}")
    return value


def _predecessors(text: bytes, line: int, faults: list[str]) -> tuple[int, ...]:
    """Return places of rules; a 0 ends the list."""
    numbers: list[int] = []
    try:
        for part in text.split(b","):
            number = _number(part, "predecessor", 16)
            if number == 0:
                break
            numbers.append(number - 1)
        if len(numbers) > MOST_PREDECESSORS:
            raise RuleError(f"{len(numbers)} predecessors, {MOST_PREDECESSORS} are allowed")
    except RuleError as error:
        faults.append(f"line {line}: {error}")
    return tuple(numbers)
