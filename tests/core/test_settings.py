import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.settings import Flag, Settings, SettingsError, format_value, load_settings

FLAGS = {
    "payloadDumper": (
        Flag("PLDUMP_TCP", True, "dump TCP payload"),
        Flag("PLDUMP_TCP_PORTS", (), "only these ports", minimum=0, maximum=65535),
        Flag("PLDUMP_NAMES", 0, "form of the file names", choices=(0, 1, 2)),
        Flag("PLDUMP_FOLDER", "/tmp/payloadDumper", "folder", runtime=True),
        Flag("PLDUMP_MAX_BYTES", 0, "bytes per flow", minimum=0),
    ),
    "tcpWin": (
        Flag("TCPWIN_THRES", 1, "threshold", minimum=0, maximum=65536, runtime=True),
        Flag("TCPWIN_RATIO", 0.5, "ratio", minimum=0.0, maximum=1.0),
    ),
}


def load(toml=None, *assignments, **environ):
    return load_settings(FLAGS, toml, assignments, environ)


def test_without_settings_all_flags_have_their_defaults():
    settings = load()
    assert set(settings) == {"core", "payloadDumper", "tcpWin"}
    for plugin, flags in FLAGS.items():
        assert dict(settings[plugin]) == {flag.name: flag.default for flag in flags}
        assert all(settings[plugin].source(flag.name) == "default" for flag in flags)


def test_later_sources_win(tmp_path):
    toml = tmp_path / "t2tui.toml"
    toml.write_text(
        "[tcpWin]\nTCPWIN_THRES = 10\nTCPWIN_RATIO = 1\n[payloadDumper]\nPLDUMP_TCP_PORTS = [21, 0x19]\n"
    )
    thresholds = [
        load()["tcpWin"],
        load(toml)["tcpWin"],
        load(toml, TCPWIN_THRES="20")["tcpWin"],
        load(toml, "tcpWin.TCPWIN_THRES=0x1e", TCPWIN_THRES="20")["tcpWin"],
    ]
    assert [settings.TCPWIN_THRES for settings in thresholds] == [1, 10, 20, 30]
    assert [settings.source("TCPWIN_THRES") for settings in thresholds] == [
        "default",
        "file",
        "environment",
        "option",
    ]
    assert thresholds[1].TCPWIN_RATIO == 1.0
    assert load(toml)["payloadDumper"].PLDUMP_TCP_PORTS == (21, 25)


def test_the_last_of_two_options_wins():
    settings = load(None, "tcpWin.TCPWIN_THRES=3", "tcpWin.TCPWIN_THRES=4", "tcpWin.TCPWIN_RATIO=default")
    assert settings["tcpWin"].TCPWIN_THRES == 4


def test_environment_is_read_for_runtime_flags_only():
    settings = load(PLDUMP_FOLDER="/x", PLDUMP_NAMES="2")["payloadDumper"]
    assert settings.PLDUMP_FOLDER == "/x"
    assert settings.PLDUMP_NAMES == 0


@pytest.mark.parametrize("text", ["{21,25}", "21;25", "21,25", "{0x15; 25}", " { 21 , 25 } "])
def test_lists_have_the_forms_of_the_tutorials(text):
    assert load(None, f"payloadDumper.PLDUMP_TCP_PORTS={text}")["payloadDumper"].PLDUMP_TCP_PORTS == (21, 25)


