"""The programs that t2tui is measured against, how they are called and where they come from."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from captures import ROOT, WORK
from measure import Contestant

AS_ROOT = ["sudo"] if os.geteuid() else []

LOOPS = ROOT / "benchmarks" / "loops"
NFSTREAM = WORK / "nfstream"
"""nfstream's own environment: its dependencies must not meddle with those of t2tui."""


class InstallError(Exception):
    """A peer could not be installed."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program of the same kind.

    Attributes:
        name: what tables and options call it.
        program: what must be there to run it: a command in PATH or a file.
        install: words of the commands that bring it.
        version: words of a command that prints its version.
        command: (capture, output folder) -> words of the command.
        small_only: left out of captures of more than two million packets unless named,
            it takes minutes or gigabytes there.
    """

    name: str
    program: str
    install: Sequence[Sequence[str]]
    version: Sequence[str]
    command: Callable[[Path, Path], Sequence[str]]
    small_only: bool = False

    def missing(self) -> bool:
        """Return whether the program is not there."""
        return shutil.which(self.program) is None

    def contestant(self) -> Contestant:
        """Return what the measurement needs."""
        return Contestant(self.name, self.command, {})


def debian(
    name: str, package: str, command: Callable[[Path, Path], Sequence[str]], small_only: bool = False
) -> Peer:
    """Return a peer that a Debian package brings."""
    return Peer(
        name,
        name,
        [[*AS_ROOT, "apt-get", "install", "--yes", "--no-install-recommends", package]],
        ["dpkg-query", "--show", "--showformat=${Version}", package],
        command,
        small_only,
    )


def pypi(name: str, python: Path, install: Sequence[Sequence[str]], script: str) -> Peer:
    """Return a peer that is a Python package, called by a script of ``loops/``."""
    return Peer(
        name,
        str(python),
        install,
        [str(python), "-c", f"from importlib.metadata import version; print(version({name!r}))"],
        lambda capture, output: [str(python), str(LOOPS / script), str(capture), str(output / "flows.csv")],
        small_only=True,
    )


def _softflowd(capture: Path, output: Path) -> list[str]:
    # As many flows in memory as t2tui keeps. It exports to the network alone: here it prints a summary.
    options = ["-d", "-m", "262144", "-c", "none", "-p", str(output / "pid")]
    return ["softflowd", "-r", str(capture), *options]


PEERS = {
    peer.name: peer
    for peer in (
        debian(
            "nfpcapd", "nfdump", lambda capture, output: ["nfpcapd", "-r", str(capture), "-w", str(output)]
        ),
        debian("softflowd", "softflowd", _softflowd),
        debian(
            "tshark",
            "tshark",
            lambda capture, _: ["tshark", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r", str(capture)],
            small_only=True,
        ),
        pypi(
            "nfstream",
            NFSTREAM / "bin" / "python",
            [
                [sys.executable, "-m", "venv", str(NFSTREAM)],
                [str(NFSTREAM / "bin" / "pip"), "install", "nfstream"],
            ],
            "nfstream_csv.py",
        ),
        pypi(
            "dpkt", Path(sys.executable), [[sys.executable, "-m", "pip", "install", "dpkt"]], "dpkt_loop.py"
        ),
    )
}


def install(peer: Peer) -> None:
    """Install a peer: Debian packages with apt-get, nfstream into an environment of its own.

    Raises:
        InstallError: a command is missing or failed.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in peer.install:
        try:
            subprocess.run(command, env=environment, check=True, stdout=sys.stderr)
        except (OSError, subprocess.CalledProcessError) as error:
            raise InstallError(f"{peer.name}: {error}") from error


def version(peer: Peer) -> str:
    """Return the peer's version, or ``unknown``."""
    try:
        found = subprocess.run(peer.version, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return found.stdout.strip() or "unknown"
