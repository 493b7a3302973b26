import calendar
import datetime
import decimal
import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from t2tui.core.figures import amount, date, humanise, mean, percent, share, span, speed

SIZES = st.integers(0, 2**64 - 1)
RATES = st.floats(0, 1e18)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, ""),
        (1023, ""),
        (1024, " (1.02 K)"),
        (65535, " (65.53 K)"),
        (1_000_000, " (1000.00 K)"),
        (1_048_575, " (1048.58 K)"),
        (1_048_576, " (1.05 M)"),
        (4_993_414, " (4.99 M)"),
        (2**64 - 1, " (18.45 E)"),
        (1024.99, " (1.02 K)"),
    ],
)
def test_short_forms(value, text):
    assert humanise(value) == text


@given(SIZES)
@example(2**60 - 1)
def test_short_form_is_near_to_its_number(value):
    text = humanise(value, "b/s")
    if value < 1024:
        assert text == ""
        return
    number, unit = text.strip(" ()").split()
    assert unit.endswith("b/s")
    power = "KMGTPE".index(unit[0]) + 1
    assert math.isclose(float(number) * 1000**power, value, abs_tol=0.0051 * 1000**power)
    assert 1024**power <= value * (1 + 1e-15) < 1024 ** (power + 1) * (1 + 1e-15)


def exactly_rounded(value, digits):
    """What C's printf writes: the exact value of the double, ties to even."""
    with decimal.localcontext(prec=400):
        return f"{decimal.Decimal(value).quantize(decimal.Decimal(10) ** -digits, decimal.ROUND_HALF_EVEN)}"


@given(SIZES, SIZES)
def test_percentage_is_rounded_as_c_does(value, base):
    quotient = 100.0 * float(value) / float(base) if base else 0.0
    assert percent(value, base) == f"{exactly_rounded(quotient, 2)}%"
    assert share(value, base) == f"{amount(value)} [{percent(value, base)}]"


@given(RATES)
@example(0.125)
@example(0.0625)
def test_means_and_speeds_are_rounded_as_c_does(value):
    assert mean(value) == exactly_rounded(value, 2) + humanise(value)
    assert speed(value) == f"{exactly_rounded(value * 8, 0)} b/s{humanise(value * 8, 'b/s')}"


@given(st.integers(0, 2**32 - 1), st.integers(0, 10**9 - 1))
def test_date_is_the_calendars(seconds, fraction):
    when = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    day = f"{calendar.day_abbr[when.weekday()]} {when.day:02} {calendar.month_abbr[when.month]} {when.year}"
    assert date(seconds, fraction) == f"{seconds}.{fraction:09} sec ({day} {when:%H:%M:%S} GMT)"


def test_date_of_the_wall_clock_names_its_zone(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        assert (
            date(1_320_279_554, 558, local=True) == "1320279554.000000558 sec (Thu 03 Nov 2011 01:19:14 CET)"
        )
        assert date(1_310_279_554, 0, local=True).endswith("CEST)")
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63))
def test_broken_times_of_a_capture_have_a_date(seconds, fraction):
    assert date(seconds, fraction).startswith(f"{seconds % 2**32}.")
    assert date(seconds, fraction).endswith(" GMT)")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, ""),
        (59, ""),
        (60, " (1m)"),
        (128, " (2m 8s)"),
        (3600, " (1h)"),
        (86_400, " (1d)"),
        (86_401, " (1d 1s)"),
        (31_536_000, " (1y)"),
        (-1, " (136y 70d 6h 28m 15s)"),
    ],
)
def test_spans(seconds, text):
    assert span(seconds, 5) == f"{seconds % 2**32}.000000005 sec{text}"


@given(st.integers(60, 2**32 - 1))
def test_parts_of_a_span_add_up(seconds):
    factors = {"y": 31_536_000, "d": 86_400, "h": 3600, "m": 60, "s": 1}
    parts = span(seconds, 0).partition("(")[2].rstrip(")").split()
    assert sum(int(part[:-1]) * factors[part[-1]] for part in parts) == seconds
    assert all(int(part[:-1]) for part in parts)
