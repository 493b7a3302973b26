import pytest

from t2tui.tui import figures


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3661, "1 h 01 min"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert figures.span(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (5_100_000, "5.1 MB"), (243_000, "243 KB"), (2.5e12, "2,500 GB")],
)
def test_sizes(number: float, text: str) -> None:
    assert figures.size(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(12.3, "12"), (1100, "1.1 k"), (1_100_000, "1.1 M"), (2.5e9, "2500 M")],
)
def test_rates(number: float, text: str) -> None:
    assert figures.rate(number) == text


@pytest.mark.parametrize("fraction", [0, 0.3, 0.999, 1])
def test_a_bar_keeps_its_width(fraction: float) -> None:
    assert len(figures.bar(fraction, 16)) == 16
