"""A table of figures: names, shares with bars, as many figures as find room."""

from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from t2tui.tui.figures import amount, bar
from t2tui.tui.ranking import Line, Listing, copied, percent
from t2tui.tui.safe import safe_text
from t2tui.tui.widgets.pane import Pane
from t2tui.tui.widgets.tablerows import fitted

EMPTY_LINE = 2
"""Line that says why there is nothing."""
MARGIN = 2
"""Columns in front of a row."""
SHARE = 7
"""Columns of a share in words."""
WIDE, BAR, LONG_BAR = 100, 10, 20
"""From a width on bars are long."""
LONGEST_NAME, SHORTEST_NAME = 45, 15
FIRST_FIGURES = 3
"""Figures for which names are cut."""
SIGN = "▼"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column stands.

    Attributes:
        start: its first character.
        width: how many it has.
        figure: number of its heading; None of names and shares.
    """

    start: int
    width: int
    figure: int | None = None


class RankingTable(Pane):
    """Rows of figures, one of which is under the cursor."""

    HEADER_LINES = 1
    COMPONENT = "ranking"
    COMPONENT_CLASSES = {
        f"ranking--{name}"
        for name in ("header", "sorted", "row", "cursor", "focused", "bar", "more", "empty")
    }

    class Moved(Message):
        """Another row is under the cursor, or there are other rows."""

    class Entered(Message):
        """Enter was pressed, or the row under the cursor was clicked."""

    class Left(Message):
        """Keys are to go to the list of subjects."""

    @dataclass
    class SortAsked(Message):
        """Rows are to be sorted by another figure."""

        measure: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.listing: Listing | None = None
        self._place = self._skipped = 0
        self._empty_text = ""

    def show(self, listing: Listing | None, *, is_same: bool = True) -> None:
        """Show rows, or none.

        Args:
            listing: the rows.
            is_same: they are of the same subject as before: the cursor stays on its row.
        """
        names = self.line.names if is_same and self._place and self.line is not None else None
        self.listing = listing
        lines = listing.lines if listing else ()
        found = [place for place, line in enumerate(lines) if line.names == names]
        self._place = found[0] if found else min(self._place, max(len(lines) - 1, 0)) if is_same else 0
        self._skipped = self._skipped if is_same else 0
        self._reveal_sorted()
        self.set_height(len(lines) + bool(listing and listing.more))
        self.reveal(self._place)
        self.refresh()
        self.post_message(self.Moved())

    def _reveal_sorted(self) -> None:
        """Let the figure by which rows are sorted be seen."""
        if self.listing is None or not self.listing.lines or not self.size.width:
            return
        by = next((at for at, each in enumerate(self.listing.headings) if each.measure == self.listing.by), 0)
        self._skipped = min(self._skipped, by)
        while by > (self._layout(self.listing)[2][-1].figure or 0):
            self._skipped += 1

    def explain(self, text: str) -> None:
        """Say why there is nothing to show, and what to press."""
        if text != self._empty_text:
            self._empty_text = safe_text(text)
            self.refresh()

    @property
    def line(self) -> Line | None:
        """The row under the cursor."""
        lines = self.listing.lines if self.listing else ()
        return lines[self._place] if self._place < len(lines) else None

    @property
    def value(self) -> str:
        """The row under the cursor."""
        line = self.line
        return "\t".join(copied(self.listing, line)) if self.listing and line else ""

    # ------------------------------------------------------------------ drawing

    def _layout(self, listing: Listing) -> tuple[list[Place], Place | None, list[Place]]:
        """Return where names, share and figures stand."""
        lines = listing.lines
        names = [
            min(max(cell_len(text) for text in texts), LONGEST_NAME)
            for texts in zip(
                listing.names, *(tuple(map(safe_text, line.names)) for line in lines), strict=True
            )
        ]
        figures = [
            max(cell_len(text) for text in texts)
            for texts in zip(
                (
                    f"{heading.text}{SIGN if heading.measure == listing.by else ' '}"
                    for heading in listing.headings
                ),
                *(line.figures for line in lines),
                strict=True,
            )
        ]
        width = self.size.width
        bar_width = LONG_BAR if width > WIDE else BAR
        has_shares = any(line.share is not None for line in lines)
        share = SHARE + 1 + bar_width if has_shares else 0
        taken = MARGIN + sum(each + 1 for each in figures[:FIRST_FIGURES]) + (share + 2 if share else 0)
        while sum(each + 2 for each in names) + taken > width and max(names) > SHORTEST_NAME:
            names[names.index(max(names))] -= 1
        places, x = [], MARGIN
        for each in names:
            places.append(Place(x, each))
            x += each + 2
        shares = Place(x, share) if share else None
        x += share + 1 if share else 0
        shown: list[Place] = []
        for number in range(min(self._skipped, len(figures) - 1), len(figures)):
            if x + figures[number] > width and shown:
                break
            shown.append(Place(x, figures[number], number))
            x += figures[number] + 1
        return places, shares, shown

    def render_line(self, y: int) -> Strip:
        """Draw a line: the header, a row, or how many were left out."""
        width, listing = self.size.width, self.listing
        base = self.style_of("row")
        if listing is None or not listing.lines:
            text = f"  {self._empty_text}" if y == EMPTY_LINE else ""
            return Strip([Segment(text, self.style_of("empty"))]).adjust_cell_length(width, base)
        if y == 0:
            return Strip(self._header(listing)).adjust_cell_length(width, self.style_of("header"))
        place = self.top + y - self.HEADER_LINES
        if place == len(listing.lines) and listing.more:
            text = f"  and {amount(listing.more)} more"
            return Strip([Segment(text, self.style_of("more"))]).adjust_cell_length(width, base)
        if place >= len(listing.lines):
            return Strip.blank(width, base)
        is_cursor = place == self._place
        style = self.style_of("row" if not is_cursor else "focused" if self.has_focus else "cursor")
        segments = self._row(listing, listing.lines[place], style, is_cursor)
        return Strip(segments).adjust_cell_length(width, style)

    def _header(self, listing: Listing) -> list[Segment]:
        names, share, figures = self._layout(listing)
        style = self.style_of("header")
        segments = [Segment(" " * MARGIN, style)]
        for place, text in zip(names, listing.names, strict=True):
            segments.append(Segment(fitted(text, place.width, False) + "  ", style))
        if share:
            segments.append(Segment(fitted("Share", SHARE, True) + " " * (share.width - SHARE + 1), style))
        for place in figures:
            heading = listing.headings[place.figure or 0]
            is_by = bool(listing.by) and heading.measure == listing.by
            text = f"{heading.text}{SIGN}" if is_by else heading.text
            segments.append(
                Segment(fitted(text, place.width, True) + " ", self.style_of("sorted") if is_by else style)
            )
        if figures and (figures[-1].figure or 0) < len(listing.headings) - 1:
            segments[-1] = Segment(segments[-1].text[:-1] + "›", segments[-1].style)
        return segments

    def _row(self, listing: Listing, line: Line, style: Style, is_cursor: bool) -> list[Segment]:
        names, share, figures = self._layout(listing)
        segments = [Segment("▌ " if is_cursor else "  ", style)]
        for place, text in zip(names, line.names, strict=True):
            segments.append(Segment(fitted(safe_text(text), place.width, False) + "  ", style))
        if share:
            part = line.share or 0.0
            segments.append(Segment(fitted(percent(part), SHARE, True) + " ", style))
            drawn = bar(min(max(part, 0.0), 1.0), share.width - SHARE - 1)
            segments.append(Segment(drawn, style if is_cursor else style + self.part_of("bar")))
            segments.append(Segment(" ", style))
        segments += [
            Segment(fitted(line.figures[place.figure or 0], place.width, True) + " ", style)
            for place in figures
        ]
        return segments

    # ------------------------------------------------------------------ what keys do

    def go_to(self, place: int) -> None:
        """Move the cursor to a row by its place."""
        if self.listing and self.listing.lines:
            self._place = max(0, min(place, len(self.listing.lines) - 1))
            is_last = self._place == len(self.listing.lines) - 1
            self.reveal(self._place + (1 if is_last and self.listing.more else 0))
            self.refresh()
            self.post_message(self.Moved())

    def move(self, lines: int) -> None:
        """Move the cursor up or down."""
        self.go_to(self._place + lines)

    def move_to_end(self, *, is_last: bool) -> None:
        """Move the cursor to the first or last row."""
        self.go_to(len(self.listing.lines) if is_last and self.listing else 0)

    def move_aside(self, by: int) -> None:
        """Show further figures; to the left of the first ones is the list of subjects."""
        if by < 0 and not self._skipped:
            self.post_message(self.Left())
        elif self.listing:
            shown = self._layout(self.listing)[2]
            is_last = not shown or (shown[-1].figure or 0) == len(self.listing.headings) - 1
            if by < 0 or not is_last:
                self._skipped += by
                self.refresh()

    def enter(self) -> None:
        """Ask for the flows of the row."""
        if self.line is not None:
            self.post_message(self.Entered())

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a row; on the row under the cursor do what Enter does; sort by a heading."""
        place = event.get_content_offset(self)
        if place is None or self.listing is None:
            return
        if place.y < self.HEADER_LINES:
            self._sort_at(self.listing, place.x)
            return
        line = self.top + place.y - self.HEADER_LINES
        if line >= len(self.listing.lines):
            return
        if line == self._place:
            self.enter()
        else:
            self.go_to(line)

    def _sort_at(self, listing: Listing, x: int) -> None:
        for place in self._layout(listing)[2]:
            if place.start <= x <= place.start + place.width and place.figure is not None:
                measure = listing.headings[place.figure].measure
                if measure:
                    self.post_message(self.SortAsked(measure))
