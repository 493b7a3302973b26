import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.labels import LabelError, Labels
from t2tui.core.labels.ranges import Range, parse_range
from t2tui.core.labels.textfile import read_labels


@pytest.fixture
def read(tmp_path):
    def from_bytes(content: bytes):
        path = tmp_path / "own.txt"
        path.write_bytes(content)
        return [(tuple(place), code, text) for place, code, text in read_labels(path)]

    return from_bytes


TEN = (10 << 24, (11 << 24) - 1, False)


@pytest.mark.parametrize(
    "line",
    [
        b"10.0.0.0/8\tch\tMy net, Z\xc3\xbcrich",
        b"10.0.0.0/8 ch My net, Z\xc3\xbcrich",
        b"  10.0.0.0/8 \t ch\t My net, Z\xc3\xbcrich \r",
        b"10.0.0.0-10.255.255.255\tch\tMy net, Z\xc3\xbcrich",
        b"10.0.0.0 - 10.255.255.255\tch\tMy net, Z\xc3\xbcrich",
        b"10.0.0.0 -10.255.255.255 ch My net, Z\xc3\xbcrich",
        b"\xef\xbb\xbf10.0.0.0/8\tch\tMy net, Z\xc3\xbcrich\n",
    ],
)
def test_forms_of_a_line(read, line):
    assert read(b"# comment\n\n  # another\n" + line if line[0] != 0xEF else line) == [
        (TEN, "ch", "My net, Zürich")
    ]


@pytest.mark.parametrize(
    ("line", "label"),
    [
        (b"10.0.0.0/8\tch", ("ch", "-")),
        (b"10.0.0.0/8 ch", ("ch", "-")),
        (b"10.0.0.0/8\t\tMine", ("-", "Mine")),
        (b"10.0.0.0/8\t-\t-", ("-", "-")),
        (b"10.0.0.0/8 - Mine", ("-", "Mine")),
        (b'10.0.0.0/8\tx\ta "b" \\ c', ("x", 'a "b" \\ c')),
    ],
)
def test_what_may_be_missing(read, line, label):
    assert read(line) == [(TEN, *label)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"10.0.0.0/8", "separated by tabs or blanks; found 1 fields"),
        (b"10.0.0.0/8\ta\tb\tc", "found 4 fields"),
        (b"10.0.0.0/8\ta b\tc", "'a b' has a blank"),
        (b"10.0.0.1/8\ta\tb", "bits set behind its prefix length"),
        (b"10.0.0.0/33\ta\tb", "0 to 32"),
        (b"10.0.0.0/\ta\tb", "not a network"),
        (b"10.0.0.9-10.0.0.1\ta\tb", "ends before it begins"),
        (b"10.0.0.9-::1\ta\tb", "not a range"),
        (b"10.0.0.0/8-11.0.0.0/8\ta\tb", "not a range"),
        (b"10.0.0.0 - 9.0.0.1 a b", "ends before it begins"),
        (b"10.0.0.0 - ::1 a b", "not a range"),
        (b"host\ta\tb", "not a network"),
        (b"10.0.0.0/8\ta\tb\x1b[2J", r"U\+001B"),
        ("10.0.0.0/8\ta\tb\u202e".encode(), r"U\+202E"),
        (b"10.0.0.0/8\ta\tb\xff", "not UTF-8"),
    ],
)
def test_errors_name_file_and_line(read, line, message):
    with pytest.raises(LabelError, match=rf"label file '.*own\.txt', line 3: .*{message}"):
        read(b"# x\n1.0.0.0/8\ta\tb\n" + line + b"\n")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(LabelError, match=r"label file '.*none\.txt': cannot be read: No such file"):
        read_labels(tmp_path / "none.txt")


@given(st.ip_addresses(), st.integers(0, 10_000))
def test_a_range_is_its_first_and_last_address(first, count):
    last = type(first)(min(int(first) + count, 2**first.max_prefixlen - 1))
    assert parse_range(f"{first}-{last}") == Range(int(first), int(last), first.version == 6)


@given(st.integers(0, 300), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=8))
def test_the_narrowest_range_counts_then_the_later_one(probe, pairs):
    ranges = [Range(min(pair), max(pair), False) for pair in pairs]
    table = Labels([("0.0.0.0/0", "b", "built in")], [(each, "o", str(n)) for n, each in enumerate(ranges)])
    holding = [(b - a, -n) for n, (a, b, _) in enumerate(ranges) if a <= probe <= b]
    wanted = ("o", str(-min(holding)[1])) if holding else ("b", "built in")
    assert table.lookup(str(ipaddress.IPv4Address(probe))) == (wanted if probe else ("-", "-"))


def test_own_ranges_cover_narrower_builtin_ones():
    table = Labels([("10.1.0.0/16", "04", "Private network")], [(parse_range("10.0.0.0/8"), "me", "Mine")])
    assert table.lookup("10.1.0.1") == ("me", "Mine")
