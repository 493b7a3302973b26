"""What all views below the tabs have in common."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual.containers import Container

from t2tui.tui.session import Snapshot

if TYPE_CHECKING:
    from t2tui.tui.screens.capture import CaptureScreen

KeysOfView = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


class View(Container):
    """A view below a tab; the capture screen shows one at a time.

    Attributes:
        PLACE: place of its actions (``t2tui.tui.actions``).
        EXPLAINED: further headings and rows of its help: what its signs mean.
    """

    PLACE: ClassVar[str] = ""
    EXPLAINED: ClassVar[KeysOfView] = ()

    DEFAULT_CSS = """
    View { height: 1fr; width: 1fr; }
    """

    @property
    def main(self) -> "CaptureScreen":
        """The capture screen that the view is on."""
        return cast("CaptureScreen", self.screen)

    def obstacles(self) -> Mapping[str, str]:
        """Return which of its actions cannot be done now, and why."""
        return {}

    def show(self, now: Snapshot) -> None:
        """Bring the view up to date: when it is opened, and while it is open whenever something is new.

        Args:
            now: the latest snapshot.
        """
        raise NotImplementedError

    def take_focus(self) -> None:
        """Let keys go to the part that is used most."""
        raise NotImplementedError
