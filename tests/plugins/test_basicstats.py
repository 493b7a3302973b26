"""basicStats against a model that computes with numpy's single precision scalars, one flow at a time."""

import ipaddress
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from t2tui.core.layout import FLOW, KIND_IPV4, KIND_IPV6, KIND_LAYER2, PACKET
from t2tui.plugins.base import Run
from t2tui.plugins.basicstats import BasicStats

f4, f8 = np.float32, np.float64

SLOTS = 4


class Moments:
    def __init__(self, avg: float) -> None:
        self.avg, self.var, self.skew, self.kur = f4(avg), f4(0), f4(0), f4(0)

    def add(self, x: np.float32, div: np.float32) -> None:
        m = f4(x - self.avg)
        self.avg = f4(self.avg + f4(m / div))
        q = f4(m * m)
        self.var = f4(self.var + f4(f4(q - self.var) / div))
        self.skew = f4(self.skew + f4(f4(f4(q * m) - self.skew) / div))
        self.kur = f4(self.kur + f4(f4(f4(q * q) - self.kur) / div))

    def results(self, subject: str) -> dict[str, np.float32]:
        if self.var == 0:
            skew = kur = f4(0)
        else:
            skew = f4(f8(self.skew) / (f8(self.var) * np.sqrt(f8(self.var))))
            kur = f4(self.kur / f4(self.var * self.var))
        return {
            f"std{subject}": f4(np.sqrt(f8(self.var))),
            f"var{subject}": self.var,
            f"skew{subject}": skew,
            f"kur{subject}": kur,
        }


class Model:
    """One flow, packet by packet."""

    def __init__(self, length: int, sec: int, frac: int) -> None:
        self.n = self.b = self.n0 = 0
        self.shortest, self.longest = 65535, 0
        self.least, self.most = f4(4.0e12), f4(0)
        self.length, self.iat = Moments(length), Moments(0)
        self.last = sec, frac

    def packet(self, length: int, sec: int, frac: int, counts: bool) -> None:
        self.n += 1
        self.b += length
        if not counts:
            return
        self.n0 += 1
        self.shortest, self.longest = min(length, self.shortest), max(length, self.longest)
        seconds = (sec - self.last[0]) % 2**32
        iat = f4(f8(f4(seconds)) + f8(f4(frac - self.last[1])) / 1e9)
        self.least, self.most = min(iat, self.least), max(iat, self.most)
        self.last = sec, frac
        self.length.add(f4(length), f4(self.n0))
        self.iat.add(iat, f4(self.n0))

    def results(self, other: "Model | None", flow: np.void) -> dict[str, Any]:
        on, ob = (other.n, other.b) if other else (0, 0)
        pktps = bytps = f4(0)
        if flow["durSec"] or flow["durFrac"]:
            d = f4(f8(int(flow["durSec"]) % 2**32) + f8(flow["durFrac"]) / 1e9)
            pktps, bytps = f4(f4(self.n) / d), f4(f4(self.b) / d)
        s = f4(-1) if other is None and flow["flowStat"] & np.uint64(1) else f4(1)
        bytes_both = self.b + ob
        return {
            "pktsSnt": self.n,
            "pktsRcvd": on,
            "pktsRTAggr": self.n + on,
            "padBytesSnt": flow["padBytes"],
            "l7BytesSnt": self.b,
            "l7BytesRcvd": ob,
            "l7BytesRTAggr": self.b + ob,
            "minL7PktSz": self.shortest,
            "maxL7PktSz": self.longest,
            "avgL7PktSz": f4(f4(self.b) / f4(self.n0)) if self.n0 else f4(0),
            "minIAT": self.least,
            "maxIAT": self.most,
            "avgIAT": self.iat.avg,
            "pktps": pktps,
            "bytps": bytps,
            "pktAsm": f4(f4(s * f4(f4(self.n) - f4(on))) / f4(self.n + on)),
            "bytAsm": f4(f4(f4(self.b) - f4(ob)) / f4(bytes_both)) if bytes_both else f4(0),
            **self.length.results("L7PktSz"),
            **self.iat.results("IAT"),
        }


