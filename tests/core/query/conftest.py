"""The flows and packets of the exercise: as columns, and as plain rows of their text."""

import functools
from pathlib import Path

import pytest

import t2tui
from t2tui.core.store import ColumnStore
from tests.core.captures import EXERCISE
from tests.core.query.rows import Row, rows

Pair = tuple[ColumnStore, list[Row]]


@functools.cache
def _analysis() -> t2tui.Analysis:
    plugins = ["basicFlow", "basicStats", "tcpFlags", "tcpStates", "dnsDecode"]
    return t2tui.analyze(EXERCISE, packets=True, plugins=plugins)


def pair(store: ColumnStore) -> Pair:
    """A store and its rows."""
    types = {name: store.column(name).type for name in store.names}
    return store, rows(list(store.names), types, store.rows(store.names))


@functools.cache
def flow_pair() -> Pair:
    """Flows of the exercise."""
    return pair(_analysis().flows)


@functools.cache
def packet_pair() -> Pair:
    """Packets of the exercise."""
    packets = _analysis().packets
    assert packets is not None
    return pair(packets)


@pytest.fixture(scope="session")
def flows() -> Pair:
    return flow_pair()


@pytest.fixture(scope="session")
def packets() -> Pair:
    return packet_pair()


@pytest.fixture(scope="session")
def flow_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flows of the exercise as a flow file."""
    store, _ = flow_pair()
    path = tmp_path_factory.mktemp("files") / "exercise_flows.txt"
    lines = ["%" + "\t".join(store.names), *store.rows(store.names)]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture(scope="session")
def packet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packets of the exercise as a packet file."""
    store, _ = packet_pair()
    path = tmp_path_factory.mktemp("files") / "exercise_packets.txt"
    lines = ["%" + "\t".join(store.names), *store.rows(store.names)]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
