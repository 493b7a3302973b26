"""What is wrong is said with its place; nothing that anybody can type does more harm than that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.columns import Column, file_columns
from t2tui.core.query import QueryError, compile_filter, functions
from t2tui.core.query.filters import compile_expressions
from t2tui.core.query.patterns import compile_pattern
from t2tui.core.query.selection import select

COLUMNS = file_columns(["basicFlow", "basicStats", "tcpFlags"], "flows")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("$dstPrt == 80", "$dstPrt", "unknown column 'dstPrt'; did you mean dstPort"),
        ("tcpp()", "tcpp", "unknown function 'tcpp'; did you mean tcp"),
        ("tcp", "tcp", r"'tcp' is a function; expected tcp\(...\)"),
        ("tcp(6)", "tcp(6)", r"1 arguments are not what tcp\(\) takes; expected tcp\(\)"),
        ("ipinnet($srcIP)", "ipinnet($srcIP)", r"expected ipinnet\(ip, net\[, mask\]\)"),
        ("$dstPort = 80", "=", "expected =="),
        ("$dstPort ==", "", "ends too early; expected a column or a number"),
        ("($dstPort == 80", "($dstPort == 80", r"not closed; expected '\)'"),
        ("$dstPort == 80)", ")", r"'\)' cannot stand here; expected an operator or the end"),
        ("$dstPort 80", "80", "a number cannot stand here"),
        ("1 < $dstPort < 9", "< $dstPort <", "write 'a < b && b < c'"),
        ("$srcIP == 1", "$srcIP == 1", "an IP address cannot be compared with an integer"),
        ("$srcIP == 'x'", "'x'", "cannot be compared with an IP address"),
        ("$srcIP == 10.0.0.0/8", "10.0.0.0/8", "a network has many addresses; expected 'in'"),
        ("$dstPort == 'http'", "'http'", "cannot be compared with an integer"),
        ("$srcIP + 1", "$srcIP", r"'\+' needs numbers, this is an IP address"),
        ("$avgIAT & 1", "$avgIAT", "'&' needs integers, this is a number"),
        ("$hdrDesc ~ /(/", "(/", "is not valid: missing"),
        ("$hdrDesc ~ /a/x", "x", "unknown flag 'x'; expected i"),
        ("$hdrDesc ~ /a", "/a", "regular expression does not end"),
        ("$hdrDesc ~ $srcIPOrg", "$srcIPOrg", "the right side of ~ is not constant"),
        (f"'{'a' * 60}b' ~ /(a|a)*$/", "/(a|a)*$/", "takes more than 0.5 seconds for a text of 61"),
        ("'abc", "'abc", "the text does not end"),
        ("$dstPort in (1-5)", "1-5", "that would be a difference; expected '..'"),
        ("$dstPort in (5..1)", "5..1", "the range ends before it begins"),
        ("$dstPort in 'x'", "'x'", "not a list of numbers"),
        ("port('x')", "'x'", "is no list of numbers"),
        ("host('x')", "'x'", "is no address and no network"),
        ("tcpflags('SX')", "'SX'", "no flag has the letter 'X'"),
        ("$srcMac == $dstMac", "$dstMac", "a list meets another list"),
        ("2 ^ 3", "^", "expected .* for powers"),
        ("$ == 1", "$", "a dollar sign without name"),
        ("12ab", "12ab", "neither number nor name"),
        ("1 .. 2", "..", "cannot stand here"),
        ("$99", "$99", "there are columns 1 to"),
        ("1e999999", "1e999999", "the number is too long"),
        ("`", "`", "has no meaning"),
        ("tcp() { print }", "{", "there are no actions in braces"),
        ("packet(1)", "packet(1)", r"packet\(\) needs the column 'pktNo'"),
        ("true ? 1 : 'a'", "true", "unknown column"),
        ("1 ? 1 : 'a'", "1 : 'a'", "both must be of one kind"),
        ("timestamp('x')", "'x'", "is no date"),
        ("/a/", "/a/", "behind ~"),
    ],
)
def test_place_and_message(text: str, place: str, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        compile_filter(text, COLUMNS)
    wrong = caught.value
    assert text[wrong.start : wrong.end] == place
    line, marks = wrong.pointing(text).split("\n")
    assert line == text
    assert marks.index("^") == wrong.start and marks.count("^") == max(1, wrong.end - wrong.start)


def test_parts_of_an_error() -> None:
    with pytest.raises(QueryError) as caught:
        compile_filter("$dstPrt == 80", COLUMNS)
    assert caught.value.message == "unknown column 'dstPrt'"
    assert caught.value.suggestions[0] == "dstPort"
    with pytest.raises(QueryError) as caught:
        compile_filter("1 +", COLUMNS)
    assert "a number" in caught.value.expected


def test_the_place_is_shown_in_its_line_and_nothing_steers_a_terminal() -> None:
    text = "tcp() &&\n\x1b[2J\u202e $x"
    with pytest.raises(QueryError) as caught:
        compile_filter(text, COLUMNS)
    assert caught.value.pointing(text) == "?[2J? $x\n^"


NAMES = st.sampled_from([*(column.name for column in COLUMNS), *functions()])
SIGNS = """&& || == != < <= > >= ~ !~ in not and or ( ) , ? : .. + - * / % ** & | << >> ! $ " ' / #
/a/ /x+/i "" "a" '53;80' 0 1 80 0xff 1.5 1e300 18446744073709551615
10.0.0.1 10.0.0.0/8 fe80::1 ff02::/16 00:11:22:33:44:55"""
PIECES = st.one_of(
    NAMES,
    NAMES.map(lambda name: f"${name}"),
    NAMES.map(lambda name: f"{name}("),
    st.sampled_from([*SIGNS.split(), "\n"]),
)


@settings(max_examples=800)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_pieces_in_any_order(text: str) -> None:
    _compiles_or_tells(text)


@settings(max_examples=300)
@given(st.text(max_size=30))
def test_any_text(text: str) -> None:
    _compiles_or_tells(text)


@settings(max_examples=300)
@given(st.text("$ab01.:x()\"'/!&|~ <>=,?*%-+\\[]{}^#\n", max_size=25))
def test_any_signs(text: str) -> None:
    _compiles_or_tells(text)


def _compiles_or_tells(text: str) -> None:
    for compile_ in (compile_filter, compile_expressions, lambda text, columns: select(text, columns)):
        try:
            compile_(text, COLUMNS)
        except QueryError as wrong:
            assert 0 <= wrong.start <= wrong.end <= len(text)
            assert wrong.message and str(wrong)
            assert len(wrong.pointing(text).split("\n")) == 2


ENDLESS = {
    "parentheses": "(" * 5000,
    "negations": "!" * 5000,
    "signs": "-" * 5000 + "1",
    "sums": "1" + "+1" * 5000,
    "calls": "abs(" * 3000,
    "choices": "1 ? " * 3000,
    "comparisons": "1" + " in (1)" * 2000,
    "digits": "1" * 19_000,
    "powers": "9**9**9**9",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS.keys())
def test_nothing_overflows(text: str) -> None:
    _compiles_or_tells(text)


def test_a_long_chain_of_conditions() -> None:
    text = " || ".join(f"$dstPort == {port}" for port in range(900))
    assert compile_filter(text, COLUMNS).columns == {"dstPort"}


def test_classes_of_posix() -> None:
    assert compile_pattern("^[[:alpha:]_]+[[:digit:]]$")("ab_9")
    assert not compile_pattern("^[^[:space:]]+$")("a b")


def test_columns_of_older_versions_and_of_any_name() -> None:
    assert compile_filter("$numBytesSnt > 1 && $unixTimeFirst", COLUMNS).columns == {
        "l7BytesSnt",
        "timeFirst",
    }
    assert compile_filter('$"and" == 1', [Column("and", "U8")]).columns == {"and"}


def test_lists_of_different_shapes_do_not_meet() -> None:
    for text in ("splitr($hdrDesc) == $hdrDesc", "splitr($hdrDesc) == splitc($hdrDesc)", "port() == $vlanID"):
        with pytest.raises(QueryError, match="a list meets another list"):
            compile_filter(text, COLUMNS)
    assert compile_filter("$vlanID * 2 == $vlanID && port() == port()", COLUMNS)
