"""Which files a run writes, and where."""

import gzip
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.conftest import many_flows, pcap, udp

Program = Callable[..., CompletedProcess[str]]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def rows(path: Path) -> list[dict[str, str]]:
    header, *lines = path.read_text().splitlines()
    names = header.removeprefix("%").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def test_files_lie_beside_the_capture_and_the_report_on_standard_output(
    t2tui: Program, capture: Path
) -> None:
    result = t2tui("run", capture)
    assert result.returncode == 0
    assert files(capture.parent) == {"three.pcap", "three_flows.txt", "three_headers.txt"}
    assert "Number of processed packets: 3\n" in result.stdout
    assert "\x1b" not in result.stdout
    flows = rows(capture.parent / "three_flows.txt")
    assert sorted((flow["srcPort"], flow["pktsSnt"]) for flow in flows) == [("1000", "2"), ("2000", "1")]


@pytest.mark.parametrize(
    ("where", "prefix"),
    [
        ("out", "out"),
        ("deep/er/out", "deep/er/out"),
        ("results/", "results/three"),
        ("there", "there/three"),
        ("there/", "there/three"),
        ("there/x.y", "there/x.y"),
    ],
)
def test_where_says_prefix_or_folder(
    t2tui: Program, capture: Path, tmp_path: Path, where: str, prefix: str
) -> None:
    (tmp_path / "there").mkdir()
    assert t2tui("run", "three.pcap", "-w", where).returncode == 0
    assert files(tmp_path) == {"three.pcap", f"{prefix}_flows.txt", f"{prefix}_headers.txt"}


def test_flows_on_standard_output_put_the_report_in_the_log(
    t2tui: Program, capture: Path, tmp_path: Path
) -> None:
    flows = t2tui("run", capture, "-w", "-").stdout
    assert files(tmp_path) == {"three.pcap", "three_headers.txt", "three_log.txt"}
    assert "Number of processed packets: 3\n" in (tmp_path / "three_log.txt").read_text()
    t2tui("run", capture)
    assert flows == (tmp_path / "three_flows.txt").read_text()


