"""What was measured, as an aligned table, as Markdown and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from measure import Run, Spread, cpus, own_peak, ratios, walls

OURS = "t2tui"
"""The contestant that all others are compared with."""


@dataclass(slots=True)
class Results:
    """Everything that one call of the benchmark measured.

    Attributes:
        machine: name -> text, for the reader.
        packets: workload -> packets in its capture.
        runs: workload -> contestant -> runs. Starts of the program are workloads without packets.
        flows: workload -> rows that t2tui wrote into its flow file.
        failed: messages.
        compiled: files that the second run ever added to the cache of compiled kernels; None = not measured.
    """

    machine: dict[str, str] = field(default_factory=dict)
    packets: dict[str, int] = field(default_factory=dict)
    runs: dict[str, dict[str, list[Run]]] = field(default_factory=dict)
    flows: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    compiled: int | None = None

    def of(self, workload: str, contestant: str) -> list[Run] | None:
        """Return the runs of a contestant, None where there are none."""
        return self.runs.get(workload, {}).get(contestant) or None

    def wall(self, workload: str, contestant: str) -> float | None:
        """Return the median wall clock in seconds."""
        runs = self.of(workload, contestant)
        return Spread.of(walls(runs)).median if runs else None

    def peak(self, workload: str, contestant: str) -> float | None:
        """Return the median peak memory in bytes."""
        runs = self.of(workload, contestant)
        return Spread.of([run.peak for run in runs]).median if runs else None

    def ratio(self, workload: str, contestant: str, other: str) -> float | None:
        """Return the median of wall clock over the other's wall clock, round by round."""
        runs, others = self.of(workload, contestant), self.of(workload, other)
        return Spread.of(ratios(walls(runs), walls(others))).median if runs and others else None

    def as_json(self) -> dict[str, object]:
        """Return what json.dump can write."""
        return asdict(self)


HEADER = [
    "workload",
    "program",
    "wall s",
    "CPU s",
    "packets/s",
    "peak MB",
    f"wall / {OURS}'s",
    f"CPU / {OURS}'s",
]


def _spread(figures: Sequence[float], digits: int) -> str:
    spread = Spread.of(figures)
    return f"{spread.median:.{digits}f} ({spread.least:.{digits}f}-{spread.greatest:.{digits}f})"


def _peak(runs: Sequence[Run]) -> str:
    if max(run.peak for run in runs) <= own_peak():
        return f"<= {own_peak() / 1e6:.0f}"
    return _spread([run.peak / 1e6 for run in runs], 0)


def rows(results: Results) -> list[list[str]]:
    """Return one row of texts per workload and contestant, under ``HEADER``; median (least-greatest)."""
    table = []
    for workload, contestants in results.runs.items():
        packets, ours = results.packets.get(workload), contestants.get(OURS)
        for name, runs in contestants.items():
            rate = f"{packets / Spread.of(walls(runs)).median:,.0f}" if packets else "-"
            row = [workload, name, _spread(walls(runs), 2), _spread(cpus(runs), 2), rate, _peak(runs)]
            of = [_spread(ratios(take(runs), take(ours)), 2) if ours else "-" for take in (walls, cpus)]
            table.append([*row, *of])
    return table


def aligned(table: Sequence[Sequence[str]], left: int = 2) -> str:
    """Return rows as text; the first columns to the left, all others to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = [f"{cell:{'<' if at < left else '>'}{widths[at]}}" for at, cell in enumerate(row)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table; the first row is its header."""
    rule = ["---" if at < 2 else "---:" for at in range(len(table[0]))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [table[0], rule, *table[1:]])
