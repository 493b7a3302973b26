"""``t2tui run``: analyse captures, write files."""

from pathlib import Path
from typing import Any

import click

from t2tui.cli.options import CONTEXT, SettingType, SplitType, common_options

EXAMPLES = """\b
Examples:
  t2tui run capture.pcap                     files beside the capture
  t2tui run -s -l *.pcap -w results/         packet files and reports, too
  t2tui run capture.pcap -w - --quiet | cut -f 2-5
  t2tui run -r capture.pcap --bpf 'tcp port 443' -w https
  t2tui run -R list.txt -w month             flows run on from file to file
  t2tui run capture.pcap -W out:100M,0       out_flows.txt0, out_flows.txt1, ...
  tcpdump -w - | t2tui run - -w live

\b
Exit codes:
  0    done                        130  ended by SIGINT (Ctrl-C); what was read is written
  1    an input, output or setting is at fault           143  the same by SIGTERM
  2    wrong usage
"""


def _read_filter(ctx: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Read a BPF expression from a file; ``#`` starts a comment."""
    if path is None:
        return None
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise click.BadParameter(f"cannot read '{path}': {wrong}") from None
    return "\n".join(line.partition("#")[0] for line in lines).rstrip()


def _names(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


@click.command("run", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("captures", metavar="CAPTURE...", nargs=-1)
@click.option("-r", "more", metavar="FILE", multiple=True, help="A capture; the same as CAPTURE.")
@click.option("-R", "list_file", metavar="LIST", help="Captures named in a text file, as one run.")
@click.option(
    "-w",
    "prefix",
    metavar="PREFIX|DIR/",
    help="Where files go: PREFIX_flows.txt and so on; a folder: the capture's name in it; '-': flows to "
    "standard output. Default: beside the capture.",
)
@click.option("-W", "split", type=SplitType(), help="As -w, with a new flow file after SIZE[K|M|G] bytes, or SIZEf flows.")
@click.option("-s", "packet_mode", is_flag=True, help="Packet file PREFIX_packets.txt.")
@click.option("-l", "log", is_flag=True, help="Report to PREFIX_log.txt instead of standard output.")
@click.option("-m", "monitoring", is_flag=True, help="Monitoring output to PREFIX_monitoring.txt.")
@click.option("-p", "plugins", metavar="NAME,NAME", callback=_names, default="", help="Plugins; default: see 't2tui plugin list'.")
@click.option("-D", "settings", type=SettingType(), multiple=True, help="Set a flag of a plugin, see 't2tui plugin info'.")
@click.option("-f", "hash_factor", metavar="N", type=click.IntRange(1), default=1, show_default=True, help="Factor of the flow table's size.")
@click.option("-x", "sensor", metavar="ID", type=click.IntRange(0, 2**32 - 1), default=666, show_default=True, help="Number of the sensor.")
@click.option("--bpf", metavar="EXPR", help="Analyse only packets that match a BPF expression.")
@click.option("-F", "bpf_file", metavar="FILE", callback=_read_filter, help="BPF expression from a file.")
@click.option("--names", metavar="VERSION", help="Column names of an older version: 0.9.0.")
@click.option("--config", metavar="FILE", type=click.Path(dir_okay=False), help="Flags of plugins [default: t2tui.toml].")
@click.option("-q", "--quiet", is_flag=True, help="No report on standard output, no progress.")
@common_options
def command(
    captures: tuple[str, ...],
    more: tuple[str, ...],
    list_file: str | None,
    bpf: str | None,
    bpf_file: str | None,
    prefix: str | None,
    split: tuple[str, int, bool, int] | None,
    **options: Any,
) -> int:
    """Analyse captures: each CAPTURE is a run of its own with its own files.

    CAPTURE is a pcap or pcapng file, plain or compressed (gzip, zstd); '-' is standard input.
    """
    sources = captures + more
    if bool(sources) == bool(list_file):
        raise click.UsageError("Give captures or a list of them (-R), not both.")
    if bpf is not None and bpf_file is not None:
        raise click.UsageError("Give --bpf or -F, not both.")
    if prefix is not None and split is not None:
        raise click.UsageError("Give -w or -W, not both.")
    from t2tui.cli.analysis import analyse

    return analyse(
        sources or (list_file,),
    )
