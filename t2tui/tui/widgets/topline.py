"""The line at the top: what is open, how far, how fast, what is the matter."""

from typing import ClassVar

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from t2tui.tui import figures
from t2tui.tui.opening import Opening
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.session import Snapshot

BAR_WIDTH = 16
NARROW = 100


class TopLine(Widget):
    """One line; what has no place is left out from the right."""

    ALLOW_SELECT = False
    LEVELS: ClassVar = {
        "err": "bold $text-error",
        "wrn": "bold $text-warning",
        "inf": "$text-success",
        "": "",
    }

    class FaultsWanted(Message):
        """The line was clicked, and there are warnings."""

    def __init__(self, opening: Opening, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._opening = opening
        self._now = Snapshot()

    def show(self, now: Snapshot) -> None:
        """Show a snapshot."""
        if now != self._now:
            self._now = now
            self.refresh()

    def on_click(self) -> None:
        """Ask for the warnings, if there are any."""
        if self._now.faults:
            self.post_message(self.FaultsWanted())

    def render(self) -> Content:
        """Draw the line."""
        now, width = self._now, self.size.width
        name = safe_text(self._opening.name)
        if len(name) > width // 3:
            name = f"{name[: width // 3 - 1]}…"
        state = figures.state(now, self._opening.is_pipe)
        parts = [safe_content(f" {name} ", "bold"), safe_content(f" {state.text} ", self.LEVELS[state.level])]
        if now.fraction is not None and not now.has_ended:
            bar = figures.bar(now.fraction, BAR_WIDTH if width >= NARROW else BAR_WIDTH // 2)
            parts.append(safe_content(f" {bar} ", "$primary"))
        if now.size and width >= NARROW:
            parts.insert(1, safe_content(f"{figures.size(now.size)} ", "$text-muted"))
        left = width - sum(part.cell_length for part in parts)
        if now.faults:
            text = f"  {figures.amount(now.faults)} warning{'s' * (now.faults > 1)} "
            if len(text) <= left:
                parts.append(safe_content(text, "$text-warning"))
                left -= len(text)
        for text in figures.facts(now, self._opening.is_pipe):
            if len(text) + 2 > left:
                break
            parts.append(safe_content(f"  {text}", ""))
            left -= len(text) + 2
        return Content("").join(parts)
