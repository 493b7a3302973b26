"""What can be written at a place of an expression, for the filter bar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from t2tui.core.bits import table
from t2tui.core.columns import Column
from t2tui.core.enumerations import enumerations
from t2tui.core.nearest import nearest_names
from t2tui.core.query.errors import QueryError
from t2tui.core.query.filters import Columns, columns_of
from t2tui.core.query.functions import functions
from t2tui.core.query.lexer import Lexeme, Token, ends_operand, lexemes
from t2tui.core.query.vectors import Kind, kind_of

Sort = Literal["column", "function", "operator", "value"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can be written.

    Attributes:
        text: what replaces the range.
        sort: what it is.
        detail: one line about it: description of a column, summary of a function.
    """

    text: str
    sort: Sort
    detail: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What can be written at a place.

    Attributes:
        start: index of the first character that a candidate replaces.
        end: index behind the last one; the range holds the cursor.
        candidates: the likeliest first; empty where nothing can be said.
    """

    start: int
    end: int
    candidates: tuple[Candidate, ...]


COMPARING = (
    ("==", "equal"),
    ("!=", "not equal"),
    ("<", "less"),
    ("<=", "less or equal"),
    (">", "greater"),
    (">=", "greater or equal"),
    ("in", "one of a list: in (80, 443), in (6000..6008)"),
)
MATCHING = (("~", "matches a regular expression"), ("!~", "does not match a regular expression"))
JOINING = (("&&", "and"), ("||", "or"))
COMPUTING = (("&", "bits of both"), ("+", "sum"), ("-", "difference"), ("*", "product"), ("/", "quotient"))
TEXTUAL = (Kind.TEXT, Kind.ADDRESS, Kind.MAC)


def complete(text: str, cursor: int, columns: Columns) -> Completion:
    """Return what can be written at a place of an unfinished expression.

    Args:
        text: the expression so far.
        cursor: index, 0 to its length.
        columns: those of the table, or the table.
    """
    cursor = max(0, min(cursor, len(text)))
    known = columns_of(columns)
    before = _before(text[:cursor])
    if before is None:
        return Completion(cursor, cursor, ())
    word = before[-1] if before and before[-1].end == cursor else None
    if word is not None and word.token in (Token.TEXT, Token.REGEX, Token.NUMBER):
        return Completion(cursor, cursor, ())
    if (
        word is not None
        and word.token in (Token.COLUMN, Token.NAME)
        and not word.is_("in", "and", "or", "not")
    ):
        earlier = before[:-1]
        if not ends_operand(earlier[-1] if earlier else None):
            return Completion(word.start, _word_end(text, cursor), _operands(word, known, earlier))
        return Completion(word.start, _word_end(text, cursor), _operators(earlier, known, word.text))
    if ends_operand(before[-1] if before else None):
        return Completion(cursor, cursor, _operators(before, known, ""))
    return Completion(cursor, cursor, _operands(None, known, before))


def _before(text: str) -> list[Lexeme] | None:
    """Return the tokens before the cursor, None where they cannot be told."""
    found = []
    try:
        for lexeme in lexemes(text):
            if lexeme.is_open:
                return None
            found.append(lexeme)
    except QueryError as wrong:
        if text.endswith("$") and wrong.end == len(text):
            return [*found, Lexeme(Token.COLUMN, "", len(text) - 1, len(text))]
        return None
    return found[:-1]


def _word_end(text: str, cursor: int) -> int:
    """Return the index behind the word in which the cursor stands."""
    while cursor < len(text) and (text[cursor].isalnum() or text[cursor] == "_"):
        cursor += 1
    return cursor


def _ranked(word: str, names: Iterable[str]) -> list[str]:
    """Return the names that begin with a word, then those that hold it, then those that resemble it."""
    names = list(names)
    folded = word.casefold()
    first = [name for name in names if name.casefold().startswith(folded)]
    inside = [name for name in names if folded in name.casefold() and name not in first]
    if first or inside:
        return first + inside
    return nearest_names(word, names)


def _operands(
    word: Lexeme | None, columns: Sequence[Column], before: Sequence[Lexeme]
) -> tuple[Candidate, ...]:
    named = {column.name: column for column in columns}
    typed = "" if word is None else word.text
    candidates = [] if typed else _values(before, named)
    for name in _ranked(typed, named):
        column = named[name]
        detail = column.description + (f" ({column.unit})" if column.unit else "")
        candidates.append(Candidate(f"${name}", "column", detail))
    if word is None or word.token is Token.NAME:
        known = functions()
        for name in _ranked(typed, known):
            if typed or known[name].group == "rows":
                ending = "()" if not known[name].parameters else "("
                candidates.append(Candidate(name + ending, "function", known[name].summary))
    return tuple(candidates)


def _values(before: Sequence[Lexeme], columns: dict[str, Column]) -> list[Candidate]:
    """Return values of the column that is compared."""
    if len(before) < 2 or before[-2].text not in columns:
        return []
    column = columns[before[-2].text]
    if before[-1].is_("&", ",") and column.bits:
        bits = table(column.bits)
        return [
            Candidate(f"0x{bit.mask:0{bits.width // 4}x}", "value", f"{bit.name}: {bit.description}")
            for bit in bits.bits
            if bit.name
        ]
    if not before[-1].is_("==", "!=", "(", ","):
        return []
    if column.name == "dir":
        return [
            Candidate('"A"', "value", "the opening side"),
            Candidate('"B"', "value", "the answering side"),
        ]
    known = enumerations().get(column.name)
    if known is None:
        return []
    return [
        Candidate(str(number), "value", f"{value.name} {value.description}".strip())
        for number, value in known.values.items()
    ]


def _operators(before: Sequence[Lexeme], columns: Sequence[Column], word: str) -> tuple[Candidate, ...]:
    """Return the operators that fit behind an operand."""
    last = before[-1] if before else None
    kinds = {column.name: kind_of(column.type) for column in columns}
    kind = kinds.get(last.text) if last is not None and last.token in (Token.COLUMN, Token.NAME) else None
    is_compared = any(_compares(lexeme) for lexeme in _term(before))
    offered: list[tuple[str, str]] = []
    if not is_compared and not (last is not None and last.is_(")")):
        offered += (
            [*COMPARING, *MATCHING] if kind not in TEXTUAL else [*COMPARING[:2], *MATCHING, *COMPARING[2:]]
        )
    offered += [*JOINING, ("and", "both"), ("or", "one of them")] if word else JOINING
    if kind not in TEXTUAL and not is_compared and not word:
        offered += COMPUTING
    return tuple(Candidate(text, "operator", detail) for text, detail in offered if text.startswith(word))


def _compares(lexeme: Lexeme) -> bool:
    return lexeme.is_("==", "!=", "<", "<=", ">", ">=", "~", "!~", "in")


def _term(before: Sequence[Lexeme]) -> Sequence[Lexeme]:
    """Return the tokens behind the last ``&&``, ``||``, parenthesis."""
    for place in range(len(before) - 1, -1, -1):
        if before[place].is_("&&", "||", "and", "or", "(", "!", "not"):
            return before[place + 1 :]
    return before
