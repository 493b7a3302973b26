import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core import bits, flowstat
from t2tui.core.bits import UnknownBit, report_lines, table, tables
from t2tui.core.columns import all_columns

SHARED = Path(__file__).parents[3] / "shared"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="facts and reference files (../shared) are not here"
)

COLUMNS = sorted(tables())


@needs_shared
def test_every_fact_of_the_specification_is_in_the_tables():
    def read(name):
        return tomllib.loads((SHARED / "spec" / name).read_text())

    flow_stat = read("flowstat.toml")
    for fact in flow_stat["bit"]:
        bit = table("flowStat").bits[fact["bit"]]
        assert (bit.number, bit.mask) == (fact["bit"], int(fact["hex"], 16))
        assert (bit.level, bit.decoder, bit.report) == (
            fact["level"],
            fact["decoder"],
            fact.get("report", ""),
        )
        assert (bit.description, bit.name or fact["name"]) == (fact["description"], fact["name"])
    order = flow_stat["report_order"]
    assert [list(group) for group in bits.WARNING_ORDER] == order["wrn"]
    assert [list(group) for group in bits.INFORMATION_ORDER] == order["inf"]

    core = read("core_bitfields.toml")
    for column in ("tcpStatesAFlags", "pldStat"):
        assert [(b.number, b.decoder, b.description) for b in table(column).bits] == [
            (fact["bit"], fact["decoder"], fact["description"]) for fact in core[column]["bits"]
        ]
    for column in read("bitfields.toml")["column"]:
        assert table(column["name"]).width == column["width"]
        assert [(b.number, b.name, b.description) for b in table(column["name"]).bits] == [
            (fact["bit"], fact["name"], fact["description"]) for fact in column["bits"]
        ]


@pytest.mark.parametrize("column", COLUMNS)
def test_bits_ascend_within_the_width_and_names_differ(column):
    numbers = [bit.number for bit in table(column).bits]
    names = [bit.name.casefold() for bit in table(column).bits if bit.name]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < table(column).width
    assert len(names) == len(set(names))
    assert all(bit.description and (bit.name or bit.description == "unused") for bit in table(column).bits)


@given(st.sampled_from(COLUMNS), st.integers(0, 2**64 - 1))
def test_set_bits_are_exactly_the_known_bits_of_a_value(column, value):
    chosen = table(column)
    assert sum(bit.mask for bit in chosen.set_bits(value)) == value & sum(bit.mask for bit in chosen.bits)
    for bit in chosen.set_bits(value):
        if bit.name:
            assert chosen.bit(bit.name.lower()) is bit


def test_masks_of_the_kernels_have_the_names_of_the_table():
    masks = {name: value for name, value in vars(flowstat).items() if name.isupper()}
    assert masks == {bit.name.upper(): bit.mask for bit in table("flowStat").bits if bit.name}


def test_bit_tables_of_columns_exist_and_fit_their_width():
    with_table = [column for column in all_columns() if column.bits]
    assert {column.name for column in with_table} >= {"flowStat", "tcpStatesAFlags", "pldStat", "tcpFlags"}
    for column in with_table:
        assert column.type.split("_")[0] == f"H{table(column.bits).width}"  # of a compound the first part


@given(st.sampled_from(COLUMNS), st.integers(0, 2**64 - 1))
def test_format_has_the_columns_full_width(column, value):
    width = table(column).width
    value &= 2**width - 1
    assert table(column).format(value) == "0x" + value.to_bytes(width // 8).hex()


def test_what_is_unknown_is_named_with_its_neighbours():
    with pytest.raises(UnknownBit, match=r"unknown bit field 'flowstat'; did you mean flowStat"):
        table("flowstat")
    with pytest.raises(UnknownBit, match=r"unknown bit of flowStat 'L2_ARPP'; did you mean L2_ARP"):
        table("flowStat").bit("L2_ARPP")
    with pytest.raises(UnknownBit):
        table("flowStat").bit("")


@given(st.integers(0, 2**64 - 1))
def test_report_has_each_text_once_warnings_first(value):
    lines = list(report_lines(value))
    assert len(set(lines)) == len(lines)
    assert lines == sorted(lines, key=lambda line: line[0] != "wrn")
    expected = {(bit.level, bit.report) for bit in table("flowStat").set_bits(value) if bit.level != "none"}
    assert set(lines) == expected


@pytest.mark.golden
@needs_shared
def test_report_lines_are_those_of_every_reference_report():
    marks = {"wrn": "[WRN] ", "inf": "[INF] "}
    paths = sorted((SHARED / "golden" / "expected").glob("*/*/report.txt"))
    seen = 0
    for path in paths:
        _, found, end = path.read_text("latin-1").partition("\nAggregated flowStat=")
        if not found:
            continue
        value, *lines = end.splitlines()
        assert lines == [marks[level] + text for level, text in report_lines(int(value, 16))], path
        seen += 1
    assert seen > 1000
