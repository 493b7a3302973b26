"""t2tui filter and t2tui tcol, as they are called."""

import csv
import gzip
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.conftest import ENVIRONMENT
from tests.core.captures import EXERCISE

Program = Callable[..., subprocess.CompletedProcess[str]]

FLOWS = """\
%dir\tflowInd\tflowStat\tduration\tvlanID\tsrcMac\tsrcIP\tsrcIPOrg\tsrcPort\tdstIP\tdstPort\tl4Proto\tpktsSnt
A\t1\t0x0400000000004000\t1.500000000\t\t00:00:00:00:00:01\t10.0.0.1\t"Priv, net"\t1025\t10.0.0.2\t80\t6\t10
B\t1\t0x0400000000004001\t0.250000000\t\t00:00:00:00:00:02\t10.0.0.2\t"Priv, net"\t80\t10.0.0.1\t1025\t6\t9
A\t2\t0x0400000000004000\t0.000000000\t5;6\t00:00:00:00:00:01\t10.0.0.1\t"a\\"b"\t5353\t224.0.0.251\t5353\t17\t1
A\t3\t0x0400000000008000\t2.000000001\t\t00:00:00:00:00:03\tfe80::1\t"-"\t0\tff02::16\t0\t58\t18446744073709551615
"""


@pytest.fixture
def flow_file(tmp_path: Path) -> Path:
    path = tmp_path / "out_flows.txt"
    path.write_text(FLOWS)
    return path


MEAN = f"{float(Fraction(2**64 + 19, 4)):.15g}"
"""Of pktsSnt."""


def lines_of(*numbers: int) -> str:
    """The header and lines of the file."""
    lines = FLOWS.splitlines(keepends=True)
    return "".join(lines[number] for number in (0, *numbers))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["tcp()"], lines_of(1, 2)),
        (["", "--top", "2"], lines_of(1, 2)),
        (["$vlanID == 6"], lines_of(3)),
        (["", "--sort", "duration,desc"], lines_of(4, 1, 2, 3)),
        (["", "--sort", "dir,desc", "--sort", "srcIP,desc"], lines_of(2, 4, 1, 3)),
        (["", "--sort", "pktsSnt,desc", "--top", "1"], lines_of(4)),
        (["", "--sort", "srcIP", "--top", "1"], lines_of(1)),
        (["", "-c", "flowInd,src*,!src?*", "-n", "1"], "%flowInd\n1\n"),
        (["", "-c", "src*,!srcMac", "-n", "1", "-H"], '10.0.0.1\t"Priv, net"\t1025\n'),
        (["", "-c", "!*IP*,!*Mac,!flowStat", "-n", "1", "-H"], "A\t1\t1.500000000\t\t1025\t80\t6\t10\n"),
        (["$dir == 'B'", "-c", "tuple2(),$pktsSnt * 2,port()", "-H"], "10.0.0.2\t10.0.0.1\t18\t80;1025\n"),
        (["", "--count"], "4\n"),
        (["", "--unique", "srcIP,dir", "-H"], "10.0.0.1\tA\n10.0.0.2\tB\nfe80::1\tA\n"),
        (["", "--aggr", "l4Proto"], "%l4Proto\tFlows\n6\t2\n17\t1\n58\t1\n"),
        (["", "-a", "dir:duration,pktsSnt", "-H"], f"A\t3.500000001\t{2**64 + 10}\nB\t0.250000000\t9\n"),
        (["", "-a", "srcIP:pktsSnt", "-n", "1", "-H"], "fe80::1\t18446744073709551615\n"),
        (["", "-a", "srcIP:pktsSnt", "-n", "-1", "-H"], "10.0.0.2\t9\n"),
        (["", "-a", ":max(duration),mean(pktsSnt),min(srcPort)", "-H"], f"2.000000001\t{MEAN}\t0\n"),
        (["", "-a", "vlanID", "--each", "-H"], "\t3\n5\t1\n6\t1\n"),
        (["", "-c", "wildcard(^src(IP|Port)$)", "-n", "1"], "%srcIP\tsrcPort\n10.0.0.1\t1025\n"),
    ],
)  # fmt: skip
def test_rows(t2tui: Program, flow_file: Path, words: list[str], wanted: str) -> None:
    done = t2tui("filter", *words[:1], flow_file, *words[1:])
    assert (done.stdout, done.stderr, done.returncode) == (wanted, "", 0)


