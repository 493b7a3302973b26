"""Takes an expression apart into tokens."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from t2tui.core.query.errors import QueryError

LONGEST = 20_000
"""Most characters of an expression."""
LONGEST_NUMBER = 400
"""Most characters of a number; and the largest exponent."""


class Token(Enum):
    """Kinds of tokens."""

    NUMBER = "a number"
    TEXT = "a text"
    REGEX = "a regular expression"
    COLUMN = "a column"
    NAME = "a name"
    OPERATOR = "an operator"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A token.

    Attributes:
        token: its kind.
        text: of texts and regular expressions their content; of columns the name without dollar sign; else as
            written.
        start: index of its first character.
        end: index behind its last one.
        is_open: a text or regular expression whose end is missing.
        flags: letters behind a regular expression.
    """

    token: Token
    text: str
    start: int
    end: int
    is_open: bool = False
    flags: str = ""

    def is_(self, *operators: str) -> bool:
        """Return whether this is one of the operators or words."""
        return self.token in (Token.OPERATOR, Token.NAME) and self.text in operators


WORDS = {"and": "&&", "or": "||", "not": "!", "in": "in"}
"""Names that are operators."""

OPERATORS = (
    *("&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "!~", "**", ".."),
    *("<", ">", "~", "!", "+", "-", "*", "/", "%", "&", "|", "(", ")", ",", "?", ":"),
)

NOT_OPERATORS = {
    "=": ("one '=' assigns nothing here", "=="),
    "^": ("'^' means different things in different languages", "** for powers, xor() for bits"),
    "===": ("there is no '==='", "=="),
    "{": ("there are no actions in braces here", "the expression alone"),
    ";": ("one expression alone", "&& or ||"),
    "[": ("there are no brackets", "'('"),
}

_BLANK = re.compile(r"\s+|#[^\n]*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?(?![\w.])")
_COLONS = re.compile(
    r"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:[0-9]{0,3}(?:\.[0-9]{1,3}){3})?(?:/[0-9]{1,3})?(?![\w:.])"
)
_MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}")
_NAME = re.compile(r"[^\W\d]\w*")
_COLUMN = re.compile(r"\$(\w+)")
_OPERATOR = re.compile("|".join(map(re.escape, sorted(OPERATORS, key=len, reverse=True))))
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}

ENDS_OPERAND = (Token.NUMBER, Token.TEXT, Token.REGEX, Token.COLUMN)


def ends_operand(lexeme: Lexeme | None) -> bool:
    """Return whether a value can end with this token: then an operator follows."""
    if lexeme is None:
        return False
    if lexeme.token is Token.NAME:
        return lexeme.text not in WORDS
    return lexeme.token in ENDS_OPERAND or lexeme.is_(")")


def lexemes(text: str) -> Iterator[Lexeme]:
    """Yield the tokens of an expression; END comes last.

    A text or regular expression that the end of the expression cuts off is yielded as open.

    Raises:
        QueryError: a character belongs to no token, or the expression is too long.
    """
    if len(text) > LONGEST:
        raise QueryError(f"the expression has more than {LONGEST:,} characters", LONGEST, len(text))
    place = 0
    before: Lexeme | None = None
    while place < len(text):
        if blank := _BLANK.match(text, place):
            place = blank.end()
            continue
        before = _next(text, place, before)
        yield before
        place = before.end
    yield Lexeme(Token.END, "", len(text), len(text))


def _next(text: str, place: int, before: Lexeme | None) -> Lexeme:
    character = text[place]
    if character in "\"'":
        return _quoted(text, place)
    if character == "/" and not ends_operand(before):
        return _regex(text, place)
    if character == "$":
        if column := _COLUMN.match(text, place):
            return Lexeme(Token.COLUMN, column[1], place, column.end())
        if text.startswith('$"', place):
            quoted = _quoted(text, place + 1)
            return Lexeme(Token.COLUMN, quoted.text, place, quoted.end, quoted.is_open)
        raise QueryError("a dollar sign without name", place, place + 1, ["the name of a column"])
    if address := _address(text, place):
        return Lexeme(Token.TEXT, address, place, place + len(address))
    if number := _NUMBER.match(text, place):
        if name := _NAME.match(text, number.end()):
            raise QueryError(f"'{text[place : name.end()]}' is neither number nor name", place, name.end())
        return Lexeme(Token.NUMBER, number[0], place, number.end())
    if name := _NAME.match(text, place):
        return Lexeme(Token.NAME, name[0], place, name.end())
    for wrong, (message, right) in NOT_OPERATORS.items():
        if text.startswith(wrong, place) and not text.startswith("==", place):
            raise QueryError(message, place, place + len(wrong), [right])
    if operator := _OPERATOR.match(text, place):
        return Lexeme(Token.OPERATOR, operator[0], place, operator.end())
    raise QueryError(f"the character {character!a} has no meaning here", place, place + 1)


def _address(text: str, place: int) -> str:
    """Return the address, network or MAC address that begins here; empty if none does."""
    if found := _IPV4.match(text, place):
        return found[0]
    if found := _COLONS.match(text, place):
        if _MAC.fullmatch(found[0]):
            return found[0]
        try:
            ipaddress.IPv6Interface(found[0])
        except ValueError:
            return ""
        return found[0]
    return ""


def _quoted(text: str, start: int) -> Lexeme:
    """Read a text in quotes; a backslash before other characters than quotes, n, t, r stays."""
    quote, place, parts = text[start], start + 1, list[str]()
    while place < len(text):
        character = text[place]
        if character == quote:
            return Lexeme(Token.TEXT, "".join(parts), start, place + 1)
        if character == "\\" and place + 1 < len(text):
            following = text[place + 1]
            parts.append(_ESCAPES.get(following, "\\" + following))
            place += 2
        else:
            parts.append(character)
            place += 1
    return Lexeme(Token.TEXT, "".join(parts), start, len(text), is_open=True)


def _regex(text: str, start: int) -> Lexeme:
    r"""Read a regular expression; ``\/`` is a slash."""
    place, parts = start + 1, list[str]()
    while place < len(text):
        character = text[place]
        if character == "/":
            flags = _NAME.match(text, place + 1)
            end = flags.end() if flags else place + 1
            return Lexeme(Token.REGEX, "".join(parts), start, end, flags=flags[0] if flags else "")
        if character == "\\" and place + 1 < len(text):
            parts.append("/" if text[place + 1] == "/" else text[place : place + 2])
            place += 2
        else:
            parts.append(character)
            place += 1
    return Lexeme(Token.REGEX, "".join(parts), start, len(text), is_open=True)


def quoted(text: str) -> str:
    """Return a text as the filter language writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
