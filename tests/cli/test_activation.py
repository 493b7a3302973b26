"""Plugins of users, and which plugins run, in real runs."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.conftest import env, pcap, udp
from tests.cli.test_run import files, rows
from tests.plugins.test_files import PLUGIN

Program = Callable[..., CompletedProcess[str]]

WRITING = (
    PLUGIN.replace('"H8", "status", bits="mineStat"', '"U8", "number"').replace(
        "from t2tui.plugins",
        "import numpy as np\nfrom t2tui.core.text.rows import Code, Field\nfrom t2tui.plugins",
    )
    + """
    def flow_fields(self):
        self.records = np.full((2, self.run.slots), self.settings.MINE_MAX, np.uint8)
        return [
            (column, Field(Code.UINT, values, by="slot"))
            for column, values in zip(self.flow_columns, self.records, strict=True)
        ]

    def report(self):
        yield "was here"
"""
)

KERNEL = """\
import numpy as np
from t2tui.core.columns import Column
from t2tui.core.jit import kernel
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin

FACTOR = 3


@kernel
def count(packets, counts):
    for row in range(len(packets)):
        packet = packets[row]
        if packet.flow >= 0:
            if packet.isNew:
                counts[packet.flow] = 0
            counts[packet.flow] += FACTOR


class Mine(Plugin):
    name = "mine"
    number = 200
    flow_columns = (Column("mineCount", "U32", "count"),)

    def start(self, run):
        super().start(run)
        self.counts = np.zeros(run.slots, np.uint32)

    def on_packets(self, packets, data):
        count(packets, self.counts)

    def flow_fields(self):
        return [(self.flow_columns[0], Field(Code.UINT, self.counts, by="slot"))]
