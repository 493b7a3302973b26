import gzip
import io
from collections import Counter
from pathlib import Path

import dpkt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.layout import PACKET
from t2tui.core.statistics import SIZES, Traffic, TrafficView, size_name
from t2tui.core.statistics.counting import PROTOCOLS
from t2tui.core.statistics.traffic import BINS, FAR, NANOSECONDS, TIMELINES
from tests.core.captures import EXERCISE, GOLDEN, NO_GOLDEN
from tests.core.statistics.reading import read

START = 1_700_000_000 * NANOSECONDS
YEAR = 365 * 86_400 * NANOSECONDS
COLUMN = {6: 0, 17: 1}

Sent = tuple[int, int, int]
"""Time in ns, length, protocol."""


def records(packets: list[Sent]) -> np.ndarray:  # type: ignore[type-arg]
    """Make PACKET records."""
    made = np.zeros(len(packets), PACKET)
    for record, (time, length, protocol) in zip(made, packets, strict=True):
        record["sec"], record["frac"] = divmod(time, NANOSECONDS)
        record["len"], record["l4Proto"] = length, protocol
    return made


def counted(*batches: list[Sent]) -> TrafficView:
    traffic = Traffic()
    for batch in batches:
        traffic.append(records(batch))
    return traffic.view()


def expected(view: TrafficView, packets: list[Sent]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Count packets into the bins of a view, one by one."""
    counts, octets = np.zeros_like(view.packets), np.zeros_like(view.bytes)
    for time, length, protocol in packets:
        place = (time - view.begin) // view.width
        assert 0 <= place < len(counts)
        counts[place, COLUMN.get(protocol, 2)] += 1
        octets[place, COLUMN.get(protocol, 2)] += length
    return counts, octets


def check(view: TrafficView, packets: list[Sent]) -> None:
    counts, octets = expected(view, packets)
    np.testing.assert_array_equal(view.packets, counts)
    np.testing.assert_array_equal(view.bytes, octets)
    assert view.packets[0].any() and view.packets[-1].any()


LENGTHS = st.integers(0, 2**32 - 1) | st.sampled_from([edge + by for edge in SIZES[1:] for by in (-1, 0)])
PROTOCOL = st.sampled_from([6, 17, 1, 0])


def sent(times: st.SearchStrategy[int]) -> st.SearchStrategy[list[list[Sent]]]:
    return st.lists(st.lists(st.tuples(times, LENGTHS, PROTOCOL), max_size=12), min_size=1, max_size=6)


@given(sent(st.integers(START, START + 3 * NANOSECONDS) | st.integers(START - FAR // 2, START + FAR // 2)))
def test_packets_in_any_order_fall_into_the_bins_of_their_times(batches: list[list[Sent]]) -> None:
    packets = [packet for batch in batches for packet in batch]
    view = counted(*batches)
    if not packets:
        assert len(view.packets) == view.count == 0
        return
    check(view, packets)
    assert view.strays == 0
    assert len(view.packets) <= BINS
    times = [time for time, *_ in packets]
    assert max(times) - min(times) >= view.width * (BINS // 2 - 1) or view.width == 1 << 20


@given(
    sent(st.integers(0, 60 * YEAR) | st.integers(-(2**63), 2**63 - 1) | st.integers(START, START + YEAR // 4))
)
def test_no_packet_is_lost_whatever_its_time(batches: list[list[Sent]]) -> None:
    packets = [packet for batch in batches for packet in batch]
    view = counted(*batches)
    assert view.count == len(packets)
    assert view.byte_count == sum(length for _, length, _ in packets)
    classes = Counter(np.searchsorted(SIZES, length, "right") - 1 for _, length, _ in packets)
    assert view.sizes.tolist() == [classes[number] for number in range(len(SIZES))]
    assert len(view.packets) <= BINS


@given(
    st.lists(st.integers(START, START + 1000 * NANOSECONDS), min_size=80, max_size=120),
    st.lists(
        st.integers(0, START - YEAR) | st.integers(START + YEAR, START + 50 * YEAR), max_size=3, unique=True
    ),
    st.randoms(use_true_random=False),
    st.integers(1, 40),
)
def test_damaged_times_do_not_spoil_the_bins_of_all_others(times, strays, random, size) -> None:  # type: ignore[no-untyped-def]
    packets = [(time, 60, 6) for time in times]
    mixed = packets + [(time, 1000, 17) for time in strays]
    random.shuffle(mixed)
    view = counted(*(mixed[first : first + size] for first in range(0, len(mixed), size)))
    check(view, packets)
    assert (view.strays, view.stray_bytes) == (len(strays), 1000 * len(strays))
    assert view.width <= 1 << 30  # 1000 s need half a second


def test_damage_on_purpose_leaves_the_capture_visible() -> None:
    scattered = [
        (number * YEAR // 5, 60, 6) for number in range(500) if abs(number * YEAR // 5 - START) > YEAR
    ]
    packets = [(START + number * 1_000_000, 60, 17) for number in range(5000)]
    view = counted(scattered[:200], packets, scattered[200:])
    check(view, packets)
    assert view.strays == len(scattered) > TIMELINES


def test_parts_of_a_capture_that_lie_years_apart_are_both_shown() -> None:
    packets = [
        (START + number * NANOSECONDS + year * YEAR, 60, 6) for year in (0, 3) for number in range(100)
    ]
    view = counted(packets[:100], packets[100:])
    check(view, packets)
    assert view.strays == 0


def test_a_packet_a_day_for_a_year_is_no_damage() -> None:
    packets = [(START + number * 86_400 * NANOSECONDS, 60, 6) for number in range(365)]
    view = counted(*([packet] for packet in packets))
    check(view, packets)
    assert view.strays == 0


def test_lists_of_captures_have_microseconds() -> None:
    traffic = Traffic()
    made = records([(START, 60, 6)])
    made["frac"] = 999_999
    traffic.append(made, 10**6)
    assert traffic.view().begin == (START + 999_999_000) >> 20 << 20


@given(
    sent(st.integers(START, START + 100 * NANOSECONDS)),
    st.integers(1, 200),
    st.integers(-(10**10), 10**11),
    st.integers(1, 10**11),
)
def test_columns_of_a_plot_share_what_the_bins_hold(batches, count, begin, span) -> None:  # type: ignore[no-untyped-def]
    view = counted(*batches)
    packets, octets = view.columns(count, START + begin, START + begin + span)
    assert packets.shape == octets.shape == (count, len(PROTOCOLS))
    edges = begin + span * np.arange(count + 1) / count
    at = view.begin - START + view.width * np.arange(len(view.packets))
    left, right = edges[:-1, None], edges[1:, None]
    common = np.minimum(right, at + view.width) - np.maximum(left, at)
    share = np.maximum(common, 0) / view.width  # of each bin that lies in each column
    np.testing.assert_allclose(packets, share @ view.packets, atol=1e-3)
    np.testing.assert_allclose(octets, share @ view.bytes, rtol=1e-3, atol=1e-3 * view.byte_count + 1e-3)


def test_all_columns_together_are_all_packets() -> None:
    view = counted([(START + number**3, 60 + number, 6) for number in range(2000)])
    packets, octets = view.columns(77)
    assert packets.sum() == pytest.approx(2000)
    assert octets.sum() == pytest.approx(view.byte_count)


def test_a_plot_without_time_is_refused() -> None:
    view = counted([(START, 60, 6)])
    with pytest.raises(ValueError, match="an end behind its begin"):
        view.columns(10, START, START)


def test_classes_of_lengths_have_names() -> None:
    assert [size_name(number) for number in (0, 2, 9)] == ["0-19", "40-79", "5120+"]


def by_dpkt(path: Path) -> list[tuple[int, int]]:
    """Times (ns) and lengths of the packets of a classic capture, read by another program."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    reader = dpkt.pcap.Reader(io.BytesIO(content))
    nanoseconds = content[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    factor = 1 if nanoseconds else 1000
    order = ">" if content[:4] in (b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d") else "<"
    found, position = [], 24
    for _, data in reader:
        sec, frac, caplen, length = np.frombuffer(content, f"{order}u4", 4, position).tolist()
        assert content[position + 16 : position + 16 + caplen] == data
        found.append((sec * NANOSECONDS + frac * factor, length))
        position += 16 + caplen
    return found


CAPTURES = (
    "communityid__ipv6.pcap",
    "communityid__udp.pcap",
    "conn-size.pcap",
    "arp-leak.pcap",
    "dhcp__dhcp_flood.pcap",
    "bittorrent__tracker.pcap",
)


@pytest.mark.parametrize("name", ["", *CAPTURES])
def test_figures_of_captures_are_those_of_dpkt(name: str) -> None:
    path = GOLDEN / "captures" / name if name else EXERCISE
    if not path.exists():
        pytest.skip(NO_GOLDEN)
    _, view = read(path)
    packets = by_dpkt(path)
    assert (view.count, view.byte_count) == (len(packets), sum(length for _, length in packets))
    counts: Counter[int] = Counter()
    octets: Counter[int] = Counter()
    near = [(time, length) for time, length in packets if view.begin <= time < view.end]
    for time, length in near:
        counts[(time - view.begin) // view.width] += 1
        octets[(time - view.begin) // view.width] += length
    assert view.strays == len(packets) - len(near) == (name == "conn-size.pcap")  # one is half a year early
    assert view.packets.sum(axis=1).tolist() == [counts[place] for place in range(len(view.packets))]
    assert view.bytes.sum(axis=1).tolist() == [octets[place] for place in range(len(view.bytes))]
