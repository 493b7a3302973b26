"""Escaping of strings and payload, against oracles made of regular expressions and tables."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from t2tui.core.text.escape import escape_content, escape_string, quote_string

LETTERS = dict(zip(b"\b\t\n\v\f\r\\", [rb"\b", rb"\t", rb"\n", rb"\v", rb"\f", rb"\r", rb"\\"], strict=True))

CHARACTER = re.compile(
    rb"(?P<ascii>[\x01-\x7f])"
    rb"|(?P<utf8>[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2})"
    rb"|(?P<broken>\xe0[\x80-\x9f]|\xf0[\x80-\x8f]|\xf4[\x90-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]"
    rb"|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2}|[\x80-\xff])",
)

PIECES = st.sampled_from([bytes([byte]) for byte in range(256)]) | st.text(max_size=3).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)
LEADS = st.sampled_from(
    [b"\xc0", b"\xc2", b"\xdf", b"\xe0", b"\xe1", b"\xed", b"\xef", b"\xf0", b"\xf3", b"\xf4", b"\xf5"]
)
TAILS = st.sampled_from([b"\x80", b"\x8f", b"\x90", b"\x9f", b"\xa0", b"\xbf", b"A", b""])
STRINGS = st.lists(PIECES | LEADS | TAILS, max_size=40).map(b"".join)
PAYLOAD = st.lists(
    st.binary() | st.text().map(str.encode) | st.sampled_from([*map(bytes, zip(LETTERS))])
).map(b"".join)


def string_oracle(text: bytes) -> bytes:
    def shown(match: re.Match[bytes]) -> bytes:
        character = match[0]
        if match["broken"]:
            return b"."
        if match["utf8"]:
            return character
        if character == b'"':
            return rb"\""
        if character[0] in LETTERS:
            return LETTERS[character[0]]
        return character if 0x20 <= character[0] < 0x7F else rb"\u00%02X" % character[0]

    return CHARACTER.sub(shown, text.partition(b"\0")[0])


def content_oracle(payload: bytes) -> bytes:
    return b"".join(LETTERS.get(c) or (bytes([c]) if 0x20 <= c < 0x7F else b".") for c in payload)


@given(STRINGS)
def test_strings(text: bytes):
    assert escape_string(text) == string_oracle(text)
    assert quote_string(text) == b'"%b"' % string_oracle(text)


@given(st.text(st.characters(min_codepoint=0xA0, exclude_categories=["Cs"])))
def test_utf8_is_kept(text: str):
    assert escape_string(text.encode()) == text.encode()


@given(STRINGS)
def test_escaped_strings_are_printable_utf8(text: bytes):
    escaped = escape_string(text).decode()
    assert not any(ord(c) < 0x20 or c == "\x7f" for c in escaped)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (b"", b""),
        (b"abc\0def", b"abc"),
        (b"\x01\x1f\x7f", rb"\u0001\u001F\u007F"),
        (b'say "\\"', rb"say \"\\\""),
        (b"\x80\xc1\xf5\xff", b"...."),
        (b"\xe2\x82A", b".A"),
        (b"\xe2\x82", b"."),
        (b"\xe2\x82\0\xac", b"."),
        (b"\xe0\x80\x80", b".."),
        (b"\xed\xa0\x80", b"."),
        (b"\xf4\x90\x80\x80", b"..."),
        (b"\xf0\x9f\xa6\x88", b"\xf0\x9f\xa6\x88"),
    ],
)
def test_edges_of_strings(text: bytes, escaped: bytes):
    assert escape_string(text) == escaped


@given(PAYLOAD)
@example(bytes(range(256)))
@example(b"\r\n" * 9)
def test_payload(payload: bytes):
    assert escape_content(payload) == content_oracle(payload)


def test_every_byte_at_every_place_of_payload():
    for length in range(1, 18):
        for place in range(length):
            for byte in range(256):
                payload = b"~" * place + bytes([byte]) + b" " * (length - place - 1)
                assert escape_content(payload) == content_oracle(payload)
