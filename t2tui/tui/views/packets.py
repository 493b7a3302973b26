"""The packets of the capture, of a flow, or of the flows that are shown: list, fields, bytes."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.worker import Worker, WorkerState, get_current_worker

from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.tui import session
from t2tui.tui.actions import bindings, packets
from t2tui.tui.dialogs.number import AskNumber
from t2tui.tui.figures import amount
from t2tui.tui.messages import FlowWanted, FollowWanted
from t2tui.tui.packetlist import Packet, PacketReader
from t2tui.tui.packetpages import AllPackets, Line, PacketPages
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.session import Snapshot
from t2tui.tui.views.view import KeysOfView, View
from t2tui.tui.widgets.fieldtree import FieldTree
from t2tui.tui.widgets.hexview import HexView
from t2tui.tui.widgets.note import Note
from t2tui.tui.widgets.packettable import PacketTable
from t2tui.tui.widgets.pane import Pane

ALL, FLOW, SHOWN = "all", "flow", "shown"
SCOPES = (ALL, FLOW, SHOWN)
"""Packets of the capture, of one flow, of the flows that the flow table shows."""
MOST_COPIED = 1 << 16
"""Bytes of a packet that are copied."""


class PacketsView(View):
    """List above; below it the fields of the packet under the cursor, and its bytes."""

    PLACE = packets.PLACE
    BINDINGS = bindings(packets.ACTIONS)
    EXPLAINED: ClassVar[KeysOfView] = (
        (
            "Signs",
            (
                ("A B", "side of the packet's flow; blank: no flow"),
                ("R", "time reference"),
                ("^", "the packet has a warning of flowStat"),
                ("…", "being read"),
                ("▸ ▾", "layers and fields that can be opened, closed"),
                ("!", "bytes that could not be read as what they should be"),
            ),
        ),
    )

    @dataclass
    class Loaded(Message):
        """A page was read."""

        pages: PacketPages
        number: int
        lines: list[Line]

    @dataclass
    class Listed(Message):
        """The packets of chosen flows were found, as far as the capture was read."""

        pages: PacketPages

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._scope = ALL
        self._flow = 0
        self._is_stale = True
        self._wanted: int | None = None  # packet to go to when the list is there
        self._fault = ""
        self._shown: Packet | None = None
        self._listed: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Note(markup=False, id="packets-head")
        yield PacketTable(id="packet-table")
        with Horizontal(id="packet-panes"):
            yield FieldTree(id="field-tree")
            yield HexView(id="hex-view")

    @property
    def table(self) -> PacketTable:
        """The list."""
        return self.query_one(PacketTable)

    @property
    def fields(self) -> FieldTree:
        """The fields."""
        return self.query_one(FieldTree)

    @property
    def bytes_view(self) -> HexView:
        """The bytes."""
        return self.query_one(HexView)

    @property
    def panes(self) -> Horizontal:
        """Fields and bytes."""
        return self.query_one("#packet-panes", Horizontal)

    @property
    def pane(self) -> Pane:
        """The pane that keys go to."""
        focused = self.screen.focused
        return focused if isinstance(focused, Pane) else self.table

    def take_focus(self) -> None:
        """Let keys go to the list."""
        self.screen.set_focus(self.table)

    # ------------------------------------------------------------------ which packets

    def show(self, now: Snapshot) -> None:
        """List the packets that there are now."""
        reader = self.main.capture.packet_reader()
        if reader is None:
            self.table.explain(self._why_none(now))
            self._title()
            return
        if self._scope == ALL:
            self._list_all(len(reader.index))
        else:
            self._list_chosen(reader)
        self.table.explain(self._why_none(now))
        self._title()

    def _why_none(self, now: Snapshot) -> str:
        """Say why no packet is shown, and what to press."""
        why = self.main.capture.packets_obstacle()
        if why:
            return f"Packets cannot be shown: {why}"
        if self._fault:
            return self._fault
        if self._scope == FLOW:
            return f"No packet of flow {self._flow} was read so far. a shows all packets."
        if self._scope == SHOWN:
            return "No packet belongs to the flows that are shown. a shows all packets."
        return "There is no packet in what was read." if now.has_ended else "No packet was read so far ..."

    def _list_all(self, count: int) -> None:
        table = self.table
        scope = table.pages.scope if table.pages is not None else None
        if self._is_stale or not isinstance(scope, AllPackets):
            self._start(PacketPages(AllPackets(count)))
        elif scope.count != count:
            scope.count = count
            table.grow()
        self._go_where_wanted()

    def _list_chosen(self, reader: PacketReader) -> None:
        """Find the packets of chosen flows, in a thread; again when there is more."""
        of = (len(reader.index), self.main.table.arranged if self._scope == SHOWN else self._flow)
        if self._is_stale or of != self._listed:
            table = self.table
            again = None if self._is_stale or self._scope == SHOWN else table.pages
            if self._is_stale:
                self._start(PacketPages(AllPackets()))
            self._is_stale, self._listed = False, of
            self._find(reader, self._scope, self._flow, self.main.table.arranged, again)

    def _start(self, pages: PacketPages) -> None:
        """Show another list."""
        self._is_stale, self._fault = False, ""
        self.table.show(pages)
        self._show_packet()

    @work(thread=True, exclusive=True, group="packet-lists", exit_on_error=False)
    def _find(
        self, reader: PacketReader, scope: str, flow: int, arranged: Any, again: PacketPages | None
    ) -> None:
        """Find the packets of flows."""
        from t2tui.core.packetindex.lookup import ChosenPackets

        worker = get_current_worker()
        if again is not None and isinstance(again.scope, ChosenPackets):
            pages = again
        else:
            keys = np.array([2 * flow, 2 * flow + 1], np.uint64) if scope == FLOW else shown_keys(arranged)
            pages = PacketPages(ChosenPackets(keys))
        chosen = pages.scope
        assert isinstance(chosen, ChosenPackets)
        for _ in chosen.update(reader.index):
            if worker.is_cancelled:
                return
        if not worker.is_cancelled:
            self.post_message(self.Listed(pages))

    @on(Listed)
    def _was_listed(self, message: Listed) -> None:
        if self._scope == ALL:
            return
        if self.table.pages is message.pages:
            self.table.grow()
        else:
            before = self.table.line
            place = message.pages.scope.place(before.packet.number) if before else None
            self.table.show(message.pages, place or 0)
            self._show_packet()
        self._go_where_wanted()
        self._title()

    def _go_where_wanted(self) -> None:
        pages = self.table.pages
        if self._wanted is None or pages is None:
            return
        place = pages.scope.place(self._wanted)
        if place is not None:
            self._wanted = None
            self.table.go_to(place)
        elif self.main.now.has_ended:
            self.main.tell(f"There is no packet {amount(self._wanted)} in this list", "warning")
            self._wanted = None

    def _title(self) -> None:
        """Say what is listed."""
        pages = self.table.pages
        count = amount(len(pages)) if pages is not None else "0"
        texts = {
            ALL: f"{count} packets of the capture",
            FLOW: f"{count} packets of flow {self._flow}",
            SHOWN: f"{count} packets of the flows that are shown",
        }
        reference = self.table.reference
        behind = f", times from packet {amount(reference[1])} on" if reference else ""
        text = f"{texts[self._scope]}{behind}"
        if self._fault:
            text = f"{self._fault}"
        style = "$text-error" if self._fault else "$text-muted"
        self.query_one("#packets-head", Note).show(safe_content(f" {text} ", style))

    def list_flow(self, flow: int) -> None:
        """List the packets of a flow."""
        self._scope, self._flow, self._is_stale = FLOW, flow, True

    def go_to(self, packet: int, flow: int = 0) -> None:
        """Go to a packet, in the list of its flow if that is shown, else in that of all packets."""
        if self._scope != ALL and (self._scope, flow) != (FLOW, self._flow):
            self._scope, self._is_stale = ALL, True
        self._wanted = packet

    # ------------------------------------------------------------------ reading

    @on(PacketTable.Wanted)
    def _load(self) -> None:
        """Have the pages on screen read, one thread at a time."""
        reader, pages, table = self.main.capture.packet_reader(), self.table.pages, self.table
        if reader is None or pages is None or self._fault:
            return
        busy = any(worker.group == "packet-pages" and worker.is_running for worker in self.workers)
        if not busy:
            missing = pages.missing(table.top, table.lines_on_screen)
            if missing:
                self._read(reader, pages, missing[0])

    @work(thread=True, group="packet-pages", exit_on_error=False)
    def _read(self, reader: PacketReader, pages: PacketPages, number: int) -> None:
        self.post_message(self.Loaded(pages, number, pages.load(reader, number)))

    @on(Loaded)
    def _was_loaded(self, message: Loaded) -> None:
        message.pages.put(message.number, message.lines)
        if message.pages is self.table.pages:
            self.table.refresh()
            if self._shown is None or self.table.line is None or self.table.line.packet is not self._shown:
                self._show_packet()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Read on; say in place what went wrong."""
        event.stop()
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self._fault = safe_text(" ".join(session.words(event.worker.error)))
            self._title()
        elif event.state is WorkerState.SUCCESS and event.worker.group == "packet-pages":
            self.call_after_refresh(self._load)

    # ------------------------------------------------------------------ one packet

    @on(PacketTable.Moved)
    def _show_packet(self) -> None:
        """Show fields and bytes of the packet under the cursor."""
        line, reader = self.table.line, self.main.capture.packet_reader()
        packet = line.packet if line is not None and reader is not None else None
        if packet is self._shown and packet is not None:
            return
        self._shown = packet
        if packet is None or reader is None:
            self.bytes_view.show(b"")
            self.fields.show([])
            return
        self.bytes_view.show(packet.data)
        link_type = reader.link_type(packet.number)
        from t2tui.tui.packettree import Places, dissect

        self.fields.show(dissect(packet.data, link_type, packet.length, Places(packet.l3)))

    @on(FieldTree.Chosen)
    def _light(self, message: FieldTree.Chosen) -> None:
        node = message.node
        self.bytes_view.light(node.start if node else 0, node.length if node else 0)

    @on(HexView.Chosen)
    def _choose_field(self, message: HexView.Chosen) -> None:
        self.fields.choose(message.place)

    # ------------------------------------------------------------------ actions

    def action_up(self) -> None:
        """One line up."""
        self.pane.move(-1)

    def action_down(self) -> None:
        """One line down."""
        self.pane.move(1)

    def action_left(self) -> None:
        """To the left, or close."""
        self.pane.move_aside(-1)

    def action_right(self) -> None:
        """To the right, or open."""
        self.pane.move_aside(1)

    def action_page_up(self) -> None:
        """One page up."""
        self.pane.move(-self.pane.lines_on_screen)

    def action_page_down(self) -> None:
        """One page down."""
        self.pane.move(self.pane.lines_on_screen)

    def action_top(self) -> None:
        """To the first line."""
        self.pane.move_to_end(is_last=False)

    def action_bottom(self) -> None:
        """To the last line."""
        self.pane.move_to_end(is_last=True)

    def action_next_pane(self) -> None:
        """Let keys go to the next pane."""
        self._other_pane(1)

    def action_previous_pane(self) -> None:
        """Let keys go to the pane before."""
        self._other_pane(-1)

    def _other_pane(self, by: int) -> None:
        if not self.panes.display:
            self._fold()
        order: list[Pane] = [self.table, self.fields, self.bytes_view]
        self.screen.set_focus(order[(order.index(self.pane) + by) % len(order)])

    def action_enter(self) -> None:
        """Show or hide the panes below the list; in the tree open or close a field."""
        self.pane.enter()

    @on(PacketTable.Entered)
    def _fold(self) -> None:
        is_shown = self.panes.display
        self.panes.set_class(is_shown, "-folded").set_class(not is_shown, "-unfolded")
        self.call_after_refresh(lambda: self.table.reveal(self.table.place))

    def action_scope(self) -> None:
        """List all packets, those of the flow under the cursor, those of flows that are shown, in turn."""
        line = self.table.line
        following = SCOPES[(SCOPES.index(self._scope) + 1) % len(SCOPES)]
        if line is not None:
            self._wanted = line.packet.number if following == ALL or self._scope == ALL else None
            self._flow = line.packet.flow or self._flow
        if following == FLOW and not self._flow:
            following = SHOWN
        if following == SHOWN:
            self._wanted = None
        self._scope, self._is_stale = following, True
        self.show(self.main.now)

    def action_reference(self) -> None:
        """Count times from the packet under the cursor, or no more."""
        self.table.toggle_reference()
        self._title()

    def action_times(self) -> None:
        """Show times in the next style."""
        self.table.next_time_style()

    def action_follow(self) -> None:
        """Follow the flow of the packet."""
        flow = self._flow_of_packet()
        if flow:
            self.post_message(FollowWanted(flow))

    def action_to_flow(self) -> None:
        """Go to the flow of the packet."""
        flow = self._flow_of_packet()
        if flow:
            self.post_message(FlowWanted(flow))

    def _flow_of_packet(self) -> int:
        line = self.table.line
        if line is not None and not line.packet.flow:
            self.main.tell("This packet belongs to no flow", "information")
        return line.packet.flow if line is not None else 0

    def action_go_to(self) -> None:
        """Ask for a packet and go there."""
        self.app.push_screen(AskNumber("Go to packet (pktNo):"), self._go_to_number)

    def _go_to_number(self, number: int | None) -> None:
        if number is None or self.table.pages is None:
            return
        place = self.table.pages.scope.place(number)
        if place is None:
            more = "" if self.main.now.has_ended else " so far"
            self.main.tell(f"There is no packet {amount(number)} in this list{more}", "warning")
        else:
            self.table.go_to(place)

    def action_copy_value(self) -> None:
        """Copy the cell, the value of the field, or the bytes that are lit."""
        self.app.copy_to_clipboard(safe_text(self.pane.value))

    def action_copy_bytes(self) -> None:
        """Copy the packet as hex."""
        if self._shown is not None:
            self.app.copy_to_clipboard(self._shown.data[:MOST_COPIED].hex(" "))


def shown_keys(arranged: Any) -> NDArray[np.uint64]:
    """Return the keys of packets (see packetindex.keys_of) of the flows that the flow table shows.

    Args:
        arranged: what it shows, None before the first flow has ended.
    """
    if arranged is None:
        return np.zeros(0, np.uint64)
    table, rows = arranged.table, arranged.rows
    keys = table["flowInd"][rows].astype(np.uint64) << np.uint64(1)
    if "flowStat" in table:
        keys |= table["flowStat"][rows].astype(np.uint64) & np.uint64(L3FLOWINVERT)
        return np.unique(keys)
    return np.unique(np.concatenate([keys, keys | np.uint64(1)]))
