"""The flow table: what is done with keys and the mouse on its cells."""

from dataclasses import dataclass

from textual import events
from textual.message import Message

from t2tui.tui.actions import ACTIONS, Action, bindings, flows
from t2tui.tui.cellfilter import condition
from t2tui.tui.dialogs.menu import Menu
from t2tui.tui.messages import FilterWanted, FollowWanted, PacketsWanted, PairingWanted, WriteWanted
from t2tui.tui.safe import safe_text
from t2tui.tui.widgets.actionline import ActionButton
from t2tui.tui.widgets.tablecolumns import TableColumns
from t2tui.tui.widgets.tablerows import HEADER_LINES

LEFT, RIGHT = 1, 3
"""Buttons of the mouse."""


class FlowTable(TableColumns):
    """Rows of a table, with all that can be done with them.

    Drawing, cursor, notes and columns are in the classes that it is made of.
    """

    PLACE = flows.PLACE
    BINDINGS = bindings(flows.ACTIONS)

    @dataclass
    class DetailAsked(Message):
        """The pane with bits and values is to be shown or hidden."""

    _border: int | None = None
    """Column whose border is dragged."""
    _pressed: int | None = None
    """Place at which the left button was pressed."""

    # ------------------------------------------------------------------ mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the border of a column, or of a row."""
        at = event.get_content_offset(self)
        if at is None or self._arranged is None or event.button != LEFT:
            return
        if at.y < HEADER_LINES:
            self._border = self.layout_of_columns.border_at(at.x, self.size.width)
        else:
            self._pressed = self._place_at(at.y)
        if self._border is not None or self._pressed is not None:
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the border, or choose rows from where the button was pressed."""
        layout = self.layout_of_columns
        if self._border is not None and self._border in layout.visible(self.size.width):
            layout.resize(self._border, event.x - layout.left_of(self._border, self.size.width))
            self._changed(self._border)
        elif self._pressed is not None and self._arranged is not None:
            place = round(self.scroll_y) + event.y - HEADER_LINES
            if self._chosen is None and place != self._pressed:
                self.go_to(self._pressed)
                self.begin_range()
            if self._chosen is not None:
                self.go_to(place)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go: mark the rows that were chosen."""
        is_drag = self._pressed is not None and self._chosen is not None
        self._border = self._pressed = None
        self.release_mouse()
        if is_drag and self._chosen is not None and self._chosen[0] < self._chosen[1]:
            self.mark_range()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell under the mouse, or sort by the header's column; right: a menu."""
        at = event.get_content_offset(self)
        if at is None or self._arranged is None:
            return
        layout, number = self.layout_of_columns, self.layout_of_columns.at(at.x, self.size.width)
        if at.y < HEADER_LINES:
            border = layout.border_at(at.x, self.size.width)
            if border is not None:
                if event.chain == 2:
                    self._column = border
                    self.action_fit()
            elif number is not None:
                self._column = number
                self._open_menu(event, flows.HEADER_MENU) if event.button == RIGHT else self.action_sort()
            return
        place = self._place_at(at.y)
        if place is None:
            return
        if number is not None:
            self._column = number
        if event.shift and event.button == LEFT:
            self.begin_range()
            self.go_to(place)
            self.mark_range()
            return
        self.go_to(place)
        if event.button == RIGHT:
            self._open_menu(event, flows.MENU)

    def _place_at(self, y: int) -> int | None:
        """Return the place of the row on a line of the screen."""
        line = y - HEADER_LINES
        return round(self.scroll_y) + line if 0 <= line < len(self._page) else None

    def _open_menu(self, event: events.Click, names: tuple[str, ...]) -> None:
        self._show_menu(names, event.screen_x, event.screen_y)

    def action_menu(self) -> None:
        """Open the menu at the cell under the cursor."""
        layout, width = self.layout_of_columns, self.size.width
        left = layout.left_of(self._column, width) if self._column in layout.visible(width) else 0
        line = HEADER_LINES + self._place - round(self.scroll_y)
        self._show_menu(flows.MENU, self.region.x + left, self.region.y + line + 1)

    def _show_menu(self, names: tuple[str, ...], x: int, y: int) -> None:
        def chosen(action: Action | None) -> None:
            if action is not None:
                self.post_message(ActionButton.Pressed(action))

        places = getattr(self.screen, "places", (self.PLACE,))
        listed = {action.name: action for action in reversed(ACTIONS) if action.place in places}
        self.app.push_screen(Menu([listed[name] for name in names if name in listed], x, y), chosen)

    # ------------------------------------------------------------------ filter, copy, show

    def action_follow(self) -> None:
        """Show what both sides of the flow under the cursor sent."""
        if self.flow_index is not None:
            self.post_message(FollowWanted(self.flow_index))

    def action_packets(self) -> None:
        """List the packets of the flow under the cursor."""
        if self.flow_index is not None:
            self.post_message(PacketsWanted(self.flow_index))

    def action_keep_cell(self) -> None:
        """Keep the flows with the value under the cursor."""
        self._filter(True)

    def action_drop_cell(self) -> None:
        """Keep the flows without the value under the cursor."""
        self._filter(False)

    def action_or_cell(self) -> None:
        """Show the flows with the value under the cursor, too."""
        self._filter(True, is_choice=True)

    def _filter(self, is_kept: bool, is_choice: bool = False) -> None:
        if self.column is not None and self.row is not None:
            text = condition(self.column, self.cell, is_kept)
            self.post_message(FilterWanted(text, is_added=True, is_choice=is_choice))

    def action_dump(self) -> None:
        """Ask for the payload of flows."""
        self.post_message(WriteWanted("dump"))

    def action_extract(self) -> None:
        """Ask for the packets of flows."""
        self.post_message(WriteWanted("extract"))

    def action_export(self) -> None:
        """Ask for rows in another format."""
        self.post_message(WriteWanted("export"))

    def action_copy_cell(self) -> None:
        """Copy the cell under the cursor."""
        self.app.copy_to_clipboard(safe_text(self.cell))

    def action_copy_row(self) -> None:
        """Copy the row under the cursor."""
        self.app.copy_to_clipboard("\t".join(map(safe_text, self.line.split("\t"))))

    def action_detail(self) -> None:
        """Show or hide the pane beside the table; mark the range if there is one."""
        if self._chosen is not None:
            self.mark_range()
        else:
            self.post_message(self.DetailAsked())

    def action_pair(self) -> None:
        """Keep A and B flows together, or let each stand where it belongs."""
        self.post_message(PairingWanted())
