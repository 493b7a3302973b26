"""A short list of subjects, one of which is shown beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from t2tui.tui.safe import safe_text
from t2tui.tui.widgets.pane import Pane


class SubjectList(Pane):
    """Subjects; the one under the cursor is chosen.

    Attributes:
        subjects: names and titles.
        chosen: name of the one that is shown.
    """

    COMPONENT = "subject-list"
    COMPONENT_CLASSES = {f"subject-list--{name}" for name in ("row", "cursor", "focused")}

    @dataclass
    class Chosen(Message):
        """Another subject is chosen."""

        name: str

    class Left(Message):
        """Keys are to go to what is shown."""

    def __init__(self, subjects: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.subjects = tuple(subjects)
        self._place = 0

    def on_mount(self) -> None:
        """Tell the scroll bar how many there are."""
        self.set_height(len(self.subjects))

    @property
    def chosen(self) -> str:
        """Name of the subject that is shown."""
        return self.subjects[self._place][0]

    def go_to(self, place: int) -> None:
        """Choose a subject by its place."""
        place = max(0, min(place, len(self.subjects) - 1))
        if place != self._place:
            self._place = place
            self.reveal(place)
            self.refresh()
            self.post_message(self.Chosen(self.chosen))

    def render_line(self, y: int) -> Strip:
        """Draw a title."""
        width, place = self.size.width, self.top + y
        if place >= len(self.subjects):
            return Strip.blank(width, self.style_of("row"))
        is_chosen = place == self._place
        style = self.style_of("row" if not is_chosen else "focused" if self.has_focus else "cursor")
        text = f"{'▌' if is_chosen else ' '}{safe_text(self.subjects[place][1])}"
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def move(self, lines: int) -> None:
        """Choose a subject above or below."""
        self.go_to(self._place + lines)

    def move_to_end(self, *, is_last: bool) -> None:
        """Choose the first or last subject."""
        self.go_to(len(self.subjects) if is_last else 0)

    def move_aside(self, by: int) -> None:
        """Go into what is shown."""
        if by > 0:
            self.post_message(self.Left())

    def enter(self) -> None:
        """Go into what is shown."""
        self.post_message(self.Left())

    @property
    def value(self) -> str:
        """The title of what is shown."""
        return self.subjects[self._place][1]

    def on_click(self, event: events.Click) -> None:
        """Choose the subject under the mouse."""
        place = event.get_content_offset(self)
        if place is not None and self.top + place.y < len(self.subjects):
            self.go_to(self.top + place.y)
