import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core import columns
from t2tui.core.columns import (
    Column,
    UnknownColumn,
    file_columns,
    find,
    old_name,
    plugin_columns,
)
from t2tui.core.run import printed_name

SHARED = Path(__file__).parents[3] / "shared"
EXPECTED = SHARED / "golden" / "expected"
needs_golden = pytest.mark.skipif(
    not EXPECTED.is_dir(), reason="reference files (../shared/golden) are not here"
)

BUILT_IN = columns._builtin()
"""Columns that no plugin has to be imported for."""

PLUGINS = {
    "minimal": ["basicFlow", "txtSink"],
    "full": ["basicFlow", "basicStats", "tcpStates", "payloadDumper", "txtSink"],
    "tcpflags": ["basicFlow", "tcpFlags", "tcpStates", "txtSink"],
}

ELEMENT = {
    "C": "[AB]",
    "F": r"-?(\d+(\.\d+)?(e[+-]\d+)?|inf|nan)",
    "D": r"-?\d+\.\d{6}",
    "D9": r"-?\d+\.\d{9}",
    "S": r'".*"',
    "SC": r".*",
    "text": r".*",
    "MAC": r"([0-9a-f]{2}:){5}[0-9a-f]{2}",
    "IPX": r"-|[0-9.]+|[0-9a-f:.]+",
    "U64.U32": r"\d+\.-?\d{8,}",
}


def pattern(type_code: str, empty: bool) -> re.Pattern[str]:
    """Texts that a type code allows; cells of the packet file may be empty as well."""
    parts = []
    for code in type_code.removesuffix(":R").split("_"):
        if code in ELEMENT:
            parts.append(f"({ELEMENT[code]})")
        elif code[0] == "H":
            parts.append(f"0x[0-9a-f]{{{int(code[1:]) // 4}}}")
        else:
            parts.append(("-?" if code[0] == "I" else "") + r"\d+")
    one = "_".join(parts)
    text = f"{one}(;{one})*" if type_code.endswith(":R") else one
    return re.compile(f"({text})?" if empty or type_code.endswith(":R") else text)


@pytest.mark.golden
@needs_golden
@pytest.mark.parametrize(
    ("plugin_set", "file"),
    [
        ("minimal", "flows"),
        ("full", "flows"),
        ("full", "packets"),
        ("tcpflags", "flows"),
        ("tcpflags", "packets"),
    ],
)
def test_header_rows_and_cells_of_reference_files_fit_the_registry(plugin_set, file):
    expected = file_columns(PLUGINS[plugin_set], file)
    patterns = [pattern(column.type, file == "packets") for column in expected]
    files = sorted((EXPECTED / plugin_set).glob(f"*/{file}.txt"))
    assert files
    for path in files[::20]:
        with path.open(encoding="latin-1", newline="\n") as lines:
            assert next(lines).rstrip("\n") == "%" + "\t".join(column.name for column in expected)
            for line, _ in zip(lines, range(50), strict=False):
                cells = line.rstrip("\n").split("\t")
                assert len(cells) == len(expected), (path, line)
                for cell, allowed, column in zip(cells, patterns, expected, strict=True):
                    assert allowed.fullmatch(cell), (path, column.name, cell)


@needs_golden
def test_every_fact_of_the_specification_is_in_the_registry():
    facts = tomllib.loads((SHARED / "spec" / "columns.toml").read_text())
    ours = {(column.file, column.name): column for column in BUILT_IN}
    assert len(ours) == len(BUILT_IN)  # no name twice
    assert len(facts["column"]) == 197
    for fact in facts["column"]:
        column = ours[fact["file"], fact["name"]]
        assert (column.plugin, column.order, column.header) == (
            fact["plugin"],
            fact["order"],
            fact.get("hdr", ""),
        )
        assert column.aliases == tuple(fact["aliases"])
        if fact["type"] != "see plugin text":
            assert column.type == fact["type"]
    for alias, name in facts["alias"].items():
        assert find(alias).name == name


@pytest.mark.parametrize("column", BUILT_IN, ids=lambda column: f"{column.file}-{column.name}")
def test_find_returns_each_column_by_name_and_alias(column):
    assert find(column.name, column.file) == column
    for alias in column.aliases:
        assert find(alias, column.file) == column
    assert column.description
    assert bool(column.header) == (column.file == "flows")


def test_columns_of_a_plugin_come_in_output_order():
    names = [column.name for column in plugin_columns("basicFlow", "flows")]
    assert names[:3] == ["flowStat", "timeFirst", "timeLast"]
    assert [column.name for column in file_columns(["basicFlow"], "packets")][-1] == "l7Content"
    assert plugin_columns("txtSink", "flows") == ()


