"""Texts that programs write into expressions are read as what they were."""

from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.query import quoted
from t2tui.core.query.lexer import Token, lexemes


@given(st.text(max_size=30))
def test_a_quoted_text_is_read_as_the_same_text(text: str) -> None:
    first, end = lexemes(quoted(text))
    assert (first.token, first.text, first.is_open) == (Token.TEXT, text, False)
    assert end.token is Token.END
