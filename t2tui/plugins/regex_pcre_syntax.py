"""Regular expressions of PCRE in the syntax of Python's module re (docs/regex_pcre.md).

Both search alike: leftmost match, alternatives in order, the same greed. They differ in how some things are
written, and in what some of them mean; this module rewrites those, and refuses what re cannot do. Subjects
are bytes, as in PCRE without UTF.
"""

import re
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn, TypeAlias

Buffer: TypeAlias = bytes | memoryview

CASELESS, MULTILINE, DOTALL, EXTENDED, ANCHORED, DOLLAR_END, EXTRA, UNGREEDY = (
    *(0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40),
    0x0200,
)
MODES = CASELESS | MULTILINE | DOTALL | EXTENDED | ANCHORED | DOLLAR_END | EXTRA | UNGREEDY
"""Option bits of PCRE that are understood."""

BYTES = frozenset(range(256))
DIGITS = frozenset(b"0123456789")
LOWER, UPPER = frozenset(range(ord("a"), ord("z") + 1)), frozenset(range(ord("A"), ord("Z") + 1))
WORD = DIGITS | LOWER | UPPER | {ord("_")}
SPACE = frozenset(b"\t\n\v\f\r ")
GRAPH = frozenset(range(0x21, 0x7F))
HORIZONTAL, VERTICAL = frozenset(b"\t \xa0"), frozenset(b"\n\v\f\r\x85")
TYPES = {"d": DIGITS, "w": WORD, "s": SPACE, "h": HORIZONTAL, "v": VERTICAL}
"""Bytes that an escaped letter stands for; its capital stands for all others."""
CLASSES = {
    "alnum": DIGITS | LOWER | UPPER,
    "alpha": LOWER | UPPER,
    "ascii": frozenset(range(128)),
    "blank": frozenset(b"\t "),
    "cntrl": frozenset({*range(32), 127}),
    "digit": DIGITS,
    "graph": GRAPH,
    "lower": LOWER,
    "print": GRAPH | {0x20},
    "punct": GRAPH - WORD | {ord("_")},
    "space": SPACE,
    "upper": UPPER,
    "word": WORD,
    "xdigit": DIGITS | frozenset(b"abcdefABCDEF"),
}
"""Bytes of the classes of POSIX, in the C locale."""

CONTROLS = {"a": 0x07, "e": 0x1B, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09}
ASSERTIONS = {"b": r"\b", "B": r"\B", "A": r"\A", "G": r"\A", "z": r"\Z", "Z": r"(?=\n?\Z)"}
NEWLINES = r"(?>\r\n|[\n\x0b\x0c\r\x85])"
REFUSED = {"K": r"\K", "p": r"\p", "P": r"\P", "X": r"\X", "u": r"\u", "U": r"\U", "l": r"\l", "L": r"\L"}

HEX = frozenset("0123456789abcdefABCDEF")
OCTAL = frozenset("01234567")
GROUP_BEGINS = ("?:", "?=", "?!", "?<=", "?<!", "?>")
"""Groups that are written alike."""

_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_NAME = r"[A-Za-z_]\w{0,31}"
_NAMED_GROUP = re.compile(rf"\?(?:P?<(?P<a>{_NAME})>|'(?P<b>{_NAME})')", re.ASCII)
_NAMED_REFERENCE = re.compile(
    rf"k(?:<(?P<a>{_NAME})>|'(?P<b>{_NAME})'|\{{(?P<c>{_NAME})\}})|g\{{(?P<d>{_NAME})\}}", re.ASCII
)
_NUMBERED_REFERENCE = re.compile(r"g(?:(?P<a>-?\d+)|\{(?P<b>-?\d+)\})")
_NAMED_BACK = re.compile(rf"\?P=(?P<a>{_NAME})\)", re.ASCII)
_CONDITION = re.compile(rf"\?\((?:(?P<a>\d+)|<(?P<b>{_NAME})>|'(?P<c>{_NAME})')\)", re.ASCII)
_OPTIONS = re.compile(r"\?(?P<on>[a-zA-Z]*)(?:-(?P<off>[a-zA-Z]*))?(?P<end>[:)])")
_NO_GROUPS = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]])*\]", re.DOTALL)
_CAPTURING = re.compile(r"\((?![?*])|\(\?(?:P?<(?![=!])|')")
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")


