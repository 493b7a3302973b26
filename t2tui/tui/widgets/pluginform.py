"""The flags of a plugin as a form."""

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input

from t2tui.core.settings import Flag, format_value
from t2tui.tui.pluginsettings import SOURCES, Known, PluginSettings
from t2tui.tui.widgets.choice import Choice
from t2tui.tui.widgets.fields import ChoiceField, Field, TextField, field_for, written
from t2tui.tui.widgets.note import Note


class PluginForm(VerticalScroll, can_focus=False):
    """Facts about a plugin, and a field per flag.

    Attributes:
        lit: the flag whose field has or had the focus.
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lit: Flag | None = None
        self._fields: dict[str, Field] = {}
        self._flags: dict[Field, Flag] = {}

    def compose(self) -> ComposeResult:
        """Make the head; fields come with a plugin."""
        yield Note(markup=False, id="plugin-facts")

    async def begin(self, known: Known, settings: PluginSettings) -> None:
        """Show the flags of a plugin in place of those that are shown."""
        await self.query(Field).remove()
        self.lit = None
        self._fields = {
            flag.name: field_for(flag, settings.value(known.name, flag.name)) for flag in known.flags
        }
        self._flags = {self._fields[flag.name]: flag for flag in known.flags}
        await self.mount_all(self._fields.values())
        self.scroll_home(animate=False)

    def tell(self, lines: list[Content]) -> None:
        """Show facts about the plugin."""
        self.query_one("#plugin-facts", Note).show(Content("\n").join(lines))

    def explain(self, known: Known, settings: PluginSettings) -> None:
        """Say at each flag what it means, what is allowed, and where its value comes from."""
        for flag in known.flags:
            field = self._fields.get(flag.name)
            if field is not None:
                source = settings.source(known.name, flag.name)
                allowed = "" if flag.choices else flag.expected()  # choices are seen
                facts = (flag.help, allowed, f"default {format_value(flag.default)}", SOURCES[source])
                field.explain(" · ".join(fact for fact in facts if fact))
                field.set_class(source == "here", "-changed")

    def flag_of(self, field: Field) -> Flag | None:
        """Return the flag of a field; None of one that is gone."""
        return self._flags.get(field)

    @property
    def wrong(self) -> Field | None:
        """The first field in which something wrong is typed."""
        return next((field for field in self._fields.values() if field.error), None)

    def put_default(self, flag: Flag) -> None:
        """Let the field of a flag show its default."""
        field = self._fields[flag.name]
        if isinstance(field, TextField):
            field.set(written(flag.default))
        elif isinstance(field, ChoiceField):
            field.choice.choose(flag.default)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember whose field has the focus."""
        for node in event.widget.ancestors:
            if isinstance(node, Field):
                self.lit = self.flag_of(node)
                return

    def enter(self, field: Field | None = None) -> bool:
        """Let keys go to a field, by default the first; tell whether there is one."""
        field = field or next(iter(self._fields.values()), None)
        if field is None:
            return False
        editor = field.query("Input, Choice").first()
        if isinstance(editor, Input | Choice):
            self.screen.set_focus(editor)
        return True
