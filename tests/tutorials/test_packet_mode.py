"""Plugin packet mode: tcpWin's columns in the packet file, flow 35 as the tutorial prints it."""

PLUGINS = ("-p", "basicFlow,tcpStates,tcpWin,txtSink", "-s")


def test_windows_of_flow_35(report, rows):
    report(*PLUGINS)
    packets = [row for row in rows("packets") if row["flowInd"] == "35"]
    assert [(row["pktNo"], row["tcpWinSize"], row["tcpWinThPktCnt"]) for row in packets[:21]] == [
        ("1266", "8192", "0"), ("1267", "4140", "0"), ("1268", "64860", "0"), ("1269", "4140", "0"),
        ("1270", "64833", "0"), ("1271", "4156", "0"), ("1272", "64761", "0"), ("1273", "4170", "0"),
        ("1274", "4170", "0"), ("1275", "63790", "0"), ("1276", "63790", "0"), ("1277", "4178", "0"),
        ("1278", "63770", "0"), ("1279", "4184", "0"), ("1283", "63720", "0"), ("1284", "4208", "0"),
        ("1285", "63707", "0"), ("1286", "4232", "0"), ("1303", "63653", "0"), ("5898", "4232", "0"),
        ("5900", "63629", "0"),
    ]  # fmt: skip
    texts = {row["pktNo"]: row["l7Content"] for row in packets}
    assert texts["1269"] == r"220 Microsoft FTP Service\r\n"
    assert texts["1279"] == r"227 Entering Passive Mode (143,166,11,10,251,78)\r\n"
    assert texts["1285"] == r"RETR /video/R79733.EXE\r\n"
    assert texts["5898"] == r"226 Transfer complete.\r\n"


def test_the_flow_with_packets_below_the_threshold(report, rows):
    """The tutorial's question: flow 36, and the count rises with each zero window."""
    report(*PLUGINS)
    below = [row for row in rows("packets") if row["tcpWinSize"] == "0"]
    assert [(row["flowInd"], row["tcpWinThPktCnt"]) for row in below] == [
        ("36", str(n)) for n in (1, 2, 3, 4)
    ]


def test_another_threshold(report):
    """A threshold above every window counts every TCP packet."""
    lines = report(*PLUGINS, "-D", "tcpWin.TCPWIN_THRES=65536")
    assert "tcpWin: Number of TCP winsize packets below threshold 65536: 5902 (5.90 K) [100.00%]" in lines
