"""``t2tui run``: analyse captures, write files."""

from pathlib import Path
from typing import Any

import click

from t2tui.cli.options import (
    CONTEXT,
    SplitType,
    common_options,
    plugin_options,
    plugins_option,
    settings_option,
)

EXAMPLES = """\b
Examples:
  t2tui run capture.pcap                     files beside the capture
  t2tui run -s -l *.pcap -w results/         packet files and reports, too
  t2tui run capture.pcap -w - --quiet | cut -f 2-5
  t2tui run -r capture.pcap --bpf 'tcp port 443' -w https
  t2tui run -R list.txt -w month             flows run on from file to file
  t2tui run capture.pcap -W out:100M,0       out_flows.txt0, out_flows.txt1, ...
  t2tui run capture.pcap --labels own.txt --country-db GeoLite2-Country.mmdb --org-db GeoLite2-ASN.mmdb
  tcpdump -w - | t2tui run - -w live

\b
Exit codes:
  0    done                        130  ended by SIGINT (Ctrl-C); what was read is written
  1    an input, output or setting is at fault           143  the same by SIGTERM
  2    wrong usage
"""


def _filter(ctx: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Read a BPF expression from a file; ``#`` starts a comment."""
    if path is None:
        return None
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise click.BadParameter(f"cannot read '{path}': {wrong}") from None
    return "\n".join(line.partition("#")[0] for line in lines).rstrip()


@click.command("run", context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("captures", metavar="CAPTURE...", nargs=-1)
@click.option("-r", "more", metavar="FILE", multiple=True, help="A capture; the same as CAPTURE.")
@click.option("-R", "list_file", metavar="LIST", help="Captures named in a text file, as one run.")
@click.option(
    "-w",
    "where",
    metavar="PREFIX|DIR/",
    help="Files begin with PREFIX, or with the capture's name in a folder; '-': flows to standard output, "
    "report to the log. Default: beside the capture.",
)
@click.option(
    "-W",
    "split",
    type=SplitType(),
    help="As -w, with a new flow file after SIZE[K|M|G] bytes or SIZEf flows.",
)
@click.option("-s", "packet_mode", is_flag=True, help="Write PREFIX_packets.txt, one line per packet.")
@click.option("-l", "log", is_flag=True, help="Report to PREFIX_log.txt instead of standard output.")
@click.option(
    "-m",
    "monitoring",
    is_flag=True,
    help="Monitoring output to PREFIX_monitoring.txt. Signal USR1 asks for it once, USR2 regularly.",
)
@click.option(
    "-M",
    "monitoring_interval",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Time between two regular monitoring reports.",
)
@plugins_option("Plugins [default: the active ones of 't2tui plugin list'].")
@click.option(
    "-e",
    "index_file",
    metavar="FILE",
    help="Write the packets of the flows that FILE lists, one flowInd per line, to FILE_pcapd.pcap.",
)
@settings_option("Set a flag for this run, see 't2tui plugin info PLUGIN'; 't2tui conf' sets it for all.")
@click.option("--labels", metavar="FILE", help="Address labels from a text file, before all others.")
@click.option("--country-db", metavar="FILE", help="Countries of addresses from a MaxMind database.")
@click.option("--org-db", metavar="FILE", help="Organisations of addresses from a MaxMind database.")
@click.option(
    "-f",
    "hash_factor",
    metavar="N",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Room for N * 262,144 flows at a time.",
)
@click.option(
    "-x",
    "sensor",
    metavar="ID",
    type=click.IntRange(0, 2**32 - 1),
    default=666,
    show_default=True,
    help="Number of the sensor.",
)
@click.option("--bpf", metavar="EXPR", help="Take only packets that match a BPF expression.")
@click.option(
    "-F", "bpf_file", metavar="FILE", callback=_filter, help="BPF expression from a file; # comments."
)
@click.option("--names", metavar="VERSION", help="Names of columns as in an older version: 0.9.0.")
@plugin_options
@click.option("-q", "--quiet", is_flag=True, help="Neither report on standard output nor progress.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    captures: tuple[str, ...],
    more: tuple[str, ...],
    list_file: str | None,
    bpf: str | None,
    bpf_file: str | None,
    where: str | None,
    split: tuple[str, int, bool, int] | None,
    settings: tuple[str, ...],
    labels: str | None,
    country_db: str | None,
    org_db: str | None,
    **others: Any,
) -> int:
    """Analyse captures; each CAPTURE is a run of its own with its own files.

    CAPTURE is a pcap or pcapng file, plain or compressed (gzip, zstd); '-' is standard input.
    """
    if bool(captures or more) == bool(list_file):
        raise click.UsageError("Give captures, or a list of them with -R.")
    if bpf is not None and bpf_file is not None:
        raise click.UsageError("Give --bpf or -F, not both.")
    if where is not None and split is not None:
        raise click.UsageError("Give -w or -W, not both.")
    from t2tui.cli.analysis import Request, analyse
    from t2tui.core.run import Split

    sources = {"LABEL_FILE": labels, "LABEL_COUNTRY_DB": country_db, "LABEL_ORG_DB": org_db}
    named = (f'core.{flag}="{path}"' for flag, path in sources.items() if path is not None)
    return analyse(
        Request(
            sources=(list_file,) if list_file else captures + more,
            is_list=bool(list_file),
            where=split[0] if split else where,
            split=Split(*split[1:]) if split else None,
            bpf=bpf or bpf_file or None,
            settings=(*settings, *named),
            command=("t2tui", *(ctx.find_root().obj or ())),
            **others,
        )
    )
