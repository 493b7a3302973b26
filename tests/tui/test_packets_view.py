"""The packet view: list, fields and bytes, by keys and mouse; what is said where packets cannot be shown."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from t2tui.core.extract import originals_of
from t2tui.core.reread import read_window
from t2tui.tui import hexlines, session
from t2tui.tui.app import FlowApp
from t2tui.tui.messages import PacketWanted
from t2tui.tui.packetlist import PacketReader
from t2tui.tui.session import Session, Snapshot
from t2tui.tui.views.packets import PacketsView, shown_keys
from t2tui.tui.widgets.fieldtree import FieldTree
from t2tui.tui.widgets.hexview import HexView
from t2tui.tui.widgets.packettable import PacketTable
from tests.tui.conftest import EXERCISE, opening_of
from tests.tui.screens import wait_for
from tests.tui.still import finished
from tests.tui.withpackets import WithPackets, reader_of_exercise

Steps = Callable[[FlowApp, Pilot[int]], Awaitable[None]]
PACKETS = 5902


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packets") / "exercise.pcap"


@pytest.fixture(scope="module")
def reader(path: Path) -> PacketReader:
    return reader_of_exercise(path.parent)


def run(
    steps: Steps,
    reader: PacketReader | None,
    size: tuple[int, int] = (160, 48),
    moment: Snapshot | None = None,
    why: str = "",
) -> None:
    """Open a screen, and do steps."""
    app = FlowApp(opening_of(EXERCISE), WithPackets(moment or finished(), reader, why))

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            if app.main.capture.ask().table is not None:
                await wait_for(pilot, lambda: app.main.table.arranged is not None, "rows")
            await steps(app, pilot)

    asyncio.run(main())


def view(app: FlowApp) -> PacketsView:
    return app.main.query_one(PacketsView)


def table(app: FlowApp) -> PacketTable:
    return app.main.query_one(PacketTable)


def number(app: FlowApp) -> int:
    line = table(app).line
    return line.packet.number if line is not None else 0


def text(widget: PacketTable | FieldTree | HexView) -> str:
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


def head(app: FlowApp) -> str:
    content = app.main.query_one("#packets-head")._content  # type: ignore[attr-defined]
    return content.plain.strip() if content is not None else ""


async def at(pilot: Pilot[int], app: FlowApp, packet: int) -> None:
    await wait_for(pilot, lambda: number(app) == packet, f"packet {packet}")


def test_all_packets_are_listed_and_keys_move(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2")
        await at(pilot, app, 1)
        assert head(app) == "5,902 packets of the capture"
        page = table(app).lines_on_screen
        for keys, place in (
            (["down", "j"], 3),
            (["up", "k"], 1),
            (["up"], 1),
            (["G"], PACKETS),
            (["down"], PACKETS),
            (["g"], 1),
            (["pagedown"], 1 + page),
            (["pageup"], 1),
        ):
            await pilot.press(*keys)
            await at(pilot, app, place)
            assert "▌" in text(table(app)), keys
        before = text(table(app)).splitlines()[0]
        await pilot.press(*["right"] * 16)
        assert text(table(app)).splitlines()[0] != before

    run(steps, reader, (100, 30))


def test_rows_come_in_place_of_placeholders(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2")
        view(app)._start(type(table(app).pages)(table(app).pages.scope))  # type: ignore
        assert "…" in table(app).render_line(1).text
        await at(pilot, app, 1)
        assert "192.168.1.105" in table(app).render_line(1).text

    run(steps, reader)


def test_a_field_lights_its_bytes_and_a_byte_its_field(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2", "j", "j", "j")
        await at(pilot, app, 4)
        fields, octets = app.main.query_one(FieldTree), app.main.query_one(HexView)
        await pilot.press("tab", "j", "right")
        assert octets.lit == (14, 20)
        await pilot.press(*"jjjjjjjj")
        assert fields.node is not None
        assert (fields.node.name, fields.node.value) == ("more fragments", "0")
        await pilot.press("j", "j")
        assert (fields.node.name, octets.lit) == ("time to live", (22, 1))
        await pilot.press("left")
        assert fields.node.name == "IPv4"
        await pilot.press("left")
        assert "time to live" not in text(fields)
        await pilot.press("tab", "G")
        assert app.focused is octets
        assert fields.node.name == "end of the head"
        await pilot.press("g", "right")
        assert fields.node.name == "destination"
        assert octets.lit == (0, 6)
        count = hexlines.bytes_per_line(octets.size.width)
        await pilot.click(HexView, offset=(1 + hexlines.hex_column(12), 0))
        assert count == 16
        assert fields.node.name == "type"
        await pilot.click(FieldTree, offset=(8, 0))
        assert fields.node.name == "Ethernet"
        await pilot.press("shift+tab")
        assert app.focused is table(app)

    run(steps, reader)


def test_what_is_open_stays_open_from_packet_to_packet(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2")
        await at(pilot, app, 1)
        fields = app.main.query_one(FieldTree)
        await pilot.press("tab", "j", "j", "enter", "j", "shift+tab", "j")
        await at(pilot, app, 2)
        assert fields.node is not None
        assert (fields.node.name, fields.node.value) == ("source port", "80")

    run(steps, reader)


def test_p_lists_the_packets_of_a_flow_and_a_goes_round(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        flow = int(app.main.table.line.split("\t")[1])
        numbers = reader.index.packets_of(flow)
        await pilot.press("p")
        await at(pilot, app, int(numbers[0]))
        assert head(app) == f"{len(numbers)} packets of flow {flow}"
        await pilot.press("j", "a")
        await wait_for(pilot, lambda: "flows that are shown" in head(app))
        await wait_for(pilot, lambda: table(app).pages is not None and len(table(app).pages or ()) > 5000)
        await pilot.press("a")
        await wait_for(pilot, lambda: head(app) == "5,902 packets of the capture")
        await pilot.press("G")
        await at(pilot, app, PACKETS)
        mine = table(app).line
        assert mine is not None
        await pilot.press("a")
        await wait_for(pilot, lambda: head(app).endswith(f"of flow {mine.packet.flow}"))
        await at(pilot, app, PACKETS)

    run(steps, reader)


def test_the_packets_of_filtered_flows(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        app.main.filter_by("$dstPort == 21")
        await wait_for(
            pilot, lambda: app.main.table.arranged is not None and len(app.main.table.arranged) == 1
        )
        await pilot.press("2")
        await at(pilot, app, 1)
        keys = shown_keys(app.main.table.arranged)
        flow = int(keys[0]) >> 1
        numbers = reader.index.packets_of(flow, int(keys[0]) & 1)
        await pilot.press("a", "a")
        await wait_for(pilot, lambda: head(app) == f"{len(numbers)} packets of the flows that are shown")
        await at(pilot, app, int(numbers[0]))
        assert all(line[0] == "A" for line in text(table(app)).splitlines()[1:] if line.strip())

    run(steps, reader)  # fmt: skip


def test_going_to_a_packet(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2")
        await at(pilot, app, 1)
        await pilot.press("ctrl+g", *"4711", "enter")
        await at(pilot, app, 4711)
        await pilot.press("ctrl+g", *"9999", "enter")
        await pilot.pause()
        assert number(app) == 4711
        assert len(app._notifications) == 1
        await pilot.press("1")
        app.main.post_message(PacketWanted(100, 3))
        await wait_for(pilot, lambda: app.main.view == "packets")
        await at(pilot, app, 100)

    run(steps, reader)


def test_i_goes_to_the_flow_of_a_packet(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2", "G")
        await at(pilot, app, PACKETS)
        line = table(app).line
        assert line is not None
        await pilot.press("i")
        await wait_for(pilot, lambda: app.main.view == "flows")
        assert app.main.table.line.split("\t")[1] == str(line.packet.flow)

    run(steps, reader)


def test_a_packet_becomes_the_time_reference(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2", "j", "j")
        await at(pilot, app, 3)
        await pilot.press("R")
        assert head(app).endswith("times from packet 3 on")
        pages, names = table(app).pages, [column.name for column in table(app)._layout.columns]
        assert pages is not None
        line = pages.line(4)
        assert line is not None
        three = pages.line(2)
        assert three is not None
        cell = table(app)._cells(line)[names.index("sinceRef")]
        assert float(cell) == (line.packet.time - three.packet.time) / 1e9
        assert table(app).render_line(3).text.startswith("R")
        await pilot.press("R")
        assert "times from" not in head(app)

    run(steps, reader)


def test_values_are_copied(reader: PacketReader, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        copied: list[str] = []
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        await pilot.press("2")
        await at(pilot, app, 1)
        await pilot.press("y", "Y", "tab", "j", "y", "tab", "y")
        line = table(app).line
        assert line is not None
        data = line.packet.data
        assert copied == ["1", data.hex(" "), "192.168.1.105 → 192.0.2.80", data[14:34].hex(" ")]

    run(steps, reader)


def test_narrow_screens_open_the_panes_on_request(reader: PacketReader) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2")
        await at(pilot, app, 1)
        assert not view(app).panes.display
        whole = table(app).size.height
        await pilot.press("enter")
        await wait_for(pilot, lambda: view(app).panes.display)
        assert table(app).size.height < whole
        octets = app.main.query_one(HexView)
        await wait_for(pilot, lambda: "0008" in text(octets), "lines of eight bytes")
        await pilot.press("enter")
        await wait_for(pilot, lambda: not view(app).panes.display)

    run(steps, reader, (80, 24))


def test_the_list_grows_while_the_capture_is_read(reader: PacketReader) -> None:
    class Growing:
        """An index that has few packets at first."""

        def __init__(self) -> None:
            self.count = 10

        def __len__(self) -> int:
            return self.count

        def __getattr__(self, name: str) -> object:
            return getattr(reader.index, name)

    growing = Growing()
    part = replace(reader, index=growing)  # type: ignore[arg-type]

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2", "G")
        await at(pilot, app, 10)
        growing.count = 300
        app.main.capture.moment = replace(finished(), packets=300)  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: head(app) == "300 packets of the capture")
        assert number(app) == 10
        await pilot.press("G")
        await at(pilot, app, 300)

    run(steps, part, moment=replace(finished(), state=session.READING))


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_why_packets_cannot_be_shown(size: tuple[int, int]) -> None:
    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2", "j", "tab", "enter", "y", "Y", "R", "f", "i", "a")
        await pilot.pause()
        assert "Packets cannot be shown: it was a pipe" in text(table(app))

    run(steps, None, size, why="it was a pipe")


def test_a_capture_that_changed_is_said_in_place(reader: PacketReader, path: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.pcap"
    short.write_bytes(path.read_bytes()[:5000])
    changed = replace(reader, read=partial(read_window, originals_of(short)))

    async def steps(app: FlowApp, pilot: Pilot[int]) -> None:
        await pilot.press("2", "G")
        await wait_for(pilot, lambda: "has no packet of" in head(app), "the error")
        assert "analyse it again" in head(app)
        await pilot.press("g", "tab", "j")

    run(steps, changed)


def test_sessions_read_packets_of_any_capture(path: Path, tmp_path: Path) -> None:
    assert Session(opening_of(path)).packets_obstacle(), "nothing was read yet"
    packed = tmp_path / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for sources, number in (((path,), 4), ((packed,), 4), ((path, packed), PACKETS + 4)):
        opened = Session(opening_of(*sources))
        opened.start()
        opened._thread.join()
        assert opened.packets_obstacle() == ""
        found = opened.packet_reader()
        assert found is not None
        assert (len(found.index), found.link_type(number)) == (PACKETS * len(sources), 1)
        assert found.read(found.index.at(np.array([number]))).contents[0][54:58] == b"GET "
        opened.close()


@pytest.mark.parametrize("count", hexlines.BYTES_PER_LINE)
def test_bytes_are_found_where_they_are_drawn(count: int) -> None:
    for byte in range(count):
        assert hexlines.byte_at(hexlines.hex_column(byte), count) == byte
        assert hexlines.byte_at(hexlines.text_column(byte, count), count) == byte
    assert hexlines.byte_at(0, count) is None
    assert hexlines.byte_at(hexlines.line_width(count), count) is None
    assert hexlines.runs(1, count, 3 * count, count - 1, 2) == (0, 1)
    assert hexlines.runs(0, count, 3 * count, count - 1, 2) == (count - 1, count)
    assert hexlines.runs(2, count, 3 * count, 0, count) == (0, 0)
