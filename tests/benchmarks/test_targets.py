import pytest
from measure import Run
from results import OURS, Results
from targets import FLOW_BYTES, FLOW_TABLE, TARGETS, Target, verdicts

MB = 10**6


def walls(**contestants: float) -> dict[str, list[Run]]:
    return {name.replace("_s", " -s"): [Run(wall, wall, 100 * MB)] for name, wall in contestants.items()}


def results(scale: float = 1.0) -> Results:
    """Figures that just reach every target; with a scale above 1 they just miss them."""
    figures = Results(
        packets={"web": 1_200_000, "web10m": 10_000_000}, flows={"web": 10_000, "web10m": 110_000}
    )
    figures.runs = {
        "web": walls(t2tui=1 * scale, t2tui_s=2 * scale, nfpcapd=0.5, tshark=8, nfstream=4),
        "web10m": walls(t2tui=0.6 * scale, nfpcapd=1),
        "syn": walls(t2tui=0.9 * scale, nfpcapd=1),
        "--help": walls(t2tui=0.25 * scale),
        "ten packets": walls(t2tui=0.8 * scale),
        "first run ever": walls(t2tui=30 * scale),
    }
    figures.runs["syn"][OURS] = [Run(0.9 * scale, 1, int(100 * MB + FLOW_BYTES * FLOW_TABLE * scale))]
    growth = int(FLOW_BYTES * 100_000 + scale * 0.1 * 8_800_000)
    figures.runs["web10m"][OURS] = [Run(0.6 * scale, 1, 100 * MB + growth)]
    figures.compiled = 0 if scale <= 1 else 1
    return figures


def test_figures_at_their_limits_are_ok() -> None:
    assert {row[1]: row[0] for row in verdicts(results())} == {target.text: "ok" for target in TARGETS}


def test_figures_beyond_their_limits_are_missed() -> None:
    assert {row[1]: row[0] for row in verdicts(results(1.01))} == {
        target.text: "missed" for target in TARGETS
    }


def test_what_was_not_measured_is_neither() -> None:
    assert {(row[0], row[3]) for row in verdicts(Results())} == {("-", "not measured")}


@pytest.mark.parametrize(("figure", "text"), [(0.1234, "0.123"), (12.345, "12.3"), (654321.0, "654,321")])
def test_figures_are_readable(figure: float, text: str) -> None:
    assert Target("", 1, lambda _: figure).verdict(Results())[3] == text


def test_memory_of_flows_beyond_the_table_counts_as_growth() -> None:
    figures = results()
    figures.flows = {"web": FLOW_TABLE, "web10m": 2 * FLOW_TABLE}
    verdict = {row[1]: row[0] for row in verdicts(figures)}
    assert verdict[f"web10m: bytes per packet, beyond {FLOW_BYTES} per flow"] == "missed"
