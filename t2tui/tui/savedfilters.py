"""Filters that are remembered: saved under names, or applied before; and some to begin with."""

from typing import Any

from t2tui.tui.memory import Memory, Section

SECTION = "filters"
"""Section of the memory: ``saved`` by name, and ``history``, the latest last."""
MOST_HISTORY = 200
LONGEST = 2_000
"""Characters of a filter that is taken into the history."""

EXAMPLES = (
    ("one flow", "flow(8)", "both directions of the flow with this index"),
    ("some flows", 'flow("10-20;35")', "flows by their indices, single ones and ranges"),
    ("web of a network", 'host("192.168.1.0/24") && port("80;443")', "who used web servers there, or served"),
    ("looks like a scan", "tcp() && bitsanyset($tcpStatesAFlags, 0x80)", "TCP that looks like scanning"),
    ("resets", "bitsanyset($tcpStatesAFlags, 0x40)", "this side ended the connection with a reset"),
    ("no answer", "$pktsRcvd == 0", "nothing came back"),
    ("out of the house", "not(privip($dstIP))", "to addresses that are not private"),
    ("much data", "$l7BytesSnt > 1e6", "more than a million bytes sent"),
    ("long", "$duration > 60", "longer than a minute"),
    ("tunnels", "$hdrDesc ~ /gre|ipip|vxlan|gtp|mpls|l2tp/", "encapsulated traffic"),
    ("tagged", "$hdrDesc ~ /vlan/", "with VLAN tags"),
    ("alarms", "bitsanyset($flowStat, 0x0002000000000000)", "flows that a plugin raised an alarm on"),
    ("names asked for", "$dstPort == 53 || $srcPort == 53", "DNS"),
)
"""Name, filter, what it finds."""


class SavedFilters:
    """The user's filters."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def saved(self) -> dict[str, str]:
        """Return filters by name."""
        found = self._memory.load(SECTION).get("saved", {})
        return (
            {name: text for name, text in found.items() if _is_filter(text)}
            if isinstance(found, dict)
            else {}
        )

    def history(self) -> list[str]:
        """Return the filters that were applied, the latest last."""
        found = self._memory.load(SECTION).get("history", [])
        return [text for text in found if _is_filter(text)] if isinstance(found, list) else []

    def save(self, name: str, text: str) -> None:
        """Remember a filter under a name.

        Raises:
            NotRememberedError: it cannot be written.
        """

        def edit(section: Section) -> None:
            if not isinstance(section.get("saved"), dict):
                section["saved"] = {}
            section["saved"][name] = text

        self._memory.change(SECTION, edit)

    def delete(self, name: str) -> None:
        """Forget a filter.

        Raises:
            NotRememberedError: it cannot be written.
        """

        def edit(section: Section) -> None:
            if isinstance(section.get("saved"), dict):
                section["saved"].pop(name, None)

        self._memory.change(SECTION, edit)

    def applied(self, text: str) -> None:
        """Take a filter into the history, at its end; very long ones (of marks) are not.

        Raises:
            NotRememberedError: it cannot be written.
        """
        if not text or len(text) > LONGEST:
            return

        def edit(section: Section) -> None:
            before = section.get("history")
            kept = [each for each in before if each != text] if isinstance(before, list) else []
            section["history"] = [*kept, text][-MOST_HISTORY:]

        self._memory.change(SECTION, edit)


def _is_filter(text: Any) -> bool:
    return isinstance(text, str) and text.isprintable()
