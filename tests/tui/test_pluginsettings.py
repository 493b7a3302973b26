"""The working copy of plugins and flags: what it shows, what is run with it, what is written."""

import tomllib
from pathlib import Path

import pytest

from t2tui import plugins
from t2tui.core.configfile import ConfigFileError
from t2tui.core.settings import SettingsError, load_settings
from t2tui.tui.opening import Opening
from t2tui.tui.pluginsettings import LEFT_OUT, PluginSettings
from tests.tui.hostile import plugin_folder

__all__ = ["plugin_folder"]

NAMES = ("basicFlow", "basicStats", "tcpStates", "tcpWin", "txtSink")


def opening(config: Path | None = None, *assignments: str, names: tuple[str, ...] = NAMES) -> Opening:
    flags = {name: plugins.find(name).flags for name in names}
    path = config if config is not None and config.exists() else None
    others = ["t2tui", *plugins.names()]
    tables = [name for name in others if name not in flags]
    settings = load_settings(flags, path, assignments, {}, tables)
    return Opening(["x.pcap"], names, settings, config=config)


def settings_of(opened: Opening, **environ: str) -> PluginSettings:
    return PluginSettings(opened, environ)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text("# mine\n[tcpWin] # windows\nTCPWIN_THRES = 2 # two\n\n[csvSink]\nCSV_SPLIT = 0\n")
    return path


def test_values_and_where_they_come_from(config: Path) -> None:
    found = settings_of(opening(config, "tcpWin.TCPWIN_MINPKTS=7"), CSV_SUFFIX="_x.csv")
    assert [
        (found.value("tcpWin", name), found.source("tcpWin", name))
        for name in ("TCPWIN_THRES", "TCPWIN_MINPKTS", "TCPWIN_MAXWSCNT")
    ] == [(2, "file"), (7, "option"), (100, "default")]
    assert (found.value("csvSink", "CSV_SPLIT"), found.source("csvSink", "CSV_SPLIT")) == (0, "file")
    assert (found.value("csvSink", "CSV_SUFFIX"), found.source("csvSink", "CSV_SUFFIX")) == (
        "_x.csv",
        "environment",
    )
    found.set("tcpWin", "TCPWIN_THRES", 9)
    assert (found.value("tcpWin", "TCPWIN_THRES"), found.source("tcpWin", "TCPWIN_THRES")) == (9, "here")
    found.set("tcpWin", "TCPWIN_THRES", 2)
    assert found.source("tcpWin", "TCPWIN_THRES") == "file"
    assert found.unsaved() == found.not_run() == []


def test_a_wrong_value_is_refused_in_words_and_changes_nothing(config: Path) -> None:
    found = settings_of(opening(config))
    with pytest.raises(SettingsError, match="TCPWIN_THRES must be an integer from 0 to 65536, not 65537"):
        found.set("tcpWin", "TCPWIN_THRES", 65537)
    assert found.unsaved() == []


def test_an_opening_has_what_was_changed_and_the_next_copy_knows_it(config: Path) -> None:
    found = settings_of(opening(config))
    found.set("tcpWin", "TCPWIN_THRES", 9)
    found.set("core", "ALARM_MODE", 1)
    found.switch("connStat")
    found.switch("tcpStates")
    opened = found.opening()
    assert opened.plugins == ("basicFlow", "basicStats", "tcpWin", "txtSink", "connStat")
    assert (opened.settings["tcpWin"].TCPWIN_THRES, opened.settings["core"].ALARM_MODE) == (9, 1)
    assert set(opened.settings["connStat"]) == {flag.name for flag in plugins.find("connStat").flags}
    assert list(map(str, found.not_run())) == [
        "tcpStates on → off",
        "connStat off → on",
        "core.ALARM_MODE 0 → 1",
        "tcpWin.TCPWIN_THRES 2 → 9",
    ]
    following = settings_of(opened)
    assert following.not_run() == []
    assert {str(change) for change in following.unsaved()} == {str(change) for change in found.unsaved()}
    assert following.text() == found.text()


