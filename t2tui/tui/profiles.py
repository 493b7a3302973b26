"""Layouts of the flow table: which columns are shown, in which order, how wide, how many stay.

Some are built in; the user's are kept under their names, and the one that was used last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from t2tui.tui.cells import PREFERRED
from t2tui.tui.memory import Memory, Section

SECTION = "columns"
"""Section of the memory: ``last``, and ``profiles`` by name."""
NARROWEST, WIDEST = 3, 200


@dataclass(frozen=True)
class Profile:
    """A layout.

    Attributes:
        columns: names of columns in their order; those that a table lacks are passed over.
        hidden: columns that are not shown.
        has_rest: columns that are neither listed nor hidden follow behind; else they are hidden, too.
        frozen: the last column that stays when the others move; empty: direction and index alone stay.
        widths: of columns whose width was chosen.
        text: what it is for.
    """

    columns: tuple[str, ...] = PREFERRED
    hidden: tuple[str, ...] = ()
    has_rest: bool = True
    frozen: str = ""
    widths: Mapping[str, int] = field(default_factory=dict)
    text: str = ""

    def shown(self, names: Iterable[str]) -> list[str]:
        """Return which columns of a table are shown, in order; all of them if none would be."""
        names = list(names)
        listed = [name for name in self.columns if name in names]
        rest = [name for name in names if name not in self.columns and name not in self.hidden]
        return (listed + rest if self.has_rest else listed) or names


def _only(*columns: str, text: str) -> Profile:
    return Profile(("dir", "flowInd", *columns), has_rest=False, text=text)


BUILT_IN = {
    "all": Profile(text="every column, those that are looked at first in front"),
    "overview": _only(
        *("flowStat", "timeFirst", "duration", "srcIP", "srcPort", "dstIP", "dstPort", "l4Proto"),
        *("pktsSnt", "l7BytesSnt", "hdrDesc"),
        text="who, when, how much",
    ),
    "traffic": _only(
        *("srcIP", "dstIP", "dstPort", "duration", "pktsSnt", "pktsRcvd", "l7BytesSnt", "l7BytesRcvd"),
        *("minL7PktSz", "maxL7PktSz", "avgL7PktSz", "avgIAT", "pktps", "bytps", "pktAsm", "bytAsm"),
        text="packets, bytes, rates and sizes",
    ),
    "tcp": _only(
        *("flowStat", "srcIP", "srcPort", "dstIP", "dstPort", "tcpStatesAFlags", "tcpFStat", "tcpFlags"),
        *("tcpAnomaly", "tcpInitWinSz", "tcpMinWinSz", "tcpPSeqCnt", "tcpPAckCnt"),
        *("tcpSSASAATrip", "tcpRTTAckTripAvg", "pktsSnt", "l7BytesSnt"),
        text="states, flags, windows and round trips",
    ),
    "addresses": _only(
        *("srcMac", "srcIP", "srcIPCC", "srcIPOrg", "srcPort", "dstMac", "dstIP", "dstIPCC", "dstIPOrg"),
        *("dstPort", "l4Proto", "vlanID", "hdrDesc"),
        text="addresses of all layers, countries and organisations",
    ),
}
"""Profiles that are always there."""


class Profiles:
    """The profiles that are built in and those that are remembered."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def all(self) -> dict[str, Profile]:
        """Return profiles by name, the user's behind those that are built in."""
        return BUILT_IN | self.own()

    def own(self) -> dict[str, Profile]:
        """Return the user's profiles; what is no profile is passed over with a warning."""
        tables = self._memory.load(SECTION).get("profiles", {})
        if not isinstance(tables, dict):
            self._warn("profiles", "it must be a table")
            return {}
        found = {name: self._read(f"profiles.{name}", table) for name, table in tables.items()}
        return {name: profile for name, profile in found.items() if profile is not None}

    def last(self) -> Profile:
        """Return the layout that was used last."""
        table = self._memory.load(SECTION).get("last")
        return (self._read("last", table) if table is not None else None) or BUILT_IN["all"]

    def save(self, name: str, profile: Profile) -> None:
        """Remember a profile of the user's.

        Raises:
            ValueError: a built-in profile has this name.
            NotRememberedError: it cannot be written.
        """
        if name in BUILT_IN:
            raise ValueError(f"{name} is built in: choose another name")
        self._memory.change(SECTION, lambda section: _table_in(section, "profiles", name, profile))

    def save_last(self, profile: Profile) -> None:
        """Remember what is shown now.

        Raises:
            NotRememberedError: it cannot be written.
        """
        self._memory.change(SECTION, lambda section: section.__setitem__("last", _written(profile)))

    def delete(self, name: str) -> None:
        """Forget a profile of the user's.

        Raises:
            NotRememberedError: it cannot be written.
        """

        def edit(section: Section) -> None:
            if isinstance(section.get("profiles"), dict):
                section["profiles"].pop(name, None)

        self._memory.change(SECTION, edit)

    def _read(self, where: str, table: Any) -> Profile | None:
        try:
            return _profile(table)
        except ValueError as error:
            self._warn(where, str(error))
            return None

    def _warn(self, where: str, reason: str) -> None:
        warning = f"{self._memory.path(SECTION)}: [{where}] is passed over: {reason}"
        if warning not in self._memory.warnings:
            self._memory.warnings.append(warning)


def _table_in(section: Section, whole: str, name: str, profile: Profile) -> None:
    if not isinstance(section.get(whole), dict):
        section[whole] = {}
    section[whole][name] = _written(profile)


def _written(profile: Profile) -> dict[str, Any]:
    """Return a profile as TOML has it."""
    return {
        "columns": list(profile.columns),
        "hidden": list(profile.hidden),
        "has_rest": profile.has_rest,
        "frozen": profile.frozen,
        "widths": dict(profile.widths),
    }


def _profile(table: Any) -> Profile:
    """Read a profile.

    Raises:
        ValueError: it is none; the text says what is wrong.
    """
    if not isinstance(table, dict):
        raise ValueError("it must be a table")
    for name in ("columns", "hidden"):
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{name} must be a list of names")
    widths = table.get("widths", {})
    if not isinstance(widths, dict) or not all(type(width) is int for width in widths.values()):
        raise ValueError("widths must be a table of whole numbers")
    frozen, has_rest = table.get("frozen", ""), table.get("has_rest", True)
    if not isinstance(frozen, str) or not isinstance(has_rest, bool):
        raise ValueError("frozen must be a name, has_rest true or false")
    kept = {name: min(max(width, NARROWEST), WIDEST) for name, width in widths.items()}
    columns = tuple(dict.fromkeys(table.get("columns", [])))
    return Profile(columns, tuple(table.get("hidden", [])), has_rest, frozen, kept)