def counts(length: int, settings: Any) -> bool:
    tests = (
        True,
        length > settings.BS_XMIN,
        length < settings.BS_XMAX,
        settings.BS_XMIN <= length <= settings.BS_XMAX,
        length < settings.BS_XMIN and length > settings.BS_XMAX,
    )
    return tests[settings.BS_XCLD]


def settings(**changed: int) -> SimpleNamespace:
    return SimpleNamespace(**{flag.name: flag.default for flag in BasicStats.flags} | changed)


ALL = {"BS_AGGR_CNT": 1, "BS_VAR": 1}

steps = st.one_of(
    st.just(0),
    st.integers(0, 2 * 10**9),
    st.integers(-2 * 10**9, 0),
    st.integers(0, 10**15),
)
lengths = st.one_of(st.integers(0, 65535), st.sampled_from([0, 1, 2, 3, 1460]))


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[int, int, int, int, bool]]:
    """(slot, length, sec, frac, isNew) in order of the capture; a slot may be taken again."""
    ns = draw(st.integers(0, 2**32 * 10**9))
    seen: set[int] = set()
    packets = []
    for slot, length, step, again in draw(
        st.lists(
            st.tuples(st.integers(-1, SLOTS - 1), lengths, steps, st.integers(0, 20)), min_size=1, max_size=40
        )
    ):
        ns += step
        is_new = slot >= 0 and (slot not in seen or again == 0)
        seen.add(slot)
        packets.append((slot, length, *divmod(ns, 10**9), is_new))
    return packets


@st.composite
def flow_records(draw: st.DrawFn) -> NDArray[Any]:
    records = np.zeros(SLOTS, FLOW)
    records["opposite"] = draw(st.sampled_from([[-1, -1, -1, -1], [1, 0, -1, -1], [1, 0, 3, 2]]))
    records["kind"] = draw(
        st.lists(st.sampled_from([KIND_LAYER2, KIND_IPV4, KIND_IPV6]), min_size=4, max_size=4)
    )
    records["flowStat"] = draw(st.lists(st.integers(0, 1), min_size=4, max_size=4))
    records["durSec"] = draw(st.lists(st.sampled_from([0, 0, 1, 3600, 2**32 - 1]), min_size=4, max_size=4))
    records["durFrac"] = draw(st.lists(st.sampled_from([0, 1, 999_999_999]), min_size=4, max_size=4))
    records["padBytes"] = [0, 6, 18, 46]
    return records


def feed(plugin: BasicStats, packets: list[tuple[int, int, int, int, bool]], cut: int) -> None:
    array = np.zeros(len(packets), PACKET)
    for name, values in zip(
        ("flow", "pktLen", "sec", "frac", "isNew"), zip(*packets, strict=True), strict=True
    ):
        array[name] = values
    for part in (array[:cut], array[cut:]):
        plugin.on_packets(part, np.zeros(0, np.uint8))


def begin(plugin: BasicStats, records: NDArray[Any], **more: Any) -> Run:
    run = Run(SimpleNamespace(records=records), None, None, None, SLOTS, 64, **more)
    plugin.start(run)
    return run


def same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, np.float32):
        return (np.isnan(wanted) and np.isnan(got)) or got.tobytes() == wanted.tobytes()
    return int(got) == int(wanted)


@given(
    batches(),
    flow_records(),
    st.integers(0, 40),
    st.integers(0, 4),
    st.sampled_from([(1, 65535), (5, 1000), (1000, 5)]),
    st.sampled_from([0, 1, 2, 1000]),
)
def test_every_single_is_rounded_where_the_reference_rounds(
    packets: list[tuple[int, int, int, int, bool]],
    records: NDArray[Any],
    cut: int,
    xcld: int,
    bounds: tuple[int, int],
    modulus: int,
) -> None:
    chosen = settings(**ALL, BS_XCLD=xcld, BS_XMIN=bounds[0], BS_XMAX=bounds[1], BS_MOD=modulus)
    plugin = BasicStats(chosen)
    begin(plugin, records)
    feed(plugin, packets, cut)
    models: dict[int, Model] = {}
    with np.errstate(all="ignore"):
        for slot, length, sec, frac, is_new in packets:
            if slot < 0:
                continue
            if modulus > 1:
                length %= modulus
            if is_new:
                models[slot] = Model(length, sec, frac)
            models[slot].packet(length, sec, frac, counts(length, chosen))
        for slot in models:
            if records[slot]["opposite"] not in models:
                records[slot]["opposite"] = -1
        plugin.on_released(np.array(sorted(models), np.int32))
        fields = {column.name: field.values for column, field in plugin.flow_fields()}
        for slot, model in models.items():
            wanted = model.results(models.get(int(records[slot]["opposite"])), records[slot])
            assert fields.keys() == wanted.keys()
            wrong = {
                name: (fields[name][slot], value)
                for name, value in wanted.items()
                if not same(fields[name][slot], value)
            }
            assert not wrong


