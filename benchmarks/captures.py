"""The captures that the benchmark reads: made once, kept in ``benchmarks/work/``."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "benchmarks" / "work"
SHARED = ROOT.parent / "shared"
GENERATOR = SHARED / "tools" / "make_captures.py"
SEED = 1


class CaptureError(Exception):
    """A capture is missing and cannot be made."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A synthetic capture: same profile, number of packets and seed, same bytes.

    Attributes:
        name: what tables and options call it.
        profile: kind of traffic, as the generator names it.
        packets: number of packets.
    """

    name: str
    profile: str
    packets: int

    @property
    def path(self) -> Path:
        """Where the capture is kept."""
        return WORK / f"{self.profile}-{self.packets}-{SEED}.pcap"

    def make(self) -> Path:
        """Make the capture unless it is there.

        Returns:
            Its path.

        Raises:
            CaptureError: the generator is missing or failed.
        """
        if self.path.exists():
            return self.path
        if not GENERATOR.exists():
            raise CaptureError(
                f"{self.path} is missing and so is the program that makes it, {GENERATOR}: "
                "put the folder `shared` beside the checkout"
            )
        WORK.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        command = [sys.executable, GENERATOR, "--profile", self.profile, "--packets", self.packets]
        command += ["--seed", SEED, partial]
        if subprocess.run([str(word) for word in command]).returncode:
            partial.unlink(missing_ok=True)
            raise CaptureError(f"{GENERATOR} failed to make {self.path.name}; its message stands above")
        partial.rename(self.path)
        return self.path


TEN = Capture("ten", "web", 10)
"""So short that only the start of the program is measured."""

CAPTURES = {
    capture.name: capture
    for capture in (
        Capture("web", "web", 1_200_000),
        Capture("full", "full", 500_000),
        Capture("syn", "syn", 2_000_000),
        Capture("slow", "slow", 600_000),
        Capture("web10m", "web", 10_000_000),
    )
}
LONG = {
    capture.name: capture
    for capture in (Capture("web40m", "web", 40_000_000), Capture("syn6m", "syn", 6_000_000))
}
"""Long enough that the start of a program does not count."""
