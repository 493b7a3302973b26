"""The program on screen: opens captures, does what is done everywhere."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from textual import on, work
from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.screen import Screen
from textual.theme import Theme

from t2tui.core.configfile import Preferences
from t2tui.core.text.safe import safe_text as safe_lines
from t2tui.tui import garbage, jobs
from t2tui.tui.actions import ACTIONS, Action, bindings, program
from t2tui.tui.carried import Carried
from t2tui.tui.dialogs.help import HelpScreen
from t2tui.tui.dialogs.openfile import OpenDialog
from t2tui.tui.dialogs.question import Question
from t2tui.tui.memory import Memory
from t2tui.tui.messages import JobEnded, RunAgainWanted
from t2tui.tui.opening import Opening
from t2tui.tui.preferences import faults
from t2tui.tui.recent import Recent
from t2tui.tui.safe import safe_text
from t2tui.tui.screens.capture import CaptureScreen
from t2tui.tui.session import Session
from t2tui.tui.tasks import ExportText
from t2tui.tui.widgets.actionline import ActionButton

CANCEL_SECONDS = 0.5
"""How long the end of the program waits for what is being written to be removed."""

START_SECONDS = 1.0
"""After which the start is over, and garbage is collected."""
TERMINAL_SECONDS = 2.0
"""How often the program looks whether its terminal is still there."""

STYLES: list[str | PurePath] = sorted((Path(__file__).parent / "styles").glob("*.tcss"))


class FlowApp(App[int]):
    """The terminal UI.

    Attributes:
        main: the screen of the capture that is open.
        jobs: what runs in the background.
    """

    TITLE = "t2tui"
    PLACE = program.PLACE
    CSS_PATH = STYLES
    BINDINGS = bindings(program.ACTIONS)

    def __init__(
        self,
        opening: Opening,
        session: Session | None = None,
        preferences: Preferences | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Prepare.

        Args:
            opening: what to open.
            session: its session; made without.
            preferences: theme and keys that the user wants.
            memory: what is remembered between runs; the user's without.
        """
        super().__init__()
        self._preferences = preferences or Preferences()
        self._memory = memory or Memory()
        self._recent = Recent(self._memory)
        self.main = CaptureScreen(opening, session, self._memory)
        self.jobs = jobs.Jobs(lambda job: self.post_message(JobEnded(job)))

    def on_mount(self) -> None:
        """Open what was named, with the user's theme and keys; ask for a capture if none was."""
        self.push_screen(self.main)
        wanted = self._preferences
        theme = wanted.theme or self._recent.theme()
        if theme in self.available_themes:
            self.theme = theme
        self.theme_changed_signal.subscribe(self, self._remember_theme)
        self.set_keymap(dict(wanted.keys))
        for text in faults(wanted, self.available_themes):
            self.main.tell(text, "warning")
        if not self.main.opening.sources:
            self.action_open()
        self._watch_for_the_end()
        self.set_timer(START_SECONDS, garbage.resume)

    def _watch_for_the_end(self) -> None:
        """End in order when the terminal goes away or the process is told to end."""
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self._end, 128 + signal.SIGTERM)
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
                loop.add_signal_handler(signal.SIGHUP, self._end_without_terminal)
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            self.set_interval(TERMINAL_SECONDS, self._look_for_terminal)

    def _look_for_terminal(self) -> None:
        """End if the terminal is gone: not everybody is told by a signal."""
        if sys.__stdin__ is not None and not os.isatty(sys.__stdin__.fileno()):
            self._end_without_terminal()

    def _end_without_terminal(self) -> None:
        """End at once: there is nothing to draw on and nothing to put back."""
        self.jobs.cancel(CANCEL_SECONDS)
        self.main.close()
        os._exit(128 + signal.SIGHUP)

    def _remember_theme(self, theme: Theme) -> None:
        self.main.remember(partial(self._recent.chosen, theme.name))

    def open(self, opening: Opening, carried: Carried | None = None) -> None:
        """Open something else in the place of what is open.

        Args:
            opening: what to open.
            carried: what is taken over from what is open.
        """
        self.main.close()
        self.main = CaptureScreen(opening, memory=self._memory, carried=carried)
        self.switch_screen(self.main)

    @on(RunAgainWanted)
    def _run_again(self, message: RunAgainWanted) -> None:
        self.open(message.opening, self.main.carry(message.lit, message.changes))

    # ------------------------------------------------------------------ actions

    @on(ActionButton.Pressed)
    async def _button(self, message: ActionButton.Pressed) -> None:
        await self.do(message.action)

    async def do(self, action: Action) -> None:
        """Do what the key of an action does."""
        performer = self.performer(action.place, self.screen)
        if performer is not None:
            await self.run_action(action.name, performer)

    def performer(self, place: str, screen: Screen[Any]) -> DOMNode | None:
        """Return who has the methods of the actions of a place; None if it is not on a screen."""
        nodes = (self, screen, *screen.query("*"))
        found = [node for node in nodes if getattr(node, "PLACE", "") == place]
        # of a view and its table, which has keys of its own, the table
        return found[-1] if found else None

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield the actions of a screen for the palette."""
        places = getattr(screen, "places", (program.PLACE,))
        for action in ACTIONS:
            if action.place in places and action.name != "command_palette":
                yield SystemCommand(action.title, action.label, partial(self.do, action))

    def action_open(self) -> None:
        """Ask for a capture."""
        self.push_screen(OpenDialog(self._recent.captures()), self._open_paths)

    def _open_paths(self, paths: tuple[str, ...] | None) -> None:
        if paths:
            sources = [str(Path(path).expanduser()) for path in paths]
            self.open(replace(self.main.opening, sources=sources, descriptor=None))

    def action_choose_theme(self) -> None:
        """List the themes; the one that is lit is shown."""
        self.search_themes()

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_help(self) -> None:
        """Show the keys of the view."""
        places = getattr(self.screen, "places", (program.PLACE,))
        self.push_screen(HelpScreen(places, getattr(self.screen, "explained", ())))

    async def action_quit(self) -> None:
        """End the program; ask if something is being written."""
        running = self.jobs.running
        if running:
            what = ", ".join(job.task.title for job in running)
            text = f"{what}: not done yet. Quit, and leave nothing of it?"
            self.push_screen(Question(text), lambda answer: self._end() if answer else None)
        else:
            self._end()

    def _end(self, code: int = 0) -> None:
        self.jobs.cancel(CANCEL_SECONDS)
        self.main.close()
        self.exit(code, code)

    # ------------------------------------------------------------------ jobs

    @on(JobEnded)
    def _job_ended(self, message: JobEnded) -> None:
        """Tell what came of a job that nobody watches."""
        job = message.job
        if isinstance(job.task, ExportText) and job.state == jobs.DONE:
            self.copy_to_clipboard(safe_lines(job.task.text))
        if not job.is_watched and job.state != jobs.CANCELLED:
            where = f" → {job.task.target}" if job.task.target is not None else ""
            is_done = job.state == jobs.DONE
            text = safe_text(f"{job.task.title}: {job.text}{where if is_done else ''}")
            self.notify(text, severity="information" if is_done else "error", markup=False)

    def action_undo(self) -> None:
        """Take back what was written last."""
        job = self.jobs.last
        if job is None:
            self.notify("There is nothing that was written and could be taken back", markup=False)
        else:
            self._undo(job)

    @work(thread=True, group="undo", exit_on_error=False)
    def _undo(self, job: jobs.Job) -> None:
        text = safe_text(job.undo())
        self.call_from_thread(self.notify, text, markup=False)