@pytest.mark.parametrize("text", ["", "{}", " { } "])
def test_empty_lists(text):
    assert Flag("L", (1,)).parse(text) == ()


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("payloadDumper.PLDUMP_TPC=1", r"did you mean PLDUMP_TCP"),
        ("payloaDumper.PLDUMP_TCP=1", r"unknown plugin 'payloaDumper'; did you mean payloadDumper"),
        ("PLDUMP_TCP=1", r"expected PLUGIN\.FLAG=VALUE"),
        ("payloadDumper.PLDUMP_TCP", r"expected PLUGIN\.FLAG=VALUE"),
        ("payloadDumper.PLDUMP_TCP=2", r"-D: PLDUMP_TCP must be 0 or 1, not '2'"),
        ("payloadDumper.PLDUMP_NAMES=3", r"PLDUMP_NAMES must be one of 0, 1, 2, not 3"),
        ("payloadDumper.PLDUMP_TCP_PORTS={1,70000}", r"from 0 to 65535, not \{1,70000\}"),
        ("payloadDumper.PLDUMP_TCP_PORTS={1,,2}", r"list of integers"),
        ("payloadDumper.PLDUMP_TCP_PORTS={1", r"list of integers"),
        ("payloadDumper.PLDUMP_MAX_BYTES=-1", r"an integer of at least 0"),
        ("payloadDumper.PLDUMP_MAX_BYTES=1.5", r"an integer of at least 0, not '1\.5'"),
        ("payloadDumper.PLDUMP_FOLDER=a\0b", r"a text"),
        ("tcpWin.TCPWIN_RATIO=nan", r"a number from 0 to 1"),
        ("tcpWin.TCPWIN_RATIO=inf", r"a number from 0 to 1"),
        ("tcpWin.TCPWIN_THRES=" + "9" * 5000, r"an integer from 0 to 65536"),
    ],
)
def test_wrong_assignments_are_refused_with_what_and_where(assignment, message):
    with pytest.raises(SettingsError, match=message):
        load(None, assignment)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[tcpWim]\n", r"unknown plugin 'tcpWim'; did you mean tcpWin"),
        ("[tcpWin]\nTCPWIN_THRESH = 1\n", r"did you mean TCPWIN_THRES"),
        ("[tcpWin]\nTCPWIN_THRES = 1.5\n", r"\[tcpWin\]: TCPWIN_THRES must be an integer"),
        ("[tcpWin]\nTCPWIN_THRES = [1]\n", r"must be an integer"),
        ("[payloadDumper]\nPLDUMP_FOLDER = 1\n", r"must be a text"),
        ("[payloadDumper]\nPLDUMP_TCP_PORTS = ['a']\n", r"list of integers"),
        ("tcpWin = 1\n", r"must be a table"),
        ("[tcpWin\n", r"not a TOML file.*line 1"),
    ],
)
def test_wrong_files_are_refused_with_what_and_where(tmp_path, content, message):
    toml = tmp_path / "t2tui.toml"
    toml.write_text(content)
    with pytest.raises(SettingsError, match=message) as error:
        load(toml)
    assert str(toml) in str(error.value)


def test_unreadable_file_and_environment_are_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="not a TOML file"):
        load(tmp_path / "binary.toml")
    with pytest.raises(SettingsError, match="environment variable: TCPWIN_THRES"):
        load(TCPWIN_THRES="many")


def test_texts_in_a_file_are_read_like_options_and_other_tables_are_left_alone(tmp_path):
    toml = tmp_path / "t2tui.toml"
    toml.write_text('[tui]\ntheme = "dark"\n[tcpWin]\nTCPWIN_THRES = "0x10"\n')
    assert load_settings(FLAGS, toml, other_tables=["tui"])["tcpWin"].TCPWIN_THRES == 16


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_characters="\0")),
    st.lists(st.integers(-(2**40), 2**40)).map(tuple),
)


@given(VALUES)
def test_every_value_survives_being_written_and_read(value):
    read = Flag("F", value).parse(format_value(value))
    assert (type(read), read) == (type(value), value)


@given(st.sampled_from([True, 1, 1.0, "t", (1,)]), st.text())
def test_any_text_is_a_value_of_the_right_type_or_refused(default, text):
    try:
        value = Flag("F", default).parse(text)
    except SettingsError as error:
        assert "F must be" in str(error)
    else:
        assert type(value) is type(default)


def test_settings_do_not_change_and_can_be_copied():
    settings = load()["tcpWin"]
    with pytest.raises(AttributeError):
        settings.TCPWIN_THRES = 5
    with pytest.raises(AttributeError, match="TCPWIN_NONE"):
        settings.TCPWIN_NONE  # noqa: B018
    with pytest.raises(KeyError):
        settings["TCPWIN_NONE"]
    for other in (copy.copy(settings), pickle.loads(pickle.dumps(settings))):
        assert isinstance(other, Settings)
        assert other == settings
        assert other.source("TCPWIN_THRES") == "default"