class PatternError(ValueError):
    """A pattern is wrong, or uses something that is not supported.

    Attributes:
        reason: what is wrong.
        position: where, bytes from the begin of the pattern; 0 for what concerns it as a whole.
    """

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at position {position}")
        self.reason = reason
        self.position = position


@dataclass(frozen=True)
class Options:
    """Options that a pattern may change on its way."""

    caseless: bool
    multiline: bool
    dotall: bool
    extended: bool
    ungreedy: bool


LETTERS = {"i": "caseless", "m": "multiline", "s": "dotall", "x": "extended", "U": "ungreedy"}


@dataclass
class Level:
    """A group that is open.

    Attributes:
        begin: where it began.
        outside: the options before it.
        caseless: what re does with the case of letters at its begin.
        scope: a group of re is open that changes this.
    """

    begin: int
    outside: Options
    caseless: bool
    scope: bool = False


def compile_pattern(pattern: bytes, mode: int = 0) -> "re.Pattern[bytes]":
    """Compile a pattern of PCRE.

    Args:
        pattern: the pattern.
        mode: option bits of PCRE.

    Raises:
        PatternError: the pattern or an option is not supported, or wrong.
    """
    if mode & ~MODES:
        raise PatternError(f"option 0x{mode & ~MODES:x} is not supported", 0)
    translation = _Translation(pattern.decode("latin-1"), mode)
    text = translation.run()
    flags = re.NOFLAG
    if mode & CASELESS:
        flags |= re.IGNORECASE
    if mode & DOTALL:
        flags |= re.DOTALL
    try:
        return re.compile(text.encode("latin-1"), flags)
    except re.error as error:
        raise PatternError(error.msg, translation.origin(error.pos or 0)) from error
    except (OverflowError, RecursionError) as error:
        raise PatternError(str(error), 0) from error


def _literal(byte: int) -> str:
    character = chr(byte)
    return character if byte in WORD else f"\\x{byte:02x}"


def _set(members: frozenset[int], negated: bool) -> str:
    """Return a class of bytes."""
    parts = []
    first: int | None = None
    for byte in range(257):
        if byte in members:
            first = byte if first is None else first
        elif first is not None:
            parts.append(_literal(first) + (f"-{_literal(byte - 1)}" if byte - 1 > first else ""))
            first = None
    return f"[{'^' if negated else ''}{''.join(parts)}]"


