"""What is said about a plot of traffic: above and below it."""

from collections.abc import Sequence

from t2tui.core.statistics import PROTOCOLS, TrafficView
from t2tui.tui.figures import amount, size, span
from t2tui.tui.timescale import DAY, SECOND, clock, written
from t2tui.tui.trafficplot import Part, Plot, Window, rate, short


def length(nanoseconds: int) -> str:
    """Return a length of time in words."""
    if nanoseconds < SECOND:
        return f"{nanoseconds / 1e6:.3g} ms"
    return span(nanoseconds / SECOND) if nanoseconds < 2 * DAY else f"{nanoseconds / DAY:,.1f} days"


def strays(view: TrafficView) -> str:
    """Return what is to be said about packets that the plot leaves out; empty if there are none."""
    if not view.strays:
        return ""
    return f"{amount(view.strays)} packets are left out: their times are far from all others."


def head(plot: Plot, unit: str, is_zoomed: bool, signs: Sequence[str]) -> tuple[str, ...]:
    """Return two lines: what the plot shows, and what its signs mean.

    Args:
        plot: what is shown.
        unit: of the y axis.
        is_zoomed: whether it is a part.
        signs: of the protocols.
    """
    part = plot.part(plot.begin, plot.end)
    column = (plot.end - plot.begin) // plot.columns
    begin = written(plot.begin, max(column, 1))
    legend = "  ".join(f"{sign} {name}" for sign, name in zip(signs, PROTOCOLS, strict=True))
    of_all = f" of {amount(plot.view.count)}" if is_zoomed else ""
    left_out = f"; {amount(plot.view.strays)} strays" if plot.view.strays else ""
    count = f"{amount(sum(part.packets))}{of_all} packets{left_out}"
    return (
        f"{begin} UTC, {length(plot.end - plot.begin)}, {count}",
        f"{unit}: {legend}  highest {short(plot.highest(unit))}, mean {short(part.rate(unit))}",
    )


def _times(plot: Plot, begin: int, end: int) -> str:
    """Return a span of time, as exactly as columns tell."""
    unit = max((plot.end - plot.begin) // plot.columns, 1)
    shown = plot.end - plot.begin
    return f"{clock(begin, unit, shown)} to {clock(end, unit, shown)}"


def _amounts(part: Part, unit: str) -> str:
    by_protocol = ", ".join(
        f"{amount(packets)} {name}" for packets, name in zip(part.packets, PROTOCOLS, strict=True) if packets
    )
    total = sum(part.packets)
    several = f" ({by_protocol})" if by_protocol else ""
    return f"{amount(total)} packets{several}, {size(sum(part.bytes))}, {rate(part.rate(unit), unit)}"


def foot(plot: Plot, unit: str, window: Window) -> tuple[str, ...]:
    """Return two lines: the column under the cursor; the span that is chosen, or strays, or what to press."""
    column = window.column(plot)
    begin, end = plot.edge(column), plot.edge(column + 1)
    lines = [f"▲ {_times(plot, begin, end)}: {_amounts(plot.part(begin, end), unit)}"]
    if window.chosen:
        begin, end = window.chosen
        lines.append(f"[ ] {_times(plot, begin, end)}: {_amounts(plot.part(begin, end), unit)}")
    elif plot.view.strays:
        lines.append(strays(plot.view))
    else:
        lines.append("Enter: flows of this time; shift+→ or [ ] choose a span, + zooms into it")
    return tuple(lines)
