"""The parts of an expression, as the parser finds them; each knows its place in the text."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression.

    Attributes:
        start: index of its first character.
        end: index behind its last one.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number as written: ``80``, ``0x0400``, ``1.5``, ``1e6``."""

    value: int | Fraction


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A text in quotes; or an address, a network, a MAC address without them."""

    value: str


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """A regular expression between slashes, with the flag ``i`` for letters of any case."""

    pattern: str
    ignores_case: bool


@dataclass(frozen=True, slots=True)
class ColumnName(Node):
    """A column: ``$name``, ``name``, or ``$3`` for the third one.

    Attributes:
        has_mark: whether the name has its dollar sign.
    """

    name: str
    has_mark: bool


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``!x``, ``-x``, ``+x``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``a OP b``; ``and`` and ``or`` are ``&&`` and ``||`` here."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """``condition ? chosen : other``."""

    condition: Node
    chosen: Node
    other: Node


@dataclass(frozen=True, slots=True)
class Range(Node):
    """``6000..6008``: all from the first to the last, both included."""

    first: Node
    last: Node


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """``x in (a, b..c)``."""

    operand: Node
    items: tuple[Node, ...]
