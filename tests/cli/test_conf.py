"""Flags set and shown by the program."""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from t2tui.plugins import available
from tests.cli.conftest import env
from tests.cli.test_run import rows

Program = Callable[..., CompletedProcess[str]]


def test_a_flag_that_is_set_is_used_by_runs_until_it_is_reset(
    t2tui: Program, home: Path, capture: Path, tmp_path: Path
) -> None:
    config = home / "t2tui.toml"
    result = t2tui("conf", "basicFlow", "-D", "BFO_MAC=0", "-D", "BFO_VLAN=0", **env(home))
    assert (result.returncode, result.stdout) == (0, "BFO_MAC = 0\nBFO_VLAN = 0\n")
    assert tomllib.loads(config.read_text()) == {"basicFlow": {"BFO_MAC": 0, "BFO_VLAN": 0}}
    assert t2tui("conf", "basicFlow", "-D", "BFO_VLAN=default", **env(home)).returncode == 0
    t2tui("run", capture, **env(home))
    assert "srcMac" not in rows(tmp_path / "three_flows.txt")[0]
    assert "vlanID" in rows(tmp_path / "three_flows.txt")[0]
    assert t2tui("conf", "basicFlow", "--reset", **env(home)).returncode == 0
    assert tomllib.loads(config.read_text()) == {}


def test_comments_and_other_tables_stay(t2tui: Program, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("# mine\n[tcpWin]  # windows\nTCPWIN_THRES = 2 # two\n\n[core]\nALARM_MODE = 1\n")
    before = path.read_text()
    assert t2tui("conf", "tcpWin", "-D", "TCPWIN_THRES=0x10", "--config", path).returncode == 0
    assert path.read_text() == before.replace("= 2", "= 16")
    assert t2tui("conf", "core", "--reset", "--config", path).returncode == 0
    assert path.read_text() == before.replace("= 2", "= 16").partition("\n\n[core]")[0] + "\n"


def test_the_list_tells_where_a_value_comes_from(t2tui: Program, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[txtSink]\nTFS_PRI_HDR = 0\n")
    result = t2tui("conf", "txtSink", "--config", path, env={"TFS_HEADER_SUFFIX": "_h.txt"})
    table = {words[0]: words[1:4] for words in (line.split() for line in result.stdout.splitlines())}
    assert table["TFS_PRI_HDR"] == ["0", "1", "file"]
    assert table["TFS_HEADER_SUFFIX"] == ['"_h.txt"', '"_headers.txt"', "environment"]
    assert table["TFS_HDR_FILE"] == ["1", "1", "-"]
    assert list(table) == ["Flag", *(flag.name for flag in available()["txtSink"].flags)]


def test_a_flag_is_printed_as_it_is_set(t2tui: Program, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    settings = ["-D", "PLDUMP_TCP_PORTS={25,21}", "-D", "PLDUMP_PREFIX=x y"]
    assert t2tui("conf", "payloadDumper", *settings, "--config", path).returncode == 0
    result = t2tui("conf", "payloadDumper", "-G", "PLDUMP_TCP_PORTS", "-G", "PLDUMP_PREFIX", "--config", path)
    assert result.stdout == 'PLDUMP_TCP_PORTS = {25,21}\nPLDUMP_PREFIX = "x y"\n'


def test_everything_as_toml_is_a_file_of_settings(t2tui: Program, tmp_path: Path) -> None:
    path, copy = tmp_path / "mine.toml", tmp_path / "copy.toml"
    path.write_text("[t2tui]\nplugins = ['basicFlow', 'csvSink']\n\n[basicStats]\nBS_VAR = 1\n")
    first = t2tui("conf", "-g", "--config", path).stdout
    copy.write_text(first)
    assert t2tui("conf", "-a", "-g", "--config", copy).stdout == first
    values = tomllib.loads(first)
    assert values["t2tui"] == {"plugins": ["basicFlow", "csvSink"]}
    assert values["basicStats"]["BS_VAR"] == 1
    assert values["core"]["ALARM_MODE"] == 0
    for plugin in available().values():
        assert list(values.get(plugin.name, ())) == [flag.name for flag in plugin.flags]


def test_all_flags_are_reset_at_once_but_not_the_active_plugins(t2tui: Program, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[t2tui]\nplugins = ['basicFlow']\n[core]\nALARM_MODE = 1\n[nobody]\nX = 1\n[tcpWin]\n")
    assert t2tui("conf", "-a", "--reset", "--config", path).returncode == 0
    assert tomllib.loads(path.read_text()) == {"t2tui": {"plugins": ["basicFlow"]}}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["basicStat"], "no plugin 'basicStat'; did you mean basicStats"),
        (["basicStats", "-D", "BS_VARR=1"], "unknown flag of basicStats 'BS_VARR'; did you mean BS_VAR"),
        (["basicStats", "-G", "BS_VARR"], "unknown flag of basicStats 'BS_VARR'; did you mean BS_VAR"),
        (["basicStats", "-D", "BS_VAR"], "-D BS_VAR: expected FLAG=VALUE"),
        (["basicStats", "-D", "BS_SK=0", "-D", "BS_VAR=2"], "BS_VAR must be one of 0, 1, not 2"),
        (["core", "-D", "ALARM_MODE=x"], "ALARM_MODE must be one of 0, 1, not 'x'"),
        (["tcpStates", "-D", "X=1"], "unknown flag of tcpStates 'X'; it has none"),
        (["nobody", "--reset"], "no plugin 'nobody'"),
        (["-D", "BS_VAR=1"], "Name a plugin"),
        (["-a", "-D", "BS_VAR=1"], "-D and -G are for the flags of one plugin"),
        (["-a", "basicStats"], "not both"),
        (["core", "--reset", "-g"], "Give one of"),
    ],
)
def test_wrong_usage_is_said_and_nothing_is_written(
    t2tui: Program, tmp_path: Path, words: list[str], message: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("# nothing\n")
    result = t2tui("conf", *words, "--config", path)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert path.read_text() == "# nothing\n"


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(t2tui: Program, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("")
    path.chmod(0o444)
    result = t2tui("conf", "core", "-D", "ALARM_MODE=1", "--config", path)
    assert result.returncode == 1
    assert result.stderr == f"[ERR] {path}: cannot be written: it is read-only\n"
    result = t2tui("conf", "core", "-D", "ALARM_MODE=1", env={"XDG_CONFIG_HOME": os.devnull})
    assert result.returncode == 1
    assert "/dev/null/t2tui/t2tui.toml: cannot be written: Not a directory" in result.stderr


def test_a_wrong_value_in_the_file_can_be_repaired(t2tui: Program, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[core]\nALARM_MODE = 7\n")
    assert t2tui("conf", "core", "--config", path).returncode == 2
    assert t2tui("conf", "core", "-D", "ALARM_MODE=1", "--config", path).returncode == 0
    assert t2tui("conf", "core", "-G", "ALARM_MODE", "--config", path).stdout == "ALARM_MODE = 1\n"


def test_a_table_for_nobody_is_a_warning_but_a_slip_is_an_error(
    t2tui: Program, capture: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[zzz]\nX = 1\n")
    result = t2tui("run", capture, "-q", "--config", path)
    assert (result.returncode, result.stderr) == (
        0,
        f"[WRN] {path}: no plugin 'zzz'; its table is not used\n",
    )
    path.write_text("[basicStat]\nBS_VAR = 1\n")
    result = t2tui("run", capture, "-q", "--config", path)
    assert result.returncode == 2
    assert "unknown plugin 'basicStat'; did you mean basicStats" in result.stderr
