"""Measure t2tui beside its peers: time, packets per second and peak memory of whole processes.

python benchmarks/run.py            everything, five rounds
python benchmarks/run.py --quick    one capture, two rounds
python benchmarks/run.py --install  install missing peers first
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import targets
from captures import CAPTURES, ROOT, TEN, WORK, Capture, CaptureError
from measure import CommandError, Contestant, Run, fresh, in_turn, run
from ours import Program
from peers import PEERS, InstallError, install, version
from results import HEADER, OURS, Results, aligned, markdown, rows

LARGE = 1_500_000
"""Peers marked ``small_only`` read no captures of more packets, unless named."""

NEW = WORK / "new"
"""A copy of the package without compiled kernels."""


def options(words: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description="Measure t2tui beside its peers.")
    parser.add_argument(
        "--profiles", metavar="NAME,...", help=f"captures to read (default: all of {', '.join(CAPTURES)})"
    )
    parser.add_argument(
        "--peers", metavar="NAME,...", help=f"programs to run beside (of {', '.join(PEERS)}; '' = none)"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="counted runs of each (default 5)")
    parser.add_argument(
        "--quick", action="store_true", help="the web capture only, two rounds, no first run ever"
    )
    parser.add_argument("--install", action="store_true", help="install missing peers: apt-get, pip")
    parser.add_argument("--t2tui", metavar="COMMAND", help="the t2tui to measure (default: this checkout)")
    parser.add_argument(
        "--markdown", type=Path, default=WORK / "results.md", help="where the Markdown tables go"
    )
    parser.add_argument("--json", type=Path, default=WORK / "results.json", help="where all figures go")
    chosen = parser.parse_args(words)
    for name, known in (("profiles", CAPTURES), ("peers", PEERS)):
        listed = getattr(chosen, name)
        if listed is not None:
            setattr(chosen, name, listed.split(",") if listed else [])
            for unknown in set(getattr(chosen, name)) - set(known):
                parser.error(f"--{name}: {unknown} is none of {', '.join(known)}")
    if chosen.rounds is not None and chosen.rounds < 1:
        parser.error("--rounds must be at least 1")
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 5)
    if chosen.profiles is None:
        chosen.profiles = ["web"] if chosen.quick else list(CAPTURES)
    return chosen


def say(text: str) -> None:
    """Report progress; standard output holds the results alone."""
    print(text, file=sys.stderr, flush=True)


def chosen_peers(chosen: argparse.Namespace, capture: Capture) -> list[Contestant]:
    """Return the peers that read a capture."""
    here = [peer for peer in PEERS.values() if not peer.missing()]
    if chosen.peers is not None:
        return [peer.contestant() for peer in here if peer.name in chosen.peers]
    return [peer.contestant() for peer in here if not (peer.small_only and capture.packets > LARGE)]


def measure_capture(
    capture: Capture, rounds: int, contestants: Sequence[Contestant], results: Results, output: Path
) -> None:
    """Measure contestants on a capture."""

    def count_flows(contestant: str) -> None:
        if contestant == OURS:
            with next(output.glob("*_flows.txt")).open("rb") as file:
                results.flows[capture.name] = sum(not line.startswith(b"%") for line in file)

    say(f"{capture.name}: {capture.packets:,} packets, {rounds} rounds")
    runs, failed = in_turn(contestants, capture.make(), rounds, output, count_flows)
    results.packets[capture.name] = capture.packets
    results.runs[capture.name] = runs
    results.failed += failed.values()


def measure_start(rounds: int, program: Program, results: Results, output: Path) -> None:
    """Measure how long t2tui takes to start: its help, and a capture of ten packets."""
    say("start of the program")
    for name, contestant in (("--help", program.help(OURS)), ("ten packets", program.analysis(OURS))):
        runs, failed = in_turn([contestant], TEN.make(), rounds, output, lambda _: None)
        results.runs[name] = runs
        results.failed += failed.values()


def kernels(package: Path) -> set[tuple[str, int]]:
    """Return name and time of every compiled kernel in a copy of the package."""
    return {(file.name, file.stat().st_mtime_ns) for file in package.rglob("*.nb[ic]")}


def measure_first_run(results: Results, output: Path) -> None:
    """Measure the first two runs of a new installation, which has no compiled kernels."""
    say("first run ever")
    package = fresh(NEW)
    shutil.copytree(ROOT / "t2tui", package / "t2tui", ignore=shutil.ignore_patterns("__pycache__"))
    program = Program.in_folder(package).analysis(OURS)
    found: list[tuple[Run, set[tuple[str, int]]]] = []
    for name in ("first run ever", "second run ever"):
        try:
            took = run(program.command(TEN.make(), fresh(output)), program.environment, output)
        except CommandError as error:
            results.failed.append(str(error))
            return
        results.runs[name] = {OURS: [took]}
        found.append((took, kernels(package)))
    if not found[0][1]:
        results.failed.append(f"the first run ever left no compiled kernels in {package}")
        return
    results.compiled = len(found[1][1] - found[0][1])


def machine() -> dict[str, str]:
    """Return what a reader of the figures must know of the machine."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": f"{model}, {os.cpu_count()} processors",
        "system": platform.platform(),
        "Python": platform.python_version(),
    }


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status: 1 where something failed."""
    chosen = options(words)
    results = Results(machine=machine())
    for peer in PEERS.values():
        if chosen.peers is not None and peer.name not in chosen.peers:
            continue
        try:
            if peer.missing() and chosen.install:
                install(peer)
        except InstallError as error:
            say(str(error))
        if peer.missing():
            how = " && ".join(map(shlex.join, peer.install))
            say(f"{peer.name} is not installed and left out; to install it:\n    {how}")
        else:
            results.machine[peer.name] = version(peer)
    program = Program.installed(chosen.t2tui) if chosen.t2tui else Program.in_folder()
    output = WORK / "output"
    try:
        for capture in (CAPTURES[name] for name in chosen.profiles):
            contestants = [program.analysis(OURS), program.analysis(f"{OURS} -s", "-s")]
            contestants += chosen_peers(chosen, capture)
            measure_capture(capture, chosen.rounds, contestants, results, output)
        measure_start(chosen.rounds, program, results, output)
        if not chosen.quick and chosen.t2tui is None:
            measure_first_run(results, output)
    except CaptureError as error:
        say(f"error: {error}")
        return 1
    finally:
        for folder in (output, NEW):
            shutil.rmtree(folder, ignore_errors=True)
    report(chosen, results)
    return 1 if results.failed else 0


def report(chosen: argparse.Namespace, results: Results) -> None:
    """Print the results and write them to files."""
    figures, wanted = [HEADER, *rows(results)], [targets.HEADER, *targets.verdicts(results)]
    about = [f"{name}: {text}" for name, text in results.machine.items()]
    print("\n".join(about), aligned(figures), aligned(wanted), sep="\n\n")
    for message in results.failed:
        say(f"failed: {message}")
    texts = ["\n".join(f"* {line}" for line in about), markdown(figures), markdown(wanted)]
    chosen.markdown.write_text("\n\n".join(texts) + "\n")
    chosen.json.write_text(json.dumps(results.as_json(), indent=1) + "\n")
    say(f"written: {chosen.markdown}, {chosen.json}")


if __name__ == "__main__":
    sys.exit(main())
