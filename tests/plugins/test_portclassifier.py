"""portClassifier: names of ports, which side's port counts, files of the user's."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.api import Analysis, analyze
from t2tui.core.services import BUILTIN, builtin_services, read_services
from t2tui.core.settings import SettingsError
from tests.plugins.frames import (
    ACK,
    SCTP,
    SYN,
    UDP_LITE,
    datagram,
    ethernet,
    ip,
    save,
    tcp,
)

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "exercise.pcap.gz"
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def classified(path: Path, **flags: object) -> Analysis:
    settings = {f"portClassifier.{name}": value for name, value in flags.items()}
    return analyze(
        path, plugins=("basicFlow", "tcpStates", "portClassifier"), settings=settings, packets=True
    )


def classes(analysis: Analysis) -> list[tuple[int, str]]:
    """Port and class of every flow in the order of the capture's hosts."""
    flows = analysis.flows
    rows = np.lexsort((flows["dir"], flows["flowInd"]))
    return [(int(flows["dstPortClassN"][row]), str(flows["dstPortClass"][row])) for row in rows]


def test_each_protocol_has_the_names_of_tcp_or_udp_or_none(tmp_path: Path) -> None:
    names = tmp_path / "names.tsv"
    names.write_bytes(b"21\ttcp\tt-name\n21\tudp\tu-name\n")
    sctp = bytes([0x12, 0x34, 0, 21]) + bytes(28)
    frames = [
        tcp((CLIENT, 4660, SERVER, 21), SYN),
        datagram((CLIENT, 4660, SERVER, 21), b"x"),
        ip(CLIENT, SERVER, SCTP, sctp),
        datagram((CLIENT, 4660, SERVER, 21), b"x", UDP_LITE),
        ip(CLIENT, SERVER, 1, b"\x08\0\0\0\0\1\0\1"),
        ethernet(bytes(46), 0x88B5),
        tcp((CLIENT, 4660, SERVER, 22), SYN),
    ]
    analysis = classified(save(tmp_path / "made.pcap", frames), PBC_CLASSFILE=names, PBC_UNKNOWN="nobody")
    expected = [
        *((21, "t-name"), (21, "u-name"), (21, "t-name"), (21, "u-name"), (0, "nobody"), (0, "nobody")),
        (22, "nobody"),
    ]
    assert classes(analysis) == expected
    packets = analysis.packets
    assert packets is not None
    assert packets.text("dstPortClass") == [name for _, name in expected]
    assert packets.text("dstPortClassN") == ["21", "21", "21", "21", "0", "", "22"]


def test_both_directions_show_the_port_of_the_answering_side(tmp_path: Path) -> None:
    frames = [
        tcp((CLIENT, 4660, SERVER, 80), SYN),
        tcp((SERVER, 80, CLIENT, 4660), SYN | ACK),
        tcp((SERVER, 25, CLIENT, 4661), SYN | ACK),  # its request was not captured
        tcp(("fd00::1", 4660, "fd00::2", 443), SYN),
        tcp(("fd00::2", 443, "fd00::1", 4660), SYN | ACK),
    ]
    analysis = classified(save(tmp_path / "made.pcap", frames))
    expected = [(80, "http"), (80, "http"), (25, "smtp"), (443, "https"), (443, "https")]
    assert classes(analysis) == expected
    assert analysis.packets is not None
    assert [str(name) for name in analysis.packets["dstPortClass"]] == [name for _, name in expected]


def test_the_sample_shows_the_services_of_its_conversations(tmp_path: Path) -> None:
    capture = tmp_path / "exercise.pcap"
    capture.write_bytes(gzip.decompress(SAMPLE.read_bytes()))
    flows = classified(capture).flows
    names = {25: "smtp", 80: "http", 21: "ftp"}
    for index, name, port in zip(
        flows["flowInd"], flows["dstPortClass"], flows["dstPortClassN"], strict=True
    ):
        assert name == names.get(int(port), "unknown"), index
        if 12 <= index <= 32:
            assert port == 25
        if index in (35, 36):
            assert port == {35: 21, 36: 64334}[int(index)]


