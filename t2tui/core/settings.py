"""Flags under Tranalyzer2's names: declaration, values as text, and where each value came from.

A plugin declares its flags; ``load_settings`` reads them. What comes later wins: default, t2tui.toml
(one table per plugin), the environment variable of the flag's name (run-time flags only),
``-D PLUGIN.FLAG=VALUE``.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from t2tui.core.nearest import did_you_mean, nearest_names

Value = bool | int | float | str | tuple[int, ...]
Source = Literal["default", "file", "environment", "option", "here"]
"""Where a value came from; ``here``: it was changed in the terminal UI."""
Entry = TypeVar("Entry")

ANY_TEXT = r"(?s:.*)"

CORE = "core"
"""Name under which the flags of the engine itself are set."""


class SettingsError(ValueError):
    """A setting names nothing that exists or has a value that is not allowed."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of a plugin. The default decides the type; a tuple is a list of integers.

    Attributes:
        name: as in the reference, for example ``PLDUMP_TCP_PORTS``.
        default: value when nothing is set.
        help: one line.
        minimum: smallest value allowed (of each element of a list).
        maximum: largest value allowed.
        choices: values allowed, all if empty.
        runtime: an environment variable of this name sets it, too.
        pattern: regular expression that a text has to match as a whole; any text if empty.
        meaning: what the pattern allows, as the end of "must be ...".
    """

    name: str
    default: Value
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] = ()
    runtime: bool = False
    pattern: str = ""
    meaning: str = ""

    def parse(self, text: str) -> Value:
        """Return the value that a text stands for.

        Integers are decimal or ``0x...``; lists ``{21,25}`` or ``21;25``; truth ``1``, ``true``, ``yes``,
        ``on`` and their opposites; strings may stand in double quotes; ``default`` is the default.

        Raises:
            SettingsError: the text is no value of this flag.
        """
        stripped = text.strip()
        if stripped == "default":
            return self.default
        if isinstance(self.default, str):
            quoted = len(stripped) >= 2 and stripped[0] == stripped[-1] == '"'
            return self.check(stripped[1:-1] if quoted else text)
        try:
            value = self._number(stripped)
        except ValueError as error:
            raise SettingsError(f"{self.name} must be {self.expected()}, not {text!r}") from error
        return self.check(value)

    def _number(self, text: str) -> Value:
        if isinstance(self.default, bool):
            return _truth(text)
        if isinstance(self.default, int):
            return _integer(text)
        if isinstance(self.default, float):
            return float(text)
        if text.startswith("{") != text.endswith("}"):
            raise ValueError("unbalanced braces")
        inner = text.removeprefix("{").removesuffix("}").replace(";", ",")
        return tuple(_integer(part) for part in inner.split(",")) if inner.strip() else ()

    def check(self, value: object) -> Value:
        """Return a value of another origin (a TOML file, a program) as this flag's type.

        Raises:
            SettingsError: wrong type, or out of the allowed values.
        """
        converted = self._converted(value)
        elements = converted if isinstance(converted, tuple) else (converted,)
        for element in elements:
            low = self.minimum is not None and not isinstance(element, str) and element < self.minimum
            high = self.maximum is not None and not isinstance(element, str) and element > self.maximum
            if low or high or (self.choices and element not in self.choices):
                raise SettingsError(f"{self.name} must be {self.expected()}, not {format_value(converted)}")
        return converted

    def _converted(self, value: object) -> Value:
        if isinstance(self.default, bool):
            if isinstance(value, int) and value in (0, 1):
                return bool(value)
        elif isinstance(self.default, int):
            if isinstance(value, int):
                return int(value)
        elif isinstance(self.default, float):
            if isinstance(value, int | float) and math.isfinite(value):
                return float(value)
        elif isinstance(self.default, str):
            if isinstance(value, str) and "\0" not in value and re.fullmatch(self.pattern or ANY_TEXT, value):
                return value
        elif isinstance(value, list | tuple) and all(isinstance(element, int) for element in value):
            return tuple(int(element) for element in value)
        raise SettingsError(f"{self.name} must be {self.expected()}, not {value!r}")

    def expected(self) -> str:
        """Describe the allowed values, as the end of "must be ..."."""
        if self.choices:
            return "one of " + ", ".join(format_value(choice) for choice in self.choices)
        if isinstance(self.default, bool):
            return "0 or 1"
        if isinstance(self.default, str):
            return self.meaning or "a text"
        kinds = {int: "an integer", float: "a number", tuple: "a list of integers such as {21,25}"}
        kind = kinds[type(self.default)]
        if self.minimum is not None and self.maximum is not None:
            return f"{kind} from {self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"{kind} of at least {self.minimum:g}"
        if self.maximum is not None:
            return f"{kind} of at most {self.maximum:g}"
        return kind


CORE_FLAGS: tuple[Flag, ...] = (
    Flag("ALARM_MODE", 0, help="1: write only flows for which a plugin reported an alarm", choices=(0, 1)),
    Flag(
        "ALARM_AND",
        0,
        help="with ALARM_MODE: 0 one plugin suffices, 1 all plugins that report must have an alarm, "
        "2 as T2 0.9.3 does with 1: no flow is written",
        choices=(0, 1, 2),
    ),
    Flag("FORCE_MODE", 0, help="1: plugins may end flows; packets are handled one by one", choices=(0, 1)),
    Flag("PACKET_HEX", 0, help="1: packet files have payload as bytes, too: l7HexContent", choices=(0, 1)),
    Flag("LABEL_FILE", "", help="text file of address labels, which count before all others"),
    Flag("LABEL_COUNTRY_DB", "", help="MaxMind database with the countries of public addresses"),
    Flag("LABEL_ORG_DB", "", help="MaxMind database with the organisations of public addresses"),
)
"""Flags of the engine."""


class Settings(Mapping[str, Any]):
    """Values of one plugin's flags, read-only: ``settings.PLDUMP_TCP`` or ``settings["PLDUMP_TCP"]``."""

    __slots__ = ("_sources", "_values")

    def __init__(self, values: Mapping[str, Value], sources: Mapping[str, Source]):
        self._values = dict(values)
        self._sources = dict(sources)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"no flag {name}")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def source(self, name: str) -> Source:
        """Return where the value of a flag came from."""
        return self._sources[name]


