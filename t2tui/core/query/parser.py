"""Parses an expression: operators by precedence (docs/filter.md has the table)."""

from dataclasses import replace
from fractions import Fraction

from t2tui.core.query.errors import QueryError
from t2tui.core.query.lexer import LONGEST_NUMBER, WORDS, Lexeme, Token, lexemes
from t2tui.core.query.nodes import (
    Binary,
    Call,
    Choice,
    ColumnName,
    Membership,
    Node,
    Number,
    Range,
    Regex,
    Text,
    Unary,
)

DEEPEST = 100
"""Most parts within parts."""
LONGEST_CHAIN = 200
"""Most operations in a row, ``and`` and ``or`` aside."""

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "~", "!~")

CHOICE, OR, AND, NOT, COMPARE, SIGN, POWER = 1, 2, 3, 4, 5, 11, 12
LEVELS = {
    "||": OR,
    "&&": AND,
    **dict.fromkeys((*COMPARISONS, "in"), COMPARE),
    "|": 6,
    "&": 7,
    **dict.fromkeys(("<<", ">>"), 8),
    **dict.fromkeys(("+", "-"), 9),
    **dict.fromkeys(("*", "/", "%"), 10),
    "**": POWER,
}
"""Binary operator -> how tightly it binds."""

OPERAND = ("a column", "a number", "a text", "a function", "'('")
NO_CHAINS = "comparisons cannot be chained: write 'a < b && b < c'"


def parse(text: str) -> Node:
    """Return the expression as a tree.

    Raises:
        QueryError: it is none; has the place.
    """
    return Parser(text).whole()


def parse_list(text: str) -> list[Node]:
    """Return the expressions of a list separated by commas.

    Raises:
        QueryError: one of them is none; has the place.
    """
    return Parser(text).whole_list()