class _Translation:
    """One pattern on its way from one syntax to the other."""

    def __init__(self, pattern: str, mode: int) -> None:
        self._pattern = pattern
        self._mode = mode
        self._at = self._begin = 0
        self._out: list[str] = []
        self._places: list[tuple[int, int]] = []  # (position in the translation, in the pattern)
        self._size = 0
        self._can_repeat = False
        self._groups = 0
        self._all_groups = 0
        self._base = self._options = Options(
            bool(mode & CASELESS),
            bool(mode & MULTILINE),
            bool(mode & DOTALL),
            bool(mode & EXTENDED),
            bool(mode & UNGREEDY),
        )
        self._levels = [Level(0, self._options, self._options.caseless)]

    def origin(self, position: int) -> int:
        """Return where in the pattern a position of the translation comes from."""
        place = bisect(self._places, (position, len(self._pattern))) - 1
        return self._places[place][1] if place >= 0 else 0

    def run(self) -> str:
        """Return the translation.

        Raises:
            PatternError: something is not supported.
        """
        self._all_groups = self._count_groups()
        while self._at < len(self._pattern):
            self._step()
        if len(self._levels) > 1:
            self._fail("missing )", self._levels[-1].begin)
        self._close_scope()
        return "".join(self._out)

    # ------------------------------------------------------------------ small steps

    def _fail(self, reason: str, position: int | None = None) -> NoReturn:
        raise PatternError(reason, self._at if position is None else position)

    def _refuse(self, what: str, position: int | None = None) -> NoReturn:
        self._fail(f"{what} is not supported", position)

    def _put(self, text: str, can_repeat: bool = True) -> None:
        self._places.append((self._size, self._begin))
        self._out.append(text)
        self._size += len(text)
        self._can_repeat = can_repeat

    def _next(self) -> str:
        """Take a character; the empty text behind the end."""
        character = self._pattern[self._at : self._at + 1]
        self._at += len(character)
        return character

    def _take(self, expression: "re.Pattern[str]") -> "re.Match[str] | None":
        """Take what an expression matches here."""
        match = expression.match(self._pattern, self._at)
        if match:
            self._at = match.end()
        return match

    def _take_while(self, characters: frozenset[str], most: int) -> str:
        begin = self._at
        while self._at - begin < most and self._pattern[self._at : self._at + 1] in characters:
            self._at += 1
        return self._pattern[begin : self._at]

    def _close_scope(self) -> None:
        if self._levels[-1].scope:
            self._levels[-1].scope = False
            self._put(")")

    def _open_scope(self) -> None:
        """Begin a group of re where the case counts otherwise than at the begin of this level."""
        level = self._levels[-1]
        if self._options.caseless != level.caseless:
            level.scope = True
            self._put("(?i:" if self._options.caseless else "(?-i:", can_repeat=False)

    def _count_groups(self) -> int:
        """Count capturing groups: escapes of two digits are references up to their number, else octal."""
        return len(_CAPTURING.findall(_NO_GROUPS.sub("", self._pattern)))

    # ------------------------------------------------------------------ the grammar

    def _step(self) -> None:
        begin = self._begin = self._at
        character = self._next()
        options = self._options
        if options.extended and (ord(character) in SPACE or character == "#"):
            if character == "#":
                end = self._pattern.find("\n", self._at)
                self._at = len(self._pattern) if end < 0 else end + 1
        elif character == "\\":
            self._escape(begin)
        elif character == "[":
            self._class(begin)
        elif character == "(":
            self._group(begin)
        elif character == ")":
            self._end_group(begin)
        elif character == "|":
            self._close_scope()
            self._put("|", can_repeat=False)
            self._open_scope()
        elif character in "*+?":
            self._repeat(character, begin)
        elif character == "{" and _REPEAT.match(self._pattern, begin):
            self._at = begin
            match = self._take(_REPEAT)
            assert match
            self._repeat(match.group(), begin)
        elif character == "^":
            self._put(r"(?:\A|(?<=\n)(?!\Z))" if options.multiline else r"\A", can_repeat=False)
        elif character == "$":
            ending = r"\Z" if self._mode & DOLLAR_END else r"(?=\n?\Z)"
            self._put(r"(?=\n|\Z)" if options.multiline else ending, can_repeat=False)
        elif character == ".":
            if options.dotall == self._base.dotall:
                self._put(".")
            else:
                self._put("(?s:.)" if options.dotall else r"[^\n]")
        else:
            self._put(_literal(ord(character)))

    def _repeat(self, operator: str, begin: int) -> None:
        if not self._can_repeat:
            self._fail("nothing to repeat", begin)
        bounds = _REPEAT.fullmatch(operator)
        if bounds:
            least, most = int(bounds[1]), int(bounds[3] or bounds[1])
            if max(least, most) > 0xFFFF:
                self._fail("number too big in {} quantifier", begin)
            if most < least:
                self._fail("numbers out of order in {} quantifier", begin)
        suffix = self._pattern[self._at : self._at + 1]
        if suffix in ("?", "+") and suffix:
            self._at += 1
        else:
            suffix = ""
        if self._options.ungreedy and suffix != "+":
            suffix = "" if suffix else "?"
        self._put(operator + suffix, can_repeat=False)

    # ------------------------------------------------------------------ escapes

    def _byte(self, character: str, begin: int) -> int | None:
        """Return the byte of an escape that means the same inside and outside of classes."""
        if character in CONTROLS:
            return CONTROLS[character]
        if character == "c":
            control = self._next()
            if not control or ord(control) > 127:
                self._fail(r"\c needs a character of ASCII", begin)
            return ord(control.upper()) ^ 0x40
        if character == "x":
            if self._pattern[self._at : self._at + 1] == "{":
                return self._braced(16, begin)
            return int(self._take_while(HEX, 2) or "0", 16)
        if character == "o" and self._pattern[self._at : self._at + 1] == "{":
            return self._braced(8, begin)
        if character == "0":
            return int("0" + self._take_while(OCTAL, 2), 8)
        return None

    def _braced(self, base: int, begin: int) -> int:
        end = self._pattern.find("}", self._at)
        digits = self._pattern[self._at + 1 : end] if end > 0 else ""
        allowed = HEX if base == 16 else OCTAL
        if not digits or not set(digits) <= allowed:
            self._fail("missing number in braces", begin)
        self._at = end + 1
        if int(digits, base) > 0xFF:
            self._fail("character code too large: only bytes are searched", begin)
        return int(digits, base)

    def _octal(self, first: str) -> int:
        """Take up to three octal digits, of which one is taken already."""
        return int(first + self._take_while(OCTAL, 2), 8) & 0xFF

    def _escape(self, begin: int) -> None:
        character = self._next()
        byte = self._byte(character, begin) if character else None
        if not character:
            self._fail("\\ at end of pattern", begin)
        if byte is not None:
            self._put(_literal(byte))
        elif character.lower() in TYPES and character.isascii():
            self._put(_set(TYPES[character.lower()], negated=character.isupper()))
        elif character in ASSERTIONS:
            self._put(ASSERTIONS[character], can_repeat=False)
        elif character == "R":
            self._put(NEWLINES)
        elif character == "N":
            self._put(r"[^\n]")
        elif character == "C":
            self._put("(?s:.)")
        elif character == "Q":
            self._quoted()
        elif character == "E":
            pass
        elif character in "123456789":
            self._number(character, begin)
        elif character in "gk":
            self._reference(begin)
        elif character in REFUSED:
            self._refuse(REFUSED[character], begin)
        elif self._mode & EXTRA and character.isalnum() and character.isascii():
            self._fail(rf"unrecognized character follows \: {character}", begin)
        else:
            self._put(_literal(ord(character)))

    def _quoted(self) -> None:
        end = self._pattern.find("\\E", self._at)
        text = self._pattern[self._at : end if end >= 0 else None]
        for character in text:
            self._put(_literal(ord(character)))
            self._at += 1
        if end >= 0:
            self._at = end + 2

    def _number(self, first: str, begin: int) -> None:
        """Take a reference by number, or an octal number."""
        more = re.compile(r"\d*", re.ASCII).match(self._pattern, self._at)
        assert more
        number = int(first + more.group())
        if number < 10 or number <= self._all_groups:
            self._at = more.end()
            self._back(number, begin)
        elif first in OCTAL:
            self._put(_literal(self._octal(first)))
        else:
            self._refuse(rf"\{first}{more.group()} without such a group", begin)

    def _back(self, number: int, begin: int) -> None:
        if not 0 < number <= self._groups:
            self._refuse(f"reference to group {number}, which has not begun yet,", begin)
        self._put(f"(?:\\{number})")

    def _reference(self, begin: int) -> None:
        self._at = begin + 1
        if match := self._take(_NAMED_REFERENCE):
            self._put(f"(?P={match[match.lastgroup or 'a']})")
        elif match := self._take(_NUMBERED_REFERENCE):
            number = int(match[match.lastgroup or "a"])
            self._back(self._groups + 1 + number if number < 0 else number, begin)
        else:
            self._refuse(f"\\{self._pattern[self._at : self._at + 1]} in this form", begin)

    # ------------------------------------------------------------------ classes

    def _class(self, begin: int) -> None:
        negated = self._pattern[self._at : self._at + 1] == "^"
        if negated:
            self._at += 1
        members: set[int] = set()
        is_first = True
        while True:
            character = self._pattern[self._at : self._at + 1]
            if not character:
                self._fail("missing terminating ] for character class", begin)
            if character == "]" and not is_first:
                self._at += 1
                break
            is_first = False
            members |= self._class_part()
        self._put(_set(frozenset(members), negated))

    def _class_part(self) -> set[int]:
        """Take a member of a class, or a range."""
        begin = self._at
        if self._pattern.startswith("[:", begin) and (match := self._take(_POSIX_CLASS)):
            if match[2] not in CLASSES:
                self._fail("unknown POSIX class name", begin)
            return set(BYTES - CLASSES[match[2]] if match[1] else CLASSES[match[2]])
        if re.compile(r"\[([.=]).*?\1\]", re.DOTALL).match(self._pattern, begin):
            self._refuse("a collating element", begin)
        first = self._member()
        if not isinstance(first, int) or not self._is_range():
            return {first} if isinstance(first, int) else set(first)
        dash = self._at
        self._at += 1
        last = self._member()
        if not isinstance(last, int):
            self._at = dash + 1
            return {first, ord("-")}
        if last < first:
            self._fail("range out of order in character class", begin)
        return set(range(first, last + 1))

    def _is_range(self) -> bool:
        here = self._pattern[self._at : self._at + 3]
        return len(here) >= 2 and here[0] == "-" and here[1] != "]" and not here[1:].startswith("[:")

    def _member(self) -> "int | frozenset[int]":
        """Take a byte or a type of bytes."""
        begin = self._at
        character = self._next()
        if character != "\\":
            return ord(character)
        character = self._next()
        if not character:
            self._fail("\\ at end of pattern", begin)
        if character == "b":
            return 0x08
        if character in "QE":
            self._refuse(rf"\{character} in a class", begin)
        byte = self._byte(character, begin)
        if byte is not None:
            return byte
        if character.lower() in TYPES and character.isascii():
            members = TYPES[character.lower()]
            return BYTES - members if character.isupper() else members
        if character in OCTAL:
            return self._octal(character)
        if character in "RX" or character in REFUSED or character == "N":
            self._refuse(rf"\{character} in a class", begin)
        if self._mode & EXTRA and character.isalnum() and character.isascii():
            self._fail(rf"unrecognized character follows \: {character}", begin)
        return ord(character)

    # ------------------------------------------------------------------ groups

    def _group(self, begin: int) -> None:
        following = self._pattern[self._at : self._at + 3]
        if following.startswith("*"):
            self._refuse("a verb (*...)", begin)
        if following.startswith("?#"):
            end = self._pattern.find(")", self._at)
            if end < 0:
                self._fail("missing ) after comment", begin)
            self._at = end + 1
            return
        if not following.startswith("?"):
            self._open("(", begin, captures=True)
        elif match := self._take(_NAMED_GROUP):
            self._open(f"(?P<{match['a'] or match['b']}>", begin, captures=True)
        elif match := self._take(_NAMED_BACK):
            self._put(f"(?P={match['a']})")
        elif match := self._take(_CONDITION):
            self._open(f"(?({match['a'] or match['b'] or match['c']})", begin)
        elif same := [form for form in GROUP_BEGINS if self._pattern.startswith(form, self._at)]:
            self._at += len(same[0])
            self._open(f"({same[0]}", begin)
        elif match := self._take(_OPTIONS):
            self._change(match, begin)
        else:
            self._refuse(f"({following}", begin)

    def _open(self, text: str, begin: int, captures: bool = False) -> None:
        if captures:
            self._groups += 1
        self._put(text, can_repeat=False)
        self._levels.append(Level(begin, self._options, self._options.caseless))

    def _end_group(self, begin: int) -> None:
        if len(self._levels) == 1:
            self._fail("unmatched parentheses", begin)
        self._close_scope()
        self._options = self._levels.pop().outside
        self._put(")")

    def _change(self, match: "re.Match[str]", begin: int) -> None:
        """Take changed options: of the group that begins here, or of the rest of the one at hand."""
        changes: dict[str, bool] = {}
        for letters, value in ((match["on"], True), (match["off"] or "", False)):
            for letter in letters:
                if letter not in LETTERS:
                    self._refuse(f"({match.group()}", begin)
                changes[LETTERS[letter]] = value
        changed = replace(self._options, **changes)
        if match["end"] == ")":
            self._close_scope()
            self._options = changed
            self._open_scope()
            self._can_repeat = False
            return
        turned = "" if changed.caseless == self._options.caseless else "i" if changed.caseless else "-i"
        self._open(f"(?{turned}:", begin)
        self._levels[-1].caseless = changed.caseless
        self._options = changed


def matcher(pattern: bytes, mode: int = 0) -> Callable[[Buffer], "re.Match[bytes] | None"]:
    """Return a function that searches a pattern of PCRE in bytes.

    Args:
        pattern: the pattern.
        mode: option bits of PCRE.

    Raises:
        PatternError: the pattern or an option is not supported, or wrong.
    """
    compiled = compile_pattern(pattern, mode)
    return compiled.match if mode & ANCHORED else compiled.search
