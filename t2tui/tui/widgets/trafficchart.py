"""Draws traffic over time: columns of characters between two axes, a cursor and a chosen span."""

from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from t2tui.core.statistics import PROTOCOLS, TrafficView
from t2tui.tui.safe import safe_text
from t2tui.tui.timescale import ticks
from t2tui.tui.trafficplot import BITS, NOTHING, Drawn, Plot, Window, scale_top, short
from t2tui.tui.widgets.pane import Pane

AXIS = 8
"""Columns of the y axis and its texts."""
BELOW = 2
"""Lines of the x axis and its texts."""
MANY_LINES = 12
"""From so many lines on, quarters of the y axis have texts, else halves."""
SIGNS = ("█", "▒", "░")
"""Of each protocol, in the order of PROTOCOLS: told apart without colours, too."""
EIGHTHS = " ▁▂▃▄▅▆▇█"
EMPTY_LINE = 2
"""Line that says why there is nothing."""


class TrafficChart(Pane):
    """Throughput over time.

    Attributes:
        window: what is shown and chosen.
        unit: bits or packets per second.
    """

    COMPONENT = "chart"
    COMPONENT_CLASSES = {
        f"chart--{name}"
        for name in ("row", "chosen", "cursor", "axis", "tcp", "udp", "other", "empty", "focused")
    }

    class Changed(Message):
        """Cursor, span, window or traffic is another."""

    class Entered(Message):
        """Enter was pressed."""

    class Left(Message):
        """Keys are to go to the list of subjects."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.window = Window()
        self.unit = BITS
        self._view: TrafficView | None = None
        self._plot: Plot | None = None
        self._empty_text = ""
        self._pressed = False
        self._cells: tuple[tuple[Plot, str, int], Drawn] | None = None

    def show(self, view: TrafficView | None) -> None:
        """Show what was counted; None: nothing yet."""
        if view is not self._view:
            self._view = view
            self._changed()

    def show_unit(self, unit: str) -> None:
        """Show bits or packets per second."""
        self.unit = unit
        self._changed()

    def explain(self, text: str) -> None:
        """Say why there is nothing to show."""
        if text != self._empty_text:
            self._empty_text = safe_text(text)
            self.refresh()

    def _changed(self) -> None:
        self._plot = None
        self.refresh()
        self.post_message(self.Changed())

    def on_resize(self) -> None:
        """Make other columns."""
        self._changed()

    @property
    def plot(self) -> Plot | None:
        """What is drawn; None if there is nothing."""
        if self._plot is None and self._view is not None and len(self._view.packets):
            self._plot = self.window.plot(self._view, max(1, self.size.width - AXIS))
        return self._plot

    @property
    def value(self) -> str:
        """Nothing: a plot has no text."""
        return ""

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """Draw a line of the plot, or of its x axis."""
        width, base, plot = self.size.width, self.style_of("row"), self.plot
        if plot is None:
            text = f"  {self._empty_text}" if y == EMPTY_LINE else ""
            return Strip([Segment(text, self.style_of("empty"))]).adjust_cell_length(width, base)
        rows = max(1, self.size.height - BELOW)
        axis = self.style_of("axis")
        if y < rows:
            segments = [Segment(f"{self._scale(plot, y, rows):>{AXIS - 1}}┤", axis)]
            segments += self._columns(plot, y, rows)
        elif y == rows:
            segments = [Segment(f"{'0':>{AXIS - 1}}└", axis), *self._x_axis(plot)]
        else:
            segments = [Segment(self._times(plot) if y == rows + 1 else "", axis)]
        return Strip(segments).adjust_cell_length(width, base)

    def _scale(self, plot: Plot, y: int, rows: int) -> str:
        """Return the value at the upper edge of a line, where one is written."""
        top = scale_top(plot.highest(self.unit))
        parts = 4 if rows >= MANY_LINES else 2 if rows > 2 else 1
        above = next((part for part in range(parts) if round(rows * part / parts) == y), None)
        return "" if above is None else short(top * (parts - above) / parts)

    def _chosen(self, plot: Plot) -> range:
        """Return the columns of the span that is chosen."""
        span = self.window.chosen
        if span is None or span[1] <= plot.begin or span[0] >= plot.end:
            return range(0)
        return range(plot.column_of(span[0]), plot.column_of(span[1] - 1) + 1)

    def _columns(self, plot: Plot, y: int, rows: int) -> list[Segment]:
        protocols, eighths = self._drawn(plot, rows)
        cursor, chosen = self.window.column(plot), self._chosen(plot)
        cells = []
        for column, (protocol, filled) in enumerate(
            zip(protocols[y].tolist(), eighths[y].tolist(), strict=True)
        ):
            ground = "cursor" if column == cursor else "chosen" if column in chosen else "row"
            sign = " " if column != cursor else "┊"
            if protocol != NOTHING:
                sign = SIGNS[protocol] if filled == len(EIGHTHS) - 1 else EIGHTHS[filled]
            cells.append((protocol, ground, sign))
        segments = []
        for (protocol, ground), run in groupby(cells, lambda cell: cell[:2]):
            segments.append(Segment("".join(cell[2] for cell in run), self._style(protocol, ground)))
        return segments

    def _drawn(self, plot: Plot, rows: int) -> Drawn:
        """Return what stands where; made once for all lines."""
        if self._cells is None or self._cells[0] != (plot, self.unit, rows):
            self._cells = (plot, self.unit, rows), plot.cells(self.unit, rows)
        return self._cells[1]

    def _style(self, protocol: int, ground: str) -> Style:
        style = self.style_of(ground)
        return style if protocol == NOTHING else style + self.part_of(PROTOCOLS[protocol].lower())

    def _x_axis(self, plot: Plot) -> list[Segment]:
        line = ["─"] * plot.columns
        for time, _ in ticks(plot.begin, plot.end, plot.columns):
            line[plot.column_of(time)] = "┬"
        chosen = self._chosen(plot)
        for column in chosen:
            line[column] = "━"
        if chosen:
            line[chosen[0]], line[chosen[-1]] = ("[", "]") if len(chosen) > 1 else ("━", "━")
        line[self.window.column(plot)] = "▲"
        style = self.style_of("focused" if self.has_focus else "axis")
        return [Segment("".join(line), style)]

    def _times(self, plot: Plot) -> str:
        text = " " * AXIS
        for time, words in ticks(plot.begin, plot.end, plot.columns):
            start = AXIS + plot.column_of(time)
            if start + len(words) <= AXIS + plot.columns and start >= len(text):
                text = f"{text:<{start}}{words}"
        return safe_text(text)

    # ------------------------------------------------------------------ what keys do

    def move(self, lines: int) -> None:
        """Do nothing: there are no lines."""

    def move_to_end(self, *, is_last: bool) -> None:
        """Move the cursor to the first or last column."""
        if self.plot:
            self.go_to(self.plot.columns if is_last else 0)

    def move_aside(self, by: int, *, is_extending: bool = False) -> None:
        """Move the cursor along the columns; left of the first one is the list of subjects."""
        plot = self.plot
        if by < 0 and not is_extending and (plot is None or self.window.column(plot) == 0):
            self.post_message(self.Left())
        elif plot is not None:
            self.go_to(self.window.column(plot) + by, is_extending=is_extending)

    def go_to(self, column: int, *, is_extending: bool = False) -> None:
        """Move the cursor to a column; extending the span that is chosen, or not."""
        if self.plot is not None:
            self.window.go_to(self.plot, column, is_extending=is_extending)
            self._changed()

    def enter(self) -> None:
        """Ask for the flows of the span."""
        if self.plot is not None:
            self.post_message(self.Entered())

    def set_begin(self) -> None:
        """Let the span begin at the cursor."""
        if self.plot is not None:
            self.window.begin_here(self.plot)
            self._changed()

    def set_end(self) -> None:
        """Let the span end at the cursor."""
        if self.plot is not None:
            self.window.end_here(self.plot)
            self._changed()

    def zoom_in(self) -> bool:
        """Show what is chosen; False if there is no finer view."""
        has_zoomed = self.plot is not None and self.window.zoom_in(self.plot)
        self._changed()
        return has_zoomed

    def zoom_out(self) -> bool:
        """Show more; False if everything is shown."""
        has_zoomed = self.window.zoom_out()
        self._changed()
        return has_zoomed

    def clear(self) -> bool:
        """Choose no span any more, then show everything; False if there is nothing to clear."""
        has_cleared = self.window.clear()
        self._changed()
        return has_cleared

    # ------------------------------------------------------------------ mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move the cursor."""
        place = event.get_content_offset(self)
        if event.button == 1 and place is not None and place.x >= AXIS:
            self._pressed = True
            self.capture_mouse()
            self.go_to(place.x - AXIS, is_extending=event.shift)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Choose the span from where the button was pressed."""
        if self._pressed and self.plot is not None:
            column = max(0, min(event.x - AXIS, self.plot.columns - 1))
            if column != self.window.column(self.plot):
                self.go_to(column, is_extending=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Choose no further."""
        if self._pressed:
            self._pressed = False
            self.release_mouse()
