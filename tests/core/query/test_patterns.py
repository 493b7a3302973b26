"""Regular expressions: what they find is what ``re`` finds, and none runs for ever."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from t2tui.core.query import patterns
from t2tui.core.query.patterns import PatternError, Stopped, compile_pattern, searching_while

CHARACTERS = st.sampled_from(
    ["a", "b", ".", r"\d", "[ab]", "[^a]", r"\.", "^", "$", r"\b", "{", "{e}", "}", "[{]"]
)
REPEATS = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "*?", "{,2}", "{e<=1}"])
EXPRESSIONS = st.recursive(
    CHARACTERS,
    lambda inner: st.one_of(
        st.tuples(inner, REPEATS).map(lambda parts: f"(?:{parts[0]}){parts[1]}"),
        st.tuples(CHARACTERS, REPEATS).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        inner.map(lambda part: f"(?={part})"),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS, st.lists(st.text("ab1.{e}", max_size=8), max_size=4), st.booleans())
def test_everything_is_found_that_re_finds(expression: str, texts: list[str], is_watched: bool) -> None:
    try:
        wanted = re.compile(expression)
    except re.error:
        assume(False)
    with pytest.MonkeyPatch.context() as patch:
        if is_watched:
            patch.setattr(patterns, "STEPS", 0)
            patch.setattr(patterns, "FEW", 0)
        search = compile_pattern(expression)
        for text in texts:
            assert (search(text) is None) == (wanted.search(text) is None)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("(a|a)*$", "a" * 60 + "b"),
        ("(a+)+$", "a" * 60 + "b"),
        ("(a|ab)*c|(a|aa)+$", "ab" * 5 + "a" * 90 + "b"),
        ("a?" * 40 + "a" * 40 + "b", "a" * 60),
        ("(?:a|a)" * 40 + "b", "a" * 60),
        ("(.*)(.*)(.*)(.*)(.*)(.*)x", "a" * 60_000),
        ("^.*a.*a.*a.*a.*b", "a" * 60_000),
    ],
)
def test_no_search_runs_for_ever(expression: str, text: str) -> None:
    search = compile_pattern(expression)
    try:
        assert search(text) is None  # a search that is clever enough to see it
    except PatternError as wrong:
        assert "takes more than" in str(wrong)


def test_common_expressions_are_not_refused() -> None:
    host = compile_pattern(r"^([a-z0-9-]+\.)+com$")
    assert host("a.b-1.example.com") and not host("a.b.example.org")


def test_a_search_that_nobody_wants_ends() -> None:
    search = compile_pattern("(a|a)*$")
    with searching_while(lambda: False), pytest.raises(Stopped):
        search("aaab")
    assert search("aaab") is not None
