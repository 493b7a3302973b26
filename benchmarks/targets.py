"""The speed and memory that are wanted, and whether they were reached."""

from collections.abc import Callable
from dataclasses import dataclass

from results import OURS, Results

FLOW_TABLE = 262_144
"""Flows that t2tui keeps alive at most; the SYN flood fills the table."""

FLOW_BYTES = 700
"""Memory that a flow alive may take."""


@dataclass(frozen=True, slots=True)
class Target:
    """A wanted figure.

    Attributes:
        text: what is measured, with its unit.
        limit: what is wanted.
        measured: results -> figure, None where it was not measured.
        least: the figure must reach the limit; otherwise it must not exceed it.
    """

    text: str
    limit: float
    measured: Callable[[Results], float | None]
    least: bool = False

    def verdict(self, results: Results) -> list[str]:
        """Return the row of texts under ``HEADER``."""
        figure = self.measured(results)
        wanted = f"{'>=' if self.least else '<='} {self.limit:,.7g}"
        if figure is None:
            return ["-", self.text, wanted, "not measured"]
        reached = figure >= self.limit if self.least else figure <= self.limit
        return [
            "ok" if reached else "missed",
            self.text,
            wanted,
            f"{figure:,.3g}" if figure < 1e3 else f"{figure:,.0f}",
        ]


def _against(workload: str, peer: str) -> Callable[[Results], float | None]:
    return lambda results: results.ratio(workload, OURS, peer)


def _faster(workload: str, peer: str) -> Callable[[Results], float | None]:
    return lambda results: results.ratio(workload, peer, OURS)


def _wall(workload: str) -> Callable[[Results], float | None]:
    return lambda results: results.wall(workload, OURS)


def _packet_rows(results: Results) -> float | None:
    wall = results.wall("web", f"{OURS} -s")
    return results.packets["web"] / wall if wall else None


def _bytes_per_flow(results: Results) -> float | None:
    full, empty = results.peak("syn", OURS), results.peak("ten packets", OURS)
    return (full - empty) / FLOW_TABLE if full and empty else None


def _bytes_per_packet(results: Results) -> float | None:
    """Return the growth per packet from web to web10m, beyond what the additional flows may take."""
    long, short = results.peak("web10m", OURS), results.peak("web", OURS)
    if not long or not short:
        return None
    more_flows = min(results.flows["web10m"], FLOW_TABLE) - min(results.flows["web"], FLOW_TABLE)
    growth = long - short - FLOW_BYTES * more_flows
    return max(growth, 0.0) / (results.packets["web10m"] - results.packets["web"])


HEADER = ["", "what", "wanted", "measured"]

TARGETS = (
    Target("web: time / nfpcapd's", 2.0, _against("web", "nfpcapd")),
    Target("web10m: time / nfpcapd's", 0.6, _against("web10m", "nfpcapd")),
    Target("syn: time / nfpcapd's", 0.9, _against("syn", "nfpcapd")),
    Target("web: tshark's time / t2tui's", 8.0, _faster("web", "tshark"), least=True),
    Target("web: nfstream's time / t2tui's", 4.0, _faster("web", "nfstream"), least=True),
    Target("web -s: packet rows/s", 600_000, _packet_rows, least=True),
    Target("syn: bytes per flow alive", FLOW_BYTES, _bytes_per_flow),
    Target(f"web10m: bytes per packet, beyond {FLOW_BYTES} per flow", 0.1, _bytes_per_packet),
    Target("t2tui --help, s", 0.25, _wall("--help")),
    Target("ten packets, s", 0.8, _wall("ten packets")),
    Target("first run ever, s", 30.0, _wall("first run ever")),
    Target("second run ever: kernels compiled", 0, lambda results: results.compiled),
)


def verdicts(results: Results) -> list[list[str]]:
    """Return one row per target."""
    return [target.verdict(results) for target in TARGETS]
