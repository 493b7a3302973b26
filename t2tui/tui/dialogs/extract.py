"""Packets of flows as a capture of their own."""

from t2tui.tui.dialogs.writing import WritingDialog
from t2tui.tui.figures import size
from t2tui.tui.scopes import Extent
from t2tui.tui.targets import Target, file_target, suggested
from t2tui.tui.tasks import Extract, number


class ExtractDialog(WritingDialog):
    """Asks which packets go where."""

    HEADING = "Extract pcap"

    def place(self, text: str) -> Target:
        """See WritingDialog."""
        return file_target(text, self.subject.capture.opening.files)

    def suggestion(self) -> str:
        """See WritingDialog."""
        name = self.scope.name
        what = f"flow_{self.subject.flow}" if name == "cursor" else name
        return suggested(self.subject.capture.opening.name, what, ".pcap")

    def what(self, found: Extent) -> str:
        """See WritingDialog."""
        parts = [number(found.flows, "flow")]
        if found.packets is not None:
            parts.append(number(found.packets, "packet"))
        if found.capture_bytes is not None:
            parts.append(f"about {size(found.capture_bytes)}")
        return ", ".join(parts)

    def planned(self) -> Extract:
        """See WritingDialog."""
        return Extract(self.subject.capture.packets(), self.scope, self.direction, self.target.path)
