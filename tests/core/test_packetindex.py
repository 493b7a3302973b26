"""The index of packets gives back what it was given, however odd, and keeps what streams need."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.core.extract import POSITION
from t2tui.core.flowstat import L3FLOWINVERT
from t2tui.core.layout import KIND_IPV4, KIND_IPV6, KIND_LAYER2, PACKET
from t2tui.core.packetindex import ROW, PacketIndex, keys_of
from t2tui.core.packetindex.packed import PackedColumns
from t2tui.core.streams import SEGMENT, Fragments, segments_of

SECOND = 10**9
DATA = np.zeros(64, np.uint8)

FIELDS = {
    "offset": st.one_of(st.integers(0, 2000), st.integers(-(2**63), 2**63 - 1)),
    "caplen": st.one_of(st.integers(0, 70), st.integers(0, 2**32 - 1)),
    "len": st.one_of(st.integers(0, 70), st.integers(0, 2**32 - 1)),
    "sec": st.one_of(st.just(5), st.integers(0, 2**32), st.integers(-(2**63), 2**63 - 1)),
    "frac": st.one_of(st.integers(0, 999_999), st.integers(-(2**63), 2**63 - 1)),
    "flow": st.integers(-1, 3),
    "flowInd": st.one_of(st.integers(1, 4), st.integers(1, 2**40)),
    "flowStat": st.sampled_from([0, L3FLOWINVERT, 2**63, 2**63 | L3FLOWINVERT]),
    "l3": st.integers(-1, 20),
    "l4": st.integers(0, 60),
    "l7": st.one_of(st.integers(0, 60), st.integers(0, 2**31 - 1)),
    "seq": st.integers(0, 2**32 - 1),
    "tcpFlags": st.integers(0, 255),
    "l4Proto": st.sampled_from([0, 6, 6, 17, 58]),
    "kind": st.sampled_from([KIND_LAYER2, KIND_IPV4, KIND_IPV4, KIND_IPV6]),
    "frag": st.sampled_from([0, 0, 0, 1, 2, 4, 8]),
    "fragId": st.integers(0, 2),
    "l3Len": st.integers(0, 2**16 - 1),
    "l7Len": st.integers(0, 2**16 - 1),
    "snapL7Len": st.integers(0, 2**16 - 1),
}
"""Values of a PACKET record; those that an attacker controls are as wild as their types."""


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[int, np.ndarray]]:
    """Parts of a capture: units and PACKET records, numbered on."""
    sizes = draw(st.lists(st.integers(0, 6), max_size=8))
    steady = draw(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.booleans(), max_size=len(FIELDS)))
    first = {name: draw(values) for name, values in FIELDS.items() if steady.get(name)}
    found, number = [], 1
    for size in sizes:
        packets = np.zeros(size, PACKET)
        for packet in packets:
            for name, values in FIELDS.items():
                packet[name] = first[name] if name in first else draw(values)
            packet["pktNo"] = number
            number += 1
        found.append((draw(st.sampled_from([SECOND, SECOND, 10**6])), packets))
    return found


def wrapped(value: int) -> int:
    """As 64 bits with sign."""
    return (value + 2**63) % 2**64 - 2**63


def model(parts: list[tuple[int, np.ndarray]]) -> list[dict[str, int]]:
    """What PACKET records say, packet by packet, in plain Python."""
    rows = []
    for units, packets in parts:
        for packet in packets:
            has_flow = int(packet["flow"]) >= 0
            rows.append(
                {
                    "offset": int(packet["offset"]),
                    "caplen": int(packet["caplen"]),
                    "len": int(packet["len"]),
                    "sec": int(packet["sec"]),
                    "frac": wrapped(int(packet["frac"]) * (SECOND // units)),
                    "packet": int(packet["pktNo"]),
                    "flow": int(packet["flowInd"]) if has_flow else 0,
                    "direction": int(packet["flowStat"]) & L3FLOWINVERT if has_flow else 0,
                }
            )
    return rows


def as_dicts(records: np.ndarray) -> list[dict[str, int]]:
    return [{name: int(record[name]) for name in records.dtype.names} for record in records]


def indexed(parts: list[tuple[int, np.ndarray]]) -> PacketIndex:
    index = PacketIndex()
    for units, packets in parts:
        index.append(packets, DATA, units)
    return index


@given(batches(), st.data())
@settings(deadline=None)
def test_rows_are_those_that_were_appended(parts: list[tuple[int, np.ndarray]], data: st.DataObject) -> None:
    index, expected = indexed(parts), model(parts)
    assert len(index) == len(expected)
    assert as_dicts(index.rows(1, len(expected) + 1)) == expected
    first, count = data.draw(st.integers(-2, 50)), data.draw(st.integers(0, 20))
    window = [row for row in expected if first <= row["packet"] < first + count]
    assert as_dicts(index.rows(first, count)) == window
    if expected:
        numbers = data.draw(st.lists(st.integers(1, len(expected)), max_size=20))
        assert as_dicts(index.at(np.array(numbers, np.int64))) == [expected[number - 1] for number in numbers]


@given(batches(), st.data())
@settings(deadline=None)
def test_packets_of_flows_are_found(parts: list[tuple[int, np.ndarray]], data: st.DataObject) -> None:
    index, expected = indexed(parts), model(parts)
    flows = sorted({row["flow"] for row in expected} | {0, 3, 2**39})
    for flow in flows:
        mine = [row for row in expected if row["flow"] == flow]
        assert index.packets_of(flow).tolist() == [row["packet"] for row in mine]
        for side in (0, 1):
            numbers = [row["packet"] for row in mine if row["direction"] == side]
            assert index.packets_of(flow, side).tolist() == numbers
    wanted = sorted(
        data.draw(st.sets(st.sampled_from([2 * flow + side for flow in flows[1:] for side in (0, 1)])))
    )
    chosen = [row for row in expected if 2 * row["flow"] + row["direction"] in wanted]
    found = list(index.positions(np.array(wanted, np.uint64)))
    positions = [row for part, _ in found for row in as_dicts(part)]
    assert positions == [{name: row[name] for name in POSITION.names} for row in chosen]
    keys = [2 * row["flow"] + row["direction"] for row in chosen]
    assert [int(key) for _, part in found for key in part] == keys


@given(batches())
@settings(deadline=None)
def test_segments_are_those_made_of_the_packets_themselves(parts: list[tuple[int, np.ndarray]]) -> None:
    index, fragments = indexed(parts), Fragments()
    made = []
    for units, packets in parts:
        mine = packets[packets["flow"] >= 0]
        segments = segments_of(mine, units)
        fragments.place(mine, segments, DATA)
        segments["protocol"][segments["later"] == 1] = 255  # as streams know later fragments
        made.append((mine["flowInd"], segments))
    for flow in {int(flow) for flows, _ in made for flow in flows} | {2**39}:
        expected = [segments[flows == flow] for flows, segments in made]
        assert index.segments(flow).tolist() == np.concatenate([np.zeros(0, SEGMENT), *expected]).tolist()


@given(
    st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 300)), min_size=1, max_size=30),
)
def test_a_packed_column_holds_any_numbers(values: list[int]) -> None:
    others = [[number, -number] for number in (1, 2**8, 2**16, 2**40)]  # columns of all sizes before it
    rows = [(other * len(values))[: len(values)] for other in others]
    table = np.array([[*row, 2**63 - 1] for row in (*rows, values)], np.int64)
    packed = PackedColumns(table, len(values), np.empty(table.size, np.uint64))
    for number, row in enumerate(rows):
        assert packed.column(number).read(slice(None), len(values)).tolist() == row
    column = packed.column(len(rows))
    assert (column.least, column.most) == (min(values), max(values))
    assert column.read(slice(None), len(values)).tolist() == values
    wanted = sorted({*values[::3], 7, -1})
    among = [row for row, value in enumerate(values) if value in wanted]
    assert column.among(np.array(wanted, np.int64), len(values)).tolist() == among
    for first, last in pairwise([*sorted(values[:5]), 0, 5, 5, 10**6]):
        rows = [row for row, value in enumerate(values) if first <= value <= last]
        assert column.between(first, last, len(values)).tolist() == rows


def test_nothing_is_stored_of_what_is_always_the_same() -> None:
    packets = np.zeros(8192, PACKET)
    packets["caplen"] = packets["len"] = 60
    packets["offset"] = 40 + np.arange(8192) * 76
    packets["frac"] = np.arange(8192) * 1000
    first, both = (
        indexed([(SECOND, packets[:4096])]),
        indexed([(SECOND, packets[:4096]), (SECOND, packets[4096:])]),
    )
    assert first.nbytes > 4096
    assert both.nbytes - first.nbytes == sys.getsizeof(np.zeros(0, np.uint8))


def test_a_slow_pipe_takes_no_more_memory_than_a_file() -> None:
    packets = np.zeros(4096, PACKET)
    random = np.random.default_rng(1)
    packets["seq"] = random.integers(0, 2**32, 4096)
    packets["caplen"] = random.integers(60, 1500, 4096)
    packets["offset"] = 40 + np.cumsum(packets["caplen"] + 16) - packets["caplen"]
    packets["pktNo"] = 1 + np.arange(4096)
    single = indexed([(SECOND, packets[row : row + 1]) for row in range(4096)])
    whole = indexed([(SECOND, packets)])
    assert single.rows(1, 4096).tolist() == whole.rows(1, 4096).tolist()
    assert single.nbytes < 1.2 * whole.nbytes


def test_packets_that_are_not_there() -> None:
    index = PacketIndex()
    assert len(index) == len(index.rows(1, 50)) == len(index.packets_of(1)) == len(index.segments(1)) == 0
    assert index.rows(1, 5).dtype == ROW
    assert list(index.positions(np.array([2], np.uint64))) == []
    packets = np.zeros(3, PACKET)
    index.append(packets, DATA)
    for number in (0, 4):
        with pytest.raises(IndexError, match=f"no packet {number} among 3"):
            index.at(np.array([number]))


def test_packets_without_flow_have_no_key() -> None:
    packets = np.zeros(3, PACKET)
    packets["flowInd"], packets["flow"] = [1, 2, 7], [0, -1, 5]
    packets["flowStat"] = [0, 1, 1]
    assert keys_of(packets).tolist() == [2, 0, 15]
