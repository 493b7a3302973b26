"""Plugin alarm mode: the figures that the tutorial prints."""

import pytest

PLUGINS = ("-p", "basicFlow,basicStats,tcpStates,tcpWin,txtSink")
ALARM = ("-D", "core.ALARM_MODE=1")


def block(lines: list[str]) -> list[str]:
    """The lines of the plugins."""
    first, last = (number for number, line in enumerate(lines) if line == "-" * 80)
    return lines[first + 1 : last]


def test_report_of_alarm_mode(report):
    lines = report(*PLUGINS, *ALARM)
    assert "[INF] Creating flows for L2, IPv4, IPv6 [ALARM]" in lines
    assert block(lines)[-5:] == [
        "tcpStates: Aggregated tcpStatesAFlags=0x4a",
        "tcpWin: Aggregated tcpWinStat=0x01",
        "tcpWin: 4 alarms in 1 flows below win threshold 1",
        "tcpWin: Number of TCP winsize packets below threshold 1: 4 [0.07%]",
        "tcpWin: IP: 192.168.1.105, country: 07, org: Private network",
    ]
    assert lines[-4:] == [
        "Aggregated flowStat=0x0402000000004000",
        "[WRN] 4 alarms in 1 flows [1.39%]",
        "[INF] IPv4 flows",
        "[INF] IPAlarm",
    ]


@pytest.mark.parametrize(("bit_set_by", "status"), [("1", "0x0400000000004000"), ("2", "0x0402000000004000")])
def test_only_flow_36_is_released(report, rows, bit_set_by, status):
    """The alarm bit shows in the flow when the packet set it, not when the end of the flow did."""
    lines = report(*PLUGINS, *ALARM, "-D", f"tcpWin.TCPWIN_ALARM_BIT={bit_set_by}")
    (flow,) = rows("flows")
    printed = {
        "dir": "A",
        "flowInd": "36",
        "flowStat": status,
        "timeFirst": "1258594163.408285000",
        "timeLast": "1258594191.015208000",
        "duration": "27.606923000",
        "srcPort": "49330",
        "dstPort": "64334",
        "pktsSnt": "1514",
        "pktsRcvd": "3101",
        "l7BytesRcvd": "4268858",
        "tcpStatesAFlags": "0x42",
        "tcpWinStat": "0x01",
        "tcpWinIpTTL": "128",
        "tcpInitWinSz": "8192",
        "tcpWinThCnt": "4",
        "tcpWinSzThRt": "0.002642008",
    }
    assert {name: flow[name] for name in printed} == printed
    assert "Aggregated flowStat=0x0402000000004000" in lines


def test_without_alarm_mode_all_flows_are_written(report, rows):
    lines = report(*PLUGINS)
    assert len(rows("flows")) == 72
    assert "[WRN] 4 alarms in 1 flows [1.39%]" in lines


def test_older_column_names(report, rows):
    report(*PLUGINS, *ALARM, "--names", "0.9.0")
    (flow,) = rows("flows")
    printed = {
        "numPktsSnt": "1514",
        "numPktsRcvd": "3101",
        "numBytesSnt": "0",
        "numBytesRcvd": "4268858",
        "maxIAT": "5.58724",
        "aveIAT": "0.01823444",
        "stdIAT": "0.1478493",
        "pktps": "54.84132",
        "pktAsm": "-0.3438787",
        "bytAsm": "-1",
    }
    assert {name: flow[name] for name in printed} == printed


@pytest.mark.parametrize(("rule", "written"), [("1", 1), ("2", 0)])
def test_all_plugins_must_agree(report, rows, rule, written):
    """With ALARM_AND the documented meaning by default, and what the reference does on demand."""
    report(*PLUGINS, *ALARM, "-D", f"core.ALARM_AND={rule}")
    assert len(rows("flows")) == written
