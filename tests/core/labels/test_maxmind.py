import ipaddress
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.labels import LabelError
from t2tui.core.labels.maxmind import SAMPLE, Database

maxminddb = pytest.importorskip("maxminddb", reason="the package maxminddb (extra geo) is not here")
from tests.core.labels.maxmind_writer import GOOGLE, MARKER, country, write_database  # noqa: E402


def ask(database, *addresses):
    """What a database says of each address, all of them found at once."""
    parsed = [ipaddress.ip_address(address) for address in addresses]
    is_ipv4 = np.array([each.version == 4 for each in parsed])
    high = np.array([int(each) >> 64 for each in parsed], np.uint64)
    low = np.array([int(each) & (1 << 64) - 1 for each in parsed], np.uint64)
    records = database.find(is_ipv4, high, low)
    columns = (column.tolist() for column in (records, is_ipv4, high, low))
    return [database.value(*each) for each in zip(*columns, strict=True)]


@st.composite
def networks(draw, version):
    """Networks that share leading bits, so that they nest, each with the country of its own."""
    families = [4, 6] if version == 6 else [4]
    found = {}
    for number in range(draw(st.integers(1, 12))):
        width = 32 if draw(st.sampled_from(families)) == 4 else 128
        base = draw(st.sampled_from([0x5DB8D822, 0x08080808])) << (width - 32)
        length = draw(st.integers(9, width))
        make = ipaddress.IPv4Network if width == 32 else ipaddress.IPv6Network
        spread = draw(st.integers(0, (1 << width) - 1)) >> draw(st.integers(0, width))
        found[str(make((base ^ spread, length), strict=False))] = country(f"c{number}")
    return found


@given(st.data(), st.sampled_from([4, 6]), st.sampled_from([24, 28, 32]))
def test_every_address_has_the_country_that_maxminddb_finds(tmp_path_factory, data, version, record_bits):
    made = data.draw(networks(version))
    path = tmp_path_factory.mktemp("database") / "country.mmdb"
    path.write_bytes(write_database(made, version=version, record_bits=record_bits))
    addresses = set()
    for network in map(ipaddress.ip_network, made):
        for edge in (int(network[0]), int(network[-1])):
            for near in (edge - 1, edge, edge + 1):
                addresses.add(type(network[0])(max(0, min(near, 2**network.max_prefixlen - 1))))
    addresses.add(ipaddress.ip_address("::1"))
    wanted = []
    with maxminddb.open_database(path) as reader:
        for address in addresses:
            record = reader.get(address) if version == 6 or address.version == 4 else None
            wanted.append(record["country"]["iso_code"] if record else None)
    assert ask(Database(path, "country"), *addresses) == wanted


@pytest.fixture
def make(tmp_path):
    def write(networks, kind="country", **more):
        path = tmp_path / f"{kind}.mmdb"
        path.write_bytes(write_database(networks, **more))
        return Database(path, kind)

    return write


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (country("CH"), "ch"),
        ({"registered_country": {"iso_code": "FR"}}, "fr"),
        ({**country("CH"), "registered_country": {"iso_code": "FR"}}, "ch"),
        ({"continent": {"code": "EU"}}, None),
        ({"country": {"iso_code": ""}}, None),
        ({"country": "CH"}, None),
        ({"country": {"iso_code": 3}}, None),
        ({"country": {"iso_code": "c\x1b[2J\u202e\t"}}, "c.[2j.."),
    ],
)
def test_code_of_a_record(make, record, code):
    database = make({"1.0.0.0/24": record, "9.0.0.0/24": country("zz")})
    assert ask(database, "1.0.0.7") == [code]


def test_organisation_of_a_record(make):
    database = make(
        {"8.8.8.0/24": GOOGLE, "2001:4860::/32": GOOGLE}, "organisation", database_type="GeoLite2-ASN"
    )
    assert ask(database, "8.8.8.8", "2001:4860::1", "9.9.9.9") == ["GOOGLE", "GOOGLE", None]
    assert database.note == "GeoLite2-ASN of 2026-09-21"


def test_database_of_ipv4_alone_knows_no_ipv6_address(make):
    database = make({"8.8.8.0/24": country("US")}, version=4)
    assert ask(database, "8.8.8.8", "::808:808") == ["us", None]


def test_long_texts(make):
    lengths = (28, 29, 255, 300, 60000)
    texts = {f"10.{n}.0.0/16": {"autonomous_system_organization": "x" * n} for n in lengths if n < 256}
    texts |= {f"11.{n >> 8}.0.0/16": {"autonomous_system_organization": "y" * n} for n in lengths if n > 255}
    database = make(texts, "organisation")
    addresses = [network.replace("0.0/16", "0.1") for network in texts]
    assert ask(database, *addresses) == [
        record["autonomous_system_organization"] for record in texts.values()
    ]


def test_missing_file_is_named(tmp_path):
    with pytest.raises(LabelError, match=r"country database '.*none\.mmdb': cannot be read: No such file"):
        Database(tmp_path / "none.mmdb", "country")


def test_folder_is_no_database(tmp_path):
    with pytest.raises(LabelError, match="country database"):
        Database(tmp_path, "country")


@pytest.mark.parametrize("content", [b"", b"x" * 1000, MARKER, MARKER + b"\xff" * 9, bytes(300_000)])
def test_what_is_no_database_is_refused(tmp_path, content):
    path = tmp_path / "x.mmdb"
    path.write_bytes(content)
    with pytest.raises(LabelError, match=r"organisation database '.*x\.mmdb': not a MaxMind database"):
        Database(path, "organisation")


def test_other_layout_is_refused(make):
    with pytest.raises(LabelError, match=r"no country in its first 100 records.* this is GeoLite2-ASN of"):
        make({"8.8.8.0/24": GOOGLE}, database_type="GeoLite2-ASN")


def test_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(LabelError, match=r"pip install 't2tui\[geo\]'"):
        Database(tmp_path / "x.mmdb", "country")


@given(st.data())
def test_damaged_bytes_give_an_error_or_an_answer(tmp_path_factory, data):
    whole = write_database({f"{n}.0.0.0/12": country(f"c{n}") for n in range(1, 40)})
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole)))) :]
    path = tmp_path_factory.mktemp("damaged") / "x.mmdb"
    path.write_bytes(content)
    try:
        database = Database(path, "country")
    except LabelError as error:
        assert "x.mmdb" in str(error)
        return
    for code in ask(database, *(f"{n}.0.0.1" for n in range(50)), "2001::1"):
        assert code is None or code.isprintable()
    assert len(database.faults) <= 1


def test_damaged_record_behind_the_sample_is_told_once(make, tmp_path):
    networks = {f"1.{n >> 8}.{n & 255}.0/24": country("aa") for n in range(2 * SAMPLE)}
    networks |= {f"200.0.{n}.0/24": country(f"x{n}") for n in range(3)}
    whole = write_database(networks)
    path = tmp_path / "x.mmdb"
    data = whole.replace(b"\x42x1", b"\x5fx1").replace(b"\x42x2", b"\x5fx2")  # texts beyond the file's end
    path.write_bytes(data)
    database = Database(path, "country")
    assert ask(database, "1.0.0.1", "200.0.0.1", "200.0.1.1", "200.0.2.1") == ["aa", "x0", None, None]
    (fault,) = database.faults
    assert "no label for 200.0.1.1" in fault
