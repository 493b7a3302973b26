"""Packets by flow: what the index tells is what a walk over all packets tells."""

from pathlib import Path

import numpy as np
import pytest

from t2tui.api import analyze
from t2tui.core.packetindex import PacketIndex
from t2tui.core.packetindex.lookup import ChosenPackets, earlier_packets, key_parts
from tests.core.captures import EXERCISE


@pytest.fixture(scope="module")
def index() -> PacketIndex:
    found = analyze(EXERCISE, index=True).index
    assert found is not None
    return found


def walked(index: PacketIndex) -> list[tuple[int, int, int, int]]:
    """first, previous, reply and begin of every packet."""
    rows = index.rows(1, len(index))
    seen: dict[tuple[int, int], list[int]] = {}
    found = []
    for number, flow, direction in zip(
        *(rows[name].tolist() for name in ("packet", "flow", "direction")), strict=True
    ):
        if not flow:
            found.append((0, 0, 0, 0))
            continue
        mine, other = seen.setdefault((flow, direction), []), seen.get((flow, 1 - direction), [])
        mine.append(number)
        begin = min([mine[0], *other[:1]])
        found.append((mine[0], mine[-2] if len(mine) > 1 else 0, other[-1] if other else 0, begin))
    return found  # fmt: skip


def test_earlier_packets_are_those_of_a_walk(index: PacketIndex) -> None:
    wanted = walked(index)
    count = len(index)
    for numbers in (
        np.arange(1, 65),
        np.arange(count - 40, count + 1),
        np.array([5, 700, 701, 3000, count]),
        np.arange(1, count + 1, 7),
    ):
        found = earlier_packets(index, index.at(numbers))
        assert [tuple(each) for each in found.tolist()] == [wanted[number - 1] for number in numbers]


def test_key_parts_begin_anywhere(index: PacketIndex) -> None:
    keys = np.concatenate([part for _, part in key_parts(index)])
    assert len(keys) == len(index)
    for first in (2, 4097, len(index)):
        parts = list(key_parts(index, first))
        assert parts[0][0] == first
        assert np.array_equal(np.concatenate([part for _, part in parts]), keys[first - 1 :])
    assert list(key_parts(index, len(index) + 1)) == []


def test_chosen_packets_are_those_of_the_flows(index: PacketIndex) -> None:
    wanted = np.unique(np.array([2 * 1, 2 * 1 + 1, 2 * 35 + 1], np.uint64))
    chosen = ChosenPackets(wanted)
    for _ in chosen.update(index):
        pass
    rows = index.rows(1, len(index))
    expected = rows["packet"][(rows["flow"] == 1) | ((rows["flow"] == 35) & (rows["direction"] == 1))].astype(
        np.int64
    )
    assert len(chosen) == len(expected) > 20
    assert chosen.looked == len(index)
    assert np.array_equal(chosen.numbers(0, len(index)), expected)
    assert np.array_equal(chosen.numbers(7, 5), expected[7:12])
    assert not len(chosen.numbers(len(expected), 5))
    for place in (0, 9, len(expected) - 1):
        assert chosen.place(int(expected[place])) == place
    assert chosen.place(int(np.setdiff1d(rows["packet"], expected)[0])) is None
    assert chosen.place(len(index) + 1) is None
    for _ in chosen.update(index):  # nothing is new
        pass
    assert len(chosen) == len(expected)  # fmt: skip


def test_chosen_packets_grow_with_the_index(tmp_path: Path) -> None:
    """A small index, filled in two steps."""
    from t2tui.core.layout import PACKET

    index = PacketIndex()
    packets = np.zeros(10, PACKET)
    packets["flow"], packets["flowInd"] = 0, np.arange(10) % 3 + 1
    packets["caplen"] = packets["len"] = 60
    packets["offset"] = 40 + 76 * np.arange(10)
    chosen = ChosenPackets(np.array([2], np.uint64))
    for part in (packets[:4], packets[4:]):
        index.append(part, np.zeros(10, np.uint8))
        for _ in chosen.update(index):
            pass
    assert chosen.numbers(0, 10).tolist() == [1, 4, 7, 10]
    assert chosen.place(7) == 2
