"""What ``t2tui run`` does: one engine per capture, its files, its report, and how it ends."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from t2tui import __version__, plugins
from t2tui.cli.activation import Setup, setup
from t2tui.cli.exits import DEBUG, DONE, FAILED, USAGE, Failure
from t2tui.cli.interrupt import Interrupt
from t2tui.cli.kernels import compile_kernels, compiled
from t2tui.cli.progress import Line, progress_line
from t2tui.cli.report import Report
from t2tui.cli.terminal import abandon, has_colour, printable, say
from t2tui.core.alarms import alarm_rule
from t2tui.core.capture import CaptureError, read_list
from t2tui.core.columns import OLD_NAMES, old_name
from t2tui.core.engine import Engine, RunOptions, Snapshot, UnsupportedLinkTypeError
from t2tui.core.jit import CACHE
from t2tui.core.labels import LabelError, Labels, chosen_labels
from t2tui.core.outputs import STANDARD, OutputError, Outputs, output_prefix
from t2tui.core.run import Split, printed_name
from t2tui.core.settings import CORE, Settings, SettingsError, load_settings

EXTRACTION = "pcapd"
"""The plugin that reads the list of option ``-e``."""

LOG_SUFFIX = "_log.txt"
MONITORING_SUFFIX = "_monitoring.txt"


@dataclass(frozen=True)
class Request:
    """What was asked for; see the options of ``t2tui run``.

    Attributes:
        sources: captures; with ``is_list`` the one list of captures.
        is_list: option ``-R``.
        where: option ``-w``, or the prefix of ``-W``.
        split: rest of option ``-W``.
        index_file: option ``-e``.
        packet_mode: option ``-s``.
        log: option ``-l``.
        monitoring: option ``-m``.
        monitoring_interval: option ``-M``, seconds.
        plugins: names; empty: the active ones.
        plugin_dirs: folders with plugins of the user.
        settings: ``PLUGIN.FLAG=VALUE`` of option ``-D``.
        hash_factor: option ``-f``.
        sensor: option ``-x``.
        bpf: filter expression.
        names: version whose column names are written.
        config: file of settings.
        quiet: neither report nor progress.
        command: words of the command line.
    """

    sources: Sequence[str]
    is_list: bool = False
    where: str | None = None
    split: Split | None = None
    index_file: str | None = None
    packet_mode: bool = False
    log: bool = False
    monitoring: bool = False
    monitoring_interval: float = 1.0
    plugins: Sequence[str] = ()
    plugin_dirs: Sequence[Path] = ()
    settings: Sequence[str] = ()
    hash_factor: int = 1
    sensor: int = 666
    bpf: str | None = None
    names: str | None = None
    config: Path | None = None
    quiet: bool = False
    command: Sequence[str] = ()


def analyse(request: Request) -> int:
    """Run all captures of a request.

    A capture that cannot be read does not keep the others from being analysed.

    Returns:
        The exit code; FAILED, too, if a plugin was switched off on the way, or a sink lost its server.

    Raises:
        Failure: wrong settings, unknown plugins, labels that cannot be read, or two captures that would
            write the same files.
        OutputError: a folder cannot be made.
    """
    if request.names is not None and request.names not in OLD_NAMES:
        raise Failure(f"--names {request.names}: known are {', '.join(OLD_NAMES)}", USAGE)
    known = setup(request.config, request.plugin_dirs)
    request = replace(request, plugins=chosen_plugins(request, known))
    settings = settings_of(request, known)
    for name in sorted(_set_plugins(request).difference(request.plugins)):
        say("WRN", f"-D: {name} does not run, so its flags change nothing; name it with -p, too")
    labels = labels_of(settings)
    prefixes = _prefixes(request)
    line = Line(sys.stderr)
    failed = False
    with Interrupt(line) as interrupt:
        try:
            prepare(line, request.quiet)
            for source, prefix in zip(request.sources, prefixes, strict=True):
                failed |= not _succeeds(request, source, prefix, settings, labels, interrupt, line)
                if interrupt.code:
                    break
        except KeyboardInterrupt:
            line.clear()
    return interrupt.code or (FAILED if failed else DONE)


def prepare(line: Line, quiet: bool) -> None:
    """Compile the kernels if this is the first run.

    Args:
        line: shows that something happens.
        quiet: nothing does.
    """
    if CACHE is None:
        say("WRN", "No folder is writable for compiled kernels: every run compiles them anew")
    if compiled():
        return
    terminal = sys.stderr.isatty()
    if not terminal and not quiet:
        say("INF", "Compiling kernels; only the first run does")
    compile_kernels(line if terminal and not quiet else None)


def chosen_plugins(request: Request, known: Setup) -> tuple[str, ...]:
    """Return the plugins that are asked for, or else the active ones and that of option ``-e``."""
    if request.index_file is not None and len(request.sources) > 1:
        raise Failure("-e: flow indices are those of one capture; give one, or a list of them with -R", USAGE)
    if request.index_file is not None and request.plugins and EXTRACTION not in request.plugins:
        raise Failure(f"-e is for the plugin {EXTRACTION}; name it with -p, too", USAGE)
    if request.plugins:
        for name in request.plugins:
            known.find(name, "-p")
        return tuple(request.plugins)
    active = known.usable()
    if request.index_file is not None and EXTRACTION not in active:
        active = (*active, EXTRACTION)
    if not active:
        say("WRN", "No plugins are active: no flow file; 't2tui plugin reset' activates the standard ones")
    return active


def settings_of(request: Request, known: Setup) -> dict[str, Settings]:
    """Return the values of all flags.

    Raises:
        Failure: a setting is wrong.
    """
    flags = {name: known.find(name, "-D").flags for name in {*request.plugins, *_set_plugins(request)}}
    try:
        return load_settings(flags, known.config, request.settings, os.environ, known.other_tables(flags))
    except SettingsError as wrong:
        raise Failure(str(wrong), USAGE) from None


def _set_plugins(request: Request) -> set[str]:
    """Return the plugins that options ``-D`` name."""
    return {words.partition("=")[0].partition(".")[0].strip() for words in request.settings} - {CORE}


def labels_of(settings: dict[str, Settings], code: int = FAILED) -> Labels:
    """Return the address labels that the settings name.

    Raises:
        Failure: they cannot be read; ``code`` is its exit code.
    """
    try:
        return chosen_labels(settings[CORE])
    except LabelError as wrong:
        raise Failure(str(wrong), code) from None


def _prefixes(request: Request) -> list[str]:
    """Return the prefix of each source; no two may be the same."""
    if request.where == STANDARD and len(request.sources) > 1:
        raise Failure("-w -: standard output takes the flows of one capture only", USAGE)
    owners: dict[str, str] = {}
    prefixes = []
    for source in request.sources:
        prefix = output_prefix(source, request.where)
        other = owners.setdefault(str(Path(prefix).absolute()), source)
        if other is not source:
            advice = "give -w a folder, such as results/" if request.where else "run them apart, with -w"
            raise Failure(f"'{other}' and '{source}' would both write '{prefix}_flows.txt'; {advice}", USAGE)
        prefixes.append(prefix)
    return prefixes


def _succeeds(
    request: Request,
    source: str,
    prefix: str,
    settings: dict[str, Settings],
    labels: Labels,
    interrupt: Interrupt,
    line: Line,
) -> bool:
    """Analyse one capture; say what is wrong if it cannot be done."""
    try:
        return _run(request, source, prefix, settings, labels, interrupt, line)
    except CaptureError as wrong:
        line.clear()
        say("ERR", wrong.message)
        say("INF", wrong.hint)
        return False
    except (OutputError, SettingsError) as wrong:
        line.clear()
        say("ERR", str(wrong))
        if request.where == STANDARD:
            abandon(sys.stdout.buffer)
        return False
    finally:
        interrupt.watch(None)
        line.clear()


def _run(
    request: Request,
    source: str,
    prefix: str,
    settings: dict[str, Settings],
    labels: Labels,
    interrupt: Interrupt,
    line: Line,
) -> bool:
    """Analyse one capture; return whether all plugins were there to the end."""
    captures = listed(source) if request.is_list else [source]
    read: list[str | Path] = [source, *captures, *labels.files]
    if request.index_file:
        read.append(request.index_file)
    refused: CaptureError | None = None
    with ExitStack() as stack:
        to_stdout = request.where == STANDARD
        outputs = stack.enter_context(Outputs(prefix, read, to_stdout))
        shown = _report(request, outputs, line)
        options = RunOptions(
            packet_mode=request.packet_mode,
            hash_factor=request.hash_factor,
            sensor=request.sensor,
            split=request.split,
            index_file=request.index_file,
            bpf=request.bpf,
            names=partial(old_name, version=request.names) if request.names else printed_name,
            command=request.command,
            program=f"t2tui {__version__}",
            report=shown,
            monitoring=_monitoring(request, outputs),
            monitoring_interval=request.monitoring_interval,
            alarm_rule=alarm_rule(settings[CORE]),
            force_mode=bool(settings[CORE].FORCE_MODE),
            hex_content=bool(settings[CORE].PACKET_HEX),
        )
        chosen = plugins.load(request.plugins, settings, partial(say, "ERR"))
        engine = Engine(
            captures if request.is_list else source,
            options,
            outputs,
            chosen,
            title=source if request.is_list else None,
            labels=labels,
        )
        interrupt.watch(partial(cancel, engine), engine.monitor)
        try:
            engine.run(_progress(request, source, line))
        except UnsupportedLinkTypeError as wrong:
            refused = wrong  # files with their header rows stay, as the reference leaves them
        finally:
            interrupt.watch(None)
            engine.close()
    if refused is not None:
        raise refused
    if os.environ.get(DEBUG):
        for breakdown in engine.breakdowns:
            if breakdown.error is not None:
                traceback.print_exception(breakdown.error)
    if shown.failure is not None:
        raise OutputError.of("the report to standard output", shown.failure)
    return not shown.has_errors


def _report(request: Request, outputs: Outputs, line: Line) -> Report:
    if request.log or outputs.to_stdout:
        return Report(outputs.open(LOG_SUFFIX), line=line)
    if request.quiet:
        return Report(None, line=line)
    terminal = sys.stdout.isatty()
    return Report(sys.stdout.buffer, colour=has_colour(sys.stdout), terminal=terminal, line=line)


def _monitoring(request: Request, outputs: Outputs) -> Callable[[str], None] | None:
    """Return what writes a line of monitoring output: into a file that exists once there is one."""
    if not request.monitoring and not outputs.to_stdout:
        return None
    files: list[Report] = []

    def write(line: str) -> None:
        if not files:
            files.append(Report(outputs.open(MONITORING_SUFFIX)))
        files[0](line)

    return write


def _progress(request: Request, source: str, line: Line) -> Callable[[Snapshot], None] | None:
    if request.quiet or not sys.stderr.isatty():
        return None
    name = printable(Path(source).name) if len(request.sources) > 1 else ""
    return lambda snapshot: line.show(progress_line(snapshot, line.width, name))


def cancel(engine: Engine) -> None:
    """Cancel a run; one that still waits for its first byte has nothing to complete and ends at once."""
    if engine.snapshot().bytes_read == 0:
        raise KeyboardInterrupt
    engine.cancel()


def listed(path: str) -> list[str]:
    """Return the captures of a list, and name those that are left out."""
    captures = []
    for entry in read_list(path):
        if entry.error is None:
            captures.append(entry.path)
        else:
            say("ERR", entry.error.message)
    if not captures:
        raise CaptureError(f"List file '{path}' names no capture that can be read", "One path per line.")
    return captures
