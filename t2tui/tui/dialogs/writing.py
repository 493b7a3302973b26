"""What the dialogs that write something have in common: what, where, how far, what came of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from t2tui.tui import jobs
from t2tui.tui.figures import amount, bar
from t2tui.tui.jobs import Job
from t2tui.tui.safe import safe_content, safe_text
from t2tui.tui.scopes import Extent, Scope, default, extent
from t2tui.tui.targets import Target
from t2tui.tui.tasks import Task, number
from t2tui.tui.widgets.choice import Option, PushButton
from t2tui.tui.widgets.fields import ChoiceField, Field, TextField, switch
from t2tui.tui.widgets.note import Note

if TYPE_CHECKING:
    from t2tui.cutting import Direction
    from t2tui.tui.session import Session

TICK_SECONDS = 0.1
"""How often the bar is drawn."""
BAR = 40

LABELS = {
    "cursor": "under the cursor",
    "marked": "marked",
    "shown": "shown",
    "all": "all",
}
"""Scopes in words."""


class HasJobs(Protocol):
    """The program, as dialogs need it."""

    jobs: jobs.Jobs


@dataclass(frozen=True)
class Subject:
    """What a dialog is about.

    Attributes:
        capture: the session.
        scopes: what can be acted on, at least one.
        columns: names of the columns that are shown.
        is_growing: the capture is still being read.
    """

    capture: "Session"
    scopes: Mapping[str, Scope]
    columns: tuple[str, ...] = ()
    is_growing: bool = False

    @property
    def flow(self) -> int:
        """Index of the flow under the cursor; of the first one where there is none."""
        scope = self.scopes.get("cursor") or next(iter(self.scopes.values()))
        return int(scope.table.rows(["flowInd"], int(scope.rows[0]), 1)[0])


class WritingDialog(ModalScreen[None]):
    """A form, then a bar, then the result."""

    HEADING: ClassVar[str] = ""
    ACTS_ON: ClassVar[str] = "flow"
    """What is counted: flows, or rows."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]
    BINDINGS = [
        Binding("escape", "leave", "Close", show=False),
        Binding("u", "undo", "Undo", show=False),
        Binding("enter", "go", "OK", show=False),
    ]

    class Counted(Message):
        """A scope was counted."""

        def __init__(self, key: tuple[str, str], found: Extent) -> None:
            super().__init__()
            self.key, self.found = key, found

    class Undone(Message):
        """What was written has been taken back, or not."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, subject: Subject, program: HasJobs) -> None:
        """Prepare.

        Args:
            subject: what it is about.
            program: runs the job, and tells of its end when the dialog is closed.
        """
        super().__init__()
        self.subject, self._program = subject, program
        self.job: Job | None = None
        self._extents: dict[tuple[str, str], Extent] = {}

    # ------------------------------------------------------------------ what the dialogs differ in

    def fields(self) -> Iterator[Field]:
        """Yield the fields of the dialog before the place."""
        yield from ()

    def more_fields(self) -> Iterator[Field]:
        """Yield those behind the place, which are seldom changed."""
        yield from ()

    def place(self, text: str) -> Target:
        """Look at a place that is typed."""
        raise NotImplementedError

    def planned(self) -> Task:
        """Return what the form describes."""
        raise NotImplementedError

    def what(self, found: Extent) -> str:
        """Return what will be written, in words."""
        raise NotImplementedError

    def suggestion(self) -> str:
        """Return the place that is proposed for the scope."""
        raise NotImplementedError

    @property
    def is_into_file(self) -> bool:
        """Whether it is written to a place."""
        return True

    @property
    def obstacle(self) -> str:
        """What is wrong with the form besides its fields; nothing if all is right."""
        return ""

    # ------------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """Make form, bar and result; one of them is shown."""
        scopes = self.subject.scopes
        options = [Option(name, self._scope_label(name)) for name in scopes]
        with Vertical(classes="dialog writing"):
            with VerticalScroll(id="form"):
                yield ChoiceField("Which", options, default(scopes), is_column=True, id="scope-field")
                if self.ACTS_ON == "flow":
                    sides = [Option("both", "both"), Option("A", "A"), Option("B", "B")]
                    yield ChoiceField("Direction", sides, "both", id="direction-field")
                yield from self.fields()
                yield TextField("To", "", self._parse_place, id="place-field")
                yield switch("Replace", False, id="replace-field")
                yield from self.more_fields()
            yield Static(markup=False, id="summary")
            yield Note(markup=False, id="bar")
            yield Static(markup=False, id="result")
            with Horizontal(id="form-buttons"):
                yield PushButton("OK", id="ok")
                yield PushButton("Cancel  Esc", id="leave")
            with Horizontal(id="bar-buttons"):
                yield PushButton("Stop it", id="stop")
                yield PushButton("Close: it goes on in the background  Esc", id="background")
            with Horizontal(id="result-buttons"):
                yield PushButton("Undo  u", id="undo")
                yield PushButton("Close  Esc", id="close")

    def on_mount(self) -> None:
        """Show the form."""
        self.query_one(".writing").border_title = Content(safe_text(self.HEADING))
        self._suggested = self.suggestion()
        self.query_one("#place-field", TextField).set(self._suggested)
        self._show_part("form")
        self._update()
        self.set_focus(self.query_one("#scope-field", ChoiceField).choice)
        self.set_interval(TICK_SECONDS, self._tick)

    def _show_part(self, part: str) -> None:
        for selector, parts in (
            ("#form, #form-buttons", ("form",)),
            ("#bar, #bar-buttons", ("bar",)),
            ("#result, #result-buttons", ("result",)),
            ("#summary", ("form", "bar")),
        ):
            for widget in self.query(selector):
                widget.display = part in parts

    def field(self, id: str) -> Field:
        """Return a field."""
        return self.query_one(f"#{id}-field", Field)

    @property
    def scope(self) -> Scope:
        """What is chosen to be acted on."""
        return self.subject.scopes[self.field("scope").value]

    @property
    def direction(self) -> "Direction":
        """Direction of the flows."""
        side: Direction = self.field("direction").value if self.ACTS_ON == "flow" else "both"
        return side

    @property
    def target(self) -> Target:
        """The place."""
        return self.place(self.query_one("#place-field", TextField).input.value)

    @property
    def is_replacing(self) -> bool:
        """Whether what stands there may be replaced."""
        return bool(self.field("replace").value)

    def _parse_place(self, text: str) -> Target:
        target = self.place(text)
        if target.error:
            raise ValueError(target.error)
        return target

    # ------------------------------------------------------------------ the form

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()
        place = self.query_one("#place-field", TextField)
        suggestion = self.suggestion()
        if suggestion != self._suggested and place.input.value == self._suggested:
            place.set(suggestion)
            self._suggested = suggestion
        self._update()

    def _update(self) -> None:
        """Show what will be written where, and whether it can be."""
        place, target = self.query_one("#place-field", TextField), self.target
        place.display = self.is_into_file
        place.explain(f"{target.note}; choose yes below to replace it" if target.is_taken else target.note)
        self.field("replace").display = self.is_into_file and target.is_taken
        why = self._why_not()
        self.query_one("#ok", PushButton).show_obstacle(why)
        found = self._extents.get((self.scope.name, self.direction))
        if found is None:
            self._count(self.scope, self.direction)
        what = "counting ..." if found is None else self.what(found)
        where = f" → {target.path}" if self.is_into_file and not target.error else ""
        lines = [safe_content(f"Will be written: {what}{where}")]
        if self.subject.is_growing:
            note = "The capture is still being read: flows that have ended so far."
            lines.append(safe_content(note, "$text-muted"))
        self.query_one("#summary", Static).update(Content("\n").join(lines))

    def _why_not(self) -> str:
        """Return why OK does nothing; nothing if it does."""
        for field in self.query(Field):
            if field.error and field.display:
                label = field.query_one(".field-label", Static).content
                return f"{label}: {field.error}"
        target = self.target
        if self.is_into_file and target.is_taken and not self.is_replacing:
            return f"'{target.path}' {target.note}: choose another place, or yes to replace it"
        return self.obstacle

    @work(thread=True, group="extent", exit_on_error=False)
    def _count(self, scope: Scope, direction: "Direction") -> None:
        self.post_message(self.Counted((scope.name, direction), extent(scope, direction)))

    @on(Counted)
    def _counted(self, event: Counted) -> None:
        event.stop()
        self._extents[event.key] = event.found
        if self.job is None:
            choice = self.query_one("#scope-field", ChoiceField).choice
            choice.relabel(event.key[0], self._scope_label(event.key[0]))
            self._update()

    def _scope_label(self, name: str) -> str:
        scope = self.subject.scopes[name]
        found = next((found for key, found in self._extents.items() if key[0] == name), None)
        if name == "cursor":
            return f"{LABELS[name]}: flow {self.subject.flow}"
        if self.ACTS_ON == "flow" and found is not None:
            return f"{LABELS[name]}: {number(found.flows, 'flow')}"
        return f"{LABELS[name]}: {number(len(scope), 'row')}"

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_go()

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        event.stop()
        deeds: dict[str, Callable[[], object]] = {
            "ok": self.action_go,
            "undo": self.action_undo,
            "stop": self._stop,
        }
        deeds.get(event.button.id or "", self.action_leave)()

    def action_go(self) -> None:
        """Begin; close when it is done."""
        if self.job is not None:
            if self.job.state != jobs.RUNNING:
                self.action_leave()
            return
        why = self._why_not()
        if why:
            self.notify(safe_text(why), severity="warning", markup=False)
            return
        self.job = self._program.jobs.start(self.planned())
        self.job.is_watched = True
        self._show_part("bar")
        self.set_focus(self.query_one("#background", PushButton))
        self._tick()

    # ------------------------------------------------------------------ bar and result

    def _tick(self) -> None:
        """Show how far it is; the result when there is one."""
        job = self.job
        if job is None or not self.query_one("#bar-buttons").display:
            return
        if job.state != jobs.RUNNING:
            self._show_result(job)
            return
        if job.fraction is None:
            text = f"{amount(job.done)} so far" if job.done else "reading ..."
        else:
            text = f"{bar(job.fraction, BAR)} {job.fraction:.0%}".replace("%", " %")
        self.query_one("#bar", Note).show(safe_content(text))

    def _show_result(self, job: Job) -> None:
        where = f" → {job.task.target}" if job.task.target is not None else " in the clipboard"
        if job.state == jobs.DONE:
            shown = safe_content(f"✓ {job.text}{where}", "$text-success")
        else:
            shown = safe_content(f"✗ {job.text}", "$text-error")
        self.query_one("#result", Static).update(shown)
        self.query_one("#undo").display = job.can_undo
        self._show_part("result")
        self.set_focus(self.query_one("#close", PushButton))

    def _stop(self) -> None:
        if self.job is not None:
            self.job.cancel()

    def action_undo(self) -> None:
        """Take back what was written."""
        if self.job is not None and self.job.can_undo:
            self._undo(self.job)

    @work(thread=True, group="undo", exit_on_error=False)
    def _undo(self, job: Job) -> None:
        self.post_message(self.Undone(job.undo()))

    @on(Undone)
    def _undone(self, event: Undone) -> None:
        event.stop()
        self.query_one("#result", Static).update(safe_content(event.text))
        self.query_one("#undo").display = False

    def action_leave(self) -> None:
        """Close; what runs goes on."""
        if self.job is not None:
            self.job.is_watched = False
        self.dismiss(None)