def test_the_mean_that_is_written_is_not_the_running_one() -> None:
    plugin = BasicStats()
    begin(plugin, np.zeros(SLOTS, FLOW))
    lengths = [1, 2, 2, 1, 5, 65535, 3]
    feed(plugin, [(0, length, 0, 0, i == 0) for i, length in enumerate(lengths)], 3)
    plugin.on_released(np.array([0], np.int32))
    assert plugin.summaries[0]["avgL7PktSz"] == f4(f4(sum(lengths)) / f4(len(lengths)))
    assert plugin.summaries[0]["avgL7PktSz"] != plugin.stats[0]["length"]["avg"]


DEFAULT = (
    "pktsSnt pktsRcvd padBytesSnt l7BytesSnt l7BytesRcvd minL7PktSz maxL7PktSz avgL7PktSz stdL7PktSz "
    "minIAT maxIAT avgIAT stdIAT pktps bytps pktAsm bytAsm"
)


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({}, DEFAULT),
        (
            {"BS_AGGR_CNT": 1},
            DEFAULT.replace("pktsRcvd", "pktsRcvd pktsRTAggr").replace(
                "l7BytesRcvd", "l7BytesRcvd l7BytesRTAggr"
            ),
        ),
        ({"BS_REV_CNT": 0}, DEFAULT.replace("pktsRcvd ", "").replace("l7BytesRcvd ", "")),
        ({"BS_PAD": 0}, DEFAULT.replace("padBytesSnt ", "")),
        ({"BS_STATS": 0}, "pktsSnt pktsRcvd padBytesSnt l7BytesSnt l7BytesRcvd"),
        ({"BS_PL_STATS": 0}, DEFAULT.replace("minL7PktSz maxL7PktSz avgL7PktSz stdL7PktSz ", "")),
        ({"BS_IAT_STATS": 0}, DEFAULT.replace("minIAT maxIAT avgIAT stdIAT ", "")),
        ({"BS_STDDEV": 0}, DEFAULT.replace("stdL7PktSz ", "").replace("stdIAT ", "")),
        (
            {"BS_VAR": 1},
            DEFAULT.replace("stdL7PktSz", "stdL7PktSz varL7PktSz skewL7PktSz kurL7PktSz").replace(
                "stdIAT", "stdIAT varIAT skewIAT kurIAT"
            ),
        ),
        (
            {"BS_VAR": 1, "BS_SK": 0},
            DEFAULT.replace("stdL7PktSz", "stdL7PktSz varL7PktSz").replace("stdIAT", "stdIAT varIAT"),
        ),
    ],
)
def test_flags_choose_the_columns(flags: dict[str, int], names: str) -> None:
    plugin = BasicStats(settings(**flags))
    begin(plugin, np.zeros(SLOTS, FLOW))
    columns = [column for column, _ in plugin.flow_fields()]
    assert [column.name for column in columns] == names.split()
    assert all(column.header for column in columns)


def test_packet_columns_and_the_remainder_of_lengths(
    make_run: Callable[..., Run],
    make_packets: Callable[..., NDArray[Any]],
    lines_of: Callable[..., list[dict[str, str]]],
) -> None:
    plugin = BasicStats(settings(BS_MOD=100))
    run = make_run(plugin, packet_mode=True)
    packets = make_packets(
        [0, 1, 0], len=[60, 1514, 4000000000], pktLen=[0, 1460, 65528], snapL3Len=[46, 1500, 4294967294],
        snapL4Len=1, snapL7Len=2, l3Len=3, udpLen=4, l7Len=[0, 1460, 65528], padLen=[6, 0, -1],
    )  # fmt: skip
    for run.row in range(3):
        plugin.on_packets(packets[run.row : run.row + 1], np.zeros(0, np.uint8))
    lines = lines_of(plugin.packet_fields(packets), [0, 1, 0], [0, 1, 2])
    assert list(lines[0]) == [
        "pktLen",
        "snapL3Len",
        "snapL4Len",
        "snapL7Len",
        "l3Len",
        "udpLen",
        "l7Len",
        "pktLenMod",
        "padLen",
    ]
    assert [list(line.values()) for line in lines] == [
        ["60", "46", "1", "2", "3", "4", "0", "0", "6"],
        ["1514", "1500", "1", "2", "3", "4", "1460", "60", "0"],
        ["4000000000", "4294967294", "1", "2", "3", "4", "65528", "28", "-1"],
    ]


