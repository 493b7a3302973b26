"""Payload Dumper: FTP and SMTP sessions of the exercise in files, step by step.

``t2tui conf`` and ``--config`` stand for t2conf and t2build, ``t2tui plugin info`` for the plugin's source
and ``tawk -V``.
"""

from collections import defaultdict

import dpkt
import pytest

PLUGINS = ("-p", "basicFlow,payloadDumper,txtSink", "-s")
CONFIG = ("--config", "t2tui.toml")

SESSIONS = (*range(12, 33), 35)

FLOWS = """
A 12 1258563573.941668 1258563576.594009 2.652341 192.168.1.103 1397 192.168.1.1 25
B 12 1258563573.941709 1258563576.594045 2.652336 192.168.1.1 25 192.168.1.103 1397
A 13 1258565030.304653 1258565030.420837 0.116184 192.168.1.103 1749 192.168.1.1 25
B 13 1258565030.304696 1258565030.420877 0.116181 192.168.1.1 25 192.168.1.103 1749
A 14 1258565174.919134 1258565175.037809 0.118675 192.168.1.103 1755 192.168.1.1 25
B 14 1258565174.919179 1258565175.037828 0.118649 192.168.1.1 25 192.168.1.103 1755
B 32 1258583614.298161 1258583615.323218 1.025057 192.168.1.1 25 192.168.1.102 1911
A 35 1258594162.928342 1258594185.618346 22.690004 192.168.1.105 49329 143.166.11.10 21
B 35 1258594163.008594 1258594185.427515 22.418921 143.166.11.10 21 192.168.1.105 49329
"""
"""Printed lines of flows with extracted content; the tutorial's version printed microseconds."""

PACKETS = {
    247: ("12", "0x01", ""),
    248: ("12", "0x01", ""),
    249: ("12", "0x01", ""),
    250: ("12", "0x03", r"220 domex ESMTP Postfix\r\n"),
    251: ("12", "0x03", r"EHLO m57pat\r\n"),
    252: ("12", "0x01", ""),
    253: (
        "12",
        "0x03",
        r"250-domex\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-VRFY\r\n250-ETRN\r\n250-AUTH LOGIN PLAIN "
        r"CRAM-MD5 GSSAPI\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n",
    ),
    254: ("12", "0x03", r"STARTTLS\r\n"),
    255: ("12", "0x01", ""),
    1279: ("35", "0x03", r"227 Entering Passive Mode (143,166,11,10,251,78)\r\n"),
    1283: ("35", "0x03", r"SIZE /video/R79733.EXE\r\n"),
    1284: ("35", "0x03", r"213 4255056\r\n"),
    1285: ("35", "0x03", r"RETR /video/R79733.EXE\r\n"),
    1286: ("35", "0x03", r"125 Data connection already open; Transfer starting.\r\n"),
    1303: ("35", "0x01", ""),
    5898: ("35", "0x03", r"226 Transfer complete.\r\n"),
    5900: ("35", "0x01", ""),
    5902: ("37", "0x01", ""),
}
"""Printed lines of packets: flow, pldStat, content."""


@pytest.fixture
def configure(t2tui):
    """Set flags of the plugin as the reader does with t2conf; files go to ``payload/`` beside the capture."""

    def conf(*words):
        done = t2tui("conf", "payloadDumper", *words, *CONFIG)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def configured(*flags):
        conf(*(word for flag in ("PLDUMP_FOLDER=payload", *flags) for word in ("-D", flag)))
        return conf

    return configured


@pytest.fixture
def payload(tmp_path):
    """Contents of the dumped files by name."""

    def read():
        visible = (path for path in (tmp_path / "payload").iterdir() if not path.name.startswith("."))
        return {path.name: path.read_bytes() for path in visible}

    return read


def test_the_configuration_before(t2tui):
    """The flags that the tutorial shows have its defaults."""
    info = t2tui("plugin", "info", "payloadDumper").stdout
    flags = dict(line.split()[:2] for line in info.splitlines() if line.startswith("  PLDUMP_"))
    printed = {
        "PLDUMP_L2": "0",
        "PLDUMP_TCP": "1",
        "PLDUMP_UDP": "1",
        "PLDUMP_SCTP": "0",
        "PLDUMP_ETHERTYPES": "{}",
        "PLDUMP_TCP_PORTS": "{}",
        "PLDUMP_UDP_PORTS": "{}",
        "PLDUMP_SCTP_PORTS": "{}",
        "PLDUMP_MAX_BYTES": "0",
        "PLDUMP_START_OFF": "0",
        "PLDUMP_RMDIR": "1",
        "PLDUMP_NAMES": "0",
        "PLDUMP_FOLDER": '"/tmp/payloadDumper"',
        "PLDUMP_PREFIX": '""',
        "PLDUMP_SUFFIX": '""',
    }
    assert {name: flags[name] for name in printed} == printed
    bits = info.partition("Bits of pldStat")[2].splitlines()
    assert {"0x01", "0x02"} <= {line.split()[0] for line in bits[1:3]}


