"""The plot of traffic: nothing gets lost between the columns, the window stays inside what there is."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.layout import PACKET
from t2tui.core.statistics import PROTOCOLS, Traffic, TrafficView
from t2tui.tui.timescale import SECOND
from t2tui.tui.trafficplot import BITS, EIGHTHS, NOTHING, PACKETS, UNITS, Plot, Window, rate, scale_top, short
from t2tui.tui.trafficwords import foot, head
from t2tui.tui.widgets.trafficchart import SIGNS

START = 1_700_000_000
SENT = st.lists(
    st.tuples(
        st.integers(START, START + 5) | st.integers(START - 40_000, START + 40_000) | st.integers(0, 1 << 32),
        st.integers(0, SECOND - 1),
        st.integers(1, 9000),
        st.sampled_from([6, 17, 1, 0]),
    ),
    min_size=1,
    max_size=60,
)
WIDTHS, HEIGHTS = st.integers(1, 250), st.integers(1, 40)


def view_of(packets: list[tuple[int, int, int, int]]) -> TrafficView:
    made = np.zeros(len(packets), PACKET)
    for record, sent in zip(made, packets, strict=True):
        record["sec"], record["frac"], record["len"], record["l4Proto"] = sent
    traffic = Traffic()
    traffic.append(made)
    return traffic.view()


@given(SENT, WIDTHS)
def test_columns_add_up_to_all_packets(sent: list[tuple[int, int, int, int]], columns: int) -> None:
    view = view_of(sent)
    plot = Window().plot(view, columns)
    assert plot.packets.shape == plot.bytes.shape == (columns, len(PROTOCOLS))
    assert round(plot.packets.sum()) + view.strays == len(sent)
    assert round(plot.bytes.sum()) + view.stray_bytes == sum(packet[2] for packet in sent)
    part = plot.part(plot.begin, plot.end)
    assert part.packets == tuple(view.packets.sum(axis=0))
    assert part.bytes == tuple(view.bytes.sum(axis=0))
    seconds = (plot.end - plot.begin) / SECOND / columns
    for unit, amount in ((BITS, plot.bytes.sum() * 8), (PACKETS, plot.packets.sum())):
        np.testing.assert_allclose(plot.rates(unit).sum() * seconds, amount)
        np.testing.assert_allclose(part.rate(unit) * seconds * columns, amount)


@given(SENT, WIDTHS, HEIGHTS, st.sampled_from(UNITS))
def test_what_is_drawn_is_as_high_as_it_has_to_be(
    sent: list[tuple[int, int, int, int]], columns: int, rows: int, unit: str
) -> None:
    plot = Window().plot(view_of(sent), columns)
    protocols, eighths = plot.cells(unit, rows)
    rates = plot.rates(unit)
    wanted = rates.sum(axis=1) / scale_top(plot.highest(unit)) * rows * EIGHTHS
    heights = eighths.sum(axis=0)
    assert np.all(np.abs(heights - wanted) <= 1)
    assert np.array_equal(heights > 0, rates.sum(axis=1) > 0)
    assert np.array_equal(protocols == NOTHING, eighths == 0)
    assert np.all(np.diff(eighths.astype(int), axis=0) >= 0)  # no holes
    for column in range(columns):
        drawn = [each for each in protocols[::-1, column].tolist() if each != NOTHING]
        assert drawn == sorted(drawn)  # TCP lowest, then UDP, then the others
        assert all(rates[column, each] > 0 for each in drawn)


@given(st.integers(0, 1 << 62), st.integers(1 << 20, 1 << 50), WIDTHS)
def test_columns_lie_side_by_side(begin: int, span: int, columns: int) -> None:
    plot = Plot(view_of([(START, 0, 60, 6)]), begin, begin + span, columns)
    edges = [plot.edge(column) for column in range(columns + 1)]
    assert (edges[0], edges[-1]) == (begin, begin + span)
    for column, (low, high) in enumerate(pairwise(edges)):
        assert low < high
        assert plot.column_of(low) == plot.column_of(high - 1) == column


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["go", "extend", "begin", "end", "in", "out", "clear", "grow"]), st.integers(-5, 260)
    ),
    max_size=25,
)


@given(SENT, WIDTHS, STEPS)
def test_the_window_stays_in_order_whatever_is_pressed(
    sent: list[tuple[int, int, int, int]], columns: int, steps: list[tuple[str, int]]
) -> None:
    window, view = Window(), view_of(sent)
    for step, number in steps:
        plot = window.plot(view, columns)
        match step:
            case "go" | "extend":
                window.go_to(plot, number, is_extending=step == "extend")
                assert window.column(plot) == max(0, min(number, columns - 1))
            case "begin":
                window.begin_here(plot)
            case "end":
                window.end_here(plot)
            case "in":
                window.zoom_in(plot)
            case "out":
                window.zoom_out()
            case "clear":
                window.clear()
            case _:
                sent = [*sent, (START + number, 0, 100, 6)]
                view = view_of(sent)
        plot = window.plot(view, columns)
        assert plot.end - plot.begin >= min(view.width, view.end - view.begin) > 0
        assert 0 <= window.column(plot) < columns
        begin, end = window.span(plot)
        assert begin < end
        assert plot.packets.sum() <= view.count
        assert len(head(plot, BITS, window.is_zoomed, SIGNS)) == 2 == len(foot(plot, BITS, window))


def test_a_span_is_chosen_zoomed_into_and_forgotten() -> None:
    view = view_of([(START + second, 0, 100, 6) for second in range(100)])
    window = Window()
    plot = window.plot(view, 50)
    window.go_to(plot, 10)
    window.begin_here(plot)
    assert window.chosen == (plot.edge(10), plot.end)
    window.go_to(plot, 19)
    window.end_here(plot)
    assert window.chosen == (plot.edge(10), plot.edge(20)) == window.span(plot)
    assert window.zoom_in(plot) and window.is_zoomed and window.chosen is None
    inside = window.plot(view, 50)
    assert (inside.begin, inside.end) == (plot.edge(10), plot.edge(20))
    assert window.zoom_out() and not window.is_zoomed and not window.zoom_out()
    window.go_to(plot, 30)
    window.go_to(plot, 25, is_extending=True)
    assert window.chosen == (plot.edge(25), plot.edge(31))
    window.go_to(plot, 35, is_extending=True)
    assert window.chosen == (plot.edge(30), plot.edge(36))
    window.zoom_in(plot)
    window.begin_here(window.plot(view, 50))
    assert window.clear() and window.is_zoomed
    assert window.clear() and not window.is_zoomed
    assert not window.clear()


def test_zooming_ends_at_the_bins() -> None:
    view = view_of([(START, 0, 100, 6), (START + 1000, 0, 100, 6)])
    window = Window()
    for _ in range(100):
        if not window.zoom_in(window.plot(view, 80)):
            break
    plot = window.plot(view, 80)
    assert plot.end - plot.begin == view.width
    one = view_of([(START, 0, 100, 6)])
    assert not Window().zoom_in(Window().plot(one, 80))
    assert Window().plot(one, 80).packets.sum() == 1


@given(st.floats(0, 1e30))
def test_the_axis_ends_above_the_highest_value(highest: float) -> None:
    top = scale_top(highest)
    assert top >= highest and (top <= 1.7 * highest or not highest)


def test_numbers_are_short() -> None:
    assert [short(value) for value in (0, 0.25, 999, 999.4, 999.6, 2_500_000, 1e12)] == [
        *("0", "0.25", "999", "999", "1 k", "2.5 M", "1 T")
    ]
    assert rate(2_500_000, BITS) == "2.5 Mbit/s"
    assert rate(25, BITS) == "25 bit/s"
    assert rate(2500, PACKETS) == "2.5 k packets/s"
