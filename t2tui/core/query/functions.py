"""Functions of expressions: one table of all, and how they get at their arguments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

from t2tui.core.nearest import nearest_names
from t2tui.core.query.codes import MATCHING, Code, constant_code, elementwise
from t2tui.core.query.comparing import NumberSet, parse_numbers
from t2tui.core.query.errors import QueryError
from t2tui.core.query.nodes import Call, ColumnName, Node
from t2tui.core.query.operators import bits_of, number_of
from t2tui.core.query.vectors import NUMBERS, Kind, Vector, as_text, constant

if TYPE_CHECKING:
    from t2tui.core.query.checking import Checker


class Build(Protocol):
    """Makes the code of a call."""

    def __call__(self, arguments: "Arguments", /) -> Code:
        """Return the checked call.

        Raises:
            QueryError: an argument does not fit.
        """


@dataclass(frozen=True, slots=True)
class Function:
    """A function.

    Attributes:
        name: what is called.
        parameters: as documented, optional ones in brackets: ``ip, net[, mask]``.
        summary: one line.
        group: heading under which it is listed.
        build: makes its code.
    """

    name: str
    parameters: str
    summary: str
    group: str
    build: Build

    @property
    def signature(self) -> str:
        """Name and parameters."""
        return f"{self.name}({self.parameters})"

    @property
    def counts(self) -> tuple[int, int | None]:
        """Fewest and most arguments; None: any number."""
        required, _, _ = self.parameters.partition("[")
        fewest = len([name for name in required.split(",") if name.strip()])
        if "..." in self.parameters:
            return fewest, None
        return fewest, len([name for name in self.parameters.split(",") if name.strip(" []")])


FUNCTIONS: dict[str, Function] = {}
"""All functions by name, in the order in which they are listed; filled by the modules that define them."""

GROUPS = {
    "rows": "Rows",
    "texts": "Texts and what they look like",
    "numbers": "Numbers",
    "columns": "Columns together",
    "addresses": "Addresses",
    "times": "Times",
    "parts": "Parts of cells",
    "strings": "Changed texts",
}
"""Group of functions -> its heading, in the order in which they are listed."""

MODULES = ("rowtests", "texttests", "values", "textvalues", "timevalues", "addressvalues", "display")


@cache
def functions() -> dict[str, Function]:
    """Return all functions by name."""
    for name in MODULES:
        import_module(f"t2tui.core.query.{name}")
    return FUNCTIONS


def define(group: str, name: str, parameters: str, summary: str) -> Callable[[Build], Build]:
    """Add a function to the table; decorates what builds it."""

    def keep(build: Build) -> Build:
        FUNCTIONS[name] = Function(name, parameters, summary, group, build)
        return build

    return keep


@overload
def function(node: Call) -> Function: ...
@overload
def function(node: ColumnName, or_none: Literal[True]) -> Function | None: ...
def function(node: Call | ColumnName, or_none: bool = False) -> Function | None:
    """Return the function that a call names.

    Raises:
        QueryError: there is none, or it takes another number of arguments.
    """
    known = functions()
    found = known.get(node.name)
    if or_none or isinstance(node, ColumnName):
        return found
    if found is None:
        end = node.start + len(node.name)
        raise QueryError(
            f"unknown function '{node.name}'", node.start, end, (), nearest_names(node.name, known)
        )
    fewest, most = found.counts
    if len(node.arguments) < fewest or (most is not None and len(node.arguments) > most):
        raise QueryError(
            f"{len(node.arguments)} arguments are not what {node.name}() takes",
            node.start,
            node.end,
            [found.signature],
        )
    return found


class Arguments:
    """The arguments of a call."""

    def __init__(self, checker: "Checker", node: Call, codes: Sequence[Code]) -> None:
        self._checker = checker
        self.node = node
        self.codes = list(codes)

    def __len__(self) -> int:
        return len(self.codes)

    def wrong(self, place: int, message: str, *expected: str) -> QueryError:
        """Return the error that an argument is."""
        node: Node = self.codes[place].node
        return QueryError(f"{self.node.name}(): {message}", node.start, node.end, expected)

    def column(self, name: str) -> Code:
        """Return a column that the function needs."""
        return self._checker.column(self.node, name, self.node.name)

    def has_column(self, name: str) -> bool:
        """Return whether the table has a column."""
        return self._checker.resolve(name) is not None

    @property
    def columns(self) -> "Checker":
        """The columns of the table."""
        return self._checker

    # -------------------------------------------------------------- constants

    def constant_text(self, place: int, default: str | None = None) -> str:
        """Return an argument that must be a text known beforehand."""
        if place >= len(self.codes) and default is not None:
            return default
        text = self.codes[place].text
        if text is None:
            raise self.wrong(place, "this has to be a constant text", "a text in quotes")
        return text

    def constant_int(self, place: int, default: int | None = None) -> int:
        """Return an argument that must be an integer known beforehand."""
        if place >= len(self.codes) and default is not None:
            return default
        value = self.codes[place].value
        if value is None or not isinstance(value.exact, int):
            raise self.wrong(place, "this has to be a constant integer", "an integer")
        return value.exact

    def flag(self, place: int) -> bool:
        """Return an optional argument that switches something on."""
        return bool(self.constant_int(place, 0))

    def numbers(self, place: int) -> NumberSet | None:
        """Return a constant list of numbers and ranges, or None where the argument is not constant."""
        code = self.codes[place]
        if code.text is not None:
            found = parse_numbers(code.text)
            if found is None:
                raise self.wrong(place, f"'{code.text}' is no list of numbers", "'80;443;6000-6008'")
            return found
        if code.kind not in NUMBERS:
            raise self.wrong(place, f"this is {code.kind.value}", "numbers")
        exact = None if code.value is None else code.value.exact
        return None if exact is None else NumberSet(((exact, exact),))

    # -------------------------------------------------------------- vectors

    def text(self, place: int) -> Code:
        """Return an argument as the text that its cell shows."""
        code = self.codes[place]
        if code.kind is Kind.TEXT:
            return code
        return elementwise(code.node, Kind.TEXT, as_text, [code], MATCHING)

    def number(self, place: int) -> Code:
        """Return an argument that is a number; texts become the number that they look like."""
        code = number_of(self.codes[place])
        if code.kind not in NUMBERS:
            raise self.wrong(place, f"this is {code.kind.value}", "a number")
        return code

    def integer(self, place: int) -> Code:
        """Return an argument that is an integer; hexadecimal texts become one."""
        code = number_of(bits_of(self.codes[place]))
        if code.kind not in (Kind.INT, Kind.BOOL):
            raise self.wrong(place, f"this is {code.kind.value}", "an integer")
        return code

    def default(self, place: int, value: Any) -> Code:
        """Return an optional argument."""
        return self.codes[place] if place < len(self.codes) else constant_code(self.node, constant(value))

    def make(self, kind: Kind, evaluate: Callable[..., Vector], codes: Sequence[Code], cost: int = 1) -> Code:
        """Return a function of the elements of other parts."""
        return elementwise(self.node, kind, evaluate, codes, cost)
