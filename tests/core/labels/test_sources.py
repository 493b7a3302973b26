"""Which source labels an address: runs with a text file and databases on captures made here."""

import ipaddress

import dpkt
import pytest

from t2tui import analyze
from t2tui.core.labels import LabelError

pytest.importorskip("maxminddb", reason="the package maxminddb (extra geo) is not here")
from tests.core.labels.maxmind_writer import country, write_database


def packet(source: str, number: int) -> bytes:
    udp = dpkt.udp.UDP(sport=1000 + number, dport=9, data=b"x")
    udp.ulen = len(udp)
    address = ipaddress.ip_address(source)
    if address.version == 4:
        ip = dpkt.ip.IP(src=address.packed, dst=b"\xc6\x33\x64\x01", p=17, data=udp)
        ip.len = len(ip)
    else:
        doc = ipaddress.ip_address("2001:db8::1").packed
        ip = dpkt.ip6.IP6(src=address.packed, dst=doc, nxt=17, plen=len(udp), hlim=9, data=udp)
    kind = 0x0800 if address.version == 4 else 0x86DD
    return bytes(dpkt.ethernet.Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", type=kind, data=ip))


@pytest.fixture
def labels_of(tmp_path):
    def run(addresses, settings, **options):
        """(code, text) of the source of a flow from each address; the packet file's beside them."""
        with (tmp_path / "x.pcap").open("wb") as file:
            writer = dpkt.pcap.Writer(file)
            for number, address in enumerate(addresses):
                writer.writepkt(packet(address, number), 1 + number / 1000)
        result = analyze(tmp_path / "x.pcap", settings=settings, packets=True, **options)
        flows, packets = result.flows, result.packets
        labels = zip(flows["srcIPCC"], flows["srcIPOrg"], strict=True)
        by_flow = dict(zip(flows["flowInd"], labels, strict=True))
        shown = list(zip(packets["srcIPCC"], packets["srcIPOrg"], strict=True))
        return [by_flow[number] for number in packets["flowInd"]], shown, result.report

    return run


@pytest.fixture
def sources(tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("10.9.0.0/16\tme\tMy lab\n8.8.8.8\t-\t-\n24.7.0.0-24.7.0.9\tme\tCable\n")
    countries = tmp_path / "country.mmdb"
    special = ("10.0.0.0/8", "192.168.0.0/16", "fc00::/7")
    networks = ("8.8.8.0/24", "24.0.0.0/9", "14.0.0.0/8", "2600::/16", *special)
    countries.write_bytes(write_database({network: country("US") for network in networks}))
    organisations = tmp_path / "asn.mmdb"
    named = {"8.8.8.0/24": 'Goo"gle\\', "9.9.9.0/24": "Nine\n\x1b[2J", "24.0.0.0/9": "Comcast"}
    organisations.write_bytes(
        write_database(
            {network: {"autonomous_system_organization": name} for network, name in named.items()},
            database_type="GeoLite2-ASN",
        )
    )
    return {
        "core.LABEL_FILE": own,
        "core.LABEL_COUNTRY_DB": countries,
        "core.LABEL_ORG_DB": organisations,
    }


CASES = {
    "10.9.1.1": ("me", "My lab"),  # own file
    "10.8.1.1": ("04", "Private network"),  # private: no database is asked
    "192.168.1.1": ("07", "Private network"),
    "fc00::1": ("04", "Unique local"),
    "8.8.8.8": ("-", "-"),  # own file says: no label
    "8.8.8.9": ("us", 'Goo\\"gle\\\\'),  # both databases, escaped
    "9.9.9.9": ("-", "Nine..[2J"),
    "24.7.0.9": ("me", "Cable"),
    "24.7.0.10": ("us", "Comcast"),  # built in as a cable network, but the databases know better
    "24.200.0.1": ("09", "Cable television networks"),  # they know nothing
    "14.1.1.1": ("us", "-"),
    "2600::1": ("us", "-"),
    "2601::1": ("-", "-"),
    "0.0.0.0": ("-", "-"),
}


@pytest.mark.parametrize("options", [{}, {"batch_packets": 3}, {"force_mode": True}])
def test_order_of_the_sources(labels_of, sources, options):
    if options.pop("force_mode", False):
        sources = {**sources, "core.FORCE_MODE": 1}
    flows, packets, report = labels_of(list(CASES), sources, **options)
    assert dict(zip(CASES, flows, strict=True)) == CASES
    raw = {**CASES, "8.8.8.9": ("us", 'Goo"gle\\')}
    assert dict(zip(CASES, packets, strict=True)) == raw
    notes = [line for line in report if line.startswith("[INF] Labels of")]
    assert [line.partition("': ")[2] for line in notes] == [
        "3 ranges",
        "country by GeoLite2-Country of 2026-09-21",
        "organisation by GeoLite2-ASN of 2026-09-21",
    ]


def test_more_labels_than_there_was_room_for(labels_of, tmp_path):
    """The words of the row writers are exchanged while the run goes on."""
    names = {f"9.0.{n >> 4}.{(n & 15) << 4}/28": f"Organisation number {n}" for n in range(3000)}
    path = tmp_path / "asn.mmdb"
    path.write_bytes(write_database({n: {"autonomous_system_organization": t} for n, t in names.items()}))
    addresses = [network.partition("/")[0] for network in names]
    addresses[0] = "9.0.0.1"
    flows, packets, _ = labels_of(addresses, {"core.LABEL_ORG_DB": path}, batch_packets=100)
    assert flows == packets == [("-", name) for name in names.values()]


def test_missing_sources_are_errors_before_the_run(labels_of, sources, tmp_path):
    for flag in sources:
        with pytest.raises(LabelError, match=r"none': cannot be read"):
            labels_of(["8.8.8.8"], {**sources, flag: tmp_path / "none"})


def test_home_folder(labels_of, sources, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert labels_of(["10.9.1.1"], {"core.LABEL_FILE": "~/own.txt"})[0] == [("me", "My lab")]


def test_damaged_record_is_a_warning(labels_of, sources, tmp_path):
    whole = write_database({f"9.0.{n}.0/24": country(f"{n:03}") for n in range(150)})
    path = tmp_path / "damaged.mmdb"
    path.write_bytes(whole.replace(b"\x43149", b"\x5f149"))
    flows, _, report = labels_of(["9.0.149.1", "9.0.148.1", "9.0.149.2"], {"core.LABEL_COUNTRY_DB": path})
    assert flows == [("-", "-"), ("148", "-"), ("-", "-")]
    (warning,) = [line for line in report if line.startswith("[WRN]")]
    assert warning.startswith(f"[WRN] country database '{path}': damaged, no label for 9.0.149.1: ")