def test_the_report(report, configure):
    configure("PLDUMP_TCP_PORTS={25,21}")
    lines = report(*PLUGINS, *CONFIG)
    place = lines.index("Active plugins:") + 1
    plugins = [line.split()[1] for line in lines[place : place + 3]]
    assert plugins == ["basicFlow,", "payloadDumper,", "txtSink,"]
    first, last = (number for number, line in enumerate(lines) if line == "-" * 80)
    assert lines[first + 1 : last] == [
        "payloadDumper: Aggregated pldStat=0x03",
        "payloadDumper: Number of non zero content dumped flows: 44 [60.27%]",
    ]
    assert "Number of processed      flows: 73" in lines


def test_only_sessions_on_these_ports_have_files(report, configure, payload):
    configure("PLDUMP_TCP_PORTS={25,21}")
    report(*PLUGINS, *CONFIG)
    assert payload().keys() == {f"{flow}_{side}" for flow in SESSIONS for side in "AB"}


def test_commands_of_the_ftp_session(report, configure, payload):
    configure("PLDUMP_TCP_PORTS={25,21}")
    report(*PLUGINS, *CONFIG)
    assert payload()["35_A"] == (
        b"USER anonymous\r\n"
        b"PASS IEUser@\r\n"
        b"TYPE I\r\n"
        b"PASV\r\n"
        b"SIZE /video/R79733.EXE\r\n"
        b"RETR /video/R79733.EXE\r\n"
    )


def selected(t2tui, condition, kind):
    """Rows that ``t2tui filter``, which stands for tawk, selects."""
    done = t2tui("filter", condition, f"results/exercise_{kind}.txt")
    assert done.returncode == 0, done.stderr
    header, *lines = done.stdout.splitlines()
    names = header.removeprefix("%").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def test_flows_with_extracted_content(report, t2tui, configure):
    configure("PLDUMP_TCP_PORTS={25,21}")
    report(*PLUGINS, *CONFIG)
    extracted = selected(t2tui, "bitsanyset($pldStat,0x02)", "flows")
    names = {f"{row['flowInd']}_{row['dir']}" for row in extracted}
    assert names == {f"{flow}_{side}" for flow in SESSIONS for side in "AB"}
    assert len(names) == len(extracted)
    assert {row["pldStat"] for row in extracted} == {"0x03"}
    columns = ("dir", "flowInd", "timeFirst", "timeLast", "duration", "srcIP", "srcPort", "dstIP", "dstPort")
    shown = {" ".join(row[name].removesuffix("000") for name in columns) for row in extracted}
    assert set(FLOWS.strip().splitlines()) <= shown


def test_packets_that_match_or_are_extracted(report, t2tui, configure):
    configure("PLDUMP_TCP_PORTS={25,21}")
    report(*PLUGINS, *CONFIG)
    rows = selected(t2tui, "bitsanyset($pldStat,0x03)", "packets")
    matched = {int(row["pktNo"]): row for row in rows}
    assert min(matched) == 247
    assert max(matched) == 5902
    shown = {number: matched[number] for number in PACKETS}
    assert {n: (row["flowInd"], row["pldStat"], row["l7Content"]) for n, row in shown.items()} == PACKETS
    assert all(bool(row["l7Content"]) == (row["pldStat"] == "0x03") for row in matched.values())


def test_another_way_to_the_content(report, t2tui, configure, payload, exercise):
    """The tutorial's hint at follow_stream(): ``t2tui follow`` shows what the file holds."""
    configure("PLDUMP_TCP_PORTS={25,21}")
    report(*PLUGINS, *CONFIG)
    done = t2tui("follow", exercise.name, "--flow", "35", "-d", "A", "--raw")
    assert done.returncode == 0, done.stderr
    assert done.stdout.encode().split() == payload()["35_A"].split()


def test_homework_names_like_those_of_tcpflow(report, configure, payload):
    """28_A is the client of a mail session; with PLDUMP_NAMES=1 the same bytes have a name of addresses."""
    configure("PLDUMP_TCP_PORTS={25,21}")
    report(*PLUGINS, *CONFIG)
    by_flow = payload()
    assert b"HELO" in by_flow["28_A"] or b"EHLO" in by_flow["28_A"]
    configure("PLDUMP_TCP_PORTS={25,21}", "PLDUMP_NAMES=1")
    report(*PLUGINS, *CONFIG)
    by_address = payload()
    assert sorted(by_address.values()) == sorted(by_flow.values())
    assert by_address["192.168.001.105.49329-143.166.011.010.00021-6"] == by_flow["35_A"]


def test_homework_traffic_of_port_80(report, configure, payload, exercise):
    """The files hold what dpkt puts together: no segment of these pages comes twice or late."""
    configure("PLDUMP_TCP_PORTS={80}")
    report(*PLUGINS, *CONFIG)
    streams = defaultdict(bytearray)
    with exercise.open("rb") as file:
        for _, frame in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(frame).data
            if 80 in (ip.data.sport, ip.data.dport) and ip.data.data:
                streams[ip.src, ip.data.sport, ip.dst, ip.data.dport] += ip.data.data
    assert sorted(payload().values()) == sorted(map(bytes, streams.values()))


def test_reset(configure, t2tui):
    conf = configure("PLDUMP_TCP_PORTS={25,21}")
    assert conf("-G", "PLDUMP_TCP_PORTS").strip().endswith("{25,21}")
    conf("--reset")
    assert conf("-G", "PLDUMP_TCP_PORTS").strip().endswith("{}")