def test_log_and_packets_are_written_when_asked_for(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    result = t2tui("run", "-s", "-l", capture)
    assert result.stdout == ""
    assert files(tmp_path) >= {"three_log.txt", "three_packets.txt"}
    assert [packet["srcPort"] for packet in rows(tmp_path / "three_packets.txt")] == ["1000", "1000", "2000"]


def test_standard_input_is_analysed_like_a_file(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    t2tui("run", capture)
    with capture.open("rb") as data:
        assert t2tui("run", "-", stdin=data).returncode == 0
    assert (tmp_path / "stdin_flows.txt").read_text() == (tmp_path / "three_flows.txt").read_text()


def test_a_capture_may_be_given_with_r(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    assert t2tui("run", "-r", "three.pcap", "-w", "out").returncode == 0
    assert (tmp_path / "out_flows.txt").exists()


def test_a_compressed_capture_loses_both_endings(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "small.pcap.gz").write_bytes(gzip.compress(capture.read_bytes()))
    assert t2tui("run", "small.pcap.gz").returncode == 0
    assert len(rows(tmp_path / "small_flows.txt")) == 2


def test_each_of_several_captures_is_a_run_of_its_own(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "other.pcap").write_bytes(pcap([udp(3000)]))
    both = t2tui("run", "three.pcap", "other.pcap", "-w", "both/")
    assert both.returncode == 0
    for name in ("three", "other"):
        alone = t2tui("run", f"{name}.pcap", "-w", f"alone/{name}")
        assert alone.returncode == 0
        for kind in ("flows.txt",):
            assert (tmp_path / f"both/{name}_{kind}").read_bytes() == (
                tmp_path / f"alone/{name}_{kind}"
            ).read_bytes()
    assert both.stdout.count("Number of processed packets: ") == 2


def test_flows_run_on_through_a_list(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "other.pcap").write_bytes(pcap([udp(1000)] * 4))
    (tmp_path / "list.txt").write_text("# a comment\nthree.pcap\nno.pcap\nother.pcap\r\n")
    result = t2tui("run", "-R", "list.txt")
    assert result.returncode == 0
    assert "no.pcap" in result.stderr
    flows = rows(tmp_path / "list_flows.txt")
    assert sorted((flow["srcPort"], flow["pktsSnt"]) for flow in flows) == [("1000", "6"), ("2000", "1")]


def test_a_list_of_nothing_is_an_error(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("no.pcap\n")
    result = t2tui("run", "-R", "list.txt")
    assert result.returncode == 1
    assert "list.txt" in result.stderr
    assert files(tmp_path) == {"list.txt"}


def test_the_flow_file_is_split(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "many.pcap").write_bytes(many_flows(25))
    assert t2tui("run", "many.pcap", "-W", "out:10f,3").returncode == 0
    counts = [len((tmp_path / f"out_flows.txt{n}").read_text().splitlines()) for n in (3, 4, 5)]
    assert counts == [11, 10, 5]  # the first one holds the names of the columns
    assert not (tmp_path / "out_flows.txt6").exists()


@pytest.mark.parametrize("how", [["--bpf", "udp src port 2000"], ["-F", "filter.txt"]])
def test_a_filter_leaves_the_rest_out(t2tui: Program, capture: Path, tmp_path: Path, how: list[str]) -> None:
    (tmp_path / "filter.txt").write_text("# of interest\nudp src port 2000 # nothing else\n\n")
    result = t2tui("run", capture, *how)
    assert result.returncode == 0, result.stderr
    assert [flow["srcPort"] for flow in rows(tmp_path / "three_flows.txt")] == ["2000"]


def test_plugins_decide_the_columns(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    assert t2tui("run", capture, "-p", "txtSink, basicFlow").returncode == 0
    row = rows(tmp_path / "three_flows.txt")[0]
    assert "srcPort" in row
    assert "pktsSnt" not in row


def test_older_names_of_columns(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    assert t2tui("run", capture, "--names", "0.9.0").returncode == 0
    row = rows(tmp_path / "three_flows.txt")[0]
    assert "numPktsSnt" in row
    assert "pktsSnt" not in row


def test_flags_come_from_options_file_and_environment(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[txtSink]\nTFS_PRI_HDR = 0\nTFS_HDR_FILE = 0\n")
    assert t2tui("run", capture, "--config", "own.toml", "-D", "txtSink.TFS_HDR_FILE=1").returncode == 0
    assert not (tmp_path / "three_flows.txt").read_text().startswith("%")
    assert (tmp_path / "three_headers.txt").exists()
    assert t2tui("run", capture, env={"TFS_FLOWS_TXT_SUFFIX": "_f.tsv"}).returncode == 0
    assert (tmp_path / "three_f.tsv").exists()


def test_a_flag_of_a_plugin_that_does_not_run_is_a_warning(t2tui: Program, capture: Path) -> None:
    result = t2tui("run", capture.name, "-D", "tcpWin.TCPWIN_THRES=3")
    assert result.returncode == 0
    assert result.stderr.startswith("[WRN] -D: tcpWin does not run")
    assert t2tui("run", capture.name, "-p", "tcpWin", "-D", "tcpWin.TCPWIN_THRES=3").stderr == ""


def test_a_settings_file_beside_the_capture_is_not_read(
    t2tui: Program, capture: Path, tmp_path: Path
) -> None:
    (tmp_path / "t2tui.toml").write_text("[txtSink]\nTFS_PRI_HDR = 0\n")
    assert t2tui("run", capture).returncode == 0
    assert (tmp_path / "three_flows.txt").read_text().startswith("%")
    own = tmp_path / "config" / "t2tui" / "t2tui.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[txtSink]\nTFS_PRI_HDR = 0\n")
    assert t2tui("run", capture, env={"XDG_CONFIG_HOME": str(tmp_path / "config")}).returncode == 0
    assert not (tmp_path / "three_flows.txt").read_text().startswith("%")


def test_the_header_file_tells_the_command_line_and_the_sensor(
    t2tui: Program, capture: Path, tmp_path: Path
) -> None:
    t2tui("run", "three.pcap", "-x", "42")
    text = (tmp_path / "three_headers.txt").read_text()
    assert "# Command line: t2tui run three.pcap -x 42\n" in text
    assert "# SensorID: 42\n" in text


def test_quiet_leaves_files_alone(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    result = t2tui("run", capture, "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "three_flows.txt").exists()


def test_a_name_that_is_no_utf8(t2tui: Program, capture: Path, tmp_path: Path) -> None:
    strange = tmp_path / "odd\udcff.pcap"
    capture.rename(strange)
    result = t2tui("run", strange, text=False)
    assert result.returncode == 0, result.stderr
    assert b"odd\xff.pcap\n" in result.stdout
    assert (tmp_path / "odd\udcff_flows.txt").exists()
