"""Which plugins run, and their flags: changed, run with, and written to the file of settings."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from t2tui.core.settings import SettingsError
from t2tui.tui import session
from t2tui.tui.actions import bindings, plugins
from t2tui.tui.dialogs.question import Question
from t2tui.tui.messages import RunAgainWanted, ScopeChanged
from t2tui.tui.opening import Opening
from t2tui.tui.pluginsettings import LEFT_OUT as PLUGIN_LEFT_OUT
from t2tui.tui.pluginsettings import NO_FILE, Change, Known, PluginSettings
from t2tui.tui.safe import safe_content
from t2tui.tui.session import Snapshot
from t2tui.tui.views.view import KeysOfView, View
from t2tui.tui.widgets.fields import Field
from t2tui.tui.widgets.note import Note
from t2tui.tui.widgets.pluginform import PluginForm

RUNS, OFF, LEFT_OUT, BROKEN, CHANGED = "●", "○", "-", "!", "*"
STYLES = {RUNS: "", OFF: "$foreground 60%", LEFT_OUT: "$foreground 60%", BROKEN: "$text-error"}
STACKED = 110
"""Below this width the list stands above the flags."""
MOST_CHANGES = 3
"""Changes that the head names."""


class PluginsView(View):
    """A list of plugins, and the flags of the one that is lit."""

    PLACE = plugins.PLACE
    BINDINGS = bindings(plugins.ACTIONS)
    EXPLAINED: ClassVar[KeysOfView] = (
        (
            "Signs",
            (
                (RUNS, "runs"),
                (OFF, "is switched off"),
                (LEFT_OUT, "writes files, so it is left out here; 't2tui run' writes them"),
                (BROKEN, "cannot be used, or was switched off by an error"),
                (CHANGED, "was changed"),
            ),
        ),
        ("In the flags", (("Tab", "Next flag"), ("Enter", "From the list to the flags"))),
    )

    class Saved(Message):
        """The file was written, or not."""

        def __init__(self, warnings: list[str], error: str = "") -> None:
            super().__init__()
            self.warnings, self.error = warnings, error

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.settings: PluginSettings | None = None
        self._shown_form = ""
        self._broken: dict[str, str] = {}
        self._failure = ""

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Note(markup=False, id="plugins-head")
        with Container(id="plugins-parts"):
            yield OptionList(markup=False, compact=True, id="plugins-list")
            yield PluginForm(id="plugin-form")

    @property
    def listed(self) -> OptionList:
        """The list of plugins."""
        return self.query_one("#plugins-list", OptionList)

    @property
    def form(self) -> PluginForm:
        """The flags of the plugin that is lit."""
        return self.query_one(PluginForm)

    @property
    def lit(self) -> Known | None:
        """The plugin that is lit; None before plugins are known."""
        number = self.listed.highlighted
        return None if self.settings is None or number is None else self.settings.known[number]

    def on_resize(self) -> None:
        """Put the list above the flags where there is no room beside them."""
        self.set_class(self.size.width < STACKED, "-stacked")

    def take_focus(self) -> None:
        """Let keys go to the list."""
        self.screen.set_focus(self.listed)

    # ------------------------------------------------------------------ what is shown

    def show(self, now: Snapshot) -> None:
        """List the plugins, as soon as the session has imported its own; say which of them broke down."""
        broken = {each.plugin: f"switched off {each.text}" for each in now.breakdowns}
        if self.settings is None:
            self._broken = broken
            if now.state != session.PREPARING and not self._failure:
                self._look(self.main.opening)
        elif broken != self._broken:
            self._broken = broken
            self._draw()
        self._show_head()

    @work(thread=True, group="plugins", exclusive=True, exit_on_error=False)
    def _look(self, opening: Opening) -> PluginSettings:
        """Import all plugins."""
        return PluginSettings(opening)

    @on(Worker.StateChanged)
    def _looked(self, event: Worker.StateChanged) -> None:
        event.stop()
        result = event.worker.result if event.state is WorkerState.SUCCESS else None
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self._failure = " ".join(session.words(event.worker.error))
            self._show_head()
        elif isinstance(result, PluginSettings) and self.settings is None:
            self.settings = result
            self.listed.add_options([Option(self._line(known)) for known in result.known])
            names = [known.name for known in result.known]
            lit = self.main.carried.lit
            runs = next((name for name in names[1:] if result.is_on(name)), names[0])
            self.listed.highlighted = names.index(lit if lit in names else runs)
            self._show_head()

    def _sign(self, known: Known) -> str:
        assert self.settings is not None
        if known.name in self._broken or known.problem:
            return BROKEN
        if not self.settings.is_on(known.name):
            return OFF
        if known.writes_files:
            return LEFT_OUT
        return BROKEN if self.settings.remark(known.name) else RUNS

    def _line(self, known: Known) -> Content:
        """Return the line of a plugin."""
        assert self.settings is not None
        sign = self._sign(known)
        changes = [*self.settings.unsaved(), *self.settings.not_run()]
        mark = CHANGED if any(change.plugin == known.name for change in changes) else " "
        number = "" if known.number is None else f"{known.number:03}"
        why = self._broken.get(known.name) or (known.problem if sign == BROKEN else "")
        parts = (
            safe_content(f"{sign}{mark}", STYLES[sign]),
            safe_content(f" {number:>3} {known.name:<15} ", STYLES[sign]),
            safe_content(why or known.summary, STYLES[sign] if why else STYLES[OFF]),
        )
        return Content("").join(parts)

    def _draw(self) -> None:
        """Show all again that may have changed."""
        if self.settings is None:
            return
        for number, known in enumerate(self.settings.known):
            self.listed.replace_option_prompt_at_index(number, self._line(known))
        self._explain()
        self._show_head()
        self.post_message(ScopeChanged())

    def _explain(self) -> None:
        """Show facts about the plugin that is lit, and about its flags."""
        known = self.lit
        if known is None or self.settings is None:
            return
        title = " ".join(text for text in (known.name, known.version) if text)
        lines = [
            Content("").join([safe_content(title, "bold $primary"), safe_content(f"  {known.summary}")]),
        ]
        if not known.is_engine:
            state = "is on" if self.settings.is_on(known.name) else "is off: Space switches it on"
            needs = f"; needs {', '.join(known.requires)}" if known.requires else ""
            lines.append(safe_content(f"{state}{needs}; {known.origin}", "$text-muted"))
        remark = self._broken.get(known.name) or self.settings.remark(known.name)
        if remark:
            sign = LEFT_OUT if remark == PLUGIN_LEFT_OUT else BROKEN
            lines.append(safe_content(f"{sign} {remark}", STYLES[sign]))
        if not known.flags and not known.problem:
            lines.append(safe_content("It has no flags.", "$text-muted"))
        self.form.tell(lines)
        if self._shown_form == known.name:
            self.form.explain(known, self.settings)

    def _show_head(self) -> None:
        """Say what was changed, and what the last change did."""
        self.query_one("#plugins-head", Note).show(Content("\n").join(self._head()))

    def _head(self) -> list[Content]:
        lines = []
        compared = self.main.carried.compared(self.main.now)
        if compared:
            lines.append(safe_content(compared, "$text-accent"))
        if self._failure:
            return [safe_content(f"The plugins cannot be listed: {self._failure}", "$text-error"), *lines]
        if self.settings is None:
            return [safe_content("Plugins are looked for ...", "$text-muted"), *lines]
        not_run, unsaved = self.settings.not_run(), self.settings.unsaved()
        if not_run:
            lines.append(safe_content(f"Not run yet: {_named(not_run)}. ctrl+r runs again.", "$text-warning"))
        if unsaved:
            how = "ctrl+s saves" if self.settings.opened.config else NO_FILE
            lines.append(safe_content(f"Not saved: {_named(unsaved)}. {how}.", "$text-warning"))
        if not lines:
            text = "Space switches a plugin on or off, Enter and Tab go to its flags, ctrl+r runs again."
            lines.append(safe_content(text, "$text-muted"))
        return lines

    @on(OptionList.OptionHighlighted)
    async def _lit(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        known = self.lit
        if known is None or self.settings is None or known.name == self._shown_form:
            return
        self._shown_form = ""
        await self.form.begin(known, self.settings)
        self._shown_form = known.name
        self._explain()

    @on(OptionList.OptionSelected)
    def _enter(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.form.enter()

    # ------------------------------------------------------------------ changing

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.stop()
        flag, known = self.form.flag_of(event.field), self.lit
        if flag is None or known is None or self.settings is None or known.name != self._shown_form:
            return
        if event.field.error:  # what was right on the way to it was not meant
            self.settings.forget(known.name, flag.name)
        elif event.field.value != self.settings.value(known.name, flag.name):
            self.settings.set(known.name, flag.name, event.field.value)
        self._draw()

    def action_switch(self) -> None:
        """Switch the plugin that is lit on or off."""
        known = self.lit
        if known is None or self.settings is None:
            return
        try:
            self.settings.switch(known.name)
        except ValueError as wrong:
            self.main.tell(str(wrong), "warning")
        self._draw()

    def action_next(self) -> None:
        """Light the next plugin."""
        self.listed.action_cursor_down()

    def action_previous(self) -> None:
        """Light the plugin before."""
        self.listed.action_cursor_up()

    def action_default(self) -> None:
        """Give the flag that is lit its default."""
        known, flag = self.lit, self.form.lit
        if known is None or flag is None or self.settings is None:
            self.main.tell("Go to a flag first: Enter", "information")
            return
        self.settings.reset(known.name, flag.name)
        self.form.put_default(flag)
        self._draw()

    def action_leave(self) -> None:
        """Go from the flags to the list, from there to the flows."""
        if self.screen.focused is self.listed:
            self.main.action_view("flows")
        else:
            self.take_focus()

    # ------------------------------------------------------------------ running and saving

    def obstacles(self) -> Mapping[str, str]:
        """Return why it cannot be run again or saved."""
        why_again, why_save = self.main.opening.again_obstacle, "plugins are looked for"
        if self.settings is not None:
            why_save = self.settings.save_obstacle()
        found = {
            "run_again": why_again and f"Cannot run again: {why_again}",
            "save_settings": why_save and f"Nothing to save: {why_save}",
        }
        return {name: why for name, why in found.items() if why}

    def _is_hindered(self, action: str) -> bool:
        """Say why something cannot be done, if so."""
        why, wrong = self.obstacles().get(action, ""), self.form.wrong
        if not why and wrong is not None:
            flag = self.form.flag_of(wrong)
            why = f"{flag.name if flag else ''} {wrong.error}"
            self.form.enter(wrong)
        if why:
            self.main.tell(why, "warning")
        return bool(why) or self.settings is None

    def action_run_again(self) -> None:
        """Read the capture once more, with these plugins and values."""
        if not self._is_hindered("run_again") and self.settings is not None:
            changes = tuple(map(str, self.settings.not_run()))
            lit = self.lit.name if self.lit else ""
            self.post_message(RunAgainWanted(self.settings.opening(), lit, changes))

    def action_save_settings(self) -> None:
        """Show what would be written, and ask."""
        if self._is_hindered("save_settings") or self.settings is None:
            return
        try:
            lines = self.settings.difference()
            why = self.settings.file_obstacle()
        except (SettingsError, OSError) as wrong:
            self.main.tell(str(wrong), "error")
            return
        if why:
            self.main.tell(why, "error")
        else:
            text = f"Write to {self.settings.opened.config}?"
            self.app.push_screen(Question(text, lines or ["the file says so already"]), self._save)

    def _save(self, answer: bool | None) -> None:
        if answer and self.settings is not None:
            self._write(self.settings)

    @work(thread=True, group="save", exit_on_error=False)
    def _write(self, settings: PluginSettings) -> None:
        """Write the file."""
        try:
            self.post_message(self.Saved(settings.save()))
        except (SettingsError, OSError) as wrong:
            self.post_message(self.Saved([], str(wrong)))

    def on_plugins_view_saved(self, message: Saved) -> None:
        """Say what came of it."""
        if self.settings is None:
            return
        severity: Any = "error"
        text = message.error
        if not text:
            self.main.opening = self.settings.opened
            text = "; ".join([f"Written to {self.settings.opened.config}", *message.warnings])
            severity = "warning" if message.warnings else "information"
        self.main.tell(text, severity)
        self._draw()


def _named(changes: list[Change]) -> str:
    """Return changes in words, the first ones if there are many."""
    rest = len(changes) - MOST_CHANGES
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(map(str, changes[:MOST_CHANGES])) + more
