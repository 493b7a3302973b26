"""Plugin force mode: tcpWin ends a flow at its second packet below the threshold."""

PLUGINS = ("-p", "basicFlow,basicStats,tcpStates,tcpWin,txtSink", "-s")
FORCE = ("-D", "core.FORCE_MODE=1")


def test_flows_end_before_the_packet_behind_the_request(report, rows):
    lines = report(*PLUGINS, *FORCE)
    assert "[INF] Creating flows for L2, IPv4, IPv6 [FORCE]" in lines
    flows, packets = rows("flows"), rows("packets")
    transfers = [row for row in flows if row["srcPort"] == "49330" or row["dstPort"] == "49330"]
    forced = [row for row in flows if int(row["flowStat"], 16) & 1 << 41]
    # Four zero windows, two for each end; the rest of the connection is a third pair of flows.
    assert [row["tcpWinThCnt"] for row in forced] == ["2", "2"]
    assert len({row["flowInd"] for row in transfers}) == 3
    assert f"[WRN] Number of flows terminated by force mode: 2 [{200 / len(flows):.2f}%]" in lines
    for flow in forced:
        mine = [row for row in packets if row["flowInd"] == flow["flowInd"]]
        last_of_a = [row for row in mine if row["srcPort"] == "49330"][-1]
        assert last_of_a["tcpWinSize"] == "0"
        assert mine[-1] == last_of_a  # nothing of either direction follows the request
    assert sum(int(row["pktsSnt"]) for row in flows) == 5902


def test_force_mode_changes_nothing_without_a_request(report, rows):
    report(*PLUGINS)
    before = rows("flows"), rows("packets")
    report(*PLUGINS, *FORCE, "-D", "tcpWin.TCPWIN_FLWPRG=1000000")
    assert (rows("flows"), rows("packets")) == before


def test_a_request_is_nothing_without_force_mode(report, rows):
    lines = report(*PLUGINS)
    assert len(rows("flows")) == 72
    assert not any("force mode" in line for line in lines)