def test_files_are_compared_column_by_column(t2tui: Program, flow_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other_flows.txt"
    rows = [line.split("\t") for line in FLOWS.splitlines()]
    rows[2][3], rows[4][3], rows[3][9] = "0.250000001", "7.000000000", "224.0.0.252"
    other.write_text("".join("\t".join(row[:-1]) + "\n" for row in rows[:5] + rows[4:]))
    done = t2tui("filter", "", flow_file, "--diff", other)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "%column\tdifferent\trows",
        "(rows)\t1\t4 and 5",
        "pktsSnt\t\tonly in the first",
        "duration\t2\t2, 4",
        "dstIP\t1\t3",
    ]
    same = t2tui("filter", "$dir == 'A'", flow_file, "-c", "src*", "-n", "3", "--diff", other, "-H")
    assert (same.stdout, same.returncode) == ("", 0)
    none = t2tui("filter", "", flow_file, "-c", "pktsSnt", "--diff", other)
    assert none.returncode == 2 and "pktsSnt" in none.stderr


def test_rows_go_into_one_file_per_status_column(t2tui: Program, tmp_path: Path) -> None:
    lines = ["%flowInd\tflowStat\tdnsStat\tftpStat\thttpStat\n"]
    stats = [(1, 0, 0), (0, 0, 4), (1, 0, 4), (0, 0, 0)]
    for flow, (dns, ftp, http) in enumerate(stats, 1):
        lines.append(f"{flow}\t0x{1 << 14:016x}\t0x{dns:04x}\t0x{ftp:02x}\t0x{http:04x}\n")
    (tmp_path / "some_flows.txt").write_text("".join(lines))
    assert t2tui("filter", "$flowInd < 4", "some_flows.txt", "--split", "parts/some").returncode == 0
    written = {path.name: path.read_text() for path in (tmp_path / "parts").iterdir()}
    assert written == {
        "some_dnsStat.txt": lines[0] + lines[1] + lines[3],
        "some_httpStat.txt": lines[0] + lines[2] + lines[3],
    }
    none = t2tui("filter", "", "some_flows.txt", "-H", "--split", "some_flows", "--diff", "x")
    assert none.returncode == 2 and "--diff or --split" in none.stderr


def test_csv_can_be_read_again(t2tui: Program, flow_file: Path, tmp_path: Path) -> None:
    done = t2tui("filter", "", flow_file, "--to", "csv")
    header, *rows = csv.reader(io.StringIO(done.stdout))
    plain = [line.split("\t") for line in FLOWS[1:].splitlines()]
    assert header == plain[0]
    assert [row[7] for row in rows] == ["Priv, net", "Priv, net", 'a\\"b', "-"]
    assert [row[:7] for row in rows] == [row[:7] for row in plain[1:]]
    (tmp_path / "again.csv").write_text(done.stdout)
    again = t2tui("filter", '$srcIPOrg ~ "net" && $pktsSnt > 9', "again.csv", "-c", "flowInd,dir")
    assert again.stdout == "%flowInd\tdir\n1\tA\n"


def test_json_holds_numbers_lists_and_null(t2tui: Program, flow_file: Path) -> None:
    done = t2tui("filter", "", flow_file, "--to", "json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["pktsSnt"] for row in rows] == [10, 9, 1, 2**64 - 1]
    assert [row["vlanID"] for row in rows] == [[], [], [5, 6], []]
    assert rows[0]["flowStat"] == "0x0400000000004000" and rows[0]["duration"] == 1.5
    assert rows[0]["srcMac"] == ["00:00:00:00:00:01"] and rows[0]["srcIPOrg"] == "Priv, net"


def test_standard_input(t2tui: Program) -> None:
    done = t2tui("filter", "udp()", input=FLOWS)
    assert done.stdout == lines_of(3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["$srcPrt == 1"], "unknown column 'srcPrt'; did you mean srcPort"),
        (["$srcPort = 1"], "expected == (character 10)"),
        (["1", "--cols", "nothing*"], "--cols"),
        (["1", "--sort", "!"], "--sort"),
        (["1", "--aggr", "tcpp()"], "--aggr: unknown function 'tcpp'; did you mean tcp"),
    ],
)
def test_wrong_expressions_show_the_place(
    t2tui: Program, flow_file: Path, words: list[str], message: str
) -> None:
    done = t2tui("filter", *words[:1], flow_file, *words[1:])
    assert done.returncode == 2 and done.stdout == ""
    assert message in done.stderr and "^" in done.stderr


def test_exit_codes(t2tui: Program, flow_file: Path) -> None:
    assert t2tui("filter", "$srcPort == 9", flow_file).returncode == 1
    assert t2tui("filter", "1", "nowhere.txt").returncode == 2
    flow_file.write_text(FLOWS + "A\t5\n")
    done = t2tui("filter", "1", flow_file)
    assert done.returncode == 2 and "line 6: 2 cells, but there are 13 columns" in done.stderr


