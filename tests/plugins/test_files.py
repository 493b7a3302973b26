"""Plugins of users: which files are plugins, how they are imported, what is said of wrong ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui import plugins
from t2tui.core import bits, columns
from t2tui.plugins import files
from t2tui.plugins.files import UnusablePluginError

PLUGIN = """\
from t2tui.core.bits import bit_table
from t2tui.core.columns import Column
from t2tui.core.settings import Flag
from t2tui.plugins.base import Plugin


class Mine(Plugin):
    name = "mine"
    number = 200
    summary = "counts"
    flags = (Flag("MINE_MAX", 3, help="most"),)
    flow_columns = (
        Column("mineStat", "H8", "status", bits="mineStat"),
        Column("mineCount", "U32", "count"),
    )
    packet_columns = (Column("mineCount", "U32", description="count so far"),)
    bit_tables = (bit_table("mineStat", 8, {0: ("MINE_SEEN", "was seen"), 3: ("MINE_ODD", "is odd")}),)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The one folder that is searched; what was registered is forgotten afterwards."""
    before = columns._registered.copy(), bits._registered.copy(), plugins._registered.copy()
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)
    plugins.search_in([tmp_path])
    yield tmp_path
    columns._registered[:], bits._registered, plugins._registered = before
    columns.register([])
    for name in [name for name in sys.modules if name.startswith(files.MODULES + ".")]:
        del sys.modules[name]
    monkeypatch.undo()
    plugins.search_in([])


def write(folder: Path, name: str = "200_mine.py", text: str = PLUGIN) -> Path:
    path = folder / name
    path.write_text(text)
    plugins.search_in([folder])
    return path


def test_a_file_is_a_plugin_with_its_flags_columns_and_bits(folder: Path) -> None:
    write(folder)
    mine = plugins.find("mine")
    assert (mine.name, mine.number, [flag.name for flag in mine.flags]) == ("mine", 200, ["MINE_MAX"])
    assert [column.name for column in columns.plugin_columns("mine", "flows")] == ["mineStat", "mineCount"]
    found = columns.find("mineStat")
    assert (found.plugin, found.order, found.file) == ("mine", 200, "flows")
    assert columns.find("mineCount", "packets").description == "count so far"
    assert [bit.name for bit in bits.table("mineStat").set_bits(0x0B)] == ["MINE_SEEN", "MINE_ODD"]
    assert plugins.find("mine") is mine
    (loaded,) = plugins.load(["mine"])
    assert loaded.settings.MINE_MAX == 3


def test_plugins_run_in_the_order_of_number_and_name(folder: Path) -> None:
    for number, name in ((100, "abc"), (99, "later"), (100, "zzz"), (999, "last")):
        text = PLUGIN.replace('"mine"', f'"{name}"').replace("200", f"{number}")
        write(folder, f"{number:03}_{name}.py", text.replace("mineStat", f"{name}Stat"))
    wanted = ["last", "zzz", "txtSink", "abc", "basicFlow", "later"]
    loaded = [plugin.name for plugin in plugins.load(wanted)]
    assert loaded == ["later", "abc", "basicFlow", "zzz", "txtSink", "last"]


@given(st.from_regex(r"[0-9]{2,4}[_-][A-Za-z0-9_]{1,33}\.(py|pyc|so)", fullmatch=True))
def test_only_files_that_are_named_as_plugins_are(name: str) -> None:
    number, underscore, rest = name[:3], name[3:4], name[4:]
    stem, _, ending = rest.rpartition(".")
    wanted = (
        number.isdecimal() and underscore == "_" and ending == "py" and stem[:1].islower() and len(stem) < 32
    )
    assert bool(files._FILE.fullmatch(name)) == wanted


@pytest.mark.parametrize(
    "name",
    ["20_mine.py", "2000_mine.py", "200-mine.py", "200_Mine.py", "200_mine.txt", "mine.py", "200_mine.py~",
     f"200_{'a' * 32}.py", "200_.py", "200_m-x.py", "٢00_mine.py"],
)  # fmt: skip
def test_other_files_of_the_folder_are_ignored(folder: Path, name: str) -> None:
    write(folder, name, "raise SystemExit")
    (folder / "300_folder.py").mkdir()
    assert files.plugin_files() == {}
    with pytest.raises(plugins.UnknownPluginError):
        plugins.find("mine")


def test_nothing_is_imported_to_know_the_names(folder: Path) -> None:
    write(folder, "200_mine.py", "raise RuntimeError('imported')")
    assert "mine" in plugins.known_names()
    with pytest.raises(plugins.UnknownPluginError, match="did you mean mine"):
        plugins.find("minee")


def test_the_first_folder_with_a_name_counts(folder: Path) -> None:
    for place in ("one", "two"):
        (folder / place).mkdir()
        (folder / place / "200_mine.py").write_text(PLUGIN.replace("counts", place))
    plugins.search_in([folder / "two", folder / "one"])
    assert plugins.find("mine").summary == "two"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('name = "mine"', 'name = "other"', r"its plugins are Mine \(name 'other'\), none is named 'mine'"),
        ("Mine(Plugin)", "Mine", "nothing is named 'mine'; the file needs one class derived from Plugin"),
        ("number = 200", "number = 201", "has number 201; make both the same"),
        ("number = 200", "number = '200'", r"(?s)number"),
        ("number = 200", "numbr = 200", r"line 7: AttributeError: .*number"),
        ('name = "mine"', "name = ", r"200_mine\.py, line 8: SyntaxError: invalid syntax"),
        ("class Mine", "import nothing_here\n\n\nclass Mine", "line 7: ModuleNotFoundError: .*nothing_here"),
        ("class Mine", "raise SystemExit\n\n\nclass Mine", "line 7: SystemExit"),
        ("class Mine", "1 / 0\n\n\nclass Mine", "line 7: ZeroDivisionError: division by zero"),
        ('"U32", "count"', '"U23", "count"', "column 'mineCount' of mine: no type 'U23'; there are C, U8"),
        ('"mineCount", "U32", "count"', '"mine Count", "U32"', "column 'mine Count' of mine: a name has"),
        ('"mineCount", "U32", "count"', '"mineStat", "H8"', "mine has 2 columns mineStat in the flows file"),
        ('"H8", "status"', '"H16", "status"', "'mineStat' of mine: type H16, bit table H8"),
        ('bits="mineStat"', 'bits="mineState"', "column 'mineStat': no bit table 'mineState'; did you"),
        ("{0: (", "{8: (", "ValueError: bit table of mineStat"),
        ('"MINE_ODD"', '"mine_seen"', "two bits have the same name"),
        ('bit_table("mineStat"', 'bit_table("pldStat"', "no bit table 'mineStat'"),
        ("mineStat", "pldStat", "bit table 'pldStat': there is another one of this name"),
        ('"MINE_MAX", 3, help="most"),', '"MINE_MAX", 3), "x"', r"flags must be a tuple of Flag"),
        ('help="most"),', 'help="most"), Flag("MINE_MAX", 1)', "a flag is declared twice: MINE_MAX"),
        ('"counts"', "None", "summary must be a text, not None"),
        ("    flags", "    version = 1.0\n    flags", r"version must be a text, not 1\.0"),
        ("    flags", "    requires = 'basicFlow'\n    flags", "requires must be a tuple of str, not 'basic"),
        ("packet_columns = (Column", "packet_columns = ('x', Column", "TypeError"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_line(
    folder: Path, before: str, after: str, message: str
) -> None:
    assert before in PLUGIN
    path = write(folder, text=PLUGIN.replace(before, after))
    with pytest.raises(UnusablePluginError, match=message) as error:
        plugins.find("mine")
    assert str(path) in str(error.value)
    (entry,) = [entry for entry in plugins.entries() if entry.name == "mine"]
    assert (entry.number, entry.plugin, entry.origin) == (200, None, str(path))
    assert str(path) in entry.problem


def test_nothing_of_a_refused_plugin_is_registered(folder: Path) -> None:
    write(folder, text=PLUGIN.replace('"U32", "count"', '"U23", "count"'))
    with pytest.raises(UnusablePluginError):
        plugins.find("mine")
    assert columns.plugin_columns("mine", "flows") == ()
    assert "mineStat" not in bits.tables()


@pytest.mark.parametrize("name", ["basicFlow", "core", "t2tui"])
def test_the_name_of_a_builtin_plugin_is_refused(folder: Path, name: str) -> None:
    path = write(folder, f"150_{name}.py", PLUGIN.replace('"mine"', f'"{name}"').replace("200", "150"))
    with pytest.raises(UnusablePluginError, match=f"150_{name}.py: .*{name}.*another"):
        plugins.find(name)
    assert plugins.available()["basicFlow"].__module__ == "t2tui.plugins.basicflow"
    origins = {entry.origin: entry.problem for entry in plugins.entries() if entry.name == name}
    assert "another" in origins[str(path)]


def test_two_files_of_a_name_in_one_folder_are_both_useless(folder: Path) -> None:
    write(folder)
    write(folder, "300_mine.py", PLUGIN.replace("200", "300"))
    with pytest.raises(
        UnusablePluginError, match=r"300_mine\.py: '200_mine\.py' beside it has the same name"
    ):
        plugins.find("mine")


def test_a_folder_that_is_not_there_is_an_error_only_if_it_was_named(folder: Path) -> None:
    plugins.search_in([folder / "none"])
    with pytest.raises(UnusablePluginError, match=r"none'?: No such file or directory"):
        files.plugin_files()
    plugins.search_in([])
    assert files.plugin_files() == {}  # the user's own folder is not there either


def test_a_plugin_finds_data_beside_its_file_and_leaves_nothing_there(folder: Path) -> None:
    (folder / "words.txt").write_text("hello")
    write(
        folder,
        text=f"from pathlib import Path\nWORD = Path(__file__).with_name('words.txt').read_text()\n{PLUGIN}",
    )
    module = sys.modules[plugins.find("mine").__module__]
    assert module.WORD == "hello"
    assert sorted(path.name for path in folder.iterdir()) == ["200_mine.py", "words.txt"]


def test_a_plugin_uses_the_module_of_another_one(folder: Path) -> None:
    write(folder, "100_tables.py", "FACTOR = 7\n")
    write(
        folder,
        text=PLUGIN.replace("class", "from t2tui.plugins.user import tables\n\n\nclass").replace(
            "\n    name", "\n    factor = tables.FACTOR\n    name"
        ),
    )
    assert plugins.find("mine").factor == 7  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ("FACTOR =", r"200_mine\.py, line 7: .*100_tables\.py, line 1: SyntaxError"),
        (None, r"200_mine\.py, line 7: ImportError: no plugin file NNN_tables\.py in "),
    ],
)
def test_what_is_wrong_in_a_module_that_a_plugin_uses_is_said(
    folder: Path, tables: str | None, message: str
) -> None:
    if tables is not None:
        write(folder, "100_tables.py", tables)
    write(folder, text=PLUGIN.replace("class", "from t2tui.plugins.user import tables\n\n\nclass"))
    with pytest.raises(UnusablePluginError, match=message):
        plugins.find("mine")


ENTRY_POINT = """\
[t2tui.plugins]
mine = mine_package:Mine
broken = mine_package:Nothing
number = mine_package:NUMBER
basicFlow = mine_package:Mine
"""


def test_installed_packages_bring_plugins(tmp_path: Path) -> None:
    (tmp_path / "mine_package.py").write_text(PLUGIN + "\n\nNUMBER = 3\n")
    metadata = tmp_path / "mine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINT)
    code = """
from t2tui import plugins
from t2tui.core import columns
mine = plugins.find("mine")
assert mine.__module__ == "mine_package", mine
assert columns.find("mineCount").plugin == "mine"
assert plugins.find("basicFlow").__module__ == "t2tui.plugins.basicflow"
for entry in plugins.entries():
    if entry.origin != "built-in":
        print(entry.name, entry.number, entry.origin, entry.problem, sep="|")
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(tmp_path), str(Path(__file__).parents[2]))),
            "XDG_CONFIG_HOME": os.devnull,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    mine, *others = result.stdout.splitlines()
    assert mine == "mine|200|package mine|"
    where = "|None|package mine|package mine, entry point "
    assert others[0].startswith(f"basicFlow{where}basicFlow = mine_package:Mine: there is a built-in plugin")
    assert others[1].startswith(f"broken{where}broken = mine_package:Nothing: AttributeError: ")
    assert others[2] == f"number{where}number = mine_package:NUMBER: this is no class derived from Plugin"
