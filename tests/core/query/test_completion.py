"""What the filter bar offers at a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import file_columns
from t2tui.core.query import compile_filter, complete, functions
from t2tui.core.query.errors import QueryError

COLUMNS = file_columns(["basicFlow", "basicStats"], "flows")
NAMES = [f"${column.name}" for column in COLUMNS]


def offered(text: str, cursor: int | None = None) -> list[str]:
    """Texts of the candidates at the cursor, by default behind the text."""
    completion = complete(text, len(text) if cursor is None else cursor, COLUMNS)
    return [candidate.text for candidate in completion.candidates]


@pytest.mark.parametrize(
    ("text", "replaced", "first"),
    [
        ("$dstP", "$dstP", ["$dstPort"]),
        ("dstP", "dstP", ["$dstPort"]),
        ("tcp() && $pkts", "$pkts", ["$pktsSnt", "$pktsRcvd"]),
        ("$PKTSS", "$PKTSS", ["$pktsSnt"]),
        ("$Port", "$Port", ["$srcPort", "$dstPort"]),
        ("$dstprot", "$dstprot", ["$dstPort"]),
        ("priv", "priv", ["privip("]),
        ("not udp", "udp", ["udp()"]),
        ("$dir == ", "", ['"A"', '"B"']),
        ("$l4Proto == ", "", ["0", "1"]),
        ("$flowStat & ", "", ["0x0000000000000001"]),
        ("bitsanyset($flowStat, ", "", ["0x0000000000000001"]),
        ("$dstPort ", "", ["==", "!="]),
        ("$srcIPOrg ", "", ["==", "!=", "~", "!~"]),
        ("$dstPort == 80 ", "", ["&&", "||"]),
        ("tcp() a", "a", ["and"]),
        ("", "", ["$dir"]),
    ],
)
def test_candidates(text: str, replaced: str, first: list[str]) -> None:
    completion = complete(text, len(text), COLUMNS)
    assert text[completion.start : completion.end] == replaced
    assert offered(text)[: len(first)] == first


def test_the_whole_word_is_replaced() -> None:
    completion = complete("$dstPxx == 80", 4, COLUMNS)
    assert (completion.start, completion.end) == (0, 7)
    assert "$dstIP" in [candidate.text for candidate in complete("$dstPxx", 4, COLUMNS).candidates][:3]


@pytest.mark.parametrize("text", ["$dstPort == 8", "$hdrDesc ~ /ab", "'tex", "$dstPort == 80)) `"])
def test_nothing_is_offered_within_values(text: str) -> None:
    assert offered(text) == []


def test_details_say_what_it_is() -> None:
    by_text = {candidate.text: candidate for candidate in complete("", 0, COLUMNS).candidates}
    assert by_text["$l7BytesSnt"].detail == "payload bytes of this direction (bytes)"
    assert by_text["tcp()"].sort == "function" and by_text["tcp()"].detail == functions()["tcp"].summary
    (fin,) = [c for c in complete("$flowStat & ", 12, COLUMNS).candidates if c.text == "0x0000000000004000"]
    assert fin.sort == "value" and "IPv4" in fin.detail


@given(st.text("$dstPor()&|=~!<> \"'/8.,ain", max_size=14), st.integers(0, 14))
def test_every_range_holds_the_cursor(text: str, cursor: int) -> None:
    completion = complete(text, cursor, COLUMNS)
    assert 0 <= completion.start <= min(cursor, len(text)) <= completion.end <= len(text)


@pytest.mark.parametrize("text", ["", "tcp() && ", "!", "($dstPort == 80 || ", "$dstPort == 80 && not $src"])
def test_columns_that_are_offered_can_stand_there(text: str) -> None:
    completion = complete(text, len(text), COLUMNS)
    for candidate in completion.candidates:
        if candidate.sort != "column":
            continue
        whole = text[: completion.start] + candidate.text + ")" * text.count("(", 0, 1)
        try:
            compile_filter(whole, COLUMNS)
        except QueryError as wrong:
            raise AssertionError(whole) from wrong