def test_a_slot_that_is_used_again_gets_a_new_name(tmp_path: Path) -> None:
    frames = [(1000.0, tcp((CLIENT, 4660, SERVER, 80), SYN)), (2000.0, datagram((CLIENT, 4660, SERVER, 53)))]
    capture = save(tmp_path / "made.pcap", frames)
    analysis = analyze(capture, plugins=("basicFlow", "portClassifier"), batch_packets=1)
    assert classes(analysis) == [(80, "http"), (53, "domain")]


@pytest.mark.parametrize(("flag", "left"), [("PBC_NUM", "dstPortClass"), ("PBC_STR", "dstPortClassN")])
def test_flags_leave_columns_out(tmp_path: Path, flag: str, left: str) -> None:
    capture = save(tmp_path / "made.pcap", [tcp((CLIENT, 4660, SERVER, 80), SYN)])
    analysis = classified(capture, **{flag: 0})
    assert analysis.packets is not None
    for store in (analysis.flows, analysis.packets):
        assert [name for name in store.names if name.startswith("dstPortClass")] == [left]


# ------------------------------------------------------------------ files of names


def test_the_first_name_of_a_port_counts_and_ends_at_white_space(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_bytes(
        b"# comment\n\n80\ttcp\tweb server\n80\ttcp\tother\n80\tUDP\tquic\tx\r\n9\tsctp\tz\n7\ttcp\t"
        + b"n" * 70
    )
    services = read_services(path)
    assert services.tcp == {80: b"web", 7: b"n" * 63}
    assert services.udp == {80: b"quic"}


@pytest.mark.parametrize(
    "line", ["80 tcp web", "x\ttcp\tweb", "65536\ttcp\tweb", "80\ttcp\t", "-1\ttcp\tweb"]
)
def test_a_line_of_another_form_is_an_error_that_names_it(tmp_path: Path, line: str) -> None:
    path = tmp_path / "names"
    path.write_text(f"1\ttcp\tone\n{line}\n")
    with pytest.raises(OSError, match="line 2: expected a port") as caught:
        read_services(path)
    assert caught.value.filename == str(path)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.sampled_from(["tcp", "udp"]),
            st.from_regex("[!-~]{1,63}", fullmatch=True),
        )
    )
)
def test_what_a_file_lists_is_found(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("names") / "names"
    path.write_text("".join(f"{port}\t{protocol}\t{name}\n" for port, protocol, name in rows))
    expected: dict[tuple[str, int], bytes] = {}
    for port, protocol, name in rows:
        expected.setdefault((protocol, port), name.encode())
    services = read_services(path)
    found = {("tcp", port): name for port, name in services.tcp.items()}
    assert found | {("udp", port): name for port, name in services.udp.items()} == expected


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    capture = save(tmp_path / "made.pcap", [tcp((CLIENT, 4660, SERVER, 80), SYN)])
    with pytest.raises(SettingsError, match=r"missing\.txt: No such file.*PBC_CLASSFILE"):
        classified(capture, PBC_CLASSFILE=tmp_path / "missing.txt")


def test_names_of_a_file_are_escaped_in_the_flow_file(tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_bytes(b'80\ttcp\t"a\\b\xff\x01\n')
    capture = save(tmp_path / "made.pcap", [tcp((CLIENT, 4660, SERVER, 80), SYN)])
    assert classes(classified(capture, PBC_CLASSFILE=names)) == [(80, '\\"a\\\\b.\\u0001')]


def test_the_built_in_table_is_sorted_and_names_no_port_twice() -> None:
    lines = [line.split("\t") for line in BUILTIN.read_text("ascii").splitlines() if line[0] != "#"]
    keys = [(int(port), protocol) for port, protocol, _ in lines]
    assert keys == sorted(set(keys))
    services = builtin_services()
    assert len(services.tcp) + len(services.udp) == len(lines)
    assert services.tcp[21] == b"ftp"
    assert services.udp[53] == b"domain"
