"""What ``t2tui decode`` does: finds tables, prints values as tables or JSON."""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from t2tui.cli.exits import DONE, FAILED, USAGE
from t2tui.cli.table import aligned
from t2tui.cli.terminal import has_colour, printable, say
from t2tui.core import columns
from t2tui.core.bitnames import Chosen, choose
from t2tui.core.bits import BitTable
from t2tui.core.decode import Decoded, DecodeError, Row, decode_parts, find_table, is_known, names
from t2tui.core.decodelog import pairs
from t2tui.core.decodetable import table_text

STANDARD = "-"

LONGEST_LINE = 1 << 20
"""Characters of a log that are looked at together; longer lines are cut."""


class Work:
    """One run of the command."""

    def __init__(self, is_json: bool, config: Path | None, plugin_dirs: Sequence[Path]) -> None:
        """Prepare.

        Args:
            is_json: print JSON instead of tables.
            config: file of settings; it names folders of plugins.
            plugin_dirs: further ones.
        """
        self._is_json = is_json
        self._config, self._plugin_dirs = config, plugin_dirs
        self._colour = not is_json and has_colour(sys.stdout)
        self._all_loaded = False
        self._code = DONE

    def run(self, words: Sequence[str], logs: Sequence[str], chosen: Sequence[tuple[str, str]]) -> int:
        """Decode words and logs, and make numbers of names.

        Args:
            words: ``name`` or ``name=value``; ``-`` for standard input.
            logs: files.
            chosen: column and names of bits.

        Returns:
            The exit code.

        Raises:
            Failure: the file of settings is wrong.
            OSError: a log cannot be read.
        """
        for word in words:
            if word == STANDARD:
                self._log(STANDARD)
                continue
            name, equals, value = word.partition("=")
            self._knows(name)
            self._decode(name.strip(), value if equals else None)
        for path in logs:
            self._log(path)
        for column, bits in chosen:
            self._knows(column)
            try:
                self._show_chosen(choose(column, bits.split(",")))
            except DecodeError as wrong:
                self._wrong(wrong)
        return self._code

    def list(self) -> int:
        """Print what can be decoded."""
        self._load_all()
        rows = [_entry(name) for name in names()]
        if self._is_json:
            for name, kind, text in rows:
                _print(json.dumps({"name": name, "kind": kind, "description": text}) + "\n")
        else:
            _print(aligned([tuple(map(printable, row)) for row in rows]) + "\n")
        return DONE

    def _wrong(self, error: DecodeError) -> None:
        say("ERR", str(error))
        self._code = USAGE

    def _knows(self, name: str) -> bool:
        """Tell whether a name can be decoded, if need be with the plugins of the user."""
        if not is_known(name):
            self._load_all()
        return is_known(name)

    def _load_all(self) -> None:
        """Import the user's plugins: their columns and tables are known then."""
        if self._all_loaded:
            return
        self._all_loaded = True
        from t2tui import plugins
        from t2tui.cli.activation import setup

        setup(self._config, self._plugin_dirs)
        for name in plugins.known_names():
            if name not in plugins.names():
                try:
                    plugins.find(name)
                except plugins.UnusablePluginError as wrong:
                    say("WRN", f"{wrong}; left out")

    def _decode(self, name: str, value: str | None) -> None:
        try:
            for decoded in decode_parts(name, value):
                self._show(decoded)
        except DecodeError as wrong:
            self._wrong(wrong)

    def _log(self, path: str) -> None:
        """Decode all values in a file."""
        passed_over: list[str] = []

        def is_wanted(name: str) -> bool:
            known = self._knows(name)
            if not known and len(passed_over) < 1:
                passed_over.append(name)
            return known

        found = False
        for name, value in pairs(_lines(path), is_wanted):
            found = True
            self._decode(name, value)
        if not found:
            where = "standard input" if path == STANDARD else f"'{path}'"
            text = f"{where} has no NAME=VALUE that can be decoded"
            for name in passed_over:
                try:
                    find_table(name)
                except DecodeError as wrong:
                    text += f": {wrong}"
            say("ERR", text)
            self._code = self._code or FAILED

    def _show(self, decoded: Decoded) -> None:
        if self._is_json:
            _print(json.dumps(_as_json(decoded)) + "\n")
        else:
            _print(table_text(decoded, self._colour))
        if decoded.unknown:
            written = decoded.table.format(decoded.unknown)
            what = f"nothing is known of the bits {written}"
            if not isinstance(decoded.table, BitTable):
                what = f"nothing is known of {written}"
            say("WRN", f"{decoded.column}={decoded.typed}: {what}")

    def _show_chosen(self, chosen: Chosen) -> None:
        if self._is_json:
            shown = {"column": chosen.column, "value": chosen.value, "filter": chosen.filter}
            _print(json.dumps({**shown, "rows": [_row(row) for row in chosen.rows]}) + "\n")
            return
        _print(f"{chosen.value}\n")
        if chosen.filter:
            _print(f"{chosen.filter}\n")


def _print(text: str) -> None:
    sys.stdout.write(text)


def _lines(path: str) -> Iterator[str]:
    """Yield the lines of a log; bytes that are no UTF-8 do not matter."""
    if path == STANDARD:
        yield from _pieces(io.TextIOWrapper(sys.stdin.buffer, "utf-8", "replace"))
        return
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        yield from _pieces(file)


def _pieces(file: "io.TextIOWrapper") -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        yield line


def _entry(name: str) -> tuple[str, str, str]:
    """Return name, kind and description of something that can be decoded."""
    try:
        text = columns.find(name).description
    except columns.UnknownColumn:
        text = ""
    try:
        table = find_table(name)
    except DecodeError:
        return name, "parts", text
    return name, f"{table.width} bits" if isinstance(table, BitTable) else "numbers", text


def _as_json(decoded: Decoded) -> dict[str, object]:
    """Return a decoded value as an object of JSON; bits as hexadecimal text, since 64 fit no number."""
    is_bits = isinstance(decoded.table, BitTable)
    shown: dict[str, object] = {"column": decoded.column}
    if decoded.typed:
        value: object = decoded.value
        if is_bits and decoded.value is not None:
            value = decoded.table.format(decoded.value)
        shown |= {"typed": decoded.typed, "value": value}
        if decoded.unknown:
            shown["unknown"] = decoded.table.format(decoded.unknown)
    return {**shown, "width": decoded.table.width, "rows": [_row(row) for row in decoded]}


def _row(row: Row) -> dict[str, object]:
    if row.bit is None:
        return {"value": row.hex, "name": row.name, "description": row.text}
    return {
        "bit": row.bit, "mask": row.hex, "level": row.level, "name": row.name, "description": row.text
    }  # fmt: skip
