"""No bytes become text that steers a terminal; what is readable stays so."""

import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.text.safe import SafeDecoder, safe_bytes, safe_text

STEERING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of characters that are not shown as themselves."""


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_nothing_steers(data: bytes) -> None:
    text = safe_bytes(data)
    assert {c for c in text if unicodedata.category(c) in STEERING} <= {"\n", "\t"}


@given(st.text(st.characters(codec="utf-8", exclude_categories=(*STEERING, "Zs"))))
def test_readable_text_stays(text: str) -> None:
    assert safe_text(text) == text
    assert safe_bytes(text.encode()) == text


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_parts_give_the_text_of_the_whole(data: bytes, cuts: list[int]) -> None:
    decoder = SafeDecoder()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [decoder.decode(data[begin:end]) for begin, end in pairwise(edges)]
    assert "".join(parts) + decoder.decode(b"", final=True) == safe_bytes(data)


def test_examples() -> None:
    assert safe_bytes(b"a\r\nb\rc\n\td") == "a\nb\nc\n\td"
    assert safe_bytes(b"\x1b]52;c;aGk=\x07\0\x7f") == "\u241b]52;c;aGk=\u2407\u2400\u2421"
    assert safe_bytes("\x9b31m \u202e \u2067 \u2028".encode()) == r"\x9b31m \u202e \u2067 \u2028"
    assert safe_bytes(b"\xff\xc3") == r"\xff\xc3"
