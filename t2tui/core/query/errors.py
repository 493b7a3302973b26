"""What is wrong with an expression, and where."""

from collections.abc import Sequence

from t2tui.core.nearest import did_you_mean


class QueryError(ValueError):
    """An expression that cannot be understood, or not be applied to these columns.

    Attributes:
        message: what is wrong, without the place.
        start: index of the first character at fault.
        end: index behind the last one; at the end of the text it can equal ``start``.
        expected: what could have stood there, for people: ``a value``, ``')'``.
        suggestions: names that resemble a misspelt one, nearest first.
    """

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        expected: Sequence[str] = (),
        suggestions: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.expected = tuple(expected)
        self.suggestions = tuple(suggestions)

    def __str__(self) -> str:
        wanted = f"; expected {' or '.join(self.expected)}" if self.expected else ""
        return f"{self.message}{wanted}{did_you_mean(self.suggestions)} (character {self.start + 1})"

    def pointing(self, text: str) -> str:
        """Return the line of the expression that is at fault, and a line of ``^`` below its place.

        Characters that a terminal would obey or not show are replaced by ``?``, so that columns fit.
        """
        begin = text.rfind("\n", 0, self.start) + 1
        behind = text.find("\n", self.start)
        line = text[begin : behind if behind >= 0 else len(text)]
        shown = "".join(c if c.isprintable() else "?" for c in line)
        width = max(1, min(self.end, begin + len(line)) - self.start)
        return f"{shown}\n{' ' * (self.start - begin)}{'^' * width}"
