"""Values in logs: ``name=value`` somewhere in a line, such as ``Aggregated tcpWinStat=0x01``."""

import re
from collections.abc import Callable, Iterable, Iterator

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_VALUE = r"0[xX][0-9a-fA-F]+(?:_0[xX][0-9a-fA-F]+)*|[0-9]+(?:/[0-9]+)?"
_PAIR = re.compile(rf"(?<![\w$])([A-Za-z_]\w*)=({_VALUE})(?!\w)")
_NAME = re.compile(r"[A-Za-z_]\w*")


def pairs(lines: Iterable[str], is_known: Callable[[str], bool]) -> Iterator[tuple[str, str | None]]:
    """Yield names and values of lines in their order, each pair once.

    Args:
        lines: of a log, a report, or just words; ANSI colours do not matter.
        is_known: whether a name can be decoded; others are passed over.

    Yields:
        Name and value; without value (None) for a known name that is alone in its line.
    """
    seen: set[tuple[str, str | None]] = set()
    for line in lines:
        text = _ANSI.sub("", line)
        found: list[tuple[str, str | None]] = [(name, value) for name, value in _PAIR.findall(text)]
        if not found and _NAME.fullmatch(text.strip()):
            found = [(text.strip(), None)]
        for pair in found:
            if pair not in seen and is_known(pair[0]):
                seen.add(pair)
                yield pair