"""


def listed(result: CompletedProcess[str]) -> dict[str, list[str]]:
    return {words[1]: words for words in (line.split() for line in result.stdout.splitlines())}


def test_a_plugin_of_the_users_folder_runs_when_it_is_named(
    t2tui: Program, home: Path, capture: Path
) -> None:
    (home / "plugins" / "200_mine.py").write_text(WRITING)
    words = ["run", capture, "-p", "basicFlow,mine,txtSink", "-D", "mine.MINE_MAX=5"]
    result = t2tui(*words, **env(home))
    assert (result.returncode, result.stderr) == (0, "")
    assert "mine: was here\n" in result.stdout
    flows = rows(capture.parent / "three_flows.txt")
    assert [(flow["mineStat"], flow["mineCount"]) for flow in flows] == [("5", "5")] * 2
    assert list(flows[0])[-2:] == ["mineStat", "mineCount"]
    assert {path.name for path in (home / "plugins").iterdir()} == {"200_mine.py"}


def test_plugins_are_enabled_and_disabled_for_all_runs(t2tui: Program, home: Path, capture: Path) -> None:
    (home / "plugins" / "200_mine.py").write_text(WRITING)
    result = t2tui("plugin", "enable", "mine", "csvSink", **env(home))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Active plugins: basicFlow, basicStats, tcpStates, txtSink, mine, csvSink\n"
    assert t2tui("conf", "mine", "-D", "MINE_MAX=9", **env(home)).returncode == 0
    assert t2tui("plugin", "disable", "txtSink", **env(home)).returncode == 0
    table = listed(t2tui("plugin", "list", **env(home)))
    active = [name for name, words in table.items() if words[3] == "yes"]
    assert active == ["basicFlow", "basicStats", "tcpStates", "mine", "csvSink"]
    assert table["mine"][:5] == ["200", "mine", "0.9.3", "yes", str(home / "plugins" / "200_mine.py")]
    assert t2tui("run", capture, **env(home)).returncode == 0
    assert files(capture.parent) - files(home.parent) >= {"three_flows.csv"}
    assert not (capture.parent / "three_flows.txt").exists()
    head, first, *_ = (capture.parent / "three_flows.csv").read_text().splitlines()
    assert dict(zip(head.split(","), first.split(","), strict=True))["mineCount"] == "9"
    assert t2tui("run", capture, "-p", "basicFlow,txtSink", **env(home)).returncode == 0
    assert "mineCount" not in rows(capture.parent / "three_flows.txt")[0]
    assert t2tui("plugin", "reset", **env(home)).returncode == 0
    active = [
        words[1] for words in listed(t2tui("plugin", "list", **env(home))).values() if words[3] == "yes"
    ]
    assert active == ["basicFlow", "basicStats", "tcpStates", "txtSink"]


def test_extraction_is_added_to_the_active_plugins(t2tui: Program, home: Path, capture: Path) -> None:
    (home / "t2tui.toml").write_text("[t2tui]\nplugins = ['basicFlow', 'csvSink']\n")
    (capture.parent / "list.txt").write_text("1\n")
    assert t2tui("run", capture, "-e", "list.txt", **env(home)).returncode == 0
    assert files(capture.parent) >= {"three_flows.csv", "list.txt_pcapd.pcap"}


def test_an_active_plugin_that_is_broken_or_gone_is_left_out(
    t2tui: Program, home: Path, capture: Path
) -> None:
    (home / "t2tui.toml").write_text("[t2tui]\nplugins = ['basicFlow', 'mine', 'gone', 'txtSink']\n")
    (home / "plugins" / "200_mine.py").write_text(WRITING + "\nfail()\n")
    result = t2tui("run", capture, "-q", **env(home))
    assert result.returncode == 0
    broken, gone = result.stderr.splitlines()
    line = len(WRITING.splitlines()) + 2
    assert f"200_mine.py, line {line}: NameError: name 'fail' is not defined; active in " in broken
    assert "no plugin 'gone'" in gone
    assert len(rows(capture.parent / "three_flows.txt")) == 2
    result = t2tui("plugin", "list", **env(home))
    assert result.returncode == 0
    assert listed(result)["mine"][3] == "no"
    assert "NameError" in result.stderr
    assert "no plugin 'gone'" in result.stderr


def test_a_broken_plugin_that_is_asked_for_ends_the_run(t2tui: Program, home: Path, capture: Path) -> None:
    (home / "plugins" / "200_mine.py").write_text("class Mine(\n")
    for words in (["-p", "basicFlow,mine"], ["-D", "mine.MINE_MAX=1"]):
        result = t2tui("run", capture, *words, **env(home))
        assert result.returncode == 1
        assert f"{words[0]}: {home}/plugins/200_mine.py, line 1: SyntaxError: " in result.stderr
        assert result.stdout == ""
    for command in (["enable"], ["info"]):
        assert t2tui("plugin", *command, "mine", **env(home)).returncode == 1
    assert t2tui("run", capture, **env(home)).returncode == 0


def test_nothing_beside_the_capture_is_run(t2tui: Program, home: Path, capture: Path) -> None:
    for place in (capture.parent, capture.parent / "plugins"):
        place.mkdir(exist_ok=True)
        (place / "200_mine.py").write_text("from pathlib import Path\nPath('ran').touch()\n" + WRITING)
        (place / "t2tui.toml").write_text("[t2tui]\nplugins = ['mine']\nplugin_dirs = ['.']\n")
    result = t2tui("run", capture, "-p", "mine", **env(home))
    assert result.returncode == 2
    assert "no plugin 'mine'" in result.stderr
    assert t2tui("run", capture, **env(home)).returncode == 0
    assert t2tui("plugin", "list", **env(home)).returncode == 0
    assert not (capture.parent / "ran").exists()


def test_folders_of_the_option_and_of_the_file_are_searched(
    t2tui: Program, home: Path, capture: Path, tmp_path: Path
) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
    (tmp_path / "one" / "200_mine.py").write_text(WRITING)
    (tmp_path / "two" / "300_other.py").write_text(WRITING.replace("200", "300").replace('"mine"', '"other"'))
    (home / "t2tui.toml").write_text("[t2tui]\nplugin_dirs = ['../../two']\n")
    words = ["run", capture, "-p", "basicFlow,mine,other,txtSink", "-q"]
    result = t2tui(*words, "--plugin-dir", "one", **env(home))
    assert (result.returncode, result.stderr) == (0, "")
    assert t2tui(*words, **env(home)).returncode == 2
    result = t2tui("plugin", "enable", "mine", "--plugin-dir", tmp_path / "one", **env(home))
    assert "mine is found with --plugin-dir only; add its folder to plugin_dirs" in result.stderr
    result = t2tui(*words, "--plugin-dir", "none", **env(home))
    assert result.returncode == 2
    (home / "t2tui.toml").write_text("[t2tui]\nplugin_dirs = ['none']\n")
    result = t2tui("run", capture, **env(home))
    assert result.returncode == 2
    assert f"folder of plugins '{home}/none': No such file or directory" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["enable", "basicStat"], 2, "enable: no plugin 'basicStat'; did you mean basicStats"),
        (["disable", "tcpWin"], 1, "tcpWin is not active; active are basicFlow, "),
        (["enable"], 2, "Missing argument 'NAME...'"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    t2tui: Program, home: Path, words: list[str], code: int, message: str
) -> None:
    result = t2tui("plugin", *words, **env(home))
    assert result.returncode == code
    assert message in result.stderr
    assert not (home / "t2tui.toml").exists()


def test_a_plugin_without_what_it_needs_is_enabled_with_a_warning(t2tui: Program, home: Path) -> None:
    result = t2tui("plugin", "enable", "tcpWinSink", **env(home))
    assert (result.returncode, result.stderr) == (0, "[WRN] tcpWinSink needs tcpWin, which is not active\n")
    assert t2tui("plugin", "enable", "tcpWinSink", "tcpWin", **env(home)).stderr == ""


def test_a_run_without_plugins_says_so(t2tui: Program, home: Path, capture: Path) -> None:
    t2tui("plugin", "disable", "basicFlow", "basicStats", "tcpStates", "txtSink", **env(home))
    result = t2tui("run", capture, **env(home))
    assert result.returncode == 0
    assert result.stderr.startswith("[WRN] No plugins are active")
    assert "Number of processed packets: 3\n" in result.stdout


def test_a_kernel_of_a_user_is_compiled_anew_when_it_changes(
    t2tui: Program, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "two.pcap").write_bytes(pcap([udp(1000), udp(1000)]))
    for factor in (3, 4, 3):
        (home / "plugins" / "200_mine.py").write_text(KERNEL.replace("FACTOR = 3", f"FACTOR = {factor}"))
        result = t2tui("run", "two.pcap", "-q", "-p", "basicFlow,mine,txtSink", **env(home))
        assert (result.returncode, result.stderr) == (0, "")
        assert rows(tmp_path / "two_flows.txt")[0]["mineCount"] == str(2 * factor)