def test_rows_of_a_pipe_come_before_its_end() -> None:
    words = [sys.executable, "-m", "t2tui", "filter", "tcp()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": ENVIRONMENT}
    with subprocess.Popen(words, **pipes) as process:  # type: ignore[call-overload]
        lines = FLOWS.encode().splitlines(keepends=True)
        process.stdin.write(lines[0] + lines[1] + lines[2][:20])
        process.stdin.flush()
        assert [process.stdout.readline(), process.stdout.readline()] == lines[:2]
        process.stdin.write(lines[2][20:])
        process.stdin.close()
        assert process.stdout.read() == lines[2]
        assert process.wait() == 0


def test_a_reader_may_leave_early(flow_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "long_flows.txt"
    path.write_text(FLOWS + FLOWS.partition("\n")[2] * 50_000)
    for command in (["filter", "1"], ["filter", "1", "--to", "json"], ["tcol"]):
        words = [sys.executable, "-m", "t2tui", *command, str(path)]
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait() == 0


def test_columns_and_functions_are_listed(t2tui: Program, flow_file: Path) -> None:
    listed = t2tui("filter", "-l", flow_file).stdout.splitlines()
    assert len(listed) == 13 and listed[2].split()[:3] == ["3", "flowStat", "H64"]
    functions = t2tui("filter", "--functions").stdout
    assert "bitsanyset(value, mask)" in functions and "tuple5()" in functions


def test_a_capture_is_analysed_on_the_way(t2tui: Program) -> None:
    done = t2tui("filter", "flow(35)", EXERCISE, "-c", "flowInd,dir,srcIP,dstPort")
    assert done.stdout.splitlines() == [
        "%flowInd\tdir\tsrcIP\tdstPort",
        "35\tA\t192.168.1.105\t21",
        "35\tB\t143.166.11.10\t49329",
    ]
    packets = t2tui("filter", "packet('1-3')", EXERCISE, "--packets", "-c", "pktNo", "-H")
    assert packets.stdout == "1\n2\n3\n"


HOSTILE = "%dir\tdstPortClass\nA\t\x1b]52;c;x\x07\u202eabc\nB\t\u4f60\u597d\n"


def test_a_table_is_aligned_and_cannot_steer_a_terminal(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "odd_flows.txt").write_text(HOSTILE)
    done = t2tui("tcol", "odd_flows.txt")
    assert done.stdout.splitlines() == [
        "dir  dstPortClass",
        "A    \\x1b]52;c;x\\x07\\u202eabc",
        "B    \u4f60\u597d",
    ]
    plain = t2tui("filter", "1", "odd_flows.txt")
    assert plain.stdout == HOSTILE


@pytest.mark.parametrize("command", [["filter", "1"], ["tcol"]])
def test_nothing_hostile_reaches_a_terminal(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "odd_flows.txt").write_text(HOSTILE)
    main, side = pty.openpty()
    words = [sys.executable, "-m", "t2tui", *command, "odd_flows.txt"]
    environment = {**ENVIRONMENT, "PAGER": "cat", "TERM": "dumb"}
    with subprocess.Popen(words, cwd=tmp_path, stdout=side, stderr=side, env=environment) as process:
        assert process.wait() == 0
    os.close(side)
    shown = b""
    try:
        while piece := os.read(main, 65536):
            shown += piece
    except OSError:  # the other side is closed
        pass
    os.close(main)
    assert b"\\x1b]52" in shown and b"\x1b" not in shown and "\u202e".encode() not in shown


def test_the_pager_gets_the_table(tmp_path: Path, flow_file: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {tmp_path}/paged\n")
    pager.chmod(0o755)
    main, side = pty.openpty()
    words = [sys.executable, "-m", "t2tui", "tcol", str(flow_file), "-c", "dir,flowInd"]
    with subprocess.Popen(words, stdout=side, env={**ENVIRONMENT, "PAGER": str(pager)}) as process:
        assert process.wait() == 0
    os.close(side)
    os.close(main)
    paged = (tmp_path / "paged").read_text()
    assert paged == "dir  flowInd\nA          1\nB          1\nA          2\nA          3\n"


def test_what_is_wrong_with_a_capture_is_told(t2tui: Program, tmp_path: Path) -> None:
    done = t2tui("filter", "1", EXERCISE, "-p", "basicFlw")
    assert done.returncode == 2 and "basicFlow" in done.stderr
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(gzip.decompress(EXERCISE.read_bytes())[:100_000])
    done = t2tui("filter", "tcp()", cut, "--count")
    assert done.returncode == 0 and int(done.stdout) > 0
    assert done.stderr.startswith("[WRN] pcap_dispatch failed: truncated dump file")


def test_a_capture_without_flows_has_columns_all_the_same(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "none.pcap").write_bytes(gzip.decompress(EXERCISE.read_bytes())[:24])
    done = t2tui("filter", "$dstPort == 1", "none.pcap")
    assert done.returncode == 1 and done.stdout.startswith("%dir\tflowInd\t") and done.stderr == ""
