"""``t2tui bench``: where the time of an analysis goes."""

import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.options import CONTEXT, common_options, plugin_options, plugins_option

if TYPE_CHECKING:
    from t2tui.cli.stopwatch import Stopwatch
    from t2tui.plugins.base import Plugin

EXAMPLES = """\b
Examples:
  t2tui bench capture.pcap
  t2tui bench -s -p basicFlow,txtSink --rounds 20 capture.pcap
"""


@click.command("bench", context_settings=CONTEXT, epilog=EXAMPLES)
@click.argument("capture")
@click.option("-s", "packet_mode", is_flag=True, help="Write the packet file, too.")
@plugins_option("Plugins [default: those of 't2tui run'].")
@click.option(
    "--rounds",
    metavar="N",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Runs, after one that does not count.",
)
@plugin_options
@common_options
def command(
    capture: str,
    packet_mode: bool,
    plugins: tuple[str, ...],
    rounds: int,
    config: Path | None,
    plugin_dirs: tuple[Path, ...],
) -> None:
    """Analyse a capture several times; print the best time of every stage.

    Times are processor time of all threads in ns per packet. Reading and dissection run beside the other
    stages, so the wall clock shows less. Files go to a temporary folder and are removed.
    """
    if capture == "-":
        raise Failure("Standard input cannot be read several times; give a file", USAGE)
    from t2tui.cli.activation import setup
    from t2tui.cli.progress import short
    from t2tui.cli.stopwatch import Stopwatch, best, table
    from t2tui.cli.table import aligned
    from t2tui.core.capture import CaptureError

    known = setup(config, plugin_dirs)
    chosen = {name: known.find(name, "-p") for name in plugins or known.usable()}
    stopwatch = Stopwatch()
    _watch_engine(stopwatch, chosen)
    spent, walls = [], []
    try:
        for _ in range(rounds + 1):
            stopwatch.start()
            began = time.monotonic()
            packets, size = _analyse(capture, chosen, packet_mode)
            walls.append(time.monotonic() - began)
            spent.append(stopwatch.stop())
    except CaptureError as wrong:
        raise Failure(f"{wrong.message}. {wrong.hint}") from None
    if not packets:
        raise Failure(f"'{capture}' holds no packets to divide the time by")
    wall = min(walls[1:])
    click.echo(aligned(table(best(spent[1:]), packets), numbers=(1, 2)))
    speed = f"{short(packets / wall)} packets/s, {short(size / wall, 'B')}/s"
    click.echo(f"\n{packets:,} packets in {wall:.3f} s: {speed}")


def _watch_engine(stopwatch: "Stopwatch", plugins: Mapping[str, type["Plugin"]]) -> None:
    """Watch the methods of the engine's parts and of the plugins."""
    from t2tui.core.capture import Capture
    from t2tui.core.dissect.dissector import Dissector
    from t2tui.core.flows import FlowTable
    from t2tui.core.packetlines import PacketLines
    from t2tui.plugins.base import Plugin

    stopwatch.watch(Capture, "read", "read")
    stopwatch.watch(Dissector, "dissect", "dissect")
    for method in ("assign", "flush", "reclaim"):
        stopwatch.watch(FlowTable, method, "flows")
    for name, plugin in plugins.items():
        for method, what in (("on_packets", "packets"), ("on_released", "released"), ("on_rows", "text")):
            if getattr(plugin, method) is not getattr(Plugin, method):
                stopwatch.watch(plugin, method, f"{name}, {what}")
    stopwatch.watch(PacketLines, "write", "packet file, text")


def _analyse(capture: str, plugins: Iterable[str], packet_mode: bool) -> tuple[int, int]:
    """Analyse a capture as ``t2tui run`` does, without its report; return its packets and bytes."""
    from t2tui.core.engine import Engine, RunOptions
    from t2tui.core.outputs import Outputs, output_prefix
    from t2tui.plugins import load

    with (
        tempfile.TemporaryDirectory() as folder,
        Outputs(output_prefix(capture, folder), [capture]) as outputs,
    ):
        engine = Engine(capture, RunOptions(packet_mode=packet_mode), outputs, load(plugins))
        engine.run()
        snapshot = engine.snapshot()
        engine.close()
    return snapshot.packets, snapshot.bytes_read
