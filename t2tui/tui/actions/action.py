"""What an action is, and the key bindings that are made of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done.

    Attributes:
        name: of the method ``action_NAME``; may have arguments.
        keys: separated by commas, as textual names them; the first is the one that buttons show.
        title: for palette and help.
        place: the part of the program that does it: ``PLACE`` of the view, screen or app with the method.
        group: heading in the help.
        shown: how help and buttons write the keys; the keys as they are without.
        button: what its button says; no button without.
        is_minor: the button is left out where there is little room.
    """

    name: str
    keys: str
    title: str
    place: str
    group: str
    shown: str = ""
    button: str = ""
    is_minor: bool = False

    @property
    def label(self) -> str:
        """The keys for people."""
        return self.shown or self.keys.replace(",", " ")

    @property
    def id(self) -> str:
        """By which its keys can be changed."""
        return f"{self.place}.{self.name.replace('(', '.').translate(_NOT_IN_IDS)}"


_NOT_IN_IDS = str.maketrans("", "", "')\" ")

OF_TEXTUAL = ("command_palette", "quit")
"""Actions whose keys textual binds itself, before all others."""

AT_ONCE = ("filter", "search")
"""Actions that are done before the next key is looked at: what is typed behind ``/`` is an expression."""


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """Return the key bindings of actions; each has an id, by which it can be changed."""
    return [
        Binding(
            action.keys,
            action.name,
            action.title,
            show=False,
            priority=action.name in AT_ONCE,
            id=action.id,
        )
        for action in actions
        if action.keys and action.name not in OF_TEXTUAL
    ]
