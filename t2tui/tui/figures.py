"""Numbers for people: the line at the top."""

from dataclasses import dataclass

from t2tui.tui import session
from t2tui.tui.session import Snapshot

BAR = "█"
TRACK = "░"


def amount(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}"


def size(number: float) -> str:
    """Return bytes in the unit that fits."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:,.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:,.1f} {unit}"
        number /= 1000
    raise AssertionError


def rate(number: float) -> str:
    """Return a number per second in three digits."""
    for unit in ("", " k", " M"):
        if number < 1000 or unit == " M":
            return f"{number:.1f}{unit}" if unit and number < 100 else f"{number:.0f}{unit}"
        number /= 1000
    raise AssertionError


def span(seconds: float) -> str:
    """Return a time in its two largest units."""
    whole = int(seconds + 0.5)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def bar(fraction: float, width: int) -> str:
    """Return a bar."""
    full = round(fraction * width)
    return BAR * full + TRACK * (width - full)


@dataclass(frozen=True, slots=True)
class State:
    """A state in words.

    Attributes:
        text: the words.
        level: ``""``, ``inf``, ``wrn`` or ``err``.
    """

    text: str
    level: str = ""


def state(now: Snapshot, is_pipe: bool) -> State:
    """Return the state of a capture in words."""
    percent = "" if now.fraction is None else f" {now.fraction:.0%}".replace("%", " %")
    if now.state == session.FAILED:
        return State(f"failed: {now.detail}", "err")
    if now.state == session.PARTIAL:
        return State(f"partial: stopped at{percent}" if percent else "partial: stopped", "wrn")
    if now.state == session.WAITING:
        return State("waiting for the pipe" if is_pipe else "waiting")
    if now.state == session.PREPARING:
        return State(now.detail or "starting")
    if now.state == session.COMPLETE:
        return State("complete", "inf")
    return State(now.state, "wrn" if now.state == session.PAUSED else "")


def nothing(now: Snapshot, filter_text: str, is_pipe: bool) -> str:
    """Return why no flow is shown, and what to press."""
    if filter_text and now.rows:
        return "No flow fulfils the filter. Esc shows all flows."
    if now.state == session.NOTHING:
        return "No capture is open: o opens one."
    if now.state == session.FAILED:
        return f"{now.detail}. {now.hint}"
    if now.has_ended:
        return "There is no flow in what was read. 5 shows the report."
    if now.flows:
        return f"{amount(now.flows)} flows are open; a flow is shown when it ends. ctrl+x stops reading."
    return f"{state(now, is_pipe).text} ..."


def facts(now: Snapshot, is_pipe: bool) -> list[str]:
    """Return what else there is to say, the most important first."""
    found = []
    if not now.has_ended and now.fraction is not None:
        found.append(f"{now.fraction:.0%}".replace("%", " %"))
    if now.state not in (session.PREPARING, session.NOTHING):
        found.append(f"{amount(now.packets)} packets")
    if now.elapsed > 0 and now.packets:
        found.append(f"{rate(now.packets_per_second)} pkt/s")
    if now.left is not None and now.state == session.READING:
        found.append(f"{span(now.left)} left")
    if now.elapsed and (is_pipe or now.has_ended):
        found.append(f"in {span(now.elapsed)}" if now.has_ended else span(now.elapsed))
    open_flows = now.flows - now.rows
    if open_flows > 0 and not now.has_ended:
        found.append(f"{amount(open_flows)} open flows")
    if now.alarms:
        found.append(f"{amount(now.alarms)} alarms")
    return found