class Parser:
    """One pass over the tokens of an expression."""

    def __init__(self, text: str) -> None:
        self._lexemes = list(lexemes(text))
        self._place = 0
        self._depth = 0

    @property
    def _next(self) -> Lexeme:
        return self._lexemes[self._place]

    def _take(self) -> Lexeme:
        lexeme = self._next
        if lexeme.is_open:
            kind = "regular expression" if lexeme.token is Token.REGEX else "text"
            quote = "'/'" if lexeme.token is Token.REGEX else "a quote"
            raise QueryError(f"the {kind} does not end", lexeme.start, lexeme.end, [quote])
        self._place += lexeme.token is not Token.END
        return lexeme

    def whole(self) -> Node:
        """Parse all of the text."""
        node = self.expression()
        self._end()
        return node

    def whole_list(self) -> list[Node]:
        """Parse all of the text as a list separated by commas."""
        nodes = [self.expression()]
        while self._next.is_(","):
            self._take()
            nodes.append(self.expression())
        self._end()
        return nodes

    def _end(self) -> None:
        left = self._next
        if left.token is not Token.END:
            raise self._unexpected(left, ["an operator", "the end"])

    def _unexpected(self, lexeme: Lexeme, expected: list[str] | tuple[str, ...]) -> QueryError:
        if lexeme.token is Token.END:
            return QueryError("the expression ends too early", lexeme.start, lexeme.end, expected)
        what = f"'{lexeme.text}'" if lexeme.token in (Token.OPERATOR, Token.NAME) else lexeme.token.value
        return QueryError(f"{what} cannot stand here", lexeme.start, lexeme.end, expected)

    def _close(self, opened: Lexeme) -> int:
        """Take the closing parenthesis and return the index behind it."""
        if not self._next.is_(")"):
            at = self._next
            if at.token is Token.END:
                raise QueryError("a parenthesis is not closed", opened.start, at.end, ["')'"])
            raise self._unexpected(at, ["')'", "an operator"])
        return self._take().end

    def expression(self, level: int = CHOICE) -> Node:
        """Parse an expression whose operators bind at least as tightly as a level."""
        self._depth += 1
        if self._depth > DEEPEST:
            at = self._next
            raise QueryError(f"more than {DEEPEST} parts within parts", at.start, at.end)
        node = self._prefix()
        chained = 0
        while True:
            lexeme = self._next
            chained += not lexeme.is_("&&", "||", "and", "or")
            if chained > LONGEST_CHAIN:
                raise QueryError(f"more than {LONGEST_CHAIN} operations in a row", lexeme.start, lexeme.end)
            operator = WORDS.get(lexeme.text, lexeme.text) if lexeme.is_(*LEVELS, *WORDS, "?") else ""
            if lexeme.text == "not" and self._lexemes[self._place + 1].is_("in"):
                if level > COMPARE:
                    break
                node = self._membership(node, is_negated=True)
            elif operator == "?" and level <= CHOICE:
                node = self._choice(node)
            elif operator not in LEVELS or LEVELS[operator] < level:
                break
            elif operator == "in":
                node = self._membership(node, is_negated=False)
            else:
                node = self._binary(node, operator)
        self._depth -= 1
        return node

    def _binary(self, left: Node, operator: str) -> Node:
        at = self._take()
        binds = LEVELS[operator]
        right = self.expression(SIGN if operator == "**" else binds + 1)
        node = Binary(left.start, right.end, operator, left, right)
        if binds == COMPARE and self._next.is_(*COMPARISONS, "in"):
            raise QueryError(NO_CHAINS, at.start, self._next.end)
        return node

    def _choice(self, condition: Node) -> Node:
        self._take()
        chosen = self.expression()
        if not self._next.is_(":"):
            raise self._unexpected(self._next, ["':'"])
        self._take()
        other = self.expression()
        return Choice(condition.start, other.end, condition, chosen, other)

    def _membership(self, operand: Node, is_negated: bool) -> Node:
        if is_negated:
            self._take()
        self._take()
        if self._next.is_("("):
            opened = self._take()
            items = [self._item()]
            while self._next.is_(","):
                self._take()
                items.append(self._item())
            end = self._close(opened)
        else:
            items = [self.expression(COMPARE + 1)]
            end = items[0].end
        node: Node = Membership(operand.start, end, operand, tuple(items))
        if self._next.is_(*COMPARISONS, "in"):
            raise QueryError(NO_CHAINS, operand.start, self._next.end)
        return Unary(operand.start, end, "!", node) if is_negated else node

    def _item(self) -> Node:
        item = self.expression(COMPARE + 1)
        if isinstance(item, Binary) and item.operator == "-":
            first, last = item.left, item.right
            if isinstance(first, Number) and isinstance(last, Number) and first.value < last.value:
                raise QueryError(
                    "that would be a difference", item.start, item.end, ["'..' between first and last"]
                )
        if not self._next.is_(".."):
            return item
        self._take()
        last = self.expression(COMPARE + 1)
        return Range(item.start, last.end, item, last)

    def _prefix(self) -> Node:
        lexeme = self._take()
        if lexeme.token is Token.NUMBER:
            return Number(lexeme.start, lexeme.end, _number(lexeme))
        if lexeme.token is Token.TEXT:
            return Text(lexeme.start, lexeme.end, lexeme.text)
        if lexeme.token is Token.REGEX:
            if lexeme.flags not in ("", "i"):
                start = lexeme.end - len(lexeme.flags)
                raise QueryError(f"unknown flag '{lexeme.flags}'", start, lexeme.end, ["i", "no flag"])
            return Regex(lexeme.start, lexeme.end, lexeme.text, bool(lexeme.flags))
        if lexeme.token is Token.COLUMN:
            return ColumnName(lexeme.start, lexeme.end, lexeme.text, True)
        if lexeme.is_("!", "not"):
            operand = self.expression(NOT)
            return Unary(lexeme.start, operand.end, "!", operand)
        if lexeme.is_("-", "+"):
            operand = self.expression(SIGN)
            return Unary(lexeme.start, operand.end, lexeme.text, operand)
        if lexeme.is_("("):
            inner = self.expression()
            return replace(inner, start=lexeme.start, end=self._close(lexeme))
        if lexeme.token is Token.NAME and lexeme.text not in WORDS:
            if self._next.is_("("):
                return self._call(lexeme)
            return ColumnName(lexeme.start, lexeme.end, lexeme.text, False)
        raise self._unexpected(lexeme, OPERAND)

    def _call(self, name: Lexeme) -> Node:
        opened = self._take()
        arguments: list[Node] = []
        if not self._next.is_(")"):
            arguments.append(self.expression())
            while self._next.is_(","):
                self._take()
                arguments.append(self.expression())
        end = self._close(opened)
        return Call(name.start, end, name.text, tuple(arguments))


def _number(lexeme: Lexeme) -> int | Fraction:
    """Return the number as written, exactly."""
    text = lexeme.text.lower()
    _, _, exponent = text.partition("e")
    if len(text) > LONGEST_NUMBER or (not text.startswith("0x") and abs(int(exponent or 0)) > LONGEST_NUMBER):
        raise QueryError("the number is too long", lexeme.start, lexeme.end)
    if text.startswith("0x"):
        return int(text, 16)
    value = Fraction(text)
    return int(value) if value.denominator == 1 else value