def reported(
    flows: list[dict[str, Any]], packets: list[tuple[int, int]], run_totals: dict[str, int], **flags: int
) -> list[str]:
    """Report lines for flows that end in the order of their slots, one after the other."""
    records = np.zeros(SLOTS, FLOW)
    records["opposite"] = -1
    for record, columns in zip(records, flows, strict=False):
        for name, value in columns.items():
            record[name] = value
    plugin = BasicStats(settings(**flags))
    run = begin(plugin, records, **run_totals)
    run.labels = SimpleNamespace(codes=[b"-", b"04", b"de"])
    seen: set[int] = set()
    feed(
        plugin, [(slot, length, 0, 0, slot not in seen and not seen.add(slot)) for slot, length in packets], 2
    )
    for slot in range(len(flows)):
        plugin.on_released(np.array([slot], np.int32))
    return list(plugin.report())


IPV4 = {"kind": KIND_IPV4, "srcLo": int(ipaddress.IPv4Address("10.0.0.1")), "srcLabel": 1}


def test_report_of_one_flow_without_payload() -> None:
    assert reported([IPV4], [(0, 0)], {"packets": 4, "flow_bytes": 240}) == [
        "Flow max(pktload): 0",
        "Flow max(b/s), pkts: 0, 0",
        "Biggest L3 flow talker: 10.0.0.1: 1 [25.00%] packets",
        "Biggest L3 flow talker: : 0 [0.00%] bytes",
    ]


def test_report_compares_packets_and_bytes_of_single_flows_per_layer() -> None:
    flows = [
        IPV4 | {"durSec": 2},
        {"kind": KIND_IPV6, "srcHi": 0x20010DB8 << 32, "srcLo": 1, "srcLabel": 2, "durFrac": 500_000_000},
        {"kind": KIND_LAYER2, "srcLo": 0x0123456789AB},
        IPV4 | {"srcLo": 1},
    ]
    packets = [(0, 10), (0, 10), (1, 1500), (2, 46), (3, 1), (3, 1)]
    assert reported(flows, packets, {"packets": 6, "flow_bytes": 1000}) == [
        "Flow max(pktload): 1500 (1.50 K)",
        "Flow max(b/s), pkts: 24000 (24.00 Kb/s), 1",
        "Biggest L2 flow talker: 01:23:45:67:89:ab: 1 [16.67%] packets",
        "Biggest L2 flow talker: 01:23:45:67:89:ab: 46 [4.60%] bytes",
        "Biggest L3 flow talker: 10.0.0.1: 2 [33.33%] packets",  # the later flow has no more packets
        "Biggest L3 flow talker: 2001:db8::1 (DE): 1500 (1.50 K) [150.00%] bytes",
    ]


def test_report_without_flows_and_without_statistics() -> None:
    assert reported([], [(-1, 0)], {}) == ["Flow max(pktload): 0", "Flow max(b/s), pkts: 0, 0"]
    assert reported([], [(-1, 0)], {}, BS_STATS=0) == []


def test_the_largest_load_is_cut_to_an_integer() -> None:
    lines = reported([IPV4, IPV4, IPV4], [(0, 5), (0, 4), (1, 4), (2, 3)], {})
    assert lines[0] == "Flow max(pktload): 4"


def test_a_duration_of_nothing_gives_a_rate_that_can_be_printed() -> None:
    strange = IPV4 | {"durSec": 1, "durFrac": -(10**9)}
    assert reported([strange], [(0, 1)], {})[1] == ("Flow max(b/s), pkts: 9223372036854775808 (9.22 Eb/s), 1")