def test_find_prefers_the_flow_file_and_obeys_the_file():
    assert find("numHdrs").file == "flows"
    assert find("numHdrs", "packets").type == "U16"
    with pytest.raises(UnknownColumn, match="packets"):
        find("pktsSnt", "packets")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("srcip", "srcIP"), ("dstPrt", "dstPort"), ("numPktSnt", "numPktsSnt"), ("TCPFLAGS", "tcpFlags")],
)
def test_unknown_column_names_the_nearest(wrong, right):
    with pytest.raises(UnknownColumn) as error:
        find(wrong)
    assert right in error.value.suggestions
    assert right in str(error.value)
    assert wrong in str(error.value)


@given(st.text(max_size=300))
def test_any_name_is_found_or_refused(name):
    try:
        column = find(name)
    except UnknownColumn as error:
        assert error.name == name
        assert len(error.suggestions) <= 3
    else:
        assert name == column.name or name in column.aliases


def test_names_of_0_9_0_are_aliases_of_their_columns():
    # header row of the flow file of 0.9.0 with basicFlow, basicStats, tcpStates
    row = (
        "dir flowInd flowStat timeFirst timeLast duration numHdrDesc numHdrs hdrDesc srcMac dstMac ethType"
        " vlanID srcIP srcIPCC srcIPOrg srcPort dstIP dstIPCC dstIPOrg dstPort l4Proto numPktsSnt numPktsRcvd"
        " numBytesSnt numBytesRcvd minPktSz maxPktSz avePktSize stdPktSize minIAT maxIAT aveIAT stdIAT"
        " pktps bytps pktAsm bytAsm tcpStatesAFlags"
    )
    today = file_columns(["basicFlow", "basicStats", "tcpStates"], "flows")
    assert " ".join(old_name(c, "0.9.0") for c in today if c.name != "padBytesSnt") == row
    for column in BUILT_IN:
        old = old_name(column, "0.9.0")
        assert find(old, column.file) == column
        assert old_name(column, "0.9.3") == column.name


def test_unknown_version_is_refused():
    with pytest.raises(ValueError, match=r"0\.7"):
        old_name(find("dir"), "0.7")


@pytest.fixture
def registry():
    before = columns._registered.copy()
    yield columns.register
    columns._registered[:] = before
    columns.register([])


def test_a_user_plugin_adds_its_columns(registry):
    added = [
        Column("tcpWinStat", "H8", plugin="tcpWin", order=140),
        Column("tcpInitWinSz", "U32", plugin="tcpWin", order=140),
    ]
    registry(added)
    registry(added)
    assert plugin_columns("tcpWin", "flows") == tuple(added)
    assert find("tcpWinStat") == added[0]
    assert find("tcpInitWinSz").plugin == "tcpFlags"
    assert [c.name for c in file_columns(["tcpWin", "tcpStates", "payloadDumper"], "flows")][2:] == [
        "tcpStatesAFlags",
        "tcpWinStat",
        "tcpInitWinSz",
        "pldStat",
    ]


def test_columns_of_plugins_that_nobody_imported_are_loaded_once_when_a_name_is_not_known(registry):
    calls = []

    def register_more():
        calls.append(1)
        registry([Column("lateCount", "U32", plugin="late", order=200)])

    columns.add_source(register_more)
    assert find("srcIP").plugin == "basicFlow"
    assert calls == []
    assert find("lateCount").plugin == "late"
    with pytest.raises(UnknownColumn, match="lateCount"):
        find("lateCoun")
    assert calls == [1]


def test_names_that_columns_share_get_that_of_their_plugin():
    def names(*pairs):
        found = columns.unique_names(
            [columns.Column(name, "U8", plugin=plugin) for name, plugin in pairs], printed_name
        )
        assert len({name.lower() for name in found}) == len(found)
        return found

    assert names(("a", "x"), ("b", "x"), ("a", "y")) == ["a", "b", "a_y"]
    assert names(("a", "x"), ("A", "y"), ("A", "z")) == ["a", "A_y", "A_z"]
    assert names(("a_y", "x"), ("a", "x"), ("a", "y"), ("a", "y")) == ["a_y", "a", "a_y_2", "a_y_3"]
    every = columns.file_columns({column.plugin for column in BUILT_IN}, "flows")
    assert columns.unique_names(every, printed_name) == [column.name for column in every]
