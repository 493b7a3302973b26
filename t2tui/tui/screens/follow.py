"""The streams of a flow: what both sides sent, as text or bytes, searched and saved."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input
from textual.worker import Worker, get_current_worker

from t2tui.core.streams import Stream
from t2tui.core.streams.search import Match, PatternError, compile_bytes, search
from t2tui.core.streams.stream import Direction
from t2tui.tui import streamwords
from t2tui.tui.actions import bindings, follow, program
from t2tui.tui.dialogs.savestream import Choice, Saved, SaveStream, SaveWanted
from t2tui.tui.figures import amount
from t2tui.tui.messages import PacketWanted
from t2tui.tui.safe import safe_text
from t2tui.tui.screens.lines import LinesScreen
from t2tui.tui.session import Session, words
from t2tui.tui.streamforms import FORMS
from t2tui.tui.streamlines import StreamLines
from t2tui.tui.streamsaving import SavedFile, obstacle, save_bytes, save_lines
from t2tui.tui.streamsearch import MOST, Findings
from t2tui.tui.streamwords import Facts
from t2tui.tui.views.view import KeysOfView
from t2tui.tui.widgets.buttonrow import ButtonRow
from t2tui.tui.widgets.streamhead import SearchBar, Words
from t2tui.tui.widgets.streamview import StreamView

TELL_SECONDS = 0.1
"""How often work in a thread says how far it is."""
LEAST_WRAP = 16
"""Cells that a wrapped line has at least."""
NARROW = 100


Place = tuple[Direction, int]
"""A direction, and the number of a byte counted over it."""
BEGIN: Place = ("both", 0)


class _StoppedError(Exception):
    """Nobody waits any more."""


class FollowScreen(LinesScreen):
    """What both sides of a flow sent."""

    PLACE = follow.PLACE
    BINDINGS = bindings(follow.ACTIONS)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]
    places = (follow.PLACE, program.PLACE)
    explained: KeysOfView = (
        (
            "Signs",
            (
                ("→ ←", "sent by A, by B"),
                ("[...]", "a note: bytes are missing, a packet came twice, late ..."),
                ("›", "the line goes on; → moves there"),
            ),
        ),
        (
            "While searching",
            (("Enter", "Search; case counts if i says so, (?i) and (?s) work"), ("Esc", "Close")),
        ),
    )

    @dataclass
    class Opened(Message):
        """A stream can be read."""

        flow: int
        stream: Stream
        facts: Facts

    @dataclass
    class Failed(Message):
        """A stream cannot be read."""

        flow: int
        text: str

    @dataclass
    class Arranged(Message):
        """Lines are ready."""

        lines: StreamLines
        byte: int

    @dataclass
    class Progress(Message):
        """Something in a thread is so far."""

        text: str

        def can_replace(self, message: Message) -> bool:
            """Only the last one counts."""
            return isinstance(message, FollowScreen.Progress)

    @dataclass
    class Found(Message):
        """A search has gone on."""

        findings: Findings
        matches: list[Match]
        done: float
        is_running: bool
        error: str = ""

    @dataclass
    class Written(Message):
        """A file was saved, or why it was not."""

        saved: SavedFile | None
        error: str = ""

    def __init__(self, capture: Session, flow: int, neighbour: Callable[[int], int | None]) -> None:
        """Choose a flow.

        Args:
            capture: where it is from.
            flow: its index.
            neighbour: returns the next flow of the table (1) or the one before (-1), None without.
        """
        super().__init__()
        self._capture, self._flow, self._neighbour = capture, flow, neighbour
        self._stream: Stream | None = None
        self._facts = Facts(0, 0, 0, 0)
        self._lines: StreamLines | None = None
        self._form, self._direction = "text", "both"
        self._marks, self._wraps, self._ignores_case = True, False, True
        self._findings: Findings | None = None
        self._progress = ""
        self._kept = BEGIN

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Words(id="stream-head")
        yield ButtonRow(follow.CHOICES, id="stream-choices")
        yield StreamView(id="stream")
        yield Words(id="stream-place")
        yield SearchBar(id="stream-search")
        deeds = [action for action in follow.ACTIONS if action not in follow.CHOICES]
        yield ButtonRow([*deeds, *program.ACTIONS], id="stream-deeds")

    def on_mount(self) -> None:
        """Begin to open the stream."""
        self.set_focus(self.lines_view)
        self._begin(self._flow)

    def on_unmount(self) -> None:
        """Let go of the stream."""
        self.workers.cancel_node(self)
        if self._stream is not None:
            self._stream.close()

    def tell(self, text: str, severity: Any = "information") -> None:
        """Show a short message for some seconds."""
        self.notify(safe_text(text), severity=severity, markup=False)

    # ------------------------------------------------------------------ opening

    def _begin(self, flow: int, place: Place = BEGIN) -> None:
        """Open the streams of a flow in place of what is shown, and go to a place."""
        self.workers.cancel_node(self)
        stream, self._stream, self._lines = self._stream, None, None
        if stream is not None:
            stream.close()
        self._flow, self._kept = flow, place
        self._facts = Facts(0, 0, 0, 0)
        self._forget()
        self._progress = ""
        self.lines_view.explain("opening ... Esc goes back")
        self._show_head()
        self._open(flow)

    @work(thread=True, exclusive=True, exit_on_error=False, group="open")
    def _open(self, flow: int) -> None:
        try:
            stream = self._capture.open_stream(flow)
            self.post_message(self.Opened(flow, stream, Facts.of(stream)))
        except Exception as error:  # whatever it is, the screen says it
            self.post_message(self.Failed(flow, ". ".join(filter(None, words(error)))))

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        if message.flow != self._flow or self._stream is not None:
            message.stream.close()
            return
        self._stream, self._facts = message.stream, message.facts
        self._progress = ""
        self._show_head()
        self._arrange()

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        if message.flow == self._flow:
            self._progress = ""
            self.lines_view.explain(f"{message.text}  r reads again, Esc goes back")
            self._show_place()

    @on(Progress)
    def _so_far(self, message: Progress) -> None:
        self._progress = message.text
        self._show_place()

    # ------------------------------------------------------------------ lines

    @property
    def _line_place(self) -> Place:
        """Where the cursor is."""
        line, lines = self.lines_view.line, self._lines
        if line is None or lines is None:
            return self._kept
        if line.is_note:
            return lines.direction, line.begin
        return ("B" if line.direction == "B" else "A"), line.start

    def _arrange(self) -> None:
        """Have lines made of the stream; the cursor stays on its byte."""
        self.query_one("#stream-choices", ButtonRow).choose(
            {f"form('{self._form}')", f"direction('{self._direction}')"}
        )
        chosen = {name for name, on in (("marks", self._marks), ("wrap", self._wraps)) if on}
        self.query_one("#stream-deeds", ButtonRow).choose(chosen)
        if self._stream is not None:
            wrap = max(self.lines_view.text_width, LEAST_WRAP) if self._wraps else 0
            self._make_lines(self._stream, self._form, self._direction, self._marks, wrap, self._line_place)

    @work(thread=True, exclusive=True, exit_on_error=False, group="lines")
    def _make_lines(
        self, stream: Stream, form: str, direction: Any, marks: bool, wrap: int, place: Place
    ) -> None:
        lines = StreamLines(stream, FORMS[form], direction, marks=marks, wrap=wrap)
        self.post_message(self.Arranged(lines, stream.place(place[1], place[0], direction)))

    @on(Arranged)
    def _arranged(self, message: Arranged) -> None:
        lines = message.lines
        if lines.stream is not self._stream:
            return
        self._lines = lines
        if lines.size or (lines.height and self._facts.missing):
            self.lines_view.show(lines, message.byte)
        else:
            self.lines_view.explain(streamwords.nothing(self._flow, lines.direction, self._facts))
        self._show_place()

    @on(StreamView.Moved)
    def _moved(self) -> None:
        self._show_place()

    def on_resize(self) -> None:
        """Cut lines at the new width."""
        if self._wraps:
            self.call_after_refresh(self._arrange)

    def _show_head(self) -> None:
        texts = [(f"Flow {self._flow}", "bold")]
        if self._stream is not None:
            ends = self._stream.conversation
            if ends is not None:
                texts += [(streamwords.protocol(ends), ""), (streamwords.ends(ends), "")]
            said = streamwords.facts(self._facts)
            texts += [(text, "$text-warning" if "missing" in text else "") for text in said]
        self.query_one("#stream-head", Words).show(*texts)

    def _show_place(self) -> None:
        texts = []
        if self._findings is not None:
            texts.append((f"/{self._findings.pattern}/ {self._findings.words()}", "$text-accent"))
        if self._progress:
            texts.append((self._progress, "$text-warning"))
        line = self.lines_view.line
        if line is not None:
            texts += [(text, "") for text in streamwords.place(line)]
        self.query_one("#stream-place", Words).show(*texts)

    # ------------------------------------------------------------------ showing in other ways

    def action_form(self, form: str) -> None:
        """Show the bytes in another form."""
        self._form = form
        self._arrange()

    def action_direction(self, direction: Direction) -> None:
        """Show one direction, or both."""
        if direction != self._direction:
            self._direction = direction
            self._forget()
        self._arrange()

    def action_marks(self) -> None:
        """Show notes, or none."""
        self._marks = not self._marks
        self._arrange()

    def action_wrap(self) -> None:
        """Cut lines of text at the width of the screen, or not."""
        self._wraps = not self._wraps
        self._arrange()

    # ------------------------------------------------------------------ elsewhere

    def action_packet(self) -> None:
        """Go to the packet that brought the line under the cursor."""
        line = self.lines_view.line
        if line is None:
            self.tell("There is no line under the cursor", "warning")
        elif not line.packet:
            self.tell("No packet of the capture has these bytes", "warning")
        else:
            self.dismiss(PacketWanted(line.packet, self._flow))

    def action_next_flow(self) -> None:
        """Follow the flow below in the table."""
        self._go_on_with(1, "last")

    def action_previous_flow(self) -> None:
        """Follow the flow above in the table."""
        self._go_on_with(-1, "first")

    def _go_on_with(self, step: int, which: str) -> None:
        flow = self._neighbour(step)
        if flow is None:
            self.tell(f"This is the {which} flow of those that are shown", "information")
        else:
            self._begin(flow)

    def action_reload(self) -> None:
        """Open the stream again; the cursor stays on its byte."""
        self._begin(self._flow, self._line_place)

    def action_back(self) -> None:
        """Stop what runs, forget the search, go back; one at a time."""
        bar = self.query_one(SearchBar)
        if bar.display:
            self._close_search()
        elif self._is_working("search") or self._is_working("save"):
            self._cancel("search", "save")
            self._progress = ""
            if self._findings is not None:
                self._findings.is_running = False
            self._show_place()
        elif self._findings is not None:
            self._forget()
        else:
            self.dismiss(None)

    def _is_working(self, group: str) -> bool:
        return any(
            worker.group == group and worker.node is self and not worker.is_finished
            for worker in self.workers
            if not worker.is_cancelled
        )

    def _cancel(self, *groups: str) -> None:
        for group in groups:
            self.workers.cancel_group(self, group)

    # ------------------------------------------------------------------ searching

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the search to those who are typed in."""
        if action == "search":
            return self.is_current and not isinstance(self.focused, Input)
        return True

    def action_search(self) -> None:
        """Type what is searched."""
        self.query_one(SearchBar).begin()

    def action_ignore_case(self) -> None:
        """Tell capitals from small letters, or not."""
        self._ignores_case = not self._ignores_case
        self.tell(f"Case {'does not count' if self._ignores_case else 'counts'} in searches")
        if self._findings is not None:
            self._search(self._findings.pattern)

    def _close_search(self) -> None:
        self.query_one(SearchBar).display = False
        self.set_focus(self.lines_view)

    @on(SearchBar.Given)
    def _search_given(self, message: SearchBar.Given) -> None:
        if not message.text:
            self._forget()
            self._close_search()
        elif self._search(message.text):
            self._close_search()

    def _search(self, text: str) -> bool:
        """Begin a search at the cursor; False if the expression is none."""
        try:
            pattern = compile_bytes(text, self._ignores_case)
        except PatternError as error:
            self.query_one(SearchBar).show_note(str(error), "$text-error")
            return False
        if self._stream is not None and self._lines is not None:
            line = self.lines_view.line
            self._findings = Findings(text, 0 if line is None else line.begin)
            self.lines_view.highlight((), None)
            self._find(self._findings, self._stream, pattern, self._lines.direction)
            self._show_place()
        return True

    @work(thread=True, exclusive=True, exit_on_error=False, group="search")
    def _find(self, findings: Findings, stream: Stream, pattern: Any, direction: Direction) -> None:
        worker = get_current_worker()
        size, first = stream.size(direction), findings.first
        matches: list[Match] = []
        searched, error, count, due = 0, "", 0, time.monotonic()
        try:
            for window in chain(
                search(stream, pattern, direction, first, size), search(stream, pattern, direction, 0, first)
            ):
                _go_on(worker)
                searched += window.behind - window.first
                matches += window.matches
                if time.monotonic() >= due or (matches and not count):
                    count += len(matches)
                    self.post_message(self.Found(findings, matches, searched / size, True))
                    matches, due = [], time.monotonic() + TELL_SECONDS
                    if count > MOST:
                        break
        except _StoppedError:
            return
        except Exception as wrong:  # the screen says it
            error = str(wrong) if isinstance(wrong, PatternError) else ". ".join(filter(None, words(wrong)))
        self.post_message(self.Found(findings, matches, searched / max(size, 1), False, error))

    @on(Found)
    def _found(self, message: Found) -> None:
        findings = message.findings
        if findings is not self._findings:
            return
        findings.add(message.matches)
        findings.done, findings.is_running = message.done, message.is_running
        if message.error:
            self.tell(message.error, "error")
        self._go_to_match()
        if message.matches:
            self.lines_view.highlight(findings.matches, findings.chosen)
        self._show_place()

    def _go_to_match(self) -> None:
        """Go to the match that is wanted, if it is known."""
        findings = self._findings
        if findings is None:
            return
        match = findings.step(findings.first)
        if match is not None:
            self.lines_view.highlight(findings.matches, match)
            self.lines_view.reveal(match)
        self._show_place()

    def action_next_match(self) -> None:
        """Go to the next match."""
        self._step(1)

    def action_previous_match(self) -> None:
        """Go to the match before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        if self._findings is None:
            self.tell("Nothing was searched: / searches", "information")
        else:
            self._findings.wanted = step
            self._go_to_match()

    def _forget(self) -> None:
        """Forget the search."""
        self._cancel("search")
        self._findings = None
        self.lines_view.highlight((), None)
        self._show_place()

    # ------------------------------------------------------------------ copying and saving

    def action_copy_line(self) -> None:
        """Copy the line under the cursor."""
        line = self.lines_view.line
        if line is not None:
            self.app.copy_to_clipboard(line.text)
            self.tell("The line is copied")

    def action_copy_page(self) -> None:
        """Copy the lines on screen."""
        page = self.lines_view.page
        self.app.copy_to_clipboard("\n".join(line.text for line in page))
        self.tell(f"{amount(len(page))} lines are copied")

    def action_save(self) -> None:
        """Ask what is saved, and where."""
        if not self._facts.size("both"):
            self.tell("There is nothing to save: the flow has no payload", "warning")
            return
        source = self._capture.opening.sources[0]
        titles: dict[Direction, str] = {
            "A": "A: what A sent",
            "B": "B: what B sent",
            "both": "both, as they took turns",
        }
        choices = [
            Choice(
                direction,
                False,
                f"{title} ({amount(self._facts.size(direction))} bytes)",
                streamwords.file_name(source, self._flow, direction, False),
            )
            for direction, title in titles.items()
            if self._facts.size(direction)
        ]
        shown: Direction = self._lines.direction if self._lines is not None else "both"
        name = streamwords.file_name(source, self._flow, shown, True)
        choices.append(Choice(shown, True, f"as shown: {self._form}", name))
        chosen = [number for number, choice in enumerate(choices) if choice.direction == shown]
        self.app.push_screen(SaveStream(choices, chosen[0], self._obstacle), self._save)

    def _obstacle(self, path: Path) -> str:
        return obstacle(path, self._capture.opening.sources)

    def _save(self, wanted: SaveWanted | None) -> None:
        if wanted is not None and self._stream is not None:
            wrap = max(self.lines_view.text_width, LEAST_WRAP) if self._wraps else 0
            self._write(wanted, self._stream, self._form, self._marks, wrap)

    @work(thread=True, exclusive=True, exit_on_error=False, group="save")
    def _write(self, wanted: SaveWanted, stream: Stream, form: str, marks: bool, wrap: int) -> None:
        worker, due = get_current_worker(), time.monotonic()

        def tell(done: float) -> None:
            nonlocal due
            _go_on(worker)
            if time.monotonic() >= due:
                due = time.monotonic() + TELL_SECONDS
                self.post_message(self.Progress(f"saving {done:.0%} (Esc stops)".replace("%", " %")))

        inputs, choice = self._capture.opening.sources, wanted.choice
        try:
            if choice.is_text:
                lines = StreamLines(stream, FORMS[form], choice.direction, marks=marks, wrap=wrap)
                saved = save_lines(lines, wanted.path, inputs, tell)
            else:
                saved = save_bytes(stream, choice.direction, wanted.path, inputs, tell)
            self.post_message(self.Written(saved))
        except _StoppedError:
            self.post_message(self.Written(None, "Stopped: nothing was saved"))
        except Exception as error:  # the screen says it
            text = ". ".join(filter(None, words(error))).replace(" with -w", "")
            self.post_message(self.Written(None, text))

    @on(Written)
    def _written(self, message: Written) -> None:
        self._progress = ""
        self._show_place()
        saved = message.saved
        if saved is None:
            self.tell(message.error, "error")
            return
        replaced = ", in place of the file that was there" if saved.replaced else ""
        text = f"{amount(saved.written)} bytes are saved in '{saved.path.absolute()}'{replaced}"
        self.app.push_screen(Saved(text, can_undo=not saved.replaced), self._undo(saved))

    def _undo(self, saved: SavedFile) -> Callable[[bool | None], None]:
        def answered(answer: bool | None) -> None:
            if answer:
                self.tell(saved.undo())

        return answered


def _go_on(worker: Worker[Any]) -> None:
    """Raise if nobody waits any more."""
    if worker.is_cancelled:
        raise _StoppedError
