"""tcpStates writes what the state machine in the flow table found."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from t2tui.plugins.base import Run
from t2tui.plugins.tcpstates import TcpStates


def test_columns(
    make_run: Callable[..., Run],
    make_packets: Callable[..., NDArray[Any]],
    lines_of: Callable[..., list[dict[str, str]]],
) -> None:
    plugin = TcpStates()
    run = make_run(plugin)
    run.flows.tcp["anomalies"][:2] = 0x03, 0xC1
    packets = make_packets([1, 0, 1], tcpStatesAFlags=[0x40, 0x00, 0x41])
    assert lines_of(plugin.flow_fields(), [1, 0]) == [
        {"tcpStatesAFlags": "0xc1"},
        {"tcpStatesAFlags": "0x03"},
    ]
    assert [
        line["tcpStatesAFlags"] for line in lines_of(plugin.packet_fields(packets), [1, 0, 1], [0, 1, 2])
    ] == [
        "0x40",
        "0x00",
        "0x41",
    ]


def test_report_only_of_anomalies(make_run: Callable[..., Run]) -> None:
    plugin = TcpStates()
    run = make_run(plugin)
    assert list(plugin.report()) == []
    run.flows.tcp_aggregate = 0x0B
    assert list(plugin.report()) == ["Aggregated tcpStatesAFlags=0x0b"]
    assert list(plugin.monitor()) == list(plugin.report())