def test_what_was_changed_is_written_and_all_else_stays(config: Path) -> None:
    found = settings_of(opening(config, "tcpWin.TCPWIN_MINPKTS=7"))
    found.set("tcpWin", "TCPWIN_THRES", 9)
    found.set("csvSink", "CSV_SPLIT", 1)
    found.switch("connStat")
    assert found.difference() == [
        "- TCPWIN_THRES = 2 # two",
        "+ TCPWIN_THRES = 9 # two",
        "- [csvSink]",
        "- CSV_SPLIT = 0",
        "+ [t2tui]",
        '+ plugins = ["basicFlow", "basicStats", "tcpStates", "txtSink", "connStat"]',
    ]
    text = found.text()
    assert found.save() == []
    assert config.read_text() == text
    assert text.startswith("# mine\n[tcpWin] # windows\nTCPWIN_THRES = 9 # two\n")
    assert tomllib.loads(text) == {
        "tcpWin": {"TCPWIN_THRES": 9},
        "t2tui": {"plugins": ["basicFlow", "basicStats", "tcpStates", "txtSink", "connStat"]},
    }
    assert found.unsaved() == []
    assert found.source("tcpWin", "TCPWIN_THRES") == "file"
    assert [str(change) for change in found.not_run()] == ["connStat off → on", "tcpWin.TCPWIN_THRES 2 → 9"]


def test_a_flag_with_its_default_leaves_the_file(config: Path) -> None:
    found = settings_of(opening(config))
    assert found.reset("tcpWin", "TCPWIN_THRES") == 1
    found.save()
    assert tomllib.loads(config.read_text()) == {"csvSink": {"CSV_SPLIT": 0}}
    assert found.source("tcpWin", "TCPWIN_THRES") == "default"


def test_a_value_that_has_no_effect_elsewhere_is_said(config: Path) -> None:
    found = settings_of(opening(config), CSV_SUFFIX="_x.csv")
    found.set("csvSink", "CSV_SUFFIX", "_y.csv")
    assert found.save() == ["CSV_SUFFIX: the environment variable of this name counts more than the file"]


def test_a_plugin_that_does_not_run_says_why(config: Path, plugin_folder: Path) -> None:
    found = settings_of(opening(config))
    assert found.remark("txtSink") == LEFT_OUT
    assert found.remark("tcpWin") == ""
    assert "bad.py, line 1" in found.remark("bad")
    with pytest.raises(ValueError, match="bad"):
        found.switch("bad")
    with pytest.raises(ValueError, match="always runs"):
        found.switch("core")
    found.switch("needy")
    assert found.remark("needy") == "does not run: it needs connStat, which does not run"
    found.switch("connStat")
    assert found.remark("needy") == ""


def test_a_wrong_table_in_the_file_is_said_at_its_plugin(config: Path) -> None:
    opened = opening(config)
    config.write_text("[csvSink]\nCSV_SPLIT = 5\n")
    found = settings_of(opened)
    assert "[csvSink]: CSV_SPLIT must be one of 0, 1, not 5; the defaults count" in found.remark("csvSink")
    assert found.value("csvSink", "CSV_SPLIT") == 1


def test_a_file_that_cannot_be_written(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of(opening(config))
    found.set("core", "ALARM_MODE", 1)
    config.chmod(0o444)
    assert found.file_obstacle() == f"{config}: cannot be written: it is read-only"
    with pytest.raises(ConfigFileError, match="read-only"):
        found.save()
    assert len(found.unsaved()) == 1
    config.chmod(0o644)
    config.write_text("[core")
    with pytest.raises(SettingsError, match="not a TOML file"):
        found.save()
    nowhere = settings_of(opening())
    nowhere.set("core", "ALARM_MODE", 1)
    assert nowhere.save_obstacle() == "There is no file of settings"