def load_settings(
    plugins: Mapping[str, Sequence[Flag]],
    toml_path: Path | None = None,
    assignments: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    other_tables: Sequence[str] = (),
) -> dict[str, Settings]:
    """Return the settings of every plugin and of the engine (``core``).

    Args:
        plugins: flags by plugin; give all known plugins, so that a file may hold those that are not active.
        toml_path: file with one table per plugin; None: no file.
        assignments: ``PLUGIN.FLAG=VALUE``, in the order of the command line.
        environ: environment variables; read for run-time flags.
        other_tables: tables of the file that others read.

    Raises:
        SettingsError: unreadable file, unknown plugin or flag (with the nearest names), value not allowed.
    """
    flags = {CORE: {flag.name: flag for flag in CORE_FLAGS}}
    flags |= {plugin: {flag.name: flag for flag in declared} for plugin, declared in plugins.items()}
    values = {plugin: {name: flag.default for name, flag in known.items()} for plugin, known in flags.items()}
    sources: dict[str, dict[str, Source]] = {
        plugin: dict.fromkeys(known, "default") for plugin, known in flags.items()
    }

    def assign(plugin: str, name: str, value: Value, source: Source) -> None:
        values[plugin][name] = value
        sources[plugin][name] = source

    if toml_path is not None:
        for plugin, table in read_toml(toml_path).items():
            if plugin in other_tables:
                continue
            known = _known(plugin, flags, "plugin", toml_path)
            if not isinstance(table, dict):
                raise SettingsError(f"{toml_path}: {plugin} must be a table: [{plugin}]")
            for name, value in table.items():
                flag = _known(name, known, f"flag of {plugin}", toml_path)
                as_text = isinstance(value, str) and not isinstance(flag.default, str)
                with _place(f"{toml_path}, [{plugin}]"):
                    assign(plugin, name, flag.parse(value) if as_text else flag.check(value), "file")

    for plugin, known in flags.items():
        for name, flag in known.items():
            if flag.runtime and environ is not None and name in environ:
                with _place("environment variable"):
                    assign(plugin, name, flag.parse(environ[name]), "environment")

    for assignment in assignments:
        target, equals, text = assignment.partition("=")
        plugin, dot, name = target.strip().partition(".")
        if not equals or not dot:
            raise SettingsError(f"-D {assignment}: expected PLUGIN.FLAG=VALUE")
        flag = _known(name, _known(plugin, flags, "plugin", "-D"), f"flag of {plugin}", "-D")
        with _place("-D"):
            assign(plugin, name, flag.parse(text), "option")

    return {plugin: Settings(values[plugin], sources[plugin]) for plugin in flags}


def format_value(value: Value) -> str:
    """Write a value as a text that ``Flag.parse`` reads back."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return "{" + ",".join(map(str, value)) + "}"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _truth(text: str) -> bool:
    word = text.lower()
    if word not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
        raise ValueError(text)
    return word in ("1", "true", "yes", "on")


def _integer(text: str) -> int:
    digits = text.strip().lower()
    return int(digits, 16 if digits.lstrip("+-").startswith("0x") else 10)


def _known(name: str, known: Mapping[str, Entry], kind: str, where: object) -> Entry:
    """Return the entry of a name or say which names are near."""
    if name in known:
        return known[name]
    raise SettingsError(f"{where}: unknown {kind} {name!r}{did_you_mean(nearest_names(name, known))}")


@contextmanager
def of_setting(name: str) -> Iterator[None]:
    """Turn errors of a file that a setting names into errors of the setting, which end the run.

    Raises:
        SettingsError: the file cannot be read; the message says which, why, and which flag names it.
    """
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise SettingsError(f"{where}{error.strerror or error} ({name})") from error


@contextmanager
def _place(where: str) -> Iterator[None]:
    """Put the place of a setting before the message of an error."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from error.__cause__


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a file of settings.

    Raises:
        SettingsError: it cannot be read, or is no TOML file.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not a TOML file: {error}") from error
