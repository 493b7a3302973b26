"""The user's file of settings: what it may say, and that a change touches nothing else."""

import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.configfile import ConfigFile, ConfigFileError, config_path, read_preferences
from t2tui.core.settings import SettingsError

TEXT = """\
# mine
[tcpWin]          # windows
TCPWIN_THRES = 1  # zero windows

# why: see the ticket
[basicStats]
BS_VAR = 1
BS_SK = 0

[t2tui]
plugins = ["basicFlow", "txtSink"]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "t2tui.toml"
    made.write_text(TEXT)
    return made


def test_a_change_keeps_comments_order_and_everything_else(path: Path) -> None:
    file = ConfigFile(path)
    file.set("tcpWin", "TCPWIN_THRES", 7)
    file.remove("basicStats", ["BS_SK", "BS_MOD"])
    file.save()
    assert path.read_text() == TEXT.replace("THRES = 1 ", "THRES = 7 ").replace("BS_SK = 0\n", "")


def test_a_table_that_has_become_empty_goes(path: Path) -> None:
    file = ConfigFile(path)
    file.remove("basicStats", ["BS_SK", "BS_VAR"])
    file.remove("nobody")
    file.save()
    assert set(tomllib.loads(path.read_text())) == {"tcpWin", "t2tui"}


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.lists(st.integers(0, 65535)).map(tuple),
)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), NAMES, NAMES, VALUES),
        st.tuples(st.just("remove"), NAMES, st.none() | st.lists(NAMES, max_size=3)),
    ),
    max_size=8,
)


@given(CHANGES)
def test_any_sequence_of_changes_gives_what_a_dict_of_dicts_has(changes: list[tuple]) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"t2tui-{os.getpid()}.toml"
    path.write_text(TEXT)
    expected = tomllib.loads(TEXT)
    try:
        file = ConfigFile(path)
        for kind, table, *rest in changes:
            if kind == "set":
                file.set(table, *rest)
                expected.setdefault(table, {})[rest[0]] = rest[1]
            else:
                file.remove(table, *rest)
                for name in list(expected.get(table, ())) if rest[0] is None else rest[0]:
                    expected.get(table, {}).pop(name, None)
                if not expected.get(table, True):
                    del expected[table]
        file.save()
        found = tomllib.loads(path.read_text())
    finally:
        path.unlink()
    assert found == {
        table: {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        for table, values in expected.items()
    }


@pytest.mark.parametrize(
    "text",
    [
        "basicStats.BS_VAR = 1\n",
        "basicStats = { BS_VAR = 1 }\n",
        '["basicStats"]\nBS_VAR=1',
        "[basicStats]\nBS_VAR = 1\n\n[core]\nALARM_MODE = 1\n\n[basicStats.x]\ny = 1\n",
    ],
)
def test_every_way_to_write_a_table_is_understood(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t2tui.toml"
    path.write_text(text)
    file = ConfigFile(path)
    file.set("basicStats", "BS_VAR", 2)
    file.set("basicStats", "BS_SK", 0)
    file.save()
    expected = tomllib.loads(text)
    expected["basicStats"] |= {"BS_VAR": 2, "BS_SK": 0}
    assert tomllib.loads(path.read_text()) == expected


def test_a_file_that_is_not_there_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "t2tui.toml"
    file = ConfigFile(path)
    file.set("core", "ALARM_MODE", 1)
    file.save()
    assert path.read_text() == "[core]\nALARM_MODE = 1\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["t2tui.toml"]


def test_mode_and_link_of_a_file_stay(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    file = ConfigFile(link)
    file.set("core", "ALARM_MODE", 1)
    file.save()
    assert link.is_symlink()
    assert "ALARM_MODE = 1" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_read_only_file_is_not_replaced(path: Path) -> None:
    path.chmod(0o444)
    file = ConfigFile(path)
    file.set("core", "ALARM_MODE", 1)
    with pytest.raises(ConfigFileError, match=r"t2tui\.toml: cannot be written: it is read-only"):
        file.save()
    assert path.read_text() == TEXT


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = ConfigFile(tmp_path / "file" / "t2tui.toml")
    file.set("core", "ALARM_MODE", 1)
    with pytest.raises(ConfigFileError, match=r"file/t2tui\.toml: cannot be written: .*"):
        file.save()


def test_nothing_is_left_when_writing_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    file = ConfigFile(path)
    file.set("core", "ALARM_MODE", 1)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ConfigFileError, match="cannot be written: No space left on device"):
        file.save()
    assert path.read_text() == TEXT
    assert [entry.name for entry in path.parent.iterdir()] == ["t2tui.toml"]


@pytest.mark.parametrize(
    ("text", "message"), [("x = [", "not a TOML file"), ("core = 3", "core must be a table")]
)
def test_a_file_that_is_wrong_is_not_changed(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t2tui.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message):
        ConfigFile(path).set("core", "ALARM_MODE", 1)
    assert path.read_text() == text


def test_preferences_and_the_other_tables_are_told_apart(path: Path) -> None:
    preferences, others = read_preferences(path)
    assert preferences.plugins == ("basicFlow", "txtSink")
    assert preferences.plugin_dirs == ()
    assert others == ("tcpWin", "basicStats")
    assert read_preferences(None)[0].plugins is None


def test_folders_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t2tui.toml").write_text('[t2tui]\nplugin_dirs = ["own", "/abs", "~/x"]\n')
    monkeypatch.setenv("HOME", "/home/someone")
    preferences, _ = read_preferences(tmp_path / "t2tui.toml")
    assert preferences.plugin_dirs == (tmp_path / "own", Path("/abs"), Path("/home/someone/x"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t2tui = 1", r"t2tui must be a table: \[t2tui\]"),
        ("[t2tui]\nplugin = []", "unknown name 'plugin'; did you mean plugins"),
        ("[t2tui]\nplugins = 'basicFlow'", "plugins must be a list of texts, not 'basicFlow'"),
        ("[t2tui]\nplugin_dirs = [1]", r"plugin_dirs must be a list of texts, not \[1\]"),
    ],
)
def test_wrong_preferences_are_errors_that_name_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t2tui.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message) as error:
        read_preferences(path)
    assert str(path) in str(error.value)


def test_the_file_is_the_users_unless_another_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert config_path().is_relative_to(tmp_path)
    assert config_path().name == "t2tui.toml"
    assert config_path(Path("x.toml")) == Path("x.toml")
