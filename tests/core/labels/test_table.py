import ipaddress
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from t2tui.core import labels
from t2tui.core.labels import LabelError, Labels
from t2tui.core.labels.table import read_table

BUILTIN = Labels.builtin()
TABLES = {
    version: list(read_table(Path(labels.__file__).with_name(f"labels{version}.tsv"))) for version in (4, 6)
}
NETWORKS = {
    version: [(ipaddress.ip_network(prefix), code, text) for prefix, code, text in table]
    for version, table in TABLES.items()
}


def longest_match(address, networks):
    """Independent oracle: try every network."""
    if int(address) == 0:
        return "-", "-"
    matching = [entry for entry in networks if entry[0].version == address.version and address in entry[0]]
    return max(matching, key=lambda entry: entry[0].prefixlen)[1:] if matching else ("-", "-")


@st.composite
def near_edges(draw, version):
    """An address at or beside an edge of a built-in network."""
    network = draw(st.sampled_from(NETWORKS[version]))[0]
    edge = draw(st.sampled_from([int(network[0]), int(network[-1])])) + draw(st.integers(-2, 2))
    return type(network[0])(max(0, min(edge, 2**network.max_prefixlen - 1)))


@given(st.one_of(near_edges(4), st.ip_addresses(v=4)))
def test_builtin_ipv4_lookup_is_the_longest_match(address):
    assert BUILTIN.lookup(str(address)) == longest_match(address, NETWORKS[4])


@given(st.one_of(near_edges(6), st.ip_addresses(v=6)))
def test_builtin_ipv6_lookup_is_the_longest_match(address):
    assert BUILTIN.lookup(str(address)) == longest_match(address, NETWORKS[6])


@st.composite
def nested_networks(draw):
    """A few networks that share leading bits, so that they nest and touch."""
    version = draw(st.sampled_from([4, 6]))
    width = 32 if version == 4 else 128
    make = ipaddress.IPv4Network if version == 4 else ipaddress.IPv6Network
    base = draw(st.sampled_from([0, (1 << width) - 8, 0x5A << (width - 8), 5]))
    networks = {}
    for number in range(draw(st.integers(0, 12))):
        length = draw(st.integers(0, width))
        network = make((base ^ draw(st.integers(0, 15)), length), strict=False)
        networks[network] = f"text {number}"
    return version, base, [(network, "c", text) for network, text in networks.items()]


@given(nested_networks(), st.integers(-20, 20))
@example((4, 0, [(ipaddress.ip_network("0.0.0.0/0"), "c", "all")]), 0)
@example((6, 0, [(ipaddress.ip_network("::/128"), "c", "unspecified")]), 0)
def test_lookup_in_any_nested_networks_is_the_longest_match(case, offset):
    version, base, networks = case
    table = Labels((str(network), code, text) for network, code, text in networks)
    address = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    probe = address((base + offset) % 2 ** (32 if version == 4 else 128))
    assert table.lookup(str(probe)) == longest_match(probe, networks)


@given(nested_networks())
def test_ranges_ascend_strictly_from_zero(case):
    table = Labels((str(network), code, text) for network, code, text in case[2])
    v6_start = [
        (int(hi) << 64) | int(lo) for hi, lo in zip(table.v6_start_hi, table.v6_start_lo, strict=True)
    ]
    for starts, rows in ((table.v4_start.tolist(), table.v4_row), (v6_start, table.v6_row)):
        assert starts[0] == 0
        assert all(a < b for a, b in itertools.pairwise(starts))
        assert len(starts) == len(rows)
        assert rows.max() < len(table.codes) == len(table.texts)
        assert rows[0] == 0


def test_array_types_fit_the_kernels():
    assert (BUILTIN.v4_start.dtype, BUILTIN.v4_row.dtype) == (np.uint32, np.uint32)
    assert (BUILTIN.v6_start_hi.dtype, BUILTIN.v6_start_lo.dtype) == (np.uint64, np.uint64)
    assert BUILTIN.v6_row.dtype == np.uint32


def test_unknown_and_unspecified_addresses_have_row_0():
    assert (BUILTIN.codes[0], BUILTIN.texts[0]) == (b"-", b"-")
    for address in ("0.0.0.0", "::", "8.8.8.8", "2600::1"):
        assert BUILTIN.lookup(address) == ("-", "-")


def test_range_counts_are_those_of_the_reference_report():
    # start lines of every reference report: "subnet ranges loaded: 329" and "1305"
    assert (BUILTIN.ranges_v4, BUILTIN.ranges_v6) == (329, 1305)


def test_later_of_two_equal_networks_counts():
    table = Labels([("10.0.0.0/8", "aa", "first"), ("10.0.0.0/8", "bb", "second")])
    assert table.lookup("10.1.2.3") == ("bb", "second")


@pytest.mark.parametrize(
    "prefix", ["", "10.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "::/129", "fe80::/x", "::1/-1", "a/8"]
)
def test_what_is_not_a_network_is_refused(prefix):
    with pytest.raises(LabelError, match=r"network|prefix"):
        Labels([(prefix, "c", "t")])


def test_broken_table_files_are_refused_with_their_place(tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_bytes(b"# c\n10.0.0.0/8\tx\n")
    with pytest.raises(LabelError, match=r"labels\.tsv, line 2"):
        Labels(read_table(path))


def test_the_builtin_table_is_made_once():
    assert Labels.builtin() is BUILTIN


EXPECTED = Path(__file__).parents[4] / "shared" / "golden" / "expected" / "full"


@pytest.mark.golden
@pytest.mark.skipif(not EXPECTED.is_dir(), reason="reference files (../shared/golden) are not here")
def test_labels_in_reference_flow_files_are_ours():
    seen = set()
    for path in EXPECTED.glob("*/flows.txt"):
        header, *lines = path.read_text("latin-1").splitlines()
        names = header.lstrip("%").split("\t")
        for line in lines:
            flow = dict(zip(names, line.split("\t"), strict=True))
            for side in ("src", "dst"):
                seen.add((flow[f"{side}IP"], flow[f"{side}IPCC"], flow[f"{side}IPOrg"].strip('"')))
    assert len(seen) > 1000
    for address, code, text in seen:
        if address != "-":
            assert BUILTIN.lookup(address) == (code, text), address
