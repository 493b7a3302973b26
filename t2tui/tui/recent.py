"""What is remembered of the program as a whole: captures that were open lately, the theme."""

from pathlib import Path

from t2tui.tui.memory import Memory, Section

SECTION = "program"
"""Section of the memory: ``captures``, the latest first, and ``theme``."""
MOST = 20
"""Captures that are remembered."""


class Recent:
    """The captures and the theme of the runs before."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def captures(self) -> list[str]:
        """Return paths of captures, the latest first."""
        found = self._memory.load(SECTION).get("captures", [])
        return [path for path in found if isinstance(path, str)] if isinstance(found, list) else []

    def theme(self) -> str:
        """Return the theme that was chosen last; empty if none was."""
        found = self._memory.load(SECTION).get("theme", "")
        return found if isinstance(found, str) else ""

    def opened(self, paths: list[str]) -> None:
        """Remember captures.

        Args:
            paths: relative to the current folder, or absolute.

        Raises:
            NotRememberedError: it cannot be written.
        """
        latest = [str(Path(path).absolute()) for path in paths]

        def edit(section: Section) -> None:
            before = section.get("captures", [])
            kept = [path for path in before if path not in latest] if isinstance(before, list) else []
            section["captures"] = [*latest, *kept][:MOST]

        self._memory.change(SECTION, edit)

    def chosen(self, theme: str) -> None:
        """Remember a theme.

        Raises:
            NotRememberedError: it cannot be written.
        """

        def edit(section: Section) -> None:
            section["theme"] = theme

        self._memory.change(SECTION, edit)
