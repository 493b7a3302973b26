"""Columns of the flow and packet files: names, types, units, descriptions, older names.

One registry for everything that shows or reads columns (table, filter, help, export). The built-in
columns stand in ``columns.tsv`` beside this module in output order; plugins of users add theirs with
``register``.

Type codes: ``C`` one character; ``U8``-``U64``, ``I8``-``I64`` decimal; ``H8``-``H64`` hexadecimal;
``F`` single precision as C ``%.7g``; ``D`` double as ``%f``; ``D9`` double as ``%.9f``; ``S`` quoted
string, ``SC`` unquoted string; ``MAC``; ``IP4``, ``IP6``, ``IPX`` address of either family;
``U64.U32`` seconds and fraction; ``text`` payload as characters. ``:R`` marks a list, ``T1_T2`` a value
of several parts.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from t2tui.core.nearest import did_you_mean, nearest_names

File = Literal["flows", "packets"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PART = r"(?:C|[UIH](?:8|16|32|64)|F|D9?|SC?|MAC|IP[46X]|U64\.U32)"
_TYPE = re.compile(rf"{_PART}(?:_{_PART})*(?::R)?")

NAMES_0_9_0 = {
    "pktsSnt": "numPktsSnt",
    "pktsRcvd": "numPktsRcvd",
    "l7BytesSnt": "numBytesSnt",
    "l7BytesRcvd": "numBytesRcvd",
    "minL7PktSz": "minPktSz",
    "maxL7PktSz": "maxPktSz",
    "avgL7PktSz": "avePktSize",
    "stdL7PktSz": "stdPktSize",
    "avgIAT": "aveIAT",
    "tcpAvgWinSz": "tcpAveWinSz",
    "tcpRTTAckTripAvg": "tcpRTTAckTripAve",
    "tcpRTTAckTripJitAvg": "tcpRTTAckTripJitAve",
    "tcpRTTAckJitAvg": "tcpRTTAckJitAve",
}
"""Today's name -> name in version 0.9.0. The basicStats names are those of that version's flow file;
the tcpFlags names follow its spelling of averages."""

OLD_NAMES = {"0.9.0": NAMES_0_9_0, "0.9.3": dict[str, str]()}
"""Versions whose names can be written, and the columns that have another name there."""


class UnknownColumn(LookupError):  # noqa: N818 (reads as what it says)
    """No column has this name.

    Attributes:
        name: the name that was asked for.
        suggestions: known names that resemble it, nearest first.
    """

    def __init__(self, name: str, suggestions: list[str], file: File | None = None):
        place = f" in the {file} file" if file else ""
        super().__init__(f"unknown column {name!r}{place}{did_you_mean(suggestions)}")
        self.name = name
        self.suggestions = suggestions


class ColumnError(ValueError):
    """A column that a plugin declares cannot be: name, type, file, or a name twice."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the flow or packet file.

    Attributes:
        name: today's name.
        type: type code, see the module's text.
        header: text in the header file (empty for columns of the packet file).
        unit: ``s``, ``bytes``, ``packets``, ``bits``, ... or empty.
        description: one line of help.
        aliases: names in older versions.
        bits: name of its bit table (see bits.py), empty without.
        plugin: who writes it.
        order: number of that plugin; columns are written in this order.
        file: ``flows`` or ``packets``.
    """

    name: str
    type: str
    header: str = ""
    unit: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    bits: str = ""
    plugin: str = ""
    order: int = 0
    file: File = "flows"


_registered: list[Column] = []


@cache
def _builtin() -> tuple[Column, ...]:
    columns = []
    for line in Path(__file__).with_name("columns.tsv").read_text("utf-8").splitlines()[1:]:
        file, plugin, order, name, type_, unit, bits, header, description, aliases = line.split("\t")
        columns.append(
            Column(
                name,
                type_,
                header,
                unit,
                description,
                tuple(aliases.split()),
                bits,
                plugin,
                int(order),
                "packets" if file == "packets" else "flows",
            )
        )
    return tuple(columns)


@cache
def _by_name() -> dict[tuple[str, str], Column]:
    """(file, name or alias) -> column. Names win over aliases, earlier columns over later ones."""
    columns = all_columns()
    index: dict[tuple[str, str], Column] = {
        (column.file, column.name): column for column in reversed(columns)
    }
    for column in columns:
        for alias in column.aliases:
            index.setdefault((column.file, alias), column)
    return index


def all_columns() -> tuple[Column, ...]:
    """Return every known column, the built-in ones first, in output order."""
    return (*_builtin(), *_registered)


def register(columns: Iterable[Column]) -> None:
    """Make the columns of a user's plugin known.

    They replace columns that the same plugin has registered before. A name that another plugin uses too is
    allowed, as in the reference; ``find`` then returns the earlier column.

    Raises:
        ColumnError: a column cannot be; nothing is registered then.
    """
    added = tuple(columns)
    check(added)
    replaced = {(column.plugin, column.file) for column in added}
    _registered[:] = [column for column in _registered if (column.plugin, column.file) not in replaced]
    _registered.extend(added)
    _by_name.cache_clear()
    plugin_columns.cache_clear()


def check(columns: Iterable[Column]) -> None:
    """Refuse columns that cannot be.

    Raises:
        ColumnError: a name, type or file that no column can have, or a name that a plugin uses twice.
    """
    times: Counter[tuple[str, File, str]] = Counter()
    for column in columns:
        _check(column)
        times[column.plugin, column.file, column.name] += 1
    for (plugin, file, name), count in times.items():
        if count > 1:
            raise ColumnError(f"{plugin} has {count} columns {name} in the {file} file")


_sources: list[Callable[[], None]] = []


def add_source(register_more: Callable[[], None]) -> None:
    """Name a function that registers columns and bit tables of plugins that were not imported yet.

    It is called once, when a name is looked for that is not known: importing all plugins takes time.
    """
    _sources.append(register_more)


def load_more() -> bool:
    """Call the functions that were named; tell whether there were any."""
    waiting, _sources[:] = _sources.copy(), []
    for register_more in waiting:
        register_more()
    return bool(waiting)


def _check(column: Column) -> None:
    what = f"column {column.name!r} of {column.plugin or 'a plugin'}"
    if not _NAME.fullmatch(column.name):
        raise ColumnError(f"{what}: a name has letters, digits and _, and begins without a digit")
    if not _TYPE.fullmatch(column.type):
        raise ColumnError(
            f"{what}: no type {column.type!r}; there are C, U8 to U64, I8 to I64, H8 to H64, F, D, D9, S, "
            "SC, MAC, IP4, IP6, IPX, U64.U32; parts are joined by _, a list ends in :R"
        )
    if column.file not in ("flows", "packets"):
        raise ColumnError(f"{what}: no file {column.file!r}; there are flows and packets")


@cache
def plugin_columns(plugin: str, file: File) -> tuple[Column, ...]:
    """Return the columns that a plugin (or ``core``) writes to a file, in output order."""
    return tuple(column for column in all_columns() if column.plugin == plugin and column.file == file)


def file_columns(plugins: Iterable[str], file: File) -> tuple[Column, ...]:
    """Return all columns of a file for a set of plugins and the core, in output order.

    Without those that are written on demand.
    """
    wanted = {"core", *plugins}
    columns = (
        column
        for column in all_columns()
        if column.plugin in wanted and column.file == file and column.name != "l7HexContent"
    )
    return tuple(sorted(columns, key=lambda column: column.order))


def find(name: str, file: File | None = None) -> Column:
    """Return the column with a name of today or of an older version.

    Args:
        name: column name, case matters.
        file: look in this file only; without, the flow file is searched first.

    Raises:
        UnknownColumn: no such column; carries the nearest names.
    """
    index = _by_name()
    files = (file,) if file else ("flows", "packets")
    for candidate in files:
        if column := index.get((candidate, name)):
            return column
    if load_more():
        return find(name, file)
    raise UnknownColumn(name, nearest_names(name, (known for where, known in index if where in files)), file)


def old_name(column: Column, version: str) -> str:
    """Return the name of a column in an older version's files.

    Raises:
        ValueError: the version's names are not known.
    """
    if version not in OLD_NAMES:
        raise ValueError(
            f"unknown version {version!r} of column names; known are {', '.join(sorted(OLD_NAMES))}"
        )
    return OLD_NAMES[version].get(column.name, column.name)


def unique_names(columns: Iterable[Column], printed: Callable[[Column], str]) -> list[str]:
    """Return the names of columns for files that hold no name twice, not even in other case (docs/sinks.md).

    Args:
        columns: in their order.
        printed: gives the name of a column; one that an earlier column has gets the name of its plugin
            behind it, ``tcpInitWinSz_tcpWin``, and a number where that does not suffice.
    """
    taken: set[str] = set()
    names = []
    for column in columns:
        name = printed(column)
        if name.casefold() in taken:
            name = f"{name}_{column.plugin}"
        wanted, number = name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name.casefold())
        names.append(name)
    return names
