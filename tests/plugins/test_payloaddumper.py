"""payloadDumper: single rules, and whole runs."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from t2tui.core.engine import Engine, RunOptions
from t2tui.core.labels import Labels
from t2tui.core.layout import FLOW, KIND_LAYER2, PACKET
from t2tui.core.outputs import OutputError
from t2tui.core.settings import Flag, SettingsError, load_settings
from t2tui.plugins.base import Run
from t2tui.plugins.payloaddumper import PayloadDumper, dump
from tests.plugins.dumping import FLAGS, UDP, UDP_LITE, Dumped, Packet, contents, settings

pytestmark = pytest.mark.usefixtures("first_run")


# ------------------------------------------------------------------ single rules


def test_a_large_batch_of_payload_is_written_in_parts(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    texts = [bytes([number]) * 65535 for number in range(64)]
    for slot in (0, 1):
        udp = [Packet(slot, text, proto=UDP, ports=(53, 53)) for text in texts]
        assert dumped.feed(*udp) == [3] * 64
    assert dumped.end() == {"1_A": b"".join(texts), "2_A": b"".join(texts)}


def test_a_hole_takes_no_disk_blocks(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    dumped.feed(Packet(0, b"begin", 1000), Packet(0, b"end", 1000 + 400_000_000))
    dumped.release(0)
    dumped.plugin.finish()
    status = (tmp_path / "p" / "1_A").stat()
    assert status.st_size == 400_000_003
    assert status.st_blocks * 512 <= 1 << 18


def test_a_hole_larger_than_a_tcp_window_is_not_made_unless_asked_for(tmp_path: Path) -> None:
    far = [Packet(0, b"begin", 5), Packet(0, b"x", 5 + 5 + (1 << 30)), Packet(0, b"y", 5 + 6 + (1 << 30))]
    dumped = Dumped(tmp_path / "p")
    assert dumped.feed(*far) == [3, 3, 3]
    assert dumped.feed(Packet(1, b"begin", 5), Packet(1, b"y", 5 + 6 + (1 << 30)), Packet(1, b"!", 10)) == [
        3,
        0x13,
        3,
    ]
    dumped.release(0, 1)
    assert list(dumped.plugin.report())[2:] == [
        "[WRN] 1 TCP payloads left out, more than 1073741824 bytes behind the end "
        "of their file (PLDUMP_MAX_HOLE)"
    ]
    dumped.plugin.finish()
    assert (tmp_path / "p" / "1_A").stat().st_size == (1 << 30) + 7
    assert (tmp_path / "p" / "2_A").read_bytes() == b"begin!"
    dumped = Dumped(tmp_path / "q", {"PLDUMP_MAX_HOLE": 0})
    assert dumped.feed(Packet(0, b"a", 0), Packet(0, b"z", 2**32 - 1)) == [3, 3]
    dumped.plugin.finish()
    assert (tmp_path / "q" / "1_A").stat().st_size == 2**32


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ({}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP": 0}, {"2_A"}),
        ({"PLDUMP_UDP": 0}, {"1_A"}),
        ({"PLDUMP_L2": 1}, {"1_A", "2_A", "3_A"}),
        ({"PLDUMP_L2": 1, "PLDUMP_ETHERTYPES": (0x2000, 0x88CC)}, {"1_A", "2_A", "3_A"}),
        ({"PLDUMP_L2": 1, "PLDUMP_ETHERTYPES": (0x2003,)}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP_PORTS": (80,)}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP_PORTS": (25, 50000)}, {"1_A", "2_A"}),
        ({"PLDUMP_TCP_PORTS": (53,)}, {"2_A"}),
        ({"PLDUMP_UDP_PORTS": (53,)}, {"1_A", "2_A"}),
        ({"PLDUMP_UDP_PORTS": (80,)}, {"1_A"}),
        ({"PLDUMP_TCP": 0, "PLDUMP_TCP_PORTS": (80,), "PLDUMP_UDP": 0}, set()),
    ],
)
def test_filters_choose_flows(tmp_path: Path, flags: dict[str, Any], wanted: set[str]) -> None:
    dumped = Dumped(tmp_path / "p", flags)
    packets = [
        Packet(0, b"tcp"),
        Packet(1, b"udp", proto=UDP, ports=(40000, 53)),
        Packet(2, b"cdp", proto=0, ports=(0, 0), kind=KIND_LAYER2, ether_type=0x2000),
        Packet(3, b"lite", proto=UDP_LITE, ports=(53, 80)),
    ]
    values = dumped.feed(*packets)
    assert values == [3 if f"{number}_A" in wanted else 0 for number in range(1, 5)]
    assert dumped.release(0, 1, 2, 3) == values
    assert dumped.end().keys() == wanted
    assert bool(dumped.report) == bool(wanted)


def test_chosen_flows_alone_are_dumped(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p", only=(5, 2))
    assert dumped.feed(*(Packet(slot, b"x") for slot in range(6))) == [0, 3, 0, 0, 3, 0]
    assert dumped.end().keys() == {"2_A", "5_A"}


def test_no_flow_no_status(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    assert dumped.feed(Packet(0, b"x"), row=5) == [3]
    records = np.zeros(1, PACKET)
    records["flow"] = -1
    dumped.run.row = 5
    dumped.plugin.on_packets(records, np.zeros(8, np.uint8))
    ((_, stats),) = dumped.plugin.packet_fields(records)
    assert stats.values[5] == 0
    dumped.end()


def test_the_reply_is_b(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    dumped.feed(Packet(0, b"x", reply=True), Packet(1, b"y"))
    assert dumped.end() == {"1_B": b"x", "2_A": b"y"}


def test_a_name_has_a_prefix_and_a_suffix(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p", {"PLDUMP_PREFIX": "flow-", "PLDUMP_SUFFIX": ".bin"})
    dumped.feed(Packet(0, b"x"))
    assert dumped.end() == {"flow-1_A.bin": b"x"}


def test_the_same_addresses_again_truncate_the_file_or_get_their_own(tmp_path: Path) -> None:
    for naming, count in ((1, 1), (2, 2)):
        dumped = Dumped(tmp_path / f"p{naming}", {"PLDUMP_NAMES": naming})
        dumped.run.flows.records["firstSec"] = 100
        dumped.feed(Packet(0, b"long first flow"))
        dumped.release(0)
        dumped.run.flows.records["firstSec"] = 900
        dumped.feed(Packet(0, b"second"))
        files = dumped.end()
        assert len(files) == count
        assert sorted(files.values()) == sorted([b"second", b"long first flow"][:count])
        names = {0: "", 1: "", 2: "900.000000T"}
        assert f"{names[naming]}000.000.000.000.50000-000.000.000.000.00080-6" in files


def test_the_same_addresses_again_in_one_batch(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p", {"PLDUMP_NAMES": 1})
    dumped.feed(Packet(0, b"long first flow"), Packet(1, b"second"))
    assert list(dumped.end().values()) == [b"second"]


@pytest.mark.parametrize("name", ["PLDUMP_PREFIX", "PLDUMP_SUFFIX"])
@pytest.mark.parametrize("text", ["/", "../x", "a/b", "..", "a..b", "a\nb", "\x1b[1m", "\x7f"])
def test_parts_of_names_that_lead_elsewhere_are_refused(name: str, text: str) -> None:
    with pytest.raises(
        SettingsError, match=f"{name} must be a text without '/', '..' and control characters"
    ):
        load_settings({"payloadDumper": PayloadDumper.flags}, None, [f"payloadDumper.{name}={text}"], {})
    flag: Flag = FLAGS[name]
    with pytest.raises(SettingsError):
        flag.check(text)


def test_parts_of_names_that_do_not_fit_are_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="shorten PLDUMP_PREFIX and PLDUMP_SUFFIX"):
        Dumped(tmp_path / "p", {"PLDUMP_PREFIX": "x" * 240})


def test_an_empty_folder_name_is_refused(tmp_path: Path) -> None:
    plugin = PayloadDumper(settings(tmp_path))
    plugin.settings.PLDUMP_FOLDER = ""
    outputs = SimpleNamespace(prefix="capture")
    flows = SimpleNamespace(records=np.zeros(1, FLOW))
    with pytest.raises(OutputError, match="PLDUMP_FOLDER is empty"):
        plugin.start(Run(flows, None, Labels.builtin(), outputs, 1, 1))


def test_a_file_that_cannot_be_opened_is_marked_and_tried_again(tmp_path: Path) -> None:
    dumped = Dumped(tmp_path / "p")
    place = tmp_path / "p" / "1_A"
    place.mkdir()
    tries = [Packet(0, b"", 4), Packet(0, b"a", 5), Packet(1, b"b", 5), Packet(0, b"", 6), Packet(0, b"c", 6)]
    assert dumped.feed(*tries, row=3) == [1, 0x81, 3, 1, 0x81]
    place.rmdir()
    assert dumped.feed(Packet(0, b"d", 7)) == [3]
    assert dumped.release(0, 1) == [0x83, 3]
    assert dumped.end() == {"1_A": b"d", "2_A": b"b"}
    assert dumped.report[0] == "Aggregated pldStat=0x83"
    assert dumped.report[1] == "Number of non zero content dumped flows: 2 [100.00%]"
    assert dumped.report[2].startswith(f"[WRN] 1 attempts to open a file failed, first '{place}': ")


# ------------------------------------------------------------------ whole runs

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "exercise.pcap.gz"


def test_captures_of_one_call_do_not_destroy_each_others_files(
    t2tui: Callable[..., Any], tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.pcap.gz").write_bytes(SAMPLE.read_bytes())
    words = ["run", "first.pcap.gz", "second.pcap.gz", "-p", "payloadDumper"]
    words += ["-D", "payloadDumper.PLDUMP_FOLDER=p", "-D", "payloadDumper.PLDUMP_TCP_PORTS={21}"]
    for _ in range(2):
        ran = t2tui(*words)
        assert ran.returncode == 0, ran.stderr
        assert "payloadDumper: Files of this run: 'p/second_payloads'" in ran.stdout.splitlines()
        names = {str(path.relative_to(tmp_path / "p")) for path in (tmp_path / "p").rglob("*_[AB]")}
        assert names == {"35_A", "35_B", "second_payloads/35_A", "second_payloads/35_B"}


def test_a_refused_folder_ends_the_run(t2tui: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "notes").write_text("mine")
    ran = t2tui(
        "run", SAMPLE, "-w", "out", "-p", "payloadDumper,txtSink", "-D", "payloadDumper.PLDUMP_FOLDER=p"
    )
    assert ran.returncode == 1
    assert "it holds files that this program did not write (notes)" in ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p"]
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["notes"]


def test_a_run_that_fails_gives_the_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = PayloadDumper(settings(tmp_path / "p"))

    def broken(*words: object) -> int:
        raise OSError(28, os.strerror(28))

    before = sorted(Path("/dev/fd").iterdir())
    engine = Engine(str(SAMPLE), RunOptions(), SimpleNamespace(prefix="x"), [plugin])
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", broken)
        with pytest.raises(OutputError, match="free some space"):
            engine.run()
    engine.close()
    assert sorted(Path("/dev/fd").iterdir()) == before
    again = PayloadDumper(settings(tmp_path / "p"))
    engine = Engine(str(SAMPLE), RunOptions(), SimpleNamespace(prefix="x"), [again])
    engine.run()
    engine.close()
    assert again.file_count > 50


def test_dump_gives_the_files_of_chosen_flows(tmp_path: Path) -> None:
    count = dump(str(SAMPLE), (), tmp_path / "all", tcp_states=False, PLDUMP_TCP_PORTS=(25, 21))
    assert count == 44
    assert dump(str(SAMPLE), [35, 12], tmp_path / "some", tcp_states=False) == 4
    everything, some = contents(tmp_path / "all"), contents(tmp_path / "some")
    assert some == {name: everything[name] for name in ("12_A", "12_B", "35_A", "35_B")}
    with pytest.raises(SettingsError, match="PLDUMP_TPC"):
        dump(str(SAMPLE), [1], tmp_path / "none", PLDUMP_TPC=1)
